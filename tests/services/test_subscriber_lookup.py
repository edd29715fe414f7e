"""The live look-up of an ONU's subscriber: once, in time, remembered, stored as a claim that the next sync may take away."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass, field, replace

import pytest
from sqlalchemy import select

from tests.services.support import ADMIN, add_device, add_group, add_interface, in_groups
from wildcore.errors import BillingError, NotFound
from wildcore.i18n import _
from wildcore.model.subscriber import SubscriberClaim as Claim
from wildcore.model.subscriber import SubscriberRecord
from wildcore.services import pages_live, subscriber_lookup
from wildcore.services.interface_search import InterfaceQuery, search
from wildcore.services.pages_interface import interface_page
from wildcore.services.ports import Billing, BillingSource
from wildcore.services.runtime import Runtime
from wildcore.services.search import find
from wildcore.services.subscriber_lookup import due, look_up
from wildcore.services.subscriber_sync import Plan, Received, SyncSummary, compare, write
from wildcore.store.tables import Interface, Subscriber, SubscriberClaim

IDENT = "ZTEGC69EF036"
ANNA = SubscriberRecord("7", "00301", "anna", "/#clientcard/7", "Рівне, Соборна 1")


@dataclass
class FakeBilling:
    """A billing in this process that says what the test tells it to."""

    key: str = "mikbill"
    address: str = "https://billing.example"
    knows: dict[str, list[SubscriberRecord]] = field(default_factory=dict)
    error: str = ""
    asked: list[str] = field(default_factory=list)
    gate: asyncio.Event | None = None
    came: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(0))

    def source(self) -> BillingSource:
        return BillingSource(self.key, _("MikBill billing"), self.address, "agreement")

    def records(self) -> AsyncIterator[list[SubscriberRecord]]:
        raise NotImplementedError

    async def find(self, ident: str) -> list[SubscriberRecord]:
        self.asked.append(ident)
        self.came.release()
        if self.gate is not None:
            await self.gate.wait()
        if self.error:
            raise BillingError(self.error)
        return self.knows.get(ident, [])


@pytest.fixture
def billing(runtime: Runtime) -> FakeBilling:
    made = FakeBilling(knows={IDENT: [ANNA]})
    runtime.ports.supply("mikbill_integration", Billing, lambda: made)
    return made


@pytest.fixture
def onu(runtime: Runtime) -> int:
    device_id = add_device(runtime.db, "192.0.2.1")
    with runtime.db.write() as session:
        return add_interface(session, device_id, "1", "gpon-onu_1/1/1:1", "ONU", ident=IDENT, ident_type="SN", status="Online")


def compared(runtime: Runtime, *records: SubscriberRecord, force: bool = False) -> Plan:
    """What a sync with this list would write."""
    received = Received()
    received.add(records)
    with runtime.db.read() as session:
        return compare(session, FakeBilling().source(), received, force=force)


def synchronise(runtime: Runtime, *records: SubscriberRecord, force: bool = False) -> SyncSummary:
    """A whole sync."""
    plan = compared(runtime, *records, force=force)
    with runtime.db.write() as session:
        return write(session, "mikbill", plan, now=1)


async def test_a_subscriber_is_found_and_known_everywhere_at_once(runtime: Runtime, billing: FakeBilling, onu: int) -> None:
    with runtime.db.read() as session:
        assert interface_page(session, runtime, ADMIN, onu).ask_billing
    assert await pages_live.find_subscriber(runtime, ADMIN, onu) == ""
    with runtime.db.read() as session:
        page = interface_page(session, runtime, ADMIN, onu)
        assert [one.agreement for one in page.interface.subscribers] == ["00301"]
        assert page.interface.subscribers[0].strength == 1
        assert not page.ask_billing
        found = search(session, runtime, ADMIN, InterfaceQuery(ont_ident="ZTEG:C69EF036")).rows
        assert [one.subscribers[0].link for one in found] == ["https://billing.example/#clientcard/7"]
        assert "00301" in str(find(session, runtime, ADMIN, "00301"))
    assert (await look_up(runtime, IDENT)).found == 0
    assert billing.asked == [IDENT]


async def test_nobody_is_remembered_too_and_forgotten_in_time(runtime: Runtime, billing: FakeBilling, onu: int) -> None:
    billing.knows.clear()
    for _turn in range(3):
        assert (await look_up(runtime, IDENT)).errors == ()
    assert billing.asked == [IDENT]
    assert not due(runtime, IDENT)
    later = replace(runtime, now=lambda: runtime.now() + subscriber_lookup.NOBODY_SEC + 1)
    assert due(later, IDENT)
    billing.knows[IDENT] = [ANNA]
    assert (await look_up(later, IDENT)).found == 1


async def test_many_ask_once(runtime: Runtime, billing: FakeBilling, onu: int) -> None:
    billing.gate = asyncio.Event()
    waiting = [asyncio.create_task(look_up(runtime, IDENT)) for _turn in range(8)]
    await billing.came.acquire()
    billing.gate.set()
    assert {(await one).found for one in waiting} == {1}
    assert billing.asked == [IDENT]


async def test_a_slow_billing_is_given_up_and_then_left_alone(
    runtime: Runtime, billing: FakeBilling, onu: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(subscriber_lookup, "LIMIT_SEC", 0.05)
    billing.gate = asyncio.Event()
    assert "0.05" in (await look_up(runtime, IDENT)).errors[0]
    assert "0.05" in await pages_live.find_subscriber(runtime, ADMIN, onu)
    assert billing.asked == [IDENT]
    with runtime.db.read() as session:
        assert not interface_page(session, runtime, ADMIN, onu).ask_billing


async def test_a_billing_that_fails_rests_longer_and_longer(runtime: Runtime, billing: FakeBilling) -> None:
    billing.error = "billing is down"
    clock: list[int] = [runtime.now()]
    rests: list[int] = []
    moved = replace(runtime, now=lambda: clock[0])
    for _turn in range(7):
        assert (await look_up(moved, f"{IDENT[:-1]}{len(rests)}")).errors == ("billing is down",)
        began = clock[0]
        while not due(moved, IDENT):
            clock[0] += 10
        rests.append(clock[0] - began)
    assert rests == [30, 60, 120, 240, 480, 600, 600]
    assert len(billing.asked) == 7
    billing.error = ""
    assert (await look_up(moved, IDENT)).found == 1
    billing.error = "down again"
    await look_up(moved, "ZTEG00000009")
    clock[0] += 30
    assert due(moved, "ZTEG00000008")


async def test_questions_at_once_are_few(runtime: Runtime, billing: FakeBilling) -> None:
    billing.gate = asyncio.Event()
    waiting = [asyncio.create_task(look_up(runtime, f"ZTEG000000{at:02}")) for at in range(12)]
    for _one in range(subscriber_lookup.AT_ONCE):
        await billing.came.acquire()
    await runtime.db.run_read(lambda _session: None)
    assert len(billing.asked) == subscriber_lookup.AT_ONCE
    billing.gate.set()
    await asyncio.gather(*waiting)
    assert len(billing.asked) == 12


async def test_the_next_good_sync_takes_away_what_it_does_not_know(runtime: Runtime, billing: FakeBilling, onu: int) -> None:
    await look_up(runtime, IDENT)
    other = SubscriberRecord("8", "00302", "ivan", claims=(Claim(ident="ZTEG00000001"),))
    synchronise(runtime, other, force=True)
    with runtime.db.read() as session:
        assert session.scalars(select(Subscriber.uid)).all() == ["8"]
        assert interface_page(session, runtime, ADMIN, onu).interface.subscribers == ()


async def test_a_known_subscriber_only_gets_the_claim_and_the_sync_agrees(
    runtime: Runtime, billing: FakeBilling, onu: int
) -> None:
    known = replace(ANNA, login="kept", claims=(Claim(switch_ip="192.0.2.9", port="3"),))
    synchronise(runtime, known)
    assert (await look_up(runtime, IDENT)).found == 1
    with runtime.db.read() as session:
        assert session.scalars(select(Subscriber.login)).all() == ["kept"]
        assert sorted(session.scalars(select(SubscriberClaim.ident))) == ["", IDENT]
    whole = replace(known, claims=(*known.claims, Claim(ident=IDENT)))
    assert synchronise(runtime, whole).unchanged == 1


async def test_a_look_up_in_the_middle_of_a_sync_does_not_break_it(runtime: Runtime, billing: FakeBilling, onu: int) -> None:
    listed = replace(ANNA, login="of the list", claims=(Claim(ident=IDENT),))
    plan = compared(runtime, listed)
    assert (await look_up(runtime, IDENT)).found == 1
    with runtime.db.write() as session:
        summary = write(session, "mikbill", plan, now=1)
    assert (summary.added, summary.by_ident) == (1, 1)
    with runtime.db.read() as session:
        page = interface_page(session, runtime, ADMIN, onu)
        assert [one.login for one in page.interface.subscribers] == ["of the list"]


async def test_what_a_sync_knows_is_not_asked(runtime: Runtime, billing: FakeBilling, onu: int) -> None:
    synchronise(runtime, replace(ANNA, claims=(Claim(ident=IDENT),)))
    assert (await look_up(runtime, IDENT)).found == 1
    assert billing.asked == []


async def test_who_is_not_asked_and_what_is_not_asked_about(runtime: Runtime, billing: FakeBilling, onu: int) -> None:
    billing.address = ""
    assert not due(runtime, IDENT)
    billing.address = "https://billing.example"
    with runtime.db.write() as session:
        session.get_one(Interface, onu).gone_at = 5
    with runtime.db.read() as session:
        assert not interface_page(session, runtime, ADMIN, onu).ask_billing
    with runtime.db.write() as session:
        group = add_group(session, "elsewhere")
    with pytest.raises(NotFound):
        await pages_live.find_subscriber(runtime, in_groups(group), onu)
    assert billing.asked == []


async def test_what_is_remembered_has_a_bound(runtime: Runtime, billing: FakeBilling, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(subscriber_lookup, "MOST_REMEMBERED", 3)
    for at in range(6):
        await look_up(runtime, f"ZTEG0000000{at}")
    assert [due(runtime, f"ZTEG0000000{at}") for at in range(6)] == [True, True, True, False, False, False]


async def test_a_broken_billing_is_told_and_rests(
    runtime: Runtime, billing: FakeBilling, caplog: pytest.LogCaptureFixture
) -> None:
    billing.knows = None  # type: ignore[assignment]
    assert "log" in (await look_up(runtime, IDENT)).errors[0]
    assert "broke" in caplog.text
    assert not due(runtime, IDENT)


async def test_who_has_another_onu_by_billings_own_word_is_not_taken_for_this_ones(
    runtime: Runtime, billing: FakeBilling, onu: int
) -> None:
    """A billing may look for a part of the serial, and tell whose each ONU is that it found."""
    other = replace(ANNA, uid="8", agreement="00302", claims=(Claim(ident="ZTEGC69EF0361"),))
    billing.knows[IDENT] = [other, replace(ANNA, claims=(Claim(ident=IDENT),)), replace(ANNA, uid="9", claims=(Claim(port="1"),))]
    assert (await look_up(runtime, IDENT)).found == 2
    with runtime.db.read() as session:
        assert sorted(session.scalars(select(Subscriber.uid))) == ["7", "9"]
