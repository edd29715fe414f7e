"""Subscribers as lists: who they are, what billing claims of them, where they are now.

Which subscribers an actor may know of: all of them without a limit to device groups; else those with a place on a device of the
actor's groups, and with the right `subscribers_unplaced` those who have no place at all. Subscribers of a billing that is
switched off are kept in the database and not shown.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Sequence
from dataclasses import dataclass

from sqlalchemy import ColumnElement, exists, func, or_, select, true
from sqlalchemy.orm import Session

from wildcore.errors import NotFound
from wildcore.i18n import gettext
from wildcore.services import subscriber_places
from wildcore.services.actor import Actor
from wildcore.services.ports import BillingSource
from wildcore.services.runtime import Runtime
from wildcore.services.scope import visible_interfaces
from wildcore.services.subscriber_places import SubscriberPlace
from wildcore.services.subscribers import SubscriberView, sources, view
from wildcore.store import search as store
from wildcore.store.bulk import among
from wildcore.store.tables import Binding, Interface, Subscriber, SubscriberClaim

UNPLACED = "subscribers_unplaced"
LONGEST = 100
_S, _B, _C = Subscriber.__table__.c, Binding.__table__.c, SubscriberClaim.__table__.c


@dataclass(frozen=True, slots=True)
class SubscriberFilter:
    """What a list is narrowed to; all parts are optional and and-ed. `uid`, `agreement`, `login` are exact.

    `text` is looked for in all of them and in the address. `interface_id`: who is at this port or ONU.
    `updated_since` (Unix seconds): whom a sync added or changed since.
    """

    text: str = ""
    uid: str = ""
    agreement: str = ""
    login: str = ""
    source: str = ""
    matched: bool | None = None
    interface_id: int | None = None
    updated_since: int | None = None


@dataclass(frozen=True, slots=True)
class ClaimView:
    """What billing claims: canonical keys, "" where it does not say. `unmatched` is the reason while it leads nowhere."""

    id: int
    ident: str
    switch_ip: str
    port: str
    mac: str
    unmatched: str


@dataclass(frozen=True, slots=True)
class SubscriberRow:
    """One subscriber with the places that the actor may see, the strongest match first. `updated_at` in Unix seconds."""

    view: SubscriberView
    claims: tuple[ClaimView, ...]
    places: tuple[SubscriberPlace, ...]
    updated_at: int


def seen(actor: Actor) -> ColumnElement[bool]:
    """Condition on `subscribers.id`: the actor may know of the subscriber."""
    if actor.group_ids is None:
        return true()
    here = _S.id.in_(
        select(_B.subscriber_id)
        .join_from(Binding, Interface, Interface.id == Binding.interface_id)
        .where(visible_interfaces(actor))
    )
    return or_(here, ~placed()) if actor.may(UNPLACED) else here


def placed() -> ColumnElement[bool]:
    """Condition on `subscribers.id`: at least one claim leads somewhere."""
    return exists(select(_B.claim_id).where(_B.subscriber_id == _S.id).correlate(Subscriber.__table__))


def sees_unplaced(actor: Actor) -> bool:
    """Whether the actor may know of subscribers without a place."""
    return actor.group_ids is None or actor.may(UNPLACED)


def ids(
    session: Session,
    runtime: Runtime,
    actor: Actor,
    wanted: SubscriberFilter,
    *,
    limit: int | None = None,
    offset: int = 0,
) -> tuple[list[int], int]:
    """Ids of the subscribers that fit, in the order in which billing told of them first, and how many there are in all."""
    known = chosen_sources(runtime, wanted.source)
    if not known:
        return [], 0
    # not the plain column in a list: SQLite would read all of a source by its index and sort, rather than stop early
    whose = _S.source.in_(known) if wanted.uid else func.coalesce(_S.source, "").in_(known)
    where = [whose, seen(actor), *_conditions(session, actor, wanted)]
    query = select(_S.id).where(*where).order_by(_S.id).limit(limit).offset(offset or None)
    found = list(session.scalars(query))
    if limit is None and not offset:
        return found, len(found)
    return found, session.scalar(select(func.count()).select_from(Subscriber.__table__).where(*where)) or 0


def rows(session: Session, runtime: Runtime, actor: Actor, subscriber_ids: Sequence[int]) -> list[SubscriberRow]:
    """Subscribers by id in this order, without those that the actor may not see. Three statements."""
    if not subscriber_ids:
        return []
    people = people_of(session, actor, sources(runtime), subscriber_ids)
    claims = claims_of(session, subscriber_ids)
    places = subscriber_places.of_subscribers(session, actor, subscriber_ids)
    return [
        SubscriberRow(people[one][0], tuple(claims.get(one, ())), places.get(one, ()), people[one][1])
        for one in subscriber_ids
        if one in people
    ]


def get(session: Session, runtime: Runtime, actor: Actor, subscriber_id: int) -> SubscriberRow:
    """One subscriber, or NotFound when there is none or the actor may not see it."""
    found = rows(session, runtime, actor, [subscriber_id])
    if not found:
        raise NotFound(gettext("There is no subscriber {id}", id=subscriber_id), field="subscriber_id")
    return found[0]


def chosen_sources(runtime: Runtime, source: str = "") -> list[str]:
    """Keys of the billing systems that are on, or this one of them."""
    return sorted(key for key in sources(runtime) if source in ("", key))


def people_of(
    session: Session, actor: Actor, known: dict[str, BillingSource], subscriber_ids: Collection[int]
) -> dict[int, tuple[SubscriberView, int]]:
    """Subscribers by id that the actor may see, with the time of their last change. One statement."""
    query = select(*_S).where(among(session, _S.id, set(subscriber_ids)), seen(actor))
    return {row.id: (view(row, known[row.source]), row.updated_at) for row in session.execute(query) if row.source in known}


def claims_of(session: Session, subscriber_ids: Collection[int]) -> dict[int, list[ClaimView]]:
    """Claims of each subscriber. One statement."""
    query = select(_C.subscriber_id, _C.id, _C.ident, _C.switch_ip, _C.port, _C.mac, _C.unmatched).order_by(_C.id)
    found: dict[int, list[ClaimView]] = defaultdict(list)
    for subscriber_id, *claim in session.execute(query.where(among(session, _C.subscriber_id, subscriber_ids))):
        found[subscriber_id].append(ClaimView(*claim))
    return found


def _conditions(session: Session, actor: Actor, wanted: SubscriberFilter) -> list[ColumnElement[bool]]:
    where: list[ColumnElement[bool]] = [
        _S[name] == value for name in ("uid", "agreement", "login") if (value := getattr(wanted, name))
    ]
    if wanted.matched is not None:
        where.append(placed() if wanted.matched else ~placed())
    if wanted.interface_id is not None:
        at = select(_B.subscriber_id).join_from(Binding, Interface, Interface.id == Binding.interface_id)
        where.append(_S.id.in_(at.where(Interface.id == wanted.interface_id, visible_interfaces(actor))))
    if wanted.updated_since is not None:
        where.append(_S.updated_at >= wanted.updated_since)
    words = " ".join(wanted.text.split())[:LONGEST]
    if words:
        where.append(text_condition(session, words))
    return where


def text_condition(session: Session, words: str) -> ColumnElement[bool]:
    """Condition on `subscribers`: UID, contract, login or address has the text; one or two characters count as a beginning.

    Subscribers of the last sync are found before they are indexed.
    """
    if len(words) < store.FULL_TEXT_FROM:
        return or_(*(store.starts_with(session, _S[name], words) for name in ("uid", "agreement", "login")))
    found: ColumnElement[bool] = _S.id.in_(store.containing(session, select(_S.id), Subscriber, words).correlate(None))
    return or_(found, store.among_queued(session, words)) if store.queued(session) else found
