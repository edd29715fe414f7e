"""Where somebody's equipment was last: a switched-off router vanishes from the forwarding tables, just when people ask for it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection
from dataclasses import dataclass

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from wildcore.components.nodeny_plus.described import names
from wildcore.services.actor import Actor
from wildcore.services.scope import visible_interfaces
from wildcore.store.tables import FdbHistory, Interface, SubscriberClaim

SAME_SEC = 3600
"""Devices are polled at different times: what was seen this much before the newest sighting was seen at the same time."""


@dataclass(frozen=True, slots=True)
class LastPlace:
    """An interface, and when the address was last seen there (Unix seconds)."""

    interface_id: int
    at: int


def stored_macs(session: Session, subscriber_id: int) -> set[str]:
    """MAC addresses that billing claimed for a subscriber at the last sync."""
    query = select(SubscriberClaim.mac).where(SubscriberClaim.subscriber_id == subscriber_id, SubscriberClaim.mac != "")
    return set(session.scalars(query))


def last_places(session: Session, actor: Actor, macs: Collection[str], named: str = "") -> list[LastPlace]:
    """For each address the place where it was last, newest first, each once; what the actor may not see is left out.

    Of the places of one moment the one behind which the fewest addresses ever were is nearest the subscriber. `named`: only
    places whose description contains this login. Two statements.
    """
    query = (
        select(FdbHistory.mac, FdbHistory.interface_id, FdbHistory.last_seen_at, Interface.description)
        .join(Interface, Interface.id == FdbHistory.interface_id)
        .where(FdbHistory.mac.in_(macs), Interface.gone_at.is_(None), visible_interfaces(actor))
    )
    seen: dict[str, list[LastPlace]] = defaultdict(list)
    for mac, interface_id, at, description in session.execute(query):
        if not named or names(description, named):
            seen[mac].append(LastPlace(interface_id, at))
    behind = _addresses_behind(session, {one.interface_id for places in seen.values() for one in places})
    found: dict[int, LastPlace] = {}
    for places in seen.values():
        newest = max(one.at for one in places)
        together = [one for one in places if one.at >= newest - SAME_SEC]
        nearest = min(together, key=lambda one: (behind[one.interface_id], -one.at, one.interface_id))
        found.setdefault(nearest.interface_id, nearest)
    return sorted(found.values(), key=lambda one: (-one.at, one.interface_id))


def _addresses_behind(session: Session, interface_ids: Collection[int]) -> dict[int, int]:
    if not interface_ids:
        return {}
    query = select(FdbHistory.interface_id, func.count(FdbHistory.mac.distinct())).group_by(FdbHistory.interface_id)
    return {row[0]: row[1] for row in session.execute(query.where(FdbHistory.interface_id.in_(interface_ids)))}
