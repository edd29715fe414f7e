"""Conditions of the global search for both engines: indexed prefixes, and full text of three or more characters in any case.

SQLite has FTS5 trigram tables beside `interfaces`, `devices` (kept by triggers) and `subscribers` (kept by a queue, see
`index_queued`); PostgreSQL has expression indexes over `wildcore_fold`, by trigram where the extension is there.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, column, func, literal_column, or_, select, table, text
from sqlalchemy.orm import Session

from wildcore.store.tables import Base, Subscriber

FULL_TEXT_FROM = 3
_LAST = "\U0010ffff"
_DOCUMENTS = {
    "interfaces": ("name", "description", "comment", "ident"),
    "devices": ("ip", "name", "location", "mac", "serial"),
    "subscribers": ("uid", "agreement", "login", "address_full"),
}


def starts_with(session: Session, where: Any, prefix: str) -> ColumnElement[bool]:
    """Whether a column begins with a text, in the cases that people type: as it is, lower, upper, capitalised. By index."""
    if not _is_sqlite(session):
        folded: ColumnElement[bool] = func.wildcore_fold(where).like(_like(prefix.lower()) + "%")
        return folded
    return or_(*((where >= one) & (where < one + _LAST) for one in _cases(prefix)))


def key_starts_with(session: Session, where: Any, prefix: str) -> ColumnElement[bool]:
    """The same for canonical keys (idents, MACs), which are upper case."""
    found: ColumnElement[bool] = (where >= prefix) & (where < prefix + _LAST)
    return found if _is_sqlite(session) else where.like(_like(prefix) + "%").self_group()


def containing(session: Session, query: Select[Any], model: type[Base], words: str, fields: Sequence[str] = ()) -> Select[Any]:
    """A query on `model` narrowed to rows with the words: all of them as they stand, or each that has three characters.

    `fields` narrows it to some of the searched columns. Ask only for texts of `FULL_TEXT_FROM` characters or more. On SQLite the
    index leads, so that a LIMIT ends the search early however many rows there are.
    """
    name = str(model.__tablename__)
    each = [part for part in words.split() if len(part) >= FULL_TEXT_FROM] if " " in words else []
    if _is_sqlite(session):
        index = table(f"search_{name}", column("rowid"))
        match = literal_column(f"search_{name}").op("MATCH")(_fts_query(words, each, fields))
        return query.join(index, index.c.rowid == model.__table__.c.id).where(match)
    document = _document(name)
    found: ColumnElement[bool] = document.like(f"%{_like(words.lower())}%")
    if each:
        found = or_(found, and_(*(document.like(f"%{_like(part.lower())}%") for part in each)))
    if fields:
        columns = [func.wildcore_fold(func.coalesce(model.__table__.c[one], "")) for one in fields]
        texts = [or_(*(one.like(f"%{_like(part.lower())}%") for one in columns)) for part in (each or [words])]
        found = and_(found, *texts)
    return query.where(found)


def queued(session: Session) -> int:
    """How many subscribers wait to be indexed (SQLite only)."""
    if not _is_sqlite(session):
        return 0
    return int(session.execute(text("SELECT count(*) FROM search_queue")).scalar_one())


def among_queued(session: Session, words: str) -> ColumnElement[bool]:
    """Whether a subscriber is not indexed yet and contains the text; found by reading those few."""
    if not _is_sqlite(session):
        return literal_column("1 = 0")
    waiting = table("search_queue", column("id"))
    document: ColumnElement[str] = func.coalesce(Subscriber.uid, "")
    for where in (Subscriber.agreement, Subscriber.login, Subscriber.address_full):
        document = document + " " + where
    each = [or_(*(func.instr(document, one) > 0 for one in _cases(word))) for word in words.split()]
    return Subscriber.id.in_(select(waiting.c.id)) & and_(*each)


def index_queued(session: Session, limit: int = 2000) -> int:
    """Index some of the waiting subscribers within the caller's write transaction; returns how many were done."""
    if not _is_sqlite(session):
        return 0
    some = f"SELECT id FROM search_queue ORDER BY id LIMIT {int(limit)}"  # noqa: S608 - a number
    ids = list(session.scalars(text(some)))
    if not ids:
        return 0
    bounds = {"low": ids[0], "high": ids[-1]}
    names = ", ".join(_DOCUMENTS["subscribers"])
    waiting = "id BETWEEN :low AND :high AND id IN (SELECT id FROM search_queue)"
    session.execute(
        text(f"INSERT INTO search_subscribers(rowid, {names}) SELECT id, {names} FROM subscribers WHERE {waiting}"),  # noqa: S608
        bounds,
    )
    session.execute(text("DELETE FROM search_queue WHERE id BETWEEN :low AND :high"), bounds)
    return len(ids)


def _fts_query(words: str, each: Sequence[str], fields: Sequence[str]) -> str:
    whole, *parts = ('"' + phrase.replace('"', '""') + '"' for phrase in (words, *each))
    query = f"{whole} OR ({' AND '.join(parts)})" if parts else whole
    return "{" + " ".join(fields) + "} : (" + query + ")" if fields else query


def _document(name: str) -> ColumnElement[str]:
    joined = " || ' ' || ".join(f"coalesce({name}.{one}, '')" for one in _DOCUMENTS[name])
    return literal_column(f"wildcore_fold({joined})", type_=_TEXT)


def _cases(word: str) -> list[str]:
    return sorted({word, word.lower(), word.upper(), word.capitalize()})


def _like(words: str) -> str:
    return words.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")


def _is_sqlite(session: Session) -> bool:
    return session.get_bind().dialect.name == "sqlite"


_TEXT = Subscriber.__table__.c.address_full.type
