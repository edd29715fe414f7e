"""A device in few words, for answers that only name it."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from wildcore.services.actor import Actor
from wildcore.services.scope import visible_devices
from wildcore.store.tables import Device, DeviceModel


def brief_json(session: Session, actor: Actor, device_ids: Collection[int]) -> dict[int, dict[str, Any]]:
    """`{id, ip, name, model}` of devices that the actor may see, by id. One statement."""
    query = select(Device.id, Device.ip, Device.name, DeviceModel.name).join(DeviceModel, DeviceModel.id == Device.model_id)
    rows = session.execute(query.where(Device.id.in_(list(device_ids)), visible_devices(actor)))
    return {row[0]: {"id": row[0], "ip": row[1], "name": row[2], "model": row[3]} for row in rows}
