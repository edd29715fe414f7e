"""IF-MIB (RFC 2863): interfaces with names and types, link state, counters; EtherLike-MIB (RFC 3635) for duplex.

Interfaces are mapped by name: ifName, else ifDescr. What an interface is called and which bind key it gets is decided by
the family (`Naming`); this module only says what the device tells.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final

from wildcore.drivers import decode
from wildcore.drivers.base import SYS_UPTIME, Driver
from wildcore.drivers.table import Column, Findings, Table, number_index
from wildcore.errors import DeviceError
from wildcore.model.answer import Answer
from wildcore.model.interface import AdminState, Counters, Interface, InterfaceType, LinkInfo, LinkStatus
from wildcore.transport.snmp.types import Index, oid

IF: Final = "1.3.6.1.2.1.2.2.1"
IFX: Final = "1.3.6.1.2.1.31.1.1.1"
DUPLEX: Final = "1.3.6.1.2.1.10.7.2.1.19"
ADMIN_STATUS, ALIAS = oid(f"{IF}.7"), oid(f"{IFX}.18")

OPER: Final = {1: LinkStatus.UP, 2: LinkStatus.DOWN, 3: LinkStatus.UNKNOWN, 6: LinkStatus.DOWN, 7: LinkStatus.DOWN}
ADMIN: Final = {1: AdminState.ENABLED, 2: AdminState.DISABLED, 3: AdminState.UNKNOWN}
OPER_READ: Final = decode.enum(OPER, LinkStatus.UNKNOWN)
ADMIN_READ: Final = decode.enum(ADMIN, AdminState.UNKNOWN)

# IANAifType: ethernetCsmacd, iso88023, fastEther, fastEtherFX, gigabitEthernet, gpon, x-pon kinds; `other` by name only.
_PHYSICAL_TYPES: Final = frozenset((6, 7, 26, 62, 69, 117, 208, 225, 250))
_VIRTUAL_TYPES: Final = frozenset((24, 53, 131, 135, 136, 142, 161, 209))
_VIRTUAL_NAME: Final = re.compile(
    r"vlan|\bvl\d|loop|^lo\d*$|tunnel|null|^nu\d|port-?channel|^(po|ch|trk|ae)\d|bond|bridge|^br\d|lag|console|^system$|"
    r"cpu|^meth|mgmt|management|oob|stack|802\.1q|logical|user defined|^irb|"
    r"^(em|me|vme|bme|fxp|vtep|jsrv|pf[eh]-|esi|dsc|lsi|tap|ipip|pim|mtun)|^eoip|ppp|l2tp|gre|^dummy|^(?!port)[a-z]+[\d/-]*\.\d+$",
    re.IGNORECASE,
)
_TEN_GIG: Final = re.compile(r"^(te|ten|tgi|xg|xe|sfp-sfpplus|qsfp|fo|hu|twe|forty|hundred|et-)", re.IGNORECASE)
_GIG: Final = re.compile(r"^(gi|ge|g\d|gigaethernet)", re.IGNORECASE)
_FAST: Final = re.compile(r"^(fa|fe|fei)", re.IGNORECASE)
_EPON: Final = re.compile(r"^epon", re.IGNORECASE)
_GPON: Final = re.compile(r"^(x?gpon|tpon)", re.IGNORECASE)
_PON: Final = re.compile(r"^pon", re.IGNORECASE)
_NAMED_WITH_TEXT: Final = re.compile(r"((?:x?gei|fei)_[\d/]+)\s+(.+)")


@dataclass(frozen=True, slots=True)
class IfRow:
    """What the device tells of one interface that matters for its identity."""

    if_index: int
    name: str = ""
    descr: str = ""
    alias: str = ""
    if_type: int | None = None
    speed_mbps: int | None = None

    @property
    def physical(self) -> bool:
        """Whether it is a port with a cable (by ifType and name; the type alone lies on many devices)."""
        if self.if_type in _VIRTUAL_TYPES or _VIRTUAL_NAME.search(self.name):
            return False
        return self.if_type in _PHYSICAL_TYPES or self.if_type is None or self.type is not InterfaceType.UNKNOWN

    @property
    def named_type(self) -> InterfaceType | None:
        """The client's word for it as far as the name tells."""
        return next((kind for pattern, kind in _BY_NAME if pattern.match(self.name)), None)

    @property
    def type(self) -> InterfaceType:
        """The client's word for it, by name, else guessed by speed (which a slow or absent link lowers)."""
        named = self.named_type
        if named is not None:
            return named
        if self.if_type == 250:
            return InterfaceType.GPON
        if self.if_type not in _PHYSICAL_TYPES and self.if_type is not None:
            return InterfaceType.UNKNOWN
        speed = self.speed_mbps or 0
        return next((kind for least, kind in _BY_SPEED if speed >= least), InterfaceType.ETH)


