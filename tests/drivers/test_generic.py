"""The standard MIBs as devices really fill them, each oddity on a device made for it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import pytest

from tests.drivers.generate import Row, interface, system
from tests.drivers.support import live
from wildcore.drivers.base import Params, vlan_sessions
from wildcore.drivers.device import port_key
from wildcore.drivers.registry import call, catalogue, detect, driver_for, families, modules_of
from wildcore.drivers.vendors.generic_switch import GenericSwitch
from wildcore.model.device import DeviceType
from wildcore.model.interface import InterfaceType, LinkStatus
from wildcore.transport.gate import Priority
from wildcore.transport.hub import DeviceHub
from wildcore.transport.replay import ReplayAgent, StaticMib
from wildcore.transport.snmp.types import SnmpTarget, Tag, Varbind, oid

INT, TEXT = Tag.INTEGER, Tag.OCTET_STRING
Q_FDB = "1.3.6.1.2.1.17.7.1.2.2.1.2"
BASE_PORT = "1.3.6.1.2.1.17.1.4.1.2"
MAC = "0.17.34.51.68.85"


def binds(rows: Iterable[Row]) -> list[Varbind]:
    return [Varbind(oid(where), tag, value) for where, tag, value in rows]


def device(
    *extra: Row, ports: Sequence[tuple[int, str]] = ((1, "1/1"), (2, "1/2")), object_id: str = "171.10.64.1"
) -> list[Varbind]:
    rows = [*system("DES-3526 Fast-Ethernet Switch", f"1.3.6.1.4.1.{object_id}")]
    for index, name in ports:
        rows += interface(index, name, 6)
    return binds([*rows, *extra])


async def fdb(*extra: Row, ports: Sequence[tuple[int, str]] = ((1, "1/1"), (2, "1/2"))) -> list[tuple[int | None, int | None]]:
    async with live(device(*extra, ports=ports)) as found:
        answer = await call(found.driver, "fdb")
        assert answer.complete
        assert {row.mac for row in answer.rows} <= {"001122334455"}
        return [(row.vlan_id, row.if_index) for row in answer.rows]


async def test_bridge_ports_are_translated() -> None:
    far = ((101, "1/1"), (102, "1/2"))
    rows = [(f"{Q_FDB}.5.{MAC}", INT, 2), (f"{BASE_PORT}.1", INT, 101), (f"{BASE_PORT}.2", INT, 102)]
    assert await fdb(*rows, ports=far) == [(5, 102)]


async def test_without_a_port_table_the_port_is_the_if_index() -> None:
    assert await fdb((f"{Q_FDB}.5.{MAC}", INT, 2)) == [(5, 2)]


async def test_if_indexes_in_the_fdb_win_over_a_table_that_does_not_explain_them() -> None:
    far = ((101, "1/1"), (102, "1/2"))
    rows = [(f"{Q_FDB}.5.{MAC}", INT, 102), (f"{BASE_PORT}.1", INT, 101), (f"{BASE_PORT}.2", INT, 102)]
    assert await fdb(*rows, ports=far) == [(5, 102)]


async def test_rows_with_the_length_of_the_mac() -> None:
    assert await fdb((f"{Q_FDB}.5.6.{MAC}", INT, 1)) == [(5, 1)]


async def test_port_zero_is_no_port_and_odd_databases_are_no_vlan() -> None:
    assert await fdb((f"{Q_FDB}.5.{MAC}", INT, 0)) == [(5, None)]
    assert await fdb((f"{Q_FDB}.0.{MAC}", INT, 1)) == [(None, 1)]
    assert await fdb((f"{Q_FDB}.70000.{MAC}", INT, 1)) == [(None, 1)]


async def test_invalid_rows_are_left_out() -> None:
    status = Q_FDB[:-1] + "3"
    assert await fdb((f"{Q_FDB}.5.{MAC}", INT, 1), (f"{status}.5.{MAC}", INT, 2)) == []


async def test_databases_with_numbers_of_their_own() -> None:
    current = "1.3.6.1.2.1.17.7.1.4.2.1.3"
    assert await fdb((f"{Q_FDB}.3.{MAC}", INT, 1), (f"{current}.0.200", Tag.GAUGE32, 3)) == [(200, 1)]


async def test_flat_fdb_where_there_is_no_other() -> None:
    assert await fdb((f"1.3.6.1.2.1.17.4.3.1.2.{MAC}", INT, 2)) == [(None, 2)]


async def test_vendors_own_tables_where_the_standard_ones_are_empty() -> None:
    extreme = "1.3.6.1.4.1.1916.1.16.4.1"
    rows: list[Row] = [
        (f"{extreme}.1.9.1", TEXT, bytes.fromhex("001122334455")), (f"{extreme}.2.9.1", INT, 1_000_004),
        (f"{extreme}.3.9.1", INT, 2), ("1.3.6.1.4.1.1916.1.2.1.2.1.10.1000004", INT, 77),
    ]  # fmt: skip
    async with live(device(*rows, object_id="1916.2.248")) as found:
        answer = await call(found.driver, "fdb")
        assert [(row.mac, row.vlan_id, row.if_index, row.bind_key) for row in answer.rows] == [("001122334455", 77, 2, "2")]
    row: Row = (f"1.3.6.1.4.1.17409.2.3.2.4.2.1.4.6.{MAC}.300", INT, 1)
    async with live(device(row, object_id="17409")) as found:
        answer = await call(found.driver, "fdb")
        assert [(row.mac, row.vlan_id, row.if_index) for row in answer.rows] == [("001122334455", 300, 1)]


async def test_a_port_is_not_demoted_by_a_slow_link() -> None:
    slow: Row = ("1.3.6.1.2.1.31.1.1.1.15.1", Tag.GAUGE32, 100)
    async with live(device(ports=((1, "1/1"),))) as found:
        stored = (await call(found.driver, "interfaces_list")).rows
        assert stored[0].type is InterfaceType.GE
    rows = [row for row in device(ports=((1, "1/1"),)) if row.oid != oid(slow[0])]
    async with live([*rows, *binds([slow])]) as found:
        assert (await call(found.driver, "interfaces_list")).rows[0].type is InterfaceType.FE
        found.driver.know(stored)
        assert (await call(found.driver, "interfaces_list")).rows[0].type is InterfaceType.GE


async def test_cisco_shows_each_vlan_in_a_view_of_its_own() -> None:
    flat = "1.3.6.1.2.1.17.4.3.1.2"
    state = "1.3.6.1.4.1.9.9.46.1.3.1.1.2.1"
    base = device(
        *((f"{state}.{vlan}", INT, 1) for vlan in (1, 20, 30, 1002)),
        ports=((10101, "Gi1/0/1"), (10102, "Gi1/0/2")),
        object_id="9.1.1208",
    )
    views = {
        "20": StaticMib(binds([(f"{flat}.{MAC}", INT, 7), (f"{BASE_PORT}.7", INT, 10101)])),
        "30": StaticMib(binds([(f"{flat}.{MAC}", INT, 7), (f"{BASE_PORT}.7", INT, 10102)])),
        "1": StaticMib([]),
    }
    async with ReplayAgent(base, contexts=views) as agent, DeviceHub() as hub:
        target = SnmpTarget(agent.host, agent.port, timeout_sec=1, repeats=1)
        session = hub.session(target, Priority.PERSON)
        detected = await detect(session)
        params = Params(vlan_sessions(target, lambda other: hub.session(other, Priority.PERSON)))
        answer = await call(driver_for(detected.model.key, session, params), "fdb")
    assert sorted((row.vlan_id, row.if_index, row.bind_key) for row in answer.rows) == [(20, 10101, "1"), (30, 10102, "2")]


async def test_vlan_members() -> None:
    static = "1.3.6.1.2.1.17.7.1.4.3.1"
    rows: list[Row] = [
        (f"{static}.1.5", TEXT, b"clients"), (f"{static}.2.5", TEXT, b"\xc0"), (f"{static}.4.5", TEXT, b"\x40"),
        (f"{BASE_PORT}.1", INT, 1), (f"{BASE_PORT}.2", INT, 2),
    ]  # fmt: skip
    async with live(device(*rows)) as found:
        answer = await call(found.driver, "vlans", vlan_id=5)
    assert [(row.id, row.name, row.tagged, row.untagged) for row in answer.rows] == [(5, "clients", ("1",), ("2",))]


async def test_lldp_ports_go_by_name_before_number() -> None:
    """LLDP port 1 is interface 2 by name, although an interface 1 exists."""
    remote, local = "1.0.8802.1.1.2.1.4.1.1", "1.0.8802.1.1.2.1.3.7.1"
    rows: list[Row] = [
        (f"{local}.3.1", TEXT, b"1/2"), (f"{remote}.4.0.1.1", INT, 4), (f"{remote}.5.0.1.1", TEXT, bytes(range(6))),
        (f"{remote}.6.0.1.1", INT, 5), (f"{remote}.7.0.1.1", TEXT, b"Gi0/24\x00"), (f"{remote}.9.0.1.1", TEXT, b"core\x00\x00"),
        (f"{remote}.5.7", TEXT, b"router"),
    ]  # fmt: skip
    async with live(device(*rows)) as found:
        answer = await call(found.driver, "lldp_info")
    assert answer.complete
    assert [(row.if_index, row.bind_key, row.chassis_id, row.port_id, row.system_name) for row in answer.rows] == [
        (2, "2", "00:01:02:03:04:05", "Gi0/24", "core"), (None, None, "router", "", ""),
    ]  # fmt: skip


async def test_counters_of_32_bits_where_there_are_no_others() -> None:
    rows = [row for row in device() if row.oid[:10] != oid("1.3.6.1.2.1.31.1.1.1")]
    rows += binds([("1.3.6.1.2.1.2.2.1.10.1", Tag.COUNTER32, 4_000_000_000)])
    async with live(rows) as found:
        answer = await call(found.driver, "counters", interface="1")
        assert answer.rows[0].in_octets == 4_000_000_000
        assert answer.rows[0].out_octets is None


async def test_links() -> None:
    rows: list[Row] = [("1.3.6.1.2.1.10.7.2.1.19.1", INT, 3), ("1.3.6.1.2.1.31.1.1.1.15.1", Tag.GAUGE32, 100)]
    base = [row for row in device() if row.oid not in {oid(where) for where, _, _ in rows}]
    async with live([*base, *binds(rows)]) as found:
        answer = await call(found.driver, "link_info", interface="1/1")
        assert [(row.oper, row.speed_mbps, row.nway_status) for row in answer.rows] == [(LinkStatus.UP, 100, "100-Full")]
        assert answer.rows[0].last_change is not None


@pytest.mark.parametrize(
    ("name", "key"),
    [
        ("1/13", "13"), ("Gi1/0/13", "13"), ("Gi2/0/13", "2/0/13"), ("eth3", "3"), ("Port07", "7"), ("1:9", "9"), ("A1", "1"),
        ("port 3: Gigabit Copper", "3"), ("TenGigabitEthernet 0/1", "1"), ("SFP", "SFP"), ("ge-0/0/47", "47"),
        ("port1.8.1", "1.8.1"),
    ],
)  # fmt: skip
def test_port_numbers_in_names(name: str, key: str) -> None:
    assert port_key(name)[0] == key


async def test_names_without_if_x_table_carry_a_description() -> None:
    rows = binds([*system("ZXR10 ROS Version V4.08.23 ZXR10_5928", "1.3.6.1.4.1.3902.3.100.20"),
                  ("1.3.6.1.2.1.2.2.1.2.9", TEXT, b"xgei_5/1 uplink to core"), ("1.3.6.1.2.1.2.2.1.3.9", INT, 6)])  # fmt: skip
    async with live(rows) as found:
        answer = await call(found.driver, "interfaces_list")
    assert [(row.name, row.description, row.type) for row in answer.rows] == [("xgei_5/1", "uplink to core", InterfaceType.TGE)]


async def test_whatever_answers_is_a_generic_switch() -> None:
    async with live(binds([("1.3.6.1.2.1.1.3.0", Tag.TIMETICKS, 5)])) as found:
        assert isinstance(found.driver, GenericSwitch)
        answer = await call(found.driver, "system")
        assert answer.complete
        assert answer.rows[0].uptime_sec == 0


def test_catalogue() -> None:
    models = catalogue()
    assert len({model.key for model in models}) == len(models)
    assert {model.family for model in models} == {family.family for family in families()}
    for model in models:
        names = {module.name for module in modules_of(model.key)}
        assert {"system", "interfaces_list", "link_info", "counters", "fdb", "vlans", "lldp_info", "sys_resources"} <= names
        assert ("pon_onts_status" in names) is (model.type is DeviceType.OLT)
        assert ("optical_strength" in model.pollers) is (model.type is DeviceType.OLT)
    zte = {module.name for module in modules_of("zte_c320")}
    assert {"pon_onts_serial", "pon_onts_mac_addr", "cards"} <= zte
    assert "ctrl_ont_reboot" not in zte
    assert {"ctrl_ont_reboot", "ctrl_ont_descr"} <= {module.name for module in modules_of("bdcom_p3310c")}
