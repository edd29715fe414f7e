"""New ONUs that a poller finds: billing is asked over real HTTP in the background, gently, and no poll waits for it."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
import pytest_asyncio
from sqlalchemy import select

from tests.poller.support import until
from wildcore.components.mikbill_integration.billing import MikbillBilling
from wildcore.components.mikbill_integration.settings import SETTINGS
from wildcore.lab.billing import Billing, BillingServer, Fault
from wildcore.lab.captures import Device as SimulatedDevice
from wildcore.lab.district import Subscriber
from wildcore.lab.names import Address, Person
from wildcore.model.ident import ident_key
from wildcore.services.ports import Billing as BillingPort
from wildcore.services.runtime import Runtime
from wildcore.store.tables import Interface, Poll, SubscriberClaim
from wildcore.worker import Worker
from wildcore.worker.newcomers import Newcomers

KEY = "cd1f08c0-dcea-4603-934d-471deb7c9387"


@pytest_asyncio.fixture
async def billing(runtime: Runtime, simulated: SimulatedDevice) -> AsyncIterator[Billing]:
    """A billing that knows who has each ONU of the OLT, and was never synchronised."""
    address = Address("Рівне", "вулиця Соборна", "1")
    clients = [
        Subscriber(uid, f"{uid:05}", f"login{uid}", Person("Мороз", "Олена"), address, ident=onu.ident)
        for uid, onu in enumerate(simulated.onus, 1)
    ]
    known = Billing(clients, api_key=KEY)
    runtime.settings.declare(SETTINGS)
    async with BillingServer(known) as server:
        with runtime.db.write() as session:
            runtime.settings.set(session, {"MIKBILL_API_ADDR": server.url, "MIKBILL_AUTH_KEY": KEY})
        runtime.settings.forget()
        runtime.ports.supply("mikbill_integration", BillingPort, lambda: MikbillBilling(runtime))
        yield known
        known.go_on.set()


@asynccontextmanager
async def working(runtime: Runtime, newcomers: Newcomers) -> AsyncIterator[None]:
    task = asyncio.create_task(Worker(runtime, look_sec=0.05, newcomers=newcomers).run())
    try:
        yield
    finally:
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task


def claimed(runtime: Runtime) -> set[str | None]:
    with runtime.db.read() as session:
        return set(session.scalars(select(SubscriberClaim.ident)))


def idents(runtime: Runtime) -> set[str | None]:
    with runtime.db.read() as session:
        return set(session.scalars(select(Interface.ident).where(Interface.type == "ONU")))


def results(runtime: Runtime) -> set[str]:
    with runtime.db.read() as session:
        return set(session.scalars(select(Poll.result)))


async def test_the_owner_of_a_new_onu_is_known_without_a_sync(
    runtime: Runtime, simulated: SimulatedDevice, device_id: int, billing: Billing
) -> None:
    async def known() -> bool:
        return claimed(runtime) == idents(runtime) != set()

    async with working(runtime, Newcomers(runtime, pause_sec=0.01)):
        await until(known)
    assert idents(runtime) == {ident_key(onu.ident) for onu in simulated.onus}
    assert billing.requests == len(simulated.onus)


async def test_beyond_its_room_the_queue_takes_none(runtime: Runtime, device_id: int, billing: Billing) -> None:
    queue = Newcomers(runtime, most=3, pause_sec=60)

    async def polled() -> bool:
        return results(runtime) == {"ok"} and len(claimed(runtime)) == 1

    async with working(runtime, queue):
        await until(polled)
        assert (queue.waiting, billing.requests) == (2, 1)


async def test_a_billing_that_hangs_holds_no_poll_up_and_is_asked_one_thing_at_a_time(
    runtime: Runtime, device_id: int, billing: Billing
) -> None:
    billing.fault = Fault.STALLED

    async def polled() -> bool:
        return results(runtime) == {"ok"} and billing.half_sent.is_set()

    async with working(runtime, Newcomers(runtime, pause_sec=0.01)):
        await until(polled)
        assert billing.requests == 1
        assert claimed(runtime) == set()


@pytest.mark.parametrize("address", ["", "http://127.0.0.1:9"], ids=["off", "dead"])
async def test_without_a_billing_that_answers_nothing_waits(
    runtime: Runtime, device_id: int, billing: Billing, address: str
) -> None:
    with runtime.db.write() as session:
        runtime.settings.set(session, {"MIKBILL_API_ADDR": address})
    runtime.settings.forget()
    queue = Newcomers(runtime, pause_sec=0.01)

    async def polled() -> bool:
        return results(runtime) == {"ok"} and queue.waiting == 0

    async with working(runtime, queue):
        await until(polled)
    assert billing.requests == 0
    assert claimed(runtime) == set()
