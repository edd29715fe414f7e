"""Bring a database to the schema of this program, or say clearly why that cannot be."""

from __future__ import annotations

import re
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from sqlalchemy import Connection, text
from sqlalchemy.exc import DatabaseError, OperationalError

from wildcore.errors import ConfigurationError
from wildcore.store.copies import copy_sqlite, sqlite_file
from wildcore.store.db import Database

if TYPE_CHECKING:
    from alembic.config import Config

MIGRATIONS = Path(__file__).parent / "migrations"
KEPT = 3
"""How many copies of before a migration stay beside an SQLite database."""
_LOCK = 0x57494C44  # of PostgreSQL's advisory locks, ours: two processes that start at once migrate one after the other


@dataclass(frozen=True, slots=True)
class SchemaState:
    """Where a database stands: `current` revision (None: empty), `head` of this program, whether this program knows `current`."""

    current: str | None
    head: str
    known: bool

    @property
    def up_to_date(self) -> bool:
        """Whether nothing is left to do."""
        return self.current == self.head


def state(db: Database) -> SchemaState:
    """Where the database stands. Raises ConfigurationError when it cannot be opened."""
    try:
        with db.engine.connect() as connection:
            return _state(connection)
    except (OperationalError, DatabaseError) as error:
        raise _unusable(db, error) from error


def of_revision(revision: str | None) -> SchemaState:
    """Where a database of this revision stands with this program."""
    from alembic.script import ScriptDirectory

    script = ScriptDirectory.from_config(_config())
    known = revision is None or any(step.revision == revision for step in script.walk_revisions())
    return SchemaState(revision, script.get_current_head() or "", known)


def migrate(db: Database) -> None:
    """Run the migrations that are missing, in one transaction. An up-to-date database costs one question.

    Before anything of an SQLite database is changed a copy is put beside it (`wildcore.sqlite3.before-<revision>-<time>`), of
    which the newest `KEPT` stay; on PostgreSQL the transaction alone keeps the old state. A migration that fails changes nothing.
    Raises ConfigurationError when the database belongs to a newer version of the program, cannot be opened, or a migration fails.
    """
    if _stands_at(db, newest()):
        return
    before = state(db)
    _refuse_newer(before)
    if before.up_to_date:
        return
    try:
        with db.engine.execution_options(wildcore_write=True).connect() as connection:
            if db.is_sqlite:
                # Making a table anew drops the old one, which would take all rows that refer to it along. It cannot be
                # switched within a transaction; what refers to nothing is looked for before the end instead.
                _foreign_keys(connection, on=False)
            try:
                with connection.begin():
                    _upgrade(db, connection)
            finally:
                if db.is_sqlite:
                    _foreign_keys(connection, on=True)
    except (OperationalError, DatabaseError) as error:
        raise _unusable(db, error) from error


def newest() -> str | None:
    """The head of the migrations, read from their files without alembic, which takes long to load; None if it is not clear."""
    texts = [path.read_text(encoding="utf-8") for path in (MIGRATIONS / "versions").glob("*.py")]
    lines = re.findall(r'^(down_)?revision(?:: [^=]+)? = "(\w+)"', "\n".join(texts), re.MULTILINE)
    heads = {name for down, name in lines if not down} - {name for down, name in lines if down}
    return heads.pop() if len(heads) == 1 else None


def _stands_at(db: Database, revision: str | None) -> bool:
    try:
        with db.engine.connect() as connection:
            return connection.execute(text("SELECT version_num FROM alembic_version")).scalar() == revision is not None
    except DatabaseError:  # no such table, or worse: `state` tells
        return False


def _upgrade(db: Database, connection: Connection) -> None:
    """Within a transaction that holds the lock for writing."""
    if not db.is_sqlite:
        connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _LOCK})
    now = _state(connection)  # another process may have been first
    _refuse_newer(now)
    if now.up_to_date:
        return
    copy = _keep_copy(db, now) if now.current is not None else None
    try:
        from alembic import command

        command.upgrade(_config(connection), "head")
        if db.is_sqlite and (lost := connection.exec_driver_sql("PRAGMA foreign_key_check").fetchone()) is not None:
            raise ConfigurationError(f"a row of {lost[0]} refers to a row of {lost[2]} that is not there")
    except Exception as error:
        kept = f"; a copy is {copy}" if copy is not None else ""
        raise ConfigurationError(
            f"The database was not brought up to date (schema {now.current or 'none'} to {now.head}), it is as it was{kept}. "
            f"Start the old version, or report this: {_cause(error)}"
        ) from error


def _keep_copy(db: Database, found: SchemaState) -> Path | None:
    """Copy an SQLite file before it is changed, and forget older copies."""
    path = sqlite_file(db.engine.url.render_as_string(hide_password=False))
    if path is None:
        return None
    # The copy reads what was committed last, beside the transaction that holds the lock.
    copy = path.with_name(f"{path.name}.before-{found.head}-{time.strftime('%Y%m%d-%H%M%S')}")
    try:
        copy_sqlite(path, copy)
    except FileExistsError:  # a second try within the second
        return copy
    for old in sorted(path.parent.glob(f"{path.name}.before-*"), key=lambda one: one.stat().st_mtime)[:-KEPT]:
        old.unlink(missing_ok=True)
    return copy


def _foreign_keys(connection: Connection, *, on: bool) -> None:
    """Below SQLAlchemy, which would begin a transaction first."""
    driver = connection.connection.dbapi_connection
    if driver is not None:
        driver.cursor().execute(f"PRAGMA foreign_keys={'ON' if on else 'OFF'}")


def _config(connection: Connection | None = None) -> Config:
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS).replace("%", "%%"))
    if connection is not None:
        config.attributes["connection"] = connection
    return config


def _state(connection: Connection) -> SchemaState:
    from alembic.runtime.migration import MigrationContext

    return of_revision(MigrationContext.configure(connection).get_current_revision())


def _refuse_newer(found: SchemaState) -> None:
    if not found.known:
        raise ConfigurationError(
            f"The database is of a newer version (schema {found.current}, this program knows {found.head}): update the program"
        )


def _cause(error: Exception) -> str:
    lines = str(getattr(error, "orig", error)).strip().splitlines()
    return lines[0] if lines else type(error).__name__


def _unusable(db: Database, error: Exception) -> ConfigurationError:
    cause = _cause(error)
    return ConfigurationError(f"The database {db.engine.url.render_as_string(hide_password=True)} cannot be used: {cause}")
