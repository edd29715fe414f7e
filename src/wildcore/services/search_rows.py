"""Hits of the global search, and its statements, built once for the names of their parameters: that costs more than running."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, Integer, Select, bindparam
from sqlalchemy.orm import Session

from wildcore.i18n import Text
from wildcore.services.actor import Actor
from wildcore.services.scope import scope_values
from wildcore.store import search as store
from wildcore.store.quick import Prepared
from wildcore.store.tables import Base

_LIMIT = bindparam("row_limit", type_=Integer())
_MOST_BUILT = 500
_built: dict[tuple[object, ...], Prepared] = {}


def rows_of(
    session: Session, actor: Actor, what: str, values: dict[str, Any], limit: int, build: Callable[[bool], Select[Any]]
) -> list[Any]:
    """Rows of a statement that `build(limited)` makes for parameters of these names; `what` tells it from others."""
    limited = actor.group_ids is not None
    key = (session.get_bind().dialect.name, what, limited, *values)
    statement = _built.get(key)
    if statement is None:
        if len(_built) >= _MOST_BUILT:
            _built.clear()
        query = build(limited).limit(_LIMIT)
        statement = _built[key] = Prepared(lambda _dialect: query)
    return list(statement.all(session, {**values, **scope_values(actor), "row_limit": limit}))


@dataclass(frozen=True, slots=True)
class Hit:
    """One thing found. `title` is what it is called, `detail` what else is known, `place` where it is.

    `interface_id` or `device_id` say which page shows it; both are None for a subscriber without a place.
    """

    kind: str
    title: str
    detail: str
    place: str
    interface_id: int | None
    device_id: int | None
    status: str = ""
    link: str = ""


@dataclass(frozen=True, slots=True)
class HitGroup:
    """Hits of one kind: `subscriber`, `interface`, `onu`, `mac` or `device`; `more` when there are others beyond them."""

    kind: str
    title: Text
    hits: tuple[Hit, ...]
    more: bool


@dataclass(frozen=True, slots=True)
class Search:
    """One kind of search: what is read, and what its rows begin with."""

    kind: str
    model: type[Base]
    query: Callable[[bool], Select[Any]]
    prefixed: Callable[[], ColumnElement[bool]]
    prefix_values: dict[str, str]


def closest(session: Session, actor: Actor, one: Search, words: str, limit: int) -> list[Any]:
    """Rows that begin with the text, then rows that contain it, each once; rows with its words only when there are no others."""
    values: dict[str, Any] = dict(one.prefix_values)
    rows = rows_of(session, actor, one.kind, values, limit, lambda limited: one.query(limited).where(one.prefixed()))
    if len(rows) >= limit or len(words) < store.FULL_TEXT_FROM:
        return rows[:limit]
    for parts in store.forms(words):
        if rows and parts != (words,):
            break

        def wider(limited: bool, parts: tuple[str, ...] = parts) -> Select[Any]:
            return store.with_parts(session, one.query(limited).order_by(None), one.model, parts)

        seen = {row[0] for row in rows}
        found = rows_of(
            session, actor, f"{one.kind} containing", dict(store.part_values(session, parts)), limit + len(seen), wider
        )
        rows += [row for row in found if row[0] not in seen]
    return rows[:limit]
