"""API of interfaces: search as billing does it, by device, history, changes, duplicates."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import Query
from pydantic import BaseModel, ConfigDict

from wildcore.kit import Ctx
from wildcore.model.interface import InterfaceType
from wildcore.services import action_log, duplicates, interface_search, interfaces
from wildcore.services.interface_search import InterfaceQuery
from wildcore.services.presenting import history_json, interface_json, interfaces_json, mac_json

Limit = Annotated[int | None, Query(ge=1, description="Rows at most; all of them without it")]
Offset = Annotated[int, Query(ge=0)]


class Coordinates(BaseModel):
    """A place on the map, in degrees."""

    lat: float
    lon: float


class InterfaceBody(BaseModel):
    """What people may change of an interface."""

    model_config = ConfigDict(extra="ignore")
    comment: str | None = None
    poll_enabled: bool | None = None
    save_fdb: bool | None = None
    coordinates: Coordinates | None = None


class OntListBody(BaseModel):
    """Which OLT's ONUs."""

    device_id: int
    limit: int | None = None
    offset: int = 0


def search(
    ctx: Ctx,
    device_id: int | None = None,
    device_ip: str | None = None,
    interface_name: str | None = None,
    interface_bind_key: str | None = None,
    ont_ident: str | None = None,
    mac_address: str | None = None,
    only_active_mac: bool = False,
    limit: Limit = None,
    offset: Offset = 0,
) -> Any:
    """Interfaces that fit all given parameters; of several places of an ident the current one first, the others `stale`."""
    wanted = InterfaceQuery(
        device_id=device_id,
        device_ip=device_ip or None,
        interface_name=interface_name or None,
        interface_bind_key=interface_bind_key or None,
        ont_ident=ont_ident or None,
        mac_address=mac_address or None,
        only_active_mac=only_active_mac,
    )
    found = interface_search.search(ctx.session, ctx.runtime, ctx.actor, wanted, limit=limit, offset=offset)
    ctx.meta = {"total": found.total}
    return interfaces_json(found.rows)


def by_device(ctx: Ctx, device_id: int, limit: Limit = None, offset: Offset = 0) -> Any:
    """All interfaces of a device, those that are gone last."""
    found = interfaces.by_device(ctx.session, ctx.runtime, ctx.actor, device_id, limit=limit, offset=offset)
    ctx.meta = {"total": found.total}
    return interfaces_json(found.rows)


def ont_list(ctx: Ctx, body: OntListBody) -> Any:
    """The ONUs of an OLT."""
    found = interfaces.onus_of(ctx.session, ctx.runtime, ctx.actor, body.device_id, limit=body.limit, offset=max(0, body.offset))
    ctx.meta = {"total": found.total}
    return interfaces_json(found.rows)


def types(ctx: Ctx) -> Any:
    """The types that interfaces have."""
    return [one.value for one in InterfaceType]


def stat(ctx: Ctx, device_id: int | None = None) -> Any:
    """ONUs and ports of each device, in all and working."""
    return list(interfaces.counts(ctx.session, ctx.actor, device_id).values())


def get_interface(ctx: Ctx, interface_id: int) -> Any:
    """One interface."""
    return interface_json(interfaces.get_interface(ctx.session, ctx.runtime, ctx.actor, interface_id))


def update_interface(ctx: Ctx, interface_id: int, body: InterfaceBody) -> Any:
    """Change an interface's comment, polling, FDB history or place on the map."""
    place = None
    if "coordinates" in body.model_fields_set:
        place = (body.coordinates.lat, body.coordinates.lon) if body.coordinates else (None, None)
    view = interfaces.update_interface(
        ctx.session,
        ctx.runtime,
        ctx.actor,
        interface_id,
        comment=body.comment,
        poll_enabled=body.poll_enabled,
        save_fdb=body.save_fdb,
        coordinates=place,
    )
    action_log.log(ctx.session, ctx.actor, "interface:updated", device_id=view.device_id, interface_id=view.id, message=view.name)
    return interface_json(view)


def delete_interface(ctx: Ctx, interface_id: int) -> Any:
    """Delete a stale interface with its history."""
    view = interfaces.delete_interface(ctx.session, ctx.runtime, ctx.actor, interface_id)
    action_log.log(ctx.session, ctx.actor, "interface:deleted", device_id=view.device_id, interface_id=view.id, message=view.name)
    return {"id": view.id}


def history(ctx: Ctx, interface_id: int, limit: Limit = 500, offset: Offset = 0) -> Any:
    """Up and down history of an interface, newest first."""
    found = interfaces.history(ctx.session, ctx.actor, interface_id, limit=limit, offset=offset)
    ctx.meta = {"total": found.total}
    now = ctx.runtime.now()
    return [history_json(one, now) for one in found.rows]


def fdb_history(ctx: Ctx, interface_id: int, limit: Limit = 500) -> Any:
    """Addresses seen behind an interface: active ones first."""
    return [mac_json(one) for one in interfaces.macs(ctx.session, ctx.actor, interface_id, limit=limit)]


def places(ctx: Ctx, interface_id: int) -> Any:
    """All places of this interface's ident, the current one first."""
    return interfaces_json(duplicates.of_interface(ctx.session, ctx.runtime, ctx.actor, interface_id))


def duplicate_idents(ctx: Ctx, limit: Limit = None, offset: Offset = 0) -> Any:
    """ONU idents that stand at more than one place, each with its places, the current one first."""
    found = duplicates.report(ctx.session, ctx.runtime, ctx.actor, limit=limit, offset=offset)
    ctx.meta = {"total": found.total}
    return [{"ident": one.ident, "places": interfaces_json(one.places)} for one in found.rows]
