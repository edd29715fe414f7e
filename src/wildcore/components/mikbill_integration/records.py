"""MikBill's subscriber list turned into records (facts of the wire: docs/mikbill.md).

One element is `{"search": {switch, port, client_mac, onu_ident}, "data": {uid, billing_link, agreement, login, address: {...}}}`.
Any `search` field may be empty, null or absent; numbers may come as strings and the other way round; unknown fields are ignored.
"""

from __future__ import annotations

import json
import re
from typing import Any

from wildcore.errors import BillingError
from wildcore.i18n import gettext
from wildcore.model.ident import ident_key, mac_key
from wildcore.model.subscriber import SubscriberClaim, SubscriberRecord

_decode = json.JSONDecoder().raw_decode
_spaces = re.compile(r"[ \t\r\n]*").match
_MOST_TEXT = 1000
MOST_ELEMENT = 64 * 1024 * 1024
"""Characters that one element may have; a list that never closes a bracket must not fill the memory."""


class ArrayReader:
    """Elements of one JSON array as its text arrives; memory is one piece of text or one element, never the whole list.

    `feed` each piece, then `end`. Both raise BillingError when the text is no array, is cut off, or goes on behind its end.
    """

    def __init__(self) -> None:
        self._parts: list[str] = []  # text that was not read yet
        self._size = 0
        self._wanted = 0  # so much text is worth the next try: a huge element stays linear
        self._begun = self._comma = self._ended = False

    def feed(self, text: str) -> list[Any]:
        """The elements that are complete with this text."""
        self._parts.append(text)
        self._size += len(text)
        if self._size < self._wanted:
            return []
        return self._read()

    def end(self) -> list[Any]:
        """The last elements, once no more text comes."""
        found = self._read()
        if not self._begun:
            raise BillingError(gettext("Billing sent an empty answer. Nothing was changed"))
        if not self._ended:
            raise BillingError(
                gettext(
                    "Billing's list is cut off or broken. Nothing was changed. If it happens again, look at billing's log: "
                    "its answer stops in the middle"
                )
            )
        return found

    def _read(self) -> list[Any]:
        text, at, found = "".join(self._parts), 0, []
        if not self._begun:
            text = text.lstrip("\ufeff \t\r\n")
            if text and text[0] != "[":
                raise BillingError(gettext("Billing's answer is not a list of subscribers: {start}", start=repr(text[:60])))
            self._begun = bool(text)
            at = 1
        while self._begun and not self._ended:
            start = _skip(text, at)
            if text[start : start + 1] == "]":
                if self._comma:
                    raise BillingError(_broken())
                at, self._ended = start + 1, True
            elif (one := _element(text, start)) is not None:
                value, end, self._comma = one
                at = end + 1 if self._comma else end
                found.append(value)
            else:
                break
        rest = text[at:]
        if self._ended and rest.strip():
            raise BillingError(gettext("Billing's answer goes on behind the end of the list"))
        if len(rest) > MOST_ELEMENT:
            raise BillingError(_broken())
        self._parts, self._size, self._wanted = [rest], len(rest), 0 if found else 2 * len(rest)
        return found


def _skip(text: str, at: int) -> int:
    found = _spaces(text, at)
    return found.end() if found else at


def _element(text: str, start: int) -> tuple[Any, int, bool] | None:
    """The value there, where it ends, and whether a comma follows; None while it may still be going on."""
    try:
        value, end = _decode(text, start)
    except ValueError:
        return None
    except RecursionError:
        raise BillingError(_broken()) from None
    end = _skip(text, end)
    follows = text[end : end + 1]
    if not follows or follows in ".eE":
        return None  # a number may go on with the next text
    if follows not in ",]":
        raise BillingError(_broken())
    return value, end, follows == ","


def _broken() -> str:
    return gettext("Billing's list is broken: it is no JSON. Nothing was changed. Look at billing's log")


def record(element: Any) -> SubscriberRecord | None:
    """One element as a record, None when it is unusable (no object, no uid)."""
    if not isinstance(element, dict):
        return None
    return _record(_mapping(element.get("data")), _mapping(element.get("search")))


def found(element: Any, ident: str) -> SubscriberRecord | None:
    """One element of a live look-up's answer: what the list calls `data`, or such an element whole; it has this ident."""
    if not isinstance(element, dict):
        return None
    data, search = (element["data"], element.get("search")) if isinstance(element.get("data"), dict) else (element, None)
    return _record(data, {"onu_ident": ident, **_mapping(search)})


def _record(data: dict[str, Any], search: dict[str, Any]) -> SubscriberRecord | None:
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
    """A text in one line, however it was written; 13 of them in each element, so it takes the short way where it can."""
    if type(value) is not str:
        if isinstance(value, bool) or not isinstance(value, int | float):
            return ""
        if isinstance(value, float) and value.is_integer():
            value = int(value)
        value = str(value)
    elif not value:
        return ""
    if len(value) > _MOST_TEXT:
        value = value[: 10 * _MOST_TEXT]
    text: str = " ".join(value.split())
    if "\0" in text:
        text = " ".join(text.replace("\0", "").split())
    return text[:_MOST_TEXT]
