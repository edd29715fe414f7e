"""Coordinates of ONUs by the addresses that billing knows: asked of a geocoder in the background, at its pace.

What the geocoder said is kept by address, also that it knows none, so that a run goes on where the last one ended. Coordinates
that somebody set by hand are never touched.
"""

from __future__ import annotations

import asyncio
import hashlib
import logging
import time
from collections.abc import Collection, Iterable
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import delete, insert, or_, select, update
from sqlalchemy.orm import Session

from wildcore.errors import GeocodingError
from wildcore.i18n import gettext
from wildcore.services.bindings import chunks
from wildcore.services.catalogue import Progress
from wildcore.services.ports import Geocoder
from wildcore.services.runtime import Runtime
from wildcore.store.tables import Binding, GeocodedAddress, GeocodedInterface, Interface, Subscriber

DAY_SEC = 86400
FOUND_SEC, UNKNOWN_SEC = 365 * DAY_SEC, 30 * DAY_SEC
RUN_SEC = 50 * 60.0
FAILURES = 3
_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Known:
    """What a geocoder said of an address: where it is, or that it knows it not."""

    latitude: float | None
    longitude: float | None


@dataclass(slots=True)
class _Wanted:
    """An address and the ONUs that stand there and have no coordinates of this address yet."""

    address: str
    interface_ids: list[int] = field(default_factory=list)


async def set_coordinates(runtime: Runtime, progress: Progress, *, run_sec: float = RUN_SEC) -> str:
    """One run; returns its closing summary. What is left after `run_sec` is the next run's.

    Raises GeocodingError after some failures one after the other; what was learned until then is kept.
    """
    geocoder = runtime.ports.geocoder()
    if geocoder is None:
        return gettext("Nothing was done: GEOCODER_URL is empty")
    sources = [one.key for one in (billing.source() for billing in runtime.ports.billings()) if one.set_coordinates]
    if not sources:
        return gettext("Nothing was done: no billing sets coordinates (MIKBILL_SET_ONT_COORDINATES is no)")
    wanted = await runtime.db.run_read(lambda session: _wanted(session, sources))
    known = await runtime.db.run_read(lambda session: _known(session, wanted, runtime.now()))
    told = {key: place for key, place in known.items() if place.latitude is not None}
    placed = await runtime.db.run_write(
        lambda session: sum(_place(session, wanted[key].interface_ids, key, place) for key, place in told.items())
    )
    asked = await _ask(runtime, geocoder, {key: one for key, one in wanted.items() if key not in known}, progress, run_sec)
    return gettext(
        "ONUs with new coordinates: {placed}. Addresses asked {asked}, found {found}, unknown {unknown}; "
        "left for the next run {left}",
        placed=placed + asked.placed,
        asked=asked.found + asked.unknown,
        found=asked.found,
        unknown=asked.unknown,
        left=asked.left,
    )


@dataclass(slots=True)
class _Asked:
    left: int
    found: int = 0
    unknown: int = 0
    placed: int = 0


async def _ask(runtime: Runtime, geocoder: Geocoder, wanted: dict[str, _Wanted], progress: Progress, run_sec: float) -> _Asked:
    done, failed, until = _Asked(len(wanted)), 0, time.monotonic() + run_sec
    for at, (key, one) in enumerate(wanted.items()):
        progress("addresses", at, len(wanted))
        pause = geocoder.pause_sec()
        if pause is None or time.monotonic() > until:  # switched off meanwhile
            break
        began = time.monotonic()
        try:
            place = await geocoder.locate(one.address)
        except GeocodingError as error:
            failed += 1
            _log.warning("the geocoder failed: %s", error.description)
            if failed >= FAILURES or at + 1 == len(wanted):
                raise GeocodingError(
                    gettext(
                        "{error} Stopped after {done} of {total} addresses; the next run goes on from there",
                        error=error.description,
                        done=done.found + done.unknown,
                        total=len(wanted),
                    )
                ) from error
        else:
            failed = 0
            said = Known(*(place or (None, None)))
            done.placed += await runtime.db.run_write(
                lambda session: _learn(session, key, one, said, runtime.now())  # noqa: B023 - run before the next turn
            )
            done.left -= 1
            if place is None:
                done.unknown += 1
            else:
                done.found += 1
        if at + 1 < len(wanted):
            await asyncio.sleep(max(0.0, pause - (time.monotonic() - began)))
    return done


