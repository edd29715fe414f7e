"""NODENY_COMPARISON_DESCRIPTION_REQUIRED: a MAC address counts only where the description names the subscriber.

Known from Wildcore's public wiki (page nodeny_plus): of the interfaces where a subscriber's MAC is, those stay whose description
matches the name in billing. That this means the whole login as a word, in any case, is our reading.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Collection, Iterable
from dataclasses import dataclass, replace

from sqlalchemy import select
from sqlalchemy.orm import Session

from wildcore.model.subscriber import SubscriberClaim, SubscriberRecord
from wildcore.services.bindings import chunks
from wildcore.store.tables import Device, FdbHistory, Interface


@dataclass(frozen=True, slots=True)
class _Sighting:
    device_ip: str
    bind_key: str
    description: str


def only_named(session: Session, records: Iterable[SubscriberRecord]) -> list[SubscriberRecord]:
    """The records with each MAC claim replaced by the places that name the subscriber; one statement for each 5000 addresses.

    What billing says of ONU, switch and port stays: that is no guess.
    """
    given = list(records)
    seen = _sightings(session, {claim.mac for one in given for claim in one.claims if claim.mac})
    return [replace(one, claims=_claims(one, seen)) for one in given]


def at_onu(session: Session, ident: str, records: Iterable[SubscriberRecord]) -> list[SubscriberRecord]:
    """Those who have the ONU with this ident: by billing's word for it, or named by its description. One statement."""
    query = select(Interface.description).where(Interface.ident == ident, Interface.gone_at.is_(None))
    texts = session.scalars(query).all()
    return [
        one
        for one in records
        if any(claim.ident == ident for claim in one.claims) or any(names(text, one.login) for text in texts)
    ]


def names(description: str, login: str) -> bool:
    """Whether a description contains the login as a word of its own."""
    if not login:
        return False
    return re.search(rf"(?<!\w){re.escape(login.casefold())}(?!\w)", description.casefold()) is not None


def _claims(one: SubscriberRecord, seen: dict[str, list[_Sighting]]) -> tuple[SubscriberClaim, ...]:
    said = [replace(claim, mac="") for claim in one.claims if claim.ident or claim.switch_ip]
    places = [
        SubscriberClaim(switch_ip=place.device_ip, port=place.bind_key)
        for claim in one.claims
        for place in seen.get(claim.mac, ())
        if names(place.description, one.login)
    ]
    return tuple(dict.fromkeys((*said, *places)))


def _sightings(session: Session, macs: Collection[str]) -> dict[str, list[_Sighting]]:
    found: dict[str, list[_Sighting]] = defaultdict(list)
    for part in chunks(sorted(macs)):
        query = (
            select(FdbHistory.mac, Device.ip, Interface.bind_key, Interface.description)
            .join(Interface, Interface.id == FdbHistory.interface_id)
            .join(Device, Device.id == Interface.device_id)
            .where(FdbHistory.mac.in_(part), FdbHistory.active, Interface.description != "", Interface.gone_at.is_(None))
            .order_by(FdbHistory.mac, Device.ip, Interface.id)
        )
        for mac, ip, bind_key, description in session.execute(query):
            found[mac].append(_Sighting(ip, bind_key, description))
    return found
