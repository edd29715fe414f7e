"""What a sync leaves to people: claims that lead nowhere, several subscribers at one place, ONUs elsewhere than billing says.

Each report is read in two steps, ids first, so that it can be shown by pages and exported whole; each step is a constant number
of SQL statements. Scope as in `subscriber_lists`.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, String, and_, case, cast, func, literal, or_, select
from sqlalchemy.orm import Session, aliased

from wildcore.services import likely_fixes, subscriber_places
from wildcore.services.actor import Actor
from wildcore.services.bindings import BY_IDENT
from wildcore.services.likely_fixes import Fix
from wildcore.services.runtime import Runtime
from wildcore.services.scope import visible_devices, visible_interfaces
from wildcore.services.subscriber_lists import ClaimView, chosen_sources, people_of, seen
from wildcore.services.subscriber_places import SubscriberPlace
from wildcore.services.subscribers import SubscriberView, of_interfaces, sources
from wildcore.store.bulk import among
from wildcore.store.tables import Binding, Device, Interface, Subscriber, SubscriberClaim

_S, _C = Subscriber.__table__.c, SubscriberClaim.__table__.c
_DIGITS = "0123456789"


@dataclass(frozen=True, slots=True)
class Unmatched:
    """A claim that leads nowhere: whose it is, why (`claim.unmatched`), and what would likely put it right."""

    view: SubscriberView
    claim: ClaimView
    fixes: tuple[Fix, ...]


@dataclass(frozen=True, slots=True)
class Shared:
    """A port or ONU with several subscribers, in the order of their matches."""

    place: SubscriberPlace
    subscribers: tuple[SubscriberView, ...]


@dataclass(frozen=True, slots=True)
class Elsewhere:
    """A subscriber whose ONU stands at `place`, although billing says `claim.switch_ip` and `claim.port`.

    `switch`: billing's switch as (id, name), None when there is no such device that the actor may see.
    `same_device`: only the port differs.
    """

    view: SubscriberView
    claim: ClaimView
    place: SubscriberPlace
    switch: tuple[int, str] | None
    same_device: bool


def unmatched_ids(
    session: Session, runtime: Runtime, actor: Actor, *, reason: str = "", source: str = ""
) -> tuple[list[int], dict[str, int]]:
    """Ids of the claims that lead nowhere (of one reason), by contract, and how many there are of each reason. One statement."""
    known = chosen_sources(runtime, source)
    if not known:
        return [], {}
    query = (
        select(_C.id, _C.unmatched)
        .join_from(SubscriberClaim.__table__, Subscriber.__table__, _S.id == _C.subscriber_id)
        .where(_C.unmatched != "", _S.source.in_(known), seen(actor))
        .order_by(_S.agreement, _C.id)
    )
    found = session.execute(query).all()
    counts = Counter(str(row[1]) for row in found)
    return [row[0] for row in found if reason in ("", row[1])], dict(counts.most_common())


def unmatched(session: Session, runtime: Runtime, actor: Actor, claim_ids: Sequence[int]) -> list[Unmatched]:
    """Claims by id, in this order, with their likely fixes. At most ten statements."""
    claims = _claims(session, claim_ids)
    people = people_of(session, actor, sources(runtime), {owner for owner, _claim in claims.values()})
    shown = [claims[one] for one in claim_ids if one in claims and claims[one][0] in people]
    fixes = likely_fixes.of_claims(session, actor, [claim for _owner, claim in shown])
    return [Unmatched(people[owner][0], claim, fixes.get(claim.id, ())) for owner, claim in shown]


def shared_ids(session: Session, runtime: Runtime, actor: Actor, *, kind: str = "", source: str = "") -> list[int]:
    """Ids of the interfaces with more than one subscriber, ONUs first, then those with the most. `kind`: onu or port.

    One statement over all bindings: O(subscribers).
    """
    known = chosen_sources(runtime, source)
    if not known:
        return []
    people = func.count(Binding.subscriber_id.distinct())
    query = (
        select(Binding.interface_id)
        .join(Subscriber, Subscriber.id == Binding.subscriber_id)
        .join(Interface, Interface.id == Binding.interface_id)
        .where(func.coalesce(Subscriber.source, "").in_(known), visible_interfaces(actor), *_of_kind(kind))
        .group_by(Binding.interface_id, Interface.type)
        .having(func.min(Binding.subscriber_id) != func.max(Binding.subscriber_id))
        .order_by(case((Interface.type == "ONU", 0), else_=1), people.desc(), Binding.interface_id)
    )
    return list(session.scalars(query))


def shared(session: Session, runtime: Runtime, actor: Actor, interface_ids: Sequence[int]) -> list[Shared]:
    """Interfaces by id, in this order, with their subscribers. Two statements."""
    places = subscriber_places.by_ids(session, actor, interface_ids)
    people = of_interfaces(session, runtime, list(places))
    return [Shared(places[one], tuple(people[one])) for one in interface_ids if one in places and one in people]


def elsewhere_ids(session: Session, runtime: Runtime, actor: Actor, *, source: str = "") -> list[int]:
    """Ids of the claims whose ONU is found by its ident at another device than billing's switch, or at another port of it.

    Billing may name the ONU itself or the PON port above it, by key, name or trailing number. One statement over the claims
    that name both an ONU and a switch: O(subscribers).
    """
    known = chosen_sources(runtime, source)
    if not known:
        return []
    above = aliased(Interface)
    other_device = Device.ip != SubscriberClaim.switch_ip
    number = _trailing_number(SubscriberClaim.port)
    here = [_names(place, number) for place in (Interface, above)]
    other_port = and_(number != "", ~or_(*here))
    query = (
        select(Binding.claim_id)
        .join(SubscriberClaim, SubscriberClaim.id == Binding.claim_id)
        .join(Subscriber, Subscriber.id == Binding.subscriber_id)
        .join(Interface, Interface.id == Binding.interface_id)
        .join(Device, Device.id == Interface.device_id)
        .outerjoin(above, and_(above.device_id == Interface.device_id, above.bind_key == Interface.parent_bind_key))
        .where(Binding.strength == BY_IDENT, SubscriberClaim.switch_ip != "", SubscriberClaim.port != "")
        .where(func.coalesce(Subscriber.source, "").in_(known), visible_interfaces(actor), or_(other_device, other_port))
        .order_by(other_device.desc(), Binding.claim_id)
    )
    return list(session.scalars(query))


def elsewhere(session: Session, runtime: Runtime, actor: Actor, claim_ids: Sequence[int]) -> list[Elsewhere]:
    """Claims by id, in this order, with where their ONUs are. Five statements."""
    claims = _claims(session, claim_ids)
    people = people_of(session, actor, sources(runtime), {owner for owner, _claim in claims.values()})
    bound = select(Binding.claim_id, Binding.interface_id).where(among(session, Binding.__table__.c.claim_id, claim_ids))
    at = {row[0]: row[1] for row in session.execute(bound)}
    places = subscriber_places.by_ids(session, actor, set(at.values()))
    ips = {claim.switch_ip for _owner, claim in claims.values()}
    named = select(Device.ip, Device.id, Device.name).where(among(session, Device.__table__.c.ip, ips), visible_devices(actor))
    switches = {ip: (device_id, name or ip) for ip, device_id, name in session.execute(named)}
    found = []
    for one in claim_ids:
        owner, claim = claims.get(one, (0, None))
        place = places.get(at.get(one, 0))
        if claim is not None and place is not None and owner in people:
            same = place.device_ip == claim.switch_ip
            found.append(Elsewhere(people[owner][0], claim, place, switches.get(claim.switch_ip), same))
    return found


def _claims(session: Session, claim_ids: Sequence[int]) -> dict[int, tuple[int, ClaimView]]:
    """Claims by id with whose they are. One statement."""
    query = select(_C.id, _C.ident, _C.switch_ip, _C.port, _C.mac, _C.unmatched, _C.subscriber_id)
    return {row[0]: (row[6], ClaimView(*row[:6])) for row in session.execute(query.where(among(session, _C.id, claim_ids)))}


def _of_kind(kind: str) -> tuple[ColumnElement[bool], ...]:
    return {"onu": (Interface.type == "ONU",), "port": (Interface.type != "ONU",)}.get(kind, ())


def _trailing_number(text: Any) -> ColumnElement[str]:
    """The number at the end of a text without leading zeros, "" without one (what `bindings.port_number` reads)."""
    number = func.substr(text, func.length(func.rtrim(text, _DIGITS)) + 1)
    return case((number == "", ""), (func.ltrim(number, "0") == "", "0"), else_=func.ltrim(number, "0"))


def _names(place: Any, number: ColumnElement[str]) -> ColumnElement[bool]:
    """Whether a claim's port means this place; false for a place that is not there."""
    port = func.lower(SubscriberClaim.port)
    by_text = or_(port == func.lower(place.bind_key), port == func.lower(place.name))
    by_number = cast(place.port_num, String) == number
    return func.coalesce(or_(by_text, by_number), literal(value=False))
