"""The database: one engine, short transactions, threads.

Reads and writes are separate: a write begins with BEGIN IMMEDIATE on SQLite, since a transaction that reads first and writes
later fails at once there when another has written. No transaction may be held across network I/O: async code hands a function
to `run_read` or `run_write`, which run it in a thread with a session of its own.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from contextvars import copy_context
from typing import Any, TypeVar

from sqlalchemy import Connection, Engine, create_engine, event
from sqlalchemy.engine import make_url
from sqlalchemy.orm import Session, sessionmaker

from wildcore.store.quick import KeptSessions

T = TypeVar("T")

QUICK_THREADS = 4

_WRITE = "wildcore_write"


def _prepare_sqlite(engine: Engine) -> None:
    @event.listens_for(engine, "connect")
    def _connect(dbapi_connection: Any, _record: Any) -> None:
        dbapi_connection.isolation_level = None  # we begin transactions ourselves
        cursor = dbapi_connection.cursor()
        for pragma in (
            "journal_mode=WAL",
            "synchronous=NORMAL",
            "foreign_keys=ON",
            "busy_timeout=15000",
            "temp_store=MEMORY",
            "cache_size=-8000",  # KiB of each connection; what is mapped needs none
            "mmap_size=268435456",
        ):
            cursor.execute(f"PRAGMA {pragma}")
        cursor.close()

    @event.listens_for(engine, "begin")
    def _begin(connection: Connection) -> None:
        write = connection.get_execution_options().get(_WRITE, False)
        driver: Any = connection.connection.dbapi_connection  # by SQLAlchemy it would cost as much as a whole read
        driver.execute("BEGIN IMMEDIATE" if write else "BEGIN").close()


class Database:
    """One database by URL (`sqlite:///...` or `postgresql+psycopg://...`). Shared by all threads."""

    def __init__(self, url: str, *, threads: int = 16) -> None:
        parsed = make_url(url)
        self.is_sqlite = parsed.get_backend_name() == "sqlite"
        # What a statement was given (names, addresses, sealed secrets) has no place in an error's text, nor in a log.
        options: dict[str, Any] = {"hide_parameters": True, "pool_size": threads, "max_overflow": 8}
        options["pool_pre_ping"] = not self.is_sqlite
        options["pool_use_lifo"] = True  # the last used connection has its statements and pages at hand
        if self.is_sqlite:
            options["connect_args"] = {"check_same_thread": False, "timeout": 15}
        self.engine = create_engine(parsed, **options)
        if self.is_sqlite:
            _prepare_sqlite(self.engine)
        self._write_engine = self.engine.execution_options(**{_WRITE: True})
        self._readers = sessionmaker(self.engine, expire_on_commit=False, autoflush=False)
        self._writers = sessionmaker(self._write_engine, expire_on_commit=False)
        self._pool = ThreadPoolExecutor(threads, thread_name_prefix="db")
        self._kept = KeptSessions(self.engine, sqlite=self.is_sqlite)
        # Few of them: each is asked for a moment only, and more would only fight for the interpreter.
        self._quick_pool = ThreadPoolExecutor(QUICK_THREADS, thread_name_prefix="quick")

    @contextmanager
    def read(self) -> Iterator[Session]:
        """A session for reading; whatever it changed is rolled back."""
        with self._readers() as session:
            yield session
            session.rollback()

    @contextmanager
    def write(self) -> Iterator[Session]:
        """A session for writing: committed at the end of the block, rolled back on any exception."""
        with self._writers() as session, session.begin():
            yield session

    async def run_read(self, work: Callable[[Session], T]) -> T:
        """Run `work` with a reading session in a thread."""
        return await self._run(self.read, work)

    async def run_quick(self, work: Callable[[Session], T]) -> T:
        """The same for a few rows by an index, with a kept session: on SQLite at once, within the event loop.

        A thread costs more there than such a read, since both want the interpreter's lock. Readers never wait for writers in WAL.
        """
        if self.is_sqlite:
            return self._kept.run(work)
        context = copy_context()
        return await asyncio.get_running_loop().run_in_executor(self._quick_pool, context.run, self._kept.run, work)

    async def run_write(self, work: Callable[[Session], T]) -> T:
        """Run `work` in a writing transaction in a thread."""
        return await self._run(self.write, work)

    async def _run(self, session_of: Callable[[], Any], work: Callable[[Session], T]) -> T:
        def call() -> T:
            with session_of() as session:
                return work(session)

        context = copy_context()
        return await asyncio.get_running_loop().run_in_executor(self._pool, lambda: context.run(call))

    def close(self) -> None:
        """Wait for running work and close all connections."""
        self._pool.shutdown(wait=True)
        self._quick_pool.shutdown(wait=True)
        self._kept.close()
        self.engine.dispose()
