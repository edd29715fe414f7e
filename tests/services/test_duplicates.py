"""Duplicates: which place is the current one and why, what a filter shows, and what deleting stale places does."""

from __future__ import annotations

from threading import Thread
from typing import Any

import pytest
from sqlalchemy import delete, func, insert, select, text, update

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
from wildcore.errors import Conflict, NotFound
from wildcore.services import duplicates
from wildcore.services.actor import Actor
from wildcore.services.duplicates import ReportFilter, Why
from wildcore.services.interface_search import InterfaceQuery, search
from wildcore.services.runtime import Runtime
from wildcore.services.search import find
from wildcore.store.tables import ActionLog, Binding, Device, Interface, ModuleAnswer, Poll

SERIAL = "ZTEGC69EF036"
OTHER = "HWTC5E0FF1CE"
ONLINE, OFFLINE = {"status": "Online"}, {"status": "Offline"}


class Network:
    """Two OLTs, and ONUs wherever a test puts them."""

    def __init__(self, runtime: Runtime) -> None:
        self.runtime = runtime
        self.olts = [add_device(runtime.db, f"192.0.2.{at}") for at in (1, 2)]
        self._number = 0

    def onu(self, olt: int, ident: str = SERIAL, **facts: Any) -> int:
        self._number += 1
        with self.runtime.db.write() as session:
            return add_interface(
                session, self.olts[olt], str(self._number), f"onu {self._number}", "ONU", ident=ident, ident_type="SN", **facts
            )

    def report(self, actor: Actor = ADMIN, **wanted: Any) -> list[duplicates.DuplicateIdent]:
        with self.runtime.db.read() as session:
            return duplicates.report(session, self.runtime, actor, ReportFilter(**wanted)).rows

    def idents(self, actor: Actor = ADMIN, **wanted: Any) -> list[str]:
        return [one.ident for one in self.report(actor, **wanted)]

    def delete(self, *ids: int, actor: Actor = ADMIN) -> list[str]:
        with self.runtime.db.write() as session:
            return [one.name for one in duplicates.delete_stale(session, self.runtime, actor, ids)]

    def found(self, ident: str = SERIAL) -> list[int]:
        with self.runtime.db.read() as session:
            return [one.id for one in search(session, self.runtime, ADMIN, InterfaceQuery(ont_ident=ident)).rows]

    def device_is(self, olt: int, status: str) -> None:
        with self.runtime.db.write() as session:
            session.execute(update(Device).where(Device.id == self.olts[olt]).values(status=status))


@pytest.fixture
def network(runtime: Runtime) -> Network:
    return Network(runtime)


@pytest.mark.parametrize(
    ("current", "stale", "why"),
    [
        (ONLINE, {**OFFLINE, "last_online_at": 900}, Why.ONLINE),
        ({**OFFLINE, "last_online_at": 500}, {**OFFLINE, "last_online_at": 400, "last_seen_at": 900}, Why.LAST_ONLINE),
        ({**OFFLINE, "last_seen_at": 500}, {**OFFLINE, "last_seen_at": 400}, Why.LAST_SEEN),
        (OFFLINE, {**OFFLINE, "gone_at": 5, "last_online_at": 900}, Why.ONLY_LEFT),
        ({"gone_at": 5, "last_online_at": 9}, {"gone_at": 5}, Why.GONE),
    ],
)
def test_why_a_place_is_the_current_one(network: Network, current: dict[str, Any], stale: dict[str, Any], why: Why) -> None:
    here, there = network.onu(0, **current), network.onu(1, **stale)
    one = network.report()[0]
    assert (one.current.id, [place.id for place in one.stale], one.why) == (here, [there], why)


def test_of_two_that_know_nothing_the_newer_one_counts(network: Network) -> None:
    older, newer = network.onu(0), network.onu(1)
    one = network.report()[0]
    assert ([place.id for place in one.places], one.why) == ([newer, older], Why.NEWEST)


def test_what_becomes_of_a_stale_place(network: Network) -> None:
    network.onu(0, **ONLINE)
    network.onu(1, **OFFLINE)
    network.onu(0, **OFFLINE, gone_at=5)
    states = [duplicates.state_of(place) for place in network.report()[0].stale]
    assert states == [Why.REGISTERED, Why.GONE]
    network.device_is(1, "Down")
    assert [duplicates.state_of(place) for place in network.report()[0].stale] == [Why.SILENT, Why.GONE]


