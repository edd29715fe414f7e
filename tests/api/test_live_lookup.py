"""The live look-up with MikBill over real HTTP: an ONU that no sync knew has its subscriber on the page's next request."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator

import httpx
import pytest
import pytest_asyncio
from sqlalchemy import delete

from tests.services.support import add_device, add_interface
from wildcore.components.mikbill_integration import settings as keys
from wildcore.components.mikbill_integration.billing import MikbillBilling
from wildcore.lab.billing import Billing as Site
from wildcore.lab.billing import BillingServer, Fault
from wildcore.lab.district import district
from wildcore.model.ident import ident_key
from wildcore.services import subscriber_lookup
from wildcore.services.ports import Billing
from wildcore.store.tables import Interface, Subscriber

from .conftest import World

KEY = "cd1f08c0-dcea-4603-934d-471deb7c9387"
SERIAL, CONTRACT = "ZTEGC69EF036", "00301"


@pytest_asyncio.fixture
async def billing() -> AsyncIterator[BillingServer]:
    async with BillingServer(Site(list(district().subscribers), api_key=KEY)) as running:
        yield running


@pytest_asyncio.fixture
async def client(whole: World, billing: BillingServer) -> AsyncIterator[httpx.AsyncClient]:
    """Billing's employee before the iframe page; MikBill is set up and on."""
    runtime = whole.runtime
    with runtime.db.write() as session:
        runtime.settings.set(session, {keys.API_ADDR.key: billing.url, keys.AUTH_KEY.key: KEY})
    runtime.settings.forget()
    runtime.ports.supply("mikbill_integration", Billing, lambda: MikbillBilling(runtime))
    key = whole.key(whole.user("operator", all_groups=True), scope="billing", kind="cross", life_sec=86400)
    async with whole.client(key) as made:
        yield made


def an_onu(world: World, ident: str, kind: str) -> int:
    device_id = add_device(world.runtime.db, "192.0.2.1")
    with world.runtime.db.write() as session:
        return add_interface(session, device_id, "1", "gpon-onu_1/1/1:1", "ONU", ident=ident, ident_type=kind, status="Online")


async def test_by_serial(whole: World, client: httpx.AsyncClient, billing: BillingServer) -> None:
    onu = an_onu(whole, SERIAL, "SN")
    first = await client.get(f"/iframe/ont/{SERIAL}")
    assert f'hx-get="/iframe/interface/{onu}/subscriber"' in first.text
    assert billing.billing.requests == 0
    card = await client.get(f"/iframe/interface/{onu}/subscriber")
    assert card.status_code == 200
    assert CONTRACT in card.text
    assert 'id="who" hx-swap-oob="true"' in card.text
    assert billing.billing.requests == 1
    second = await client.get(f"/iframe/ont/{SERIAL}")
    assert CONTRACT in second.text
    assert "/subscriber" not in second.text
    (found,) = (await client.get("/api/v1/device-interface/search", params={"ont_ident": SERIAL})).json()["data"]
    assert found["agreement"] == CONTRACT
    assert KEY not in first.text + second.text + card.text


async def test_by_mac_and_of_nobody(whole: World, client: httpx.AsyncClient, billing: BillingServer) -> None:
    one = next(one for one in billing.billing.subscribers if one.ident and len(ident_key(one.ident)) == 12 and ":" in one.ident)
    onu = an_onu(whole, ident_key(one.ident), "MAC")
    assert one.agreement in (await client.get(f"/iframe/interface/{onu}/subscriber")).text
    asked = billing.billing.requests
    with whole.runtime.db.write() as session:
        session.get_one(Interface, onu).ident = "ZTEG00000001"
        session.execute(delete(Subscriber))
    for _turn in range(2):
        answer = await client.get(f"/iframe/interface/{onu}/subscriber")
        assert answer.status_code == 200
    assert billing.billing.requests == asked + 1
    assert "/subscriber" not in (await client.get(f"/iframe/interface/{onu}")).text


async def test_a_billing_that_fails_is_told_in_words_and_left_alone(
    whole: World, client: httpx.AsyncClient, billing: BillingServer
) -> None:
    onu = an_onu(whole, SERIAL, "SN")
    faults = (Fault.UNAUTHORIZED, Fault.ADDRESS, Fault.HTML, Fault.CUT, Fault.ERROR_500, Fault.REDIRECT)
    for asked, fault in enumerate(faults, start=1):
        billing.billing.fault = fault
        whole.clock.ahead += subscriber_lookup.LONGEST_REST_SEC
        for _turn in range(2):
            answer = await client.get(f"/iframe/interface/{onu}/subscriber")
            assert answer.status_code == 200
            assert "Не вдалося запитати білінг" in answer.text, fault
            assert KEY not in answer.text
        assert billing.billing.requests == asked
        assert "/subscriber" not in (await client.get(f"/iframe/interface/{onu}")).text


async def test_a_slow_billing_delays_no_page(
    whole: World, client: httpx.AsyncClient, billing: BillingServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(subscriber_lookup, "LIMIT_SEC", 0.3)
    onu = an_onu(whole, SERIAL, "SN")
    billing.billing.fault, billing.billing.slow_sec = Fault.SLOW, 30.0
    began = time.monotonic()
    assert (await client.get(f"/iframe/interface/{onu}")).status_code == 200
    answer = await client.get(f"/iframe/interface/{onu}/subscriber")
    assert "0.3" in answer.text
    assert time.monotonic() - began < 5