_BY_NAME: Final = (
    (_TEN_GIG, InterfaceType.TGE), (_EPON, InterfaceType.EPON), (_GPON, InterfaceType.GPON), (_PON, InterfaceType.PON),
    (_GIG, InterfaceType.GE), (_FAST, InterfaceType.FE),
)  # fmt: skip
_BY_SPEED: Final = ((10_000, InterfaceType.TGE), (1000, InterfaceType.GE), (10, InterfaceType.FE))


@dataclass(frozen=True, slots=True)
class _Raw:
    if_index: int
    name: str = ""
    descr: str = ""
    alias: str = ""
    if_type: int | None = None
    speed_mbps: int | None = None


def _if_key(index: Index) -> Mapping[str, int] | None:
    return {"if_index": index[0]} if len(index) == 1 else None


_NAMES: Final = Table(
    _Raw,
    _if_key,
    name=Column(f"{IFX}.1", decode.text),
    descr=Column(f"{IF}.2", decode.text),
    if_type=Column(f"{IF}.3", decode.whole(1, 100_000)),
    alias=Column(f"{IFX}.18", decode.text),
    speed_mbps=Column(f"{IFX}.15", decode.whole(0, 1_000_000)),
)


async def names(driver: Driver) -> Answer[IfRow]:
    """All interfaces in ifIndex order, with the name people know them by. Empty tables are incomplete."""
    answer = await driver.rows(_NAMES)
    rows = [_named(raw) for raw in sorted(answer.rows, key=lambda raw: raw.if_index)]
    return Answer(rows, answer.complete, answer.problems)


def _named(raw: _Raw) -> IfRow:
    name, descr, alias = raw.name or raw.descr or f"if{raw.if_index}", raw.descr, raw.alias
    if (found := _NAMED_WITH_TEXT.fullmatch(name)) is not None:  # ZXR10 puts the description behind the name
        name, alias = found[1], alias or found[2]
    return IfRow(raw.if_index, name, descr, alias, raw.if_type, raw.speed_mbps)


@dataclass(frozen=True, slots=True)
class _Link:
    if_index: int
    oper: LinkStatus = LinkStatus.UNKNOWN
    admin: AdminState = AdminState.UNKNOWN
    high_speed: int | None = None
    speed_bps: int | None = None
    change_sec: int | None = None
    alias: str = ""
    mtu: int | None = None
    mac: str | None = None
    duplex: str | None = None


_LINKS: Final = Table(
    _Link,
    _if_key,
    index=number_index,
    oper=Column(f"{IF}.8", OPER_READ, required=True),
    admin=Column(f"{IF}.7", ADMIN_READ),
    high_speed=Column(f"{IFX}.15", decode.whole(0, 1_000_000)),
    speed_bps=Column(f"{IF}.5", decode.counter),
    change_sec=Column(f"{IF}.9", decode.ticks_sec),
    alias=Column(f"{IFX}.18", decode.text),
    mtu=Column(f"{IF}.4", decode.whole(1, 100_000)),
    mac=Column(f"{IF}.6", decode.mac),
    duplex=Column(DUPLEX, decode.enum({2: "Half", 3: "Full"})),
)