def test_an_olt_that_is_down_does_not_keep_its_onus_current(network: Network) -> None:
    lost, here = network.onu(0, **ONLINE, last_online_at=900), network.onu(1, **ONLINE, last_online_at=100)
    assert network.report()[0].cloned
    network.device_is(0, "Down")
    one = network.report()[0]
    assert ([place.id for place in one.places], one.why, one.cloned) == ([here, lost], Why.ONLINE, False)
    network.device_is(1, "Down")
    assert (network.report()[0].current.id, network.report()[0].why) == (lost, Why.WAS_ONLINE)


def test_filters(runtime: Runtime, network: Network) -> None:
    with_billing(runtime)
    for ident in (SERIAL, OTHER):
        network.onu(0, ident, **ONLINE)
        network.onu(0, ident, **OFFLINE)
    network.onu(1, OTHER, **OFFLINE)
    network.onu(1, "ZTEG00000001", **ONLINE)
    with runtime.db.write() as session:
        group = add_group(session, "south", [network.olts[1]])
        add_subscriber(session, "7", "00007", "seven", "Рівне", ident=SERIAL)
    assert network.idents() == [OTHER, SERIAL]
    assert network.idents(device_id=network.olts[1]) == [OTHER]
    assert len(network.report(device_id=network.olts[1])[0].places) == 3, "whole, wherever its other places are"
    assert network.idents(group_id=group) == [OTHER]
    assert network.idents(with_subscriber=True) == [SERIAL]
    assert [one.label for one in network.report(with_subscriber=True)[0].subscribers] == ["00007"]
    assert network.idents(ident="zteg:c69ef036") == [SERIAL]
    assert network.idents(ident="nonsense") == []


def test_nobody_sees_devices_of_other_groups(runtime: Runtime, network: Network) -> None:
    mine = network.onu(0, **OFFLINE)
    foreign = network.onu(1, **ONLINE)
    with runtime.db.write() as session:
        group = add_group(session, "north", [network.olts[0]])
        hidden = add_group(session, "south", [network.olts[1]])
    actor = in_groups(group)
    assert network.idents(actor) == [], "one place is no duplicate"
    network.onu(0, **OFFLINE, gone_at=5)
    assert network.report(actor)[0].current.id == mine
    assert len(network.report(actor)[0].places) == 2
    assert network.idents(actor, group_id=hidden) == []
    assert network.idents(actor, device_id=network.olts[1]) == []
    with runtime.db.read() as session:
        offered = duplicates.choices(session, actor)
        assert duplicates.places_by_ids(session, runtime, actor, [foreign]) == []
    assert [name for _id, name in offered.devices] == ["192.0.2.1"]
    assert [name for _id, name in offered.groups] == ["north"]
    with pytest.raises(NotFound):
        network.delete(foreign, actor=actor)
    assert len(network.found()) == 3


def test_what_is_deleted_is_away_at_once(runtime: Runtime, network: Network) -> None:
    with_billing(runtime)
    here, old = network.onu(0, **ONLINE), network.onu(1, **OFFLINE)
    gone = network.onu(1, **OFFLINE, gone_at=5)
    later = runtime.now() + 1500
    with runtime.db.write() as session:
        add_subscriber(session, "7", "00007", "seven", "Рівне", ident=SERIAL)
        for poller in ("interfaces_list", "ont_ident", "optical_strength"):
            session.add(Poll(device_id=network.olts[1], poller=poller, interval_sec=1800, next_at=later))
        session.add(ModuleAnswer(device_id=network.olts[1], interface_id=old, module="pon_onts_status", data="[]"))
    assert network.delete(old, gone) == ["onu 2", "onu 3"]
    assert network.found() == [here]
    assert network.report() == []
    with runtime.db.read() as session:
        assert [hit.title for group in find(session, runtime, ADMIN, SERIAL) for hit in group.hits] == [SERIAL]
        assert {hit.title for group in find(session, runtime, ADMIN, "onu 2") for hit in group.hits} <= {"onu 1"}
        due = {poll.poller: poll.next_at for poll in session.scalars(select(Poll))}
        assert due["interfaces_list"] <= runtime.now() < due["optical_strength"]
        assert session.scalar(select(func.count()).select_from(ModuleAnswer)) == 0, "or the next ONU with this id would have it"
        lines = session.execute(select(ActionLog.action, ActionLog.device_id, ActionLog.message)).all()
        assert [(line[0], line[1]) for line in lines] == [("interface:deleted", network.olts[1])] * 2
        assert [SERIAL in line[2] and "onu" in line[2] for line in lines] == [True, True]


