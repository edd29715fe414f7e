"""What a driver is made of: columns, tables, a match, and the base class that walks and joins them.

A family is a class with tables as data and capabilities as methods; `drivers/capabilities.py` maps module names to the
methods. A capability that a family lacks does not exist as a method.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any, ClassVar, Final, Protocol, TypeAlias, TypeVar

from wildcore.drivers import decode
from wildcore.drivers.table import Findings, Key, Table, records
from wildcore.errors import DeviceAnswerError, DeviceError, DeviceRefused, DeviceUnreachable
from wildcore.model.answer import Answer
from wildcore.model.device import DeviceType, System
from wildcore.model.interface import Interface
from wildcore.transport.snmp.types import Index, Oid, SnmpTarget, Tag, Value, Walk, oid, oid_text

R = TypeVar("R")

SYSTEM: Final = "1.3.6.1.2.1.1"
SYS_DESCR, SYS_OBJECT_ID, SYS_UPTIME, SYS_CONTACT, SYS_NAME, SYS_LOCATION = (oid(f"{SYSTEM}.{n}.0") for n in range(1, 7))


class Session(Protocol):
    """What a driver needs of an SNMP session; `wildcore.transport` has the real one.

    `get` leaves missing objects out. `column` never raises for a walk that broke off half-way: `Walk.complete` tells.
    Both raise `DeviceUnreachable`, `DeviceAnswerError` or `DeviceRefused` when there is nothing to return.
    """

    async def get(self, *oids: Oid) -> dict[Oid, Value]: ...

    async def column(self, base: Oid, /) -> Walk: ...

    async def set(self, *values: tuple[Oid, Tag, Value]) -> None: ...


Identity: TypeAlias = Mapping[str, tuple[str, decode.Decoder[Any]]]
"""Vendor objects of `system`: field of `System` -> (scalar OID, decoder)."""

VlanSessions: TypeAlias = Callable[[int], Session | None]
"""Sessions that see one VLAN's bridge only (Cisco IOS: community `name@vlan`); None where there is no such view."""


def vlan_sessions(target: SnmpTarget, opened: Callable[[SnmpTarget], Session]) -> VlanSessions | None:
    """Sessions per VLAN in the way of Cisco IOS, community `name@vlan`; None for SNMPv3, which has contexts instead."""
    if target.version == "3":
        return None
    return lambda vlan: opened(replace(target, read_community=f"{target.read_community}@{vlan}"))


@dataclass(frozen=True, slots=True)
class Params:
    """What a driver may be told beside its session. `vlan_session` is None where the access cannot offer it."""

    vlan_session: VlanSessions | None = None


@dataclass(frozen=True, slots=True)
class Match:
    """How a family is recognised: every given part must fit. `object_id` is a prefix, `descr` a case-insensitive regex."""

    object_id: str = ""
    descr: str = ""

    def fits(self, system: System) -> bool:
        """Whether the device that says this of itself belongs to the family."""
        if self.object_id and not f"{system.object_id}.".startswith(f"{self.object_id}."):
            return False
        return not self.descr or re.search(self.descr, system.descr, re.IGNORECASE) is not None


@dataclass(frozen=True, slots=True)
class Model:
    """One model of a family: the first whose `descr` pattern fits sysDescr (or sysObjectID with `object_id`) is it."""

    key: str
    model: str
    match: Match = Match()


