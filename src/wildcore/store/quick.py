"""Reads of a few rows with nothing around them: kept sessions, and statements that are made once.

SQLAlchemy's session, transaction and execution cost several times what SQLite needs for one row by its key, and on PostgreSQL
each BEGIN and ROLLBACK is a way to the server and back. A kept session holds one connection of its own for good. On SQLite
every read is still a transaction; on PostgreSQL each statement stands for itself, as it does in READ COMMITTED anyway, and the
connection refuses to write.
"""

from __future__ import annotations

import re
import select
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeVar

from sqlalchemy import Connection, Engine, Select
from sqlalchemy.orm import Session

from wildcore.errors import WildcoreError

T = TypeVar("T")
_PARAMETER = re.compile(r"%\((\w+)\)s")
_IDLE_SEC = 30.0
"""A connection that rested for longer is opened anew: a firewall between may have forgotten it."""


class KeptSessions:
    """Reading sessions that stay open, as many as are used at once. Shared by all threads."""

    def __init__(self, engine: Engine, *, sqlite: bool) -> None:
        self._engine = engine if sqlite else engine.execution_options(isolation_level="AUTOCOMMIT")
        self._sqlite = sqlite
        self._free: list[_Kept] = []
        self._closed = False
        self._lock = threading.Lock()

    def run(self, work: Callable[[Session], T]) -> T:
        """Run `work` with a session that nobody else uses meanwhile; whatever it changed is rolled back or refused."""
        kept = self._take()
        try:
            result = kept.run(work)
        except WildcoreError:
            self._give(kept)
            raise
        except BaseException:
            kept.close()
            raise
        self._give(kept)
        return result

    def close(self) -> None:
        """Close the sessions; those in use close when they are given back."""
        with self._lock:
            self._closed, free, self._free = True, self._free, []
        for one in free:
            one.close()

    def _take(self) -> _Kept:
        while True:
            with self._lock:
                kept = self._free.pop() if self._free else None
            if kept is None:
                return _Kept(self._engine, sqlite=self._sqlite)
            if kept.alive():
                return kept
            kept.close()

    def _give(self, kept: _Kept) -> None:
        if kept.usable():
            with self._lock:
                if not self._closed:
                    self._free.append(kept)
                    return
        kept.close()


class _Kept:
    def __init__(self, engine: Engine, *, sqlite: bool) -> None:
        self._sqlite = sqlite
        self._connection: Connection = engine.connect()
        self._connection.detach()
        self._session = Session(self._connection, expire_on_commit=False, autoflush=False)
        self._session.connection()
        self._transaction = self._session.get_transaction()
        driver: Any = self._connection.connection.dbapi_connection
        self._driver = driver
        self._used_at = time.monotonic()
        self._poll: Any = None
        if sqlite:
            self._driver.rollback()
        else:
            # Every read here goes by keys, where one plan serves all values: planning costs more than such a read.
            self._driver.execute("SET default_transaction_read_only = on; SET plan_cache_mode = force_generic_plan")
            self._driver.prepare_threshold = 1
            self._poll = select.poll()
            self._poll.register(self._driver.fileno(), select.POLLIN)

    def run(self, work: Callable[[Session], T]) -> T:
        if not self._sqlite:
            try:
                return work(self._session)
            finally:
                self._session.expunge_all()
        self._driver.execute("BEGIN").close()
        try:
            return work(self._session)
        finally:
            self._session.expunge_all()
            self._driver.rollback()

    def alive(self) -> bool:
        """Whether the server still holds the other end: one that went away has sent an end, which can be read."""
        if self._poll is None:
            return True
        return time.monotonic() - self._used_at < _IDLE_SEC and not self._poll.poll(0)

    def usable(self) -> bool:
        self._used_at = time.monotonic()
        return self._session.get_transaction() is self._transaction and not self._connection.invalidated

    def close(self) -> None:
        try:
            self._session.close()
        finally:
            self._connection.close()


class Prepared:
    """A SELECT that is made into the database's language once. One with expanding parameters is run in SQLAlchemy's way."""

    def __init__(self, build: Callable[[str], Select[Any]]) -> None:
        self._build = build
        self._made: dict[str, _Made] = {}

    def all(self, session: Session, values: Mapping[str, Any]) -> Sequence[Sequence[Any]]:
        """Rows as plain tuples of Python values."""
        connection = session.connection()
        dialect = connection.dialect
        made = self._made.get(dialect.name)
        if made is None:
            made = self._made[dialect.name] = _Made(self._build(dialect.name), dialect)
        return made.all(connection, values) if made.plain else session.execute(made.statement, values).all()


class _Made:
    def __init__(self, statement: Select[Any], dialect: Any) -> None:
        compiled = statement.compile(dialect=dialect)
        self.statement = statement
        self.plain = not any(one.expanding for one in compiled.binds.values())
        self._sql = str(compiled)
        self._names: Sequence[str] | None = compiled.positiontup
        self._constants = {name: one.value for name, one in compiled.binds.items() if one.unique}
        if self._names is None:
            self._sql = _PARAMETER.sub(self._written, self._sql)
            self._constants = {}
        self._processors: list[tuple[int, Callable[[Any], Any]]] = []
        if dialect.name == "sqlite":  # whose driver knows neither truth values nor JSON
            for at, column in enumerate(statement.selected_columns):
                process = column.type.dialect_impl(dialect).result_processor(dialect, None)
                if process is not None:
                    self._processors.append((at, process))

    def _written(self, found: re.Match[str]) -> str:
        """A constant in the statement itself: psycopg would pack each of them anew for every execution."""
        value = self._constants.get(found[1])
        if isinstance(value, int):
            return str(value)
        if isinstance(value, str):
            return "'" + value.replace("'", "''").replace("%", "%%") + "'"
        return found[0]

    def all(self, connection: Connection, values: Mapping[str, Any]) -> Sequence[Sequence[Any]]:
        given: Any = values
        if self._names is not None:
            given = {**self._constants, **values}
            given = tuple([given[name] for name in self._names])
        rows = self._fetch(connection, given)
        if not self._processors:
            return rows
        found = []
        for row in rows:
            whole = list(row)
            for at, process in self._processors:
                whole[at] = process(whole[at])
            found.append(whole)
        return found

    def _fetch(self, connection: Connection, given: Any) -> list[Any]:
        driver: Any = connection.connection.dbapi_connection
        # Who listens (tests and benchmarks, that count statements) hears of it; a failure is told in SQLAlchemy's words.
        if not connection.engine.dispatch.before_cursor_execute:
            try:
                cursor = driver.execute(self._sql, given)
                rows: list[Any] = cursor.fetchall()
                cursor.close()
            except connection.dialect.dbapi.Error:  # type: ignore[union-attr]
                pass
            else:
                return rows
        return list(connection.exec_driver_sql(self._sql, given).all())
