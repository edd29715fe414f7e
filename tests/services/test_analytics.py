"""Signals and duplicate MAC addresses: what is told, in which order, to whom, and at which cost."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import insert

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
from wildcore.services import duplicate_macs, signals
from wildcore.services.actor import Actor
from wildcore.services.runtime import Runtime
from wildcore.services.signals import SignalFilter
from wildcore.store.tables import FdbHistory, OnuValues

LASTING = 1800


def add_onus(runtime: Runtime, device: int, levels: list[tuple[str, float | None, float | None]], **facts: Any) -> None:
    with runtime.db.write() as session:
        for name, rx, olt_rx in levels:
            values = {"status": "Online", **facts}
            onu = add_interface(session, device, name, name, "ONU", ident=f"ZTEG{device:04X}{hash(name) & 0xFFFF:04X}", **values)
            session.execute(insert(OnuValues).values(interface_id=onu, device_id=device, rx_dbm=rx, olt_rx_dbm=olt_rx))


def names(runtime: Runtime, actor: Actor = ADMIN, **wanted: Any) -> list[str]:
    with runtime.db.read() as session:
        return [one.name for one in signals.worst(session, runtime, actor, SignalFilter(**wanted)).rows]


def test_the_worst_levels_come_first(runtime: Runtime) -> None:
    near, far = add_device(runtime.db, "192.0.2.1"), add_device(runtime.db, "192.0.2.2")
    add_onus(runtime, near, [("good", -20.0, -21.0), ("weak", -29.5, -20.0), ("strong", -7.0, -20.0), ("dark", None, -30.0)])
    add_onus(runtime, far, [("at the limit", -28.0, -31.0), ("weakest", -33.2, None)])
    add_onus(runtime, far, [("off", -35.0, -35.0)], status="Offline")
    add_onus(runtime, far, [("away", -35.0, -35.0)], gone_at=5)
    assert names(runtime) == ["weakest", "strong", "weak", "at the limit", "good"]
    assert names(runtime, bad=True) == ["weakest", "strong", "weak"]
    assert names(runtime, level="olt_rx", bad=True) == ["at the limit", "dark"]
    assert names(runtime, device_id=far) == ["weakest", "at the limit"]
    with runtime.db.read() as session:
        bars = signals.histogram(session, runtime, ADMIN, SignalFilter())
        olts = signals.by_device(session, runtime, ADMIN, SignalFilter())
    assert [(bar.dbm, bar.count) for bar in bars if bar.count] == [(-34, 1), (-30, 1), (-28, 1), (-20, 1), (-7, 1)]
    assert [bar.dbm for bar in bars] == list(range(-34, -6))
    assert names(runtime, bar=-30) == ["weak"]
    assert names(runtime, bar=-28) == ["at the limit"]
    assert [(one.name, one.onus, one.bad) for one in olts] == [("192.0.2.1", 3, 2), ("192.0.2.2", 2, 1)]


def test_analytics_keep_to_ones_groups(runtime: Runtime) -> None:
    mine, foreign = add_device(runtime.db, "192.0.2.1"), add_device(runtime.db, "192.0.2.2")
    add_onus(runtime, mine, [("mine", -30.0, -30.0)])
    add_onus(runtime, foreign, [("foreign", -31.0, -31.0)])
    with runtime.db.write() as session:
        group, other = add_group(session, "mine", [mine]), add_group(session, "other", [foreign])
        ports = [add_interface(session, device, "9", "9") for device in (mine, foreign)]
        for device, port in zip((mine, foreign), ports, strict=True):
            add_lasting(session, device, port, "AABBCCDDEEFF")
    actor = in_groups(group)
    assert names(runtime, actor) == ["mine"]
    assert names(runtime, actor, device_id=foreign) == []
    assert names(runtime, actor, group_id=other) == []
    with runtime.db.read() as session:
        assert [bar.count for bar in signals.histogram(session, runtime, actor, SignalFilter())] == [1]
        assert [one.id for one in signals.by_device(session, runtime, actor, SignalFilter())] == [mine]
        every = signals.ids(session, runtime, ADMIN, SignalFilter())
        assert [one.name for one in signals.by_ids(session, runtime, actor, every)] == ["mine"]
        assert duplicate_macs.report(session, runtime, ADMIN).total == 1
        assert duplicate_macs.report(session, runtime, actor).total == 0


def add_lasting(session: Any, device: int, port: int, mac: str, lasts: int = LASTING, **facts: Any) -> None:
    values = {"vlan_id": 10, "active": True, **facts}
    row = {"device_id": device, "interface_id": port, "mac": mac, "first_seen_at": 1000, "last_seen_at": 1000 + lasts}
    session.execute(insert(FdbHistory).values(**row, **values))


def test_macs_that_stand_at_several_ports(runtime: Runtime) -> None:
    with_billing(runtime)
    device, other = (add_device(runtime.db, f"192.0.2.{at}", kind="SWITCH") for at in (1, 2))
    with runtime.db.write() as session:
        one, two, uplink = (add_interface(session, device, str(at), f"1/{at}") for at in (1, 2, 25))
        away = add_interface(session, other, "7", "1/7")
        for at in range(11):
            add_fdb(session, device, uplink, f"0000000000{at:02X}")
        for port in (one, uplink):
            add_lasting(session, device, port, "0200000000A1")  # its own port, and the uplink
        for port in (one, two):
            add_lasting(session, device, port, "0200000000A2", LASTING - 1)  # moved a while ago
            add_lasting(session, device, port, "0200000000A3", active=port == one)  # was there once
        add_lasting(session, device, two, "0200000000A4")
        add_lasting(session, device, two, "0200000000A4", vlan_id=20)  # two VLANs of one port
        add_lasting(session, device, one, "0200000000A5")
        add_lasting(session, other, away, "0200000000A5", vlan_id=20)
        add_subscriber(session, "7", "00007", "seven", switch_ip="192.0.2.2", port="7")
    with runtime.db.read() as session:
        found = duplicate_macs.report(session, runtime, ADMIN)
    assert (found.total, [row.mac for row in found.rows]) == (1, ["0200000000A5"])
    places = found.rows[0].places
    assert [(place.interface.id, place.vlans) for place in places] == [(one, (10,)), (away, (20,))]
    assert [owner.label for owner in places[1].interface.subscribers] == ["00007"]


@pytest.mark.parametrize("what", ["signals", "macs"])
def test_the_number_of_statements_does_not_grow(runtime: Runtime, what: str) -> None:
    device = add_device(runtime.db, "192.0.2.1")
    spent = []
    for count in (3, 60):
        with runtime.db.write() as session:
            ports = [add_interface(session, device, f"{count}.{at}", f"{count}/{at}") for at in range(2)]
            for at in range(5 if count == 3 else 9):
                for port in ports:
                    add_lasting(session, device, port, f"02{count:08X}{at:02X}")
        add_onus(runtime, device, [(f"{count}:{at}", -29.0, -20.0) for at in range(count)])
        runtime.settings.get("APP_NAME")  # settings are read once in a while: not part of a report's cost
        with runtime.db.read() as session, counted_statements(runtime.db) as statements:
            if what == "signals":
                signals.worst(session, runtime, ADMIN, SignalFilter(), limit=50)
                signals.histogram(session, runtime, ADMIN, SignalFilter())
                signals.by_device(session, runtime, ADMIN, SignalFilter())
            else:
                assert duplicate_macs.report(session, runtime, ADMIN, limit=50).total == (5 if count == 3 else 14)
        spent.append(len(statements))
    assert spent[0] == spent[1] <= 6
