"""The likely fix of a claim that leads nowhere: what on the network comes near to what billing says.

For a page of M claims the statements are a constant number, each by an index: idents by their last characters
(`similar_idents`), devices all at once (D, compared by keys of a hash: O(D + M)), the ports of the switches that are named, and
the places where addresses were seen. Nothing is compared with everything. Foreign device groups give no hints.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, replace
from difflib import SequenceMatcher, get_close_matches
from itertools import groupby
from typing import Any

from sqlalchemy import func, literal_column, select
from sqlalchemy.orm import Session

from wildcore.model.ident import ident_text, mac_text
from wildcore.services import similar_idents, subscriber_places
from wildcore.services.actor import Actor
from wildcore.services.bindings import (
    BY_IDENT,
    IDENT_UNSEEN,
    MAC_UNSEEN,
    MAC_UPLINK,
    NO_PORT,
    NO_SWITCH,
    place_order,
    port_number,
)
from wildcore.services.scope import visible_devices
from wildcore.services.subscriber_lists import ClaimView
from wildcore.services.subscriber_places import SubscriberPlace
from wildcore.store.bulk import among
from wildcore.store.tables import Binding, Device, FdbHistory, Interface

MOST = 3
IDENT, PORT, PORTS, SWITCH, SEEN, UPLINK = "ident", "port", "ports", "switch", "seen", "uplink"
_I, _F, _B = Interface.__table__.c, FdbHistory.__table__.c, Binding.__table__.c
# As the index has it: a parameter instead of the number would not be recognised.
_TAIL = literal_column("substr(interfaces.ident, 9)", type_=_I.name.type)
_NUMBERS = re.compile(r"\d+")


@dataclass(frozen=True, slots=True)
class Fix:
    """One thing that comes near. `value` is what billing would have to say, or the ports there are.

    `kind`: ident (a similar serial, `how` as in `similar_idents`), port (of the right switch), ports (all there are), switch,
    seen (where an address was last, until `at`), uplink (where it is seen among `count` addresses).
    `taken`: the ONU has a subscriber already; `gone`: it is not on its OLT any more.
    """

    kind: str
    value: str
    device_id: int
    device: str
    interface_id: int | None = None
    interface: str = ""
    how: str = ""
    taken: bool = False
    gone: bool = False
    at: int | None = None
    count: int = 0


def of_claims(session: Session, actor: Actor, claims: Sequence[ClaimView]) -> dict[int, tuple[Fix, ...]]:
    """Fixes of each claim by its id, the likeliest first. At most eight statements."""
    by_reason: dict[str, list[ClaimView]] = defaultdict(list)
    for claim in claims:
        by_reason[claim.unmatched].append(claim)
    found = _idents(session, actor, by_reason[IDENT_UNSEEN])
    found |= _switches(session, actor, by_reason[NO_SWITCH], by_reason[NO_PORT])
    found |= _addresses(session, actor, [*by_reason[MAC_UNSEEN], *by_reason[MAC_UPLINK]])
    return {claim_id: tuple(fixes[:MOST]) for claim_id, fixes in found.items() if fixes}


def _idents(session: Session, actor: Actor, claims: Sequence[ClaimView]) -> dict[int, list[Fix]]:
    tails = {claim.id: similar_idents.tails(claim.ident) for claim in claims}
    wanted = set().union(*tails.values())
    if not wanted:
        return {}
    query = select(_I.id, _I.ident, _TAIL).where(_I.ident.is_not(None), among(session, _TAIL, wanted)).order_by(*place_order(_I))
    by_tail: dict[str, dict[str, int]] = defaultdict(dict)
    for interface_id, ident, tail in session.execute(query.where(visible_devices(actor, _I.device_id))):
        by_tail[tail].setdefault(ident, interface_id)  # of several places of one ident the current one
    near: dict[int, list[tuple[str, int]]] = {}
    for claim in claims:
        seen = {ident: one for tail in tails[claim.id] for ident, one in by_tail.get(tail, {}).items()}
        near[claim.id] = [(how, seen[ident]) for how, ident in similar_idents.nearest(claim.ident, seen)][: 10 * MOST]
    ids = {interface_id for pairs in near.values() for _how, interface_id in pairs}
    places = subscriber_places.by_ids(session, actor, ids)
    taken = _taken(session, ids)
    found = {}
    for claim_id, pairs in near.items():
        fixes = [_ident_fix(places[one], how, one in taken) for how, one in pairs if one in places]
        # Serials of one delivery follow each other: one that differs by a digit and has a subscriber is a neighbour's.
        free = [one for one in fixes if not one.taken]
        found[claim_id] = free or fixes[:1]
    return found


def _ident_fix(place: SubscriberPlace, how: str, taken: bool) -> Fix:
    fix = Fix(IDENT, ident_text(place.ident or "", place.ident_type or None), 0, "", how=how, taken=taken)
    return _at(fix, place)


def _taken(session: Session, interface_ids: Collection[int]) -> set[int]:
    if not interface_ids:
        return set()
    query = select(_B.interface_id).where(among(session, _B.interface_id, interface_ids), _B.strength == BY_IDENT)
    return set(session.scalars(query.distinct()))


def _switches(
    session: Session, actor: Actor, no_switch: Sequence[ClaimView], no_port: Sequence[ClaimView]
) -> dict[int, list[Fix]]:
    if not no_switch and not no_port:
        return {}
    rows = session.execute(select(Device.id, Device.ip, Device.name).where(visible_devices(actor)).order_by(Device.id))
    devices = {ip: (device_id, ip, name) for device_id, ip, name in rows}
    near = _Near(devices.values())
    found = {claim.id: [_switch_fix(one) for one in near.of(claim.switch_ip)] for claim in no_switch}
    ports = _ports(session, {devices[claim.switch_ip][0] for claim in no_port if claim.switch_ip in devices})
    for claim in no_port:
        if claim.switch_ip in devices:
            device_id, ip, name = devices[claim.switch_ip]
            found[claim.id] = _near_ports(claim.port, device_id, name or ip, ports.get(device_id, []))
    return found


class _Near:
    """Devices by keys that a slip of the finger leaves alone: three of four octets, the digits in any order, the name."""

    def __init__(self, devices: Iterable[tuple[int, str, str]]) -> None:
        self._by_key: dict[str, list[tuple[int, str, str]]] = defaultdict(list)
        for one in devices:
            for key in self._keys(one[1]):
                self._by_key[key].append(one)
            if one[2]:
                self._by_key[f"name {one[2].casefold()}"].append(one)

    def of(self, typed: str) -> list[tuple[int, str, str]]:
        """Devices that share a key with what was typed, the nearest first."""
        found = {
            one[0]: one for key in (f"name {typed.strip().casefold()}", *self._keys(typed)) for one in self._by_key.get(key, ())
        }
        ranked = sorted(found.values(), key=lambda one: (-SequenceMatcher(None, typed, one[1]).ratio(), one[0]))
        return ranked[:MOST]

    @staticmethod
    def _keys(ip: str) -> list[str]:
        octets = ip.split(".")
        keys = [f"digits {len(octets)} " + "".join(sorted(ip))]
        if len(octets) == 4:
            keys += [f"octets {at} " + ".".join(octets[:at] + octets[at + 1 :]) for at in range(3)]
            # whole networks share the first three octets: there only a digit too many, too few or wrong is near
            head, last = ".".join(octets[:3]), octets[3]
            keys += [f"host {head} {last[:at]}*{last[at + 1 :]}" for at in range(len(last))]
            keys += [f"host {head} {last[:at]}*{last[at:]}" for at in range(len(last) + 1)]
        return keys


def _switch_fix(device: tuple[int, str, str]) -> Fix:
    device_id, ip, name = device
    return Fix(SWITCH, ip, device_id, name or ip)


_Port = tuple[int, str, str, int | None]


def _ports(session: Session, device_ids: Collection[int]) -> dict[int, list[_Port]]:
    """Ports of devices without ONUs: id, bind key, name, trailing number; those that are gone are left out."""
    if not device_ids:
        return {}
    query = select(_I.device_id, _I.id, _I.bind_key, _I.name, _I.port_num).where(_I.type != "ONU", _I.gone_at.is_(None))
    rows = session.execute(query.where(among(session, _I.device_id, device_ids)).order_by(_I.device_id, _I.id))
    return {device_id: [tuple(row[1:]) for row in group] for device_id, group in groupby(rows, key=lambda row: row[0])}


def _near_ports(typed: str, device_id: int, device: str, ports: Sequence[_Port]) -> list[Fix]:
    """Ports with the number anywhere in their name or key, else with a name that comes near, else which ports there are."""
    number = port_number(typed)
    text = typed.strip().casefold()
    near = [
        one for one in ports if number is not None and number in {int(part) for part in _NUMBERS.findall(f"{one[1]} {one[2]}")}
    ]
    if not near:
        names = {one[2].casefold(): one for one in ports}
        near = [names[name] for name in get_close_matches(text, names, MOST, 0.75)]
    fixes = [Fix(PORT, name, device_id, device, interface_id, name) for interface_id, _key, name, _num in near]
    if fixes or not ports:
        return fixes[:MOST]
    return [Fix(PORTS, _spans(num for *_rest, num in ports if num is not None), device_id, device)]


def _spans(numbers: Iterable[int]) -> str:
    """`1–24, 49–52`."""
    spans: list[list[int]] = []
    for one in sorted(set(numbers)):
        if spans and one == spans[-1][1] + 1:
            spans[-1][1] = one
        else:
            spans.append([one, one])
    shown = [f"{first}–{last}" if last > first else str(first) for first, last in spans[:6]]
    return ", ".join(shown) + (" …" if len(spans) > 6 else "")


def _addresses(session: Session, actor: Actor, claims: Sequence[ClaimView]) -> dict[int, list[Fix]]:
    """Where a MAC is seen on uplinks, the one with the fewest addresses first; else where it was seen last."""
    macs = {claim.mac for claim in claims if claim.mac}
    if not macs:
        return {}
    query = select(_F.mac, _F.interface_id, _F.active, _F.last_seen_at).where(among(session, _F.mac, macs))
    rows: dict[str, list[Any]] = defaultdict(list)
    for row in session.execute(query.where(visible_devices(actor, _F.device_id)).order_by(_F.last_seen_at.desc())):
        rows[row[0]].append(row)
    uplinks = {row[1] for claim in claims if claim.unmatched == MAC_UPLINK for row in rows[claim.mac] if row[2]}
    counts = _address_counts(session, uplinks)
    places = subscriber_places.by_ids(session, actor, {row[1] for seen in rows.values() for row in seen[: 10 * MOST]} | uplinks)
    found: dict[int, list[Fix]] = {}
    for claim in claims:
        seen = [row for row in rows[claim.mac] if row[1] in places]
        value = mac_text(claim.mac)
        if claim.unmatched == MAC_UPLINK:
            ids = sorted({row[1] for row in seen if row[2]}, key=lambda one: (counts.get(one, 0), one))
            found[claim.id] = [_at(Fix(UPLINK, value, 0, "", count=counts.get(one, 0)), places[one]) for one in ids]
        else:
            found[claim.id] = [_at(Fix(SEEN, value, 0, "", at=row[3]), places[row[1]]) for row in seen[:1]]
    return found


def _address_counts(session: Session, interface_ids: Collection[int]) -> dict[int, int]:
    if not interface_ids:
        return {}
    query = select(_F.interface_id, func.count(_F.mac.distinct())).where(_F.active).group_by(_F.interface_id)
    rows = session.execute(query.where(among(session, _F.interface_id, interface_ids)))
    return {row[0]: row[1] for row in rows}


def _at(fix: Fix, place: SubscriberPlace) -> Fix:
    return replace(
        fix,
        device_id=place.device_id,
        device=place.device_name or place.device_ip,
        interface_id=place.interface_id,
        interface=place.name,
        gone=place.gone_at is not None,
    )
