"""V-Solution V1600D (EPON): rows are `pon.onu`, most values are texts; optics and IF-MIB as in a capture of a V1600D2."""

from __future__ import annotations

import math
import time
from collections.abc import Callable

from wildcore.lab.captures import mibs
from wildcore.lab.captures.device import Device, Spec, drift, uni_rows, uni_up
from wildcore.lab.captures.mibs import Port, VlanPorts
from wildcore.lab.captures.onu import SimOnu
from wildcore.lab.captures.rows import INTEGER, STRING, Live, each
from wildcore.model.ident import mac_text
from wildcore.model.onu import OnuState
from wildcore.transport.snmp.types import Oid

ROOT = "1.3.6.1.4.1.37950.1.1.5"
ALL, OPTICS, OLT_RX = f"{ROOT}.12.1.25.1", f"{ROOT}.12.2.1.8.1", f"{ROOT}.12.1.28.1"
VENDOR, COUNTS, SFP = f"{ROOT}.12.2.1.2.1", f"{ROOT}.12.1.27.1", f"{ROOT}.10.13.1.1"
UNI, FDB, ABOUT = f"{ROOT}.12.5.1.13.1", f"{ROOT}.10.3.2.1", f"{ROOT}.10.12"
RESET = f"{ROOT}.12.2.11"

DEREG_REASON = {OnuState.LOS: 0, OnuState.POWER_OFF: 1}
UPLINKS = 4


def build(spec: Spec) -> Device:
    """A V1600D with four gigabit uplinks; the capture's interface numbering: uplinks, PON ports, one VLAN, then ONUs."""
    device = Device(spec, descr=spec.model or "V1600D", object_id=f"{ROOT}.10.14.1")
    pons = range(1, spec.pon_ports + 1)
    ports = [
        Port(n, f"GE0/{n}", " ", mac=spec.mac(0), up=n == 1, in_rate=70_000_000 * (n == 1), out_rate=8_000_000 * (n == 1))
        for n in range(1, UPLINKS + 1)
    ]
    pon_index = {pon: UPLINKS + pon for pon in pons}
    ports += [
        Port(i, f"EPON0/{p}", " ", type=1, mac=spec.mac(0), in_rate=450_000, out_rate=4_500_000) for p, i in pon_index.items()
    ]
    vlan_index = UPLINKS + spec.pon_ports + 1
    ports.append(Port(vlan_index, "vlan1200", "vlan1200", type=53, mac=spec.mac(0)))
    for index, onu in enumerate(spec.onus, vlan_index + 1):
        name = f"EPON0/{onu.pon}:{onu.number}"
        rate = 35_000 + onu.seed % 150_000 if onu.at_start is OnuState.ONLINE else 0
        ports.append(
            Port(index, name, name, type=1, mac=onu.ident, alias=name, up=onu.is_up,
                 in_rate=rate, out_rate=rate * 9)
        )  # fmt: skip
    mibs.interfaces(device.rows, ports, spec.clock, spec.up_since, spec.since)
    _about(device)
    _pon_ports(device, pons)
    _onus(device)
    _optics(device)
    _bridge(device, pon_index, vlan_index + 1)
    _controls(device)
    return device


def _about(device: Device) -> None:
    spec, rows = device.spec, device.rows
    rows.scalar(f"{ABOUT}.3.0", INTEGER, drift(spec, 26, 5, 1))
    rows.scalar(f"{ABOUT}.4.0", INTEGER, drift(spec, 18, 2, 2))
    texts = {
        1: "V1600D_EPON",
        4: "V2.03.74R",
        5: "V1.1.2",
        7: mac_text(spec.mac(0)).lower(),
        11: f"V{spec.serial[1:]}",
        15: "EPON-OLT",
    }
    for column, words in texts.items():
        rows.scalar(f"{ABOUT}.5.{column}.0", STRING, words.encode())
    rows.scalar(f"{ABOUT}.5.8.0", STRING, lambda: _spelled(spec.clock() - spec.up_since).encode())
    rows.scalar(f"{ABOUT}.5.9.0", INTEGER, drift(spec, 40, 3, 3))
    rows.scalar(f"{ROOT}.10.14.5.0", STRING, (spec.model or "V1600D").encode())


