"""Which interface a subscriber is at now: bindings of billing's claims to places (`services.claim_places`).

Bindings are rebuilt for the claims that a sync or a change of place touches, so reading them costs one look-up.

Cost: a constant number of statements for each 5000 keys of the scope; O(claims + interfaces) for `everything`.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any, cast

from sqlalchemy import ColumnElement, Table, delete, func, select
from sqlalchemy.orm import Session

from wildcore.services.claim_places import (
    BY_IDENT,
    BY_MAC,
    BY_PORT,
    IDENT_UNSEEN,
    MAC_UNSEEN,
    MAC_UPLINK,
    NO_CLAIM,
    NO_PORT,
    NO_SWITCH,
    UPLINK_MACS,
    Claim,
    Place,
    chunks,
    place_order,
    place_rank,
    port_number,
    resolve,
)
from wildcore.store.bulk import among, insert_rows, update_rows
from wildcore.store.tables import Binding, Device, Interface, SubscriberClaim

__all__ = [
    "BY_IDENT",
    "BY_MAC",
    "BY_PORT",
    "IDENT_UNSEEN",
    "MAC_UNSEEN",
    "MAC_UPLINK",
    "NO_CLAIM",
    "NO_PORT",
    "NO_SWITCH",
    "UPLINK_MACS",
    "Claim",
    "add_claims",
    "chunks",
    "lock",
    "place_order",
    "place_rank",
    "port_number",
    "rebind",
    "rebind_doubled",
]

_LOCK = 0x57494C02  # of PostgreSQL's advisory locks, ours
_CLAIMS = cast(Table, SubscriberClaim.__table__)
_BINDINGS = cast(Table, Binding.__table__)
_CLAIM_COLUMNS = ("id", "subscriber_id", "ident", "switch_ip", "port", "mac", "unmatched")
_BINDING_COLUMNS = ("claim_id", "subscriber_id", "interface_id", "strength")


def rebind(
    session: Session,
    *,
    idents: Collection[str] = (),
    device_ids: Collection[int] = (),
    macs: Collection[str] = (),
    claim_ids: Collection[int] = (),
    everything: bool = False,
    uplink_macs: int = UPLINK_MACS,
) -> int:
    """Resolve again the claims in this scope within the caller's transaction; returns how many bindings changed.

    `idents` and `macs` are canonical keys; `device_ids` are devices whose ports or ONUs came, went or were renamed; `claim_ids`
    are claims that a sync wrote.
    """
    if not everything and not (idents or device_ids or macs or claim_ids):
        return 0
    if not everything and session.execute(select(SubscriberClaim.id).limit(1)).first() is None:
        return 0
    lock(session)
    claims = _claims(session, idents, device_ids, macs, claim_ids, everything)
    if not claims:
        return 0
    return _store(session, claims, resolve(session, claims, uplink_macs))


def lock(session: Session) -> None:
    """Keep others from writing claims and bindings until the caller's transaction ends."""
    if session.get_bind().dialect.name != "sqlite":  # which has one writer anyway
        session.execute(select(func.pg_advisory_xact_lock(_LOCK)))


def add_claims(session: Session, claims: Sequence[Claim], *, uplink_macs: int = UPLINK_MACS) -> None:
    """Write claims that are new, with the bindings of those that lead somewhere, within the caller's transaction."""
    if not claims:
        return
    lock(session)
    places = resolve(session, claims, uplink_macs)
    both = list(zip(claims, places, strict=True))
    for part in chunks(both):
        insert_rows(session, _CLAIMS, _CLAIM_COLUMNS, [(*claim[:-1], place.reason) for claim, place in part])
        found = [(claim.id, claim.subscriber_id, place.interface_id, place.strength) for claim, place in part if place.strength]
        insert_rows(session, _BINDINGS, _BINDING_COLUMNS, found)


def rebind_doubled(session: Session, device_ids: Collection[int]) -> None:
    """Resolve again the idents of these devices that have a place elsewhere too: they move when one goes down or comes up."""
    ours = select(Interface.ident).where(Interface.device_id.in_(device_ids), Interface.ident.is_not(None))
    several = (
        select(Interface.ident).where(Interface.ident.in_(ours)).group_by(Interface.ident).having(func.count(Interface.id) > 1)
    )
    rebind(session, idents={str(ident) for ident in session.scalars(several)})


def _claims(
    session: Session,
    idents: Collection[str],
    device_ids: Collection[int],
    macs: Collection[str],
    claim_ids: Collection[int],
    everything: bool,
) -> list[Claim]:
    columns = [_CLAIMS.c[name] for name in _CLAIM_COLUMNS]
    if everything:
        return [Claim._make(row) for row in session.execute(select(*columns))]
    found: dict[int, Claim] = {}
    conditions: list[ColumnElement[bool]] = []
    conditions += [among(session, _CLAIMS.c.ident, part) for part in chunks(idents)]
    conditions += [among(session, _CLAIMS.c.mac, part) for part in chunks(macs)]
    conditions += [among(session, _CLAIMS.c.id, part) for part in chunks(claim_ids)]
    for part in chunks(device_ids):
        conditions.append(SubscriberClaim.switch_ip.in_(select(Device.ip).where(Device.id.in_(part))))
        here = select(Interface.ident).where(Interface.device_id.in_(part), Interface.ident.is_not(None))
        conditions.append(SubscriberClaim.ident.in_(here))
        bound = select(Binding.claim_id).join(Interface, Interface.id == Binding.interface_id)
        conditions.append(SubscriberClaim.id.in_(bound.where(Interface.device_id.in_(part))))
    for condition in conditions:
        for row in session.execute(select(*columns).where(condition)):
            found[row[0]] = Claim._make(row)
    return list(found.values())


def _store(session: Session, claims: Sequence[Claim], places: Sequence[Place]) -> int:
    old: dict[int, tuple[int, int]] = {}
    for part in chunks([claim.id for claim in claims]):
        query = select(Binding.claim_id, Binding.interface_id, Binding.strength).where(among(session, _BINDINGS.c.claim_id, part))
        old.update({claim_id: (interface_id, strength) for claim_id, interface_id, strength in session.execute(query)})
    dead: list[int] = []
    fresh: list[tuple[Any, ...]] = []
    reasons: list[tuple[str, int]] = []
    for claim, place in zip(claims, places, strict=True):
        if place.reason != claim.unmatched:
            reasons.append((place.reason, claim.id))
        before = old.get(claim.id)
        if before == (place.interface_id, place.strength) or (before is None and place.interface_id is None):
            continue
        if before is not None:
            dead.append(claim.id)
        if place.interface_id is not None:
            fresh.append((claim.id, claim.subscriber_id, place.interface_id, place.strength))
    for part in chunks(dead):
        session.execute(delete(_BINDINGS).where(among(session, _BINDINGS.c.claim_id, part)))
    for part in chunks(fresh):
        insert_rows(session, _BINDINGS, _BINDING_COLUMNS, part)
    for part in chunks(reasons):
        update_rows(session, _CLAIMS, ("unmatched",), part)
    return len(set(dead) | {row[0] for row in fresh})
