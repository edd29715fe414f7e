"""Devices and interfaces near a place on the map."""

from __future__ import annotations

from dataclasses import dataclass
from math import asin, cos, degrees, radians, sin, sqrt
from typing import Any

from sqlalchemy import ColumnElement, and_, or_, select
from sqlalchemy.orm import Session

from wildcore.services.actor import Actor
from wildcore.services.scope import visible_devices
from wildcore.store.tables import Device, DeviceModel, Interface

EARTH_M = 6_371_008.8  # mean radius (IUGG)


@dataclass(frozen=True, slots=True)
class Near:
    """An element with its distance. `kind` is `device` or `interface`; an interface without a place of its own has none here."""

    kind: str
    id: int
    device_id: int
    name: str
    ip: str
    type: str
    status: str
    latitude: float
    longitude: float
    distance_m: int


def nearest(
    session: Session, actor: Actor, latitude: float, longitude: float, distance_m: float, *, kind: str = "", limit: int = 100
) -> tuple[list[Near], int]:
    """Elements within a distance, the nearest first, and how many there are in all. `kind` narrows it to one of them."""
    found: list[Near] = []
    if kind in ("", "device"):
        query = select(
            Device.id, Device.id, Device.name, Device.ip, DeviceModel.type, Device.status, Device.latitude, Device.longitude
        ).join(DeviceModel, DeviceModel.id == Device.model_id)
        query = query.where(visible_devices(actor), _box(Device, latitude, longitude, distance_m))
        found += [_near("device", row, latitude, longitude) for row in session.execute(query)]
    if kind in ("", "interface"):
        query = select(
            Interface.id,
            Device.id,
            Interface.name,
            Device.ip,
            Interface.type,
            Interface.status,
            Interface.latitude,
            Interface.longitude,
        ).join(Device, Device.id == Interface.device_id)
        query = query.where(visible_devices(actor), Interface.gone_at.is_(None), _box(Interface, latitude, longitude, distance_m))
        found += [_near("interface", row, latitude, longitude) for row in session.execute(query)]
    inside = sorted((one for one in found if one.distance_m <= distance_m), key=lambda one: (one.distance_m, one.kind, one.id))
    return inside[:limit], len(inside)


def distance(lat1: float, lon1: float, lat2: float, lon2: float) -> float:
    """Metres between two places, by the haversine formula."""
    a = sin(radians(lat2 - lat1) / 2) ** 2
    b = cos(radians(lat1)) * cos(radians(lat2)) * sin(radians(lon2 - lon1) / 2) ** 2
    return 2 * EARTH_M * asin(min(1.0, sqrt(a + b)))


def _near(kind: str, row: Any, latitude: float, longitude: float) -> Near:
    place: tuple[Any, ...] = tuple(row)
    return Near(*(kind, *place, round(distance(latitude, longitude, row[6], row[7]))))


def _box(table: Any, latitude: float, longitude: float, distance_m: float) -> ColumnElement[bool]:
    """A rectangle of degrees that holds the circle; near a pole or the date line it is a band around the Earth."""
    high = degrees(distance_m / EARTH_M)
    low, up = latitude - high, latitude + high
    within = and_(table.latitude >= low, table.latitude <= up, table.longitude.is_not(None))
    if low <= -89 or up >= 89:
        return within
    wide = degrees(distance_m / EARTH_M / cos(radians(max(abs(low), abs(up)))))
    west, east = longitude - wide, longitude + wide
    if east - west >= 360:
        return within
    spans = [and_(table.longitude >= west, table.longitude <= east)]
    if west < -180:
        spans.append(table.longitude >= west + 360)
    if east > 180:
        spans.append(table.longitude <= east - 360)
    return and_(within, or_(*spans))
