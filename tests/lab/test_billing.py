"""The billing stand-in: its API's shapes, and the staff site against a Wildcore that a test plays."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest
import pytest_asyncio
from fastapi import FastAPI, Header
from fastapi.responses import JSONResponse

from wildcore.components.mikbill_integration.client import MikbillClient
from wildcore.errors import BillingError
from wildcore.lab.billing import Billing, BillingServer, Fault, create_app
from wildcore.lab.district import District, district
from wildcore.model.ident import ident_key

KEY = "cd1f08c0-dcea-4603-934d-471deb7c9387"


@pytest.fixture(scope="module")
def place() -> District:
    return district()


@pytest_asyncio.fixture
async def server(place: District) -> AsyncIterator[BillingServer]:
    async with BillingServer(Billing(list(place.subscribers), api_key=KEY)) as running:
        yield running


async def test_the_list_has_the_wire_s_form(server: BillingServer, place: District) -> None:
    async with httpx.AsyncClient(base_url=server.url) as http:
        answer = await http.get("/api/index/support", params={"key": KEY, "request": "get_user_list"})
    elements = answer.json()
    assert len(elements) == len(place.subscribers)
    first = elements[0]
    assert first["search"]["onu_ident"] == "ZTEGC69EF036"
    assert {key: str(first["data"][key]) for key in ("uid", "billing_link", "agreement", "login")} == {
        "uid": str(place.showcase.uid),
        "billing_link": f"/#clientcard/{place.showcase.uid}",
        "agreement": place.showcase.agreement,
        "login": place.showcase.login,
    }
    assert set(first["data"]["address"]) == {"full", "settlement", "lane", "house", "app"}
    ports = [one["search"]["port"] for one in elements if one["search"]["switch"]]
    assert {type(port) for port in ports} == {int, str}
    assert any("onu_ident" not in one["search"] for one in elements)
    assert any(one["search"]["switch"] is None for one in elements)


@pytest.mark.parametrize("notation", ["ZTEGC69EF036", "ztegc69ef036", "5A544547C69EF036", "ZTEG:C69EF036"])
async def test_live_look_up_by_serial(server: BillingServer, notation: str) -> None:
    async with httpx.AsyncClient(base_url=server.url) as http:
        query = {"key": KEY, "request": "search", "param": "serial", "value": notation}
        found = (await http.get("/json/index/support", params=query)).json()
        assert [[one["agreement"] for one in part] for part in found] == [["00301"]]
        assert (await http.get("/json/index/support", params={**query, "value": "HWTC00000000"})).json() == [[]]


async def test_live_look_up_by_mac(server: BillingServer, place: District) -> None:
    one = next(one for one in place.subscribers if len(ident_key(one.ident)) == 12)
    async with httpx.AsyncClient(base_url=server.url) as http:
        query = {"key": KEY, "request": "search", "param": "mac", "value": one.ident}
        found = (await http.get("/json/index/support", params=query)).json()
    assert found[0][0]["login"] == one.login


async def test_error_shapes(server: BillingServer) -> None:
    async with httpx.AsyncClient(base_url=server.url) as http:

        async def ask(fault: Fault, key: str = KEY) -> httpx.Response:
            await http.post("/lab/fault", json={"fault": fault, "slow_sec": 0.2})
            return await http.get("/api/index/support", params={"key": key, "request": "get_user_list"})

        wrong = {"success": False, "code": -401, "message": "Unauthorized"}
        assert (await ask(Fault.NONE, key="wrong")).json() == wrong
        assert (await ask(Fault.UNAUTHORIZED)).json() == wrong
        assert (await ask(Fault.ADDRESS)).json()["code"] == -399
        assert (await ask(Fault.HTML)).text.startswith("<!doctype html>")
        assert (await ask(Fault.EMPTY)).json() == []
        assert (await ask(Fault.REDIRECT)).status_code == 302
        assert (await ask(Fault.ERROR_500)).status_code == 500
        with pytest.raises(ValueError, match=r"Unterminated|Expecting|delimiter"):
            (await ask(Fault.CUT)).json()
        started = asyncio.get_running_loop().time()
        assert (await ask(Fault.SLOW)).json()
        assert asyncio.get_running_loop().time() - started > 0.19


async def test_the_product_s_client_understands_it(server: BillingServer) -> None:
    client = MikbillClient(server.url, KEY)
    parts = [part async for part in client.subscriber_list()]
    assert "ZTEGC69EF036" in str(parts)
    for fault in (Fault.UNAUTHORIZED, Fault.ADDRESS, Fault.HTML, Fault.REDIRECT, Fault.ERROR_500):
        server.billing.fault = fault
        with pytest.raises(BillingError):
            await anext(client.subscriber_list())


def played_wildcore(seen: list[Any]) -> FastAPI:
    """The few answers that the card needs, as api.md writes them."""
    app = FastAPI()

    @app.get("/api/v1/device-interface/search")
    async def search(ont_ident: str = "", x_auth_key: str = Header()) -> dict[str, Any]:
        seen.append(("search", ont_ident, x_auth_key))
        device = {"name": "olt-1", "ip": "192.0.2.1"}
        return {"statusCode": 200, "meta": None, "data": [{"id": 7, "name": "gpon-onu_1/1/1:1", "device": device}]}

    @app.get("/api/v1/component/diagnostic/interface/{interface_id}/diag")
    async def diag(interface_id: int, x_auth_key: str = Header()) -> dict[str, Any]:
        seen.append(("diag", interface_id, x_auth_key))
        data = {"status": {"online": "Online"}, "optical": {"rx": -29.6, "tx": 2.1, "olt_rx": None, "distance": 1200}}
        return {"statusCode": 200, "meta": None, "data": {"iface": {}, "diagnostic": {"data": data, "meta": {}}}}

    @app.post("/api/v1/system/cross-auth", response_model=None)
    async def cross(body: dict[str, Any], x_auth_key: str = Header()) -> dict[str, Any] | JSONResponse:
        seen.append(("cross-auth", body, x_auth_key))
        if body["login"] == "trainee":
            error = {"type": "BAD_REQUEST", "description": "User not found"}
            return JSONResponse({"statusCode": 400, "error": error}, status_code=400)
        return {"statusCode": 200, "meta": None, "data": {"auth_key": "employee-key"}}

    return app


async def test_the_card_does_what_mikbill_does(place: District, monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[Any] = []
    wildcore = httpx.ASGITransport(app=played_wildcore(seen))
    real = httpx.AsyncClient
    monkeypatch.setattr(
        "wildcore.lab.billing.wildcore_client.httpx.AsyncClient", lambda **options: real(transport=wildcore, **options)
    )
    billing = Billing(list(place.subscribers), api_key=KEY, wildcore="http://wildcore.example")
    one = place.showcase
    async with real(transport=httpx.ASGITransport(app=create_app(billing)), base_url="http://billing.example") as http:
        listing = await http.get("/", params={"q": one.login})
        assert f'href="/client/{one.uid}"' in listing.text
        assert "Абонент" in (await http.get(f"/client/{one.uid}")).text
        signals = (await http.get(f"/client/{one.uid}/signals")).text
        assert "Online" in signals
        assert '<dd class="bad">-29.6 dBm</dd>' in signals
        frame = (await http.get(f"/client/{one.uid}/onu")).text
        assert 'src="http://wildcore.example/iframe/ont/ZTEGC69EF036?x-auth-key=employee-key"' in frame
        port = (await http.get(f"/client/{place.house.uid}/port")).text
        assert f"/iframe/port/{place.house.switch}/{place.house.port}?x-auth-key=employee-key" in port
        assert KEY not in listing.text + signals + frame + port
        await http.post("/employee", data={"login": "trainee", "back": "/"})
        refused = (await http.get(f"/client/{one.uid}/onu")).text
        assert "User not found" in refused
        assert "<iframe" not in refused
    assert [call[0] for call in seen] == ["search", "diag", "cross-auth", "cross-auth", "cross-auth"]
    assert {call[2] for call in seen} == {KEY}
    assert seen[2][1]["login"] == "operator"
