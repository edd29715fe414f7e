"""Module calls over real UDP: fresh, cached and stored answers, silent and slow devices, one flight for equal questions."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from dataclasses import replace

import pytest
import pytest_asyncio
from sqlalchemy import select, update

from tests.services.support import ADMIN, add_agent_device, add_group, capture, in_groups
from wildcore.errors import BadRequest, NotFound, Unsupported
from wildcore.services import calls, live
from wildcore.services.calls import CallResult, Source
from wildcore.services.runtime import Runtime
from wildcore.store.tables import Device, ModuleAnswer
from wildcore.transport.replay import ReplayAgent

ONU = "epon0/1:1"


@pytest_asyncio.fixture
async def agent() -> AsyncIterator[ReplayAgent]:
    async with ReplayAgent(capture("bdcom_epon")) as running:
        yield running


@pytest.fixture
def olt(runtime: Runtime, agent: ReplayAgent) -> int:
    return add_agent_device(runtime.db, agent)


async def ask(runtime: Runtime, olt: int, module: str, source: Source = "device", **args: object) -> CallResult:
    return await calls.call(runtime, ADMIN, olt, module, args, source)


async def known_olt(runtime: Runtime, olt: int) -> None:
    """Let the store know what the OLT has."""
    for module in ("interfaces_list", "pon_onts_status", "pon_onts_mac_addr", "pon_onts_optical"):
        result = await ask(runtime, olt, module)
        assert result.meta.error is None, result.meta.error


async def test_a_fresh_answer_is_stored_and_served_from_the_cache(runtime: Runtime, agent: ReplayAgent, olt: int) -> None:
    await known_olt(runtime, olt)
    fresh = await ask(runtime, olt, "pon_onts_optical", interface=ONU)
    assert (fresh.meta.source, fresh.meta.from_cache, fresh.meta.device_ip) == ("device", False, agent.host)
    asked = agent.requests
    cached = await ask(runtime, olt, "pon_onts_optical", "cache", interface=ONU)
    assert (cached.meta.source, cached.meta.from_cache, agent.requests) == ("cache", True, asked)
    assert cached.data == fresh.data
    assert cached.data[0]["interface"]["name"] == ONU
    assert (cached.data[0]["rx"], cached.data[0]["olt_rx"], cached.data[0]["distance"]) == (-21.3, -24.1, 901)
    stored = await ask(runtime, olt, "pon_onts_status", "store", interface=ONU)
    assert (stored.data[0]["online"], stored.data[0]["bind"], agent.requests) == ("Online", "auto-configured", asked)


async def test_one_interface_is_asked_by_gets_alone(runtime: Runtime, agent: ReplayAgent, olt: int) -> None:
    await known_olt(runtime, olt)
    before = agent.requests
    await ask(runtime, olt, "pon_onts_optical", interface=ONU)
    assert agent.requests - before <= 3


async def test_an_interface_is_named_by_bind_key_name_or_id(runtime: Runtime, olt: int) -> None:
    await known_olt(runtime, olt)
    by_name = await ask(runtime, olt, "pon_onts_status", "store", interface=ONU)
    interface = by_name.data[0]["interface"]
    for text in (interface["bind_key"], interface["id"], ONU.upper()):
        assert (await ask(runtime, olt, "pon_onts_status", "store", interface=text)).data == by_name.data
    with pytest.raises(NotFound):
        await ask(runtime, olt, "pon_onts_status", "store", interface="epon0/9:9")


async def test_the_cache_grows_old(runtime: Runtime, agent: ReplayAgent, olt: int) -> None:
    await known_olt(runtime, olt)
    asked, now = agent.requests, runtime.now()
    within = replace(runtime, now=lambda: now + 50)
    assert (await calls.call(within, ADMIN, olt, "pon_onts_status", {"interface": ONU}, "cache")).meta.source == "cache"
    assert agent.requests == asked
    later = replace(runtime, now=lambda: now + 70)
    result = await calls.call(later, ADMIN, olt, "pon_onts_status", {"interface": ONU}, "cache")
    assert (result.meta.source, result.meta.time) == ("device", now + 70)
    assert agent.requests > asked


async def test_a_dead_device_yields_what_was_known_with_an_error(runtime: Runtime, agent: ReplayAgent, olt: int) -> None:
    await known_olt(runtime, olt)
    known = await ask(runtime, olt, "pon_onts_status", "store", interface=ONU)
    agent.behaviour.silent = True
    live.flights(runtime).alive.clear()
    result = await ask(runtime, olt, "pon_onts_status", interface=ONU)
    assert (result.data, result.meta.source, result.meta.time) == (known.data, "store", known.meta.time)
    assert result.meta.error
    assert ":ERROR:" in result.meta.hash
    with runtime.db.read() as session:
        row = session.execute(
            select(ModuleAnswer.error, ModuleAnswer.error_at).where(
                ModuleAnswer.module == "system", ModuleAnswer.device_id == olt
            )
        ).one()
    assert row.error
    assert row.error_at


async def test_silence_is_found_out_once_for_many_questions(runtime: Runtime, agent: ReplayAgent, olt: int) -> None:
    await known_olt(runtime, olt)
    agent.behaviour.silent = True
    live.flights(runtime).alive.clear()
    before, started = agent.requests, time.monotonic()
    modules = ("pon_onts_status", "pon_onts_optical", "pon_onts_vendor", "pon_onts_uni", "fdb", "counters")
    results = await asyncio.gather(*(ask(runtime, olt, module, interface=ONU) for module in modules))
    assert all(result.meta.error for result in results)
    assert agent.requests - before <= 2  # one question, tried twice
    assert time.monotonic() - started < 5


async def test_a_slow_device_answers_into_the_store(runtime: Runtime, agent: ReplayAgent, olt: int) -> None:
    await known_olt(runtime, olt)
    later = runtime.now() + 600
    moved = replace(runtime, now=lambda: later)
    agent.behaviour.delay_sec = 0.1
    result = await calls.call(moved, ADMIN, olt, "pon_onts_status", {"interface": ONU}, "cache", wait_sec=0.02)
    assert (result.meta.source, result.data[0]["online"]) == ("store", "Online")
    assert "0.02" in (result.meta.error or "")
    await live.drain(runtime)
    stored = await calls.call(moved, ADMIN, olt, "pon_onts_status", {"interface": ONU}, "store")
    assert (stored.meta.time, stored.meta.error) == (later, None)


async def test_equal_questions_share_one_answer(runtime: Runtime, agent: ReplayAgent, olt: int) -> None:
    await known_olt(runtime, olt)
    before = agent.requests
    await ask(runtime, olt, "pon_onts_vendor", interface=ONU)
    alone = agent.requests - before
    # Below the timeout of 0.3 s, and long beside reading what is known: all eight come during the flight.
    agent.behaviour.delay_sec = 0.2
    before = agent.requests
    results = await asyncio.gather(*(ask(runtime, olt, "pon_onts_vendor", interface=ONU) for _ in range(8)))
    assert agent.requests - before == alone
    assert len({str(result.data) for result in results}) == 1


async def test_a_device_known_to_be_down_is_pinged_first(runtime: Runtime, olt: int) -> None:
    if not runtime.pinger.possible:
        pytest.skip("no ICMP here")
    with runtime.db.write() as session:
        # TEST-NET-1 is nobody's: it answers neither ping nor SNMP
        session.execute(update(Device).where(Device.id == olt).values(status="Down", ip="192.0.2.77"))
    started = time.monotonic()
    result = await ask(runtime, olt, "system")
    assert "ping" in (result.meta.error or "")
    assert time.monotonic() - started < 4


async def test_whole_tables_come_with_their_interfaces(runtime: Runtime, olt: int) -> None:
    await known_olt(runtime, olt)
    fdb = await ask(runtime, olt, "fdb")
    assert {(row["interface"]["name"], row["mac_address"]) for row in fdb.data} >= {(ONU, "00:15:6D:01:00:01")}
    stored = await ask(runtime, olt, "fdb", "store", mac="0015.6d01.0001")
    assert [row["interface"]["name"] for row in stored.data] == [ONU]
    assert len((await ask(runtime, olt, "pon_onts_status", "store")).data) == 6
    assert (await ask(runtime, olt, "system")).data["descr"]
    assert {"cpu", "memory", "temperature"} == set((await ask(runtime, olt, "sys_resources")).data)


async def test_what_makes_no_sense_is_refused(runtime: Runtime, olt: int) -> None:
    with pytest.raises(Unsupported):
        await ask(runtime, olt, "no_such_module")
    with pytest.raises(BadRequest):
        await ask(runtime, olt, "pon_onts_status", colour="red")
    with pytest.raises(BadRequest):
        await ask(runtime, olt, "ctrl_ont_reboot", interface=ONU)
    with pytest.raises(NotFound):
        await ask(runtime, olt + 100, "system")


async def test_foreign_devices_do_not_exist(runtime: Runtime, olt: int) -> None:
    with runtime.db.write() as session:
        group = add_group(session, "empty")
    with pytest.raises(NotFound):
        await calls.call(runtime, in_groups(group), olt, "system", {}, "device")
