"""What ZTE C3xx and C6xx have in common: names, bind keys, and where each fact may be found."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from typing import ClassVar, Final, TypeVar

from wildcore.drivers import zte
from wildcore.drivers.base import Match
from wildcore.drivers.device import Olt
from wildcore.drivers.if_mib import IfRow
from wildcore.drivers.table import Findings
from wildcore.drivers.zte import Place, place_of, unpack_b
from wildcore.model.answer import Answer
from wildcore.model.interface import Counters, Interface, InterfaceType
from wildcore.model.olt import Card
from wildcore.model.onu import (
    OnuDescription,
    OnuIdent,
    OnuOptical,
    OnuReasons,
    OnuState,
    OnuStatus,
    OnuUni,
    OnuVendor,
    PonPort,
)

T = TypeVar("T")

_PORT: Final = re.compile(r"([a-z]*?gpon|epon|[a-z]+)[-_](?:olt[-_])?(\d+)/(\d+)/(\d+)\Z", re.IGNORECASE)
_KINDS: Final = {"gpon": InterfaceType.GPON, "epon": InterfaceType.EPON}


class ZteOlt(Olt):
    """Base of the ZTE families. `olt_name` and `onu_name` are how the CLI writes a port and an ONU."""

    vendor: ClassVar[str] = "ZTE"
    match: ClassVar[tuple[Match, ...]] = ()
    olt_name: ClassVar[str] = "{kind}-olt_{path}"
    onu_name: ClassVar[str] = "{kind}-onu_{path}"
    max_repetitions: ClassVar[int] = 16

    def is_bind_key(self, text: str) -> bool:
        """`10201001`."""
        return place_of(text) is not None

    def place(self, rows: Sequence[IfRow]) -> list[Interface]:
        """Ports by the place in their name, not by ifIndex, whose packing depends on firmware and chassis."""
        placed = []
        for row in rows:
            name = _PORT.match(row.name)
            if name is None:
                kind = row.type if row.physical else InterfaceType.UNKNOWN
                placed.append(Interface(f"if:{row.if_index}", row.name, kind, "", row.if_index, row.alias))
                continue
            where = Place(*map(int, name.group(2, 3, 4)))
            word = name[1].lower()
            pon = _KINDS.get(word[-4:])
            shown = self.olt_name.format(kind=word[-4:], path=where.path) if pon else row.name
            placed.append(
                Interface(
                    where.bind_key,
                    shown,
                    pon or row.type,
                    "",
                    row.if_index,
                    row.alias or (row.descr if row.descr != row.name else ""),
                )
            )
        return placed

    async def interfaces(self) -> Answer[Interface]:
        """Ports of IF-MIB and the ONUs of the registration tables (or, if those are hidden, of the ranging table)."""
        answer = await super().interfaces()
        findings = Findings(answer.complete, answer.problems)
        gpon = await self.pieced(*zte.REGISTERED)
        if not gpon.rows:
            gpon = await self.first(*zte.RANGED)
        epon = await self.rows(zte.EPON_REGISTERED)
        rows = list(answer.rows)
        for kind, onus in (("gpon", gpon), ("epon", epon)):
            rows += [self._onu(kind, row) for row in onus.rows]
            if onus.rows or onus.problems != ["no row"]:
                findings.add(onus.complete, onus.problems)
        if not gpon.rows and not epon.rows:
            findings.add(False, ["no ONU row"])
        self.know(rows)
        return findings.answer(rows)

    def _onu(self, kind: str, row: zte.Registered) -> Interface:
        where = place_of(row.bind_key) or Place(0, 0, 0)
        name = self.onu_name.format(kind=kind, path=where.path)
        return Interface(row.bind_key, name, InterfaceType.ONU, where.port_key, None, row.description or row.name)

    def foreign_port(self, number: int) -> int | None:
        """Bridge and LLDP port numbers are packing B, whatever IF-MIB uses."""
        where = unpack_b(number)
        known = self.known.get(where.bind_key) if where is not None else None
        return known.if_index if known is not None else None

    async def _has(self, kind: InterfaceType) -> bool:
        return any(row.type is kind for row in await self.known_interfaces())

    async def onu_status(self, interface: str | None = None) -> Answer[OnuStatus]:
        """Phase of GPON ONUs, state of EPON ones."""
        at = await self.key_of(interface)
        return _joined(await self.pieced(*zte.STATUS, at=at), await self.rows(zte.EPON_STATUS, at))

    async def onu_serials(self, interface: str | None = None) -> Answer[OnuIdent]:
        """Serial numbers of GPON ONUs."""
        return await self.first(*zte.SERIALS, at=await self.key_of(interface))

    async def onu_optical(self, interface: str | None = None) -> Answer[OnuOptical]:
        """What ONU and OLT measure, and the distance."""
        at = await self.key_of(interface)
        return _joined(await self.pieced(*zte.OPTICAL, at=at), await self.rows(zte.EPON_OPTICAL, at))

    async def onu_descriptions(self, interface: str | None = None) -> Answer[OnuDescription]:
        """Descriptions of ONUs, the names of those without one."""
        at = await self.key_of(interface)
        answer = _joined(await self.pieced(*zte.REGISTERED, at=at), await self.rows(zte.EPON_REGISTERED, at))
        rows = [OnuDescription(row.bind_key, row.description or row.name) for row in answer.rows]
        return Answer(rows, answer.complete, answer.problems)

    async def onu_reasons(self, interface: str | None = None) -> Answer[OnuReasons]:
        """When ONUs came and went, and why."""
        at = await self.key_of(interface)
        return _joined(await self.pieced(*zte.GPON_REASONS, at=at), await self.rows(zte.EPON_WHYS, at))

    async def onu_vendors(self, interface: str | None = None) -> Answer[OnuVendor]:
        """Maker, model and versions."""
        at = await self.key_of(interface)
        return _joined(await self.pieced(*zte.VENDORS, at=at), await self.rows(zte.EPON_TYPES, at))

    async def onu_unis(self, interface: str | None = None) -> Answer[OnuUni]:
        """Subscriber-side ports of GPON ONUs."""
        return await self.first(*zte.UNIS, at=await self.key_of(interface))

    async def onu_counters(self, interface: str | None = None) -> Answer[Counters]:
        """Octets of GPON ONUs."""
        return await self.pieced(*zte.COUNTERS, at=await self.key_of(interface))

    async def pon_ports(self) -> Answer[PonPort]:
        """ONU counts of PON ports, counted from the ONUs' states."""
        answer = await self.onu_status()
        counts: dict[str, list[int]] = {row.bind_key: [0, 0] for row in await self.known_interfaces() if row.type.is_pon}
        for row in answer.rows:
            where = place_of(row.bind_key)
            if where is not None:
                count = counts.setdefault(where.port_key, [0, 0])
                count[0] += 1
                count[1] += row.state is OnuState.ONLINE
        rows = [PonPort(key, onus_total=total, onus_online=online) for key, (total, online) in counts.items()]
        return Answer(rows if answer.rows else [], answer.complete, answer.problems)

    async def pon_ports_optical(self) -> Answer[PonPort]:
        """The PON ports' own optical modules."""
        answer = await self.rows(zte.PON_OPTICAL)
        pons = {row.bind_key for row in await self.known_interfaces() if row.type.is_pon}
        return Answer([row for row in answer.rows if row.bind_key in pons], answer.complete, answer.problems)

    async def cards(self) -> Answer[Card]:
        """Cards in the slots. C6xx shows 0 for load and memory that it does not measure."""
        answer = await self.first(*zte.CARDS)
        rows = answer.rows
        if not any(row.cpu_pct or row.memory_pct for row in rows):
            rows = [replace(row, cpu_pct=None, memory_pct=None) for row in rows]
        return Answer(rows, answer.complete, answer.problems)


def _joined(first: Answer[T], second: Answer[T]) -> Answer[T]:
    findings = Findings()
    for answer in (first, second):
        if answer.rows or answer.problems != ["no row"]:
            findings.add(answer.complete, answer.problems)
    rows = first.rows + second.rows
    if not rows:
        findings.add(False, ["no row"])
    return findings.answer(rows)
