"""What switches and OLTs have in common: interfaces, link state, counters, FDB, VLANs, neighbours, resources.

A family says in `place` what its interfaces are called and which bind keys they have.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from typing import ClassVar

from wildcore.drivers import entity, if_mib, ip_mib, lldp, q_bridge, resources
from wildcore.drivers.base import SYS_OBJECT_ID, Driver, system_of
from wildcore.drivers.if_mib import IfRow
from wildcore.drivers.table import Findings
from wildcore.errors import DeviceKept, DeviceRefused, NotFound, Unsupported
from wildcore.model.answer import Answer
from wildcore.model.device import DeviceType, Resources, System
from wildcore.model.ident import mac_key
from wildcore.model.interface import (
    AdminState,
    ArpEntry,
    Counters,
    FdbEntry,
    Interface,
    InterfaceType,
    LinkInfo,
    Neighbour,
    Vlan,
)
from wildcore.transport.snmp.types import Tag

_PATH = re.compile(r"(?:.*?[^\d/.:])?((?:\d+[/.:])*)(\d+)\Z")
_RANK = {InterfaceType.ETH: 1, InterfaceType.FE: 2, InterfaceType.GE: 3, InterfaceType.TGE: 4}
_PORT = re.compile(r"\bport\s*(\d+)", re.IGNORECASE)


class NetworkDevice(Driver):
    """A driver with interfaces. Interfaces are walked once per driver and remembered, or come from `know`."""

    _if_rows: list[IfRow] | None = None

    def place(self, rows: Sequence[IfRow]) -> list[Interface]:
        """The interfaces as this family names them, without ONUs that IF-MIB does not list."""
        raise NotFound(f"{self.family} has no interfaces")

    async def interfaces(self) -> Answer[Interface]:
        """All interfaces: name, type, bind key, parent, ifIndex, description."""
        answer = await if_mib.names(self)
        self._if_rows = answer.rows
        rows = self.place(answer.rows)
        self.know(rows)
        return Answer(rows, answer.complete, answer.problems)

    async def known_interfaces(self) -> list[Interface]:
        """The interfaces as stored or as walked before, walked now if need be."""
        if not self.known:
            await self.interfaces()
        return list(self.known.values())

    async def find(self, interface: str) -> Interface:
        """The interface with this bind key or name. Raises `NotFound`."""
        found = self.known.get(interface)
        if found is None:
            rows = await self.known_interfaces()
            found = self.known.get(interface)
            wanted = interface.casefold()
            found = found or next((row for row in rows if row.name.casefold() == wanted), None)
        if found is None:
            raise NotFound(f"no interface {interface} on this device", field="interface")
        return found

    async def _if_index(self, interface: str) -> int:
        found = await self.find(interface)
        if found.if_index is None:
            raise NotFound(f"{found.name} has no row in IF-MIB", field="interface")
        return found.if_index

    async def link_info(self, interface: str | None = None) -> Answer[LinkInfo]:
        """State, speed and duplex of ports (of all but ONUs), or of one interface."""
        only = await self._if_index(interface) if interface is not None else None
        rows = await self.known_interfaces()
        wanted = [row for row in rows if row.type is not InterfaceType.ONU or row.if_index == only]
        return await if_mib.links(self, if_mib.keys_of(wanted), only)

    async def counters(self, interface: str | None = None) -> Answer[Counters]:
        """Traffic and error counters of every interface in IF-MIB, or of one."""
        only = await self._if_index(interface) if interface is not None else None
        return await if_mib.counters(self, if_mib.keys_of(await self.known_interfaces()), only)

    async def describe_port(self, interface: str, description: str) -> Answer[LinkInfo]:
        """Write a port's ifAlias (RFC 2863) and read it back. Raises `DeviceKept` when the device kept another text."""
        index = await self._port_index(interface)
        await self.write((*if_mib.ALIAS, index), Tag.OCTET_STRING, description.encode())
        answer = await self.link_info(interface)
        kept = answer.rows[0].description if answer.rows else ""
        if kept != description.strip():
            raise DeviceKept(kept, description)
        return answer

    async def switch_port(self, interface: str, state: AdminState) -> Answer[LinkInfo]:
        """Write a port's ifAdminStatus (RFC 2863) and read it back. Raises `DeviceRefused` when the port keeps its state."""
        index = await self._port_index(interface)
        await self.write((*if_mib.ADMIN_STATUS, index), Tag.INTEGER, 1 if state is AdminState.ENABLED else 2)
        answer = await self.link_info(interface)
        kept = answer.rows[0].admin if answer.rows else AdminState.UNKNOWN
        if kept is not state:
            raise DeviceRefused(f"the port is {kept} instead of {state}")
        return answer

    async def _port_index(self, interface: str) -> int:
        found = await self.find(interface)
        if found.type is InterfaceType.ONU:
            raise Unsupported(f"{found.name} is an ONU, not a port of the device")
        return await self._if_index(interface)

    def foreign_port(self, number: int) -> int | None:
        """The ifIndex behind a bridge port number that is in no table: a vendor's own packing."""
        return None

    async def _bridge(self, findings: Findings) -> q_bridge.BridgePorts:
        interfaces = await self.known_interfaces()
        if_indexes = {row.if_index for row in interfaces if row.if_index is not None}
        return await q_bridge.bridge_ports(self, findings, if_indexes, self.foreign_port)

    async def fdb(self, interface: str | None = None, mac: str | None = None, vlan_id: int | None = None) -> Answer[FdbEntry]:
        """Learned addresses, all or those of one interface, MAC (any notation) or VLAN."""
        findings = Findings()
        ports = await self._bridge(findings)
        rows = await q_bridge.fdb(self, ports, findings, if_mib.keys_of(self.known.values()))
        if interface is not None:
            bind_key = (await self.find(interface)).bind_key
            rows = [row for row in rows if row.bind_key == bind_key]
        if mac is not None:
            rows = [row for row in rows if row.mac == mac_key(mac)]
        if vlan_id is not None:
            rows = [row for row in rows if row.vlan_id == vlan_id]
        return findings.answer(rows)

    async def vlans(self, vlan_id: int | None = None) -> Answer[Vlan]:
        """VLANs with their member ports (bind keys), all or one."""
        findings = Findings()
        ports = await self._bridge(findings)
        answer = await q_bridge.vlans(self, ports, if_mib.keys_of(self.known.values()))
        findings.add(answer.complete, answer.problems)
        return findings.answer([row for row in answer.rows if vlan_id in (None, row.id)])

    async def neighbours(self) -> Answer[Neighbour]:
        """What LLDP hears on the ports."""
        findings = Findings()
        ports = await self._bridge(findings)
        rows = self._if_rows
        if rows is None:
            rows = [IfRow(row.if_index, row.name) for row in self.known.values() if row.if_index is not None]
        answer = await lldp.neighbours(self, rows, ports, if_mib.keys_of(self.known.values()))
        findings.add(answer.complete, answer.problems)
        return findings.answer(answer.rows)

    async def resources(self) -> Answer[Resources]:
        """CPU and memory load, temperature: one row."""
        object_id = system_of(await self.session.get(SYS_OBJECT_ID)).object_id
        return await resources.read(self, object_id)