class Driver:
    """Base of all families: one device behind one session. Not for use by several tasks at once."""

    family: ClassVar[str]
    vendor: ClassVar[str] = ""
    type: ClassVar[DeviceType]
    match: ClassVar[tuple[Match, ...]] = ()
    models: ClassVar[tuple[Model, ...]] = ()

    max_repetitions: ClassVar[int] = 25
    """GETBULK size that every firmware of the family survives."""

    model_oid: ClassVar[str] = ""
    """Scalar that names the model where sysDescr does not."""

    identity: ClassVar[Identity] = {}

    def __init__(self, session: Session, params: Params | None = None) -> None:
        self.session = session
        self.params = params or Params()
        self.known: dict[str, Interface] = {}

    def know(self, interfaces: Iterable[Interface]) -> None:
        """Tell the driver what was stored of its interfaces: a question about one of them then needs no walk."""
        self.known = {interface.bind_key: interface for interface in interfaces}

    async def system(self) -> Answer[System]:
        """The system group and the vendor's identity objects: one row."""
        found = await self.session.get(SYS_DESCR, SYS_OBJECT_ID, SYS_UPTIME, SYS_CONTACT, SYS_NAME, SYS_LOCATION)
        system = system_of(found)
        problems: list[str] = []
        if self.identity:
            wanted = {oid(where): (name, read) for name, (where, read) in self.identity.items()}
            try:
                extra = await self.session.get(*wanted)
            except DeviceError as error:
                extra, problems = {}, [error.description]
            values = {name: read(extra.get(where)) for where, (name, read) in wanted.items()}
            system = replace(system, **{name: value for name, value in values.items() if value is not None})
        return Answer([system], complete=bool(found), problems=problems)

    async def walk(self, base: Oid, findings: Findings, *, needed: bool = True) -> Walk:
        """One column. What is cut, or `needed` and refused, makes the findings incomplete; an optional column that the
        device refuses is just not there. Raises `DeviceUnreachable` for a needed column, or the second silent one."""
        try:
            walk = await self.session.column(base)
        except DeviceRefused as error:
            walk = Walk([], complete=not needed, problem=error.description)
        except DeviceAnswerError as error:
            walk = Walk([], complete=False, problem=error.description)
        except DeviceUnreachable as error:
            if needed or findings.silent:
                raise
            findings.silent = True
            walk = Walk([], complete=False, problem=error.description)
        if not walk.complete:
            findings.add(False, [f"{oid_text(base)}: {walk.problem or 'the walk was cut'}"])
        return walk

    async def rows(self, table: Table[R], at: str | None = None, *, key: Key | None = None) -> Answer[R]:
        """The records of a table, or with a bind key only that one's (by GET).

        Columns are walked one by one and joined by index. The answer is complete when every walk was, every required
        column had rows, and there is at least one record: an empty table is never proof that everything is gone.
        """
        return await self.union(table, at=at, key=key)

    async def union(self, *tables: Table[R], at: str | None = None, key: Key | None = None) -> Answer[R]:
        """The records of several tables together (GPON and EPON ONUs of one OLT); complete if all of their walks were
        and at least one has records."""
        findings = Findings()
        rows: list[R] = []
        for table in tables:
            rows += await self._read(table, at, findings, key)
        return _never_empty(rows, findings)

    async def first(self, *tables: Table[R], at: str | None = None) -> Answer[R]:
        """The records of the first table that has any: for facts that firmwares keep in different places."""
        findings = Findings()
        for table in tables:
            rows = await self._read(table, at, findings, None)
            if rows:
                return findings.answer(rows)
        return _never_empty([], findings)

    async def pieced(self, *tables: Table[R], at: str | None = None) -> Answer[R]:
        """One table out of several whose columns firmwares have in part: a column without a single value in the first
        table is looked up in the next. Records are matched by bind key."""
        findings = Findings()
        merged: dict[str, dict[str, Any]] = {}
        filled: set[str] = set()
        for table in tables:
            lacking = {name: column for name, column in table.columns.items() if name not in filled}
            if not lacking:
                break
            part = Table(dict, table.key, index=table.index, many=table.many, **lacking)
            for row in await self._read(part, at, findings, None):
                merged.setdefault(row["bind_key"], {}).update(row)
            filled = {name for row in merged.values() for name in row}
        record = tables[0].record
        return _never_empty([record(**row) for row in merged.values()], findings)

    async def _read(self, table: Table[R], at: str | None, findings: Findings, key: Key | None) -> list[R]:
        if at is None:
            return await self._joined(table, (), findings, key or table.key)
        index = table.index(at) if table.index is not None else None
        if index is None:
            return []
        if table.many:
            return await self._joined(table, index, findings, key or table.key)
        wanted = {name: (*column.oid, *index, *column.suffix) for name, column in table.columns.items()}
        got = await self.session.get(*dict.fromkeys(wanted.values()))
        values = {name: {index: table.columns[name].read(got[where])} for name, where in wanted.items() if where in got}
        return records(table, key or table.key, (), [index] if values else [], values, findings)

    async def _joined(self, table: Table[R], prefix: Index, findings: Findings, key: Key) -> list[R]:
        walks: dict[Oid, Walk] = {}
        values: dict[str, dict[Index, Any]] = {}
        seen: dict[Index, None] = {}
        for name, column in table.columns.items():
            base = column.oid + prefix
            walk = walks.get(base)
            if walk is None:
                walk = walks[base] = await self.walk(base, findings, needed=column.required)
            read = column.read
            found = values[name] = {index: read(value) for index, value in column.indexed(walk.rows)}
            if column.required or not table.required:
                seen.update(dict.fromkeys(found))
            if column.required and not found:
                return []
        return records(table, key, prefix, seen, values, findings)

    async def write(self, where: Oid, tag: Tag, value: Value) -> None:
        """SET one object. Raises `DeviceRefused` when the device does not take it."""
        await self.session.set((where, tag, value))


def _never_empty(rows: list[R], findings: Findings) -> Answer[R]:
    if not rows:
        findings.add(False, [] if findings.problems else ["no row"])
    return findings.answer(rows)


def system_of(found: Mapping[Oid, Value]) -> System:
    """The system group out of a GET's answer; recorder artefacts (a leading quote, a leading dot) are dropped."""

    def words(where: Oid) -> str:
        return (decode.text(found.get(where)) or "").lstrip('"').strip()

    return System(
        descr=words(SYS_DESCR),
        object_id=words(SYS_OBJECT_ID).lstrip("."),
        uptime_sec=decode.ticks_sec(found.get(SYS_UPTIME)),
        contact=words(SYS_CONTACT),
        name=words(SYS_NAME),
        location=words(SYS_LOCATION),
    )
