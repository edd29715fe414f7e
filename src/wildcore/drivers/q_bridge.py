"""BRIDGE-MIB (RFC 4188) and Q-BRIDGE-MIB (RFC 4363): learned addresses, VLANs, bridge ports.

Devices differ in what a "bridge port" is. Usually dot1dBasePortIfIndex translates it; some devices omit that table or
put ifIndexes straight into the FDB (V-Solution, BDCOM, Ubiquoss): the reading that explains more of the rows is taken.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Final

from wildcore.drivers import decode, vendor_fdb
from wildcore.drivers.base import Driver, VlanSessions
from wildcore.drivers.table import Findings
from wildcore.errors import DeviceError, DeviceUnreachable
from wildcore.model.answer import Answer
from wildcore.model.interface import FdbEntry, Vlan
from wildcore.transport.snmp.types import Index, Value, oid

BASE_PORT_IF_INDEX: Final = oid("1.3.6.1.2.1.17.1.4.1.2")
FLAT_PORT: Final = oid("1.3.6.1.2.1.17.4.3.1.2")
FLAT_STATUS: Final = oid("1.3.6.1.2.1.17.4.3.1.3")
Q_PORT: Final = oid("1.3.6.1.2.1.17.7.1.2.2.1.2")
Q_STATUS: Final = oid("1.3.6.1.2.1.17.7.1.2.2.1.3")
CURRENT_FDB_ID: Final = oid("1.3.6.1.2.1.17.7.1.4.2.1.3")
CURRENT_EGRESS: Final = oid("1.3.6.1.2.1.17.7.1.4.2.1.4")
CURRENT_UNTAGGED: Final = oid("1.3.6.1.2.1.17.7.1.4.2.1.5")
STATIC_NAME: Final = oid("1.3.6.1.2.1.17.7.1.4.3.1.1")
STATIC_EGRESS: Final = oid("1.3.6.1.2.1.17.7.1.4.3.1.2")
STATIC_UNTAGGED: Final = oid("1.3.6.1.2.1.17.7.1.4.3.1.4")

JUNIPER_VLAN: Final = "1.3.6.1.4.1.2636.3.48.1.3.1.1"  # 2 name, 3 tag, 5 FDB id
CISCO_VLAN_STATE: Final = oid("1.3.6.1.4.1.9.9.46.1.3.1.1.2")
CISCO_VLAN_NAME: Final = oid("1.3.6.1.4.1.9.9.46.1.3.1.1.4")
EXTREME_VLAN: Final = "1.3.6.1.4.1.1916.1.2.1.2.1"  # 2 name, 10 tag
CISCO_RESERVED_VLANS: Final = range(1002, 1006)
MAX_SILENT_VLANS: Final = 3  # then the device has no such views at all, and every further one costs whole timeouts

_WRITTEN_PORTS: Final = re.compile(rb"[0-9,]+")
_STATUS: Final = {1: "OTHER", 2: "INVALID", 3: "LEARNED", 4: "SELF", 5: "MGMT"}
_STATUS_READ: Final = decode.raw(_STATUS)

PortReader = Callable[[int], int | None]
"""Bridge port number -> ifIndex, None where the device means no port (0, its own address) or an unknown one."""


@dataclass(frozen=True, slots=True)
class BridgePorts:
    """dot1dBasePortIfIndex beside the ifIndexes that exist; `foreign` reads what is neither (a vendor's own packing)."""

    by_port: Mapping[int, int]
    if_indexes: Collection[int]
    foreign: PortReader

    def member(self, number: int) -> int | None:
        """The ifIndex of a bit in a port list: the bridge port of that number, where there are any."""
        return self.by_port.get(number) if self.by_port else (number if number in self.if_indexes else None)

    def reader(self, numbers: Iterable[int]) -> PortReader:
        """The reading that explains most of the port numbers of one FDB."""
        seen = Counter(number for number in numbers if number > 0)
        mapped = sum(count for number, count in seen.items() if number in self.by_port)
        plain = sum(count for number, count in seen.items() if number in self.if_indexes)
        if seen and not mapped and not plain and all(number - 1 in self.by_port for number in seen):
            return lambda number: self.by_port.get(number - 1)  # Dell FTOS: this table alone counts from one more
        by_port = mapped >= plain and bool(self.by_port)

        def read(number: int) -> int | None:
            if number <= 0:
                return None
            if by_port and number in self.by_port:
                return self.by_port[number]
            if number in self.if_indexes:
                return number
            found = self.foreign(number)
            if found is not None:
                return found
            return None if by_port or self.if_indexes else number

        return read


async def bridge_ports(driver: Driver, findings: Findings, if_indexes: Collection[int], foreign: PortReader) -> BridgePorts:
    """The bridge's port table."""
    walk = await driver.walk(BASE_PORT_IF_INDEX, findings, needed=False)
    by_port = {
        index[0]: value
        for index, value in walk.rows
        if len(index) == 1 and isinstance(value, int) and value > 0 and (not if_indexes or value in if_indexes)
    }
    return BridgePorts(by_port, if_indexes, foreign)


@dataclass(frozen=True, slots=True)
class _Learned:
    mac: str
    fid: int | None
    port: int
    status: str


async def _table(
    driver: Driver, findings: Findings, port_oid: Index, status_oid: Index, *, per_vlan: bool, needed: bool
) -> list[_Learned]:
    walk = await driver.walk(port_oid, findings, needed=needed)
    if not walk.rows:
        return []
    states = dict((await driver.walk(status_oid, findings, needed=False)).rows)
    rows: list[_Learned] = []
    for index, value in walk.rows:
        # A row is fid.mac; some agents put the length of the MAC before it (fid.6.mac).
        mac = decode.mac_of_index(index)
        head = index[:-6]
        if mac is None or not isinstance(value, int) or (per_vlan and not head) or len(head) > 2:
            continue
        status = _STATUS_READ(states.get(index)) or "LEARNED"
        if status != "INVALID":
            rows.append(_Learned(mac, head[0] if per_vlan else None, value, status))
    return rows


async def fdb(driver: Driver, ports: BridgePorts, findings: Findings, bind_keys: Mapping[int, str]) -> list[FdbEntry]:
    """All learned addresses: Q-BRIDGE, else the flat table, else the vendor's own; of Cisco the flat tables of every VLAN."""
    learned = await _table(driver, findings, Q_PORT, Q_STATUS, per_vlan=True, needed=False)
    vlans = await _vlan_of_fid(driver, findings, learned) if learned else {}
    if not learned:
        learned = await _table(driver, findings, FLAT_PORT, FLAT_STATUS, per_vlan=False, needed=False)
    if not learned and (own := await vendor_fdb.read(driver, findings)):
        return [
            FdbEntry(row.mac, row.vlan_id, bind_keys.get(row.if_index), row.if_index)
            if row.if_index in ports.if_indexes
            else FdbEntry(row.mac, row.vlan_id)
            for row in own
        ]
    entries = _entries(learned, vlans, ports, bind_keys)
    if driver.params.vlan_session is None or vlans:
        return entries
    return await _with_vlan_contexts(driver, driver.params.vlan_session, findings, ports, bind_keys, entries)


def _entries(
    learned: list[_Learned], vlans: Mapping[int, int | None], ports: BridgePorts, bind_keys: Mapping[int, str]
) -> list[FdbEntry]:
    read = ports.reader(row.port for row in learned)
    entries = []
    for row in learned:
        if_index = read(row.port)
        vlan = None if row.fid is None else vlans.get(row.fid, row.fid)
        entries.append(
            FdbEntry(
                mac=row.mac,
                vlan_id=vlan if vlan is not None and 1 <= vlan <= 4094 else None,
                bind_key=None if if_index is None else bind_keys.get(if_index),
                if_index=if_index,
                status=row.status,
            )
        )
    return entries


async def _vlan_of_fid(driver: Driver, findings: Findings, learned: list[_Learned]) -> dict[int, int | None]:
    """Filtering database -> VLAN, where the device tells. One database shared by several VLANs tells no VLAN, unless
    its number is itself one of them (then it is the VLAN id, as nearly everywhere)."""
    tags = dict((await driver.walk(oid(f"{JUNIPER_VLAN}.3"), Findings(), needed=False)).rows) if _odd(learned) else {}
    if tags:
        ids = await driver.walk(oid(f"{JUNIPER_VLAN}.5"), findings, needed=False)
        found = {fid: decode.vlan_id(tags.get(index)) for index, fid in ids.rows if isinstance(fid, int)}
        # Without that column the database is the VLAN's index times 65536 (capture of a QFX5100).
        return found or {index[0] << 16: decode.vlan_id(tag) for index, tag in tags.items()}
    walk = await driver.walk(CURRENT_FDB_ID, findings, needed=False)
    shared: dict[int, set[int]] = {}
    for index, fid in walk.rows:
        if len(index) == 2 and isinstance(fid, int):
            shared.setdefault(fid, set()).add(index[1])
    return {fid: fid if fid in vlans else (min(vlans) if len(vlans) == 1 else None) for fid, vlans in shared.items()}


def _odd(learned: list[_Learned]) -> bool:
    return any(row.fid is not None and not 1 <= row.fid <= 4094 for row in learned)


async def _with_vlan_contexts(
    driver: Driver,
    session: VlanSessions,
    findings: Findings,
    ports: BridgePorts,
    bind_keys: Mapping[int, str],
    entries: list[FdbEntry],
) -> list[FdbEntry]:
    """Cisco IOS shows each VLAN's bridge only in a session of its own; the default session shows VLAN 1."""
    states = await driver.walk(CISCO_VLAN_STATE, findings, needed=False)
    ids = [index[-1] for index, value in states.rows if value == 1 and index[-1] not in CISCO_RESERVED_VLANS]
    if not ids:
        return entries
    found: dict[tuple[str, int | None], FdbEntry] = {}
    silent = 0
    for vlan in ids:
        view = session(vlan)
        if view is None:
            continue
        context = Driver(view)
        context_findings = Findings(silent=True)
        try:
            learned = await _table(context, context_findings, FLAT_PORT, FLAT_STATUS, per_vlan=False, needed=False)
            if not learned:
                continue
            own = await bridge_ports(context, context_findings, ports.if_indexes, ports.foreign)
        except DeviceError as error:  # IOS is silent about a VLAN that it does not bridge
            findings.add(False, [f"VLAN {vlan}: {error.description}"])
            silent += isinstance(error, DeviceUnreachable)
            if silent == MAX_SILENT_VLANS:
                break
            continue
        merged = BridgePorts({**ports.by_port, **own.by_port}, ports.if_indexes, ports.foreign)
        for entry in _entries(learned, {}, merged, bind_keys):
            found[entry.mac, vlan] = replace(entry, vlan_id=vlan)
        findings.add(context_findings.complete, context_findings.problems)
    macs = {mac for mac, _ in found}
    return [entry for entry in entries if entry.mac not in macs] + list(found.values())


def written_ports(value: Value) -> tuple[int, ...]:
    """Port numbers of a written list (`0,4097,4099`, Junos)."""
    if not isinstance(value, bytes):
        return ()
    numbers = (int(part) for part in value.split(b",") if part.isdigit() and len(part) < 10)
    return tuple(number for number in numbers if number)


def port_reader(values: Iterable[Value]) -> Callable[[Value], tuple[int, ...]]:
    """How the port lists of one column are to be read: as bitmaps, or as text where all of them are digits and commas
    and one has a comma."""
    filled = [value for value in values if isinstance(value, bytes) and value]
    written = all(_WRITTEN_PORTS.fullmatch(value) for value in filled) and any(b"," in value for value in filled)
    return written_ports if written else decode.ports


@dataclass(slots=True)
class _Members:
    name: str = ""
    egress: tuple[int, ...] = ()
    untagged: tuple[int, ...] = ()


async def vlans(driver: Driver, ports: BridgePorts, bind_keys: Mapping[int, str]) -> Answer[Vlan]:
    """VLANs with their member ports: the current table where it has ports, else the configured one; vendors' own VLAN
    lists (Juniper, Cisco VTP, Extreme: names only) where Q-BRIDGE has none."""
    findings = Findings()
    members: dict[int, _Members] = {}
    for base, name in ((STATIC_NAME, "name"), (STATIC_EGRESS, "egress"), (STATIC_UNTAGGED, "untagged"),
                       (CURRENT_EGRESS, "egress"), (CURRENT_UNTAGGED, "untagged")):  # fmt: skip
        walk = await driver.walk(base, findings, needed=False)
        read_ports = port_reader(value for _, value in walk.rows)
        for index, value in walk.rows:
            vlan = index[-1] if index else 0
            if not 1 <= vlan <= 4094 or len(index) > 2:
                continue
            row = members.setdefault(vlan, _Members())
            if name == "name":
                row.name = decode.text(value) or ""
            elif found := read_ports(value):
                setattr(row, name, found)
    if not any(row.name for row in members.values()):
        for vlan, found_name in (await _vendor_vlans(driver, findings)).items():
            members.setdefault(vlan, _Members()).name = found_name
    rows = [_vlan(vlan, row, ports.member, bind_keys) for vlan, row in sorted(members.items())]
    if not rows:
        findings.add(False, ["no VLAN row"])
    return findings.answer(rows)


def _vlan(vlan: int, row: _Members, read: PortReader, bind_keys: Mapping[int, str]) -> Vlan:
    def named(numbers: Iterable[int]) -> tuple[str, ...]:
        found = (read(number) for number in numbers)
        return tuple(bind_keys[index] for index in found if index is not None and index in bind_keys)

    untagged = set(row.untagged)
    tagged = [port for port in row.egress if port not in untagged]
    return Vlan(vlan, row.name, named(tagged), named(port for port in row.egress if port in untagged))


async def _vendor_vlans(driver: Driver, findings: Findings) -> dict[int, str]:
    found: dict[int, str] = {}
    for prefix, tag_column, name_column in ((JUNIPER_VLAN, 3, 2), (EXTREME_VLAN, 10, 2)):
        tags = await driver.walk(oid(f"{prefix}.{tag_column}"), findings, needed=False)
        if tags.rows:
            names = dict((await driver.walk(oid(f"{prefix}.{name_column}"), findings, needed=False)).rows)
            for index, value in tags.rows:
                if (vlan := decode.vlan_id(value)) is not None:
                    found[vlan] = decode.text(names.get(index)) or ""
            return found
    names = dict((await driver.walk(CISCO_VLAN_NAME, findings, needed=False)).rows)
    for index, value in names.items():
        if index and 1 <= index[-1] <= 4094 and index[-1] not in CISCO_RESERVED_VLANS:
            found[index[-1]] = decode.text(value) or ""
    return found
