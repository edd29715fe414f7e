"""LLDP-MIB (IEEE 802.1AB): neighbours, and which interface a local LLDP port number means.

The local port is whatever the vendor numbers: an ifIndex, a bridge port, or its own number whose identity stands in the
local port table. RouterOS has rows of one number (no port), or `0.0.N` (port unknown), and pads names with NUL bytes.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from wildcore.drivers import decode
from wildcore.drivers.base import Driver
from wildcore.drivers.if_mib import IfRow
from wildcore.drivers.q_bridge import BridgePorts
from wildcore.drivers.table import Findings
from wildcore.model.answer import Answer
from wildcore.model.ident import mac_text
from wildcore.model.interface import Neighbour
from wildcore.transport.snmp.types import Index, Value, oid

REMOTE: Final = "1.0.8802.1.1.2.1.4.1.1"
LOCAL_ID: Final = oid("1.0.8802.1.1.2.1.3.7.1.3")
LOCAL_DESCR: Final = oid("1.0.8802.1.1.2.1.3.7.1.4")
CHASSIS_MAC, PORT_MAC = 4, 3

_COLUMNS: Final = {4: "chassis_kind", 5: "chassis", 6: "port_kind", 7: "port", 8: "descr", 9: "name"}


@dataclass(slots=True)
class _Remote:
    chassis_kind: Value = None
    chassis: Value = None
    port_kind: Value = None
    port: Value = None
    descr: Value = None
    name: Value = None


async def local_ports(driver: Driver, findings: Findings, rows: Sequence[IfRow]) -> dict[int, int]:
    """LLDP port number -> ifIndex for those whose local identity or description is the name of exactly one interface."""
    by_name: dict[str, set[int]] = {}
    for row in rows:
        for name in {row.name, row.descr} - {""}:
            by_name.setdefault(name, set()).add(row.if_index)
    found: dict[int, int] = {}
    for base in (LOCAL_DESCR, LOCAL_ID):
        walk = await driver.walk(base, findings, needed=False)
        for index, value in walk.rows:
            name = decode.text(value) or ""
            indexes = by_name.get(name, set())
            # A bare number names an interface only where interfaces are called by numbers and it is that very port.
            if len(index) == 1 and len(indexes) == 1:
                found[index[0]] = next(iter(indexes))
    return found


async def neighbours(
    driver: Driver, rows: Sequence[IfRow], ports: BridgePorts, bind_keys: Mapping[int, str]
) -> Answer[Neighbour]:
    """What is heard on every port. An empty table is complete only as far as the device says so itself."""
    findings = Findings()
    remotes: dict[Index, _Remote] = {}
    for number, field in _COLUMNS.items():
        walk = await driver.walk(oid(f"{REMOTE}.{number}"), findings, needed=False)
        for index, value in walk.rows:
            setattr(remotes.setdefault(index, _Remote()), field, value)
        if number == 5 and not remotes:
            return findings.answer([])
    named = await local_ports(driver, findings, rows)
    return findings.answer([_neighbour(index, remote, named, ports, bind_keys) for index, remote in remotes.items()])


def _neighbour(
    index: Index, remote: _Remote, named: Mapping[int, int], ports: BridgePorts, bind_keys: Mapping[int, str]
) -> Neighbour:
    if_index = _local(index[1], named, ports) if len(index) == 3 else None
    return Neighbour(
        bind_key=None if if_index is None else bind_keys.get(if_index),
        if_index=if_index,
        chassis_id=_identity(remote.chassis, is_mac=remote.chassis_kind == CHASSIS_MAC),
        port_id=_identity(remote.port, is_mac=remote.port_kind == PORT_MAC),
        port_description=decode.text(remote.descr) or "",
        system_name=decode.text(remote.name) or "",
    )


def _local(number: int, named: Mapping[int, int], ports: BridgePorts) -> int | None:
    if number <= 0:
        return None
    if number in named:
        return named[number]
    if number in ports.by_port:
        return ports.by_port[number]
    return number if number in ports.if_indexes else ports.foreign(number)


def _identity(value: Value, *, is_mac: bool) -> str:
    if isinstance(value, bytes) and len(value) == 6 and (is_mac or not value.isascii()):
        return mac_text(value.hex())
    if is_mac and (found := decode.mac(value)) is not None:
        return mac_text(found)
    return decode.text(value) or ""
