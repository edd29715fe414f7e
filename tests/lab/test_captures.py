"""What the lab generates is what the drivers read: round trips per family over real UDP."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import pytest

from wildcore.drivers import registry
from wildcore.drivers.base import Driver
from wildcore.lab.agents import Agents
from wildcore.lab.captures import FAMILIES, SWITCH_MODELS, Device, SimOnu, olt, switch
from wildcore.lab.captures.onu import REBOOT_SEC
from wildcore.model.answer import Answer
from wildcore.model.interface import InterfaceType, LinkStatus
from wildcore.model.onu import OnuState
from wildcore.transport.gate import Priority
from wildcore.transport.hub import DeviceHub
from wildcore.transport.snmp.types import SnmpTarget

HOST = "127.41.0.1"
NOW = time.mktime((2026, 3, 2, 10, 20, 30, 0, 0, -1))


@dataclass
class Clock:
    """A clock that a test moves."""

    now: float = NOW

    def __call__(self) -> float:
        return self.now

    def pass_sec(self, seconds: float) -> None:
        self.now += seconds


@dataclass
class Line:
    """A device on the wire, its driver, and the clock that it lives by."""

    device: Device
    driver: Driver
    detected: registry.Detected
    clock: Clock
    keys: dict[str, SimOnu] = field(default_factory=dict)

    async def ask(self, module: str, **args: Any) -> Answer[Any]:
        return await registry.call(self.driver, module, **args)


@asynccontextmanager
async def on_the_wire(device: Device, clock: Clock, host: str = HOST) -> AsyncIterator[Line]:
    agents = Agents(port=0)
    agents.add(host, device)
    hub = DeviceHub()
    try:
        async with agents:
            target = SnmpTarget(host=host, port=agents.port, write_community="private", timeout_sec=2.0)
            session = hub.session(target, Priority.PERSON)
            detected = await registry.detect(session)
            yield Line(device, registry.driver_for(detected.model.key, session), detected, clock)
    finally:
        await hub.aclose()


@asynccontextmanager
async def an_olt(family: str, onus: int = 20, pons: int = 3, **more: Any) -> AsyncIterator[Line]:
    clock = Clock()
    async with on_the_wire(olt(family, onus, pons, seed=5, clock=clock, **more), clock) as line:
        answer = await line.ask("interfaces_list")
        assert answer.complete, answer.problems
        found = [row for row in answer.rows if row.type is InterfaceType.ONU]
        by_name = {(pon, number): onu for onu in line.device.onus for pon, number in [(onu.pon, onu.number)]}
        for row in found:
            port, _, number = row.name.rpartition(":")
            line.keys[row.bind_key] = by_name[int(port.rpartition("/")[2]), int(number)]
        assert len(line.keys) == len(line.device.onus)
        yield line


def wall_clock(epoch: float) -> datetime:
    """What a device without a zone calls this moment."""
    return datetime.fromtimestamp(int(epoch))  # noqa: DTZ006


families = pytest.mark.parametrize("family", sorted(FAMILIES))


@families
async def test_olt_is_detected_as_its_family(family: str) -> None:
    async with an_olt(family, 4, 1, name="olt-тест", location="смт Гоща") as line:
        assert line.detected.model.family == family
        assert (line.detected.system.name, line.detected.system.location) == ("olt-тест", "смт Гоща")
        system = (await line.ask("system")).rows[0]
        assert system.uptime_sec == int(NOW - line.device.spec.up_since)


@pytest.mark.parametrize(
    ("family", "model", "key"),
    [("bdcom_epon", "P3608", "bdcom_p3608"), ("bdcom_epon", "P3616", "bdcom_p3616"), ("vsol_v1600d", "V1600D8", "vsol_v1600d8"),
     ("zte_c3xx", "", "zte_c320")],
)  # fmt: skip
async def test_models_are_told_apart(family: str, model: str, key: str) -> None:
    async with an_olt(family, 2, 1, model=model) as line:
        assert line.detected.model.key == key


@families
async def test_states_and_idents_come_back(family: str) -> None:
    async with an_olt(family) as line:
        status = await line.ask("pon_onts_status")
        assert status.complete, status.problems
        assert {row.bind_key: row.state for row in status.rows} == {key: onu.state for key, onu in line.keys.items()}
        module = "pon_onts_serial" if family == "zte_c3xx" else "pon_onts_mac_addr"
        idents = await line.ask(module)
        assert idents.complete, idents.problems
        assert {row.bind_key: (row.ident, row.type) for row in idents.rows} == {
            key: (onu.ident, onu.type) for key, onu in line.keys.items()
        }


@families
async def test_optics_come_back_and_are_none_for_what_is_offline(family: str) -> None:
    step = {"bdcom_epon": 0.05, "zte_c3xx": 0.001, "vsol_v1600d": 0.005}[family] + 1e-6
    async with an_olt(family) as line:
        answer = await line.ask("pon_onts_optical")
        assert answer.complete, answer.problems
        found = {row.bind_key: row for row in answer.rows}
        for key, onu in line.keys.items():
            row = found.get(key)
            if not onu.online:
                values = () if row is None else (row.rx_dbm, row.tx_dbm, row.olt_rx_dbm, row.distance_m, row.voltage_v)
                assert not any(value is not None for value in values), (key, onu.state)
                continue
            assert row is not None
            assert row.rx_dbm == pytest.approx(onu.power(onu.rx_dbm, 0), abs=step)
            assert row.tx_dbm == pytest.approx(onu.power(onu.tx_dbm, 7), abs=step)
            assert row.olt_rx_dbm == pytest.approx(onu.power(onu.olt_rx_dbm, 3), abs=step)
            assert row.distance_m == onu.distance_m
            assert row.voltage_v == pytest.approx(onu.voltage_v, abs=0.011)
            assert row.temperature_c == pytest.approx(onu.temperature(), abs=0.01)


@families
async def test_descriptions_come_back_from_both_encodings(family: str) -> None:
    async with an_olt(family) as line:
        assert {onu.cp1251 for onu in line.device.onus if onu.description} == {True, False}
        answer = await line.ask("pon_onts_descr")
        assert {row.bind_key: row.description for row in answer.rows} == {key: onu.description for key, onu in line.keys.items()}


@families
async def test_reasons_vendors_and_unis_come_back(family: str) -> None:
    async with an_olt(family) as line:
        reasons = {row.bind_key: row for row in (await line.ask("pon_onts_reasons")).rows}
        vendors = {row.bind_key: row for row in (await line.ask("pon_onts_vendor")).rows}
        unis = {(row.bind_key, row.num): row for row in (await line.ask("pon_onts_uni")).rows}
        words = {OnuState.LOS: {"LOS", "wire-down"}, OnuState.POWER_OFF: {"PowerOff", "power-off"}}
        for key, onu in line.keys.items():
            assert reasons[key].last_reg == wall_clock(onu.registered_at)
            assert reasons[key].last_dereg == wall_clock(onu.deregistered_at)
            if onu.state in words:
                assert reasons[key].last_down_reason in words[onu.state]
            assert vendors[key].vendor.strip() == onu.vendor
            assert vendors[key].model.endswith(onu.model)
            for number, uni in enumerate(onu.unis, 1):
                expected = LinkStatus.UP if uni.up and onu.online else LinkStatus.DOWN
                assert unis[key, number].oper is expected


@pytest.mark.parametrize("family", ["bdcom_epon", "vsol_v1600d"])
async def test_addresses_are_learned_behind_their_onus(family: str) -> None:
    async with an_olt(family) as line:
        fdb = (await line.ask("fdb")).rows
        behind = {(row.bind_key, row.mac, row.vlan_id) for row in fdb if row.bind_key in line.keys}
        assert behind == {
            (key, mac, onu.vlan_id) for key, onu in line.keys.items() if onu.at_start is OnuState.ONLINE for mac in onu.macs
        }


@families
async def test_every_module_of_an_olt_answers(family: str) -> None:
    async with an_olt(family) as line:
        for module in registry.modules_of(line.detected.model.key):
            if not module.control:
                answer = await line.ask(module.name)
                expected_empty = module.name == "lldp_info" or (family, module.name) == ("zte_c3xx", "pon_onts_mac_addr")
                assert expected_empty or answer.rows, (module.name, answer.problems)
        resources = (await line.ask("sys_resources")).rows
        assert resources
        assert resources[0].cpu_pct is not None or family == "zte_c3xx"
        ports = (await line.ask("pon_ports_list")).rows
        assert sum(port.onus_online or 0 for port in ports) == sum(onu.online for onu in line.device.onus)


@pytest.mark.parametrize("model", SWITCH_MODELS)
async def test_every_module_of_a_switch_answers(model: str) -> None:
    clock = Clock()
    async with on_the_wire(switch(model, seed=3, name="sw-1", clock=clock), clock) as line:
        assert line.detected.model.family == "generic_switch"
        ports = (await line.ask("interfaces_list")).rows
        assert [row.bind_key for row in ports] == [str(n) for n in range(1, 29)]
        links = {row.bind_key: row for row in (await line.ask("link_info")).rows}
        assert links["25"].oper is LinkStatus.UP
        assert {row.oper for row in links.values()} == {LinkStatus.UP, LinkStatus.DOWN}
        fdb = (await line.ask("fdb")).rows
        assert len([row for row in fdb if row.bind_key == "7"]) == 2
        vlans = {row.id: row for row in (await line.ask("vlans")).rows}
        assert "7" in vlans[201].untagged
        assert "25" in vlans[201].tagged
        resources = (await line.ask("sys_resources")).rows
        assert resources
        assert resources[0].cpu_pct is not None
        counters = {row.bind_key: row for row in (await line.ask("counters")).rows}
        assert counters["25"].in_octets is not None
        assert counters["25"].in_octets > 1 << 32


@families
async def test_values_drift_and_counters_grow(family: str) -> None:
    async with an_olt(family, 6, 1) as line:
        key, onu = next((key, onu) for key, onu in line.keys.items() if onu.online and not onu.flap_sec)
        before = (await line.ask("pon_onts_optical", interface=key)).rows[0]
        counters = {row.bind_key: row.in_octets for row in (await line.ask("counters")).rows}
        uptime = (await line.ask("system")).rows[0].uptime_sec
        line.clock.pass_sec(600)
        after = (await line.ask("pon_onts_optical", interface=key)).rows[0]
        assert before.rx_dbm != after.rx_dbm
        assert after.rx_dbm == pytest.approx(onu.rx_dbm, abs=0.6)
        assert (await line.ask("system")).rows[0].uptime_sec == uptime + 600
        grown = {row.bind_key: row.in_octets for row in (await line.ask("counters")).rows}
        assert any(grown[port] > octets > 0 for port, octets in counters.items() if octets)
        assert all(grown[port] >= octets for port, octets in counters.items() if octets is not None)


async def test_an_onu_that_flaps_goes_and_comes_back() -> None:
    async with an_olt("zte_c3xx", 4, 1) as line:
        key, onu = next((key, onu) for key, onu in line.keys.items() if onu.at_start is OnuState.ONLINE)
        onu.flap_sec, onu.seed = 300.0, 0
        line.clock.now -= line.clock.now % 300
        seen = []
        for _ in range(2):
            line.clock.pass_sec(1)
            seen.append((await line.ask("pon_onts_status", interface=key)).rows[0].state)
            line.clock.pass_sec(200)
        assert seen == [OnuState.POWER_OFF, OnuState.ONLINE]


async def test_reboot_takes_an_onu_away_for_a_while() -> None:
    async with an_olt("bdcom_epon", 6, 1) as line:
        key, onu = next((key, onu) for key, onu in line.keys.items() if onu.online and not onu.flap_sec)
        answer = await line.ask("ctrl_ont_reboot", interface=key)
        assert answer.rows[0].state is OnuState.OFFLINE
        line.clock.pass_sec(REBOOT_SEC + 1)
        assert (await line.ask("pon_onts_status", interface=key)).rows[0].state is OnuState.ONLINE
        reasons = (await line.ask("pon_onts_reasons", interface=key)).rows[0]
        assert reasons.last_reg == wall_clock(onu.away_until)
        assert reasons.last_down_reason == "oam-down"


async def test_a_written_description_is_read_back() -> None:
    async with an_olt("bdcom_epon", 4, 1) as line:
        key, onu = next(iter(line.keys.items()))
        answer = await line.ask("ctrl_ont_descr", interface=key, description="Франка 8 кв 12")
        assert answer.rows[0].description == "Франка 8 кв 12"
        assert onu.description_bytes() == "Франка 8 кв 12".encode()
