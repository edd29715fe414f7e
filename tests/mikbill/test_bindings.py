"""Claims to places: order of strength, duplicates, uplinks, and what a sync keeps."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import event, insert, select, update
from sqlalchemy.orm import Session

from wildcore.errors import BillingError
from wildcore.model.subscriber import SubscriberClaim as Claim
from wildcore.model.subscriber import SubscriberRecord
from wildcore.services.bindings import rebind
from wildcore.services.device_status import write_statuses
from wildcore.services.ports import BillingSource
from wildcore.services.subscriber_sync import Received, SyncSummary, compare, write
from wildcore.store.db import Database
from wildcore.store.tables import (
    Binding,
    Device,
    DeviceAccess,
    DeviceModel,
    FdbHistory,
    Interface,
    Subscriber,
    SubscriberClaim,
)

NOW = 1_800_000_000


@pytest.fixture
def network(db: Database) -> dict[str, int]:
    """An OLT and a switch with eight ports; names of interfaces to their ids."""
    ids: dict[str, int] = {}
    with db.write() as session:
        session.add(DeviceAccess(id=1, name="a", created_at=NOW, updated_at=NOW))
        session.add(DeviceModel(id=900, key="m", name="m", vendor="v", model="m", type="OLT", family="f"))
        session.flush()
        for number, ip in ((1, "192.0.2.1"), (2, "192.0.2.2")):
            session.add(Device(id=number, ip=ip, model_id=900, access_id=1, created_at=NOW, updated_at=NOW))
        session.flush()
        for port in range(1, 9):
            ids[f"port{port}"] = add(session, 2, str(port), f"Gi0/{port}", "GE", port_num=port)
        ids["onu1"] = add(session, 1, "101", "gpon-onu_1/1/1:1", "ONU", port_num=1, ident="ZTEGC69EF036", status="Online")
    return ids


def add(session: Session, device: int, bind_key: str, name: str, kind: str, **values: Any) -> int:
    row = {"device_id": device, "bind_key": bind_key, "name": name, "type": kind, "created_at": NOW, "updated_at": NOW, **values}
    return session.execute(insert(Interface).values(**row).returning(Interface.id)).scalar_one()


def places(db: Database) -> dict[str, tuple[int, int]]:
    with db.read() as session:
        query = (
            select(Subscriber.uid, Binding.interface_id, Binding.strength)
            .join(Binding, Binding.subscriber_id == Subscriber.id)
            .order_by(Binding.strength)
        )
        return {uid: (interface_id, strength) for uid, interface_id, strength in session.execute(query)}


def reasons(db: Database) -> dict[str, str]:
    with db.read() as session:
        query = select(Subscriber.uid, SubscriberClaim.unmatched).join(
            SubscriberClaim, SubscriberClaim.subscriber_id == Subscriber.id
        )
        return {uid: reason for uid, reason in session.execute(query) if reason}


def sync(db: Database, *records: SubscriberRecord, force: bool = False) -> SyncSummary:
    source, received = BillingSource("mikbill", "MikBill", "", "uid"), Received()
    received.add(records)
    with db.read() as session:
        plan = compare(session, source, received, force=force)
    with db.write() as session:
        return write(session, source.key, plan, now=NOW)


def one(uid: str, *claims: Claim, **values: str) -> SubscriberRecord:
    return SubscriberRecord(uid, claims=claims, **values)


def test_the_strongest_claim_that_leads_somewhere_wins(db: Database, network: dict[str, int]) -> None:
    summary = sync(
        db,
        one("ident", Claim("ZTEGC69EF036", "192.0.2.2", "3")),
        one("port", Claim("NOSUCH000000", "192.0.2.2", "3")),
        one("name", Claim(switch_ip="192.0.2.2", port="gi0/4")),
        one("trailing", Claim(switch_ip="192.0.2.2", port="0/5")),
        one("noswitch", Claim(switch_ip="192.0.2.99", port="1")),
        one("noport", Claim(switch_ip="192.0.2.2", port="77")),
        one("unseen", Claim("NOSUCH000000")),
        one("nothing", Claim()),
    )
    assert places(db) == {
        "ident": (network["onu1"], 1),
        "port": (network["port3"], 2),
        "name": (network["port4"], 2),
        "trailing": (network["port5"], 2),
    }
    assert reasons(db) == {
        "noswitch": "no_switch",
        "noport": "no_port",
        "unseen": "ident_unseen",
        "nothing": "no_claim",
    }
    assert (summary.received, summary.added, summary.by_ident, summary.by_port, summary.unmatched) == (8, 8, 1, 3, 4)


def test_a_port_number_never_means_an_onu(db: Database, network: dict[str, int]) -> None:
    sync(db, one("1", Claim(switch_ip="192.0.2.1", port="1")))
    assert reasons(db) == {"1": "no_port"}


def test_a_mac_binds_at_the_edge_and_never_on_an_uplink(db: Database, network: dict[str, int]) -> None:
    def seen(interface: str, mac: str) -> dict[str, Any]:
        return {
            "device_id": 2,
            "interface_id": network[interface],
            "mac": mac,
            "vlan_id": 10,
            "first_seen_at": NOW,
            "last_seen_at": NOW,
            "active": True,
        }

    crowd = [f"0000000000{n:02X}" for n in range(11)]
    with db.write() as session:
        session.execute(insert(FdbHistory), [seen("port8", mac) for mac in (*crowd, "AABBCCDDEEFF")])
        session.execute(insert(FdbHistory), [seen("port2", "AABBCCDDEEFF")])
    sync(db, one("edge", Claim(mac="AABBCCDDEEFF")), one("uplink", Claim(mac=crowd[0])), one("away", Claim(mac="AA0000000000")))
    assert places(db) == {"edge": (network["port2"], 3)}
    assert reasons(db) == {"uplink": "mac_uplink", "away": "mac_unseen"}


def test_among_duplicates_the_current_place_wins_and_moves(db: Database, network: dict[str, int]) -> None:
    sync(db, one("1", Claim("ZTEGC69EF036")))
    with db.write() as session:
        session.execute(update(Interface).where(Interface.id == network["onu1"]).values(status="Offline", last_online_at=NOW - 9))
        other = add(session, 1, "202", "gpon-onu_1/1/2:2", "ONU", ident="ZTEGC69EF036", status="Online", last_online_at=NOW)
        rebind(session, idents={"ZTEGC69EF036"})
    assert places(db) == {"1": (other, 1)}
    with db.write() as session:
        session.execute(update(Interface).where(Interface.id == other).values(gone_at=NOW))
        rebind(session, device_ids={1})
    assert places(db) == {"1": (network["onu1"], 1)}


def test_the_last_words_of_a_dead_olt_do_not_hold_a_subscriber(db: Database, network: dict[str, int]) -> None:
    """The old OLT burnt down while its ONU was online; the ONU now works elsewhere."""
    with db.write() as session:
        session.execute(update(Interface).where(Interface.id == network["onu1"]).values(last_online_at=NOW))
        other = add(session, 2, "9", "gpon-onu_1/1/2:2", "ONU", ident="ZTEGC69EF036", status="Online", last_online_at=NOW - 60)
    sync(db, one("1", Claim("ZTEGC69EF036")))
    assert places(db) == {"1": (network["onu1"], 1)}
    with db.write() as session:
        assert write_statuses(session, {1: "Down", 2: "Up"}, NOW) == [1, 2]
    assert places(db) == {"1": (other, 1)}
    with db.write() as session:
        write_statuses(session, {1: "Up"}, NOW)
    assert places(db) == {"1": (network["onu1"], 1)}


def test_an_onu_found_after_the_sync_has_its_subscriber_at_once(db: Database, network: dict[str, int]) -> None:
    sync(db, one("1", Claim("HWTCA64DB87E")))
    assert reasons(db) == {"1": "ident_unseen"}
    with db.write() as session:
        found = add(session, 1, "303", "gpon-onu_1/1/3:3", "ONU", ident="HWTCA64DB87E")
        rebind(session, device_ids={1})
    assert places(db) == {"1": (found, 1)}
    assert reasons(db) == {}


def test_a_sync_changes_only_what_changed(db: Database, network: dict[str, int]) -> None:
    sync(db, one("1", Claim("ZTEGC69EF036"), login="a"), one("2", Claim(switch_ip="192.0.2.2", port="1"), login="b"))
    summary = sync(db, one("1", Claim("ZTEGC69EF036"), login="a"), one("2", Claim(switch_ip="192.0.2.2", port="2"), login="b"))
    assert (summary.added, summary.changed, summary.removed, summary.unchanged) == (0, 1, 0, 1)
    assert places(db) == {"1": (network["onu1"], 1), "2": (network["port2"], 2)}
    assert sync(db, one("1", Claim("ZTEGC69EF036"), login="a"), force=True).removed == 1
    assert places(db) == {"1": (network["onu1"], 1)}


def test_records_of_one_uid_are_one_subscriber_with_several_places(db: Database, network: dict[str, int]) -> None:
    summary = sync(db, one("1", Claim("ZTEGC69EF036")), one("1", Claim(switch_ip="192.0.2.2", port="1")))
    assert (summary.received, summary.by_ident, summary.by_port) == (1, 1, 1)
    again = sync(db, one("1", Claim("ZTEGC69EF036")), one("1", Claim(switch_ip="192.0.2.2", port="1")))
    assert again.unchanged == 1


def test_an_empty_list_or_a_halved_one_changes_nothing(db: Database, network: dict[str, int]) -> None:
    records = [one(str(n), Claim(switch_ip="192.0.2.2", port="1")) for n in range(10)]
    sync(db, *records)
    before = places(db)
    with pytest.raises(BillingError, match="empty"):
        sync(db)
    with pytest.raises(BillingError, match="--force"):
        sync(db, *records[:5])
    assert places(db) == before
    assert sync(db, *records[:8]).removed == 2
    assert sync(db, *records[:4], force=True).removed == 4


def test_statements_grow_no_faster_than_the_subscribers_by_five_hundred(db: Database, network: dict[str, int]) -> None:
    """A first sync and one of the same list, with a few of each kind of claim."""

    def statements(count: int, prefix: str) -> int:
        seen = 0

        def note(*_args: Any) -> None:
            nonlocal seen
            seen += 1

        kinds = (Claim("ZTEGC69EF036"), Claim(switch_ip="192.0.2.2", port="3"), Claim(mac="AABBCCDDEEFF"), Claim())
        records = [one(f"{prefix}{n}", kinds[n % 4]) for n in range(count)]
        event.listen(db.engine, "before_cursor_execute", note)
        try:
            sync(db, *records, force=True)
        finally:
            event.remove(db.engine, "before_cursor_execute", note)
        return seen

    first = statements(1000, "few"), statements(5000, "many")
    again = statements(1000, "many"), statements(1000, "many")
    changed = statements(5000, "many")
    assert first[1] <= first[0] + (5000 - 1000) / 500 - 2, first
    assert max(first[0], *again) <= 32, (first, again)
    assert changed <= first[0] + (5000 - 1000) / 500, changed


def test_billing_s_order_is_kept(db: Database, network: dict[str, int]) -> None:
    sync(db, one("9", Claim()), one("10", Claim()), one("1", Claim()))
    with db.read() as session:
        assert list(session.scalars(select(Subscriber.uid).order_by(Subscriber.id))) == ["9", "10", "1"]


def test_changes_say_what_became_of_whom(db: Database, network: dict[str, int]) -> None:
    sync(db, one("1", Claim("ZTEGC69EF036"), login="a", agreement="7"), one("2", Claim()), one("3", Claim(), lane="Соборна"))
    source, received = BillingSource("mikbill", "MikBill", "", "uid"), Received()
    moved = one("1", Claim("AABBCCDDEEFF", "192.0.2.2", "3", "AABBCCDDEE00"), login="b", agreement="7")
    received.add([moved, one("3", Claim(), lane="Соборна"), *(one(f"new{n}", Claim()) for n in range(300))])
    with db.read() as session:
        plan = compare(session, source, received, force=True)
    removed, changed, *added = plan.changes
    assert removed == {"what": "removed", "uid": "2", "agreement": "", "login": ""}
    places = ["ONU ZTEGC69EF036", "ONU AA:BB:CC:DD:EE:FF, 192.0.2.2 3, MAC AA:BB:CC:DD:EE:00"]
    assert changed == {
        "what": "changed",
        "uid": "1",
        "agreement": "7",
        "login": "b",
        "fields": {"login": ["a", "b"], "place": places},
    }
    assert len(added) == 198
    assert {one["what"] for one in added} == {"added"}
