"""ONU idents that stand at more than one place (S18): the current place first and why it is taken for it, the others stale.

The report is at most eight SQL statements however many rows it shows; deleting stale places is a constant number too.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from sqlalchemy import ColumnElement, Select, exists, false, func, select
from sqlalchemy.orm import Session

from wildcore.errors import Conflict, NotFound
from wildcore.i18n import gettext
from wildcore.model.ident import ident_key, ident_text
from wildcore.services import action_log, interfaces, subscribers
from wildcore.services.actor import Actor
from wildcore.services.applying.work import INTERFACES
from wildcore.services.bindings import place_order
from wildcore.services.device_sessions import modules_of
from wildcore.services.device_views import Listing
from wildcore.services.interface_search import InterfaceQuery, InterfaceView, by_ids, search
from wildcore.services.runtime import Runtime
from wildcore.services.scope import visible_devices, visible_group
from wildcore.services.subscribers import SubscriberView
from wildcore.store.bulk import among
from wildcore.store.tables import Binding, Device, DeviceGroup, DeviceGroupLink, Interface, Subscriber

DEREGISTER = "ctrl_ont_delete"


class Why(StrEnum):
    """Why a place of an ident is taken for the current one, or in what state a stale one is."""

    ONLINE = "online"
    WAS_ONLINE = "was_online"  # and its OLT does not respond now
    ONLY_LEFT = "only_left"
    LAST_ONLINE = "last_online"
    LAST_SEEN = "last_seen"
    NEWEST = "newest"
    GONE = "gone"
    REGISTERED = "registered"
    SILENT = "silent"  # its OLT does not respond, or is not polled


@dataclass(frozen=True, slots=True)
class ReportFilter:
    """Which idents; all parts are optional and and-ed. One place on the device, or in the group, is enough."""

    device_id: int | None = None
    group_id: int | None = None
    with_subscriber: bool = False
    ident: str = ""


@dataclass(frozen=True, slots=True)
class DuplicateIdent:
    """One ident as people read it, and its places."""

    ident: str
    places: tuple[InterfaceView, ...]

    @property
    def current(self) -> InterfaceView:
        """Where the ONU is taken to be."""
        return self.places[0]

    @property
    def stale(self) -> tuple[InterfaceView, ...]:
        """The other places."""
        return self.places[1:]

    @property
    def why(self) -> Why:
        """Why the first place is the current one: what set it before the second in `bindings.place_rank`."""
        first, *others = self.places
        if first.gone_at is not None:
            return Why.GONE
        if first.status == "Online":
            return Why.WAS_ONLINE if first.device.status == "Down" else Why.ONLINE
        if all(one.gone_at is not None for one in others):
            return Why.ONLY_LEFT
        if (first.last_online_at or 0) > (others[0].last_online_at or 0):
            return Why.LAST_ONLINE
        return Why.LAST_SEEN if (first.last_seen_at or 0) > (others[0].last_seen_at or 0) else Why.NEWEST

    @property
    def cloned(self) -> bool:
        """Whether two places work at once: two ONUs have one ident, and nothing is stale."""
        return sum(_works(one) for one in self.places) > 1

    @property
    def subscribers(self) -> tuple[SubscriberView, ...]:
        """Whose the ONU is; they are at its current place."""
        return tuple({one.id: one for place in self.places for one in place.subscribers}.values())


@dataclass(frozen=True, slots=True)
class Choices:
    """What the report's filters offer: OLTs and groups, as (id, name)."""

    devices: tuple[tuple[int, str], ...]
    groups: tuple[tuple[int, str], ...]


def state_of(place: InterfaceView) -> Why:
    """What becomes of a stale place that is deleted here: away for good, back with the next poll, or not known yet."""
    if place.gone_at is not None:
        return Why.GONE
    return Why.SILENT if place.device.status == "Down" or not place.device.enabled else Why.REGISTERED


def can_deregister(place: InterfaceView) -> bool:
    """Whether the family of the place's OLT can take the ONU's registration away."""
    return DEREGISTER in {one.name for one in modules_of(place.device.model.key, place.device.model.family)}


def of_ident(session: Session, runtime: Runtime, actor: Actor, ident: str) -> list[InterfaceView]:
    """All places of an ident in any notation that the actor may see, the current one first."""
    return search(session, runtime, actor, InterfaceQuery(ont_ident=ident)).rows


def of_interface(session: Session, runtime: Runtime, actor: Actor, interface_id: int) -> list[InterfaceView]:
    """All places of an interface's ident, the interface itself among them; just itself when it has none."""
    view = interfaces.get_interface(session, runtime, actor, interface_id)
    return of_ident(session, runtime, actor, view.ident) if view.ident else [view]


def report(
    session: Session,
    runtime: Runtime,
    actor: Actor,
    wanted: ReportFilter | None = None,
    *,
    limit: int | None = None,
    offset: int = 0,
) -> Listing[DuplicateIdent]:
    """Idents with several places, by ident; a place that is gone counts until it is deleted."""
    doubled = _doubled(runtime, actor, wanted or ReportFilter())
    total = session.scalar(select(func.count()).select_from(doubled.subquery())) or 0
    places: dict[str, list[int]] = defaultdict(list)
    for interface_id, ident in session.execute(_places(actor, doubled.order_by(Interface.ident), limit, offset)):
        places[str(ident)].append(interface_id)
    views = by_ids(session, runtime, actor, [one for ids in places.values() for one in ids])
    return Listing([_duplicate(ident, [views[one] for one in ids]) for ident, ids in places.items()], total)


