"""Pages on which devices and what they refer to are managed; each in a constant number of SQL statements."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from wildcore.i18n import Text
from wildcore.services import device_accesses, device_groups, device_models
from wildcore.services.actor import Actor
from wildcore.services.device_sessions import modules_of
from wildcore.services.device_views import AccessView, DeviceView, GroupView, ModelView
from wildcore.services.devices import get_device
from wildcore.services.pollers import POLLERS, base_intervals
from wildcore.services.runtime import Runtime
from wildcore.services.scope import visible_devices
from wildcore.store.tables import Device, DeviceGroupLink, User, UserGroup

MOST_NAMED = 30


@dataclass(frozen=True, slots=True)
class GroupRow:
    """A device group with how many devices it has and how many users see it by name (those of all devices left out)."""

    group: GroupView
    devices: int
    users: int


@dataclass(frozen=True, slots=True)
class AccessRow:
    """An access with how many devices use it."""

    access: AccessView
    devices: int


@dataclass(frozen=True, slots=True)
class AccessPage:
    """One access (None: a new one), the devices that use it (the first of them), and how many they are."""

    access: AccessView | None
    devices: tuple[tuple[int, str, str], ...]
    used: int


@dataclass(frozen=True, slots=True)
class ModelRow:
    """A model with how many devices are of it."""

    model: ModelView
    devices: int


@dataclass(frozen=True, slots=True)
class IntervalRow:
    """A poller's interval (seconds, 0 is off): what is set here (None: nothing) and what holds without it."""

    name: str
    title: Text
    own: int | None
    inherited: int
    always: bool


@dataclass(frozen=True, slots=True)
class DeviceFormPage:
    """A device (None: a new one) and what its form offers: models, accesses and groups as (id, name)."""

    device: DeviceView | None
    models: tuple[tuple[int, str], ...]
    accesses: tuple[tuple[int, str], ...]
    groups: tuple[tuple[int, str], ...]
    group_required: bool
    intervals: tuple[IntervalRow, ...]


def groups_page(session: Session, actor: Actor) -> tuple[GroupRow, ...]:
    """The groups that the actor sees, in four statements."""
    devices = _count(session, select(DeviceGroupLink.group_id, func.count()).group_by(DeviceGroupLink.group_id))
    users = _count(session, select(UserGroup.group_id, func.count()).group_by(UserGroup.group_id))
    return tuple(
        GroupRow(one, devices.get(one.id, 0), users.get(one.id, 0)) for one in device_groups.list_groups(session, actor).rows
    )


def accesses_page(session: Session, runtime: Runtime) -> tuple[AccessRow, ...]:
    """All accesses, in three statements."""
    used = _count(session, select(Device.access_id, func.count()).group_by(Device.access_id))
    return tuple(AccessRow(one, used.get(one.id, 0)) for one in device_accesses.list_accesses(session, runtime).rows)


def access_page(session: Session, runtime: Runtime, actor: Actor, access_id: int | None) -> AccessPage:
    """One access, in three statements. NotFound when there is none."""
    if access_id is None:
        return AccessPage(None, (), 0)
    access = device_accesses.get_access(session, runtime, access_id)
    used = session.scalar(select(func.count(Device.id)).where(Device.access_id == access_id)) or 0
    query = select(Device.id, Device.name, Device.ip).where(Device.access_id == access_id, visible_devices(actor))
    rows = session.execute(query.order_by(Device.name, Device.ip).limit(MOST_NAMED))
    return AccessPage(access, tuple((row[0], row[1], row[2]) for row in rows), used)


def models_page(session: Session) -> tuple[ModelRow, ...]:
    """All models, those in use first, in three statements."""
    used = _count(session, select(Device.model_id, func.count()).group_by(Device.model_id))
    rows = [ModelRow(one, used.get(one.id, 0)) for one in device_models.list_models(session).rows]
    return tuple(sorted(rows, key=lambda row: (row.devices == 0, row.model.vendor.lower(), row.model.name.lower())))


def model_page(session: Session, model_id: int) -> tuple[ModelRow, tuple[IntervalRow, ...]]:
    """One model with the intervals of its pollers, in two statements. NotFound when there is none."""
    model = device_models.get_model(session, model_id)
    used = session.scalar(select(func.count(Device.id)).where(Device.model_id == model_id)) or 0
    return ModelRow(model, used), intervals_of(model, model.pollers, {})


def device_form_page(session: Session, runtime: Runtime, actor: Actor, device_id: int | None) -> DeviceFormPage:
    """A device's form, in eight statements. NotFound when there is no such device, or the actor may not see it."""
    device = get_device(session, actor, device_id) if device_id is not None else None
    return DeviceFormPage(
        device=device,
        models=tuple((one.id, one.name) for one in device_models.list_models(session).rows),
        accesses=tuple((one.id, one.name) for one in device_accesses.list_accesses(session, runtime).rows),
        groups=tuple((one.id, one.name) for one in device_groups.list_groups(session, actor).rows),
        group_required=actor.group_ids is not None,
        intervals=intervals_of(device.model, device.pollers, device.model.pollers) if device is not None else (),
    )


def intervals_of(model: ModelView, own: Mapping[str, Any], above: Mapping[str, Any]) -> tuple[IntervalRow, ...]:
    """The pollers that a model has; `own` is what is set in the form, `above` what overrides the catalogue before it."""
    can = {module.name for module in modules_of(model.key, model.family)}
    base = base_intervals(model.key, model.type)
    return tuple(
        IntervalRow(
            name,
            poller.title,
            int(own[name]) if name in own else None,
            int(above.get(name, base.get(name, poller.default_sec))),
            poller.always,
        )
        for name, poller in POLLERS.items()
        if can.intersection(poller.modules)
    )


def user_names(session: Session, group_id: int) -> tuple[tuple[int, str], ...]:
    """Who sees a device group by name: (id, login)."""
    query = select(User.id, User.login).join(UserGroup, UserGroup.user_id == User.id).where(UserGroup.group_id == group_id)
    return tuple((row[0], row[1]) for row in session.execute(query.order_by(User.login).limit(MOST_NAMED)))


def _count(session: Session, query: Any) -> dict[int, int]:
    return {row[0]: row[1] for row in session.execute(query)}
