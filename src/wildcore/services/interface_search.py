"""Interface search as billing systems use it: by place, by ONU ident, by MAC; the current place of an ident first.

A search is at most six SQL statements, however many rows it finds: rows, their count, devices, their groups, subscribers.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, case, exists, func, or_, select, tuple_
from sqlalchemy.orm import Session, aliased

from wildcore.model.ident import ident_key, mac_key
from wildcore.services import subscribers
from wildcore.services.actor import Actor
from wildcore.services.applying.bulk import among
from wildcore.services.bindings import place_order, place_rank
from wildcore.services.device_views import DeviceView, Listing, devices_by_id
from wildcore.services.runtime import Runtime
from wildcore.services.scope import visible_devices
from wildcore.services.subscribers import SubscriberView
from wildcore.store.tables import Device, FdbHistory, Interface

UNFILTERED_LIMIT = 10_000
_LONGEST_PORT_NUMBER = 6


@dataclass(frozen=True, slots=True)
class InterfaceQuery:
    """What to look for; all parts are optional and and-ed.

    A bare number as name or bind key finds the port whose bind key, name or trailing port number it is, in this order.
    """

    device_id: int | None = None
    device_ip: str | None = None
    interface_name: str | None = None
    interface_bind_key: str | None = None
    ont_ident: str | None = None
    mac_address: str | None = None
    only_active_mac: bool = False
    parent_bind_key: str | None = None
    type: str | None = None

    @property
    def empty(self) -> bool:
        """Whether it asks for everything there is."""
        return self == InterfaceQuery(only_active_mac=self.only_active_mac)


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


COLUMNS: tuple[Any, ...] = (
    Interface.id,
    Interface.device_id,
    Interface.bind_key,
    Interface.parent_bind_key,
    Interface.name,
    Interface.port_num,
    Interface.type,
    Interface.if_index,
    Interface.status,
    Interface.status_changed_at,
    Interface.description,
    Interface.comment,
    Interface.ident,
    Interface.ident_type,
    Interface.latitude,
    Interface.longitude,
    Interface.poll_enabled,
    Interface.save_fdb,
    Interface.last_seen_at,
    Interface.last_online_at,
    Interface.gone_at,
    Interface.created_at,
    Interface.updated_at,
)


def search(
    session: Session, runtime: Runtime, actor: Actor, wanted: InterfaceQuery, *, limit: int | None = None, offset: int = 0
) -> Listing[InterfaceView]:
    """Interfaces that fit. By ident or MAC the current place comes first and gone ones last, else they come device by device.

    A question without any condition returns at most `UNFILTERED_LIMIT` rows at once.
    """
    if wanted.empty and limit is None:
        limit = UNFILTERED_LIMIT
    conditions = _conditions(actor, wanted)
    if conditions is None:
        return Listing([], 0)
    by_place = wanted.ont_ident is not None or wanted.mac_address is not None
    order: Sequence[Any] = place_order() if by_place else (Interface.gone_at.is_not(None), Interface.device_id, Interface.id)
    query = select(*COLUMNS, stale(actor)).join(Device, Device.id == Interface.device_id).where(*conditions).order_by(*order)
    rows = session.execute(query.limit(limit).offset(offset or None)).all()
    total = len(rows)
    if limit is not None or offset:
        count = select(func.count(Interface.id)).join(Device, Device.id == Interface.device_id).where(*conditions)
        total = session.scalar(count) or 0
    return Listing(views(session, runtime, actor, rows), total)


def by_ids(session: Session, runtime: Runtime, actor: Actor, ids: Sequence[int]) -> dict[int, InterfaceView]:
    """Interfaces by id, without those that the actor may not see."""
    query = (
        select(*COLUMNS, stale(actor))
        .join(Device, Device.id == Interface.device_id)
        .where(among(session, Interface.__table__.c.id, ids), visible_devices(actor))
    )
    return {view.id: view for view in views(session, runtime, actor, session.execute(query).all())}


def stale(actor: Actor) -> ColumnElement[bool]:
    """Whether the row is gone, or a better place of its ident exists that the actor may see."""
    other, device = aliased(Interface), aliased(Device)
    ahead = tuple_(*place_rank(other)) > tuple_(*place_rank())
    better = exists(select(other.id).where(other.ident == Interface.ident, other.id != Interface.id, ahead))
    if actor.group_ids is not None:
        visible = select(Device.id).where(visible_devices(actor)).correlate(None)
        better = exists(
            select(other.id)
            .join(device, device.id == other.device_id)
            .where(
                other.ident == Interface.ident,
                other.id != Interface.id,
                ahead,
                device.id.in_(visible),
            )
        )
    return or_(Interface.gone_at.is_not(None), and_(Interface.ident.is_not(None), better)).label("stale")


def _conditions(actor: Actor, wanted: InterfaceQuery) -> list[ColumnElement[bool]] | None:
    """WHERE of a search; None when nothing can fit (an ident that is none)."""
    conditions: list[ColumnElement[bool]] = [visible_devices(actor)]
    if wanted.device_id is not None:
        conditions.append(Interface.device_id == wanted.device_id)
    if wanted.device_ip is not None:
        conditions.append(Device.ip == wanted.device_ip.strip())
    if wanted.parent_bind_key is not None:
        conditions.append(Interface.parent_bind_key == wanted.parent_bind_key)
    if wanted.type is not None:
        conditions.append(Interface.type == wanted.type)
    if wanted.ont_ident is not None:
        key = ident_key(wanted.ont_ident)
        if not key:
            return None
        conditions.append(Interface.ident == key)
    if wanted.mac_address is not None:
        mac = mac_key(wanted.mac_address)
        if mac is None:
            return None
        seen = select(FdbHistory.interface_id).where(FdbHistory.mac == mac)
        conditions.append(Interface.id.in_(seen.where(FdbHistory.active) if wanted.only_active_mac else seen))
    if wanted.interface_name is not None:
        conditions.append(_called(conditions, Interface.name, wanted.interface_name.strip()))
    if wanted.interface_bind_key is not None:
        conditions.append(_called(conditions, Interface.bind_key, wanted.interface_bind_key.strip()))
    return conditions


def _called(within: Sequence[ColumnElement[bool]], column: Any, text: str) -> ColumnElement[bool]:
    if text.isascii() and text.isdigit():
        return Interface.id.in_(_numbered(within, text))
    if len(within) == 1:  # no device is named: by the index, in the cases that people type
        cases: ColumnElement[bool] = column.in_(sorted({text, text.lower(), text.upper(), text.capitalize()}))
        return cases
    return func.lower(column) == text.lower()


def _numbered(within: Sequence[ColumnElement[bool]], number: str) -> Select[tuple[int]]:
    """Ids of the ports that a bare number names: on each device only those of the strongest kind of match."""
    by_port: ColumnElement[bool] = and_(Interface.port_num == -1)
    plain = str(int(number))
    if len(plain) <= _LONGEST_PORT_NUMBER:
        by_port = and_(Interface.port_num == int(plain), Interface.type != "ONU")
    names = {number, plain}
    rank = case((Interface.bind_key.in_(names), 1), (Interface.name.in_(names), 2), else_=3)
    place = (
        func.dense_rank().over(partition_by=Interface.device_id, order_by=(Interface.gone_at.is_not(None), rank)).label("place")
    )
    ranked = (
        select(Interface.id, place)
        .join(Device, Device.id == Interface.device_id)
        .where(*within, or_(Interface.bind_key.in_(names), Interface.name.in_(names), by_port))
        .correlate(None)
        .subquery()
    )
    return select(ranked.c.id).where(ranked.c.place == 1)


def views(session: Session, runtime: Runtime, actor: Actor, rows: Sequence[Any]) -> list[InterfaceView]:
    """Views of rows of `COLUMNS` and `stale`, read within the actor's scope; three statements."""
    if not rows:
        return []
    devices = devices_by_id(session, actor, {row[1] for row in rows})
    owners = subscribers.of_interfaces(session, runtime, [row[0] for row in rows])
    return [InterfaceView(*(*row, devices[row[1]], tuple(owners.get(row[0], ())))) for row in rows if row[1] in devices]
