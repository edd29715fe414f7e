"""MikBill's HTTP API, as a client. The key travels in the query: no URL of a request ever reaches a log or a message."""

from __future__ import annotations

import asyncio
import codecs
import json
import ssl
from collections.abc import AsyncGenerator, AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from functools import cache
from typing import Any

import httpx

from wildcore.components.mikbill_integration.records import ArrayReader
from wildcore.errors import BillingError
from wildcore.i18n import gettext

LIST_PATH = "/api/index/support"
SEARCH_PATH = "/json/index/support"
LIST_TIMEOUT = httpx.Timeout(120.0, connect=10.0)
SEARCH_TIMEOUT = httpx.Timeout(5.0)
PART_BYTES = 256 * 1024
MOST_BYTES = 1024 * 1024 * 1024
MOST_FOUND_BYTES = 1024 * 1024
MOST_ERROR = 64 * 1024
_UNAUTHORIZED, _ADDRESS_DENIED = -401, -399


@cache
def tls_context(verify: bool) -> ssl.SSLContext:
    """The certificates that are trusted, read once: reading them takes some 20 ms, in the event loop."""
    return httpx.create_ssl_context(verify=verify)


@dataclass(frozen=True, slots=True, repr=False)
class MikbillClient:
    """Speaks to one MikBill at `address` (no slash at the end) with the API key."""

    address: str
    key: str
    verify: bool = True

    async def subscriber_list(self) -> AsyncGenerator[list[Any], None]:
        """Elements of the subscriber list in parts, as they arrive. Raises BillingError that says what to do."""
        async with self._request(LIST_PATH, {"request": "get_user_list"}, LIST_TIMEOUT) as answer:
            reader = ArrayReader()
            async for text in _texts(answer, MOST_BYTES):
                part = await asyncio.to_thread(reader.feed, text)
                if part:
                    yield part
            yield await asyncio.to_thread(reader.end)

    async def search(self, param: str, value: str) -> list[Any]:
        """Who has the ONU with this `mac` or `serial` now, as billing tells it; [] when it knows nobody."""
        query = {"request": "search", "param": param, "value": value}
        async with self._request(SEARCH_PATH, query, SEARCH_TIMEOUT) as answer:
            text = "".join([part async for part in _texts(answer, MOST_FOUND_BYTES)])
        try:
            found = json.loads(text)
        except (ValueError, RecursionError):
            raise BillingError(gettext("Billing's answer to the look-up of an ONU is no JSON")) from None
        return list(_flat(found))

    @asynccontextmanager
    async def _request(self, path: str, query: dict[str, str], timeout: httpx.Timeout) -> AsyncIterator[httpx.Response]:
        self._check()
        parameters = {"key": self.key, **query}
        try:
            async with (
                httpx.AsyncClient(verify=tls_context(self.verify), timeout=timeout, follow_redirects=False) as http,
                http.stream("GET", f"{self.address}{path}", params=parameters) as answer,
            ):
                if answer.status_code != httpx.codes.OK:
                    raise BillingError(_status_text(answer.status_code))
                yield answer
        except httpx.ConnectTimeout:
            raise BillingError(
                gettext("Billing at {address} does not answer: is the address right?", address=self.address)
            ) from None
        except httpx.TimeoutException:
            raise BillingError(gettext("Billing at {address} is too slow to answer", address=self.address)) from None
        except httpx.ConnectError as error:
            raise BillingError(
                gettext("Cannot connect to billing at {address}: {reason}", address=self.address, reason=_reason(error))
            ) from None
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            raise BillingError(
                gettext("Billing at {address} broke off: {reason}", address=self.address, reason=type(error).__name__)
            ) from None

    def _check(self) -> None:
        if not self.address.startswith(("http://", "https://")):
            raise BillingError(
                gettext("Set MIKBILL_API_ADDR: the address of billing's site, for example https://billing.example")
            )
        if not self.key:
            raise BillingError(gettext("Set MIKBILL_AUTH_KEY: the API key that billing knows"))


def _status_text(status: int) -> str:
    if 300 <= status < 400:
        return gettext(
            "Billing redirects to another address (HTTP {status}): set MIKBILL_API_ADDR to the final one", status=status
        )
    if status in (401, 403):
        return gettext("Billing refused the API key (HTTP {status}): check MIKBILL_AUTH_KEY", status=status)
    return gettext("Billing answered with HTTP {status}: is MIKBILL_API_ADDR the address of MikBill?", status=status)


def _reason(error: httpx.ConnectError) -> str:
    text = str(error)
    return text if text and "key=" not in text else type(error).__name__


async def _texts(answer: httpx.Response, most_bytes: int) -> AsyncIterator[str]:
    """The answer's text as it comes, once it is sure that it is neither an error object nor a page."""
    decoder = codecs.getincrementaldecoder("utf-8")(errors="replace")
    first, size = "", 0
    checked = False
    async for part in _parts(answer):
        size += len(part)
        if size > most_bytes:
            raise BillingError(
                gettext("Billing's answer is larger than {size} MB. Nothing was changed", size=most_bytes // 1024 // 1024)
            )
        text = decoder.decode(part)
        if checked:
            yield text
            continue
        first += text
        start = first.lstrip("\ufeff \t\r\n")[:1]
        if start in ("{", "<") and len(first) < MOST_ERROR:
            continue  # an error is told when it is here whole
        if start:
            _refuse_error(first)
            checked = True
            yield first
    text = decoder.decode(b"", final=True)
    if not checked:
        text = first + text
        _refuse_error(text)
    yield text


async def _parts(answer: httpx.Response) -> AsyncIterator[bytes]:
    try:
        async for part in answer.aiter_bytes(PART_BYTES):
            yield part
    except httpx.TimeoutException:
        raise BillingError(
            gettext("Billing stopped sending in the middle of its answer. Nothing was changed. Look at what keeps billing busy")
        ) from None
    except httpx.HTTPError:
        raise BillingError(
            gettext("Billing's answer was cut off in the middle. Nothing was changed. Look at billing's log and its web server's")
        ) from None


def _flat(found: Any) -> Iterator[Any]:
    """Billing wraps what it found in lists, one or two deep."""
    if isinstance(found, list):
        for one in found:
            yield from _flat(one)
    elif found:
        yield found


def _refuse_error(text: str) -> None:
    """Raise when the answer is one of MikBill's error objects, or a page instead of JSON."""
    start = text.lstrip("\ufeff \t\r\n")
    if start.startswith("<"):
        raise BillingError(gettext("Billing answered with a page instead of data: is MIKBILL_API_ADDR the address of MikBill?"))
    if not start.startswith("{"):
        return
    error = _error_object(start)
    if error.get("code") == _UNAUTHORIZED:
        raise BillingError(gettext("Billing refused the API key: check MIKBILL_AUTH_KEY"))
    if error.get("code") == _ADDRESS_DENIED:
        raise BillingError(
            gettext("Billing does not let this server's address in ({reason}): allow it there", reason=_message(error))
        )
    raise BillingError(gettext("Billing answered with an error: {reason}", reason=_message(error)))


def _error_object(text: str) -> dict[str, Any]:
    try:
        value = json.loads(text)
    except (ValueError, RecursionError):
        return {}
    return value if isinstance(value, dict) else {}


def _message(error: dict[str, Any]) -> str:
    return " ".join(str(error.get("message", "")).split())[:200] or "?"
