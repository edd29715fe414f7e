"""Diagnosis, module calls, OLT paths and the global search over HTTP and real UDP."""

from __future__ import annotations

import asyncio
import re
import time
from collections.abc import AsyncIterator
from typing import Any

import pytest
import pytest_asyncio
from sqlalchemy import select, update

from tests.api.conftest import World
from tests.api.dms_world import Api, dms_world
from tests.poller.support import add_agent_device
from tests.services.support import ADMIN, add_subscriber, capture, with_billing
from wildcore.services import calls, live
from wildcore.services.runtime import Runtime
from wildcore.store.tables import ActionLog, Device, Interface
from wildcore.transport.replay import ReplayAgent
from wildcore.transport.snmp.types import Varbind, oid_text

RESET, ALIAS = "1.3.6.1.4.1.3320.101.10.1.1.29", "1.3.6.1.2.1.31.1.1.1.18"


class CuttingAgent(ReplayAgent):
    """An OLT that notes what is written, and keeps at most so many octets of a text."""

    def __init__(self) -> None:
        self.most = 1000
        self.written: list[tuple[str, Any]] = []
        super().__init__(capture("bdcom_epon"), writable=lambda _row: True, written=self._written)

    def _written(self, row: Varbind) -> None:
        self.written.append((oid_text(row.oid), row.value))
        if isinstance(row.value, bytes) and len(row.value) > self.most:
            self.mib.put(Varbind(row.oid, row.tag, row.value[: self.most]))


@pytest_asyncio.fixture
async def agent() -> AsyncIterator[CuttingAgent]:
    async with CuttingAgent() as running:
        yield running


@pytest_asyncio.fixture
async def world(runtime: Runtime, password_hash: str) -> World:
    return dms_world(runtime, password_hash)


@pytest_asyncio.fixture
async def olt(world: World, agent: CuttingAgent) -> int:
    secrets = world.runtime.secrets.seal('{"public_community": "public", "private_community": "private"}')
    device_id = add_agent_device(world.runtime.db, agent, secrets=secrets)
    for module in ("interfaces_list", "pon_onts_mac_addr", "pon_onts_status", "pon_onts_optical"):
        await calls.call(world.runtime, ADMIN, device_id, module, {}, "device")
    return device_id


@pytest_asyncio.fixture
async def admin(world: World, olt: int) -> AsyncIterator[Api]:
    async with world.client(world.key(world.user("admin", all_groups=True))) as client:
        yield Api(client)


async def onu_id(api: Api) -> int:
    (found,) = await api.get("/device-interface/search", ont_ident="785c.7201.0001")
    return int(found["id"])


async def test_the_diagnosis_of_an_onu(admin: Api, agent: CuttingAgent) -> None:
    onu = await onu_id(admin)
    path = f"/component/diagnostic/interface/{onu}/diag"
    fresh = await admin.ask("GET", path, params={"from": "device"})
    data = fresh["data"]["diagnostic"]["data"]
    assert (data["status"]["online"], data["optical"]["rx"], data["ident"]["type"]) == ("Online", -21.3, "MAC")
    asked = agent.requests
    cached = await admin.get(path)
    assert cached["diagnostic"]["data"] == data
    assert {one["source"] for one in cached["diagnostic"]["meta"].values()} == {"cache"}
    assert agent.requests == asked
    agent.behaviour.silent = True
    stored = await admin.get(path, **{"from": "store"})
    assert stored["diagnostic"]["data"]["optical"] == data["optical"]
    assert (await admin.ask("GET", path, status=400, params={"from": "space"}))["error"]["type"] == "BAD_REQUEST"
    await admin.ask("GET", "/component/diagnostic/interface/999999/diag", status=404)


async def test_the_card_escapes_what_devices_say(world: World, admin: Api) -> None:
    with_billing(world.runtime)
    onu = await onu_id(admin)
    with world.runtime.db.write() as session:
        session.execute(update(Interface).where(Interface.id == onu).values(description="<script>alert(1)</script>"))
        add_subscriber(session, "1", "<b>11619", "te&st", "Рівне", ident="785C72010001")
    path = f"/api/v1/component/diagnostic/interface/{onu}/diag/html"
    answer = await admin.client.get(path, params={"from": "store", "lang": "en"})
    assert answer.headers["content-type"].startswith("text/html")
    assert "<script" not in answer.text
    assert "&lt;b&gt;11619" in answer.text
    assert "te&amp;st" in answer.text
    assert "&lt;script&gt;" in answer.text
    assert 'href="https://billing.example/#clientcard/1" target="_blank"' in answer.text
    assert "-21.3" in answer.text
    assert not re.search(r"(src|@import|url\(|<style|<link|\son\w+=)", answer.text)
    assert all("style=" in tag for tag in re.findall(r"<(?:div|table|th|td|h2|h3|a)\b[^>]*>", answer.text))
    assert answer.text.count("<div") == answer.text.count("</div>")
    assert answer.text.count("<table") == answer.text.count("</table>")


