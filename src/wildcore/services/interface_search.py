"""Interface search as billing systems use it: by place, by ONU ident, by MAC; the current place of an ident first.

A search is at most six SQL statements, however many rows it finds: rows, their count, devices, their groups, subscribers. One
that names an ONU or a port has everything in the statement of its rows.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from sqlalchemy import BindParameter, ColumnElement, Integer, Select, and_, bindparam, case, exists, func, or_, select
from sqlalchemy.orm import Session

from wildcore.model.ident import ident_key, mac_key
from wildcore.services.actor import Actor
from wildcore.services.bindings import place_order
from wildcore.services.device_views import Listing
from wildcore.services.edges import edge_order, edge_values
from wildcore.services.interface_views import COLUMNS, PLACES, InterfaceView, by_ids, stale, views, whole, whole_views
from wildcore.services.runtime import Runtime
from wildcore.services.scope import in_scope, scope_values
from wildcore.store.quick import Prepared
from wildcore.store.tables import Device, FdbHistory, Interface

UNFILTERED_LIMIT = 10_000
_LONGEST_PORT_NUMBER = 6
_PLAIN = ("device_id", "device_ip", "parent_bind_key", "type")
_BY_MAC = frozenset({"mac", "active_mac"})


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


def asks_for_one(query: Mapping[str, str]) -> bool:
    """Whether the parameters of a search name one ONU or one port, so that few rows can fit."""
    port = query.get("interface_name") or query.get("interface_bind_key")
    return bool(query.get("ont_ident") or (port and (query.get("device_ip") or query.get("device_id"))))


# Statements are built once for each shape of a question, over the tables themselves: building one costs more than running it.
_I, _D, _F = Interface.__table__.c, Device.__table__.c, FdbHistory.__table__.c


def search(
    session: Session, runtime: Runtime, actor: Actor, wanted: InterfaceQuery, *, limit: int | None = None, offset: int = 0
) -> Listing[InterfaceView]:
    """Interfaces that fit. By ident the current place comes first and gone ones last; by MAC the port nearest to it comes first,
    and what was seen there in the past and uplinks come last; else they come device by device.

    A question without any condition returns at most `UNFILTERED_LIMIT` rows at once.
    """
    if wanted.empty and limit is None:
        limit = UNFILTERED_LIMIT
    asked = _asked(wanted)
    if asked is None:
        return Listing([], 0)
    shape, values = asked
    limited = actor.group_ids is not None
    values |= scope_values(actor) | {"row_limit": limit, "row_offset": offset}
    values |= edge_values(runtime) if wanted.mac_address is not None else {}
    if _names_one(shape):
        rows = _whole(shape, limited, limit is not None, offset > 0).all(session, values)
        found = whole_views(runtime, rows)
    else:
        rows = session.execute(_found(shape, limited, limit is not None, offset > 0), values).all()
        found = views(session, runtime, actor, rows)
    total = len(rows)
    if offset or (limit is not None and total >= limit):
        total = session.execute(_count(shape, limited), values).scalar() or 0
    return Listing(found, total)


def first_id(session: Session, actor: Actor, wanted: InterfaceQuery) -> int | None:
    """Id of the interface that `search` would name first; None when none fits."""
    asked = _asked(wanted)
    if asked is None:
        return None
    limited = actor.group_ids is not None
    rows = _ids(asked[0], limited).all(session, asked[1] | scope_values(actor) | {"row_limit": 1})
    return rows[0][0] if rows else None


def narrowed(actor: Actor, wanted: InterfaceQuery) -> tuple[list[ColumnElement[bool]], dict[str, Any]] | None:
    """Conditions on `PLACES` and their values, within the actor's scope; None when nothing can fit."""
    asked = _asked(wanted)
    if asked is None:
        return None
    return _conditions(asked[0], actor.group_ids is not None), asked[1] | scope_values(actor)


def _names_one(shape: Sequence[str]) -> bool:
    """Whether few rows can fit, so that they carry their devices and subscribers with them."""
    device = "device_id" in shape or "device_ip" in shape
    return "ident" in shape or (device and any(":" in name for name in shape))


@lru_cache(maxsize=256)
def _whole(shape: tuple[str, ...], limited: bool, first: bool, later: bool) -> Prepared:
    return Prepared(lambda dialect: _within(whole(dialect, limited), shape, limited, first, later))


@lru_cache(maxsize=256)
def _ids(shape: tuple[str, ...], limited: bool) -> Prepared:
    return Prepared(lambda _dialect: _within(select(_I.id).select_from(PLACES), shape, limited, first=True, later=False))


@lru_cache(maxsize=256)
def _found(shape: tuple[str, ...], limited: bool, first: bool, later: bool) -> Select[Any]:
    return _within(select(*COLUMNS, stale(limited=limited)).select_from(PLACES), shape, limited, first, later)


