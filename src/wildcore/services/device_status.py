"""Which devices are up: written on change, with what follows from it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from wildcore.services.applying.work import DEVICES
from wildcore.services.bindings import rebind_doubled
from wildcore.store.bulk import among, update_rows
from wildcore.store.tables import Device, DeviceModel, Poll

UP, DOWN, UNKNOWN = "Up", "Down", "Unknown"


@dataclass(frozen=True, slots=True)
class Watched:
    """A device whose status is kept."""

    device_id: int
    ip: str
    type: str
    status: str


def watched(session: Session) -> list[Watched]:
    """All enabled devices. One statement."""
    query = select(Device.id, Device.ip, DeviceModel.type, Device.status)
    query = query.join(DeviceModel, DeviceModel.id == Device.model_id).where(Device.enabled)
    return [Watched(*row) for row in session.execute(query)]


def write_statuses(session: Session, statuses: Mapping[int, str], at: int) -> list[int]:
    """Write what was found of devices (id -> status); returns the ids of those that changed.

    A device that is up again is polled at once where polls were skipped. Five statements, however many devices.
    """
    if not statuses:
        return []
    query = select(Device.id, Device.status).where(among(session, DEVICES.c.id, statuses))
    known = {int(device_id): status for device_id, status in session.execute(query)}
    changed = [(statuses[one], at, at, one) for one, before in known.items() if statuses[one] != before]
    same = [one for one, before in known.items() if statuses[one] == before]
    update_rows(session, DEVICES, ("status", "status_at", "status_changed_at"), changed)
    if same:
        session.execute(update(DEVICES).where(among(session, DEVICES.c.id, same)).values(status_at=at))
    back = [row[-1] for row in changed if row[0] == UP]
    if back:
        session.execute(
            update(Poll).where(among(session, Poll.__table__.c.device_id, back), Poll.result == "down").values(next_at=at)
        )
    rebind_doubled(session, [row[-1] for row in changed if DOWN in (row[0], known[row[-1]])])
    return [row[-1] for row in changed]
