"""Optical levels over all OLTs: how they are spread, and the ONUs whose level is worst; ONUs that are online only.

A constant number of statements, each over the actor's devices alone.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from sqlalchemy import ColumnElement, Integer, case, cast, func, or_, select
from sqlalchemy.orm import Session

from wildcore.services import subscribers
from wildcore.services.actor import Actor
from wildcore.services.device_views import Listing
from wildcore.services.pages_interface import limits
from wildcore.services.runtime import Runtime
from wildcore.services.scope import visible_devices, visible_group
from wildcore.services.subscribers import SubscriberView
from wildcore.store.bulk import among, is_sqlite
from wildcore.store.tables import Device, DeviceGroupLink, Interface, OnuValues

Level = Literal["rx", "olt_rx"]
LEVELS: dict[str, Any] = {"rx": OnuValues.rx_dbm, "olt_rx": OnuValues.olt_rx_dbm}
_SHIFT = 1000


@dataclass(frozen=True, slots=True)
class SignalFilter:
    """Which ONUs. `level` is what is looked at; `bar` the whole dBm that its level lies at or above by less than one."""

    level: Level = "rx"
    device_id: int | None = None
    group_id: int | None = None
    bad: bool = False
    bar: int | None = None


@dataclass(frozen=True, slots=True)
class OnuSignal:
    """An ONU with its levels, dBm; `optical_at` is when they were read."""

    id: int
    name: str
    description: str
    device_id: int
    device_name: str
    device_ip: str
    rx_dbm: float | None
    olt_rx_dbm: float | None
    distance_m: int | None
    optical_at: int | None
    subscribers: tuple[SubscriberView, ...] = ()


@dataclass(frozen=True, slots=True)
class Bar:
    """How many ONUs have a level from `dbm` up to one more."""

    dbm: int
    count: int


@dataclass(frozen=True, slots=True)
class OltSignals:
    """ONUs of one OLT that have a level, and those beyond the limits."""

    id: int
    name: str
    onus: int
    bad: int


def worst(
    session: Session, runtime: Runtime, actor: Actor, wanted: SignalFilter, *, limit: int | None = None, offset: int = 0
) -> Listing[OnuSignal]:
    """ONUs whose level is nearest to a limit, or farthest beyond one, first. Three statements."""
    where = _where(session, runtime, actor, wanted)
    total = session.scalar(_from(select(func.count())).where(*where)) or 0
    query = _from(select(Interface.id)).where(*where).order_by(_margin(runtime, wanted.level), Interface.id)
    ids = list(session.scalars(query.limit(limit).offset(offset or None)))
    return Listing(by_ids(session, runtime, actor, ids), total)


def ids(session: Session, runtime: Runtime, actor: Actor, wanted: SignalFilter) -> list[int]:
    """Ids of all that fit, in the order of `worst`, for an export."""
    query = _from(select(Interface.id)).where(*_where(session, runtime, actor, wanted))
    return list(session.scalars(query.order_by(_margin(runtime, wanted.level), Interface.id)))


def by_ids(session: Session, runtime: Runtime, actor: Actor, wanted: Sequence[int]) -> list[OnuSignal]:
    """ONUs in the order of these ids, without those that the actor may not see. Two statements."""
    columns = (
        Interface.id, Interface.name, Interface.description, Device.id, Device.name, Device.ip,
        OnuValues.rx_dbm, OnuValues.olt_rx_dbm, OnuValues.distance_m, OnuValues.optical_at,
    )  # fmt: skip
    query = _from(select(*columns)).where(among(session, Interface.__table__.c.id, wanted), visible_devices(actor))
    rows = {row[0]: row for row in session.execute(query)}
    owners = subscribers.of_interfaces(session, runtime, list(rows))
    return [OnuSignal(*(*rows[one], tuple(owners.get(one, ())))) for one in wanted if one in rows]


def histogram(session: Session, runtime: Runtime, actor: Actor, wanted: SignalFilter) -> list[Bar]:
    """Bars of 1 dB over the level, the weakest first, without gaps. One statement."""
    bar = _bar(session, wanted.level)
    whole = SignalFilter(wanted.level, wanted.device_id, wanted.group_id)
    query = _from(select(bar, func.count())).where(*_where(session, runtime, actor, whole)).group_by(bar)
    counts = {int(dbm): int(count) for dbm, count in session.execute(query)}
    return [Bar(dbm, counts.get(dbm, 0)) for dbm in range(min(counts), max(counts) + 1)] if counts else []


def by_device(session: Session, runtime: Runtime, actor: Actor, wanted: SignalFilter) -> list[OltSignals]:
    """OLTs with the share of their ONUs beyond the limits, the most first. One statement."""
    whole = SignalFilter(wanted.level, None, wanted.group_id)
    bad = func.sum(case((_beyond(runtime, wanted.level), 1), else_=0))
    query = _from(select(Device.id, Device.name, Device.ip, func.count(), bad)).where(*_where(session, runtime, actor, whole))
    rows = session.execute(query.group_by(Device.id, Device.name, Device.ip)).all()
    found = [OltSignals(row[0], row[1] or row[2], int(row[3]), int(row[4])) for row in rows]
    return sorted(found, key=lambda one: (-one.bad, one.name.lower()))


def _from(query: Any) -> Any:
    joined = query.select_from(Interface).join(OnuValues, OnuValues.interface_id == Interface.id)
    return joined.join(Device, Device.id == Interface.device_id)


def _where(session: Session, runtime: Runtime, actor: Actor, wanted: SignalFilter) -> Collection[Any]:
    where = [
        Interface.status == "Online",
        Interface.gone_at.is_(None),
        LEVELS[wanted.level].is_not(None),
        visible_devices(actor),
    ]
    if wanted.device_id is not None:
        where.append(Device.id == wanted.device_id)
    if wanted.group_id is not None:
        shown = wanted.group_id if visible_group(actor, wanted.group_id) else 0
        where.append(Device.id.in_(select(DeviceGroupLink.device_id).where(DeviceGroupLink.group_id == shown)))
    if wanted.bad:
        where.append(_beyond(runtime, wanted.level))
    if wanted.bar is not None:
        where.append(_bar(session, wanted.level) == wanted.bar)
    return where


def _beyond(runtime: Runtime, level: Level) -> ColumnElement[bool]:
    low, high = getattr(limits(runtime), level)
    return or_(LEVELS[level] < low, LEVELS[level] > high)


def _margin(runtime: Runtime, level: Level) -> Any:
    """How far within the limits a level is, dB; below zero beyond them."""
    low, high = getattr(limits(runtime), level)
    value = LEVELS[level]
    return case((value * 2 < low + high, value - low), else_=high - value)


def _bar(session: Session, level: Level) -> Any:
    value = LEVELS[level]
    # SQLite need not know floor(), and casts towards zero.
    return cast(value + _SHIFT, Integer) - _SHIFT if is_sqlite(session) else cast(func.floor(value), Integer)
