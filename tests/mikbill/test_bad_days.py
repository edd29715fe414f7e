"""Bad days of billing and of ours, over real HTTP: what is stored is as before or as after, and the message says what to do."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import Any

import httpx
import pytest
from sqlalchemy import update

from wildcore.components.mikbill_integration import client as mikbill
from wildcore.errors import BillingError, Conflict
from wildcore.lab.billing import Fault
from wildcore.services import bindings, subscriber_jobs
from wildcore.services.actor import system_actor
from wildcore.services.devices import delete_device
from wildcore.store.tables import Interface, Lease, SubscriberSync

from .conftest import KEY, ONUS, SWITCH, Site, client

BROKEN = [
    (Fault.UNAUTHORIZED, "refused the API key: check MIKBILL_AUTH_KEY"),
    (Fault.STATUS_401, "refused the API key \\(HTTP 401\\): check MIKBILL_AUTH_KEY"),
    (Fault.ADDRESS, "does not let this server's address in \\(Access denied from IP: 198.51.100.7\\): allow it there"),
    (Fault.HTML, "a page instead of data: is MIKBILL_API_ADDR"),
    (Fault.ERROR_500, "HTTP 500: is MIKBILL_API_ADDR"),
    (Fault.REDIRECT, "redirects .* set MIKBILL_API_ADDR to the final one"),
    (Fault.CUT, "cut off or broken. Nothing was changed"),
    (Fault.DROPPED, "cut off in the middle. Nothing was changed"),
    (Fault.EMPTY, "empty list of subscribers. Nothing was changed"),
    (Fault.SLOW, "too slow to answer"),
    (Fault.STALLED, "stopped sending in the middle of its answer. Nothing was changed"),
]


@pytest.mark.parametrize(("fault", "words"), BROKEN, ids=[fault.value for fault, _words in BROKEN])
async def test_a_billing_that_fails_changes_nothing(
    site: Site, fault: Fault, words: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    await site.sync()
    before = site.state()
    site.billing.subscribers = [client(uid, ident=ident) for uid, ident in enumerate(reversed(ONUS), 3)]
    site.billing.fault, site.billing.slow_sec = fault, 2.0
    if fault in (Fault.SLOW, Fault.STALLED):
        monkeypatch.setattr(mikbill, "LIST_TIMEOUT", httpx.Timeout(0.3))
    with pytest.raises(BillingError, match=words) as failed:
        await site.sync()
    assert KEY not in failed.value.description
    assert site.state() == before
    last = site.last()
    assert (last.result, last.error, last.trigger) == ("error", failed.value.description, "operator")
    assert last.finished_at is not None
    site.billing.fault = Fault.NONE
    monkeypatch.undo()
    await site.sync()
    assert site.last().result == "ok"


async def test_a_billing_that_is_away_changes_nothing(site: Site) -> None:
    await site.sync()
    before = site.state()
    await site.server.stop()
    with pytest.raises(BillingError, match=r"Cannot connect to billing at http://127.0.0.1"):
        await site.sync()
    assert site.state() == before


async def test_a_list_that_never_ends_is_given_up(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    site.billing.fault = Fault.ENDLESS
    with pytest.raises(BillingError, match=r"had not ended after 0.01 min. Nothing was changed"):
        await site.sync(fetch_sec=0.6)
    monkeypatch.setattr(mikbill, "MOST_BYTES", 2 * 1024 * 1024)
    with pytest.raises(BillingError, match=r"larger than 2 MB. Nothing was changed"):
        await site.sync()
    monkeypatch.setattr(subscriber_jobs, "MOST_SUBSCRIBERS", 5)
    with pytest.raises(BillingError, match=r"more than 5 subscribers. Nothing was changed"):
        await site.sync()
    assert site.state() == []


async def test_a_halved_list_changes_nothing_until_it_is_forced(site: Site) -> None:
    await site.sync()
    before = site.state()
    site.billing.subscribers = site.billing.subscribers[:5]
    words = "lacks 5 of 10 known subscribers, more than 20 %. Nothing was changed. .*wca mikbill_integration:sync-clients --force"
    with pytest.raises(BillingError, match=words):
        await site.sync()
    with pytest.raises(BillingError, match="lacks 5 of 10"):
        await site.sync(dry_run=True)
    assert site.state() == before
    report = await site.sync(dry_run=True, force=True)
    assert (report.summary.removed, site.state()) == (5, before)
    assert (await site.sync(force=True)).summary.removed == 5
    assert len(site.state()) == 5


async def test_wrong_types_are_counted_and_told(site: Site) -> None:
    site.billing.extra = [
        None, 7, "text", [], [["nested"]], {}, {"data": None}, {"data": {"uid": None}}, {"data": {"uid": True}},
        {"data": {"uid": {"a": 1}}, "search": 5},
        {"data": {"uid": 77.0, "login": 5, "agreement": ["x"], "address": "Рівне"}, "search": {"port": [1], "switch": 3}},
    ]  # fmt: skip
    report = await site.sync()
    assert (report.summary.received, report.summary.unusable) == (11, 10)
    assert "left out: 10" in subscriber_jobs.summary_text(report.summary)
    assert site.last().summary["unusable"] == 10
    assert site.state()[-1] == ("77", "", "5", "", "", "", "", "", "no_claim", None, None)


async def test_a_list_of_nothing_usable_says_so(site: Site) -> None:
    site.billing.subscribers, site.billing.extra = [], [{"id": 1, "name": "x"}] * 3
    with pytest.raises(BillingError, match=r"None of the 3 elements .* can be used: they have no uid\. Nothing was changed"):
        await site.sync()


async def test_one_uid_twice_is_one_subscriber_with_two_places(site: Site) -> None:
    site.billing.subscribers.append(client(1, switch=SWITCH, port=3))
    report = await site.sync()
    assert (report.summary.received, report.summary.by_ident, report.summary.by_port) == (10, 10, 1)
    assert [row[-1] for row in site.state() if row[0] == "1"] == ["onu 0", "Gi0/3"]
    assert (await site.sync()).summary.unchanged == 10


async def test_a_huge_address_and_unknown_fields_do_no_harm(site: Site) -> None:
    told: list[tuple[str, int, int]] = []
    address = {"full": "Рівне " + "х" * 10_000_000, "house": "\u0000 1\n2 "}
    data = {"uid": 99, "login": "huge", "address": address, "balance": {"deep": [1, {"x": None}]}, "тариф": "новий"}
    site.billing.extra = [{"data": data, "search": {"onu_ident": "", "vlan": 7}, "more": [1, 2]}]
    report = await site.sync(progress=lambda *progress: told.append(progress))
    assert report.summary.added == 11
    assert len(site.state()[-1][3]) == 1000
    assert ("fetch", 11, 0) in told
    assert told[-1] == ("done", 11, 11)


@pytest.mark.parametrize(
    ("search", "place"),
    [
        ({"switch": SWITCH, "port": "Gi0/3"}, "Gi0/3"),
        ({"switch": SWITCH, "port": " 3 "}, "Gi0/3"),
        ({"switch": SWITCH, "port": "0/3"}, "Gi0/3"),
        ({"switch": f" {SWITCH} ", "port": 3.0}, "Gi0/3"),
        ({"switch": SWITCH, "port": "gi0/3"}, "Gi0/3"),
        ({"switch": SWITCH, "port": "77"}, "no_port"),
        ({"switch": "192.0.2.77", "port": 3}, "no_switch"),
        ({"onu_ident": "  ztegc0000003 "}, "onu 3"),
        ({"onu_ident": "ZTEG C0 00 00 03"}, "onu 3"),
        ({"onu_ident": "5A544547:C0000003"}, "onu 3"),
        ({"onu_ident": "ZTEGC0000003", "switch": SWITCH, "port": 1}, "onu 3"),
        ({"onu_ident": "ZTEGFFFFFFFF", "switch": SWITCH, "port": 1}, "Gi0/1"),
    ],
)
async def test_ports_and_idents_as_people_write_them(site: Site, search: dict[str, Any], place: str) -> None:
    site.billing.extra = [{"data": {"uid": 50}, "search": search}]
    await site.sync()
    assert site.places()["50"] == place


async def test_an_onu_that_moved_after_the_sync_has_its_subscriber_at_once(site: Site) -> None:
    await site.sync()
    with site.runtime.db.write() as session:
        session.execute(update(Interface).where(Interface.ident == ONUS[0]).values(ident=None))
        session.execute(update(Interface).where(Interface.name == "Gi0/8").values(ident=ONUS[0]))
        bindings.rebind(session, device_ids=[1, 2])
    assert site.places()["1"] == "Gi0/8"
    assert (await site.sync()).summary.unchanged == 10
    assert site.places()["1"] == "Gi0/8"


async def test_a_device_deleted_while_the_list_arrives(site: Site) -> None:
    await site.sync()
    site.billing.subscribers[0] = replace(site.billing.subscribers[0], login="changed", switch=SWITCH, port=2)
    site.billing.subscribers.append(client(11, ident=ONUS[5]))
    site.billing.fault = Fault.STALLED
    work = asyncio.create_task(site.sync())
    await site.billing.half_sent.wait()
    with site.runtime.db.write() as session:
        delete_device(session, site.runtime, system_actor("console"), 1)
    site.billing.go_on.set()
    report = await work
    assert (report.summary.added, report.summary.changed, report.summary.by_ident) == (1, 1, 0)
    places = site.places()
    assert places.pop("1") == "Gi0/2"
    assert set(places.values()) == {"ident_unseen"}


async def test_the_second_of_two_syncs_is_told_and_the_first_goes_on(site: Site) -> None:
    site.billing.fault = Fault.STALLED
    work = asyncio.create_task(site.sync())
    await site.billing.half_sent.wait()
    assert site.last().result == "running"
    for options in ({}, {"dry_run": True}, {"force": True}):
        with pytest.raises(Conflict, match="A sync of MikBill's subscribers is running already"):
            await site.sync(**options)
    site.billing.go_on.set()
    await work
    assert (site.last().result, site.last().id, len(site.state())) == ("ok", 1, 10)


async def test_a_sync_whose_lease_another_took_writes_nothing(site: Site) -> None:
    """The machine stood still for a minute: what the list said then may be older than what the other sync wrote."""
    await site.sync()
    before = site.state()
    site.billing.subscribers = site.billing.subscribers[:9]
    site.billing.fault = Fault.STALLED
    work = asyncio.create_task(site.sync())
    await site.billing.half_sent.wait()
    with site.runtime.db.write() as session:
        session.execute(update(Lease).values(owner="another"))
    site.billing.go_on.set()
    with pytest.raises(Conflict, match="another one took over"):
        await work
    assert site.state() == before


async def test_a_sync_that_is_stopped_says_so(site: Site) -> None:
    site.billing.fault = Fault.STALLED
    work = asyncio.create_task(site.sync())
    await site.billing.half_sent.wait()
    work.cancel()
    with pytest.raises(asyncio.CancelledError):
        await work
    assert "Interrupted" in site.last().error
    site.billing.fault = Fault.NONE
    assert (await site.sync()).summary.added == 10


async def test_the_last_fifty_syncs_are_remembered(site: Site) -> None:
    with site.runtime.db.write() as session:
        row = {"source": "mikbill", "trigger": "cron", "started_at": 1, "result": "ok"}
        session.add_all(SubscriberSync(**row) for _ in range(60))
        session.add(SubscriberSync(**{**row, "source": "other"}))
    await site.sync()
    with site.runtime.db.read() as session:
        kept = [source for (source,) in session.query(SubscriberSync.source)]
    assert (kept.count("mikbill"), kept.count("other")) == (50, 1)
