"""Devices as services hand them out: one with its model, access and groups, in a constant number of statements."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from typing import Any, Generic, TypeVar

from sqlalchemy import ColumnElement, FromClause, Select, bindparam, select
from sqlalchemy.orm import Session

from wildcore.drivers import registry
from wildcore.services.actor import Actor
from wildcore.services.scope import groups_in_scope
from wildcore.store.bulk import among_given, among_value, is_sqlite, json_rows
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


# The tables' own columns: statements of them are executed without the ORM's rows, which would cost more than the query.
_D, _M, _A = Device.__table__.c, DeviceModel.__table__.c, DeviceAccess.__table__.c
_G, _L = DeviceGroup.__table__.c, DeviceGroupLink.__table__.c

_DEVICE = (
    _D.id,
    _D.ip,
    _D.name,
    _D.enabled,
    _D.location,
    _D.description,
    _D.mac,
    _D.serial,
    _D.latitude,
    _D.longitude,
    _D.params,
    _D.pollers,
    _D.status,
    _D.status_at,
    _D.status_changed_at,
    _D.created_at,
    _D.updated_at,
)
_MODEL = (
    _M.id,
    _M.key,
    _M.name,
    _M.vendor,
    _M.model,
    _M.type,
    _M.family,
    _M.pollers,
    _M.params,
)
_ACCESS = (_A.id, _A.name, _A.params, _A.created_at, _A.updated_at)
DEVICE_COLUMNS: tuple[Any, ...] = (*_DEVICE, *_MODEL, *_ACCESS)
_DEVICES: Select[Any] = (
    select(*DEVICE_COLUMNS)
    .join_from(Device.__table__, DeviceModel.__table__, _M.id == _D.model_id)
    .join(DeviceAccess.__table__, _A.id == _D.access_id)
)


def read_devices(
    session: Session,
    actor: Actor,
    *conditions: ColumnElement[bool],
    order: Sequence[Any] = (),
    limit: int | None = None,
    offset: int = 0,
) -> list[DeviceView]:
    """Devices that fit the conditions, in two statements. The caller adds the condition of its actor's scope."""
    query = _DEVICES.where(*conditions).order_by(*(order or (_D.id,))).limit(limit).offset(offset or None)
    return _views(session, actor, session.execute(query).all())


def devices_by_id(session: Session, actor: Actor, ids: Collection[int]) -> dict[int, DeviceView]:
    """Devices of rows that were already read within the actor's scope, by id, in two statements however many they are."""
    if not ids:
        return {}
    sqlite = is_sqlite(session)
    rows = session.execute(_by_ids(sqlite), {"ids": among_value(ids, sqlite=sqlite)}).all()
    return {view.id: view for view in _views(session, actor, rows)}


def _views(session: Session, actor: Actor, rows: Sequence[Sequence[Any]]) -> list[DeviceView]:
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


def with_model_and_access(places: FromClause) -> FromClause:
    """A join with `devices` in it, extended by what `DEVICE_COLUMNS` needs besides."""
    models = places.join(DeviceModel.__table__, _M.id == _D.model_id)
    return models.join(DeviceAccess.__table__, _A.id == _D.access_id)


def groups_column(*, sqlite: bool, limited: bool) -> ColumnElement[Any]:
    """The groups of the statement's device as one column; `one_device` reads it. Parameters as of `scope.in_scope`."""
    query = select(json_rows(_G.id, _G.name, _G.description, _G.created_at, sqlite=sqlite)).select_from(
        DeviceGroupLink.__table__.join(DeviceGroup.__table__, _G.id == _L.group_id)
    )
    return query.where(_L.device_id == _D.id, groups_in_scope(_L.group_id, limited=limited)).scalar_subquery()


def one_device(columns: Sequence[Any], groups: str | None) -> DeviceView:
    """A device of `DEVICE_COLUMNS` and `groups_column`."""
    known = tuple(GroupView(*one) for one in sorted(json.loads(groups))) if groups else ()
    return DeviceView(*(*columns[:17], model_view(columns[17:26]), AccessView(*columns[26:31]), known))


def default_pollers(key: str) -> Mapping[str, int]:
    """Poll intervals (seconds) that the drivers' catalogue has for a model; empty for one it does not list."""
    return _default_pollers().get(key, {})


@cache
def _default_pollers() -> Mapping[str, Mapping[str, int]]:
    return {one.key: one.pollers for one in reversed(registry.catalogue())}


def model_view(columns: Sequence[Any]) -> ModelView:
    """A model of its columns, with the poll intervals that its family has by itself."""
    return ModelView(*(*columns, default_pollers(columns[1])))


def model_columns() -> tuple[Any, ...]:
    """The columns that `model_view` takes."""
    return _MODEL


def _groups(session: Session, actor: Actor, device_ids: Sequence[int]) -> dict[int, tuple[GroupView, ...]]:
    sqlite, values = is_sqlite(session), dict[str, Any]()
    if actor.group_ids is not None:
        values["groups"] = sorted(actor.group_ids)
    query = _groups_of(sqlite, bool(values))
    values["ids"] = among_value(device_ids, sqlite=sqlite)
    known: dict[int, GroupView] = {}
    found: dict[int, list[GroupView]] = defaultdict(list)
    for device_id, group_id, name, description, created_at in session.execute(query, values):
        group = known.get(group_id)
        if group is None:
            group = known[group_id] = GroupView(group_id, name, description, created_at)
        found[device_id].append(group)
    return {device_id: tuple(groups) for device_id, groups in found.items()}


@cache
def _by_ids(sqlite: bool) -> Select[Any]:
    return _DEVICES.where(among_given(_D.id, "ids", sqlite=sqlite)).order_by(_D.id)


@cache
def _groups_of(sqlite: bool, limited: bool) -> Select[Any]:
    query = (
        select(_L.device_id, _G.id, _G.name, _G.description, _G.created_at)
        .join_from(DeviceGroupLink.__table__, DeviceGroup.__table__, _G.id == _L.group_id)
        .where(among_given(_L.device_id, "ids", sqlite=sqlite))
        .order_by(_G.id)
    )
    return query.where(_L.group_id.in_(bindparam("groups", expanding=True))) if limited else query
