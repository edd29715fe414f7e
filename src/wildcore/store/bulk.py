"""Many rows in one statement, on both engines.

SQLite runs a prepared statement for some rows at a time without leaving the process; PostgreSQL gets one statement with a
column's values as one array each, since a round trip or a bound parameter per value would cost more than the write. Values must
be of one plain type per column (str, int, float, bool or None): PostgreSQL refuses mixed arrays.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Sequence
from functools import lru_cache
from itertools import chain
from typing import Any

from sqlalchemy import ARRAY, BindParameter, ColumnElement, String, Table, Text, any_, bindparam, cast, func, select
from sqlalchemy.dialects import postgresql
from sqlalchemy.orm import Session
from sqlalchemy.types import TypeEngine

Rows = Sequence[tuple[Any, ...]]

_DIALECT = postgresql.dialect()  # type: ignore[no-untyped-call]
_CACHED = 128
_TOGETHER = 50  # rows of one statement on SQLite: beginning and ending it costs as much as half of them


def is_sqlite(session: Session) -> bool:
    """Which of the two engines the session speaks to."""
    return session.get_bind().dialect.name == "sqlite"


def insert_rows(
    session: Session,
    table: Table,
    columns: tuple[str, ...],
    rows: Rows,
    *,
    key: tuple[str, ...] = (),
    update: tuple[str, ...] = (),
    keep: bool = False,
) -> None:
    """INSERT rows of `columns`; where `key` exists already, set the columns `update` instead; `keep` what None would replace."""
    if not rows:
        return
    if is_sqlite(session):
        whole = len(rows) - len(rows) % _TOGETHER
        if whole:
            statement = _insert(table, columns, key, update, arrays=False, keep=keep, count=_TOGETHER)
            _run(session, statement, [tuple(chain.from_iterable(rows[at : at + _TOGETHER])) for at in range(0, whole, _TOGETHER)])
        if whole < len(rows):
            _run(session, _insert(table, columns, key, update, arrays=False, keep=keep), rows[whole:])
    else:
        arrays = tuple(map(list, zip(*rows, strict=True)))
        _run(session, _insert(table, columns, key, update, arrays=True, keep=keep), arrays)


def update_rows(session: Session, table: Table, columns: tuple[str, ...], rows: Rows) -> None:
    """UPDATE by id: each row holds the values of `columns`, then the id."""
    if not rows:
        return
    if is_sqlite(session):
        _run(session, _update(table, columns, arrays=False), rows)
    else:
        _run(session, _update(table, columns, arrays=True), tuple(map(list, zip(*rows, strict=True))))


def among(session: Session, column: ColumnElement[Any], values: Collection[Any]) -> ColumnElement[bool]:
    """`column IN values` as one parameter, however many values there are."""
    sqlite = is_sqlite(session)
    value = among_value(values, sqlite=sqlite)
    return _among(column, bindparam(None, value, type_=_among_type(column, sqlite)), sqlite)


def among_given(column: ColumnElement[Any], name: str, *, sqlite: bool) -> ColumnElement[bool]:
    """The same for a statement that is built once: the parameter `name` holds what `among_value` makes of the values."""
    return _among(column, bindparam(name, type_=_among_type(column, sqlite)), sqlite)


def among_value(values: Collection[Any], *, sqlite: bool) -> Any:
    """Values as the one parameter of `among_given`."""
    plain = sorted(values)
    return json.dumps(plain) if sqlite else plain


def json_rows(*columns: ColumnElement[Any], sqlite: bool) -> ColumnElement[Any]:
    """All rows of a query as one value: the text of a JSON list of lists, None without rows on PostgreSQL."""
    if sqlite:
        return func.json_group_array(func.json_array(*columns))
    return cast(func.json_agg(func.json_build_array(*columns)), Text())


def _among_type(column: ColumnElement[Any], sqlite: bool) -> TypeEngine[Any]:
    return String() if sqlite else ARRAY(column.type)


def _among(column: ColumnElement[Any], values: BindParameter[Any], sqlite: bool) -> ColumnElement[bool]:
    if sqlite:
        return column.in_(select(func.json_each(values).table_valued("value").c.value))
    return column == any_(values)


def _run(session: Session, statement: str, parameters: Any) -> None:
    session.connection().exec_driver_sql(statement, parameters if isinstance(parameters, tuple) else list(parameters))


@lru_cache(maxsize=_CACHED)
def _insert(
    table: Table,
    columns: tuple[str, ...],
    key: tuple[str, ...],
    update: tuple[str, ...],
    *,
    arrays: bool,
    keep: bool,
    count: int = 1,
) -> str:
    values = ", ".join([f"({', '.join('?' * len(columns))})"] * count)
    source = f"SELECT * FROM {_arrays(table, columns)} AS v" if arrays else f"VALUES {values}"  # noqa: S608 - names of our own tables
    conflict = ""
    if key:
        new = "coalesce(excluded.{0}, {1}.{0})" if keep else "excluded.{0}"
        sets = ", ".join(f"{name} = {new.format(name, table.name)}" for name in update)
        conflict = f" ON CONFLICT ({', '.join(key)}) DO " + (f"UPDATE SET {sets}" if sets else "NOTHING")
    return f"INSERT INTO {table.name} ({', '.join(columns)}) {source}{conflict}"


@lru_cache(maxsize=_CACHED)
def _update(table: Table, columns: tuple[str, ...], *, arrays: bool) -> str:
    if not arrays:
        return f"UPDATE {table.name} SET {', '.join(f'{name} = ?' for name in columns)} WHERE id = ?"  # noqa: S608
    names = (*columns, "id")
    sets = ", ".join(f"{name} = v.{name}" for name in columns)
    source = f"{_arrays(table, names)} AS v({', '.join(names)})"
    return f"UPDATE {table.name} SET {sets} FROM {source} WHERE {table.name}.id = v.id"  # noqa: S608


def _arrays(table: Table, columns: tuple[str, ...]) -> str:
    types = (table.c[name].type.compile(dialect=_DIALECT) for name in columns)
    return f"unnest({', '.join(f'%s::{kind}[]' for kind in types)})"
