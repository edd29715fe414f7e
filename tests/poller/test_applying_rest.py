"""Forwarding tables, ports, and answers that are kept as JSON."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from sqlalchemy import select, update

from tests.poller.support import add_device, counted_statements, insert_row, interface
from wildcore.model.answer import Answer
from wildcore.model.device import Resources, System
from wildcore.model.interface import AdminState, Counters, FdbEntry, InterfaceType, LinkInfo, LinkStatus, Vlan
from wildcore.model.interface import Interface as InterfaceRecord
from wildcore.services.applying import apply, rows_of
from wildcore.store.db import Database
from wildcore.store.tables import (
    Binding,
    Device,
    FdbHistory,
    Interface,
    InterfaceHistory,
    ModuleAnswer,
    Subscriber,
    SubscriberClaim,
)

T0 = 1_700_000_000
PORTS = [InterfaceRecord(str(port), f"1/{port}", InterfaceType.GE, "", 100 + port) for port in range(1, 5)]
A, B, C = "AA0000000001", "AA0000000002", "AA0000000003"


@pytest.fixture
def switch(db: Database) -> int:
    device_id = add_device(db, model="des", family="generic_switch", kind="SWITCH")
    with db.write() as session:
        apply(session, device_id, "interfaces_list", Answer(PORTS), at=T0)
    return device_id


def fdb(db: Database) -> dict[tuple[str, str, int], tuple[bool, int, int]]:
    """(port, MAC, VLAN) -> (active, first seen, last seen), times since T0."""
    with db.read() as session:
        query = select(
            Interface.bind_key,
            FdbHistory.mac,
            FdbHistory.vlan_id,
            FdbHistory.active,
            FdbHistory.first_seen_at,
            FdbHistory.last_seen_at,
        ).join(Interface, Interface.id == FdbHistory.interface_id)
        return {
            (port, mac, vlan): (active, first - T0, last - T0) for port, mac, vlan, active, first, last in session.execute(query)
        }


def learn(db: Database, device_id: int, after: int, *entries: FdbEntry, complete: bool = True) -> None:
    with db.write() as session:
        apply(session, device_id, "fdb", Answer(list(entries), complete), at=T0 + after)


def test_addresses_come_stay_go_and_return(db: Database, switch: int) -> None:
    a, b = FdbEntry(A, 10, "1"), FdbEntry(B, None, None, 102)
    learn(db, switch, 0, a, b)
    learn(db, switch, 600, a, b)
    assert fdb(db) == {("1", A, 10): (True, 0, 0), ("2", B, 0): (True, 0, 0)}
    learn(db, switch, 1200, a)
    assert fdb(db) == {("1", A, 10): (True, 0, 1200), ("2", B, 0): (False, 0, 600)}
    learn(db, switch, 1300, b)
    assert fdb(db) == {("1", A, 10): (False, 0, 1200), ("2", B, 0): (True, 0, 1300)}


def test_no_address_is_gone_after_a_cut_or_empty_table(db: Database, switch: int) -> None:
    learn(db, switch, 0, FdbEntry(A, 10, "1"), FdbEntry(B, 10, "2"))
    learn(db, switch, 600, FdbEntry(A, 10, "1"), complete=False)
    learn(db, switch, 700)
    assert fdb(db) == {("1", A, 10): (True, 0, 600), ("2", B, 10): (True, 0, 0)}


def test_own_addresses_and_unsaved_ports_are_left_out(db: Database, switch: int) -> None:
    with db.write() as session:
        session.execute(update(Interface).where(Interface.bind_key == "3").values(save_fdb=False))
    entries = FdbEntry(A, 10, "1", status="SELF"), FdbEntry(B, 10, "3"), FdbEntry(C, 10, "99"), FdbEntry(C, 10, None)
    with db.write() as session:
        applied = apply(session, switch, "fdb", Answer(list(entries)), at=T0)
    assert fdb(db) == {}
    assert applied.unknown == 2


def test_a_table_of_one_port_says_nothing_of_the_others(db: Database, switch: int) -> None:
    learn(db, switch, 0, FdbEntry(A, 10, "1"), FdbEntry(B, 10, "1"), FdbEntry(C, 10, "2"))
    with db.write() as session:
        apply(session, switch, "fdb", Answer([FdbEntry(A, 10, "1")]), at=T0 + 60, bind_key="1")
    assert [key for key, (active, _first, _last) in fdb(db).items() if not active] == [("1", B, 10)]


def test_statements_do_not_grow_with_addresses(db: Database, switch: int) -> None:
    counts = []
    for size in (5, 10, 3000):
        entries = [FdbEntry(f"{size:04X}{at:08X}", 10, "1") for at in range(size)]
        with counted_statements(db) as statements:
            learn(db, switch, size, *entries)
            learn(db, switch, size + 2000, *entries)
            learn(db, switch, size + 2600, FdbEntry(A, 10, "1"))
        counts.append(len(statements))
    assert counts[1] == counts[2]


def test_a_subscriber_known_by_mac_follows_it(db: Database, switch: int) -> None:
    with db.write() as session:
        subscriber = insert_row(session, Subscriber, source="mikbill", uid="7", updated_at=T0)
        insert_row(session, SubscriberClaim, subscriber_id=subscriber, mac=A)
    places = []
    for after, port in ((0, "1"), (60, "4")):
        learn(db, switch, after, FdbEntry(A, 10, port))
        with db.read() as session:
            query = select(Interface.bind_key).join(Binding, Binding.interface_id == Interface.id)
            places.append(session.scalars(query).one())
    assert places == ["1", "4"]


def link(port: str, oper: LinkStatus, **facts: object) -> LinkInfo:
    return LinkInfo(port, oper, AdminState.ENABLED, 1000, "1000-Full", **facts)  # type: ignore[arg-type]


def test_ports_have_their_history_and_their_link_as_json(db: Database, switch: int) -> None:
    when = datetime(2026, 2, 1, tzinfo=UTC)
    up = [link(str(port), LinkStatus.UP, description=f"to {port}", last_change=when) for port in range(1, 5)]
    with db.write() as session:
        apply(session, switch, "interfaces_status", Answer(up), at=T0)  # the poller's name for link_info
        apply(session, switch, "link_info", Answer([link("1", LinkStatus.DOWN), *up[1:]]), at=T0 + 60)
    with db.read() as session:
        row = interface(session, switch, "1")
        query = select(InterfaceHistory.status).where(InterfaceHistory.interface_id == row.id).order_by(InterfaceHistory.id)
        assert session.scalars(query).all() == ["Up", "Down"]
        assert (row.description, interface(session, switch, "2").description) == ("", "to 2")
        answer = session.get(ModuleAnswer, (switch, 0, "link_info"))
        assert answer is not None
        rows = rows_of(answer.data)
    assert [one["oper"] for one in rows] == ["Down", "Up", "Up", "Up"]
    assert rows[1] == {
        "bind_key": "2",
        "oper": "Up",
        "admin": "Enabled",
        "speed_mbps": 1000,
        "nway_status": "1000-Full",
        "last_change": int(when.timestamp()),
        "description": "to 2",
        "mtu": None,
        "mac": None,
    }


def stored(db: Database, device_id: int, module: str, interface_id: int = 0) -> list[dict[str, object]]:
    with db.read() as session:
        answer = session.get(ModuleAnswer, (device_id, interface_id, module))
        assert answer is not None
        return rows_of(answer.data)


def test_a_cut_answer_does_not_hide_the_rows_it_misses(db: Database, switch: int) -> None:
    with db.write() as session:
        apply(session, switch, "vlans", Answer([Vlan(1, "one", ("1",)), Vlan(2, "two")]), at=T0)
        apply(session, switch, "vlans", Answer([Vlan(1, "uno", (), ("2",))], complete=False), at=T0 + 60)
    rows = stored(db, switch, "vlans")
    assert [(row["id"], row["name"], row["tagged"], row["untagged"]) for row in rows] == [
        (1, "uno", [], ["2"]),
        (2, "two", [], []),
    ]


def test_one_port_asked_alone_has_a_row_of_its_own(db: Database, switch: int) -> None:
    with db.write() as session:
        apply(session, switch, "counters", Answer([Counters("1", 5), Counters("2", 6)]), at=T0)
        applied = apply(session, switch, "counters", Answer([Counters("2", 2**63)]), at=T0 + 60, bind_key="2")
        port = interface(session, switch, "2").id
    assert [row["in_octets"] for row in stored(db, switch, "counters")] == [5, 6]
    assert [row["in_octets"] for row in stored(db, switch, "counters", port)] == [2**63]
    assert [(batch.metric, batch.object_ids) for batch in applied.batches] == [("iface_in_octets", [port])]


def test_what_a_device_says_of_itself(db: Database, switch: int) -> None:
    with db.write() as session:
        system = System(descr="x", uptime_sec=99, mac="AA:BB:CC:DD:EE:FF", serial="S1")
        applied = apply(session, switch, "system", Answer([system]), at=T0)
        resources = apply(session, switch, "sys_resources", Answer([Resources(12.5, None, 40.0)]), at=T0)
        apply(session, switch, "system", Answer([System(descr="y")]), at=T0 + 60)
    assert [(batch.metric, list(batch.values)) for batch in (*applied.batches, *resources.batches)] == [
        ("device_uptime_sec", [99.0]),
        ("device_cpu_pct", [12.5]),
        ("device_temperature_c", [40.0]),
    ]
    with db.read() as session:
        device = session.get(Device, switch)
        assert device is not None
        assert (device.mac, device.serial) == ("AA:BB:CC:DD:EE:FF", "S1")
    assert stored(db, switch, "system")[0]["descr"] == "y"
