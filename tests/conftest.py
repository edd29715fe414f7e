"""Fixtures for the whole suite: an empty migrated database on SQLite and on PostgreSQL, and a runtime of real parts."""

from __future__ import annotations

import contextlib
import os
import secrets
import shutil
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
import pytest_asyncio
from sqlalchemy import create_engine, text
from sqlalchemy.engine import URL, make_url

from wildcore.store.db import Database
from wildcore.store.migrate import migrate

if TYPE_CHECKING:
    from wildcore.services.runtime import Runtime

POSTGRES = "WILDCORE_TEST_POSTGRES"


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A migrated SQLite file, copied for each test."""
    path = tmp_path_factory.mktemp("template") / "wildcore.db"
    db = Database(f"sqlite:///{path}", threads=1)
    migrate(db)
    db.close()
    return path


@pytest.fixture(scope="session")
def postgres_server() -> URL:
    """Address of the PostgreSQL server on which tests make databases of their own."""
    address = os.environ.get(POSTGRES)
    if not address:
        pytest.skip(f"no PostgreSQL server: set {POSTGRES}, e.g. postgresql+psycopg://postgres@127.0.0.1:5432/postgres")
    return make_url(address)


@contextlib.contextmanager
def postgres_database(server: URL, template: str = "template1") -> Iterator[URL]:
    """A database of one's own on the server, dropped at the end."""
    name = f"wildcore_test_{os.getpid()}_{secrets.token_hex(4)}"
    admin = create_engine(server, isolation_level="AUTOCOMMIT")
    try:
        with admin.connect() as connection:
            connection.execute(text(f'CREATE DATABASE "{name}" TEMPLATE "{template}" STRATEGY WAL_LOG'))
        yield server.set(database=name)
    finally:
        with admin.connect() as connection:
            connection.execute(text(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)'))
        admin.dispose()


def database(url: URL, threads: int = 4) -> Database:
    """A `Database` at an address, password and all."""
    return Database(url.render_as_string(hide_password=False), threads=threads)


@pytest.fixture(scope="session")
def postgres_template(postgres_server: URL) -> Iterator[str]:
    """Name of a migrated PostgreSQL database, copied for each test."""
    with postgres_database(postgres_server) as url:
        db = database(url, threads=1)
        migrate(db)
        db.close()
        assert url.database is not None
        yield url.database


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
def db_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """Address of a migrated database without a row, for tests that start other processes."""
    if request.param == "sqlite":
        path = tmp_path / "wildcore.db"
        shutil.copy(request.getfixturevalue("sqlite_template"), path)
        yield f"sqlite:///{path}"
        return
    server = request.getfixturevalue("postgres_server")
    with postgres_database(server, request.getfixturevalue("postgres_template")) as url:
        yield url.render_as_string(hide_password=False)


@pytest.fixture
def db(db_url: str) -> Iterator[Database]:
    """A migrated database without a row beyond the built-in ones; every test runs once per engine."""
    database = Database(db_url, threads=4)
    yield database
    database.close()


@pytest_asyncio.fixture
async def runtime(db: Database, tmp_path: Path) -> AsyncIterator[Runtime]:
    """A runtime of real parts in a directory of its own: nothing is imitated, no component is installed."""
    from wildcore.services.catalogue import Catalogue
    from wildcore.services.core_settings import CORE_SETTINGS
    from wildcore.services.runtime import Runtime
    from wildcore.services.secretbox import SecretBox
    from wildcore.services.settings import Settings
    from wildcore.store.metrics import NullMetrics
    from wildcore.transport.hub import DeviceHub
    from wildcore.transport.icmp import Pinger

    box = SecretBox.from_directory(tmp_path)
    metrics = NullMetrics()
    async with DeviceHub() as hub:
        pinger = Pinger()
        yield Runtime(
            data_dir=tmp_path,
            db=db,
            settings=Settings(db, box, CORE_SETTINGS),
            secrets=box,
            metrics=metrics,
            hub=hub,
            pinger=pinger,
            catalogue=Catalogue(db, ()),
        )
        metrics.close()
