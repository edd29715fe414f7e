"""Subscribers of billing systems: what pages, search and the API show of them."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Collection
from dataclasses import dataclass
from functools import cache
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, Row, Select, select
from sqlalchemy.orm import Session

from wildcore.i18n import Text
from wildcore.model.subscriber import SubscriberRecord
from wildcore.services.actor import Actor
from wildcore.services.claim_places import Claim, resolve
from wildcore.services.ports import BillingSource
from wildcore.services.runtime import Runtime
from wildcore.services.scope import visible_interfaces
from wildcore.store.bulk import among_given, among_value, is_sqlite, json_rows
from wildcore.store.tables import Binding, Interface, Subscriber

_B = Binding.__table__.c


@dataclass(frozen=True, slots=True)
class SubscriberView:
    """One subscriber at a place. `link` is the full address of the card in billing, "" when billing's address is unknown.

    `strength`: 1 by ONU ident, 2 by switch and port, 3 by MAC.
    """

    id: int
    source: str
    source_title: Text
    uid: str
    agreement: str
    login: str
    billing_link: str
    link: str
    address_full: str
    settlement: str
    lane: str
    house: str
    app: str
    strength: int
    search_field: str

    @property
    def label(self) -> str:
        """What the subscriber is called: the field chosen for the global search, else what there is."""
        chosen = {"uid": self.uid, "agreement": self.agreement, "login": self.login}.get(self.search_field, "")
        return chosen or self.agreement or self.login or self.uid


def sources(runtime: Runtime) -> dict[str, BillingSource]:
    """Billing systems that are switched on, by source key."""
    return {one.key: one for one in (billing.source() for billing in runtime.ports.billings())}


def of_interfaces(session: Session, runtime: Runtime, interface_ids: Collection[int]) -> dict[int, list[SubscriberView]]:
    """Subscribers of each interface, the strongest match first, then the lowest uid. One statement.

    Subscribers of a billing that is switched off are kept in the database and not shown.
    """
    known = sources(runtime)
    found: dict[int, dict[int, SubscriberView]] = defaultdict(dict)
    if not known or not interface_ids:
        return {}
    sqlite = is_sqlite(session)
    for row in session.execute(_at_interfaces(sqlite), {"ids": among_value(interface_ids, sqlite=sqlite)}):
        if row.source not in known:  # in SQL it would make SQLite read every subscriber of the source
            continue
        before = found[row.interface_id].get(row.id)
        if before is None or before.strength > row.strength:
            found[row.interface_id][row.id] = view(row, known[row.source], row.strength)
    return {interface_id: sorted(views.values(), key=order) for interface_id, views in found.items()}


@cache
def _at_interfaces(sqlite: bool) -> Select[Any]:
    return (
        select(_B.interface_id, _B.strength, *Subscriber.__table__.c)
        .join_from(Binding.__table__, Subscriber.__table__, Subscriber.__table__.c.id == _B.subscriber_id)
        .where(among_given(_B.interface_id, "ids", sqlite=sqlite))
    )


@dataclass(frozen=True, slots=True)
class SubscriberPlaces:
    """A subscriber and the interfaces where it is now, strongest match first: only those that the actor may see."""

    subscriber: SubscriberView
    interface_ids: tuple[int, ...]


def by_uid(session: Session, runtime: Runtime, actor: Actor, source: str, uid: str) -> SubscriberPlaces | None:
    """The subscriber that billing `source` calls `uid`, None when it is unknown or its billing is off. Two statements.

    Somebody who is at no place that the actor may see comes back without places: whether an actor with a limit may know that
    such a subscriber exists at all is the caller's to decide (the global search says no).
    """
    known = sources(runtime).get(source)
    if known is None:
        return None
    row = session.scalar(select(Subscriber).where(Subscriber.source == source, Subscriber.uid == uid))
    if row is None:
        return None
    query = (
        select(_B.interface_id, _B.strength)
        .join(Interface.__table__, Interface.__table__.c.id == _B.interface_id)
        .where(_B.subscriber_id == row.id, visible_interfaces(actor))
        .order_by(_B.strength, _B.interface_id)
    )
    places = dict.fromkeys(interface_id for interface_id, _strength in session.execute(query))
    return SubscriberPlaces(view(row, known), tuple(places))


def places_of(session: Session, runtime: Runtime, actor: Actor, record: SubscriberRecord) -> tuple[int, ...]:
    """Interfaces where somebody is of whom billing has just told, whether stored or not, as far as the actor may see."""
    uplink_macs = int(runtime.settings.get("ANALYTICS_IGNORE_IFACES_WITH_MORE_THAN"))
    claims = [Claim(0, 0, one.ident, one.switch_ip, one.port, one.mac, "") for one in record.claims]
    found = sorted((one.strength, one.interface_id or 0) for one in resolve(session, claims, uplink_macs))
    ids = [interface_id for _strength, interface_id in found if interface_id]
    visible = set(session.scalars(select(Interface.id).where(Interface.id.in_(ids), visible_interfaces(actor))))
    return tuple(dict.fromkeys(interface_id for interface_id in ids if interface_id in visible))


class PlainRow(NamedTuple):
    """What `view` takes, of `COLUMNS`."""

    id: int
    source: str
    uid: str
    agreement: str
    login: str
    billing_link: str
    address_full: str
    settlement: str
    lane: str
    house: str
    app: str


COLUMNS = [Subscriber.__table__.c[name] for name in PlainRow._fields]


def interface_column(interface_id: ColumnElement[int], *, sqlite: bool) -> ColumnElement[Any]:
    """The subscribers of the statement's interface as one column; `of_column` reads it."""
    columns = json_rows(_B.strength, *COLUMNS, sqlite=sqlite)
    joined = Binding.__table__.join(Subscriber.__table__, Subscriber.__table__.c.id == _B.subscriber_id)
    return select(columns).select_from(joined).where(_B.interface_id == interface_id).scalar_subquery()


