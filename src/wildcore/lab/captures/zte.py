"""ZTE C320 (GPON): the 1012 tree that firmwares 1.2 and 2.1 have, cards and optical modules of 2.1.

Three packings of one place: the ONU tables' (A), the 1082 tree's (B), IF-MIB's (IF0); all as in the vendor facts, the last
two also as in a capture of a C320 with firmware 2.1.
"""

from __future__ import annotations

from wildcore.lab.captures import mibs
from wildcore.lab.captures.device import Device, Spec, drift, uni_rows, uni_up
from wildcore.lab.captures.mibs import Port, VlanPorts
from wildcore.lab.captures.onu import SimOnu
from wildcore.lab.captures.rows import COUNTER64, INTEGER, STRING, Live, each
from wildcore.model.onu import OnuState
from wildcore.transport.snmp.types import Oid

Z = "1.3.6.1.4.1.3902"
CONFIG, STATE, RANGE = f"{Z}.1012.3.28.1.1", f"{Z}.1012.3.28.2.1", f"{Z}.1012.3.11.4.1"
OPTICS, VENDOR = f"{Z}.1012.3.50.12.1.1", f"{Z}.1012.3.50.11.2.1"
OLT_RX_A, OLT_RX_B = f"{Z}.1015.1010.11.2.1.2", f"{Z}.1082.500.1.2.4.2.1.2"
REMOTE, UNI = f"{Z}.1082.500.20.2.1.2.1", f"{Z}.1082.500.20.2.3.2.1"
OCTETS, CARD, MODULE = f"{Z}.1015.1010.5.56.1.1", f"{Z}.1082.10.1.2.4.1", f"{Z}.1082.30.40.2.4.1"

PHASE = {OnuState.ONLINE: 3, OnuState.LOS: 1, OnuState.POWER_OFF: 4, OnuState.OFFLINE: 6}
REASON = {OnuState.LOS: 2, OnuState.POWER_OFF: 9, OnuState.OFFLINE: 1}
REBOOT = 12
PORTS_PER_CARD = 16
UPLINK_SLOT = 4


def place(pon: int) -> tuple[int, int]:
    """Slot and port of the n-th PON port: two line cards of sixteen ports in slots 1 and 2."""
    return 1 + (pon - 1) // PORTS_PER_CARD, 1 + (pon - 1) % PORTS_PER_CARD


def index_a(slot: int, port: int) -> int:
    """The ONU tables' number of a PON port: 268501248 is 1/1/1."""
    return 0x10000000 | slot << 16 | port << 8


def index_b(slot: int, port: int) -> int:
    """The 1082 tree's number of a port: 285278465 is 1/1/1."""
    return 0x11010000 | slot << 8 | port


def index_if0(slot: int, port: int) -> int:
    """IF-MIB's number of a port on this firmware, zero based: 268435456 is 1/1/1."""
    return 0x10000000 | (slot - 1) << 16 | (port - 1) << 8


def build(spec: Spec) -> Device:
    """A C320 with firmware 2.1.0."""
    if spec.pon_ports > 2 * PORTS_PER_CARD:
        raise ValueError(f"a C320 has two line cards of {PORTS_PER_CARD} PON ports, not {spec.pon_ports} ports")
    device = Device(
        spec,
        descr="C320 Version V2.1.0 Software, Copyright (c) by ZTE Corporation Compiled",
        object_id=f"{Z}.1082.1001.320.2.1",
    )
    pons = range(1, spec.pon_ports + 1)
    ports = [
        Port(index_if0(slot, port), f"gpon_1/{slot}/{port}", "", type=250, speed_mbps=2488, mac=spec.mac(slot << 8 | port),
             in_rate=500_000, out_rate=5_000_000)
        for slot, port in map(place, pons)
    ]  # fmt: skip
    ports += [
        Port(index_if0(UPLINK_SLOT, n), name, descr, mac=spec.mac(0x400 | n), up=n == 2, speed_mbps=10_000 if n == 2 else 1000,
             in_rate=80_000_000 * (n == 2), out_rate=9_000_000 * (n == 2))
        for n, name, descr in ((1, "gei_1/4/1", ""), (2, "xgei_1/4/2", "UPLINK"), (3, "gei_1/4/3", "MONITOR"))
    ]  # fmt: skip
    mibs.interfaces(device.rows, ports, spec.clock, spec.up_since, spec.since)
    _cards(device)
    _modules(device)
    _onus(device)
    _optics(device)
    _unis(device)
    _bridge(device)
    for index, onu in _at_a(spec):
        where = f"{CONFIG}.3.{index[0]}.{index[1]}"
        device.on_write(where, STRING, onu.describe)
    device.writable(f"{Z}.1082.20.1.2.10.1.1.0", INTEGER)
    return device


