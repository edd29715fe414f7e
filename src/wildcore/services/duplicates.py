"""ONU idents that stand at more than one place (S18): the current place first, the others stale."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from wildcore.model.ident import ident_text
from wildcore.services.actor import Actor
from wildcore.services.bindings import place_order
from wildcore.services.device_views import Listing
from wildcore.services.interface_search import InterfaceQuery, InterfaceView, by_ids, search
from wildcore.services.interfaces import get_interface
from wildcore.services.runtime import Runtime
from wildcore.services.scope import visible_devices
from wildcore.store.tables import Device, Interface


@dataclass(frozen=True, slots=True)
class DuplicateIdent:
    """One ident as people read it, and its places."""

    ident: str
    places: tuple[InterfaceView, ...]


def of_ident(session: Session, runtime: Runtime, actor: Actor, ident: str) -> list[InterfaceView]:
    """All places of an ident in any notation that the actor may see, the current one first."""
    return search(session, runtime, actor, InterfaceQuery(ont_ident=ident)).rows


def of_interface(session: Session, runtime: Runtime, actor: Actor, interface_id: int) -> list[InterfaceView]:
    """All places of an interface's ident, the interface itself among them; just itself when it has none."""
    view = get_interface(session, runtime, actor, interface_id)
    return of_ident(session, runtime, actor, view.ident) if view.ident else [view]


def report(
    session: Session, runtime: Runtime, actor: Actor, *, limit: int | None = None, offset: int = 0
) -> Listing[DuplicateIdent]:
    """Idents with several places, by ident; a place that is gone counts until it is deleted."""
    doubled = (
        select(Interface.ident)
        .join(Device, Device.id == Interface.device_id)
        .where(Interface.ident.is_not(None), visible_devices(actor))
        .group_by(Interface.ident)
        .having(func.count(Interface.id) > 1)
    )
    total = session.scalar(select(func.count()).select_from(doubled.subquery())) or 0
    page = doubled.order_by(Interface.ident).limit(limit).offset(offset or None).subquery()
    query = (
        select(Interface.id, Interface.ident)
        .join(page, page.c.ident == Interface.ident)
        .join(Device, Device.id == Interface.device_id)
        .where(visible_devices(actor))
        .order_by(Interface.ident, *place_order())
    )
    places: dict[str, list[int]] = defaultdict(list)
    for interface_id, ident in session.execute(query):
        places[str(ident)].append(interface_id)
    views = by_ids(session, runtime, actor, [one for ids in places.values() for one in ids])
    rows = [
        DuplicateIdent(ident_text(ident, views[ids[0]].ident_type or None), tuple(views[one] for one in ids if one in views))
        for ident, ids in places.items()
        if ids[0] in views
    ]
    return Listing(rows, total)
