"""API of interfaces: search as billing does it, lists, history, changes, duplicates."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Any

from fastapi import Query
from pydantic import BaseModel, ConfigDict, Field
from sqlalchemy.orm import Session

from wildcore.kit import Ctx
from wildcore.kit.listing import Columns, Format, listing, unchanged, wants_csv
from wildcore.kit.params import BodyId, BodyLimit, BodyNumber, BodyOffset, Id, IdQuery, Offset, Rows, UpdatedSince
from wildcore.model.interface import InterfaceType
from wildcore.services import action_log, duplicates, interface_lists, interface_search, interfaces, interfaces_add, list_state
from wildcore.services.interface_search import InterfaceQuery
from wildcore.services.interfaces_add import NewInterface
from wildcore.services.presenting import history_json, interface_json, interfaces_json, mac_json
from wildcore.services.scope import require_device

Words = Annotated[str | None, Query(max_length=200)]
COLUMNS: Columns = {
    "id": lambda row: row["id"],
    "device_ip": lambda row: row["device"]["ip"],
    "device_name": lambda row: row["device"]["name"],
    "name": lambda row: row["name"],
    "type": lambda row: row["type"],
    "bind_key": lambda row: row["bind_key"],
    "status": lambda row: row["status"],
    "status_changed": lambda row: row["status_changed"],
    "ident": lambda row: (row["ident"] or {}).get("value"),
    "description": lambda row: row["description"],
    "comment": lambda row: row["comment"],
    "agreement": lambda row: row["agreement"],
    "login": lambda row: row["subscribers"][0]["login"] if row["subscribers"] else None,
    "address": lambda row: row["subscribers"][0]["address"]["full"] if row["subscribers"] else None,
    "last_online": lambda row: row["last_online"],
    "gone_at": lambda row: row["gone_at"],
}


class Coordinates(BaseModel):
    """A place on the map, in degrees."""

    lat: Annotated[float, BodyNumber, Field(ge=-90, le=90, allow_inf_nan=False)]
    lon: Annotated[float, BodyNumber, Field(ge=-180, le=180, allow_inf_nan=False)]


class InterfaceBody(BaseModel):
    """What people may change of an interface."""

    model_config = ConfigDict(extra="ignore")
    comment: Annotated[str, Field(max_length=10_000)] | None = None
    poll_enabled: bool | None = None
    save_fdb: bool | None = None
    coordinates: Coordinates | None = None


class NewInterfaceBody(BaseModel):
    """An interface to add by hand."""

    model_config = ConfigDict(extra="ignore", coerce_numbers_to_str=True)
    device_id: BodyId
    bind_key: Annotated[str, Field(max_length=64)]
    name: Annotated[str, Field(max_length=200)]
    type: InterfaceType = InterfaceType.UNKNOWN
    parent_bind_key: Annotated[str, Field(max_length=64)] = ""
    description: Annotated[str, Field(max_length=1000)] = ""
    comment: Annotated[str, Field(max_length=10_000)] = ""


class OntListBody(BaseModel):
    """Which OLT's ONUs."""

    device_id: BodyId
    limit: BodyLimit | None = None
    offset: BodyOffset = 0