def _at_a(spec: Spec) -> list[tuple[Oid, SimOnu]]:
    return [((index_a(*place(onu.pon)), onu.number), onu) for onu in spec.onus]


def _at_b(spec: Spec) -> list[tuple[Oid, SimOnu]]:
    return [((index_b(*place(onu.pon)), onu.number), onu) for onu in spec.onus]


def _cards(device: Device) -> None:
    spec, rows = device.spec, device.rows
    line_cards = range(1, 2 + (max(spec.pon_ports, 1) - 1) // PORTS_PER_CARD)
    cards = [(slot, "GTGH", PORTS_PER_CARD) for slot in line_cards]
    cards += [(3, "PRAM", 0), (UPLINK_SLOT, "SMXA", 3)]
    for slot, kind, count in cards:
        i = (1, 1, slot)
        for column, value in ((5, 1), (6, 4), (7, count), (9, drift(spec, 9 + slot, 4, slot)), (11, drift(spec, 26, 2, slot))):
            rows.integers(f"{CARD}.{column}", [(i, value)])
        for column, words in ((4, kind), (14, f"{734971900000 + spec.seed % 1000 + slot}"), (23, "V1.0.0"), (27, "V2.1.0")):
            rows.texts(f"{CARD}.{column}", [(i, words)])
        rows.integers(f"{Z}.1082.10.10.2.1.6.1.2", [(i, -1000 if kind == "PRAM" else drift(spec, 42, 3, slot))])
    rows.integers(f"{Z}.1015.2.1.3.2", [((0,), drift(spec, 38, 2, 9))])


def _modules(device: Device) -> None:
    spec, rows = device.spec, device.rows
    for pon in range(1, spec.pon_ports + 1):
        i = (index_b(*place(pon)),)
        numbers = (
            (2, 2147483647), (3, drift(spec, 4300 + pon % 7 * 100, 150, pon)), (5, drift(spec, 17_000, 600, pon)),
            (6, drift(spec, 3290, 15, pon)), (7, 1490), (8, drift(spec, 41_000 + pon % 5 * 900, 1500, pon)),
        )  # fmt: skip
        for column, value in numbers:
            rows.integers(f"{MODULE}.{column}", [(i, value)])
        for column, words in ((11, "LTE3680M-BC"), (12, "Hisense"), (13, f"PL{spec.seed % 1000:03}{pon:05}")):
            rows.texts(f"{MODULE}.{column}", [(i, words)])


def _onus(device: Device) -> None:
    rows, items = device.rows, _at_a(device.spec)
    rows.texts(f"{CONFIG}.1", ((i, f"{o.vendor}-{o.model}") for i, o in items))
    rows.texts(f"{CONFIG}.2", ((i, "") for i, _ in items))
    rows.column(f"{CONFIG}.3", STRING, ((i, o.description_bytes) for i, o in items))
    rows.column(f"{CONFIG}.5", STRING, ((i, serial(o)) for i, o in items))
    rows.integers(f"{STATE}.1", ((i, 1) for i, _ in items))
    rows.integers(f"{STATE}.4", each(items, lambda o: PHASE[o.state]))
    rows.column(f"{STATE}.5", STRING, each(items, lambda o: mibs.date_and_time(o.registered_at)))
    rows.column(f"{STATE}.6", STRING, each(items, lambda o: mibs.date_and_time(o.deregistered_at)))
    rows.integers(f"{STATE}.7", each(items, lambda o: _reason(o)))
    rows.integers(f"{RANGE}.1", ((i, 250_871 - o.distance_m * 4 if o.at_start is OnuState.ONLINE else 0) for i, o in items))
    rows.integers(f"{RANGE}.2", each(items, lambda o: o.distance_m if o.online else 0))
    rows.texts(f"{VENDOR}.1", ((i, o.vendor) for i, o in items))
    for column, factor in ((2, 20_000), (3, 160_000)):
        rows.column(f"{OCTETS}.{column}", COUNTER64, ((i, device.growing(_rate(o, factor))) for i, o in items))
    remote = _at_b(device.spec)
    rows.texts(f"{REMOTE}.1", ((i, o.vendor) for i, o in remote))
    rows.texts(f"{REMOTE}.2", ((i, o.sw_version) for i, o in remote))
    rows.texts(f"{REMOTE}.8", ((i, o.model) for i, o in remote))


def serial(onu: SimOnu) -> bytes:
    """The eight octets of a GPON serial."""
    return onu.ident[:4].encode() + bytes.fromhex(onu.ident[4:])


def _rate(onu: SimOnu, factor: int) -> int:
    return factor + onu.seed % factor if onu.at_start is OnuState.ONLINE else 0


def _reason(onu: SimOnu) -> int:
    return REBOOT if onu.rebooted else REASON.get(onu.state, REASON[onu.last_down])


def onu_power(power_dbm: float) -> int:
    """ZTE's number for a power the ONU measured: 0.002 dB steps from -30 dBm, weaker ones below 65536."""
    steps = round((power_dbm + 30) / 0.002)
    return steps if steps >= 0 else 65536 + steps


def _remote_power(onu: SimOnu, base_dbm: float, phase: int) -> Live:
    return lambda: onu_power(onu.power(base_dbm, phase)) if onu.online else 65535


def _optics(device: Device) -> None:
    spec, rows = device.spec, device.rows
    ani = [((*i, 1), o) for i, o in _at_a(spec)]
    rows.integers(f"{OPTICS}.10", ((i, _remote_power(o, o.rx_dbm, 0)) for i, o in ani))
    rows.integers(f"{OPTICS}.14", ((i, _remote_power(o, o.tx_dbm, 7)) for i, o in ani))
    rows.integers(f"{OPTICS}.17", each(ani, lambda o: round(o.voltage_v / 0.02) if o.online else 65535))
    rows.integers(f"{OPTICS}.19", each(ani, lambda o: round(o.temperature() * 256) if o.online else 65535))
    for base, items in ((OLT_RX_A, _at_a(spec)), (OLT_RX_B, _at_b(spec))):
        rows.integers(
            base,
            each(items, lambda o: round(o.power(o.olt_rx_dbm, 3) * 1000) if o.online else -80000),
        )


def _unis(device: Device) -> None:
    rows = device.rows
    items = uni_rows(_at_b(device.spec))
    rows.integers(f"{UNI}.5", ((i, 1 if u.enabled else 2) for i, (_, u) in items))
    rows.integers(f"{UNI}.6", each(items, lambda pair: 1 if uni_up(pair) else 2))
    rows.integers(f"{UNI}.7", each(items, lambda pair: {10: 3, 100: 5}.get(pair[1].speed_mbps, 6) if uni_up(pair) else 65535))


def _bridge(device: Device) -> None:
    """Q-BRIDGE has no more than the management's own entries here: what the vendor's own table looks like no capture tells."""
    spec, rows = device.spec, device.rows
    uplink = index_b(UPLINK_SLOT, 2)
    mibs.fdb_per_vlan(rows, [(95, spec.mac(0xF0), 2), (95, spec.mac(0xF1), 2)])
    vlans = {onu.vlan_id for onu in spec.onus}
    mibs.vlans(rows, [VlanPorts(1, "default"), VlanPorts(95, "mgmt"), *(VlanPorts(v, f"pon{v - 100}") for v in sorted(vlans))], 8)
    rows.texts(f"{mibs.LLDP}.3.7.1.3", [((uplink,), "xgei_1/4/2")])