def port_key(name: str) -> tuple[str, bool]:
    """The port number in a name, and whether it stands alone: `1/13` and `Gi1/0/13` are port 13, `Gi2/0/13` is
    `2/0/13` of a stack, `port 3: Gigabit Copper` is 3; a name without a number is its own key."""
    found = _PATH.fullmatch(name)
    if found is None:
        worded = _PORT.search(name)
        return (worded[1], True) if worded else (name, False)
    path = [part for part in re.split(r"[/.:]", found[1]) if part]
    if all(part in ("0", "1") for part in path):
        return found[2].lstrip("0") or "0", True
    return found[1] + found[2], False


class Switch(NetworkDevice):
    """Base of switches: ports by number."""

    type: ClassVar[DeviceType] = DeviceType.SWITCH

    async def system(self) -> Answer[System]:
        """The system group, and what ENTITY-MIB says of the chassis."""
        answer = await super().system()
        more = await entity.identity(self)
        return Answer([replace(row, **more) for row in answer.rows], answer.complete, answer.problems)

    async def arp(self, ip: str | None = None, mac: str | None = None) -> Answer[ArpEntry]:
        """The ARP table, all of it or the entries of one address or MAC (any notation)."""
        await self.known_interfaces()
        answer = await ip_mib.arp(self, if_mib.keys_of(self.known.values()))
        rows = [row for row in answer.rows if ip in (None, row.ip) and (mac is None or row.mac == mac_key(mac))]
        return Answer(rows, answer.complete, answer.problems)

    def place(self, rows: Sequence[IfRow]) -> list[Interface]:
        """Ports get their number as bind key (`1/13` -> `13`); where two ports have the same number, the one with the
        higher ifIndex keeps its whole name. What is no port (VLANs, LAGs, loopbacks) gets `if:<ifIndex>`."""
        # A nameless port's type is guessed by its speed, which a slow link lowers: what most of the device's ports are, or
        # what this one was before, is the better guess.
        types = (row.type for row in rows if row.physical and row.named_type is None)
        guesses = Counter(kind for kind in types if kind is not InterfaceType.ETH)
        usual = guesses.most_common(1)[0][0] if guesses else InterfaceType.UNKNOWN
        taken: set[str] = set()
        placed: list[Interface] = []
        for row in rows:
            if not row.physical:
                key, kind = f"if:{row.if_index}", InterfaceType.UNKNOWN
            else:
                key, kind = port_key(row.name)[0], row.type
                if key in taken:
                    key = row.name if row.name not in taken else f"{row.name}#{row.if_index}"
            taken.add(key)
            if kind is not InterfaceType.UNKNOWN and row.named_type is None:
                before = self.known.get(key)
                kind = max(kind, usual, before.type if before is not None else kind, key=lambda one: _RANK.get(one, 0))
            placed.append(Interface(key, row.name, kind, "", row.if_index, row.alias))
        return placed


class Olt(NetworkDevice):
    """Base of OLTs: ONUs are interfaces below PON ports."""

    type: ClassVar[DeviceType] = DeviceType.OLT

    def is_bind_key(self, text: str) -> bool:
        """Whether the text has the form of this family's bind keys, so that it need not be looked up."""
        return text.isdigit()

    async def key_of(self, interface: str | None) -> str | None:
        """The bind key behind a bind key or a name; None stands for all. Raises `NotFound`."""
        if interface is None or interface in self.known or self.is_bind_key(interface):
            return interface
        return (await self.find(interface)).bind_key

    async def onus(self) -> list[Interface]:
        """The ONUs among the known interfaces."""
        return [row for row in await self.known_interfaces() if row.type is InterfaceType.ONU]


class OltWithOnuInterfaces(Olt):
    """An OLT whose ONUs are rows of IF-MIB: their counters and descriptions are there."""

    async def onu_counters(self, interface: str | None = None) -> Answer[Counters]:
        """Counters of all ONUs, or of one."""
        only = await self._if_index(interface) if interface is not None else None
        return await if_mib.counters(self, if_mib.keys_of(await self.onus()), only)
