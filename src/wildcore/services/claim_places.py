"""Claims of billing resolved to places: which interface it is by ident, by switch and port, or by a MAC.

A claim is resolved by the strongest of its parts that leads somewhere: ONU ident, then switch and port, then a MAC seen active in
the forwarding tables (never on an uplink). Among several places of one ident the current one wins: not gone, online, else most
recently online.

Cost: a constant number of statements for each 5000 keys; for many idents one look through the index instead.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Sequence
from itertools import islice
from typing import Any, NamedTuple, cast

from sqlalchemy import ColumnElement, Table, and_, case, desc, exists, func, not_, select
from sqlalchemy.orm import Session

from wildcore.store.bulk import among
from wildcore.store.tables import Device, FdbHistory, Interface

BY_IDENT, BY_PORT, BY_MAC = 1, 2, 3
UPLINK_MACS = 10

NO_CLAIM = "no_claim"
IDENT_UNSEEN = "ident_unseen"
NO_SWITCH = "no_switch"
NO_PORT = "no_port"
MAC_UNSEEN = "mac_unseen"
MAC_UPLINK = "mac_uplink"

_CHUNK = 5000
_INTERFACES = cast(Table, Interface.__table__)
_DEVICES = cast(Table, Device.__table__)
_FDB = cast(Table, FdbHistory.__table__)
_TRAILING = re.compile(r"(\d+)\s*\Z")


class Claim(NamedTuple):
    """One claim: keys as `model.subscriber.SubscriberClaim` has them; `unmatched` is the reason that is stored."""

    id: int
    subscriber_id: int
    ident: str
    switch_ip: str
    port: str
    mac: str
    unmatched: str


class Place(NamedTuple):
    """Where a claim leads, and by what; or the reason why it leads nowhere."""

    interface_id: int | None
    strength: int = 0
    reason: str = ""


def place_rank(place: Any = Interface) -> tuple[ColumnElement[Any], ...]:
    """How current a place of an ident is, the more the greater: not gone, online on an OLT that is up, last online, last seen."""
    down = Device.__table__.alias()
    # by the device's key, place by place: a list of the devices that are down would be made anew for each search
    dead = exists(select(down.c.id).where(down.c.id == place.device_id, down.c.status == "Down").correlate_except(down))
    return (
        case((place.gone_at.is_(None), 1), else_=0),
        case((and_(place.status == "Online", not_(dead)), 1), else_=0),
        func.coalesce(place.last_online_at, 0),
        func.coalesce(place.last_seen_at, 0),
        place.id,
    )


def place_order(place: Any = Interface) -> tuple[ColumnElement[Any], ...]:
    """ORDER BY of places of one ident, the current place first (S18)."""
    return tuple(desc(part) for part in place_rank(place))


def chunks(values: Iterable[Any], size: int = _CHUNK) -> Iterator[list[Any]]:
    """Lists of at most `size`: databases limit the length of an IN list."""
    iterator = iter(values)
    while chunk := list(islice(iterator, size)):
        yield chunk


def port_number(text: str) -> int | None:
    """The trailing number of a port's name: `Gi0/3`, ` 3 ` and `0/3` are port 3."""
    found = _TRAILING.search(text)
    return int(found.group(1)) if found and len(found.group(1)) <= 6 else None


def resolve(session: Session, claims: Sequence[Claim], uplink_macs: int) -> list[Place]:
    by_ident = _current_places(session, {c.ident for c in claims if c.ident})
    left = [c for c in claims if not (c.ident and c.ident in by_ident)]
    ports = _Ports(session, {c.switch_ip for c in left if c.switch_ip and c.port})
    rest = [c for c in left if c.mac and ports.find(c.switch_ip, c.port) is None]
    by_mac = _mac_places(session, {c.mac for c in rest}, uplink_macs)
    places = []
    for claim in claims:
        reason = ""
        interface_id = by_ident.get(claim.ident) if claim.ident else None
        if interface_id is not None:
            places.append(Place(interface_id, BY_IDENT))
            continue
        if claim.ident:
            reason = IDENT_UNSEEN
        if claim.switch_ip and claim.port:
            interface_id = ports.find(claim.switch_ip, claim.port)
            if interface_id is not None:
                places.append(Place(interface_id, BY_PORT))
                continue
            reason = reason or (NO_PORT if ports.known(claim.switch_ip) else NO_SWITCH)
        if claim.mac:
            interface_id = by_mac.get(claim.mac)
            if interface_id is not None:
                places.append(Place(interface_id, BY_MAC))
                continue
            reason = reason or (MAC_UPLINK if claim.mac in by_mac else MAC_UNSEEN)
        places.append(Place(None, 0, reason or NO_CLAIM))
    return places