def address_of(full: str, settlement: str, lane: str, house: str) -> str:
    """A subscriber's address as a geocoder reads it: without the flat, so that a house is asked once."""
    street = " ".join(f"{lane} {house}".split())
    if lane.strip() and house.strip():
        return ", ".join(part for part in (street, settlement.strip()) if part)
    return " ".join(full.split())


def address_key(address: str) -> str:
    """What an address is kept under."""
    return hashlib.sha256(" ".join(address.split()).casefold().encode()).hexdigest()


def _wanted(session: Session, sources: Collection[str]) -> dict[str, _Wanted]:
    """Addresses of ONUs whose coordinates are not set by hand and not yet those of the address; the strongest match counts."""
    s = Subscriber
    query = (
        select(Interface.id, Interface.latitude, GeocodedInterface.key, s.address_full, s.settlement, s.lane, s.house)
        .join(Binding, Binding.interface_id == Interface.id)
        .join(s, s.id == Binding.subscriber_id)
        .outerjoin(GeocodedInterface, GeocodedInterface.interface_id == Interface.id)
        .where(s.source.in_(sources), Interface.type == "ONU", Interface.gone_at.is_(None), _free())
        .order_by(Interface.id, Binding.strength, s.id)
    )
    wanted: dict[str, _Wanted] = {}
    last = 0
    for interface_id, latitude, had, *parts in session.execute(query):
        if interface_id == last:
            continue
        address = address_of(*parts)
        if not address:
            continue
        last = interface_id
        key = address_key(address)
        if had != key or latitude is None:
            wanted.setdefault(key, _Wanted(address)).interface_ids.append(interface_id)
    return wanted


def _known(session: Session, keys: Iterable[str], now: int) -> dict[str, Known]:
    found: dict[str, Known] = {}
    table = GeocodedAddress
    for part in chunks(keys):
        query = select(table.key, table.latitude, table.longitude).where(table.key.in_(part), table.until > now)
        found.update((key, Known(latitude, longitude)) for key, latitude, longitude in session.execute(query))
    return found


def _learn(session: Session, key: str, one: _Wanted, said: Known, now: int) -> int:
    until = now + (UNKNOWN_SEC if said.latitude is None else FOUND_SEC)
    row: dict[str, Any] = {"latitude": said.latitude, "longitude": said.longitude, "until": until}
    session.merge(GeocodedAddress(key=key, address=one.address, **row))
    return 0 if said.latitude is None else _place(session, one.interface_ids, key, said)


def _place(session: Session, interface_ids: Collection[int], key: str, place: Known) -> int:
    """Set the coordinates of those that nobody has set by hand meanwhile; returns how many."""
    placed = 0
    for part in chunks(interface_ids):
        free = (
            select(Interface.id)
            .outerjoin(GeocodedInterface, GeocodedInterface.interface_id == Interface.id)
            .where(Interface.id.in_(part), _free())
            .with_for_update(of=Interface)
        )
        ids = list(session.scalars(free))
        if not ids:
            continue
        values = {"latitude": place.latitude, "longitude": place.longitude}
        session.execute(update(Interface).where(Interface.id.in_(ids)).values(**values))
        session.execute(delete(GeocodedInterface).where(GeocodedInterface.interface_id.in_(ids)))
        session.execute(insert(GeocodedInterface), [{"interface_id": one, "key": key} for one in ids])
        placed += len(ids)
    return placed


def _free() -> Any:
    return or_(Interface.latitude.is_(None), GeocodedInterface.key.is_not(None))
