"""Which devices an actor sees: those of its device groups; all of them when it has no such limit."""

from __future__ import annotations

from sqlalchemy import ColumnElement, select, true
from sqlalchemy.orm import Session

from wildcore.errors import NotFound
from wildcore.i18n import gettext
from wildcore.services.actor import Actor
from wildcore.store.tables import Device, DeviceGroupLink


def visible_devices(actor: Actor) -> ColumnElement[bool]:
    """A condition on `devices` that holds for what the actor may see."""
    if actor.group_ids is None:
        return true()
    members = select(DeviceGroupLink.device_id).where(DeviceGroupLink.group_id.in_(sorted(actor.group_ids)))
    return Device.id.in_(members)


def require_device(session: Session, actor: Actor, device_id: int) -> Device:
    """The device; NotFound when there is none, or the actor may not know of it."""
    device = session.scalar(select(Device).where(Device.id == device_id, visible_devices(actor)))
    if device is None:
        raise NotFound(gettext("There is no device {id}", id=device_id), field="device_id")
    return device
