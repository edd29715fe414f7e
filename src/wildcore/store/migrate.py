"""Bring a database to the schema of this program, or say clearly why that cannot be."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, text
from sqlalchemy.exc import DatabaseError, OperationalError

from wildcore.errors import ConfigurationError
from wildcore.store.db import Database

MIGRATIONS = Path(__file__).parent / "migrations"
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


def migrate(db: Database) -> None:
    """Run the migrations that are missing, in one transaction. An up-to-date database costs one question.

    Raises ConfigurationError when the database belongs to a newer version of the program, or cannot be opened.
    """
    before = state(db)
    _refuse_newer(before)
    if before.up_to_date:
        return
    try:
        with db.engine.execution_options(wildcore_write=True).begin() as connection:
            if not db.is_sqlite:
                connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _LOCK})
            now = _state(connection)  # another process may have been first
            _refuse_newer(now)
            if not now.up_to_date:
                command.upgrade(_config(connection), "head")
    except (OperationalError, DatabaseError) as error:
        raise _unusable(db, error) from error


def _config(connection: Connection | None = None) -> Config:
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS).replace("%", "%%"))
    if connection is not None:
        config.attributes["connection"] = connection
    return config


def _state(connection: Connection) -> SchemaState:
    script = ScriptDirectory.from_config(_config())
    head = script.get_current_head() or ""
    current = MigrationContext.configure(connection).get_current_revision()
    known = current is None or any(step.revision == current for step in script.walk_revisions())
    return SchemaState(current, head, known)


def _refuse_newer(found: SchemaState) -> None:
    if not found.known:
        raise ConfigurationError(
            f"The database is of a newer version (schema {found.current}, this program knows {found.head}): update the program"
        )


def _unusable(db: Database, error: Exception) -> ConfigurationError:
    cause = str(getattr(error, "orig", error)).strip().splitlines()[0]
    return ConfigurationError(f"The database {db.engine.url.render_as_string(hide_password=True)} cannot be used: {cause}")