def _current_places(session: Session, idents: Collection[str]) -> dict[str, int]:
    places: dict[str, int] = {}
    if len(idents) > _CHUNK:  # the index alone tells those that have one place, which is nearly all
        several = []
        query = select(_INTERFACES.c.ident, func.min(_INTERFACES.c.id), func.count()).where(_INTERFACES.c.ident.is_not(None))
        for ident, interface_id, count in session.execute(query.group_by(_INTERFACES.c.ident).execution_options(yield_per=5000)):
            if ident not in idents:
                continue
            if count == 1:
                places[ident] = interface_id
            else:
                several.append(ident)
        idents = several
    for part in chunks(sorted(idents)):
        here = among(session, _INTERFACES.c.ident, part)
        for ident, interface_id in session.execute(select(Interface.ident, Interface.id).where(here).order_by(*place_order())):
            places.setdefault(str(ident), interface_id)
    return places


class _Ports:
    """Ports of the switches that claims name: bind key first, then name, then the trailing number (never an ONU's)."""

    def __init__(self, session: Session, ips: Collection[str]) -> None:
        self._devices: set[str] = set()
        self._keys: dict[tuple[str, int, str], int] = {}
        for part in chunks(sorted(ips)):
            named = among(session, _DEVICES.c.ip, part)
            self._devices.update(session.scalars(select(Device.ip).where(named)))
            query = (
                select(Device.ip, Interface.id, Interface.bind_key, Interface.name, Interface.port_num, Interface.type)
                .join(Interface, Interface.device_id == Device.id)
                .where(named)
                .order_by(Interface.gone_at.is_not(None), Interface.id)
            )
            for ip, interface_id, bind_key, name, port_num, kind in session.execute(query):
                self._keys.setdefault((ip, 0, bind_key.casefold()), interface_id)
                self._keys.setdefault((ip, 1, name.casefold()), interface_id)
                if port_num is not None and kind != "ONU":
                    self._keys.setdefault((ip, 2, str(port_num)), interface_id)

    def known(self, ip: str) -> bool:
        return ip in self._devices

    def find(self, ip: str, port: str) -> int | None:
        text = port.strip().casefold()
        if not text:
            return None
        for rank in (0, 1):
            found = self._keys.get((ip, rank, text))
            if found is not None:
                return found
        number = port_number(text)
        return None if number is None else self._keys.get((ip, 2, str(number)))


def _mac_places(session: Session, macs: Collection[str], uplink_macs: int) -> dict[str, int | None]:
    """MAC -> interface, None when it is seen on uplinks only. The port with the fewest addresses is nearest the subscriber."""
    seen: dict[str, list[tuple[int, int]]] = defaultdict(list)
    for part in chunks(sorted(macs)):
        query = select(FdbHistory.mac, FdbHistory.interface_id, FdbHistory.last_seen_at)
        for mac, interface_id, at in session.execute(query.where(among(session, _FDB.c.mac, part), FdbHistory.active)):
            seen[mac].append((interface_id, at))
    counts: dict[int, int] = {}
    for part in chunks(sorted({interface_id for places in seen.values() for interface_id, _at in places})):
        query_counts = (
            select(FdbHistory.interface_id, func.count(FdbHistory.mac.distinct()))
            .where(among(session, _FDB.c.interface_id, part), FdbHistory.active)
            .group_by(FdbHistory.interface_id)
        )
        counts.update((interface_id, count) for interface_id, count in session.execute(query_counts))
    result: dict[str, int | None] = {}
    for mac, places in seen.items():
        edge = [(counts[i], -at, i) for i, at in places if counts[i] <= uplink_macs]
        result[mac] = min(edge)[2] if edge else None
    return result
