"""The standard tables that every simulated device has: system group, IF-MIB, bridges, LLDP, ENTITY, HOST-RESOURCES.

RFC 3418 (system), 2863 (interfaces), 3635 (duplex), 4188 and 4363 (bridges), 4133 (entities), 2790 (host), IEEE 802.1AB.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from wildcore.lab.captures.onu import Clock
from wildcore.lab.captures.rows import COUNTER32, COUNTER64, GAUGE, OBJECT, STRING, TICKS, Live, Rows
from wildcore.transport.snmp.types import Oid, oid

SYSTEM = "1.3.6.1.2.1.1"
IF = "1.3.6.1.2.1.2.2.1"
IFX = "1.3.6.1.2.1.31.1.1.1"
DUPLEX = "1.3.6.1.2.1.10.7.2.1.19"
BRIDGE = "1.3.6.1.2.1.17"
QBRIDGE = "1.3.6.1.2.1.17.7.1"
LLDP = "1.0.8802.1.1.2.1"
ENTITY = "1.3.6.1.2.1.47.1.1.1.1"
SENSOR = "1.3.6.1.2.1.99.1.1.1"
HOST = "1.3.6.1.2.1.25"


@dataclass(slots=True)
class Port:
    """One IF-MIB interface. `up` may be a function; rates are octets per second, 0 for a silent port."""

    if_index: int
    name: str
    descr: str
    type: int = 6
    speed_mbps: int = 1000
    up: bool | Callable[[], bool] = True
    enabled: bool = True
    alias: str | Callable[[], bytes] = ""
    mac: str = ""
    in_rate: int = 0
    out_rate: int = 0
    full_duplex: bool = True
    errors: int = 0
    changed_sec: int = 5


def system(
    rows: Rows, *, descr: str, object_id: str, name: str, location: str, clock: Clock, up_since: float,
    contact: str = "noc@raion.example",
) -> None:  # fmt: skip
    """The system group; sysUpTime runs."""
    rows.scalar(f"{SYSTEM}.1.0", STRING, descr.encode())
    rows.scalar(f"{SYSTEM}.2.0", OBJECT, oid(object_id))
    rows.scalar(f"{SYSTEM}.3.0", TICKS, lambda: int((clock() - up_since) * 100) & 0xFFFFFFFF)
    rows.scalar(f"{SYSTEM}.4.0", STRING, contact.encode())
    rows.scalar(f"{SYSTEM}.5.0", STRING, name.encode())
    rows.scalar(f"{SYSTEM}.6.0", STRING, location.encode())
    rows.scalar(f"{SYSTEM}.7.0", 2, 78)


def interfaces(rows: Rows, ports: Sequence[Port], clock: Clock, up_since: float, started: float) -> None:
    """IF-MIB's two tables; 64-bit counters grow with the port's rates from `started` on."""
    at = [((port.if_index,), port) for port in ports]
    rows.scalar("1.3.6.1.2.1.2.1.0", 2, len(ports))
    rows.integers(f"{IF}.1", ((i, p.if_index) for i, p in at))
    rows.texts(f"{IF}.2", ((i, p.descr) for i, p in at))
    rows.integers(f"{IF}.3", ((i, p.type) for i, p in at))
    rows.integers(f"{IF}.4", ((i, 1500) for i, p in at))
    rows.column(f"{IF}.5", GAUGE, ((i, min(p.speed_mbps * 1_000_000, 4294967295)) for i, p in at))
    rows.column(f"{IF}.6", STRING, ((i, bytes.fromhex(p.mac)) for i, p in at))
    rows.integers(f"{IF}.7", ((i, 1 if p.enabled else 2) for i, p in at))
    rows.integers(f"{IF}.8", ((i, _oper(p)) for i, p in at))
    rows.column(f"{IF}.9", TICKS, ((i, p.changed_sec * 100) for i, p in at))
    rows.texts(f"{IFX}.1", ((i, p.name) for i, p in at))
    rows.column(f"{IFX}.15", GAUGE, ((i, p.speed_mbps if p.up else 0) for i, p in at))
    rows.texts(f"{IFX}.18", ((i, p.alias) for i, p in at))
    age = started - up_since
    # 64-bit column, 32-bit one (0: none), octets for each count: octets, packets of some 700 octets, multicast, broadcast
    for wide, narrow, octets, rate_of in (
        (6, 10, 1, _in_rate), (10, 16, 1, _out_rate), (7, 11, 700, _in_rate), (11, 17, 700, _out_rate),
        (8, 0, 90_000, _in_rate), (12, 0, 90_000, _out_rate), (9, 0, 260_000, _in_rate), (13, 0, 260_000, _out_rate),
    ):  # fmt: skip
        cells = [(i, _growing(rate_of(p) / octets, age, clock, started)) for i, p in at]
        rows.column(f"{IFX}.{wide}", COUNTER64, cells)
        if narrow:
            rows.column(f"{IF}.{narrow}", COUNTER32, ((i, _wrapped(value)) for i, value in cells))
    for column in (13, 19, 20):
        rows.column(f"{IF}.{column}", COUNTER32, ((i, 0) for i, p in at))
    rows.column(f"{IF}.14", COUNTER32, ((i, p.errors) for i, p in at))


def duplex(rows: Rows, ports: Iterable[Port]) -> None:
    """EtherLike-MIB: full or half, unknown on ports that are down."""
    rows.integers(DUPLEX, (((p.if_index,), 1 if not p.up else 3 if p.full_duplex else 2) for p in ports))


def _oper(port: Port) -> Live:
    up = port.up
    if callable(up):
        return lambda: 1 if up() else 2
    return 1 if up else 2


def _in_rate(port: Port) -> int:
    return port.in_rate


def _out_rate(port: Port) -> int:
    return port.out_rate


def _growing(rate: float, age_sec: float, clock: Clock, started: float) -> Live:
    if rate <= 0:
        return 0
    base = int(rate * min(age_sec, 30 * 86400))
    return lambda: base + int(rate * (clock() - started))


def _wrapped(value: Live) -> Live:
    if callable(value):
        return lambda: int(value()) & 0xFFFFFFFF  # type: ignore[arg-type]
    return value


def bridge_ports(rows: Rows, ports: Iterable[tuple[int, int]]) -> None:
    """dot1dBasePortIfIndex: bridge port -> ifIndex."""
    rows.integers(f"{BRIDGE}.1.4.1.2", (((port,), if_index) for port, if_index in ports))


def fdb_per_vlan(rows: Rows, entries: Iterable[tuple[int, str, int]], *, length: bool = False) -> None:
    """Q-BRIDGE's forwarding table: (VLAN, MAC as 12 hex digits, bridge port); all learned. `length`: 6 stands before the MAC."""
    for vlan_id, mac, port in entries:
        index = (vlan_id, *((6,) if length else ()), *bytes.fromhex(mac))
        rows.integers(f"{QBRIDGE}.2.2.1.2", [(index, port)])
        rows.integers(f"{QBRIDGE}.2.2.1.3", [(index, 3)])


