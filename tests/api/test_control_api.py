"""What changes devices, over HTTP and real SNMP: ports of switches and OLTs, ONUs; and what no driver can is refused as such."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest_asyncio
from sqlalchemy import select

from tests.api.conftest import World
from tests.api.dms_world import Api, dms_world
from tests.poller.support import add_agent_device
from tests.services.support import ADMIN
from wildcore.services import calls, polling
from wildcore.services.actor import system_actor
from wildcore.services.runtime import Runtime
from wildcore.store.tables import ActionLog, DeviceCall, Interface
from wildcore.transport.replay import ReplayAgent
from wildcore.transport.snmp.types import Tag, Varbind, oid


def rows_of_a_switch() -> list[Varbind]:
    """A switch of four ports that routes: two learned addresses; two ARP entries, one of them invalid."""
    number, words = Tag.INTEGER, Tag.OCTET_STRING
    rows: list[tuple[str, Tag, int | bytes]] = [
        ("1.3.6.1.2.1.1.1.0", words, b"Lab switch LS-4"),
        ("1.3.6.1.2.1.1.3.0", Tag.TIMETICKS, 100_000),
        ("1.3.6.1.2.1.4.22.1.2.1.10.0.0.5", words, bytes.fromhex("785C72010001")),
        ("1.3.6.1.2.1.4.22.1.2.1.10.0.0.6", words, bytes.fromhex("785C72010002")),
        ("1.3.6.1.2.1.4.22.1.4.1.10.0.0.5", number, 3),
        ("1.3.6.1.2.1.4.22.1.4.1.10.0.0.6", number, 2),
        ("1.3.6.1.2.1.17.7.1.2.2.1.2.10.120.92.114.1.0.1", number, 1),
        ("1.3.6.1.2.1.17.7.1.2.2.1.2.10.120.92.114.1.0.2", number, 2),
    ]
    for port in range(1, 5):
        rows += [
            (f"1.3.6.1.2.1.2.2.1.2.{port}", words, b"port"),
            (f"1.3.6.1.2.1.2.2.1.3.{port}", number, 6),
            (f"1.3.6.1.2.1.2.2.1.7.{port}", number, 1),
            (f"1.3.6.1.2.1.2.2.1.8.{port}", number, 1 if port < 3 else 2),
            (f"1.3.6.1.2.1.17.1.4.1.2.{port}", number, port),
            (f"1.3.6.1.2.1.31.1.1.1.1.{port}", words, f"1/{port}".encode()),
            (f"1.3.6.1.2.1.31.1.1.1.15.{port}", Tag.GAUGE32, 100),
            (f"1.3.6.1.2.1.31.1.1.1.18.{port}", words, b""),
        ]
    return sorted((Varbind(oid(where), tag, value) for where, tag, value in rows), key=lambda row: row.oid)


@pytest_asyncio.fixture
async def switch_agent() -> AsyncIterator[ReplayAgent]:
    async with ReplayAgent(rows_of_a_switch(), writable=lambda _row: True) as running:
        yield running


@pytest_asyncio.fixture
async def world(runtime: Runtime, password_hash: str) -> World:
    return dms_world(runtime, password_hash)


@pytest_asyncio.fixture
async def switch(world: World, switch_agent: ReplayAgent) -> int:
    secrets = world.runtime.secrets.seal('{"public_community": "public", "private_community": "private"}')
    device_id = add_agent_device(
        world.runtime.db, switch_agent, secrets=secrets, model="lab_switch", family="generic_switch", kind="SWITCH"
    )
    for module in ("interfaces_list", "link_info"):
        await calls.call(world.runtime, ADMIN, device_id, module, {}, "device")
    return device_id


@pytest_asyncio.fixture
async def admin(world: World, switch: int) -> AsyncIterator[Api]:
    async with world.client(world.key(world.user("admin", all_groups=True))) as client:
        yield Api(client)


def a_port(world: World, switch: int) -> tuple[int, str]:
    with world.runtime.db.read() as session:
        query = select(Interface.id, Interface.bind_key).where(Interface.device_id == switch, Interface.status == "Up")
        row = session.execute(query.order_by(Interface.id)).first()
        assert row is not None
        return row[0], row[1]


async def test_a_port_is_described_and_switched_and_read_back(world: World, admin: Api, switch: int) -> None:
    port_id, key = a_port(world, switch)
    base = "/component/switches_control/interface"
    done = (await admin.ask("PUT", f"{base}/description/{switch}/{key}", json={"description": "Стояк 3"}))["data"]
    assert (done["result"], done["interface_id"]) == ("done", port_id)
    assert (await admin.get(f"/device-interface/{port_id}"))["description"] == "Стояк 3"
    await admin.ask("PUT", f"{base}/state/{switch}/{key}", json={"state": "disable"})
    rows = await admin.get(f"/switcher-core/store/link_info/{switch}", interface=key)
    assert rows[0]["admin_state"] == "Disabled"
    for body in ({"state": "maybe"}, {"state": [1]}, {}, {"state": None}):
        error = (await admin.ask("PUT", f"{base}/state/{switch}/{key}", status=400, json=body))["error"]
        assert "state" in error["description"]
    with world.runtime.db.read() as session:
        logged = session.scalars(select(ActionLog).where(ActionLog.action.like("switches:%")).order_by(ActionLog.id)).all()
        assert [(row.action, row.success) for row in logged] == [
            ("switches:ctrl_port_descr", True),
            ("switches:ctrl_port_state", True),
        ]
        called = session.scalars(select(DeviceCall.module).where(DeviceCall.source == "control").order_by(DeviceCall.id)).all()
        assert called == ["ctrl_port_descr", "ctrl_port_state"]


async def test_what_no_driver_can_is_not_implemented_and_names_the_model(admin: Api, world: World, switch: int) -> None:
    _port, key = a_port(world, switch)
    base = "/component/switches_control"
    for path, body in (
        (f"{base}/interface/speed/{switch}/{key}", {"speed": "100-full"}),
        (f"{base}/interface/clear-counters/{switch}/{key}", {}),
        (f"{base}/interface/vlan/{switch}/{key}", {"id": 10, "type": "tagged", "action": "add"}),
        (f"{base}/device/save-config/{switch}", None),
        (f"{base}/device/reboot/{switch}", None),
        (f"{base}/device/clear-counters/{switch}", None),
    ):
        error = (await admin.ask("PUT", path, status=400, json=body))["error"]
        assert error["type"] == "NOT_IMPLEMENTED"
        assert "lab_switch" in error["description"]
    for path in (f"cable-diag/{switch}/{key}", f"sfp/{switch}"):
        error = (await admin.ask("GET", f"/component/switches/{path}", status=400))["error"]
        assert (error["type"], "lab_switch" in error["description"]) == ("NOT_IMPLEMENTED", True)
    await admin.ask("PUT", f"/component/olts_control/ont/reboot/{switch}/{key}", status=404)


async def test_a_device_that_refuses_is_told_as_such(world: World, admin: Api, switch: int, switch_agent: ReplayAgent) -> None:
    _port, key = a_port(world, switch)
    switch_agent.behaviour.silent = True
    path = f"/component/switches_control/interface/state/{switch}/{key}"
    error = (await admin.ask("PUT", path, status=504, json={"state": "up"}))["error"]
    assert error["type"] == "SERVER_ERROR"
    with world.runtime.db.read() as session:
        (row,) = session.scalars(select(ActionLog).where(ActionLog.action == "switches:ctrl_port_state"))
        assert not row.success


async def test_arp_and_the_search_of_addresses(world: World, admin: Api, switch: int, switch_agent: ReplayAgent) -> None:
    found = (await admin.ask("POST", "/component/diagnostic/arp-ping", json={"router": switch, "ip": "10.0.0.5"}))["data"]
    assert (found["reachable"], found["answers"][0]["mac_address"]) == (True, "78:5C:72:01:00:01")
    gone = await admin.get("/component/diagnostic/arp-ping", router="127.0.0.1", ip="10.0.0.6")
    assert (gone["reachable"], gone["answers"]) == (False, [])
    (entry,) = await admin.get("/component/search_device/search-ip", ip="10.0.0.5", devices=str(switch))
    assert (entry["mac_address"], entry["device"]["id"]) == ("78:5C:72:01:00:01", switch)
    both = (await admin.ask("POST", "/component/search_device/search-ip-with-fdb", json={"ip": "10.0.0.5", "routers": [switch]}))[
        "data"
    ]
    assert [one["mac_address"] for one in both["arp"]] == ["78:5C:72:01:00:01"]
    (learned, *_rest) = [
        row for row in await admin.get(f"/switcher-core/device/fdb/{switch}") if row["interface"]["interface_id"]
    ]
    rows = await admin.ask(
        "POST", "/component/search_device/search-mac", json={"mac": learned["mac"], "devices": [{"id": switch}]}
    )
    assert rows["meta"]["errors"] == []
    assert {row["id"] for row in rows["data"]} == {learned["interface"]["interface_id"]}
    assert {row["source"] for row in rows["data"]} == {"history"}
    for body, field in (({"mac": "x"}, "mac"), ({}, "mac"), ({"mac": learned["mac"], "devices": ["x"]}, "devices")):
        refused = (await admin.ask("POST", "/component/search_device/search-mac", status=400, json=body))["error"]
        assert field in refused["description"] or "MAC" in refused["description"]
    await admin.ask("POST", "/component/search_device/search-mac", status=404, json={"mac": learned["mac"], "devices": [999]})
    switch_agent.behaviour.silent = True
    silent = await admin.ask(
        "POST", "/component/search_device/search-mac", json={"mac": "02:00:00:00:00:99", "devices": [switch]}
    )
    assert (silent["data"], silent["meta"]["errors"][0]["device_id"]) == ([], switch)


async def test_the_logs_tell_what_was_asked(world: World, admin: Api, switch: int) -> None:
    rows = await admin.ask("GET", "/logs/device-calls", params={"device_id": switch, "module": "interfaces_list"})
    assert rows["meta"]["total"] == 1
    (row,) = rows["data"]
    assert (row["source"], row["error"], row["rows"] > 0, row["duration_ms"] >= 0) == ("person", None, True, True)
    await polling.poll_now(world.runtime, switch, ("system",))
    (run,) = await admin.get("/logs/poller", device_id=switch)
    assert (run["poller"], run["result"], run["device_ip"]) == ("system", "ok", "127.0.0.1")


async def test_the_log_of_calls_tells_who_asked(world: World, admin: Api, switch: int) -> None:
    _port, key = a_port(world, switch)
    login = "operator"
    rights = world.role("support", ("device_show", "switches_info", "diag_interface"))
    operator = world.user(login, rights, all_groups=True)
    boss = (await admin.get("/user/self"))["id"]
    own_key = world.key(operator)
    from_billing = world.key(operator, kind="cross", scope="billing")
    async with world.client(own_key) as client:
        api = Api(client)
        await api.ask("GET", f"/switcher-core/device/vlans/{switch}")
    async with world.client(from_billing) as client:
        await Api(client).get(f"/component/diagnostic/interface/{_port}/diag", **{"from": "device"})
    await admin.ask("PUT", f"/component/switches_control/interface/description/{switch}/{key}", json={"description": "x"})
    await calls.call(world.runtime, system_actor(), switch, "fdb", {}, "device")
    async with world.client(world.member("stranger", "log_switcher_core_actions")) as client:
        assert await Api(client).get("/logs/device-calls", user_id=operator) == []
    logged = await admin.get("/logs/device-calls", user_id=operator)
    assert {(row["user_id"], row["login"]) for row in logged} == {(operator, login)}
    assert {"vlans", "link_info"} <= {row["module"] for row in logged}
    assert [row["module"] for row in await admin.get("/logs/device-calls", user_id=boss) if row["source"] == "control"] == [
        "ctrl_port_descr"
    ]
    everything = await admin.get("/logs/device-calls")
    assert {row["login"] for row in everything if row["module"] == "fdb" and row["id"] == everything[0]["id"]} == {None}
    table = (await admin.client.get("/api/v1/logs/device-calls", params={"user_id": operator, "format": "csv"})).text
    assert table.splitlines()[0].split(",")[2:4] == ["user_id", "login"]
    assert len(table.splitlines()) == len(logged) + 1