_COUNTER_COLUMNS: Final = {
    "in_octets": (f"{IFX}.6", f"{IF}.10"),
    "out_octets": (f"{IFX}.10", f"{IF}.16"),
    "in_unicast_pkts": (f"{IFX}.7", f"{IF}.11"),
    "out_unicast_pkts": (f"{IFX}.11", f"{IF}.17"),
    "in_multicast_pkts": (f"{IFX}.8", f"{IFX}.2"),
    "out_multicast_pkts": (f"{IFX}.12", f"{IFX}.4"),
    "in_broadcast_pkts": (f"{IFX}.9", f"{IFX}.3"),
    "out_broadcast_pkts": (f"{IFX}.13", f"{IFX}.5"),
    "in_errors": (f"{IF}.14",),
    "out_errors": (f"{IF}.20",),
    "in_discards": (f"{IF}.13",),
    "out_discards": (f"{IF}.19",),
}


async def links(driver: Driver, keys: Mapping[int, str], only: int | None = None) -> Answer[LinkInfo]:
    """`link_info` of the interfaces in `keys` (ifIndex -> bind key), or of the one with ifIndex `only`."""
    answer = await driver.rows(_LINKS, None if only is None else str(only))
    uptime = await _uptime(driver)
    rows = [_link(row, keys[row.if_index], uptime) for row in answer.rows if row.if_index in keys]
    return Answer(rows, answer.complete, answer.problems)


async def _uptime(driver: Driver) -> int | None:
    try:
        return decode.ticks_sec((await driver.session.get(SYS_UPTIME)).get(SYS_UPTIME))
    except DeviceError:
        return None


def _link(row: _Link, bind_key: str, uptime_sec: int | None) -> LinkInfo:
    speed = row.high_speed or (row.speed_bps // 1_000_000 if row.speed_bps and row.speed_bps < 4294967295 else None)
    if row.oper is LinkStatus.UP:
        nway = "-".join(part for part in (str(speed) if speed else "", row.duplex or "") if part) or "Up"
    else:
        nway = str(row.oper)
    change = None
    if uptime_sec is not None and row.change_sec and row.change_sec <= uptime_sec:
        change = (datetime.now(UTC) - timedelta(seconds=uptime_sec - row.change_sec)).replace(microsecond=0)
    return LinkInfo(bind_key, row.oper, row.admin, speed or None, nway, change, row.alias, row.mtu, row.mac)


async def counters(driver: Driver, keys: Mapping[int, str], only: int | None = None) -> Answer[Counters]:
    """`counters` of the interfaces in `keys`: 64-bit where the device has them, else 32-bit (which wrap)."""
    wide = {name: Column(where[0], decode.counter) for name, where in _COUNTER_COLUMNS.items()}
    found = await _counter_rows(driver, wide, keys, only)
    values = found.rows[0] if found.rows else {}
    lacking = {
        name: Column(where[1], decode.counter)
        for name, where in _COUNTER_COLUMNS.items()
        if len(where) > 1 and not any(row.get(name) is not None for row in values.values())
    }
    findings = Findings(found.complete, found.problems)
    if lacking:
        narrow = await _counter_rows(driver, lacking, keys, only)
        for index, row in (narrow.rows[0] if narrow.rows else {}).items():
            values.setdefault(index, {}).update(row)
        findings.add(narrow.complete, narrow.problems)
    rows = [Counters(keys[index], **row) for index, row in sorted(values.items()) if index in keys]
    if not rows:
        findings.add(False, ["no counters"])
    return findings.answer(rows)


async def _counter_rows(
    driver: Driver, columns: Mapping[str, Column], keys: Mapping[int, str], only: int | None
) -> Answer[dict[int, dict[str, int]]]:
    findings = Findings()
    values: dict[int, dict[str, int]] = {}
    if only is not None:
        got = await driver.session.get(*((*column.oid, only) for column in columns.values()))
        values[only] = {
            name: value for name, column in columns.items() if (value := decode.counter(got.get((*column.oid, only)))) is not None
        }
        return findings.answer([values])
    for name, column in columns.items():
        walk = await driver.walk(column.oid, findings, needed=False)
        for index, raw in walk.rows:
            value = decode.counter(raw)
            if value is not None and len(index) == 1 and index[0] in keys:
                values.setdefault(index[0], {})[name] = value
    return findings.answer([values])


def keys_of(interfaces: Iterable[Interface]) -> dict[int, str]:
    """ifIndex -> bind key of those interfaces that have an ifIndex."""
    return {found.if_index: found.bind_key for found in interfaces if found.if_index is not None}
