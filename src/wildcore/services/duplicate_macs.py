"""MAC addresses that stand at several ports at once: a loop, a clone, or a switch between two of ours.

Ports with many addresses are uplinks, on which every address stands too; they do not count. An address that moves is seen at both
places for a while; only what lasts counts.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Select, func, select
from sqlalchemy.orm import Session

from wildcore.services.actor import Actor
from wildcore.services.device_views import Listing
from wildcore.services.edges import uplink_macs
from wildcore.services.interface_search import InterfaceView, by_ids
from wildcore.services.runtime import Runtime
from wildcore.services.scope import visible_devices
from wildcore.store.tables import FdbHistory


@dataclass(frozen=True, slots=True)
class MacPlace:
    """A port where an address stands now. `vlans` without those that the device does not tell; times are Unix seconds."""

    interface: InterfaceView
    vlans: tuple[int, ...]
    first_seen_at: int
    last_seen_at: int


@dataclass(frozen=True, slots=True)
class DuplicateMac:
    """One address (12 hex digits) and its ports, the first seen first."""

    mac: str
    places: tuple[MacPlace, ...]


def report(
    session: Session, runtime: Runtime, actor: Actor, *, limit: int | None = None, offset: int = 0
) -> Listing[DuplicateMac]:
    """Addresses at several ports of the devices that the actor may see, by address; six statements."""
    doubled = _doubled(runtime, actor)
    total = session.scalar(select(func.count()).select_from(doubled.subquery())) or 0
    page = doubled.order_by(FdbHistory.mac).limit(limit).offset(offset or None).subquery()
    columns = (FdbHistory.mac, FdbHistory.interface_id, FdbHistory.vlan_id, FdbHistory.first_seen_at, FdbHistory.last_seen_at)
    query = select(*columns).join(page, page.c.mac == FdbHistory.mac).where(*_lasting(runtime, actor)).order_by(*columns[:3])
    seen: dict[str, dict[int, list[tuple[int, int, int]]]] = defaultdict(lambda: defaultdict(list))
    for mac, interface_id, *facts in session.execute(query):
        seen[mac][interface_id].append((facts[0], facts[1], facts[2]))
    views = by_ids(session, runtime, actor, sorted({one for places in seen.values() for one in places}))
    rows = []
    for mac, found in seen.items():
        places = [_place(views[one], facts) for one, facts in found.items() if one in views]
        rows.append(DuplicateMac(mac, tuple(sorted(places, key=lambda place: (place.first_seen_at, place.interface.id)))))
    return Listing(rows, total)


def _place(view: InterfaceView, facts: list[tuple[int, int, int]]) -> MacPlace:
    vlans = tuple(sorted(vlan for vlan, _first, _last in facts if vlan))
    return MacPlace(view, vlans, min(one[1] for one in facts), max(one[2] for one in facts))


def _lasting(runtime: Runtime, actor: Actor) -> tuple[Any, ...]:
    """Conditions on `fdb_history`: active for long, on no uplink, on a device that the actor may see."""
    crowded = (
        select(FdbHistory.interface_id)
        .where(FdbHistory.active)
        .group_by(FdbHistory.interface_id)
        .having(func.count(FdbHistory.mac.distinct()) > uplink_macs(runtime))
    )
    lasts = FdbHistory.last_seen_at - FdbHistory.first_seen_at
    return (
        FdbHistory.active,
        lasts >= int(runtime.settings.get("ANALYTICS_SHOW_ACTIVE_MORE_THAN")),
        FdbHistory.interface_id.not_in(crowded),
        visible_devices(actor, FdbHistory.device_id),
    )


def _doubled(runtime: Runtime, actor: Actor) -> Select[Any]:
    several = func.count(FdbHistory.interface_id.distinct()) > 1
    return select(FdbHistory.mac).where(*_lasting(runtime, actor)).group_by(FdbHistory.mac).having(several)
