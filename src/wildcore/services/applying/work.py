"""What every writer of an answer works with: the answer, the interfaces known so far, and what came of it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, NamedTuple, TypeVar

from sqlalchemy import Table, select
from sqlalchemy.orm import Session

from wildcore.model.answer import Answer
from wildcore.store.metrics import Batch
from wildcore.store.tables import Device, FdbHistory, Interface, InterfaceHistory, ModuleAnswer, OnuValues
from wildcore.store.tables.base import Base

REFRESH_SEC = 900
"""How old `last_seen_at` of something that stays as it is may grow before it is written again."""


def _table(model: type[Base]) -> Table:
    table = model.__table__
    assert isinstance(table, Table)  # noqa: S101 - for the type checker: a mapped class may be mapped to a join
    return table


DEVICES, INTERFACES, ANSWERS = _table(Device), _table(Interface), _table(ModuleAnswer)
HISTORY, VALUES, FDB = _table(InterfaceHistory), _table(OnuValues), _table(FdbHistory)


class Known(NamedTuple):
    """An interface as it is stored."""

    id: int
    bind_key: str
    parent_bind_key: str
    name: str
    type: str
    if_index: int | None
    status: str
    status_changed_at: int | None
    description: str
    ident: str | None
    ident_type: str
    save_fdb: bool
    last_seen_at: int | None
    last_online_at: int | None
    gone_at: int | None


class Brief(NamedTuple):
    """What most answers about ONUs need of an interface: a fraction of the cost of all of it."""

    id: int
    bind_key: str
    description: str
    ident: str | None
    ident_type: str
    gone_at: int | None


_KNOWN = [INTERFACES.c[name] for name in Known._fields]
_BRIEF = [INTERFACES.c[name] for name in Brief._fields]
_One = TypeVar("_One", Known, Brief)


class Previous(NamedTuple):
    """The answer before this one: when it came, and whether it was complete."""

    at: int | None
    complete: bool


@dataclass(frozen=True, slots=True)
class Applied:
    """What an answer changed. `rows` the answer's rows; `changed` how many stored rows it changed or added (without values
    that always change, such as optics); `unknown` rows of interfaces that are not known yet; `problems` the driver's and ours;
    `touched_idents` ONU idents whose place changed; `new_idents` those that a place has from now on; `batches` numbers for the
    metric store, to be put after the commit."""

    rows: int
    complete: bool
    problems: list[str]
    touched_idents: set[str]
    new_idents: set[str]
    changed: int
    unknown: int
    batches: list[Batch]


@dataclass
class Work:
    """One answer on its way into the store. `bind_key` means that the device was asked about this interface only."""

    session: Session
    device_id: int
    module: str
    answer: Answer[Any]
    at: int
    bind_key: str | None
    previous: Previous | None
    problems: list[str] = field(default_factory=list)
    touched_idents: set[str] = field(default_factory=set)
    new_idents: set[str] = field(default_factory=set)
    flipped_idents: set[str] = field(default_factory=set)
    touched_macs: set[str] = field(default_factory=set)
    places_changed: bool = False
    changed: int = 0
    unknown: int = 0
    batches: list[Batch] = field(default_factory=list)

    @cached_property
    def known(self) -> dict[str, Known]:
        """Stored interfaces by bind key: all of the device, or the one that was asked about."""
        return {row[1]: Known._make(row) for row in self._rows(_KNOWN)}

    @cached_property
    def brief(self) -> dict[str, Brief]:
        """The same in brief."""
        return {row[1]: Brief._make(row) for row in self._rows(_BRIEF)}

    def _rows(self, columns: list[Any]) -> Sequence[Any]:
        query = select(*columns).where(INTERFACES.c.device_id == self.device_id)
        if self.bind_key is not None:
            query = query.where(INTERFACES.c.bind_key == self.bind_key)
        return self.session.execute(query).all()

    @property
    def whole(self) -> bool:
        """Whether the absence of a row means the absence of the thing: complete, about the whole device, and not empty."""
        return self.answer.complete and self.bind_key is None and bool(self.answer.rows)

    @property
    def seen_before(self) -> int:
        """When the complete answer before this one came, 0 if it was not complete: what it said stood until then at least."""
        return (self.previous.at or 0) if self.previous is not None and self.previous.complete else 0

    def pairs(self, known: dict[str, _One]) -> Iterable[tuple[Any, _One]]:
        """Rows with their stored interfaces; rows of unknown ones are counted, of gone ones wait for `interfaces_list`."""
        for row in self.answer.rows:
            one = known.get(row.bind_key)
            if one is None:
                self.unknown += 1
            elif one.gone_at is None:
                yield row, one

    def put(self, metric: str, ids: list[int], values: list[float]) -> None:
        """Numbers for the metric store."""
        if ids:
            self.batches.append(Batch(metric, self.at, ids, values))


def clean(text: str, length: int) -> str:
    """A text that both engines store: no NUL (PostgreSQL refuses it), no lone surrogates, at most `length` characters."""
    if not text.isascii():
        text = text.encode("utf-8", "replace").decode("utf-8")
    return text.replace("\0", "")[:length]
