"""Conditions of the global search for both engines: indexed prefixes, and full text of three or more characters in any case.

SQLite has FTS5 trigram tables beside `interfaces` (one of its texts, one of its idents) and `devices`, kept by triggers, and
`subscribers`, kept by a queue (see `index_queued`); PostgreSQL has expression indexes over `wildcore_fold`, by trigram where the
extension is there.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import (
    BindParameter,
    ColumnElement,
    Select,
    and_,
    bindparam,
    column,
    func,
    literal_column,
    or_,
    select,
    table,
    text,
)
from sqlalchemy.orm import Session

from wildcore.store.tables import Base, Interface, Subscriber

FULL_TEXT_FROM = 3
_LAST = "\U0010ffff"
_DOCUMENTS = {
    "interfaces": ("name", "description", "comment"),
    "devices": ("ip", "name", "location", "mac", "serial"),
    "subscribers": ("uid", "agreement", "login", "address_full"),
}


def starts_with(session: Session, where: Any, prefix: str, *beside: ColumnElement[bool]) -> ColumnElement[bool]:
    """Whether a column begins with a text, in the cases that people type: as it is, lower, upper, capitalised. By index.

    `beside`: conditions on the columns with which the index begins (SQLite needs them beside each of the cases).
    """
    values = list(prefix_values(session, where.name, prefix).items())
    if not _is_sqlite(session):
        return and_(func.wildcore_fold(where).like(bindparam(*values[0])), *beside)
    ranges = zip(values[::2], values[1::2], strict=True)
    return or_(*(and_(*beside, where >= bindparam(*low), where < bindparam(*high)) for low, high in ranges))


def prefix_values(session: Session, name: str, prefix: str) -> dict[str, str]:
    """Parameters of `starts_with` by their names; a statement made for other values of the same names serves these too."""
    if not _is_sqlite(session):
        return {f"{name}_like": _like(prefix.lower()) + "%"}
    cases = enumerate(_cases(prefix))
    return {key: text for at, one in cases for key, text in ((f"{name}_from_{at}", one), (f"{name}_to_{at}", one + _LAST))}


def key_starts_with(session: Session, where: Any, prefix: str) -> ColumnElement[bool]:
    """The same for canonical keys (idents, MACs), which are upper case."""
    values = list(key_values(session, where.name, prefix).items())
    if not _is_sqlite(session):
        return where.like(bindparam(*values[0])).self_group()  # type: ignore[no-any-return]
    found: ColumnElement[bool] = (where >= bindparam(*values[0])) & (where < bindparam(*values[1]))
    return found


def key_values(session: Session, name: str, prefix: str) -> dict[str, str]:
    """Parameters of `key_starts_with` by their names."""
    if not _is_sqlite(session):
        return {f"{name}_like": _like(prefix) + "%"}
    return {f"{name}_from": prefix, f"{name}_to": prefix + _LAST}


def containing(session: Session, query: Select[Any], model: type[Base], words: str, fields: Sequence[str] = ()) -> Select[Any]:
    """A query on `model` narrowed to rows with the words: all of them as they stand, or each that has three characters.

    `fields` narrows it to some of the searched columns. Ask only for texts of `FULL_TEXT_FROM` characters or more. On SQLite the
    index leads, so that a LIMIT ends the search early however many rows there are.
    """
    name = str(model.__tablename__)
    values = text_values(session, words, fields)
    if _is_sqlite(session):
        return _led_by(query, name, model, values["match"])
    document = _document(name)
    whole, *parts = [_bound(*one) for one in values.items()]
    found: ColumnElement[bool] = document.like(whole)
    if parts:
        found = or_(found, and_(*(document.like(part) for part in parts)))
    if fields:
        columns = [func.wildcore_fold(func.coalesce(model.__table__.c[one], "")) for one in fields]
        texts = [or_(*(one.like(part) for one in columns)) for part in (parts or [whole])]
        found = and_(found, *texts)
    return query.where(found)


def forms(words: str) -> list[tuple[str, ...]]:
    """What a text must have to contain these words: all of them as they stand, then each that is long enough by itself."""
    parts = tuple(part for part in words.split() if len(part) >= FULL_TEXT_FROM)
    return [(words,)] if parts in ((), (words,)) else [(words,), parts]


def with_parts(session: Session, query: Select[Any], model: type[Base], parts: Sequence[str]) -> Select[Any]:
    """A query on `model` narrowed to rows whose texts contain each of the parts, one of `forms`. On SQLite the index leads, so
    that a LIMIT ends the search early however many rows there are."""
    name = str(model.__tablename__)
    if _is_sqlite(session):
        return _led_by(query, name, model)
    document = _document(name)
    return query.where(*(document.like(bindparam(one)) for one in part_values(session, parts)))


def part_values(session: Session, parts: Sequence[str]) -> dict[str, str]:
    """Parameters of `with_parts` by their names."""
    if _is_sqlite(session):
        return {"match": " AND ".join(map(_phrase, parts))}
    return {f"part_{at}": f"%{_like(part.lower())}%" for at, part in enumerate(parts)}


def key_containing(session: Session, query: Select[Any]) -> Select[Any]:
    """A query on interfaces narrowed to those whose ident contains a canonical key (three characters or more) anywhere."""
    if _is_sqlite(session):
        return _led_by(query, "idents", Interface)
    return query.where(Interface.__table__.c.ident.like(bindparam("inner")))


def inner_values(session: Session, key: str) -> dict[str, str]:
    """Parameters of `key_containing` by their names."""
    return {"match": _phrase(key)} if _is_sqlite(session) else {"inner": f"%{_like(key)}%"}


def text_values(session: Session, words: str, fields: Sequence[str] = ()) -> dict[str, str]:
    """Parameters of `containing` by their names."""
    each = [part for part in words.split() if len(part) >= FULL_TEXT_FROM] if " " in words else []
    if _is_sqlite(session):
        return {"match": _fts_query(words, each, fields)}
    parts = enumerate(each)
    return {"whole": f"%{_like(words.lower())}%"} | {f"part_{at}": f"%{_like(part.lower())}%" for at, part in parts}


def queued(session: Session) -> bool:
    """Whether subscribers wait to be indexed (SQLite only)."""
    if not _is_sqlite(session):
        return False
    return bool(session.execute(_QUEUED).scalar_one())


def among_queued(session: Session, words: str) -> ColumnElement[bool]:
    """Whether a subscriber is not indexed yet and contains the text; found by reading those few."""
    if not _is_sqlite(session):
        return literal_column("1 = 0")
    waiting, people = table("search_queue", column("id")), Subscriber.__table__.c
    document: ColumnElement[str] = func.coalesce(people.uid, "")
    for where in (people.agreement, people.login, people.address_full):
        document = document + " " + where
    each: dict[str, list[ColumnElement[bool]]] = {}
    for name, text_of in queued_values(session, words).items():
        each.setdefault(name.rpartition("_")[0], []).append(func.instr(document, bindparam(name, text_of)) > 0)
    return people.id.in_(select(waiting.c.id)) & and_(*(or_(*cases) for cases in each.values()))


def queued_values(session: Session, words: str) -> dict[str, str]:
    """Parameters of `among_queued` by their names."""
    if not _is_sqlite(session):
        return {}
    return {f"word_{at}_{case}": one for at, word in enumerate(words.split()) for case, one in enumerate(_cases(word))}


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


INDEXES = ("subscribers", "interfaces", "idents", "devices")


def merge_index(session: Session, index: str, *, begin: bool, pages: int = 200) -> bool:
    """Bring some of a text index's parts together within the caller's write transaction; returns whether there is more to do.

    Each part is looked into by every search. `begin`: all parts are to become one; later steps go on with that.
    """
    if not _is_sqlite(session):
        return False
    changed = text("SELECT total_changes()")
    before = session.execute(changed).scalar_one()
    session.execute(
        text(f"INSERT INTO search_{index}(search_{index}, rank) VALUES ('merge', :pages)"),  # noqa: S608 - one of INDEXES
        {"pages": -pages if begin else pages},
    )
    return int(session.execute(changed).scalar_one()) - int(before) >= 2  # FTS5: less than two rows is nothing


def _fts_query(words: str, each: Sequence[str], fields: Sequence[str]) -> str:
    whole, *parts = map(_phrase, (words, *each))
    query = f"{whole} OR ({' AND '.join(parts)})" if parts else whole
    return "{" + " ".join(fields) + "} : (" + query + ")" if fields else query


def _phrase(words: str) -> str:
    return '"' + words.replace('"', '""') + '"'


def _led_by(query: Select[Any], index_name: str, model: type[Base], match: str | None = None) -> Select[Any]:
    index = table(f"search_{index_name}", column("rowid"))
    given: BindParameter[str] = bindparam("match") if match is None else bindparam("match", match)
    where = literal_column(f"search_{index_name}").op("MATCH")(given)
    return query.join(index, index.c.rowid == model.__table__.c.id).where(where)


def _bound(name: str, value: str) -> ColumnElement[str]:
    return bindparam(name, value)


def _document(name: str) -> ColumnElement[str]:
    joined = " || ' ' || ".join(f"coalesce({name}.{one}, '')" for one in _DOCUMENTS[name])
    return literal_column(f"wildcore_fold({joined})", type_=_TEXT)


def _cases(word: str) -> list[str]:
    return sorted({word, word.lower(), word.upper(), word.capitalize()})


def _like(words: str) -> str:
    return words.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")


def _is_sqlite(session: Session) -> bool:
    return session.get_bind().dialect.name == "sqlite"


_QUEUED = text("SELECT EXISTS (SELECT 1 FROM search_queue)")
_TEXT = Subscriber.__table__.c.address_full.type
