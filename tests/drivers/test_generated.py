"""Families without a real capture of their ONU tables: generated devices give exactly what was read and committed."""

from __future__ import annotations

import json

import pytest

from tests.drivers.generate import FAMILIES, capture, result
from tests.drivers.support import HERE, generated, live
from wildcore.drivers.registry import call, modules_of
from wildcore.errors import BadRequest, DeviceRefused, NotFound, Unsupported
from wildcore.model.interface import Interface, InterfaceType, LinkStatus
from wildcore.model.onu import OnuState
from wildcore.transport.replay import Behaviour, Broken
from wildcore.transport.snmp.types import oid

GET = 0xA0


@pytest.mark.parametrize("family", FAMILIES)
def test_committed_capture_is_what_the_generator_writes(family: str) -> None:
    assert (HERE / family / "device.snmprec").read_text() == capture(family)


@pytest.mark.parametrize("family", FAMILIES)
def test_driver_reads_the_capture_as_expected(family: str) -> None:
    assert json.loads(result(family)) == json.loads((HERE / family / "expected.json").read_text())


def test_every_folder_of_a_family_is_used() -> None:
    folders = {path.name for path in HERE.iterdir() if path.is_dir() and path.name != "__pycache__"}
    assert folders == set(FAMILIES)


ONE = [
    ("bdcom_epon", "101", "epon0/1:1"),
    ("vsol_v1600d", "1.3", "EPON0/1:3"),
    ("zte_c3xx", "10201003", "gpon-onu_1/2/1:3"),
    ("zte_c3xx", "10301001", "epon-onu_1/3/1:1"),
    ("zte_c6xx", "10101002", "gpon_onu-1/1/1:2"),
]


@pytest.mark.parametrize(("family", "bind_key", "name"), ONE)
async def test_one_onu_is_read_alone_and_alike(family: str, bind_key: str, name: str) -> None:
    """With a bind key every module answers for that ONU what the whole table says of it, by GETs of its own rows."""
    async with live(generated(family)) as device:
        everything = await call(device.driver, "interfaces_list")
        assert name in {row.name for row in everything.rows}
        for module in modules_of(family_key(device.driver.family)):
            if not module.per_interface or module.control or not module.name.startswith("pon_onts_"):
                continue
            whole = [row for row in (await call(device.driver, module.name)).rows if row.bind_key == bind_key]
            by_key = await call(device.driver, module.name, interface=bind_key)
            by_name = await call(device.driver, module.name, interface=name)
            assert by_key.rows == by_name.rows == whole, module.name


def family_key(family: str) -> str:
    from wildcore.drivers.registry import catalogue

    return next(model.key for model in catalogue() if model.family == family)


@pytest.mark.parametrize(("family", "bind_key", "name"), ONE)
async def test_a_question_about_a_known_onu_needs_gets_only(family: str, bind_key: str, name: str) -> None:
    async with live(generated(family)) as device:
        stored = (await call(device.driver, "interfaces_list")).rows
        other = type(device.driver)(device.driver.session)
        other.know(stored)
        device.requests.clear()
        await call(other, "pon_onts_optical", interface=bind_key)
        assert device.requests
        assert {request.kind for request in device.requests} == {GET}
        assert len(device.requests) <= 3


