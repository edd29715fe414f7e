"""Global search: one text, hits in groups (subscribers, interfaces, ONU idents, MACs, devices), each with its place."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable, Sequence
from functools import cache
from typing import Any
from weakref import WeakKeyDictionary

from sqlalchemy import BindParameter, Select, bindparam, func, or_, select
from sqlalchemy.orm import Session

from wildcore.i18n import Text, _
from wildcore.model.ident import ident_key, ident_text, mac_text
from wildcore.services import search_index, subscribers
from wildcore.services.actor import Actor
from wildcore.services.bindings import place_order
from wildcore.services.edges import edge_order, edge_values
from wildcore.services.interface_search import PLACES
from wildcore.services.runtime import Runtime
from wildcore.services.scope import in_scope, scope_values
from wildcore.services.search_rows import Hit, HitGroup, Search, closest, rows_of
from wildcore.store import search as store
from wildcore.store.bulk import among_given, among_value, is_sqlite
from wildcore.store.db import Database
from wildcore.store.quick import Prepared
from wildcore.store.tables import Binding, Device, DeviceModel, FdbHistory, Interface, Subscriber

SHORTEST, LONGEST = 2, 100
HITS = 10
_WHOLE_IDENT = 12  # as long as a MAC or a serial: nobody looks for it within another
_HEX_KEY = re.compile(r"[0-9A-F]{2,12}\Z")
_FIELD_TITLES = {"uid": _("UID"), "agreement": _("Contract"), "login": _("Login")}
_indexing: WeakKeyDictionary[Database, asyncio.Task[None]] = WeakKeyDictionary()


async def search(runtime: Runtime, actor: Actor, text: str, *, limit: int = HITS) -> list[HitGroup]:
    """Search for a text of two or more characters; shorter ones find nothing. Subscribers that came with the last sync are
    indexed in the background by and by, and found meanwhile."""
    groups, waiting = await runtime.db.run_read(
        lambda session: (find(session, runtime, actor, text, limit=limit), store.queued(session))
    )
    if waiting and runtime.db not in _indexing:
        task = _indexing[runtime.db] = asyncio.create_task(search_index.catch_up(runtime))
        task.add_done_callback(lambda _done: _indexing.pop(runtime.db, None))
    return groups


def find(session: Session, runtime: Runtime, actor: Actor, text: str, *, limit: int = HITS) -> list[HitGroup]:
    """The same within a session. Every group holds at most `limit` hits, the closest ones first."""
    words = " ".join(text.split())[:LONGEST]
    if len(words) < SHORTEST:
        return []
    finders = (
        ("subscriber", _subscriber_title(runtime), _subscribers),
        ("onu", _("ONU"), _onus),
        ("interface", _("Interfaces"), _interfaces),
        ("mac", _("MAC addresses"), _macs),
        ("device", _("Devices"), _devices),
    )
    groups = []
    for kind, title, finder in finders:
        hits = finder(session, runtime, actor, words, limit + 1)
        if hits:
            groups.append(HitGroup(kind, title, tuple(hits[:limit]), len(hits) > limit))
    return groups


def place_text(name: str, kind: str, device_name: str, ip: str) -> str:
    """`gpon-onu_1/1/11:88 (ONU) on C320-1, 192.0.2.10`."""
    return str(_("{name} ({kind}) on {device}")).format(name=name, kind=kind, device=", ".join(p for p in (device_name, ip) if p))


_I, _D, _F = Interface.__table__.c, Device.__table__.c, FdbHistory.__table__.c
_S, _B, _M = Subscriber.__table__.c, Binding.__table__.c, DeviceModel.__table__.c
_PLACE: tuple[Any, ...] = (_I.id, _I.name, _I.type, _I.status, _D.id, _D.name, _D.ip)


def _place(row: Sequence[Any]) -> str:
    return place_text(row[1], row[2], row[5], row[6])


def _interfaces(session: Session, runtime: Runtime, actor: Actor, words: str, limit: int) -> list[Hit]:
    def query(limited: bool) -> Select[Any]:
        columns = select(*_PLACE, _I.description, _I.comment).select_from(PLACES)
        return columns.where(in_scope(_D.id, limited=limited), _I.gone_at.is_(None))

    one = Search(
        "interface", Interface, query, lambda: store.starts_with(session, _I.name, words),
        store.prefix_values(session, "name", words),
    )  # fmt: skip
    rows = closest(session, actor, one, words, limit)
    return [Hit("interface", row[1], row[7] or row[8], _place(row), row[0], row[4], row[3]) for row in rows]


def _onus(session: Session, runtime: Runtime, actor: Actor, words: str, limit: int) -> list[Hit]:
    key = ident_key(words)
    if len(key) < SHORTEST or not key.isascii():
        return []

    def query(limited: bool) -> Select[Any]:
        columns = select(*_PLACE, _I.ident, _I.ident_type, _I.gone_at).select_from(PLACES)
        return columns.where(in_scope(_D.id, limited=limited), _I.ident.is_not(None))

    def exact(limited: bool) -> Select[Any]:
        return query(limited).where(_I.ident == bindparam("ident")).order_by(*place_order(_I))

    def starting(limited: bool) -> Select[Any]:
        found = query(limited).where(store.key_starts_with(session, _I.ident, key))
        # PostgreSQL would sort all of them: its index for beginnings keeps another order
        return found.order_by(_I.ident) if is_sqlite(session) else found

    def containing(limited: bool) -> Select[Any]:
        return store.key_containing(session, query(limited))

    ways: list[tuple[str, dict[str, str], Callable[[bool], Select[Any]]]] = []
    if len(key) >= store.FULL_TEXT_FROM:
        ways.append(("onu exact", {"ident": key}, exact))
    ways.append(("onu", store.key_values(session, "ident", key), starting))
    if len(key) >= store.FULL_TEXT_FROM:
        ways.append(("onu containing", store.inner_values(session, key), containing))
    rows: list[Any] = []
    for what, values, build in ways:
        if len(rows) >= limit or (rows and len(key) >= _WHOLE_IDENT):
            break
        seen = {row[0] for row in rows}
        found = rows_of(session, actor, what, dict(values), limit + len(seen), build)
        more = [row for row in found if row[0] not in seen]
        rows += sorted(more, key=_ident_order) if what == "onu" else more
    rows = rows[:limit]
    return [Hit("onu", ident_text(row[7], row[8] or None), row[3], _place(row), row[0], row[4], row[3]) for row in rows]


def _ident_order(row: Sequence[Any]) -> tuple[Any, ...]:
    """ONUs by ident, of one ident the place where it works first."""
    return row[7], row[9] is not None, row[3] != "Online"


def _macs(session: Session, runtime: Runtime, actor: Actor, words: str, limit: int) -> list[Hit]:
    key = re.sub(r"[\s:.\-]+", "", words).upper()
    if not _HEX_KEY.match(key):
        return []
    whole = len(key) == 12

    def query(limited: bool) -> Select[Any]:
        found = (
            select(*_PLACE, _F.mac, _F.vlan_id, _F.active)
            .select_from(PLACES.join(FdbHistory.__table__, _F.interface_id == _I.id))
            .where(in_scope(_D.id, limited=limited), store.key_starts_with(session, _F.mac, key))
        )
        uplink, crowd = edge_order()
        return found.order_by(uplink, _F.active.desc(), crowd, _F.last_seen_at.desc(), _I.id) if whole else found

    values: dict[str, Any] = store.key_values(session, "mac", key) | (edge_values(runtime) if whole else {})
    rows = rows_of(session, actor, "whole mac" if whole else "mac", values, limit, query)
    return [
        Hit(
            "mac",
            mac_text(row[7]),
            f"VLAN {row[8]}" if row[8] else "",
            _place(row),
            row[0],
            row[4],
            "active" if row[9] else "",
        )
        for row in rows
    ]


def _devices(session: Session, runtime: Runtime, actor: Actor, words: str, limit: int) -> list[Hit]:
    def query(limited: bool) -> Select[Any]:
        return (
            select(_D.id, _D.name, _D.ip, _D.status, _D.location, _M.name)
            .join_from(Device.__table__, DeviceModel.__table__, _M.id == _D.model_id)
            .where(in_scope(_D.id, limited=limited))
        )

    one = Search(
        "device", Device, query,
        lambda: or_(store.starts_with(session, _D.name, words), store.starts_with(session, _D.ip, words)),
        store.prefix_values(session, "name", words) | store.prefix_values(session, "ip", words),
    )  # fmt: skip
    rows = closest(session, actor, one, words, limit)
    return [
        Hit("device", row[1] or row[2], row[5], ", ".join(p for p in (row[2], row[4]) if p), None, row[0], row[3]) for row in rows
    ]


def _subscriber_title(runtime: Runtime) -> Text:
    fields = {source.search_field for source in subscribers.sources(runtime).values()}
    title = _FIELD_TITLES.get(next(iter(fields))) if len(fields) == 1 else None
    return title or _("Subscribers")


def _subscribers(session: Session, runtime: Runtime, actor: Actor, words: str, limit: int) -> list[Hit]:
    known = subscribers.sources(runtime)
    if not known:
        return []
    named = {f"source_{at}": key for at, key in enumerate(sorted(known))}
    sources: list[BindParameter[str]] = [bindparam(name) for name in named]

    def query(limited: bool) -> Select[Any]:
        # not the plain column: SQLite would read all of a source by its index rather than look the text up
        found = select(_S.id).where(func.coalesce(_S.source, "").in_(sources))
        if limited:
            bound = select(_B.subscriber_id).select_from(PLACES.join(Binding.__table__, _B.interface_id == _I.id))
            found = found.where(_S.id.in_(bound.where(in_scope(_D.id, limited=True))))
        return found

    def begins(name: str) -> Callable[[bool], Select[Any]]:
        def build(limited: bool) -> Select[Any]:
            source = (_S.source.in_(sources),) if name == "uid" else ()  # its index begins with the source
            return query(limited).where(store.starts_with(session, _S[name], words, *source))

        return build

    columns: tuple[str, ...] = ("uid", "agreement", "login")
    chosen = [name for name in columns if any(source.search_field == name for source in known.values())]
    ways: list[tuple[str, dict[str, str], Callable[[bool], Select[Any]]]] = [
        (f"subscriber {name}", store.prefix_values(session, name, words), begins(name))
        for name in (*chosen, *(name for name in (*columns, "address_full") if name not in chosen))
    ]
    if len(words) >= store.FULL_TEXT_FROM:
        for parts in store.forms(words):
            containing = lambda limited, parts=parts: store.with_parts(session, query(limited), Subscriber, parts)  # noqa: E731
            ways.append(("subscriber containing", store.part_values(session, parts), containing))
        if store.queued(session):
            values = store.queued_values(session, words)
            ways.append(("subscriber queued", values, lambda limited: query(limited).where(store.among_queued(session, words))))
    ids: list[int] = []
    several, looked = " " in words, False
    for what, given, build in ways:
        # Once something has the whole text, texts that have only its words would be noise, and take long to find.
        if len(ids) < limit and not (several and ids and looked and what == "subscriber containing"):
            found = rows_of(session, actor, what, {**given, **named}, limit, build)
            ids += [row[0] for row in found if row[0] not in ids]
        looked = looked or what in ("subscriber address_full", "subscriber containing")
    return _subscriber_hits(session, runtime, actor, ids[:limit])


def _subscriber_hits(session: Session, runtime: Runtime, actor: Actor, ids: list[int]) -> list[Hit]:
    if not ids:
        return []
    known, sqlite = subscribers.sources(runtime), is_sqlite(session)
    values = {**scope_values(actor), "ids": among_value(ids, sqlite=sqlite)}
    rows = map(subscribers.PlainRow._make, _people(sqlite).all(session, values))
    people = {row.id: row for row in rows}
    places = {row[7]: row for row in _places_of_people(sqlite, actor.group_ids is not None).all(session, values)}
    hits = []
    for one in ids:
        person = subscribers.view(people[one], known[people[one].source])
        row = places.get(one)
        detail = " · ".join(part for part in (person.uid, person.agreement, person.login, person.address_full) if part)
        if row is None:
            hits.append(Hit("subscriber", person.label, detail, "", None, None, "", person.link))
        else:
            hits.append(
                Hit(
                    "subscriber",
                    person.label,
                    detail,
                    _place(row),
                    row[0],
                    row[4],
                    row[3],
                    person.link,
                )
            )
    return hits


@cache
def _people(sqlite: bool) -> Prepared:
    query = select(*subscribers.COLUMNS).where(among_given(_S.id, "ids", sqlite=sqlite))
    return Prepared(lambda _dialect: query)


@cache
def _places_of_people(sqlite: bool, limited: bool) -> Prepared:
    query = (
        select(*_PLACE, _B.subscriber_id)
        .select_from(PLACES.join(Binding.__table__, _B.interface_id == _I.id))
        .where(among_given(_B.subscriber_id, "ids", sqlite=sqlite), in_scope(_D.id, limited=limited))
        .order_by(_B.strength.desc())
    )
    return Prepared(lambda _dialect: query)


__all__ = ["Hit", "HitGroup", "find", "place_text", "search"]
