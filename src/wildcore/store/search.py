"""Conditions of the global search for both engines: indexed prefixes, and full text of three or more characters in any case.

SQLite has FTS5 trigram tables beside `interfaces`, `devices` (kept by triggers) and `subscribers` (kept by a queue, see
`index_queued`); PostgreSQL has expression indexes over `wildcore_fold`, by trigram where the extension is there.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import ColumnElement, column, func, literal_column, or_, select, table, text
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


def contains(session: Session, model: type[Base], words: str, fields: Sequence[str] = ()) -> ColumnElement[bool]:
    """Whether a row's text contains the words: all of them as they stand, or each of those with three or more characters.

    `fields` narrows it to some of the searched columns. Texts under three characters match nothing.
    """
    name = str(model.__tablename__)
    phrases = [words, *([part for part in words.split() if len(part) >= FULL_TEXT_FROM] if " " in words else [])]
    if len(words) < FULL_TEXT_FROM:
        return literal_column("1 = 0")
    if _is_sqlite(session):
        return _by_fts(name, model, phrases, fields)
    document = _document(name)
    whole = document.like(f"%{_like(words.lower())}%")
    each = [document.like(f"%{_like(part.lower())}%") for part in phrases[1:]]
    found: ColumnElement[bool] = or_(whole, _all(each)) if each else whole
    if fields:
        columns = [func.wildcore_fold(func.coalesce(model.__table__.c[one], "")) for one in fields]
        found = found & or_(*(one.like(f"%{_like(words.lower())}%") for one in columns))
    return found


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
    return Subscriber.id.in_(select(waiting.c.id)) & _all(each)


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


def _by_fts(name: str, model: type[Base], phrases: Sequence[str], fields: Sequence[str]) -> ColumnElement[bool]:
    quoted = ['"' + phrase.replace('"', '""') + '"' for phrase in phrases]
    query = quoted[0] if len(quoted) == 1 else f"{quoted[0]} OR ({' AND '.join(quoted[1:])})"
    if fields:
        query = "{" + " ".join(fields) + "} : (" + query + ")"
    index = table(f"search_{name}", column("rowid"))
    match = literal_column(f"search_{name}").op("MATCH")(query)
    return model.__table__.c.id.in_(select(index.c.rowid).where(match))


def _document(name: str) -> ColumnElement[str]:
    joined = " || ' ' || ".join(f"coalesce({name}.{one}, '')" for one in _DOCUMENTS[name])
    return literal_column(f"wildcore_fold({joined})", type_=_TEXT)


def _cases(word: str) -> list[str]:
    return sorted({word, word.lower(), word.upper(), word.capitalize()})


def _all(conditions: Sequence[ColumnElement[bool]]) -> ColumnElement[bool]:
    found = conditions[0]
    for one in conditions[1:]:
        found = found & one
    return found


def _like(words: str) -> str:
    return words.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")


def _is_sqlite(session: Session) -> bool:
    return session.get_bind().dialect.name == "sqlite"


_TEXT = Subscriber.__table__.c.address_full.type
