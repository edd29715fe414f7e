"""Polls over real SNMP: what an OLT says arrives in the store, and what it fails to say harms nothing."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from sqlalchemy import select

from tests.poller.support import add_agent_device, add_device
from wildcore.errors import BadRequest, Conflict, NotFound
from wildcore.lab.captures import SWITCH_MODELS, switch
from wildcore.lab.captures import Device as SimulatedDevice
from wildcore.model.onu import OnuState
from wildcore.services import polling, polling_leases
from wildcore.services.pollers import POLLERS, intervals, next_time, polls_of, sync_polls
from wildcore.services.runtime import Runtime
from wildcore.store.tables import Device, DeviceModel, FdbHistory, Interface, ModuleAnswer, OnuValues, Poll
from wildcore.transport.replay import Broken, ReplayAgent


async def test_everything_an_olt_knows_is_stored(runtime: Runtime, simulated: SimulatedDevice, device_id: int) -> None:
    outcomes = await polling.poll_now(runtime, device_id)
    assert {one.poller: (one.result, one.error) for one in outcomes} == {one.poller: ("ok", None) for one in outcomes}
    assert [one.poller for one in outcomes][:5] == [
        "system",
        "interfaces_list",
        "interfaces_status",
        "ont_ident",
        "optical_strength",
    ]
    with runtime.db.read() as session:
        query = select(Interface.ident, Interface.status, OnuValues.rx_dbm).outerjoin(
            OnuValues, OnuValues.interface_id == Interface.id
        )
        stored = {ident: (status, rx) for ident, status, rx in session.execute(query.where(Interface.type == "ONU"))}
        polls = polls_of(session, device_id, runtime.now())
        errors = session.scalars(select(ModuleAnswer.error).where(ModuleAnswer.error.is_not(None))).all()
        assert session.scalars(select(FdbHistory.id)).first() is not None
    truth = {onu.ident: onu for onu in simulated.onus}
    assert stored.keys() == truth.keys()
    for ident, (status, rx) in stored.items():
        onu = truth[str(ident)]
        assert (status == "Online") == (onu.state is OnuState.ONLINE)
        if status == "Online":
            assert rx == pytest.approx(onu.rx_dbm, abs=2.0)
    assert errors == []
    assert all(poll.result == "ok" and not poll.running and poll.next_at > runtime.now() for poll in polls)


async def test_a_switch_too(runtime: Runtime) -> None:
    async with ReplayAgent(switch(SWITCH_MODELS[0]).mib()) as agent:
        device_id = add_agent_device(runtime.db, agent, model="some", family="generic_switch", kind="SWITCH")
        outcomes = await polling.poll_now(runtime, device_id)
    assert {one.poller for one in outcomes} >= {
        "system",
        "interfaces_list",
        "interfaces_status",
        "counters",
        "fdb_table",
        "topology",
    }
    assert {one.poller: one.error for one in outcomes if one.result != "ok"} == {}
    assert {"ont_ident", "optical_strength"}.isdisjoint(one.poller for one in outcomes)


async def test_a_silent_device_is_asked_once_and_loses_nothing(runtime: Runtime, agent: ReplayAgent, device_id: int) -> None:
    await polling.poll_now(runtime, device_id)
    agent.behaviour.silent = True
    before = agent.requests
    outcomes = await polling.poll_now(runtime, device_id)
    assert {(one.result, one.unreachable, bool(one.error)) for one in outcomes} == {("error", True, True)}
    assert agent.requests - before <= 4, "the rest of the pollers does not wait for it again"
    with runtime.db.read() as session:
        assert session.scalars(select(Interface.id).where(Interface.gone_at.is_not(None))).all() == []
        answer = session.get(ModuleAnswer, (device_id, 0, "system"))
        assert answer is not None
        assert answer.error is not None
        assert answer.data is not None
        assert {poll.result for poll in session.scalars(select(Poll))} == {"error"}


@pytest.mark.parametrize("broken", [Broken.NON_INCREASING, Broken.TRUNCATED, Broken.GEN_ERR])
async def test_a_broken_walk_makes_nothing_disappear(
    runtime: Runtime, agent: ReplayAgent, device_id: int, broken: Broken
) -> None:
    await polling.poll_now(runtime, device_id, ["interfaces_list"])
    agent.behaviour.broken, agent.behaviour.broken_after = broken, agent.requests + 1
    (outcome,) = await polling.poll_now(runtime, device_id, ["interfaces_list"])
    assert outcome.result in ("partial", "error")
    assert outcome.error
    with runtime.db.read() as session:
        assert session.scalars(select(Interface.id).where(Interface.gone_at.is_not(None))).all() == []


async def test_numbers_go_to_the_metric_store(runtime: Runtime, device_id: int) -> None:
    put: list[Any] = []
    runtime.metrics.put = put.extend  # type: ignore[method-assign, assignment]
    await polling.poll_now(runtime, device_id)
    assert {batch.metric for batch in put} >= {
        "onu_state", "onu_rx_dbm", "onu_olt_rx_dbm", "device_onus_online", "pon_onus_online", "iface_in_octets", "device_cpu_pct"
    }  # fmt: skip


async def test_unknown_names_are_refused(runtime: Runtime, device_id: int) -> None:
    with pytest.raises(BadRequest):
        await polling.poll_now(runtime, device_id, ["nonsense"])
    with pytest.raises(BadRequest):
        await polling.run_poll(runtime, device_id, "nonsense")
    with pytest.raises(NotFound):
        await polling.poll_now(runtime, 999)
    switch_id = add_device(runtime.db, "127.0.0.9", model="some", family="generic_switch", kind="SWITCH")
    with pytest.raises(BadRequest):
        await polling.poll_now(runtime, switch_id, ["optical_strength"])


async def test_a_device_that_is_polled_is_waited_for(runtime: Runtime, device_id: int) -> None:
    with runtime.db.write() as session:
        sync_polls(session, runtime)
    with runtime.db.write() as session:
        assert polling_leases.claim(session, "other", runtime.now(), 5).keys() == {device_id}
    with pytest.raises(Conflict):
        await polling.poll_now(runtime, device_id, ["system"], wait_sec=0)
    waiting = asyncio.create_task(polling.poll_now(runtime, device_id, ["system"]))
    await asyncio.sleep(0)
    with runtime.db.write() as session:
        polling_leases.release(session, "other")
    assert [one.result for one in await waiting] == ["ok"]


def test_intervals_are_overridden_by_model_and_device() -> None:
    def found(of_model: dict[str, Any], of_device: dict[str, Any]) -> dict[str, int]:
        return intervals("bdcom_p3310", "bdcom_epon", "OLT", of_model, of_device)

    base = found({}, {})
    assert {name: base[name] for name in ("system", "interfaces_list", "interfaces_status", "ont_ident", "optical_strength")} == {
        "system": 300, "interfaces_list": 300, "interfaces_status": 180, "ont_ident": 600, "optical_strength": 1800
    }  # fmt: skip
    changed = found({"fdb_table": 1200, "counters": 0}, {"fdb_table": 60, "interfaces_list": 0, "system": 1})
    assert (changed["fdb_table"], changed["interfaces_list"], changed["system"]) == (60, 300, 10)
    assert "counters" not in changed
    switch_pollers = intervals("unheard_of", "generic_switch", "SWITCH")
    assert (switch_pollers["interfaces_list"], switch_pollers["fdb_table"], switch_pollers["counters"]) == (1800, 600, 120)
    assert intervals("any", "generic_switch", "ICMP") == {}


def test_turns_are_spread_evenly_and_never_too_soon() -> None:
    now, interval = 1_700_000_123, 300
    turns = [next_time(device, "system", interval, now) - now for device in range(3000)]
    assert min(turns) >= interval // 2
    assert max(turns) <= interval // 2 + interval
    phases = [(now + turn) % interval for turn in turns]
    per_minute = [sum(60 * minute <= phase < 60 * (minute + 1) for phase in phases) for minute in range(5)]
    assert min(per_minute) > 500
    for device in range(50):
        first = next_time(device, "system", interval, now)
        assert next_time(device, "system", interval, first) == first + interval


def test_polls_follow_devices_and_models(runtime: Runtime) -> None:
    device_id = add_device(runtime.db)

    def sync() -> tuple[int, dict[str, int]]:
        with runtime.db.write() as session:
            changed = sync_polls(session, runtime)
            return changed, {row.poller: row.interval_sec for row in session.scalars(select(Poll))}

    made, first = sync()
    assert made == len(first) > 6
    assert set(first) <= set(POLLERS)
    assert sync() == (0, first)
    with runtime.db.write() as session:
        session.get_one(Device, device_id).pollers = {"system": 77, "counters": 0}
    assert sync() == (2, {name: 77 if name == "system" else seconds for name, seconds in first.items() if name != "counters"})
    with runtime.db.write() as session:
        session.get_one(Device, device_id).pollers = {}
        model = session.scalars(select(DeviceModel)).one()
        model.pollers = {"optical_strength": 3600}
    assert sync() == (3, {**first, "optical_strength": 3600})


async def test_interfaces_are_listed_again_after_a_restart(runtime: Runtime, device_id: int) -> None:
    await polling.poll_now(runtime, device_id)
    listed = await next_at(runtime, "interfaces_list")
    start = runtime.now()
    runtime.now = lambda: start + 60 * 86400  # the same uptime, read two months later: it has restarted since
    await polling.poll_now(runtime, device_id, ["system"])
    assert listed < await next_at(runtime, "interfaces_list") <= runtime.now()


async def next_at(runtime: Runtime, poller: str) -> int:
    with runtime.db.read() as session:
        return session.scalars(select(Poll.next_at).where(Poll.poller == poller)).one()
