"""Rows of a capture: building, ordering, overlaying, writing as snmprec text.

A row is `(oid, tag, value)`; the value may be a function without arguments, asked at every reading: that is how optics
drift and counters grow.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from functools import partial
from typing import TypeAlias, TypeVar

from wildcore.transport.replay import MibRow, StaticMib, write_snmprec
from wildcore.transport.snmp.types import Oid, Tag, Value, Varbind, oid

T = TypeVar("T")
Live: TypeAlias = Value | Callable[[], Value]
Row: TypeAlias = tuple[Oid, int, Live]

INTEGER, STRING, OBJECT, IP = int(Tag.INTEGER), int(Tag.OCTET_STRING), int(Tag.OID), int(Tag.IP)
COUNTER32, GAUGE, TICKS, COUNTER64 = int(Tag.COUNTER32), int(Tag.GAUGE32), int(Tag.TIMETICKS), int(Tag.COUNTER64)


def each(items: Iterable[tuple[Oid, T]], read: Callable[[T], Value]) -> Iterator[tuple[Oid, Live]]:
    """Live cells: for every (index, thing) the function that reads the thing."""
    return ((index, partial(read, thing)) for index, thing in items)


class Rows:
    """Collects rows; `list()` gives them in the order of their OIDs, later rows winning over earlier ones."""

    def __init__(self) -> None:
        self._rows: dict[Oid, tuple[int, Live]] = {}

    def scalar(self, where: str, tag: int, value: Live) -> None:
        """One object; `where` is its full OID, instance included."""
        self._rows[oid(where)] = (tag, value)

    def column(self, where: str, tag: int, cells: Iterable[tuple[Oid, Live]]) -> None:
        """One column of a table: cells are (index, value)."""
        base = oid(where)
        rows = self._rows
        for index, value in cells:
            rows[base + index] = (tag, value)

    def integers(self, where: str, cells: Iterable[tuple[Oid, Live]]) -> None:
        """A column of INTEGER."""
        self.column(where, INTEGER, cells)

    def texts(self, where: str, cells: Iterable[tuple[Oid, str | Live]]) -> None:
        """A column of OCTET STRING; `str` values are written as UTF-8."""
        self.column(where, STRING, ((index, v.encode() if isinstance(v, str) else v) for index, v in cells))

    def add(self, rows: Iterable[Row]) -> None:
        """Take over ready rows."""
        for where, tag, value in rows:
            self._rows[where] = (tag, value)

    def list(self) -> list[Row]:
        """All rows in the order in which an agent walks them."""
        return [(where, *self._rows[where]) for where in sorted(self._rows)]


def frozen(rows: Iterable[Row]) -> list[tuple[Oid, int, Value]]:
    """The rows at this instant: every function replaced by its present value."""
    return [(where, tag, value() if callable(value) else value) for where, tag, value in rows]


def overlay(base: Iterable[Row], rows: Iterable[Row]) -> list[Row]:
    """A capture with other rows laid over it: same OIDs are replaced, new ones added, the rest stays."""
    joined = Rows()
    joined.add(base)
    joined.add(rows)
    return joined.list()


def snmprec(rows: Iterable[Row]) -> str:
    """The rows at this instant as the text of a capture file."""
    return write_snmprec(Varbind(*row) for row in frozen(rows))


def mib(rows: Iterable[Row]) -> StaticMib:
    """The rows as what an agent serves; functions among the values are asked at every reading."""
    return StaticMib(MibRow(*row) for row in rows)
