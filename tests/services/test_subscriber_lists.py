"""The list of subscribers and the reports of a sync: what they find, whom they show it, what they cost in SQL."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from sqlalchemy import insert, update
from sqlalchemy.orm import Session

from tests.poller.support import insert_row
from tests.services.support import (
    ADMIN,
    add_device,
    add_fdb,
    add_group,
    add_interface,
    add_subscriber,
    counted_statements,
    in_groups,
    with_billing,
)
from wildcore.errors import NotFound
from wildcore.services import bindings, subscriber_lists, subscriber_reports, sync_reports
from wildcore.services.actor import Actor
from wildcore.services.runtime import Runtime
from wildcore.services.search import catch_up
from wildcore.services.subscriber_lists import SubscriberFilter
from wildcore.store.tables import Interface, OnuValues, Subscriber, SubscriberClaim, SubscriberSync

SERIAL = "ZTEGC69EF036"


@pytest.fixture
def network(runtime: Runtime) -> dict[str, int]:
    """Two OLTs in two groups and a switch in the first; subscribers of all kinds."""
    first, second = add_device(runtime.db, "192.0.2.10"), add_device(runtime.db, "192.0.2.11")
    switch = add_device(runtime.db, "192.0.2.20", model="sw", family="generic_switch", kind="SWITCH")
    with_billing(runtime)
    with runtime.db.write() as session:
        ours, theirs = add_group(session, "ours", [first, switch]), add_group(session, "theirs", [second])
        add_interface(session, first, "p3", "gpon-olt_1/1/3", "GPON")
        onu = add_interface(
            session,
            first,
            "p3.1",
            "gpon-onu_1/1/3:1",
            "ONU",
            ident=SERIAL,
            ident_type="SN",
            status="Online",
            parent_bind_key="p3",
        )
        session.execute(insert(OnuValues).values(interface_id=onu, device_id=first, rx_dbm=-21.5))
        foreign = add_interface(session, second, "1", "gpon-onu_1/1/1:1", "ONU", ident="HWTC0000AB12", ident_type="SN")
        for number in range(1, 25):
            add_interface(session, switch, str(number), f"Gi0/{number}")
        add_subscriber(session, "1", "00001", "first", "Рівне, Київська вулиця 1/15", ident=SERIAL)
        add_subscriber(session, "2", "00002", "second", "Рівне, Київська вулиця 2", ident="HWTC0000AB12")
        add_subscriber(session, "3", "00003", "third", "Рівне, Соборна вулиця 3", switch_ip="192.0.2.20", port="3")
        add_subscriber(session, "4", "00004", "fourth", "Здолбунів", ident="ZTEGC69EFO36")
        add_subscriber(session, "5", "00005", "fifth", "Здолбунів", switch_ip="192.0.2.20", port="Gi0/3")
        add_subscriber(session, "6", "00006", "sixth", "Здолбунів")
    return {"ours": ours, "theirs": theirs, "onu": onu, "foreign": foreign, "first": first, "switch": switch}


def listed(runtime: Runtime, wanted: SubscriberFilter, actor: Actor = ADMIN, **page: int) -> list[str]:
    with runtime.db.read() as session:
        ids, total = subscriber_lists.ids(session, runtime, actor, wanted, **page)
        rows = subscriber_lists.rows(session, runtime, actor, ids)
    assert page or total == len(rows)
    return [one.view.uid for one in rows]


NARROWED: tuple[tuple[dict[str, Any], str], ...] = (
    ({}, "123456"),
    ({"uid": "2"}, "2"),
    ({"agreement": "00003"}, "3"),
    ({"login": "first"}, "1"),
    ({"text": "Київська"}, "12"),
    ({"text": "Київська вулиця 1/15"}, "1"),
    ({"text": "0000"}, "123456"),
    ({"text": "fi"}, "15"),
    ({"text": "%"}, ""),
    ({"matched": True}, "1235"),
    ({"matched": False}, "46"),
    ({"source": "mikbill", "text": "Рівне"}, "123"),
    ({"source": "other"}, ""),
    ({"updated_since": 2}, ""),
)


async def test_the_list_is_narrowed(runtime: Runtime, network: dict[str, int]) -> None:
    for indexed in (False, True):
        for wanted, uids in NARROWED:
            assert listed(runtime, SubscriberFilter(**wanted)) == list(uids), (wanted, indexed)
        await catch_up(runtime)
    assert listed(runtime, SubscriberFilter(text="київська")) == ["1", "2"], "in any case"


def test_a_page_of_the_list_knows_how_many_there_are(runtime: Runtime, network: dict[str, int]) -> None:
    with runtime.db.read() as session:
        ids, total = subscriber_lists.ids(session, runtime, ADMIN, SubscriberFilter(), limit=2, offset=2)
        rows = subscriber_lists.rows(session, runtime, ADMIN, ids)
    assert ([one.view.uid for one in rows], total) == (["3", "4"], 6)
    assert [(one.name, one.device_ip) for one in rows[0].places] == [("Gi0/3", "192.0.2.20")]
    assert [one.unmatched for one in rows[1].claims] == ["ident_unseen"]


def test_a_row_has_its_place_state_and_signal(runtime: Runtime, network: dict[str, int]) -> None:
    with runtime.db.read() as session:
        ids, _total = subscriber_lists.ids(session, runtime, ADMIN, SubscriberFilter(interface_id=network["onu"]))
        (row,) = subscriber_lists.rows(session, runtime, ADMIN, ids)
        blind = replace(in_groups(network["ours"]), permissions=frozenset({"subscribers_show"}))
        (dim,) = subscriber_lists.rows(session, runtime, blind, ids)
    place = row.places[0]
    assert (row.view.uid, place.status, place.rx_dbm, place.strength) == ("1", "Online", -21.5, 1)
    assert row.view.link == "https://billing.example/#clientcard/1"
    assert dim.places[0].rx_dbm is None, "levels need the right to see into OLTs"


def test_of_foreign_groups_nobody_is_known(runtime: Runtime, network: dict[str, int]) -> None:
    limited = replace(in_groups(network["ours"]), permissions=frozenset())
    everything = SubscriberFilter()
    assert listed(runtime, everything, limited) == ["1", "3", "5"]
    assert listed(runtime, everything, in_groups()) == ["4", "6"], "nothing but those without a place"
    unplaced = replace(limited, permissions=frozenset({"subscribers_unplaced"}))
    assert listed(runtime, everything, unplaced) == ["1", "3", "4", "5", "6"]
    assert listed(runtime, SubscriberFilter(uid="2"), limited) == []
    assert listed(runtime, SubscriberFilter(text="Київська"), limited) == ["1"]
    assert listed(runtime, SubscriberFilter(interface_id=network["foreign"]), limited) == []
    with runtime.db.read() as session, pytest.raises(NotFound):
        subscriber_lists.get(session, runtime, limited, _id(session, "2"))


def test_of_several_places_only_ones_own_are_shown(runtime: Runtime, network: dict[str, int]) -> None:
    with runtime.db.write() as session:
        insert_row(session, SubscriberClaim, subscriber_id=_id(session, "2"), ident=SERIAL)
        bindings.rebind(session, everything=True)
    with runtime.db.read() as session:
        (row,) = subscriber_lists.rows(session, runtime, in_groups(network["ours"]), [_id(session, "2")])
    assert [one.name for one in row.places] == ["gpon-onu_1/1/3:1"]
    limited = in_groups(network["ours"])
    assert listed(runtime, SubscriberFilter(interface_id=network["foreign"]), limited) == []


def _id(session: Session, uid: str) -> int:
    return session.query(Subscriber.id).filter_by(uid=uid).scalar() or 0


def unmatched(runtime: Runtime, actor: Actor = ADMIN, **wanted: str) -> dict[str, Any]:
    with runtime.db.read() as session:
        ids, _counts = subscriber_reports.unmatched_ids(session, runtime, actor, **wanted)
        return {one.view.uid: one for one in subscriber_reports.unmatched(session, runtime, actor, ids)}


def test_unmatched_ones_have_their_reason(runtime: Runtime, network: dict[str, int]) -> None:
    assert {uid: one.claim.unmatched for uid, one in unmatched(runtime).items()} == {"4": "ident_unseen"}
    with runtime.db.write() as session:
        insert_row(session, SubscriberClaim, subscriber_id=_id(session, "6"), switch_ip="192.0.2.20", port="99")
        bindings.rebind(session, everything=True)
    with runtime.db.read() as session:
        ids, counts = subscriber_reports.unmatched_ids(session, runtime, ADMIN)
    assert (len(ids), counts) == (2, {"ident_unseen": 1, "no_port": 1})
    assert list(unmatched(runtime, reason="no_port")) == ["6"]
    limited = replace(in_groups(network["ours"]), permissions=frozenset())
    assert unmatched(runtime, limited) == {}
    assert list(unmatched(runtime, replace(limited, permissions=frozenset({"subscribers_unplaced"})))) == ["4", "6"]


def test_several_subscribers_at_one_place(runtime: Runtime, network: dict[str, int]) -> None:
    def places(actor: Actor = ADMIN, kind: str = "") -> list[tuple[str, list[str]]]:
        with runtime.db.read() as session:
            ids = subscriber_reports.shared_ids(session, runtime, actor, kind=kind)
            rows = subscriber_reports.shared(session, runtime, actor, ids)
        return [(one.place.name, [who.uid for who in one.subscribers]) for one in rows]

    assert places() == [("Gi0/3", ["3", "5"])]
    with runtime.db.write() as session:
        add_subscriber(session, "7", "00007", "seventh", ident="HWTC0000AB12")
    assert places() == [("gpon-onu_1/1/1:1", ["2", "7"]), ("Gi0/3", ["3", "5"])], "ONUs first"
    assert places(kind="port") == [("Gi0/3", ["3", "5"])]
    assert places(in_groups(network["ours"]), "onu") == []
    with runtime.db.write() as session:
        insert_row(session, SubscriberClaim, subscriber_id=_id(session, "1"), ident=SERIAL)
        bindings.rebind(session, everything=True)
    assert len(places()) == 2, "two claims of one subscriber are one subscriber"


def test_an_onu_elsewhere_than_billing_says(runtime: Runtime, network: dict[str, int]) -> None:
    def found(actor: Actor = ADMIN) -> dict[str, tuple[str, bool]]:
        with runtime.db.read() as session:
            ids = subscriber_reports.elsewhere_ids(session, runtime, actor)
            rows = subscriber_reports.elsewhere(session, runtime, actor, ids)
        return {one.claim.port: (one.switch[1] if one.switch else one.claim.switch_ip, one.same_device) for one in rows}

    ports = {
        "3": "192.0.2.10",  # the PON port by number
        " p3 ".strip(): "192.0.2.10",  # by bind key
        "GPON-OLT_1/1/3": "192.0.2.10",  # by name
        "1": "192.0.2.10",  # the ONU itself
        "0/03": "192.0.2.10",
        "7": "192.0.2.10",  # another port
        "Gi0/5": "192.0.2.20",  # a switch
        "x1/9": "192.0.2.99",  # a device that is not there
        "11": "192.0.2.11",  # a device of a foreign group
        "none": "192.0.2.10",  # says no number
    }
    with runtime.db.write() as session:
        for uid, (port, ip) in enumerate(ports.items(), start=100):
            add_subscriber(session, str(uid), str(uid), str(uid), ident=SERIAL, switch_ip=ip, port=port)
    assert found() == {
        "7": ("192.0.2.10", True),
        "Gi0/5": ("192.0.2.20", False),
        "x1/9": ("192.0.2.99", False),
        "11": ("192.0.2.11", False),
    }
    with runtime.db.read() as session:
        limited = in_groups(network["ours"])
        ids = subscriber_reports.elsewhere_ids(session, runtime, limited)
        rows = {one.claim.port: one for one in subscriber_reports.elsewhere(session, runtime, limited, ids)}
    assert rows["11"].switch is None, "of a foreign device only what billing says is shown"
    assert found(in_groups(network["theirs"])) == {}


def test_an_onu_without_a_pon_port_is_elsewhere_when_the_number_differs(runtime: Runtime, network: dict[str, int]) -> None:
    with runtime.db.write() as session:
        session.execute(update(Interface).where(Interface.id == network["onu"]).values(parent_bind_key=""))
        add_subscriber(session, "8", "8", "8", ident=SERIAL, switch_ip="192.0.2.10", port="3")
    with runtime.db.read() as session:
        assert len(subscriber_reports.elsewhere_ids(session, runtime, ADMIN)) == 1


def test_a_billing_that_is_off_shows_nobody(runtime: Runtime, network: dict[str, int]) -> None:
    runtime.ports.gate(lambda _key: False)
    with runtime.db.read() as session, counted_statements(runtime.db) as statements:
        assert subscriber_lists.ids(session, runtime, ADMIN, SubscriberFilter()) == ([], 0)
        assert subscriber_lists.rows(session, runtime, ADMIN, [_id(session, "1")]) == []
        assert subscriber_reports.unmatched_ids(session, runtime, ADMIN) == ([], {})
        assert subscriber_reports.shared_ids(session, runtime, ADMIN) == []
        assert subscriber_reports.elsewhere_ids(session, runtime, ADMIN) == []
        assert sync_reports.syncs(session, runtime, ADMIN) == []
    assert len(statements) <= 5


def add_many(session: Session, first: int, count: int, device: int, switch: int) -> None:
    """Subscribers of every kind, `count` of each."""
    for at in range(first, first + count):
        add_interface(session, device, f"o{at}", f"gpon-onu_1/1/4:{at}", "ONU", ident=f"ZTEG{at * 7919:08X}", ident_type="SN")
        add_interface(session, switch, f"u{at}", f"uplink{at}x")
        claims: list[dict[str, str]] = [
            {"ident": f"ZTEG{at * 7919:08X}", "switch_ip": "192.0.2.98", "port": "3"},
            {"ident": f"ZTEG{at * 7919:08X}"},
            {"ident": f"ZTEG{at * 7919 + 1:08X}"},
            {"switch_ip": f"192.0.2.{at % 200}", "port": "901"},
            {"switch_ip": "192.0.2.20", "port": f"{at + 900}"},
            {"mac": f"0200{at:08X}"},
            {},
        ]
        for kind, claim in enumerate(claims):
            values = {"source": "mikbill", "uid": f"{at}.{kind}", "updated_at": 1}
            one = insert_row(session, Subscriber, **values)
            insert_row(session, SubscriberClaim, subscriber_id=one, **claim)
    bindings.rebind(session, everything=True, uplink_macs=0)


Look = Callable[[Session, Runtime, Actor], Any]


def _list(session: Session, runtime: Runtime, actor: Actor) -> Any:
    ids, _total = subscriber_lists.ids(session, runtime, actor, SubscriberFilter(text="1"), limit=300)
    return subscriber_lists.rows(session, runtime, actor, ids)


def _unmatched(session: Session, runtime: Runtime, actor: Actor) -> Any:
    ids, _counts = subscriber_reports.unmatched_ids(session, runtime, actor)
    return subscriber_reports.unmatched(session, runtime, actor, ids)


def _shared(session: Session, runtime: Runtime, actor: Actor) -> Any:
    return subscriber_reports.shared(session, runtime, actor, subscriber_reports.shared_ids(session, runtime, actor))


def _elsewhere(session: Session, runtime: Runtime, actor: Actor) -> Any:
    return subscriber_reports.elsewhere(session, runtime, actor, subscriber_reports.elsewhere_ids(session, runtime, actor))


LOOKS: dict[str, tuple[int, Look]] = {
    "list": (5, _list),
    "unmatched": (11, _unmatched),
    "shared": (3, _shared),
    "elsewhere": (6, _elsewhere),
    "syncs": (4, lambda s, r, a: sync_reports.syncs(s, r, a)),
}


def test_statements_do_not_grow_with_rows(runtime: Runtime, network: dict[str, int]) -> None:
    spent: dict[str, list[int]] = {name: [] for name in LOOKS}
    sizes: dict[str, list[int]] = {name: [] for name in LOOKS}
    for first, count in ((1, 2), (100, 20)):
        with runtime.db.write() as session:
            add_many(session, first, count, network["first"], network["switch"])
            for at in range(count):
                add_fdb(session, network["switch"], network["onu"], f"0200{first + at:08X}", active=bool(at % 2))
                add_sync(session, changes=[{"what": "added", "uid": "1"}])
            bindings.rebind(session, everything=True, uplink_macs=0)
        for name, (_most, look) in LOOKS.items():
            with runtime.db.read() as session, counted_statements(runtime.db) as statements:
                sizes[name].append(len(look(session, runtime, ADMIN)))
            spent[name].append(len(statements))
    assert {name: (few, many) for name, (few, many) in spent.items() if few != many} == {}
    assert {name: few for name, (few, _many) in spent.items() if few > LOOKS[name][0]} == {}
    assert all(few < many for name, (few, many) in sizes.items() if name != "syncs")


def add_sync(session: Session, **facts: Any) -> int:
    values: dict[str, Any] = {
        "source": "mikbill", "trigger": "cron", "started_at": 100, "finished_at": 103, "result": "ok", "error": "",
        "summary": {"received": 6, "added": 1, "unmatched": 2, "fetch_ms": 1200, "write_ms": 300}, "changes": [], **facts,
    }  # fmt: skip
    for name in ("summary", "changes"):
        values[name] = json.dumps(values[name]) if not isinstance(values[name], str) else values[name]
    return insert_row(session, SubscriberSync, **values)


def test_the_syncs_of_a_billing(runtime: Runtime, network: dict[str, int]) -> None:
    changed = {"what": "changed", "uid": "2", "agreement": "00002", "login": "second", "fields": {"login": ["old", "second"]}}
    with runtime.db.write() as session:
        add_sync(session, changes=[{"what": "added", "uid": "1", "agreement": "", "login": "", "fields": {}}])
        add_sync(session, changes=[changed])
        add_sync(session, result="error", error="Billing refused the API key", summary={})
        add_sync(session, source="other")
    with runtime.db.read() as session:
        (found,) = sync_reports.syncs(session, runtime, ADMIN)
        (limited,) = sync_reports.syncs(session, runtime, in_groups(network["ours"]))
    assert [one.result for one in found.syncs] == ["error", "ok", "ok"]
    assert (found.last.error, found.good.counts["received"]) == ("Billing refused the API key", 6)  # type: ignore[union-attr]
    assert (found.good.duration_sec, found.good.fetch_ms) == (3, 1200)  # type: ignore[union-attr]
    assert [(one.what, one.uid, one.fields) for one in found.changes] == [("changed", "2", (("login", "old", "second"),))]
    assert not found.running
    assert (limited.changes, dict(limited.good.counts)) == ((), {})  # type: ignore[union-attr]


def test_a_broken_note_of_a_sync_breaks_no_page(runtime: Runtime) -> None:
    with_billing(runtime)
    for broken in ("", "no json", "[]", "{}", '{"received": "many"}', '[1, {"fields": {"a": 1}}, {"fields": 3}]'):
        with runtime.db.write() as session:
            add_sync(session, summary=broken, changes=broken)
        with runtime.db.read() as session:
            assert len(sync_reports.syncs(session, runtime, ADMIN)) == 1


def test_a_sync_whose_process_died_does_not_run_for_ever(runtime: Runtime) -> None:
    with_billing(runtime)
    now = runtime.now()
    with runtime.db.write() as session:
        add_sync(session, result="running", finished_at=None, started_at=now - 60)
    with runtime.db.read() as session:
        assert sync_reports.syncs(session, runtime, ADMIN)[0].running
    runtime.now = lambda: now + sync_reports.STALE_SEC
    with runtime.db.read() as session:
        (found,) = sync_reports.syncs(session, runtime, ADMIN)
    assert not found.running
    assert found.last is not None
    assert "Interrupted" in found.last.error
