"""MikBill's HTTP API, as a client. The key travels in the query: no URL of a request ever reaches a log or a message."""

from __future__ import annotations

import codecs
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import httpx

from wildcore.errors import BillingError
from wildcore.i18n import gettext

LIST_PATH = "/api/index/support"
LIST_TIMEOUT = httpx.Timeout(120.0, connect=10.0)
_UNAUTHORIZED, _ADDRESS_DENIED = -401, -399


@dataclass(frozen=True, slots=True, repr=False)
class MikbillClient:
    """Speaks to one MikBill at `address` (no slash at the end) with the API key."""

    address: str
    key: str
    verify: bool = True

    async def subscriber_list(self) -> list[str]:
        """The text of the subscriber list, in chunks as it came. Raises BillingError that says what to do."""
        chunks: list[str] = []
        async with self._request(LIST_PATH, {"request": "get_user_list"}) as answer:
            decoder = codecs.getincrementaldecoder("utf-8")(errors="replace")
            try:
                chunks.extend([decoder.decode(part) async for part in answer.aiter_bytes(65536)])
            except httpx.TimeoutException:
                raise BillingError(gettext("Billing stopped sending in the middle of the list. Nothing was changed")) from None
            except httpx.HTTPError:
                raise BillingError(gettext("Billing's answer was cut off in the middle. Nothing was changed")) from None
            chunks.append(decoder.decode(b"", final=True))
        _refuse_error(chunks)
        return chunks

    @asynccontextmanager
    async def _request(self, path: str, query: dict[str, str]) -> AsyncIterator[httpx.Response]:
        self._check()
        parameters = {"key": self.key, **query}
        try:
            async with (
                httpx.AsyncClient(verify=self.verify, timeout=LIST_TIMEOUT, follow_redirects=False) as http,
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


def _refuse_error(chunks: list[str]) -> None:
    """Raise when the whole answer is one of MikBill's error objects, or a page instead of JSON."""
    start = next((chunk.lstrip("\ufeff \t\r\n") for chunk in chunks if chunk.strip()), "")
    if start.startswith("<"):
        raise BillingError(gettext("Billing answered with a page instead of data: is MIKBILL_API_ADDR the address of MikBill?"))
    if not start.startswith("{"):
        return
    error = _error_object("".join(chunks))
    if error.get("code") == _UNAUTHORIZED:
        raise BillingError(gettext("Billing refused the API key: check MIKBILL_AUTH_KEY"))
    if error.get("code") == _ADDRESS_DENIED:
        raise BillingError(
            gettext("Billing does not let this server's address in ({reason}): allow it there", reason=_message(error))
        )
    raise BillingError(gettext("Billing answered with an error: {reason}", reason=_message(error)))


def _error_object(text: str) -> dict[str, Any]:
    try:
        value = httpx.Response(200, text=text).json()
    except ValueError:
        return {}
    return value if isinstance(value, dict) else {}


def _message(error: dict[str, Any]) -> str:
    return " ".join(str(error.get("message", "")).split())[:200] or "?"


def texts(chunks: list[str]) -> Iterator[str]:
    """The chunks one by one, each given up as it is read, so that the list is never held twice."""
    for at, chunk in enumerate(chunks):
        yield chunk
        chunks[at] = ""