def test_subscribers_move_in_the_same_transaction(runtime: Runtime, network: Network) -> None:
    """Billing knows only the subscriber's MAC, which both places have seen; at the stale one it is the less crowded."""
    here, old = network.onu(0, **ONLINE), network.onu(1, **OFFLINE)
    with runtime.db.write() as session:
        for interface, device, macs in ((old, 1, ["AABBCCDDEEFF"]), (here, 0, ["AABBCCDDEEFF", "AABBCCDDEE00"])):
            for mac in macs:
                add_fdb(session, network.olts[device], interface, mac)
        add_subscriber(session, "7", "00007", "seven", "Рівне", mac="AABBCCDDEEFF")
        assert session.scalars(select(Binding.interface_id)).all() == [old]
    with runtime.db.write() as session:
        duplicates.delete_stale(session, runtime, ADMIN, [old])
        assert session.scalars(select(Binding.interface_id)).all() == [here]


def test_the_current_place_and_one_that_works_cannot_be_deleted_here(network: Network) -> None:
    here, old = network.onu(0, **ONLINE, last_online_at=9), network.onu(1, **OFFLINE)
    with pytest.raises(Conflict, match="onu 1 on 192"):
        network.delete(old, here)
    clone = network.onu(1, **ONLINE, last_online_at=5)
    with pytest.raises(Conflict, match=r"onu 3 on 192.*online"):
        network.delete(old, clone)
    assert network.found() == [here, clone, old]
    network.delete(old, clone + 100)
    with pytest.raises(NotFound):
        network.delete(old)


def test_an_onu_that_comes_up_in_this_very_moment_is_not_deleted(runtime: Runtime, network: Network) -> None:
    here, old = network.onu(0, **OFFLINE, last_online_at=9), network.onu(1, **OFFLINE)
    refused: list[Conflict] = []

    def press() -> None:
        try:
            network.delete(old)
        except Conflict as conflict:
            refused.append(conflict)

    pressed = Thread(target=press)
    with runtime.db.write() as polling:
        polling.execute(update(Interface).where(Interface.id == old).values(status="Online", last_online_at=99))
        pressed.start()
        while not runtime.db.is_sqlite and pressed.is_alive() and not _waits(runtime):
            pass
    pressed.join()
    assert "current place" in refused[0].description
    assert network.found() == [old, here]


def _waits(runtime: Runtime) -> bool:
    """Whether somebody waits for a lock in the test's database."""
    with runtime.db.read() as session:
        query = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"
        return bool(session.execute(text(query)).scalar_one())


def test_the_number_of_statements_does_not_grow(runtime: Runtime, network: Network) -> None:
    with_billing(runtime)
    spent: list[tuple[int, int]] = []
    for count in (2, 60):
        with runtime.db.write() as session:
            session.execute(delete(Interface))
            rows: list[dict[str, Any]] = [
                {
                    "device_id": network.olts[place], "bind_key": f"{place}.{at}", "name": f"{place}/{at}", "type": "ONU",
                    "ident": f"ZTEG{at:08X}", "ident_type": "SN", "status": "Offline" if place else "Online", "params": {},
                    "created_at": 1, "updated_at": 1,
                }
                for at in range(count)
                for place in (0, 1)
            ]  # fmt: skip
            session.execute(insert(Interface), rows)
        runtime.settings.get("APP_NAME")  # settings are read once in a while: not part of a report's cost
        with runtime.db.read() as session, counted_statements(runtime.db) as shown:
            found = duplicates.report(session, runtime, ADMIN, ReportFilter(with_subscriber=False), limit=50)
            duplicates.choices(session, ADMIN)
        ids = [one.id for each in found.rows for one in each.stale]
        with runtime.db.write() as session, counted_statements(runtime.db) as deleting:
            duplicates.delete_stale(session, runtime, ADMIN, ids)
            session.flush()
        spent.append((len(shown), len(deleting)))
    assert spent[0] == spent[1]
    assert spent[0][0] <= 8
    assert spent[0][1] <= 12