def _spelled(seconds: float) -> str:
    minutes, sec = divmod(int(seconds), 60)
    hours, minute = divmod(minutes, 60)
    days, hour = divmod(hours, 24)
    return f"{days} Days {hour} Hours {minute} Minutes {sec} Seconds"


def _pon_ports(device: Device, pons: range) -> None:
    spec, rows, onus = device.spec, device.rows, device.by_pon()
    rows.integers(f"{COUNTS}.1", (((p,), p) for p in pons))
    rows.integers(f"{COUNTS}.2", (((p,), len(onus[p])) for p in pons))
    rows.integers(f"{COUNTS}.3", each((((p,), p) for p in pons), lambda p: sum(o.online for o in onus[p])))
    for p in pons:
        milli = {
            2: (drift(spec, 29_000 + p * 400, 900, p), ".C"),
            3: (drift(spec, 3_220, 10, p), "V"),
            4: (drift(spec, 7_000 + p * 90, 150, p), "mA"),
            5: (drift(spec, 6_200 + p % 5 * 100, 120, p), "dbm"),
        }
        for column, (value, unit) in milli.items():
            rows.column(f"{SFP}.{column}", STRING, each([((p,), (value, unit))], _thousandths))


def _thousandths(found: tuple[Callable[[], int], str]) -> bytes:
    value, unit = found
    return f"{value() / 1000:.2f} {unit}".encode()


def _items(device: Device) -> list[tuple[Oid, SimOnu]]:
    return [((onu.pon, onu.number), onu) for onu in device.onus]