@pytest.mark.parametrize("family", FAMILIES)
async def test_a_table_that_breaks_off_is_never_complete(family: str) -> None:
    """Cut after any number of requests, the ONU list is incomplete or whole, never short and complete."""
    async with live(generated(family)) as device:
        whole = await device.driver.interfaces()  # type: ignore[attr-defined]
        needed = len(device.requests)
        assert whole.complete
    for after in range(1, needed, max(1, needed // 8)):
        behaviour = Behaviour()
        async with live(generated(family), behaviour=behaviour) as device:
            behaviour.broken, behaviour.broken_after = Broken.GEN_ERR, device.agent.requests + after
            answer = await call(device.driver, "interfaces_list")
            assert not answer.complete
            assert answer.problems


@pytest.mark.parametrize("family", FAMILIES)
async def test_an_empty_device_is_not_everything_gone(family: str) -> None:
    rows = [row for row in generated(family) if row.oid[:7] == (1, 3, 6, 1, 2, 1, 1)]
    async with live(rows) as device:
        assert device.driver.family == family
        for module in ("interfaces_list", "pon_onts_status"):
            answer = await call(device.driver, module)
            assert not answer.rows
            assert not answer.complete
            assert answer.problems


async def test_bdcom_onu_is_rebooted_and_described() -> None:
    async with live(generated("bdcom_epon"), writable=lambda row: True) as device:
        states = await call(device.driver, "ctrl_ont_reboot", interface="epon0/1:1")
        assert [row.state for row in states.rows] == [OnuState.ONLINE]
        assert (device.written[0].oid, device.written[0].value) == (oid("1.3.6.1.4.1.3320.101.10.1.1.29.101"), 0)
        answer = await call(device.driver, "ctrl_ont_descr", interface="101", description="вул. Нова, 5")
        assert answer.rows[0].description == "вул. Нова, 5"
        again = await call(device.driver, "pon_onts_descr", interface="101")
        assert again.rows == answer.rows


async def test_a_refused_write_says_so() -> None:
    async with live(generated("bdcom_epon"), writable=lambda row: False) as device:
        with pytest.raises(DeviceRefused):
            await call(device.driver, "ctrl_ont_descr", interface="101", description="x")
        assert device.written == []


async def test_c6xx_onu_is_rebooted_and_c3xx_has_no_such_module() -> None:
    async with live(generated("zte_c6xx"), writable=lambda row: True) as device:
        await call(device.driver, "ctrl_ont_reboot", interface="10101001")
        assert device.written[0].oid == oid(f"1.3.6.1.4.1.3902.1082.500.20.2.1.10.1.1.{0x11010101}.1")
        with pytest.raises(NotFound):
            await call(device.driver, "ctrl_ont_reboot", interface="10101000")
    async with live(generated("zte_c3xx")) as device:
        with pytest.raises(Unsupported):
            await call(device.driver, "ctrl_ont_reboot", interface="10201001")


async def test_wrong_questions_are_told_apart() -> None:
    async with live(generated("bdcom_epon")) as device:
        with pytest.raises(Unsupported):
            await call(device.driver, "no_such_module")
        with pytest.raises(BadRequest):
            await call(device.driver, "fdb", vlan_id="five")
        with pytest.raises(BadRequest):
            await call(device.driver, "system", interface="101")
        with pytest.raises(BadRequest):
            await call(device.driver, "ctrl_ont_descr", interface="101")
        with pytest.raises(NotFound):
            await call(device.driver, "link_info", interface="epon0/9:9")
        none = await call(device.driver, "pon_onts_status", interface="999999")
        assert not none.rows
        assert not none.complete


async def test_fdb_is_filtered_by_interface_mac_and_vlan() -> None:
    async with live(generated("bdcom_epon")) as device:
        of_onu = await call(device.driver, "fdb", interface="epon0/1:2")
        assert [(row.vlan_id, row.mac) for row in of_onu.rows] == [(102, "00156D010002")]
        by_mac = await call(device.driver, "fdb", mac="0015.6d02.0003")
        assert [row.bind_key for row in by_mac.rows] == ["203"]
        assert len((await call(device.driver, "fdb", vlan_id="101")).rows) == 2


async def test_one_port_is_asked_alone() -> None:
    async with live(generated("zte_c3xx")) as device:
        device.driver.know([Interface("10401000", "xgei_1/4/1", InterfaceType.TGE, "", 0x10030000)])
        links = await call(device.driver, "link_info", interface="10401000")
        assert [(row.bind_key, row.oper, row.speed_mbps) for row in links.rows] == [("10401000", LinkStatus.UP, 1000)]
        counters = await call(device.driver, "counters", interface="10401000")
        assert counters.rows[0].in_octets == 5_000_000_000 + 0x10030000
        assert {request.kind for request in device.requests} == {GET}
