"""PostgreSQL databases that benchmarks make for themselves."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sqlalchemy import Connection, create_engine, make_url, text


@contextmanager
def postgres_database(server: str, onus: int, *, keep: bool) -> Iterator[str]:
    """The address of a database of its own; a kept one is found again."""
    address, name = make_url(server), f"wildcore_bench_{onus}" if keep else f"wildcore_bench_{os.getpid()}_{onus}"
    engine = create_engine(address, isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        _drop_left(connection)
        if connection.execute(text("SELECT 1 FROM pg_database WHERE datname = :name"), {"name": name}).first() is None:
            connection.exec_driver_sql(f"CREATE DATABASE {name}")
            connection.exec_driver_sql(f"ALTER DATABASE {name} SET synchronous_commit = off")
    try:
        yield address.set(database=name).render_as_string(hide_password=False)
    finally:
        if not keep:
            with engine.connect() as connection:
                connection.exec_driver_sql(f"DROP DATABASE {name} WITH (FORCE)")
        engine.dispose()


def _drop_left(connection: Connection) -> None:
    """Databases of benchmarks that were killed."""
    for name in connection.scalars(text("SELECT datname FROM pg_database WHERE datname LIKE 'wildcore\\_bench\\_%'")).all():
        found = re.fullmatch(r"wildcore_bench_(\d+)_\d+", name)
        if found and not Path(f"/proc/{found[1]}").exists():
            connection.exec_driver_sql(f"DROP DATABASE {name} WITH (FORCE)")
