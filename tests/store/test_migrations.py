"""Migrations make exactly the tables of the models, on both engines, and refuse a database from the future."""

from __future__ import annotations

import threading
import warnings
from pathlib import Path
from typing import Any

import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from sqlalchemy import delete, select, text
from sqlalchemy.orm import Session

from tests.conftest import database, postgres_database
from wildcore.errors import ConfigurationError
from wildcore.store.db import Database
from wildcore.store.migrate import migrate, state
from wildcore.store.tables import Base, DeviceGroup, Role


def modelled(name: str | None, _kind: str, _parents: Any) -> bool:
    """The search has tables and indexes of its own kind on each engine, which no model knows."""
    return not (name or "").startswith(("search_", "ix_search_"))


def differences(db: Database) -> list[Any]:
    with db.engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True, "include_name": modelled})
        with warnings.catch_warnings():
            # Those of the search are over expressions, which SQLite's reflection passes over with a warning.
            warnings.filterwarnings("ignore", "Skipped unsupported reflection of expression-based index ix_search_")
            return list(compare_metadata(context, Base.metadata))


def test_migrations_make_the_schema_of_the_models(db: Database) -> None:
    assert differences(db) == []
    assert state(db).up_to_date


def test_the_comparison_notices_a_difference(db: Database) -> None:
    with db.write() as session:
        session.execute(text("ALTER TABLE interfaces DROP COLUMN poll_enabled"))
        session.execute(text("DROP INDEX ix_interfaces_ident"))
    assert {difference[0] for difference in differences(db)} == {"add_column", "add_index"}


def test_only_the_built_in_rows_are_there(db: Database) -> None:
    with db.read() as session:
        roles = session.execute(select(Role.id, Role.name, Role.display).order_by(Role.id)).all()
        assert [tuple(role) for role in roles] == [(-2, "Owner", True), (-1, "System", False)]
        rows = {
            table.name: session.execute(text(f'SELECT count(*) FROM "{table.name}"')).scalar_one()
            for table in Base.metadata.sorted_tables
        }
    assert {name: count for name, count in rows.items() if count} == {"roles": 2, "device_groups": 1}


def test_the_next_group_gets_the_next_id(db: Database) -> None:
    with db.write() as session:
        group = DeviceGroup(name="North", created_at=1)
        session.add(group)
        session.flush()
        assert group.id == 2
        assert session.get(DeviceGroup, 1).name == "All"  # type: ignore[union-attr]


def test_a_second_run_changes_nothing(db: Database) -> None:
    before = state(db)
    migrate(db)
    assert state(db) == before


def test_a_newer_database_is_refused_in_one_line(db: Database) -> None:
    with db.write() as session:
        session.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    with pytest.raises(ConfigurationError) as refused:
        migrate(db)
    assert "newer version" in refused.value.description
    assert "9999" in refused.value.description
    assert "\n" not in refused.value.description


def test_a_database_that_cannot_be_opened_is_named(tmp_path: Path) -> None:
    db = Database(f"sqlite:///{tmp_path}/missing/wildcore.db", threads=1)
    with pytest.raises(ConfigurationError, match=r"missing/wildcore\.db cannot be used"):
        migrate(db)
    db.close()


def test_a_file_that_is_no_database_is_named(tmp_path: Path) -> None:
    (tmp_path / "wildcore.db").write_text("not a database, but a text of some length " * 100)
    db = Database(f"sqlite:///{tmp_path}/wildcore.db", threads=1)
    with pytest.raises(ConfigurationError, match="not a database"):
        migrate(db)
    db.close()


def run_together(*databases: Database) -> list[BaseException]:
    failures: list[BaseException] = []
    start = threading.Barrier(len(databases))

    def run(db: Database) -> None:
        start.wait()
        try:
            migrate(db)
        except BaseException as error:  # noqa: BLE001 - the test reports whatever it was
            failures.append(error)

    threads = [threading.Thread(target=run, args=(db,)) for db in databases]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return failures


def test_two_processes_may_start_at_once_on_sqlite(tmp_path: Path) -> None:
    databases = [Database(f"sqlite:///{tmp_path}/wildcore.db", threads=1) for _ in range(2)]
    assert run_together(*databases) == []
    assert differences(databases[0]) == []
    for db in databases:
        db.close()


@pytest.mark.postgres
def test_two_processes_may_start_at_once_on_postgres(request: pytest.FixtureRequest) -> None:
    with postgres_database(request.getfixturevalue("postgres_server")) as url:
        databases = [database(url, threads=1) for _ in range(2)]
        assert run_together(*databases) == []
        assert differences(databases[0]) == []
        for db in databases:
            db.close()


def test_ids_begin_at_one_and_are_never_used_again(db: Database) -> None:
    """Built-in rows have negative ids; a deleted object's id in a link or a log line never comes to mean another."""

    def made(session: Session, name: str) -> int:
        row = Role(name=name, permissions=[], created_at=1, updated_at=1)
        session.add(row)
        session.flush()
        return row.id

    with db.write() as session:
        first = made(session, "first")
    with db.write() as session:
        session.execute(delete(Role).where(Role.id == first))
    with db.write() as session:
        assert made(session, "second") > first >= 1