def _onus(device: Device) -> None:
    rows, items = device.rows, _items(device)
    rows.integers(f"{ALL}.1", ((i, o.pon) for i, o in items))
    rows.integers(f"{ALL}.2", ((i, o.number) for i, o in items))
    rows.integers(f"{ALL}.3", ((i, o.number) for i, o in items))
    rows.integers(f"{ALL}.4", each(items, lambda o: int(o.online)))
    rows.texts(f"{ALL}.5", ((i, mac_text(o.ident).lower()) for i, o in items))
    rows.texts(f"{ALL}.6", ((i, o.model) for i, o in items))
    rows.column(f"{ALL}.9", STRING, ((i, o.description_bytes) for i, o in items))
    rows.integers(f"{ALL}.12", ((i, o.distance_m // 2 + 60) for i, o in items))
    rows.integers(f"{ALL}.14", each(items, lambda o: int(o.online)))
    known = [(i, o) for i, o in items if o.at_start is not OnuState.OFFLINE]
    rows.integers(f"{ALL}.15", each(known, lambda o: _reason(o)))
    rows.integers(f"{ALL}.17", each(items, lambda o: o.distance_m if o.online else 0))
    rows.column(f"{ALL}.18", STRING, each(items, lambda o: _time(o.registered_at)))
    rows.column(f"{ALL}.19", STRING, each(items, lambda o: _time(o.deregistered_at)))
    rows.column(f"{ALL}.20", STRING, each(items, lambda o: _alive(o)))
    for column, words in ((3, "vendor"), (4, "model"), (6, "hw_version"), (7, "sw_version")):
        rows.texts(f"{VENDOR}.{column}", ((i, getattr(o, words)) for i, o in items))
    rows.texts(f"{VENDOR}.5", ((i, mac_text(o.ident).lower()) for i, o in items))
    unis = uni_rows(items)
    rows.integers(f"{UNI}.4", each(unis, lambda pair: int(uni_up(pair))))
    rows.integers(f"{UNI}.5", ((i, int(u.enabled)) for i, (_, u) in unis))


def _reason(onu: SimOnu) -> int:
    return DEREG_REASON.get(onu.state, DEREG_REASON.get(onu.last_down, 1))


def _time(when: float) -> bytes:
    return time.strftime("%Y/%m/%d %H:%M:%S", time.localtime(when)).encode() if when > 0 else b""


def _alive(onu: SimOnu) -> bytes:
    if not onu.online:
        return b""
    seconds = max(0, int(onu.clock() - onu.registered_at))
    return f"{seconds // 86400}d {seconds // 3600 % 24:02}:{seconds // 60 % 60:02}:{seconds % 60:02}".encode()


def power_text(power_dbm: float) -> str:
    """The device's way to write a power: `0.03 mW (-14.61 dBm)`; the mW are rounded to two digits."""
    return f"{math.pow(10, power_dbm / 10):.2f} mW ({power_dbm:.2f} dBm)"


def _power(onu: SimOnu, base_dbm: float, phase: int) -> Live:
    return lambda: power_text(onu.power(base_dbm, phase)).encode() if onu.online else b""


def _optics(device: Device) -> None:
    rows, items = device.rows, _items(device)
    rows.integers(f"{OPTICS}.1", ((i, o.pon) for i, o in items))
    rows.integers(f"{OPTICS}.2", ((i, o.number) for i, o in items))
    rows.column(f"{OPTICS}.3", STRING, each(items, lambda o: f"{o.temperature():.2f} C".encode() if o.online else b""))
    rows.column(f"{OPTICS}.4", STRING, each(items, lambda o: f"{o.voltage_v:.2f} V".encode() if o.online else b""))
    rows.column(f"{OPTICS}.5", STRING, each(items, lambda o: f"{o.bias_ma:.2f} mA".encode() if o.online else b""))
    rows.column(f"{OPTICS}.6", STRING, ((i, _power(o, o.tx_dbm, 7)) for i, o in items))
    rows.column(f"{OPTICS}.7", STRING, ((i, _power(o, o.rx_dbm, 0)) for i, o in items))
    rows.column(f"{OLT_RX}.3", STRING, ((i, _power(o, o.olt_rx_dbm, 3)) for i, o in items))


def _bridge(device: Device, pon_index: dict[int, int], first: int) -> None:
    """Q-BRIDGE as in the capture: the MAC's length before the MAC, and the ONU's ifIndex as the port."""
    rows = device.rows
    learned = [(n, o, mac) for n, o in enumerate(device.onus, first) if o.at_start is OnuState.ONLINE for mac in o.macs]
    for n, (_, onu, mac) in enumerate(learned, 1):
        rows.integers(f"{FDB}.1", [((n,), n)])
        rows.integers(f"{FDB}.2", [((n,), onu.vlan_id)])
        rows.texts(f"{FDB}.3", [((n,), mac_text(mac).lower())])
        rows.texts(f"{FDB}.4", [((n,), "Dynamic")])
        rows.texts(f"{FDB}.5", [((n,), f"EPON0/{onu.pon}:{onu.number}")])
    entries = [(1200, device.spec.mac(0xF0), 1), *((o.vlan_id, mac, index) for index, o, mac in learned)]
    mibs.fdb_per_vlan(rows, entries, length=True)
    mibs.bridge_ports(rows, ((n, n) for n in range(1, UPLINKS + len(pon_index) + 1)))
    found = [VlanPorts(1, "default"), VlanPorts(1200, "vlan1200", (), (1,))]
    found += [VlanPorts(100 + p, f"vlan{100 + p}", (1,), (i,)) for p, i in pon_index.items()]
    mibs.vlans(rows, found, 32)


def _controls(device: Device) -> None:
    chosen = {"pon": 0, "onu": 0}
    onus = {(o.pon, o.number): o for o in device.onus}

    def act(value: int) -> None:
        onu = onus.get((chosen["pon"], chosen["onu"]))
        if value == 1 and onu is not None:
            onu.reboot()

    device.on_write(f"{RESET}.1.0", INTEGER, lambda value: chosen.update(pon=int(value)))
    device.on_write(f"{RESET}.2.0", INTEGER, lambda value: chosen.update(onu=int(value)))
    device.on_write(f"{RESET}.3.0", INTEGER, act)
    for column in (1, 2, 3):
        device.rows.scalar(f"{RESET}.{column}.0", INTEGER, 0)
    for (pon, number), onu in onus.items():
        device.on_write(f"{ALL}.9.{pon}.{number}", STRING, onu.describe)