def of_column(runtime: Runtime, text: str | None) -> tuple[SubscriberView, ...]:
    """Subscribers of `interface_column`, ordered and chosen as by `of_interfaces`."""
    if not text or text == "[]":
        return ()
    known = sources(runtime)
    found: dict[int, SubscriberView] = {}
    for strength, *values in sorted(json.loads(text), key=_strength):
        row = PlainRow(*values)
        if row.source in known and row.id not in found:
            found[row.id] = view(row, known[row.source], strength)
    return tuple(sorted(found.values(), key=order))


def _strength(values: list[Any]) -> int:
    return int(values[0])


def view(row: Subscriber | Row[Any] | PlainRow, source: BillingSource, strength: int = 0) -> SubscriberView:
    """A subscriber as shown, with the link to its card."""
    return SubscriberView(
        id=row.id,
        source=row.source,
        source_title=source.title,
        uid=row.uid,
        agreement=row.agreement,
        login=row.login,
        billing_link=row.billing_link,
        link=card_link(source, row.billing_link),
        address_full=row.address_full,
        settlement=row.settlement,
        lane=row.lane,
        house=row.house,
        app=row.app,
        strength=strength,
        search_field=source.search_field,
    )


def card_link(source: BillingSource, billing_link: str) -> str:
    """Billing's address and the card's path; only http(s) links come out, whatever billing wrote."""
    address = source.address.rstrip("/")
    if not billing_link or not address.startswith(("http://", "https://")):
        return ""
    return f"{address}/{billing_link.lstrip('/')}"


def order(one: SubscriberView) -> tuple[int, int, int, str]:
    """Sort key: the strongest match, then the lowest uid (numbers by value, before texts)."""
    number = int(one.uid) if one.uid.isascii() and one.uid.isdigit() else 0
    return (one.strength, 0 if number else 1, number, one.uid)