async def test_the_links(admin: Api, olt: int) -> None:
    onu = await onu_id(admin)
    links = await admin.get(f"/component/diagnostic/interface/{onu}/links")
    assert links["iframe"] == "http://dms.test/iframe/ont/785C72010001"
    assert links["iframe_interface"] == f"http://dms.test/iframe/interface/{onu}"
    assert links["interface"] == f"http://dms.test/interface/{onu}"
    (port,) = await admin.get("/device-interface/search", device_id=olt, interface_name="GigaEthernet0/1")
    links = await admin.get(f"/component/diagnostic/interface/{port['id']}/links")
    assert links["iframe"] == f"http://dms.test/iframe/port/127.0.0.1/{port['bind_key']}"


async def test_modules_by_get_and_post(admin: Api, olt: int) -> None:
    names = {one["name"] for one in await admin.get(f"/switcher-core/{olt}/modules")}
    assert {"system", "fdb", "pon_onts_status", "pon_onts_optical"} <= names
    by_get = await admin.ask("GET", f"/switcher-core/device/pon_onts_optical/{olt}", params={"interface": "epon0/1:1"})
    assert (by_get["meta"]["source"], by_get["data"][0]["rx"]) == ("device", -21.3)
    path = f"/switcher-core/cache/pon_onts_optical/{olt}"
    by_post = await admin.ask("POST", path, json={"interface": "epon0/1:1"})
    assert (by_post["meta"]["source"], by_post["data"]) == ("cache", by_get["data"])
    php = await admin.ask("POST", path, content=b"[]")
    assert len(php["data"]) >= 3
    await admin.ask("GET", f"/switcher-core/device/no_such/{olt}", status=400)
    await admin.ask("GET", f"/switcher-core/space/system/{olt}", status=400)
    await admin.ask("GET", f"/switcher-core/device/ctrl_ont_reboot/{olt}", status=400)


async def test_a_module_needs_the_right_of_its_kind_of_device(world: World, admin: Api, olt: int) -> None:
    async with world.client(world.member("switch man", "device_show", "switches_info", groups=[])) as client:
        await Api(client).ask("GET", f"/switcher-core/store/system/{olt}", status=404)
    key = world.key(world.user("all switches", world.role("switches", ["device_show", "switches_info"]), all_groups=True))
    async with world.client(key) as client:
        await Api(client).ask("GET", f"/switcher-core/store/system/{olt}", status=403)


async def test_the_paths_of_olts(admin: Api, olt: int) -> None:
    onts = await admin.ask("GET", f"/component/olts/interfaces/onts/{olt}", params={"limit": 4})
    assert (onts["meta"]["total"], len(onts["data"])) == (6, 4)
    assert (onts["data"][0]["onu_status"]["online"], onts["data"][0]["optical"]["rx"]) == ("Online", -21.3)
    ont = await admin.get(f"/component/olts/interfaces/ont/{olt}/epon0/1:1", **{"from": "store"})
    assert ont["iface"]["name"] == "epon0/1:1"
    ports = await admin.get(f"/component/olts/interfaces/pon-ports/{olt}")
    assert [(one["name"], one["onus_total"]) for one in ports] == [("epon0/1", 3), ("epon0/2", 3)]
    assert len(await admin.get(f"/component/olts/interfaces/physical/{olt}")) == 2
    assert "pon_onts_status" in await admin.get(f"/component/olts/system/supported-modules/{olt}")


async def test_an_onu_is_rebooted_and_described(world: World, admin: Api, olt: int, agent: CuttingAgent) -> None:
    names = {one["name"] for one in await admin.get(f"/switcher-core/{olt}/modules")}
    if "ctrl_ont_reboot" not in names:
        pytest.skip("the family cannot reboot ONUs")
    path = f"/component/olts_control/ont/reboot/{olt}/101"
    async with world.client(world.member("no right", "device_show", "olts_info")) as client:
        await Api(client).ask("PUT", path, status=403)
    agent.written.clear()
    done = await admin.ask("PUT", path)
    assert agent.written == [(f"{RESET}.101", 0)]
    assert (done["data"]["action"], done["data"]["interface"]) == ("ctrl_ont_reboot", "epon0/1:1")
    if "ctrl_ont_descr" in names:
        path = f"/component/olts_control/ont/description/{olt}/101"
        await admin.ask("PUT", path, json={"description": "Іваненко"})
        (found,) = await admin.get("/device-interface/search", ont_ident="785C72010001")
        assert found["description"] == "Іваненко"
        assert agent.written[-1] == (f"{ALIAS}.101", "Іваненко".encode())
    with world.runtime.db.read() as session:
        logged = session.execute(select(ActionLog.action, ActionLog.success, ActionLog.message).order_by(ActionLog.id)).all()
    assert [tuple(row) for row in logged if row.action.startswith("olts:")] == [
        ("olts:ctrl_ont_reboot", True, "epon0/1:1"),
        ("olts:ctrl_ont_descr", True, "epon0/1:1"),
    ]


