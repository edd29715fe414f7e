"""Device-group scope: the one place that says which devices an actor may know of.

What an actor may not see does not exist for them: lists and counts leave it out, single objects are NotFound.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import ColumnElement, Select, bindparam, select, true
from sqlalchemy.orm import InstrumentedAttribute, Session

from wildcore.errors import NotFound
from wildcore.i18n import gettext
from wildcore.services.actor import Actor
from wildcore.store.tables import Device, DeviceGroupLink, Interface

DeviceId = InstrumentedAttribute[int] | ColumnElement[int]
_LINKS = DeviceGroupLink.__table__.c
_GROUPS = "scope_groups"


def visible_devices(actor: Actor, device_id: DeviceId = Device.id) -> ColumnElement[bool]:
    """Condition on a column that holds a device's id (default `devices.id`): the actor may see that device.

    True for actors without a limit (`group_ids` None), who also see devices without a group. False for actors without groups.
    """
    if actor.group_ids is None:
        return true()
    return device_id.in_(select(DeviceGroupLink.device_id).where(DeviceGroupLink.group_id.in_(sorted(actor.group_ids))))


def in_scope(device_id: ColumnElement[int], *, limited: bool) -> ColumnElement[bool]:
    """The same for a statement that is built once: `limited` says whether the actor has a limit, `scope_values` which."""
    if not limited:
        return true()
    return device_id.in_(select(_LINKS.device_id).where(_LINKS.group_id.in_(bindparam(_GROUPS, expanding=True))))


def groups_in_scope(group_id: ColumnElement[int], *, limited: bool) -> ColumnElement[bool]:
    """Condition on a column that holds a device group's id: the actor may know of that group. Parameters as of `in_scope`."""
    return group_id.in_(bindparam(_GROUPS, expanding=True)) if limited else true()


def scope_values(actor: Actor) -> dict[str, Any]:
    """Parameters of a statement with `in_scope`."""
    return {} if actor.group_ids is None else {_GROUPS: sorted(actor.group_ids)}


def visible_interfaces(actor: Actor) -> ColumnElement[bool]:
    """Condition on `interfaces.device_id`: the actor may see the interface's device."""
    return visible_devices(actor, Interface.device_id)


def scoped(statement: Select[Any], actor: Actor, device_id: DeviceId = Device.id) -> Select[Any]:
    """The statement, limited to devices that the actor may see; `device_id` is a column of the statement."""
    return statement if actor.group_ids is None else statement.where(visible_devices(actor, device_id))


def require_device(session: Session, actor: Actor, device_id: int) -> Device:
    """The device, or NotFound when there is none or the actor may not see it. One SQL statement."""
    found = session.scalar(select(Device).where(Device.id == device_id, visible_devices(actor)))
    if found is None:
        raise NotFound(gettext("There is no device {id}", id=device_id), field="device_id")
    return found


def require_interface(session: Session, actor: Actor, interface_id: int) -> Interface:
    """The interface, or NotFound when there is none or its device is not the actor's to see. One SQL statement."""
    found = session.scalar(select(Interface).where(Interface.id == interface_id, visible_interfaces(actor)))
    if found is None:
        raise NotFound(gettext("There is no interface {id}", id=interface_id), field="interface_id")
    return found


def visible_group(actor: Actor, group_id: int) -> bool:
    """Whether the actor may know of a device group."""
    return actor.group_ids is None or group_id in actor.group_ids
