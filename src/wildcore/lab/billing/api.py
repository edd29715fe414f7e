"""MikBill's API side: the subscriber list and the live look-up, with the error shapes that the wire has."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Iterable
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Annotated, Any

from fastapi import APIRouter, Query, Response
from fastapi.responses import StreamingResponse
from pydantic import BaseModel

from wildcore.lab.district import Subscriber
from wildcore.model.ident import ident_key, mac_key


class Fault(StrEnum):
    """What the API answers instead of data."""

    NONE = "none"
    UNAUTHORIZED = "unauthorized"
    ADDRESS = "address"
    HTML = "html"
    CUT = "cut"
    EMPTY = "empty"
    SLOW = "slow"
    REDIRECT = "redirect"
    ERROR_500 = "error_500"
    STATUS_401 = "status_401"
    DROPPED = "dropped"
    STALLED = "stalled"
    ENDLESS = "endless"


@dataclass(frozen=True, slots=True)
class Employee:
    """Who works in billing; the login is the same in Wildcore."""

    login: str
    name: str


EMPLOYEES = (Employee("operator", "Оксана Довгань, оператор"), Employee("trainee", "Тарас Ковтун, стажер"))


@dataclass(slots=True)
class Billing:
    """All that billing knows. `api_key` guards its API and opens that of Wildcore at the address `wildcore`.

    Everything may be changed while it runs: tests take subscribers away, the demo fills in the key.
    `extra` are elements of the list as they stand, of whatever form. A stalled answer sets `half_sent` in the middle of the list
    and waits for `go_on`.
    """

    subscribers: list[Subscriber]
    api_key: str = ""
    wildcore: str = ""
    employees: tuple[Employee, ...] = EMPLOYEES
    fault: Fault = Fault.NONE
    slow_sec: float = 6.0
    requests: int = 0
    extra: list[Any] = field(default_factory=list)
    half_sent: asyncio.Event = field(default_factory=asyncio.Event)
    go_on: asyncio.Event = field(default_factory=asyncio.Event)

    def subscriber(self, uid: int) -> Subscriber | None:
        """One subscriber by number."""
        return next((one for one in self.subscribers if one.uid == uid), None)

    def found(self, param: str, value: str) -> Iterable[Subscriber]:
        """Subscribers by an ONU's serial or by a MAC (of the ONU or of what hangs behind it)."""
        wanted = ident_key(value)
        for one in self.subscribers:
            by_mac = param == "mac" and bool(one.mac) and mac_key(one.mac) == wanted
            if by_mac or (one.ident and ident_key(one.ident) == wanted):
                yield one


class FaultInput(BaseModel):
    """Control call of tests: which fault from now on, and how slow `slow` is."""

    fault: Fault = Fault.NONE
    slow_sec: float = 6.0


def element(one: Subscriber) -> dict[str, Any]:
    """One element of the list. As on the wire: ports as numbers or strings, absent fields missing, empty or null."""
    search: dict[str, Any] = {
        "switch": one.switch or None,
        "port": one.port if one.uid % 3 else "" if one.port is None else str(one.port),
        "client_mac": one.mac,
    }
    if one.ident or one.uid % 2:
        search["onu_ident"] = one.ident
    return {"search": search, "data": subscriber_data(one)}


def subscriber_data(one: Subscriber) -> dict[str, Any]:
    """What billing tells of a subscriber."""
    address = one.address
    return {
        "uid": one.uid if one.uid % 4 else str(one.uid),
        "billing_link": f"/#clientcard/{one.uid}",
        "agreement": one.agreement,
        "login": one.login,
        "address": {
            "full": address.full,
            "settlement": address.settlement,
            "lane": address.lane,
            "house": address.house,
            "app": address.app,
        },
    }


def api_router(billing: Billing) -> APIRouter:
    """The two paths of MikBill's API, and `/lab/fault` to choose how they fail."""
    router = APIRouter()

    @router.get("/api/index/support")
    async def support(key: str = "", request: str = "", fault: Fault | None = None) -> Response:
        if request != "get_user_list":
            return _json({"success": False, "code": -404, "message": "Unknown request"})
        return await _answer(billing, key, [*map(element, billing.subscribers), *billing.extra], fault)

    @router.get("/json/index/support")
    async def look_up(
        key: str = "",
        request: str = "",
        param: Annotated[str, Query(pattern="^(mac|serial)$")] = "serial",
        value: str = "",
        fault: Fault | None = None,
    ) -> Response:
        if request != "search":
            return _json({"success": False, "code": -404, "message": "Unknown request"})
        return await _answer(billing, key, [[subscriber_data(one) for one in billing.found(param, value)]], fault)

    @router.post("/lab/fault")
    async def choose_fault(wanted: FaultInput) -> dict[str, str]:
        billing.fault, billing.slow_sec = wanted.fault, wanted.slow_sec
        return {"fault": billing.fault}

    return router


async def _answer(billing: Billing, key: str, data: list[Any], asked: Fault | None) -> Response:
    billing.requests += 1
    fault = asked or billing.fault
    if fault is Fault.UNAUTHORIZED or not billing.api_key or key.lower() != billing.api_key.lower():
        return _json({"success": False, "code": -401, "message": "Unauthorized"})
    if fault is Fault.ADDRESS:
        return _json({"success": False, "code": -399, "message": "Access denied from IP: 198.51.100.7"})
    if fault is Fault.HTML:
        return Response("<!doctype html><html><body><h1>502 Bad Gateway</h1></body></html>", media_type="text/html")
    if fault is Fault.REDIRECT:
        return Response(status_code=302, headers={"location": "/login"})
    if fault is Fault.ERROR_500:
        return Response("Internal Server Error", status_code=500, media_type="text/plain")
    if fault is Fault.STATUS_401:
        return Response("Unauthorized", status_code=401, media_type="text/plain")
    if fault is Fault.SLOW:
        await asyncio.sleep(billing.slow_sec)
    if fault is Fault.EMPTY:
        return _json([])
    text = json.dumps(data, ensure_ascii=False)
    if fault is Fault.CUT:
        text = text[: len(text) * 2 // 3]
    if fault in (Fault.DROPPED, Fault.STALLED, Fault.ENDLESS):
        return StreamingResponse(_pieces(billing, fault, text), media_type="application/json")
    return Response(text, media_type="application/json")


async def _pieces(billing: Billing, fault: Fault, text: str) -> AsyncIterator[str]:
    """Half of the list, and then: the end of the connection, a pause, or the same elements again and again."""
    half = len(text) // 2
    yield text[:half]
    if fault is Fault.DROPPED:
        raise ConnectionResetError("the stand-in breaks off")
    if fault is Fault.STALLED:
        billing.half_sent.set()
        await billing.go_on.wait()
    yield text[half:-1]
    while fault is Fault.ENDLESS:
        yield "," + text[1:-1]
        await asyncio.sleep(0)
    yield text[-1:]


def _json(value: Any) -> Response:
    return Response(json.dumps(value, ensure_ascii=False), media_type="application/json")
