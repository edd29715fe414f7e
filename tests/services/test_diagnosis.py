"""Diagnosis over real UDP: what an ONU and a port show, what it costs in SQL, and that a dead device does not hold it up."""

from __future__ import annotations

import json
import time
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio
from sqlalchemy import select

from tests.services.support import (
    ADMIN,
    add_agent_device,
    add_group,
    add_subscriber,
    capture,
    counted_statements,
    in_groups,
    with_billing,
)
from wildcore.errors import NotFound
from wildcore.services import calls, live
from wildcore.services.diagnosis import diagnose
from wildcore.services.presenting_diagnosis import diagnosis_json
from wildcore.services.runtime import Runtime
from wildcore.store.tables import Interface
from wildcore.transport.replay import ReplayAgent


@pytest_asyncio.fixture
async def agent() -> AsyncIterator[ReplayAgent]:
    async with ReplayAgent(capture("bdcom_epon")) as running:
        yield running


@pytest_asyncio.fixture
async def olt(runtime: Runtime, agent: ReplayAgent) -> int:
    device_id = add_agent_device(runtime.db, agent)
    for module in ("interfaces_list", "pon_onts_mac_addr"):
        await calls.call(runtime, ADMIN, device_id, module, {}, "device")
    return device_id


def named(runtime: Runtime, name: str) -> int:
    with runtime.db.read() as session:
        return session.scalars(select(Interface.id).where(Interface.name == name)).one()


async def test_an_onu_as_billing_reads_it(runtime: Runtime, olt: int) -> None:
    with_billing(runtime)
    with runtime.db.write() as session:
        add_subscriber(session, "1", "11619", "test", ident="785C72010001")
    shown = diagnosis_json(await diagnose(runtime, ADMIN, named(runtime, "epon0/1:1"), "device"))
    data, meta = shown["diagnostic"]["data"], shown["diagnostic"]["meta"]
    assert data["interface"] | {"interface_id": 0} == {
        "id": 101,
        "name": "epon0/1:1",
        "parent": 11,
        "type": "ONU",
        "onu_num": 1,
        "bind_key": "101",
        "interface_id": 0,
    }
    assert (data["status"]["online"], data["status"]["bind"], data["status"]["admin"]) == ("Online", "auto-configured", "Enabled")
    assert data["ident"] == {"value": "78:5C:72:01:00:01", "type": "MAC"}
    assert (data["optical"]["rx"], data["optical"]["tx"], data["optical"]["olt_rx"], data["optical"]["distance"]) == (
        -21.3,
        2.2,
        -24.1,
        901,
    )
    assert (data["vendor"]["vendor"], data["vendor"]["model"], data["vendor"]["ver_software"]) == ("BDCM", "1501D1", "10.0.24.1")
    assert data["fdb"][0]["mac_address"] == "00:15:6D:01:00:01"
    assert data["counters"]["in_octets"] == 5000000101
    assert shown["device_status"]["data"]["descr"]
    assert shown["device_status"]["error"] is None
    assert {one["source"] for one in meta.values()} == {"device"}
    assert set(meta["pon_onts_status"]) == {"time", "source", "from_cache", "hash", "error", "device_ip"}
    assert shown["iface"]["agreement"] == "11619"
    json.dumps(shown)


async def test_a_diagnosis_from_the_cache_is_six_statements_and_asks_nothing(
    runtime: Runtime, agent: ReplayAgent, olt: int
) -> None:
    with_billing(runtime)
    onu = named(runtime, "epon0/1:2")
    await diagnose(runtime, ADMIN, onu, "device")
    for source in ("cache", "store"):
        asked = agent.requests
        runtime.settings.get("DIAG_CACHE_SEC")
        with counted_statements(runtime.db) as statements:
            found = await diagnose(runtime, ADMIN, onu, source)
        reads = [one for one in statements if "FROM settings" not in one]
        assert len(reads) <= 6, reads
        assert agent.requests == asked
        errors = {name: result.meta.error for name, result in found.results.items() if result.meta.error}
        assert all(result.meta.source == source for name, result in found.results.items() if name not in errors)


async def test_a_dead_olt_shows_what_was_known_in_bounded_time(runtime: Runtime, agent: ReplayAgent, olt: int) -> None:
    onu = named(runtime, "epon0/1:1")
    await diagnose(runtime, ADMIN, onu, "device")
    agent.behaviour.silent = True
    live.flights(runtime).alive.clear()
    started = time.monotonic()
    shown = diagnosis_json(await diagnose(runtime, ADMIN, onu, "device"))
    assert time.monotonic() - started < 5
    assert shown["diagnostic"]["data"]["optical"]["rx"] == -21.3
    assert all(one["error"] and one["source"] == "store" for one in shown["diagnostic"]["meta"].values())
    assert shown["device_status"]["error"]
    assert shown["device_status"]["data"]["descr"]


async def test_a_port_as_billing_reads_it(runtime: Runtime, olt: int) -> None:
    shown = diagnosis_json(await diagnose(runtime, ADMIN, named(runtime, "GigaEthernet0/1"), "device"))
    data = shown["diagnostic"]["data"]
    assert data["link_info"][0]["oper_status"] in ("Up", "Down")
    assert data["link_info"][0]["admin_state"] in ("Enabled", "Disabled")
    assert data["errors"]["in_errors"] == data["counters"]["in_errors"] == 1
    assert isinstance(data["vlans"], list)
    assert data["cable_diag"] == {"pairs": []}
    json.dumps(shown)


async def test_before_anything_is_known_every_key_is_there(runtime: Runtime, agent: ReplayAgent, olt: int) -> None:
    shown = diagnosis_json(await diagnose(runtime, ADMIN, named(runtime, "epon0/2:1"), "store"))
    data = shown["diagnostic"]["data"]
    assert data["status"] == {"online": "Unknown", "status": "Unknown", "bind": None, "admin": None}
    assert set(data["optical"].values()) == {None}
    assert data["reasons"]["last_down_reason"] is None
    assert (data["uni"], data["fdb"]) == ([], [])


async def test_foreign_interfaces_do_not_exist(runtime: Runtime, olt: int) -> None:
    with runtime.db.write() as session:
        group = add_group(session, "empty")
    with pytest.raises(NotFound):
        await diagnose(runtime, in_groups(group), named(runtime, "epon0/1:1"), "store")
