"""Global search: one text, hits in groups (subscribers, interfaces, ONU idents, MACs, devices), each with its place."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from weakref import WeakKeyDictionary

from sqlalchemy import and_, case, func, or_, select
from sqlalchemy.orm import Session

from wildcore.i18n import Text, _
from wildcore.model.ident import ident_key, ident_text, mac_text
from wildcore.services import subscribers
from wildcore.services.actor import Actor
from wildcore.services.bindings import place_order
from wildcore.services.runtime import Runtime
from wildcore.services.scope import visible_devices
from wildcore.store import search as store
from wildcore.store.db import Database
from wildcore.store.tables import Base, Binding, Device, DeviceModel, FdbHistory, Interface, Subscriber

SHORTEST, LONGEST = 2, 100
HITS = 10
_HEX_KEY = re.compile(r"[0-9A-F]{2,12}\Z")
_FIELD_TITLES = {"uid": _("UID"), "agreement": _("Contract"), "login": _("Login")}
_indexing: WeakKeyDictionary[Database, asyncio.Task[None]] = WeakKeyDictionary()


@dataclass(frozen=True, slots=True)
class Hit:
    """One thing found. `title` is what it is called, `detail` what else is known, `place` where it is.

    `interface_id` or `device_id` say which page shows it; both are None for a subscriber without a place.
    """

    kind: str
    title: str
    detail: str
    place: str
    interface_id: int | None
    device_id: int | None
    status: str = ""
    link: str = ""


@dataclass(frozen=True, slots=True)
class HitGroup:
    """Hits of one kind: `subscriber`, `interface`, `onu`, `mac` or `device`; `more` when there are others beyond them."""

    kind: str
    title: Text
    hits: tuple[Hit, ...]
    more: bool


async def search(runtime: Runtime, actor: Actor, text: str, *, limit: int = HITS) -> list[HitGroup]:
    """Search for a text of two or more characters; shorter ones find nothing. Subscribers that came with the last sync are
    indexed in the background by and by, and found meanwhile."""
    groups, waiting = await runtime.db.run_read(
        lambda session: (find(session, runtime, actor, text, limit=limit), store.queued(session))
    )
    if waiting and runtime.db not in _indexing:
        task = _indexing[runtime.db] = asyncio.create_task(catch_up(runtime))
        task.add_done_callback(lambda _done: _indexing.pop(runtime.db, None))
    return groups


async def catch_up(runtime: Runtime) -> None:
    """Index what a sync left, a little at a time so that no writer waits for long."""
    done = await runtime.db.run_write(store.index_queued)
    while done:
        done = await runtime.db.run_write(store.index_queued)


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


_PLACE: tuple[Any, ...] = (Interface.id, Interface.name, Interface.type, Interface.status, Device.id, Device.name, Device.ip)


def _place(row: Sequence[Any]) -> str:
    return place_text(row[1], row[2], row[5], row[6])


def _closest(
    session: Session, query: Any, prefixed: Any, model: type[Base], words: str, limit: int, fields: Sequence[str] = ()
) -> list[Any]:
    """Rows that begin with the text, then rows that contain it; each once."""
    rows = list(session.execute(query.where(prefixed).limit(limit)).all())
    if len(rows) < limit and len(words) >= store.FULL_TEXT_FROM:
        seen = {row[0] for row in rows}
        wider = store.containing(session, query.order_by(None), model, words, fields)
        rows += [row for row in session.execute(wider.limit(limit + len(seen))) if row[0] not in seen]
    return rows[:limit]


def _interfaces(session: Session, runtime: Runtime, actor: Actor, words: str, limit: int) -> list[Hit]:
    query = (
        select(*_PLACE, Interface.description, Interface.comment)
        .join(Device, Device.id == Interface.device_id)
        .where(visible_devices(actor), Interface.gone_at.is_(None))
    )
    prefixed = store.starts_with(session, Interface.name, words)
    rows = _closest(session, query, prefixed, Interface, words, limit, ("name", "description", "comment"))
    return [Hit("interface", row[1], row[7] or row[8], _place(row), row[0], row[4], row[3]) for row in rows]


def _onus(session: Session, runtime: Runtime, actor: Actor, words: str, limit: int) -> list[Hit]:
    key = ident_key(words)
    if len(key) < SHORTEST or not key.isascii():
        return []
    query = (
        select(*_PLACE, Interface.ident, Interface.ident_type, Interface.gone_at)
        .join(Device, Device.id == Interface.device_id)
        .where(visible_devices(actor), Interface.ident.is_not(None))
    )
    if len(key) < store.FULL_TEXT_FROM:
        order: tuple[Any, ...] = (Interface.ident,)
    else:
        order = (case((Interface.ident == key, 0), else_=1), Interface.ident, *place_order())
    prefixed = store.key_starts_with(session, Interface.ident, key)
    rows = _closest(session, query.order_by(*order), prefixed, Interface, key, limit, ("ident",))
    return [Hit("onu", ident_text(row[7], row[8] or None), row[3], _place(row), row[0], row[4], row[3]) for row in rows]


def _macs(session: Session, runtime: Runtime, actor: Actor, words: str, limit: int) -> list[Hit]:
    key = re.sub(r"[\s:.\-]+", "", words).upper()
    if not _HEX_KEY.match(key):
        return []
    query = (
        select(*_PLACE, FdbHistory.mac, FdbHistory.vlan_id, FdbHistory.active)
        .join(Interface, Interface.id == FdbHistory.interface_id)
        .join(Device, Device.id == Interface.device_id)
        .where(visible_devices(actor), store.key_starts_with(session, FdbHistory.mac, key))
    )
    if len(key) == 12:
        query = query.order_by(FdbHistory.active.desc(), FdbHistory.last_seen_at.desc())
    rows = session.execute(query.limit(limit)).all()
    return [
        Hit("mac", mac_text(row[7]), f"VLAN {row[8]}" if row[8] else "", _place(row), row[0], row[4], "active" if row[9] else "")
        for row in rows
    ]


def _devices(session: Session, runtime: Runtime, actor: Actor, words: str, limit: int) -> list[Hit]:
    query = (
        select(Device.id, Device.name, Device.ip, Device.status, Device.location, DeviceModel.name)
        .join(DeviceModel, DeviceModel.id == Device.model_id)
        .where(visible_devices(actor))
    )
    prefixed = or_(store.starts_with(session, Device.name, words), store.starts_with(session, Device.ip, words))
    rows = _closest(session, query, prefixed, Device, words, limit)
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
    # not the plain column: SQLite would read all of a source by its index rather than look the text up
    query = select(Subscriber.id).where(func.coalesce(Subscriber.source, "").in_(sorted(known)))
    if actor.group_ids is not None:
        bound = select(Binding.subscriber_id).join(Interface, Interface.id == Binding.interface_id)
        bound = bound.join(Device, Device.id == Interface.device_id).where(visible_devices(actor))
        query = query.where(Subscriber.id.in_(bound))
    columns = {"uid": Subscriber.uid, "agreement": Subscriber.agreement, "login": Subscriber.login}
    chosen = [name for name in columns if any(source.search_field == name for source in known.values())]
    order = [*chosen, *(name for name in columns if name not in chosen)]
    ids: list[int] = []
    queries = [query.where(store.starts_with(session, columns[name], words)) for name in order]
    queries[order.index("uid")] = queries[order.index("uid")].where(Subscriber.source.in_(sorted(known)))
    if len(words) >= store.FULL_TEXT_FROM:
        queries += [store.containing(session, query, Subscriber, words), query.where(store.among_queued(session, words))]
    for one_way in queries:
        if len(ids) < limit:
            ids += [one for one in session.scalars(one_way.limit(limit)) if one not in ids]
    return _subscriber_hits(session, runtime, actor, ids[:limit])


def _subscriber_hits(session: Session, runtime: Runtime, actor: Actor, ids: list[int]) -> list[Hit]:
    if not ids:
        return []
    known = subscribers.sources(runtime)
    people = {one.id: one for one in session.scalars(select(Subscriber).where(Subscriber.id.in_(ids)))}
    query = (
        select(*_PLACE, Binding.subscriber_id)
        .join(Interface, Interface.id == Binding.interface_id)
        .join(Device, Device.id == Interface.device_id)
        .where(and_(Binding.subscriber_id.in_(ids), visible_devices(actor)))
        .order_by(Binding.strength.desc())
    )
    places = {row[7]: row for row in session.execute(query)}
    hits = []
    for one in ids:
        person = subscribers.view(people[one], known[people[one].source])
        row = places.get(one)
        detail = " · ".join(part for part in (person.uid, person.agreement, person.login, person.address_full) if part)
        if row is None:
            hits.append(Hit("subscriber", person.label, detail, "", None, None, "", person.link))
        else:
            hits.append(Hit("subscriber", person.label, detail, _place(row), row[0], row[4], row[3], person.link))
    return hits