def choices(session: Session, actor: Actor) -> Choices:
    """OLTs that have ONUs, and the groups of devices, which the actor may see. Two statements."""
    onu = exists(select(Interface.id).where(Interface.device_id == Device.id, Interface.ident.is_not(None)))
    devices = session.execute(select(Device.id, Device.name, Device.ip).where(onu, visible_devices(actor))).all()
    groups = select(DeviceGroup.id, DeviceGroup.name).order_by(DeviceGroup.name, DeviceGroup.id)
    if actor.group_ids is not None:
        groups = groups.where(DeviceGroup.id.in_(sorted(actor.group_ids)))
    named = sorted(((row[0], row[1] or row[2]) for row in devices), key=lambda one: one[1].lower())
    return Choices(tuple(named), tuple((row[0], row[1]) for row in session.execute(groups)))


def place_ids(session: Session, runtime: Runtime, actor: Actor, wanted: ReportFilter) -> list[int]:
    """Ids of all places of the report in its order, for an export."""
    doubled = _doubled(runtime, actor, wanted)
    return list(session.scalars(_places(actor, doubled, None, 0).with_only_columns(Interface.id)))


def places_by_ids(session: Session, runtime: Runtime, actor: Actor, ids: Collection[int]) -> list[DuplicateIdent]:
    """The idents of these interfaces with all their places; those that the actor may not see are left out. Six statements."""
    here = select(Interface.ident).where(among(session, INTERFACES.c.id, ids), visible_devices(actor, Interface.device_id))
    places: dict[str, list[int]] = defaultdict(list)
    for interface_id, ident in session.execute(_places(actor, here.where(Interface.ident.is_not(None)).distinct(), None, 0)):
        places[str(ident)].append(interface_id)
    views = by_ids(session, runtime, actor, [one for found in places.values() for one in found])
    return [_duplicate(ident, [views[one] for one in found]) for ident, found in places.items()]


def delete_stale(session: Session, runtime: Runtime, actor: Actor, ids: Collection[int]) -> list[InterfaceView]:
    """Delete stale places with their history; their OLTs are asked at once to confirm it (S19). Logged, one line for each.

    NotFound when none of them is there. Conflict when one is its ONU's current place, or works: then nothing is deleted.
    """
    # A poll may find the ONU here in this very moment: its word is awaited, and then no longer possible.
    held = select(INTERFACES.c.id).where(among(session, INTERFACES.c.id, ids)).order_by(INTERFACES.c.id).with_for_update()
    session.execute(held).all()
    found = by_ids(session, runtime, actor, list(ids))
    views = [found[one] for one in sorted(found)]
    if not views:
        raise NotFound(gettext("These places are not there any more"), field="ids")
    for one in views:
        if not one.stale or not one.ident:
            text = gettext("{name} on {device} is the ONU's current place", name=one.name, device=device_name(one))
            raise Conflict(gettext("{reason}: nothing was deleted", reason=text), field="ids")
        if _works(one):
            text = gettext("{name} on {device} is online", name=one.name, device=device_name(one))
            raise Conflict(gettext("{reason}: nothing was deleted", reason=text), field="ids")
    interfaces.delete_interfaces(session, runtime, views)
    action_log.log_all(session, actor, "interface:deleted", [(one.device_id, _deleted(one)) for one in views])
    return views


def device_name(place: InterfaceView) -> str:
    """What people call the device of a place."""
    return place.device.name or place.device.ip


def _deleted(place: InterfaceView) -> str:
    ident = ident_text(place.ident or "", place.ident_type or None)
    return gettext("{name} deleted", name=f"{ident}: {place.name}, {device_name(place)}")


def _works(place: InterfaceView) -> bool:
    return place.gone_at is None and place.status == "Online" and place.device.status != "Down"


def _duplicate(ident: str, places: Sequence[InterfaceView]) -> DuplicateIdent:
    return DuplicateIdent(ident_text(ident, places[0].ident_type or None), tuple(places))


def _doubled(runtime: Runtime, actor: Actor, wanted: ReportFilter) -> Select[Any]:
    seen: list[ColumnElement[bool]] = [Interface.ident.is_not(None), visible_devices(actor, Interface.device_id)]
    here = select(Interface.ident).where(*seen)
    if wanted.ident:
        seen.append(Interface.ident == ident_key(wanted.ident))
    if wanted.device_id is not None:
        seen.append(Interface.ident.in_(here.where(Interface.device_id == wanted.device_id)))
    if wanted.group_id is not None:
        if not visible_group(actor, wanted.group_id):
            seen.append(false())
        linked = select(DeviceGroupLink.device_id).where(DeviceGroupLink.group_id == wanted.group_id)
        seen.append(Interface.ident.in_(here.where(Interface.device_id.in_(linked))))
    if wanted.with_subscriber:
        known = sorted(subscribers.sources(runtime))
        bound = here.join(Binding, Binding.interface_id == Interface.id).join(Subscriber, Subscriber.id == Binding.subscriber_id)
        seen.append(Interface.ident.in_(bound.where(Subscriber.source.in_(known))))
    return select(Interface.ident).where(*seen).group_by(Interface.ident).having(func.count(Interface.id) > 1)


def _places(actor: Actor, idents: Select[Any], limit: int | None, offset: int) -> Select[Any]:
    page = idents.limit(limit).offset(offset or None).subquery()
    columns: tuple[Any, ...] = (Interface.id, Interface.ident)
    return (
        select(*columns)
        .join(page, page.c.ident == Interface.ident)
        .where(visible_devices(actor, Interface.device_id))
        .order_by(Interface.ident, *place_order())
    )
