"""Interfaces as services hand them out: each with its device and its subscribers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

from sqlalchemy import ColumnElement, FromClause, Select, and_, bindparam, exists, or_, select, tuple_
from sqlalchemy.orm import Session

from wildcore.services import subscribers
from wildcore.services.actor import Actor
from wildcore.services.bindings import place_rank
from wildcore.services.device_views import (
    DEVICE_COLUMNS,
    DeviceView,
    devices_by_id,
    groups_column,
    one_device,
    with_model_and_access,
)
from wildcore.services.runtime import Runtime
from wildcore.services.scope import in_scope, scope_values
from wildcore.services.subscribers import SubscriberView
from wildcore.store.bulk import among_given, among_value, is_sqlite
from wildcore.store.quick import Prepared
from wildcore.store.tables import Device, Interface


@dataclass(frozen=True, slots=True)
class InterfaceView:
    """An interface with its device and subscribers (strongest match first). Times are Unix seconds.

    `stale`: gone from its device, or its ident lives at a better place now. `ident` is the canonical key.
    """

    id: int
    device_id: int
    bind_key: str
    parent_bind_key: str
    name: str
    port_num: int | None
    type: str
    if_index: int | None
    status: str
    status_changed_at: int | None
    description: str
    comment: str
    ident: str | None
    ident_type: str
    latitude: float | None
    longitude: float | None
    poll_enabled: bool
    save_fdb: bool
    last_seen_at: int | None
    last_online_at: int | None
    gone_at: int | None
    created_at: int
    updated_at: int
    stale: bool
    device: DeviceView
    subscribers: tuple[SubscriberView, ...] = ()


_I, _D = Interface.__table__.c, Device.__table__.c
PLACES = Interface.__table__.join(Device.__table__, _D.id == _I.device_id)
COLUMNS: tuple[Any, ...] = (
    _I.id,
    _I.device_id,
    _I.bind_key,
    _I.parent_bind_key,
    _I.name,
    _I.port_num,
    _I.type,
    _I.if_index,
    _I.status,
    _I.status_changed_at,
    _I.description,
    _I.comment,
    _I.ident,
    _I.ident_type,
    _I.latitude,
    _I.longitude,
    _I.poll_enabled,
    _I.save_fdb,
    _I.last_seen_at,
    _I.last_online_at,
    _I.gone_at,
    _I.created_at,
    _I.updated_at,
)


def by_ids(session: Session, runtime: Runtime, actor: Actor, ids: Sequence[int]) -> dict[int, InterfaceView]:
    """Interfaces by id, without those that the actor may not see."""
    if len(ids) == 1:
        rows = _by_id(actor.group_ids is not None).all(session, scope_values(actor) | {"id": next(iter(ids))})
        return {view.id: view for view in whole_views(runtime, rows)}
    sqlite = is_sqlite(session)
    values = scope_values(actor) | {"ids": among_value(ids, sqlite=sqlite)}
    rows = session.execute(_by_ids(sqlite, actor.group_ids is not None), values).all()
    return {view.id: view for view in views(session, runtime, actor, rows)}


def stale(*, limited: bool) -> ColumnElement[bool]:
    """Whether the row is gone, or a better place of its ident exists that the actor may see (`scope.scope_values`)."""
    other = Interface.__table__.alias().c
    ahead = tuple_(*place_rank(other)) > tuple_(*place_rank(_I))
    better = exists(
        select(other.id).where(other.ident == _I.ident, other.id != _I.id, ahead, in_scope(other.device_id, limited=limited))
    )
    return or_(_I.gone_at.is_not(None), and_(_I.ident.is_not(None), better)).label("stale")


@cache
def _by_ids(sqlite: bool, limited: bool) -> Select[Any]:
    scope = in_scope(_I.device_id, limited=limited)
    return select(*COLUMNS, stale(limited=limited)).select_from(PLACES).where(among_given(_I.id, "ids", sqlite=sqlite), scope)


@cache
def _by_id(limited: bool) -> Prepared:
    scope = in_scope(_I.device_id, limited=limited)
    return Prepared(lambda dialect: whole(dialect, limited).where(_I.id == bindparam("id"), scope))


def whole(dialect: str, limited: bool, *more: Any, places: FromClause = PLACES) -> Select[Any]:
    """A statement whose rows are read by `whole_views`; `more` columns come after those."""
    sqlite = dialect == "sqlite"
    groups = groups_column(sqlite=sqlite, limited=limited)
    people = subscribers.interface_column(_I.id, sqlite=sqlite)
    return select(*COLUMNS, stale(limited=limited), *DEVICE_COLUMNS, groups, people, *more).select_from(
        with_model_and_access(places)
    )


WIDTH = len(COLUMNS) + 1 + len(DEVICE_COLUMNS) + 2
"""How many columns `whole` has without the caller's own."""


def whole_views(runtime: Runtime, rows: Sequence[Sequence[Any]]) -> list[InterfaceView]:
    """Views of rows of `whole`, read within the actor's scope; no statement."""
    own = len(COLUMNS) + 1
    device = own + len(DEVICE_COLUMNS)
    return [
        InterfaceView(*(*row[:own], one_device(row[own:device], row[device]), subscribers.of_column(runtime, row[device + 1])))
        for row in rows
    ]


def views(session: Session, runtime: Runtime, actor: Actor, rows: Sequence[Any]) -> list[InterfaceView]:
    """Views of rows of `COLUMNS` and `stale`, read within the actor's scope; three statements."""
    if not rows:
        return []
    devices = devices_by_id(session, actor, {row[1] for row in rows})
    owners = subscribers.of_interfaces(session, runtime, [row[0] for row in rows])
    return [InterfaceView(*(*row, devices[row[1]], tuple(owners.get(row[0], ())))) for row in rows if row[1] in devices]