def fdb_flat(rows: Rows, entries: Iterable[tuple[str, int]]) -> None:
    """BRIDGE-MIB's forwarding table without VLANs: (MAC, bridge port)."""
    for mac, port in entries:
        index = tuple(bytes.fromhex(mac))
        rows.column(f"{BRIDGE}.4.3.1.1", STRING, [(index, bytes.fromhex(mac))])
        rows.integers(f"{BRIDGE}.4.3.1.2", [(index, port)])
        rows.integers(f"{BRIDGE}.4.3.1.3", [(index, 3)])


@dataclass(frozen=True, slots=True)
class VlanPorts:
    """One VLAN with its bridge ports."""

    id: int
    name: str
    tagged: tuple[int, ...] = ()
    untagged: tuple[int, ...] = ()


def vlans(rows: Rows, found: Iterable[VlanPorts], width: int, *, static: bool = True, current: bool = True) -> None:
    """VLANs with members (egress, untagged) and the ports' PVIDs; `width` ports fit the bitmaps."""
    for vlan in found:
        egress, untagged = bitmap((*vlan.tagged, *vlan.untagged), width), bitmap(vlan.untagged, width)
        rows.texts(f"{QBRIDGE}.4.3.1.1", [((vlan.id,), vlan.name)])
        if static:
            rows.column(f"{QBRIDGE}.4.3.1.2", STRING, [((vlan.id,), egress)])
            rows.column(f"{QBRIDGE}.4.3.1.4", STRING, [((vlan.id,), untagged)])
            rows.integers(f"{QBRIDGE}.4.3.1.5", [((vlan.id,), 1)])
        if current:
            rows.column(f"{QBRIDGE}.4.2.1.3", GAUGE, [((0, vlan.id), vlan.id)])
            rows.column(f"{QBRIDGE}.4.2.1.4", STRING, [((0, vlan.id), egress)])
            rows.column(f"{QBRIDGE}.4.2.1.5", STRING, [((0, vlan.id), untagged)])
        rows.column(f"{QBRIDGE}.4.5.1.1", GAUGE, (((port,), vlan.id) for port in vlan.untagged))