def _within(query: Select[Any], shape: tuple[str, ...], limited: bool, first: bool, later: bool) -> Select[Any]:
    order: Sequence[Any] = (_I.gone_at.is_not(None), _I.device_id, _I.id)
    if "ident" in shape:
        order = place_order(_I)
    elif not _BY_MAC.isdisjoint(shape):
        now = exists(select(_F.id).where(_F.interface_id == _I.id, _F.mac == bindparam("mac"), _F.active).correlate(_I.id.table))
        uplink, crowd = edge_order()
        order = (_I.gone_at.is_not(None), uplink, ~now, crowd, *place_order(_I))
    query = query.where(*_conditions(shape, limited)).order_by(*order)
    query = query.limit(bindparam("row_limit", type_=Integer())) if first else query
    return query.offset(bindparam("row_offset", type_=Integer())) if later else query


@lru_cache(maxsize=256)
def _count(shape: tuple[str, ...], limited: bool) -> Select[Any]:
    return select(func.count(_I.id)).select_from(PLACES).where(*_conditions(shape, limited))


def _asked(wanted: InterfaceQuery) -> tuple[tuple[str, ...], dict[str, Any]] | None:
    """The shape of a question (names of its conditions) and its values; None when nothing can fit (an ident that is none)."""
    shape: list[str] = []
    values: dict[str, Any] = {}
    for name in _PLAIN:
        value = getattr(wanted, name)
        if value is not None:
            shape.append(name)
            values[name] = value.strip() if name == "device_ip" else value
    if wanted.ont_ident is not None:
        shape.append("ident")
        values["ident"] = ident_key(wanted.ont_ident)
        if not values["ident"]:
            return None
    if wanted.mac_address is not None:
        shape.append("active_mac" if wanted.only_active_mac else "mac")
        values["mac"] = mac_key(wanted.mac_address)
        if values["mac"] is None:
            return None
    for column, text in (("name", wanted.interface_name), ("bind_key", wanted.interface_bind_key)):
        if text is not None:
            shape.append(_called(column, text.strip(), values, alone=not shape))
    return tuple(shape), values


def _called(column: str, text: str, values: dict[str, Any], *, alone: bool) -> str:
    """Name of the condition of an interface's name or bind key."""
    if text.isascii() and text.isdigit():
        plain = text.lstrip("0") or "0"
        values[f"{column}_text"], values[f"{column}_plain"] = text, plain
        values[f"{column}_port"] = int(plain) if len(plain) <= _LONGEST_PORT_NUMBER else -1
        return f"{column}:number"
    if alone:  # no device is named: by the index, in the cases that people type
        values[f"{column}_names"] = sorted({text, text.lower(), text.upper(), text.capitalize()})
        return f"{column}:cases"
    values[f"{column}_text"] = text.lower()
    return f"{column}:text"


def _conditions(shape: Sequence[str], limited: bool) -> list[ColumnElement[bool]]:
    conditions: list[ColumnElement[bool]] = [in_scope(_I.device_id, limited=limited)]
    for name in shape:
        conditions.append(_condition(name, conditions))
    return conditions


def _condition(name: str, within: Sequence[ColumnElement[bool]]) -> ColumnElement[bool]:
    where = _D.ip if name == "device_ip" else _I.get(name)
    if where is not None:
        plain: ColumnElement[bool] = where == bindparam(name, type_=where.type)
        return plain
    if name in ("mac", "active_mac"):
        seen = select(_F.interface_id).where(_F.mac == bindparam("mac"))
        return _I.id.in_(seen.where(_F.active) if name == "active_mac" else seen)
    column, _colon, kind = name.partition(":")
    if kind == "number":
        return _I.id.in_(_numbered(within, column))
    if kind == "cases":
        return _I[column].in_(bindparam(f"{column}_names", expanding=True))
    return func.lower(_I[column]) == bindparam(f"{column}_text")


def _numbered(within: Sequence[ColumnElement[bool]], column: str) -> Select[Any]:
    """Ids of the ports that a bare number names: on each device only those of the strongest kind of match."""
    names: tuple[BindParameter[Any], ...] = (bindparam(f"{column}_text"), bindparam(f"{column}_plain"))
    by_port = and_(_I.port_num == bindparam(f"{column}_port"), _I.type != "ONU")
    rank = case((_I.bind_key.in_(names), 1), (_I.name.in_(names), 2), else_=3)
    place = func.dense_rank().over(partition_by=_I.device_id, order_by=(_I.gone_at.is_not(None), rank)).label("place")
    ranked = (
        select(_I.id, place)
        .select_from(PLACES)
        .where(*within, or_(_I.bind_key.in_(names), _I.name.in_(names), by_port))
        .correlate(None)
        .subquery()
    )
    return select(ranked.c.id).where(ranked.c.place == 1)


__all__ = [
    "COLUMNS",
    "PLACES",
    "InterfaceQuery",
    "InterfaceView",
    "asks_for_one",
    "by_ids",
    "first_id",
    "narrowed",
    "search",
    "stale",
    "views",
]
