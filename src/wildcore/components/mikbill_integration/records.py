"""MikBill's subscriber list turned into records (facts of the wire: docs/mikbill.md).

One element is `{"search": {switch, port, client_mac, onu_ident}, "data": {uid, billing_link, agreement, login, address: {...}}}`.
Any `search` field may be empty, null or absent; numbers may come as strings and the other way round; unknown fields are ignored.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from typing import Any

from wildcore.errors import BillingError
from wildcore.i18n import gettext
from wildcore.model.ident import ident_key, mac_key
from wildcore.model.subscriber import SubscriberClaim, SubscriberRecord

_DECODER = json.JSONDecoder()
_MOST_TEXT = 1000


def elements(chunks: Iterable[str]) -> Iterator[Any]:
    """Elements of one JSON array as its text arrives; memory is one element, not the whole list.

    Raises BillingError when the text is no array, is cut off, or goes on behind its end.
    """
    source = iter(chunks)
    buffer = ""
    for chunk in source:
        buffer = (buffer + chunk).lstrip("\ufeff \t\r\n")
        if buffer:
            break
    if not buffer.startswith("["):
        raise BillingError(gettext("Billing's answer is not a list of subscribers: {start}", start=repr(buffer[:60])))
    buffer = buffer[1:]
    first = True
    while True:
        buffer = buffer.lstrip()
        if buffer.startswith("]"):
            if (buffer[1:] + "".join(source)).strip():
                raise BillingError(gettext("Billing's answer goes on behind the end of the list"))
            return
        start = 0
        if not first and buffer:
            start = 1  # behind the comma that ended the element before
        try:
            value, end = _element(buffer, start)
        except ValueError:
            more = next(source, None)
            if more is None:
                raise BillingError(gettext("Billing's list is cut off or broken. Nothing was changed")) from None
            # Doubling what is read before the next try keeps a huge element linear.
            parts, size = [buffer, more], len(more)
            while size < len(buffer) and (more := next(source, None)) is not None:
                parts.append(more)
                size += len(more)
            buffer = "".join(parts)
            continue
        yield value
        buffer = buffer[end:]
        first = False


def _element(text: str, start: int) -> tuple[Any, int]:
    """The value from `start` on and where it ends. ValueError while it may still be going on."""
    while start < len(text) and text[start] in " \t\r\n":
        start += 1
    value, end = _DECODER.raw_decode(text, start)
    while end < len(text) and text[end] in " \t\r\n":
        end += 1
    if text[end : end + 1] not in (",", "]"):  # a number may go on in the next chunk
        raise ValueError("incomplete")
    return value, end


def record(element: Any) -> SubscriberRecord | None:
    """One element as a record, None when it is unusable (no object, no uid)."""
    if not isinstance(element, dict):
        return None
    data = _mapping(element.get("data"))
    search = _mapping(element.get("search"))
    address = _mapping(data.get("address"))
    uid = _text(data.get("uid"))
    if not uid:
        return None
    return SubscriberRecord(
        uid=uid[:64],
        agreement=_text(data.get("agreement"))[:200],
        login=_text(data.get("login"))[:200],
        billing_link=_text(data.get("billing_link")),
        address_full=_text(address.get("full")),
        settlement=_text(address.get("settlement")),
        lane=_text(address.get("lane")),
        house=_text(address.get("house")),
        app=_text(address.get("app")),
        claims=(_claim(search),),
    )


def _claim(search: dict[str, Any]) -> SubscriberClaim:
    switch_ip = _text(search.get("switch"))
    port = _text(search.get("port"))
    usable_port = switch_ip and port not in ("", "0")
    return SubscriberClaim(
        ident=ident_key(_text(search.get("onu_ident")))[:64],
        switch_ip=switch_ip[:64] if usable_port else "",
        port=port[:64] if usable_port else "",
        mac=mac_key(_text(search.get("client_mac"))) or "",
    )


def _mapping(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _text(value: Any) -> str:
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        return ""
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    return " ".join(str(value).replace("\x00", "").split())[:_MOST_TEXT]