def bitmap(ports: Iterable[int], width: int) -> bytes:
    """A PortList: the first octet's most significant bit is port 1."""
    octets = bytearray((width + 7) // 8)
    for port in ports:
        octets[(port - 1) // 8] |= 0x80 >> (port - 1) % 8
    return bytes(octets)


@dataclass(frozen=True, slots=True)
class Heard:
    """What LLDP hears on a local port: MACs as 12 hex digits."""

    local_port: int
    chassis_mac: str
    port_id: str
    port_descr: str
    name: str


def lldp(rows: Rows, local: Iterable[tuple[int, str]], heard: Iterable[Heard]) -> None:
    """Local ports by name, and the neighbours heard on them."""
    rows.texts(f"{LLDP}.3.7.1.3", (((port,), name) for port, name in local))
    for at, one in enumerate(heard, 1):
        index: Oid = (1000 + at, one.local_port, at)
        rows.integers(f"{LLDP}.4.1.1.4", [(index, 4)])
        rows.column(f"{LLDP}.4.1.1.5", STRING, [(index, bytes.fromhex(one.chassis_mac))])
        rows.integers(f"{LLDP}.4.1.1.6", [(index, 5)])
        rows.texts(f"{LLDP}.4.1.1.7", [(index, one.port_id)])
        rows.texts(f"{LLDP}.4.1.1.8", [(index, one.port_descr)])
        rows.texts(f"{LLDP}.4.1.1.9", [(index, one.name)])


def chassis(rows: Rows, *, descr: str, vendor: str, model: str, serial: str, hw: str, sw: str) -> None:
    """ENTITY-MIB with one chassis."""
    texts = {2: descr, 7: model, 8: hw, 9: "", 10: sw, 11: serial, 12: vendor, 13: model}
    for column, words in texts.items():
        rows.texts(f"{ENTITY}.{column}", [((1,), words)])
    rows.integers(f"{ENTITY}.4", [((1,), 0)])
    rows.integers(f"{ENTITY}.5", [((1,), 3)])
    rows.integers(f"{ENTITY}.16", [((1,), 1)])


def sensors(rows: Rows, found: Iterable[tuple[int, str, int, int, int, Live]]) -> None:
    """ENTITY-SENSOR-MIB: (entity, name, type, scale, precision, value)."""
    for entity, name, kind, scale, precision, value in found:
        index = (entity,)
        rows.texts(f"{ENTITY}.2", [(index, name)])
        rows.texts(f"{ENTITY}.7", [(index, name)])
        rows.integers(f"{ENTITY}.4", [(index, 1)])
        rows.integers(f"{ENTITY}.5", [(index, 8)])
        for column, cell in ((1, kind), (2, scale), (3, precision), (4, value), (5, 1)):
            rows.integers(f"{SENSOR}.{column}", [(index, cell)])


def host(rows: Rows, cpu: Live, memory_kb: int, used_kb: Live) -> None:
    """HOST-RESOURCES: one processor, one piece of RAM."""
    rows.column(f"{HOST}.3.2.1.2", OBJECT, [((1,), oid(f"{HOST}.3.1.3"))])
    rows.integers(f"{HOST}.3.3.1.2", [((1,), cpu)])
    rows.column(f"{HOST}.2.3.1.2", OBJECT, [((1,), oid(f"{HOST}.2.1.2"))])
    rows.texts(f"{HOST}.2.3.1.3", [((1,), "Physical memory")])
    rows.integers(f"{HOST}.2.3.1.4", [((1,), 1024)])
    rows.integers(f"{HOST}.2.3.1.5", [((1,), memory_kb)])
    rows.integers(f"{HOST}.2.3.1.6", [((1,), used_kb)])


def date_and_time(when: float) -> bytes:
    """DateAndTime (RFC 2579, 8 octets) in the server's zone; all zeros for never."""
    if when <= 0:
        return bytes(8)
    at = time.localtime(when)
    return bytes((at.tm_year >> 8, at.tm_year & 0xFF, at.tm_mon, at.tm_mday, at.tm_hour, at.tm_min, min(at.tm_sec, 59), 0))
