"""An upgrade that fails leaves the database as it was and says so in one line; one that works keeps copies of before it."""

from __future__ import annotations

import shutil
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from sqlalchemy import insert, select, text

from wildcore.errors import ConfigurationError
from wildcore.store import migrate as migrating
from wildcore.store.db import Database
from wildcore.store.migrate import migrate, state
from wildcore.store.tables import DeviceGroup

HEAD = migrating.of_revision(None).head
MIGRATION = '''"""Of the test."""
from alembic import op
import sqlalchemy as sa

revision = "{revision}"
down_revision = "{below}"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Change something first."""
    {work}
'''
ADDS = 'op.add_column("device_groups", sa.Column("extra_{0}", sa.Text()))'
FAILS = f"""{ADDS.format("half")}
    op.execute("DELETE FROM device_groups")
    raise RuntimeError("the seventh row is odd\\nand more lines")"""


@pytest.fixture
def versions(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of the migrations to which a test adds its own."""
    copy = tmp_path / "migrations"
    shutil.copytree(migrating.MIGRATIONS, copy, ignore=shutil.ignore_patterns("__pycache__"))
    monkeypatch.setattr(migrating, "MIGRATIONS", copy)
    return copy / "versions"


def add(versions: Path, revision: str, below: str, work: str) -> None:
    (versions / f"{revision}_test.py").write_text(MIGRATION.format(revision=revision, below=below, work=work), encoding="utf-8")


def copies(db: Database) -> list[Path]:
    path = Path(db.engine.url.database or "")
    return sorted(path.parent.glob(f"{path.name}.before-*")) if db.is_sqlite else []


def columns(db: Database) -> set[str]:
    with db.read() as session:
        return set(session.execute(text("SELECT * FROM device_groups")).keys())


def test_a_failing_migration_changes_nothing_and_says_so_in_one_line(db: Database, versions: Path) -> None:
    with db.write() as session:
        session.execute(insert(DeviceGroup).values(name="North", created_at=1))
    before = columns(db)
    add(versions, "9001", HEAD, FAILS)
    with pytest.raises(ConfigurationError) as failed:
        migrate(db)
    said = failed.value.description
    assert "\n" not in said
    assert f"schema {HEAD} to 9001" in said
    assert "as it was" in said
    assert "the seventh row is odd" in said
    assert state(db).current == HEAD
    assert columns(db) == before
    with db.read() as session:
        assert set(session.scalars(select(DeviceGroup.name))) == {"All", "North"}
    if db.is_sqlite:
        (copy,) = copies(db)
        assert str(copy) in said
        assert copy.stat().st_mode & 0o777 == 0o600
        with closing(sqlite3.connect(copy)) as kept:
            assert {row[0] for row in kept.execute("SELECT name FROM device_groups")} == {"All", "North"}


def test_the_program_goes_on_after_a_repaired_migration(db: Database, versions: Path) -> None:
    add(versions, "9001", HEAD, FAILS)
    with pytest.raises(ConfigurationError):
        migrate(db)
    add(versions, "9001", HEAD, ADDS.format("whole"))
    migrate(db)
    assert state(db).current == "9001"
    assert "extra_whole" in columns(db)
    with db.write() as session:  # foreign keys are watched again
        query = "PRAGMA foreign_keys" if db.is_sqlite else "SELECT 1"
        assert session.scalar(text(query)) == 1


def test_the_newest_copies_are_kept(db: Database, versions: Path) -> None:
    if not db.is_sqlite:
        pytest.skip("PostgreSQL's transaction is the old state, there are no copies")
    below = HEAD
    for number in range(migrating.KEPT + 2):
        revision = f"900{number}"
        add(versions, revision, below, ADDS.format(number))
        migrate(db)
        below = revision
    found = copies(db)
    assert len(found) == migrating.KEPT
    assert [path.name.split("-")[1] for path in found] == [f"900{number}" for number in range(2, migrating.KEPT + 2)]


def test_an_up_to_date_or_new_database_is_not_copied(tmp_path: Path, db: Database) -> None:
    migrate(db)
    assert copies(db) == []
    new = Database(f"sqlite:///{tmp_path}/new.db", threads=1)
    migrate(new)
    assert copies(new) == []
    new.close()


def test_making_a_table_anew_keeps_the_rows_that_refer_to_it(db: Database, versions: Path) -> None:
    """On SQLite a batch migration drops the old table, and its foreign keys would take the members of groups along."""
    if not db.is_sqlite:
        pytest.skip("PostgreSQL alters tables in place")
    with db.write() as session:
        session.execute(
            text("INSERT INTO users (login, role_id, name, email, password_hash, enabled, all_groups, language, timezone, "
                 "preferences, created_at, updated_at) VALUES ('a', -2, '', '', '', 1, 0, '', '', '{}', 1, 1)")
        )  # fmt: skip
        session.execute(text("INSERT INTO user_groups (user_id, group_id) SELECT id, 1 FROM users"))
    work = """with op.batch_alter_table("device_groups", recreate="always") as table:
        table.alter_column("name", new_column_name="title")"""
    add(versions, "9001", HEAD, work)
    migrate(db)
    with db.read() as session:
        assert session.scalar(text("SELECT count(*) FROM user_groups")) == 1


def test_a_migration_that_leaves_rows_without_their_parent_is_refused(db: Database, versions: Path) -> None:
    if not db.is_sqlite:
        pytest.skip("PostgreSQL refuses at once")
    add(versions, "9001", HEAD, 'op.execute("INSERT INTO device_group_links (device_id, group_id) VALUES (77, 1)")')
    with pytest.raises(ConfigurationError, match="a row of device_group_links refers to a row of devices that is not there"):
        migrate(db)
    assert state(db).current == HEAD
