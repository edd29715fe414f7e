"""Tables as data: columns with decoders, joined by index into records."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Generic, TypeAlias, TypeVar

from wildcore.drivers import decode
from wildcore.model.answer import Answer
from wildcore.transport.snmp.types import Index, Oid, Value, oid

R = TypeVar("R")

KeyFields: TypeAlias = Mapping[str, Any]
Key: TypeAlias = Callable[[Index], KeyFields | None]


@dataclass(frozen=True, slots=True, init=False)
class Column:
    """One column of a table: where it is and how it is read.

    A row exists only where every `required` column has a usable value (any column has the row, if none is required).
    `suffix` is what follows the row's own index in this column (ZTE: `.1` behind the ONU).
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

    def indexed(self, rows: list[tuple[Index, Value]]) -> Iterable[tuple[Index, Value]]:
        """Rows of this column by the row's own index."""
        suffix = self.suffix
        if not suffix:
            return rows
        return [(index[: -len(suffix)], value) for index, value in rows if index[-len(suffix) :] == suffix]


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

    def at(self, index: Index | None) -> Table[R]:
        """The same table where every bind key stands for this one index."""
        return Table(self.record, self.key, index=lambda _: index, many=self.many, **_columns(self.columns))


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


def _columns(columns: Mapping[str, Column]) -> dict[str, Any]:
    return dict(columns)


def records(
    table: Table[R],
    key: Key,
    prefix: Index,
    seen: Iterable[Index],
    values: Mapping[str, Mapping[Index, Any]],
    findings: Findings,
) -> list[R]:
    """Join decoded columns into records. A row without a usable value in a required column is left out and said."""
    required = [values.get(name, {}) for name in table.required]
    columns = list(values.items())
    record = table.record
    rows: list[R] = []
    unusable = 0
    for index in seen:
        if required and any(column.get(index) is None for column in required):
            unusable += any(index in column for column in required)
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
    if unusable:
        findings.add(False, [f"{unusable} rows with an impossible {' or '.join(table.required)}"])
    return rows


def by_number(index: Index) -> KeyFields | None:
    """Key of rows with one number: the number is the bind key."""
    return {"bind_key": str(index[0])} if len(index) == 1 else None


def number_index(bind_key: str) -> Index | None:
    """Inverse of `by_number`."""
    return (int(bind_key),) if bind_key.isascii() and bind_key.isdigit() else None