def search(
    ctx: Ctx,
    device_id: IdQuery | None = None,
    device_ip: Words = None,
    interface_name: Words = None,
    interface_bind_key: Words = None,
    ont_ident: Words = None,
    mac_address: Words = None,
    only_active_mac: bool = False,
    updated_since: UpdatedSince = None,
    form: Format = None,
    limit: Rows = None,
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
    port = interface_name if interface_name and interface_name.strip() else interface_bind_key
    given = (device_ip, port if port is not None else interface_name, ont_ident, mac_address)
    if any(text is not None and not text.strip() for text in given):
        ctx.meta = {"total": 0}  # billing asks for a subscriber whose serial is empty: nobody's line must come first
        return []
    narrow = any((wanted.ont_ident, wanted.mac_address, wanted.interface_name, wanted.interface_bind_key))
    if not narrow or updated_since is not None or wants_csv(ctx, form):
        return _list(ctx, wanted, updated_since, form, limit, offset, whole=wanted.empty)
    found = interface_search.search(ctx.session, ctx.runtime, ctx.actor, wanted, limit=limit, offset=offset)
    ctx.meta = {"total": found.total}
    return interfaces_json(found.rows)


def by_device(
    ctx: Ctx,
    device_id: Id,
    updated_since: UpdatedSince = None,
    form: Format = None,
    limit: Rows = None,
    offset: Offset = 0,
) -> Any:
    """All interfaces of a device, those that are gone last."""
    require_device(ctx.session, ctx.actor, device_id)
    return _list(ctx, InterfaceQuery(device_id=device_id), updated_since, form, limit, offset)


def ont_list(ctx: Ctx, body: OntListBody) -> Any:
    """The ONUs of an OLT."""
    require_device(ctx.session, ctx.actor, body.device_id)
    return _list(ctx, InterfaceQuery(device_id=body.device_id, type="ONU"), None, "json", body.limit, body.offset)


def types(ctx: Ctx) -> Any:
    """The types that interfaces have."""
    return [one.value for one in InterfaceType]


def stat(ctx: Ctx, device_id: IdQuery | None = None, limit: Rows = None, offset: Offset = 0) -> Any:
    """ONUs and ports of each device, in all and working."""
    rows = list(interfaces.counts(ctx.session, ctx.actor, device_id).values())
    ctx.meta = {"total": len(rows)}
    return rows[offset : None if limit is None else offset + limit]


def get_interface(ctx: Ctx, interface_id: Id) -> Any:
    """One interface."""
    return interface_json(interfaces.get_interface(ctx.session, ctx.runtime, ctx.actor, interface_id))


def add_interface(ctx: Ctx, body: NewInterfaceBody) -> Any:
    """Add an interface by hand; the device's next list of interfaces confirms it, or marks it gone."""
    view = interfaces_add.add_interface(ctx.session, ctx.runtime, ctx.actor, NewInterface(**body.model_dump()))
    action_log.log(ctx.session, ctx.actor, "interface:added", device_id=view.device_id, interface_id=view.id, message=view.name)
    return interface_json(view)


def update_interface(ctx: Ctx, interface_id: Id, body: InterfaceBody) -> Any:
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


def delete_interface(ctx: Ctx, interface_id: Id) -> Any:
    """Delete a stale interface with its history."""
    view = interfaces.delete_interface(ctx.session, ctx.runtime, ctx.actor, interface_id)
    action_log.log(ctx.session, ctx.actor, "interface:deleted", device_id=view.device_id, interface_id=view.id, message=view.name)
    return {"id": view.id}


def history(ctx: Ctx, interface_id: Id, limit: Rows = 500, offset: Offset = 0) -> Any:
    """Up and down history of an interface, newest first."""
    found = interfaces.history(ctx.session, ctx.actor, interface_id, limit=limit, offset=offset)
    ctx.meta = {"total": found.total}
    now = ctx.runtime.now()
    return [history_json(one, now) for one in found.rows]


def fdb_history(ctx: Ctx, interface_id: Id, limit: Rows = 500, offset: Offset = 0) -> Any:
    """Addresses seen behind an interface: active ones first."""
    rows = interfaces.macs(ctx.session, ctx.actor, interface_id)
    ctx.meta = {"total": len(rows)}
    return [mac_json(one) for one in rows[offset : None if limit is None else offset + limit]]


def places(ctx: Ctx, interface_id: Id) -> Any:
    """All places of this interface's ident, the current one first."""
    rows = interfaces_json(duplicates.of_interface(ctx.session, ctx.runtime, ctx.actor, interface_id))
    ctx.meta = {"total": len(rows)}
    return rows


def duplicate_idents(ctx: Ctx, limit: Rows = None, offset: Offset = 0) -> Any:
    """ONU idents that stand at more than one place, each with its places, the current one first."""
    found = duplicates.report(ctx.session, ctx.runtime, ctx.actor, limit=limit, offset=offset)
    ctx.meta = {"total": found.total}
    return [{"ident": one.ident, "places": interfaces_json(one.places)} for one in found.rows]


def _list(
    ctx: Ctx,
    wanted: InterfaceQuery,
    updated_since: int | None,
    form: str | None,
    limit: int | None,
    offset: int,
    *,
    whole: bool = False,
) -> Any:
    """A list of interfaces, however long; that of all interfaces has an ETag."""
    if whole and (same := unchanged(ctx, *list_state.of_interfaces(ctx.session))) is not None:
        return same
    ids, total = interface_lists.ids(ctx.session, ctx.actor, wanted, updated_since=updated_since, limit=limit, offset=offset)

    def page(session: Session, ids: Sequence[int]) -> list[Any]:
        found = interface_search.by_ids(session, ctx.runtime, ctx.actor, list(ids))
        return interfaces_json([found[one] for one in ids if one in found])

    return listing(ctx, ids, total, page, columns=COLUMNS, name="interfaces", form=form)
