"""Devices as services hand them out: one with its model, access and groups, in a constant number of statements."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Generic, TypeVar

from sqlalchemy import ColumnElement, select
from sqlalchemy.orm import Session

from wildcore.services.actor import Actor
from wildcore.services.applying.bulk import among
from wildcore.store.tables import Device, DeviceAccess, DeviceGroup, DeviceGroupLink, DeviceModel

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Listing(Generic[T]):
    """One page of a list and how many rows there are in all."""

    rows: list[T]
    total: int


@dataclass(frozen=True, slots=True)
class ModelView:
    """A device model. `pollers` and `params` are the operator's overrides, `defaults` the family's poll intervals (seconds)."""

    id: int
    key: str
    name: str
    vendor: str
    model: str
    type: str
    family: str
    pollers: Mapping[str, Any] = field(default_factory=dict)
    params: Mapping[str, Any] = field(default_factory=dict)
    defaults: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class AccessView:
    """A device access without its secrets; `secrets` names the ones that are set, where they were read."""

    id: int
    name: str
    params: Mapping[str, Any] = field(default_factory=dict)
    created_at: int = 0
    updated_at: int = 0
    secrets: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class GroupView:
    """A device group."""

    id: int
    name: str
    description: str
    created_at: int


@dataclass(frozen=True, slots=True)
class DeviceView:
    """A device with all that lists and pages show of it. Times are Unix seconds; `groups` are those that the actor may see."""

    id: int
    ip: str
    name: str
    enabled: bool
    location: str
    description: str
    mac: str
    serial: str
    latitude: float | None
    longitude: float | None
    params: Mapping[str, Any]
    pollers: Mapping[str, Any]
    status: str
    status_at: int | None
    status_changed_at: int | None
    created_at: int
    updated_at: int
    model: ModelView
    access: AccessView
    groups: tuple[GroupView, ...] = ()


_DEVICE = (
    Device.id,
    Device.ip,
    Device.name,
    Device.enabled,
    Device.location,
    Device.description,
    Device.mac,
    Device.serial,
    Device.latitude,
    Device.longitude,
    Device.params,
    Device.pollers,
    Device.status,
    Device.status_at,
    Device.status_changed_at,
    Device.created_at,
    Device.updated_at,
)
_MODEL = (
    DeviceModel.id,
    DeviceModel.key,
    DeviceModel.name,
    DeviceModel.vendor,
    DeviceModel.model,
    DeviceModel.type,
    DeviceModel.family,
    DeviceModel.pollers,
    DeviceModel.params,
)
_ACCESS = (DeviceAccess.id, DeviceAccess.name, DeviceAccess.params, DeviceAccess.created_at, DeviceAccess.updated_at)
_COLUMNS: tuple[Any, ...] = (*_DEVICE, *_MODEL, *_ACCESS)


def read_devices(
    session: Session,
    actor: Actor,
    *conditions: ColumnElement[bool],
    order: Sequence[Any] = (),
    limit: int | None = None,
    offset: int = 0,
) -> list[DeviceView]:
    """Devices that fit the conditions, in two statements. The caller adds the condition of its actor's scope."""
    query = (
        select(*_COLUMNS)
        .join(DeviceModel, DeviceModel.id == Device.model_id)
        .join(DeviceAccess, DeviceAccess.id == Device.access_id)
        .where(*conditions)
        .order_by(*(order or (Device.id,)))
        .limit(limit)
        .offset(offset or None)
    )
    rows = session.execute(query).all()
    groups = _groups(session, actor, [row[0] for row in rows]) if rows else {}
    models: dict[int, ModelView] = {}
    accesses: dict[int, AccessView] = {}
    views = []
    for row in rows:
        device, model, access = row[:17], row[17:26], row[26:]
        if model[0] not in models:
            models[model[0]] = model_view(model)
        if access[0] not in accesses:
            accesses[access[0]] = AccessView(*access)
        views.append(DeviceView(*(*device, models[model[0]], accesses[access[0]], groups.get(row[0], ()))))
    return views


def devices_by_id(session: Session, actor: Actor, ids: Collection[int]) -> dict[int, DeviceView]:
    """Devices of rows that were already read within the actor's scope, by id, in two statements however many they are."""
    if not ids:
        return {}
    return {view.id: view for view in read_devices(session, actor, among(session, Device.__table__.c.id, ids))}


def model_view(columns: Sequence[Any]) -> ModelView:
    """A model of its columns, with the poll intervals that its family has by itself."""
    from wildcore.services.device_models import default_pollers

    return ModelView(*(*columns, default_pollers(columns[1])))


def model_columns() -> tuple[Any, ...]:
    """The columns that `model_view` takes."""
    return _MODEL


def _groups(session: Session, actor: Actor, device_ids: Sequence[int]) -> dict[int, tuple[GroupView, ...]]:
    query = (
        select(DeviceGroupLink.device_id, DeviceGroup.id, DeviceGroup.name, DeviceGroup.description, DeviceGroup.created_at)
        .join(DeviceGroup, DeviceGroup.id == DeviceGroupLink.group_id)
        .where(among(session, DeviceGroupLink.__table__.c.device_id, device_ids))
        .order_by(DeviceGroup.id)
    )
    if actor.group_ids is not None:
        query = query.where(DeviceGroupLink.group_id.in_(sorted(actor.group_ids)))
    known: dict[int, GroupView] = {}
    found: dict[int, list[GroupView]] = defaultdict(list)
    for device_id, group_id, name, description, created_at in session.execute(query):
        group = known.get(group_id)
        if group is None:
            group = known[group_id] = GroupView(group_id, name, description, created_at)
        found[device_id].append(group)
    return {device_id: tuple(groups) for device_id, groups in found.items()}
