"""Idents get a search index of their own, and addresses one by their beginning.

In one index with names, a text that every name contains had to be looked for in all of them before no ident was found.
"""

# ruff: noqa: S608 - the statements are made of names of our own tables

from __future__ import annotations

from alembic import op
from sqlalchemy import text

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

TEXTS = ("name", "description", "comment")


def upgrade() -> None:
    """Make the indexes anew and fill them."""
    if op.get_bind().dialect.name == "sqlite":
        _texts_of_interfaces(TEXTS)
        add = "INSERT INTO search_idents(rowid, ident) VALUES (new.id, new.ident)"
        drop = "DELETE FROM search_idents WHERE rowid = old.id"
        op.execute("CREATE VIRTUAL TABLE search_idents USING fts5(ident, tokenize='trigram')")
        for event, condition, made in (
            ("insert", "AFTER INSERT ON interfaces WHEN new.ident IS NOT NULL", f"{add};"),
            ("delete", "AFTER DELETE ON interfaces WHEN old.ident IS NOT NULL", f"{drop};"),
            ("update", "AFTER UPDATE OF ident ON interfaces WHEN old.ident IS NOT new.ident", f"{drop}; {add};"),
        ):
            op.execute(f"CREATE TRIGGER search_idents_{event} {condition} BEGIN {made} END")
        op.execute("INSERT INTO search_idents(rowid, ident) SELECT id, ident FROM interfaces WHERE ident IS NOT NULL")
        op.execute("CREATE INDEX ix_search_subscribers_address_full ON subscribers (address_full)")
        return
    op.execute("CREATE INDEX ix_search_subscribers_address_full ON subscribers ((wildcore_fold(address_full)) text_pattern_ops)")
    if _has_trigrams():
        _document_of_interfaces(TEXTS)
        op.execute("CREATE INDEX ix_search_idents ON interfaces USING gin (ident gin_trgm_ops)")


def downgrade() -> None:
    """One index for names and idents again."""
    op.execute("DROP INDEX IF EXISTS ix_search_subscribers_address_full")
    if op.get_bind().dialect.name == "sqlite":
        for event in ("insert", "delete", "update"):
            op.execute(f"DROP TRIGGER IF EXISTS search_idents_{event}")
        op.execute("DROP TABLE IF EXISTS search_idents")
        _texts_of_interfaces((*TEXTS, "ident"))
        return
    op.execute("DROP INDEX IF EXISTS ix_search_idents")
    if _has_trigrams():
        _document_of_interfaces((*TEXTS, "ident"))


def _texts_of_interfaces(columns: tuple[str, ...]) -> None:
    for event in ("insert", "update", "delete"):
        op.execute(f"DROP TRIGGER IF EXISTS search_interfaces_{event}")
    op.execute("DROP TABLE IF EXISTS search_interfaces")
    names = ", ".join(columns)
    new = ", ".join(f"new.{column}" for column in columns)
    changed = " OR ".join(f"old.{column} IS NOT new.{column}" for column in columns)
    drop = "DELETE FROM search_interfaces WHERE rowid = old.id;"
    add = f"INSERT INTO search_interfaces(rowid, {names}) VALUES (new.id, {new});"
    op.execute(f"CREATE VIRTUAL TABLE search_interfaces USING fts5({names}, tokenize='trigram')")
    op.execute(f"CREATE TRIGGER search_interfaces_insert AFTER INSERT ON interfaces BEGIN {add} END")
    op.execute(f"CREATE TRIGGER search_interfaces_delete AFTER DELETE ON interfaces BEGIN {drop} END")
    op.execute(
        f"CREATE TRIGGER search_interfaces_update AFTER UPDATE OF {names} ON interfaces WHEN {changed} BEGIN {drop} {add} END"
    )
    op.execute(f"INSERT INTO search_interfaces(rowid, {names}) SELECT id, {names} FROM interfaces")


def _document_of_interfaces(columns: tuple[str, ...]) -> None:
    document = " || ' ' || ".join(f"coalesce({column}, '')" for column in columns)
    op.execute("DROP INDEX IF EXISTS ix_search_interfaces")
    op.execute(f"CREATE INDEX ix_search_interfaces ON interfaces USING gin (wildcore_fold({document}) gin_trgm_ops)")


def _has_trigrams() -> bool:
    query = "SELECT 1 FROM pg_extension WHERE extname = 'pg_trgm'"
    return bool(op.get_bind().execute(text(query)).scalar_one_or_none())
