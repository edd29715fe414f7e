"""What lists of devices and interfaces depend on, in a few numbers: for clients that ask whether anything changed."""

from __future__ import annotations

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from wildcore.store.tables import Binding, Device, DeviceGroup, DeviceGroupLink, DeviceModel, Interface, Subscriber


def of_devices(session: Session) -> tuple[int | None, list[int]]:
    """Time of the latest change of any device, and counts that change when one comes, goes or moves. One statement."""
    row = session.execute(
        select(
            func.max(Device.updated_at),
            func.max(Device.status_changed_at),
            func.count(Device.id),
            func.coalesce(func.max(Device.id), 0),
            select(func.count(DeviceGroupLink.device_id)).scalar_subquery(),
            select(func.count(DeviceGroup.id)).scalar_subquery(),
            select(func.count(DeviceModel.id)).scalar_subquery(),
        )
    ).one()
    return max((at for at in row[:2] if at is not None), default=None), [int(one) for one in row[2:]]


def of_interfaces(session: Session) -> tuple[int | None, list[int]]:
    """The same of any interface, with its device and its subscribers. Two statements."""
    newest, counts = of_devices(session)
    row = session.execute(
        select(
            func.max(Interface.updated_at),
            select(func.max(Subscriber.updated_at)).scalar_subquery(),
            func.count(Interface.id),
            func.coalesce(func.max(Interface.id), 0),
            select(func.count(Binding.claim_id)).scalar_subquery(),
            select(func.count(Subscriber.id)).scalar_subquery(),
        )
    ).one()
    latest = max((at for at in (newest, *row[:2]) if at is not None), default=None)
    return latest, [*counts, *(int(one) for one in row[2:])]
