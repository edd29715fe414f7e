"""What billing's answer to the list of subscribers means: the later steps of the check. Never tells the key."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from wildcore.components.mikbill_integration.client import LIST_PATH
from wildcore.components.mikbill_integration.settings import API_ADDR
from wildcore.i18n import Text, _, gettext, ngettext
from wildcore.services.checks import FAILED, OK, SKIPPED, WARNING, CheckStep

STEPS: dict[str, Text] = {
    "address": _("Address"),
    "dns": _("Name (DNS)"),
    "connection": _("Connection"),
    "tls": _("Certificate (TLS)"),
    "http": _("Answer (HTTP)"),
    "key": _("API key"),
    "data": _("MikBill"),
    "subscribers": _("Subscribers"),
    "own_key": _("The way back"),
}
# A text that is cut off ends with what was read: looking for its end from each quote within it would never be done.
_TOKENS = re.compile(r'"(?:[^"\\]|\\.)*+"?|[\[\]{}]', re.DOTALL)
_UNAUTHORIZED, _ADDRESS_DENIED = -401, -399


@dataclass(slots=True)
class Heard:
    """What billing answered, as far as it was read. `problem`: why the reading ended early."""

    status: int
    location: str = ""
    text: str = ""
    whole: bool = True
    problem: str = ""
    seconds: float = 0.0


def step_of(name: str, state: str, text: str = "") -> CheckStep:
    return CheckStep(name, STEPS[name], state, text)


def judge(heard: Heard, address: str, key: str) -> Iterator[CheckStep]:
    if heard.status in (401, 403):
        yield step_of("http", OK, f"HTTP {heard.status}")
        yield step_of(
            "key", FAILED, gettext("Billing, or a password in front of it, refuses (HTTP {status})", status=heard.status)
        )
        return
    if heard.status != 200:
        yield step_of("http", FAILED, _status(heard, address, key))
        return
    yield step_of("http", OK, gettext("HTTP 200 after {seconds} s", seconds=f"{heard.seconds:.1f}"))
    if heard.text.startswith("{"):
        yield from _error_object(heard, key)
        return
    if not heard.text.startswith("["):
        yield step_of("key", SKIPPED)
        yield step_of("data", FAILED, _no_json(heard, key))
        return
    yield step_of("key", OK, gettext("Accepted"))
    yield from _list(heard)


def _list(heard: Heard) -> Iterator[CheckStep]:
    if heard.problem == "cut":
        yield step_of(
            "data", FAILED, gettext("The list breaks off in the middle: look for a time limit or a small buffer at a proxy")
        )
        return
    count, known = _count(heard)
    if count is None or (count and not known):
        yield step_of("data", FAILED, gettext("A list came, but not of subscribers as MikBill tells of them: another program?"))
        return
    yield step_of("data", OK, gettext("It speaks as MikBill does"))
    if not count:
        text = gettext("The list is empty: does the key's owner see the subscribers in billing?")
        yield step_of("subscribers", WARNING, text)
    elif not heard.whole:
        text = gettext("More than {count}: this check read no further, the sync takes them all", count=count)
        yield step_of("subscribers", OK, text)
    else:
        yield step_of("subscribers", OK, ngettext("It works: {n} subscriber", "It works: {n} subscribers", count))


def _count(heard: Heard) -> tuple[int | None, bool]:
    """How many elements the list has, and whether the first ones look like subscribers; None when it is no list."""
    if heard.whole:
        try:
            found = json.loads(heard.text)
        except ValueError:
            return None, False
        if not isinstance(found, list):
            return None, False
        return len(found), any(isinstance(one, dict) and "data" in one for one in found[:10])
    depth = count = 0
    for token in _TOKENS.finditer(heard.text):  # a list that was not read to its end
        if token[0] in "[{":
            depth += 1
        elif token[0] in "]}":
            depth -= 1
            count += depth == 1
    return count, '"data"' in heard.text[:65536]


def _error_object(heard: Heard, key: str) -> Iterator[CheckStep]:
    try:
        error: Any = json.loads(heard.text)
    except ValueError:
        error = {}
    code, message = error.get("code"), _clean(str(error.get("message", "")), key)
    if code == _UNAUTHORIZED:
        text = gettext("Wrong key: billing does not know it. Enter the key that stands in billing's settings of Wildcore")
        yield step_of("key", FAILED, text)
    elif code == _ADDRESS_DENIED:
        text = gettext("This server's address is refused ({reason}): allow it in billing", reason=message or code)
        yield step_of("key", FAILED, text)
    elif code is not None and "success" in error:
        yield step_of("key", SKIPPED)
        yield step_of("data", FAILED, gettext("Billing answers with an error: {reason}", reason=f"{message or '?'} ({code})"))
    else:
        yield step_of("key", SKIPPED)
        yield step_of("data", FAILED, gettext("JSON came, but not MikBill's: the address of another program?"))


def _no_json(heard: Heard, key: str) -> str:
    if not heard.text:
        return gettext("The answer is empty: look at billing's own log")
    titled = re.search(r"<title[^>]*>([^<]{1,200})", heard.text[:65536], re.IGNORECASE)
    if heard.text.startswith("<") and titled:
        title = _clean(titled[1], key)
        return gettext("Not MikBill's API: a page “{title}” came. Is this the address of billing's admin site?", title=title)
    if heard.text.startswith("<"):
        return gettext("Not MikBill's API: a page came. Is this the address of billing's admin site?")
    return gettext("Not MikBill's API: text came that is no JSON")


def _status(heard: Heard, address: str, key: str) -> str:
    if 300 <= heard.status < 400:
        parts = urlsplit(heard.location)
        if parts.scheme in ("http", "https") and parts.netloc and "@" not in parts.netloc:
            to = _clean(f"{parts.scheme}://{parts.netloc}{parts.path.removesuffix(LIST_PATH)}".rstrip("/"), key)
            if to != address:
                return gettext(
                    "Billing sends on (HTTP {status}): set {setting} to {to}", status=heard.status, setting=API_ADDR.key, to=to
                )
        return gettext("Billing sends on to a page (HTTP {status}): is this the address of its admin site?", status=heard.status)
    if heard.status == 404:
        return gettext("HTTP 404: there is no MikBill API below this address. Is this billing's admin site?")
    if heard.status in (502, 503, 504):
        return gettext("HTTP {status}: the server before billing stands, billing itself does not answer it", status=heard.status)
    return gettext("HTTP {status}: look at billing's own log", status=heard.status)


def _clean(text: str, key: str) -> str:
    """Somebody else's text in one short line, without the key."""
    return re.sub(re.escape(key), "…", " ".join(text.split()), flags=re.IGNORECASE)[:200]
