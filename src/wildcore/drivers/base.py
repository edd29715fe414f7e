"""What a driver is made of: columns, tables, a match, and the base class that walks and joins them.

A family is a class with tables as data and capabilities as methods; `drivers/capabilities.py` maps module names to the
methods. A capability that a family lacks does not exist as a method.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, ClassVar, Final, Generic, Protocol, TypeAlias, TypeVar

from wildcore.drivers import decode
from wildcore.errors import DeviceAnswerError, DeviceError, DeviceRefused, DeviceUnreachable
from wildcore.model.answer import Answer
from wildcore.model.device import DeviceType, System
from wildcore.model.interface import Interface
from wildcore.transport.snmp.types import Index, Oid, SnmpTarget, Tag, Value, Walk, oid, oid_text

R = TypeVar("R")

KeyFields: TypeAlias = Mapping[str, Any]
Key: TypeAlias = Callable[[Index], KeyFields | None]

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


VlanSessions: TypeAlias = Callable[[int], Session]
"""Sessions that see one VLAN's bridge only (Cisco IOS: community `name@vlan`)."""


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


@dataclass(frozen=True, slots=True, init=False)
class Column:
    """One column of a table: where it is and how it is read.

    A row exists only where every `required` column has it (any column, if none is required). `suffix` is what follows
    the row's own index in this column (ZTE: `.1` behind the ONU).
    """

    oid: Oid
    read: decode.Decoder[Any]
    required: bool
    suffix: Index

    def __init__(self, where: str, read: decode.Decoder[Any], *, required: bool = False, suffix: Index = ()) -> None:
        object.__setattr__(self, "oid", oid(where))
        object.__setattr__(self, "read", read)
        object.__setattr__(self, "required", required)
        object.__setattr__(self, "suffix", suffix)


class Table(Generic[R]):
    """Columns that together make records of one type.

    `key` turns a row's index into the record's key fields (None: a foreign row). `index` is its inverse for one bind key;
    with `many`, that index is the common prefix of several rows.
    """

    def __init__(
        self,
        record: type[R],
        key: Key,
        *,
        index: Callable[[str], Index | None] | None = None,
        many: bool = False,
        **columns: Column,
    ) -> None:
        self.record = record
        self.key = key
        self.index = index
        self.many = many
        self.columns = columns
        self.required = tuple(name for name, column in columns.items() if column.required)


@dataclass(slots=True)
class Findings:
    """What several walks together found out: collects completeness and problems on the way to an `Answer`."""

    complete: bool = True
    problems: list[str] = field(default_factory=list)
    silent: bool = False

    def add(self, complete: bool, problems: Iterable[str] = ()) -> None:
        """Join another result to this one."""
        self.complete = self.complete and complete
        self.problems += [problem for problem in problems if problem not in self.problems]

    def answer(self, rows: list[R]) -> Answer[R]:
        """The answer with these rows."""
        return Answer(rows, self.complete, self.problems)


class Driver:
    """Base of all families: one device behind one session. Not for use by several tasks at once."""

    family: ClassVar[str]
    vendor: ClassVar[str] = ""
    type: ClassVar[DeviceType]
    match: ClassVar[tuple[Match, ...]] = ()
    models: ClassVar[tuple[Model, ...]] = ()

    identity: ClassVar[Mapping[str, tuple[str, decode.Decoder[Any]]]] = {}
    """Vendor objects of `system`: field of `System` -> (scalar OID, decoder)."""

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
        if at is not None:
            return await self._rows_at(table, at, key or table.key)
        return await self._joined(table, (), key or table.key)

    async def _joined(self, table: Table[R], prefix: Index, key: Key) -> Answer[R]:
        findings = Findings()
        walks: dict[Oid, Walk] = {}
        values: dict[str, dict[Index, Any]] = {}
        seen: dict[Index, None] = {}
        for name, column in table.columns.items():
            base = column.oid + prefix
            walk = walks.get(base)
            if walk is None:
                walk = walks[base] = await self.walk(base, findings, needed=column.required)
            if column.required and not walk.rows and walk.complete:
                findings.add(False, [f"{oid_text(base)}: the table is empty"])
            found = values[name] = {}
            read, suffix = column.read, column.suffix
            for index, value in walk.rows:
                if suffix:
                    if index[-len(suffix) :] != suffix:
                        continue
                    index = index[: -len(suffix)]
                found[index] = read(value)
            if column.required or not table.required:
                seen.update(dict.fromkeys(found))
        rows = _records(table, key, prefix, seen, values)
        if not rows:
            findings.add(False, [] if findings.problems else ["no row"])
        return findings.answer(rows)

    async def _rows_at(self, table: Table[R], at: str, key: Key) -> Answer[R]:
        index = table.index(at) if table.index is not None else None
        if index is None:
            return Answer([], complete=False, problems=[f"{at}: no such interface"])
        if table.many:
            return await self._joined(table, index, key)
        wanted = {name: column.oid + index + column.suffix for name, column in table.columns.items()}
        got = await self.session.get(*dict.fromkeys(wanted.values()))
        required = table.required or tuple(name for name in wanted if wanted[name] in got)
        if not got or not all(wanted[name] in got for name in required):
            return Answer([], complete=False, problems=[f"{at}: the device has no such row"])
        values = {name: {index: table.columns[name].read(got.get(where))} for name, where in wanted.items()}
        return Answer(_records(table, key, (), {index: None}, values))

    async def first(self, *tables: Table[R], at: str | None = None) -> Answer[R]:
        """The answer of the first table that has rows: for facts that firmwares keep in different places."""
        answers: list[Answer[R]] = []
        for table in tables:
            answer = await self.rows(table, at)
            if answer.rows:
                return answer
            answers.append(answer)
        return Answer([], False, [problem for answer in answers for problem in answer.problems])

    async def write(self, where: Oid, tag: Tag, value: Value) -> None:
        """SET one object. Raises `DeviceRefused` when the device does not take it."""
        await self.session.set((where, tag, value))


def _records(
    table: Table[R], key: Key, prefix: Index, seen: Iterable[Index], values: Mapping[str, Mapping[Index, Any]]
) -> list[R]:
    required = [values[name] for name in table.required]
    columns = list(values.items())
    record = table.record
    rows: list[R] = []
    for index in seen:
        if required and not all(index in column for column in required):
            continue
        fields = key(prefix + index)
        if fields is None:
            continue
        filled = dict(fields)
        for name, column in columns:
            value = column.get(index)
            if value is not None:
                filled[name] = value
        rows.append(record(**filled))
    return rows


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


def by_number(index: Index) -> KeyFields | None:
    """Key of rows with one number: the number is the bind key."""
    return {"bind_key": str(index[0])} if len(index) == 1 else None


def number_index(bind_key: str) -> Index | None:
    """Inverse of `by_number`."""
    return (int(bind_key),) if bind_key.isascii() and bind_key.isdigit() else None
