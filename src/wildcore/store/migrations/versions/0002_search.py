"""Full-text search: trigram indexes with triggers on SQLite (FTS5), expression indexes on PostgreSQL (pg_trgm where allowed)."""

# ruff: noqa: S608 - the statements are made of names of our own tables

from __future__ import annotations

from alembic import op
from sqlalchemy import text

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

DIRECT = {
    "interfaces": ("name", "description", "comment", "ident"),
    "devices": ("ip", "name", "location", "mac", "serial"),
}
SUBSCRIBERS = ("uid", "agreement", "login", "address_full")


def upgrade() -> None:
    """Make the indexes and fill them."""
    if op.get_bind().dialect.name == "sqlite":
        for table, columns in DIRECT.items():
            _index_by_triggers(table, columns)
        _index_through_queue()
    else:
        _index_expressions()


def downgrade() -> None:
    """Drop everything that belongs to the search."""
    if op.get_bind().dialect.name == "sqlite":
        for table in (*DIRECT, "subscribers"):
            for event in ("insert", "update", "delete"):
                op.execute(f"DROP TRIGGER IF EXISTS search_{table}_{event}")
            op.execute(f"DROP TABLE IF EXISTS search_{table}")
        op.execute("DROP TABLE IF EXISTS search_queue")
        return
    for table in (*DIRECT, "subscribers"):
        op.execute(f"DROP INDEX IF EXISTS ix_search_{table}")
    for name in (
        "interfaces_ident",
        "interfaces_name",
        "subscribers_uid",
        "subscribers_agreement",
        "subscribers_login",
        "fdb_mac",
    ):
        op.execute(f"DROP INDEX IF EXISTS ix_search_{name}")
    op.execute("DROP FUNCTION IF EXISTS wildcore_fold(text)")


def _index_by_triggers(table: str, columns: tuple[str, ...]) -> None:
    """The index keeps texts of its own: one that only points at the table reports a damaged database when a trigger is missed."""
    names = ", ".join(columns)
    new = ", ".join(f"new.{column}" for column in columns)
    changed = " OR ".join(f"old.{column} IS NOT new.{column}" for column in columns)
    drop = f"DELETE FROM search_{table} WHERE rowid = old.id;"
    add = f"INSERT INTO search_{table}(rowid, {names}) VALUES (new.id, {new});"
    op.execute(f"CREATE VIRTUAL TABLE search_{table} USING fts5({names}, tokenize='trigram')")
    op.execute(f"CREATE TRIGGER search_{table}_insert AFTER INSERT ON {table} BEGIN {add} END")
    op.execute(f"CREATE TRIGGER search_{table}_delete AFTER DELETE ON {table} BEGIN {drop} END")
    op.execute(f"CREATE TRIGGER search_{table}_update AFTER UPDATE OF {names} ON {table} WHEN {changed} BEGIN {drop} {add} END")
    op.execute(f"INSERT INTO search_{table}(rowid, {names}) SELECT id, {names} FROM {table}")


def _index_through_queue() -> None:
    """A sync writes many subscribers at once and must not hold the lock for their trigrams: they are indexed afterwards."""
    names = ", ".join(SUBSCRIBERS)
    changed = " OR ".join(f"old.{column} IS NOT new.{column}" for column in SUBSCRIBERS)
    drop = "DELETE FROM search_subscribers WHERE rowid = old.id;"
    op.execute(f"CREATE VIRTUAL TABLE search_subscribers USING fts5({names}, tokenize='trigram')")
    op.execute("CREATE TABLE search_queue (id INTEGER PRIMARY KEY)")
    queue = "INSERT OR IGNORE INTO search_queue(id) VALUES (new.id);"
    op.execute(f"CREATE TRIGGER search_subscribers_insert AFTER INSERT ON subscribers BEGIN {queue} END")
    op.execute(
        "CREATE TRIGGER search_subscribers_delete AFTER DELETE ON subscribers "
        f"BEGIN {drop} DELETE FROM search_queue WHERE id = old.id; END"
    )
    op.execute(
        f"CREATE TRIGGER search_subscribers_update AFTER UPDATE OF {names} ON subscribers WHEN {changed} BEGIN {drop} {queue} END"
    )
    op.execute(f"INSERT INTO search_subscribers(rowid, {names}) SELECT id, {names} FROM subscribers")


def _index_expressions() -> None:
    connection = op.get_bind()
    has_icu = connection.execute(text("SELECT 1 FROM pg_collation WHERE collname = 'und-x-icu'")).scalar_one_or_none()
    collate = ' COLLATE "und-x-icu"' if has_icu else ""
    op.execute(
        "CREATE OR REPLACE FUNCTION wildcore_fold(text) RETURNS text LANGUAGE sql IMMUTABLE PARALLEL SAFE "
        f'AS $fold$ SELECT lower($1{collate}) COLLATE "C" $fold$'
    )
    _prefix_index("interfaces_name", "interfaces", "wildcore_fold(name)")
    _prefix_index("interfaces_ident", "interfaces", "ident")
    for column in ("uid", "agreement", "login"):
        _prefix_index(f"subscribers_{column}", "subscribers", f"wildcore_fold({column})")
    _prefix_index("fdb_mac", "fdb_history", "mac")
    if _has_trigrams():
        for table, columns in (*DIRECT.items(), ("subscribers", SUBSCRIBERS)):
            document = " || ' ' || ".join(f"coalesce({column}, '')" for column in columns)
            op.execute(f"CREATE INDEX ix_search_{table} ON {table} USING gin (wildcore_fold({document}) gin_trgm_ops)")


def _prefix_index(name: str, table: str, expression: str) -> None:
    op.execute(f"CREATE INDEX ix_search_{name} ON {table} (({expression}) text_pattern_ops)")


def _has_trigrams() -> bool:
    """Whether pg_trgm can be used; without it a search reads the tables from end to end, which is slower but right."""
    connection = op.get_bind()
    available = connection.execute(text("SELECT 1 FROM pg_available_extensions WHERE name = 'pg_trgm'")).scalar_one_or_none()
    if not available:
        return False
    query = "SELECT 1 FROM pg_extension WHERE extname = 'pg_trgm'"
    if connection.execute(text(query)).scalar_one_or_none():
        return True
    allowed = "SELECT has_database_privilege(current_database(), 'CREATE')"
    if not connection.execute(text(allowed)).scalar_one():
        return False
    op.execute("CREATE EXTENSION IF NOT EXISTS pg_trgm")
    return True
