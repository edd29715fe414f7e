"""Interfaces that people add by hand, before their device lists them."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import insert, select
from sqlalchemy.orm import Session

from wildcore.errors import Conflict, ValidationFailed
from wildcore.i18n import gettext
from wildcore.model.interface import InterfaceType
from wildcore.services.actor import Actor
from wildcore.services.bindings import port_number, rebind
from wildcore.services.edges import uplink_macs
from wildcore.services.interface_search import InterfaceView
from wildcore.services.interfaces import get_interface
from wildcore.services.runtime import Runtime
from wildcore.services.scope import require_device
from wildcore.store.tables import Interface


@dataclass(frozen=True, slots=True)
class NewInterface:
    """What is known of it. The device's next list of interfaces confirms it by its bind key, or marks it gone."""

    device_id: int
    bind_key: str
    name: str
    type: InterfaceType = InterfaceType.UNKNOWN
    parent_bind_key: str = ""
    description: str = ""
    comment: str = ""


def add_interface(session: Session, runtime: Runtime, actor: Actor, new: NewInterface) -> InterfaceView:
    """Add it; Conflict when the device has one with this bind key, ValidationFailed without a bind key or a name."""
    require_device(session, actor, new.device_id)
    for field, value in (("bind_key", new.bind_key), ("name", new.name)):
        if not value.strip():
            raise ValidationFailed(gettext("{field} is required", field=field), field=field)
    key = new.bind_key.strip()
    if not {".", ".."}.isdisjoint(key.split("/")):
        # The key stands in addresses of actions: there a browser would climb to another action than the one that was pressed.
        text = gettext("{field}: no part between slashes may be . or ..", field="bind_key")
        raise ValidationFailed(text, field="bind_key")
    if session.scalar(select(Interface.id).where(Interface.device_id == new.device_id, Interface.bind_key == key)) is not None:
        raise Conflict(gettext("The device has an interface {name} already", name=key), field="bind_key")
    at = runtime.now()
    values = {
        "device_id": new.device_id,
        "bind_key": key,
        "parent_bind_key": new.parent_bind_key.strip(),
        "name": new.name.strip(),
        "port_num": port_number(new.name),
        "type": new.type.value,
        "description": new.description,
        "comment": new.comment,
        "params": {},
        "created_at": at,
        "updated_at": at,
    }
    interface_id = session.scalars(insert(Interface).values(**values).returning(Interface.id)).one()
    rebind(session, device_ids=[new.device_id], uplink_macs=uplink_macs(runtime))
    return get_interface(session, runtime, actor, interface_id)