async def test_a_description_that_the_olt_cuts_is_told_and_kept(world: World, admin: Api, olt: int, agent: CuttingAgent) -> None:
    agent.most = 10
    path = f"/component/olts_control/ont/description/{olt}/101"
    error = (await admin.ask("PUT", path, status=502, json={"description": "Shevchenka 15/3"}))["error"]
    assert error["description"] == "The device keeps “Shevchenka” instead of “Shevchenka 15/3”"
    headers = {"X-Page-Language": "uk"}
    said = (await admin.ask("PUT", path, status=502, json={"description": "Shevchenka 15/3"}, headers=headers))["error"]
    assert said["description"] == "Обладнання зберегло «Shevchenka» замість «Shevchenka 15/3»"
    (found,) = await admin.get("/device-interface/search", ont_ident="785C72010001")
    assert found["description"] == "Shevchenka"
    with world.runtime.db.read() as session:
        row = session.execute(select(ActionLog.success, ActionLog.message).order_by(ActionLog.id.desc()).limit(1)).one()
    assert (row.success, "Shevchenka" in row.message) == (False, True)


async def test_a_silent_olt_is_told_within_the_bound(world: World, admin: Api, olt: int, agent: CuttingAgent) -> None:
    """Of plain module calls too: they had none of their own."""
    with world.runtime.db.write() as session:
        world.runtime.settings.set(session, {"DIAG_DEVICE_WAIT_SEC": 1})
        connection = {"snmp_port": agent.port, "snmp_timeout_sec": 20, "snmp_repeats": 3}
        session.execute(update(Device).where(Device.id == olt).values(params={"sw_core_connection": connection}))
    world.runtime.settings.forget()
    onu = await onu_id(admin)
    agent.behaviour.silent = True
    live.flights(world.runtime).alive.clear()
    for path in (
        f"/switcher-core/device/pon_onts_optical/{olt}?interface=101",
        f"/switcher-core/device/fdb/{olt}",
        f"/component/diagnostic/interface/{onu}/diag?from=device",
    ):
        began = time.monotonic()
        answer = await admin.ask("GET", path)
        assert time.monotonic() - began < 4
        meta = answer["meta"] or answer["data"]["diagnostic"]["meta"]["pon_onts_optical"]
        assert "within 1 s" in meta["error"]
        assert meta["source"] == "store"
    assert answer["data"]["diagnostic"]["data"]["optical"]["rx"] == -21.3
    for task in live.flights(world.runtime).under_way.values():
        task.cancel()


async def test_eight_diagnoses_at_once_are_one(admin: Api, olt: int, agent: CuttingAgent) -> None:
    onu = await onu_id(admin)
    path = f"/component/diagnostic/interface/{onu}/diag?from=device"
    await admin.get(path)
    before = agent.requests
    await admin.get(path)
    alone = agent.requests - before
    agent.behaviour.delay_sec = 0.1
    before = agent.requests
    answers = await asyncio.gather(*(admin.get(path) for _turn in range(8)))
    assert agent.requests - before <= alone * 2, "one flight for each question; a late comer may begin a second one"
    assert len({str(one["diagnostic"]["data"]["optical"]) for one in answers}) == 1


async def test_the_global_search(admin: Api) -> None:
    groups = await admin.get("/portal/search", query="785C7201")
    assert [group["group"] for group in groups] == ["onu"]
    assert groups[0]["hits"][0]["url"].startswith("/interface/")
    assert "(ONU) on" in groups[0]["hits"][0]["place"]
    assert await admin.get("/portal/search", query="7") == []


async def test_employees_of_billing_reach_search_and_diagnosis_only(world: World, admin: Api, olt: int) -> None:
    onu = await onu_id(admin)
    employee = world.user("operator", world.role("operators", ["diag_interface", "olts_info", "device_show"]), all_groups=True)
    key = world.key(employee, kind="cross", scope="billing")
    async with world.client(key) as client:
        api = Api(client)
        assert await api.get("/device-interface/search", ont_ident="785C72010001")
        assert await api.get(f"/component/diagnostic/interface/{onu}/diag", **{"from": "store"})
        await api.ask("GET", f"/switcher-core/store/system/{olt}", status=403)
        await api.ask("GET", "/device-group", status=403)
