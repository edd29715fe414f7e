"""The reports of a sync and the syncs themselves: what they find, whom they show it, what all of it costs in SQL."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from sqlalchemy import update
from sqlalchemy.orm import Session

from tests.poller.support import insert_row
from tests.services.billing_network import SERIAL, build, id_of
from tests.services.support import (
    ADMIN,
    add_fdb,
    add_interface,
    add_subscriber,
    counted_statements,
    in_groups,
    with_billing,
)
from wildcore.services import bindings, subscriber_lists, subscriber_reports, sync_reports
from wildcore.services.actor import Actor
from wildcore.services.runtime import Runtime
from wildcore.services.subscriber_lists import SubscriberFilter
from wildcore.store.tables import Interface, Subscriber, SubscriberClaim, SubscriberSync


@pytest.fixture
def network(runtime: Runtime) -> dict[str, int]:
    return build(runtime)


def unmatched(runtime: Runtime, actor: Actor = ADMIN, **wanted: str) -> dict[str, Any]:
    with runtime.db.read() as session:
        ids, _counts = subscriber_reports.unmatched_ids(session, runtime, actor, **wanted)
        return {one.view.uid: one for one in subscriber_reports.unmatched(session, runtime, actor, ids)}


def test_unmatched_ones_have_their_reason(runtime: Runtime, network: dict[str, int]) -> None:
    assert {uid: one.claim.unmatched for uid, one in unmatched(runtime).items()} == {"4": "ident_unseen"}
    with runtime.db.write() as session:
        insert_row(session, SubscriberClaim, subscriber_id=id_of(session, "6"), switch_ip="192.0.2.20", port="99")
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
        insert_row(session, SubscriberClaim, subscriber_id=id_of(session, "1"), ident=SERIAL)
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
        assert subscriber_lists.rows(session, runtime, ADMIN, [id_of(session, "1")]) == []
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
