"""API of OLTs under the paths that clients know: ONUs, ports, cards, resources."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import ColumnElement
from sqlalchemy.orm import Session

from wildcore.errors import NotFound
from wildcore.kit import Ctx
from wildcore.kit.listing import Columns, Format, listing
from wildcore.kit.params import Id, Name, Offset, Rows, Source, UpdatedSince
from wildcore.model.device import DeviceType
from wildcore.model.interface import InterfaceType
from wildcore.services import calls, diagnosis, interface_lists, interface_search, interfaces
from wildcore.services.calls import parse_source
from wildcore.services.devices import get_device
from wildcore.services.interface_search import InterfaceQuery
from wildcore.services.onu_values import by_ids_with_values
from wildcore.services.presenting import interfaces_json
from wildcore.services.presenting_diagnosis import diagnosis_json
from wildcore.services.presenting_onus import optical_json, status_json
from wildcore.store.tables import Interface

PON = [one.value for one in InterfaceType if one.is_pon]
COLUMNS: Columns = {
    "id": lambda row: row["id"],
    "name": lambda row: row["name"],
    "ident": lambda row: (row["ident"] or {}).get("value"),
    "status": lambda row: row["status"],
    "status_changed": lambda row: row["status_changed"],
    "description": lambda row: row["description"],
    "rx_dbm": lambda row: (row["optical"] or {}).get("rx"),
    "tx_dbm": lambda row: (row["optical"] or {}).get("tx"),
    "olt_rx_dbm": lambda row: (row["optical"] or {}).get("olt_rx"),
    "distance_m": lambda row: (row["optical"] or {}).get("distance"),
    "agreement": lambda row: row["agreement"],
    "last_online": lambda row: row["last_online"],
    "gone_at": lambda row: row["gone_at"],
}


def onts(
    ctx: Ctx, device_id: Id, updated_since: UpdatedSince = None, form: Format = None, limit: Rows = None, offset: Offset = 0
) -> Any:
    """The ONUs of an OLT with their last known state and optics."""
    _olt(ctx, ctx.session, device_id)
    wanted = InterfaceQuery(device_id=device_id, type=InterfaceType.ONU.value)
    ids, total = interface_lists.ids(ctx.session, ctx.actor, wanted, updated_since=updated_since, limit=limit, offset=offset)

    def page(session: Session, ids: Sequence[int]) -> list[Any]:
        found = by_ids_with_values(session, ctx.runtime, ctx.actor, ids)
        rows = interfaces_json([one.view for one in found])
        return [
            {
                **row,
                "onu_status": status_json(one.status) if one.status else None,
                "optical": optical_json(one.optical) if one.optical else None,
            }
            for row, one in zip(rows, found, strict=True)
        ]

    return listing(ctx, ids, total, page, columns=COLUMNS, name="onus", form=form)


async def ont(ctx: Ctx, device_id: Id, interface: Name, source: Source = None) -> Any:
    """One ONU by bind key, name or id: the same as its diagnosis."""

    def place(session: Session) -> int:
        _olt(ctx, session, device_id)
        return interfaces.resolve(session, device_id, interface)[0]

    interface_id = await ctx.runtime.db.run_read(place)
    return diagnosis_json(await diagnosis.diagnose(ctx.runtime, ctx.actor, interface_id, parse_source(source)))


def pon_ports(ctx: Ctx, device_id: Id, limit: Rows = None, offset: Offset = 0) -> Any:
    """The PON ports of an OLT with the number of their ONUs."""
    _olt(ctx, ctx.session, device_id)
    counts = interfaces.onus_by_port(ctx.session, device_id)

    def loaded(row: dict[str, Any]) -> dict[str, Any]:
        total, online = counts.get(row["bind_key"], (0, 0))
        return {**row, "onus_total": total, "onus_online": online}

    return _ports(ctx, device_id, Interface.type.in_(PON), limit, offset, loaded)


def physical(ctx: Ctx, device_id: Id, limit: Rows = None, offset: Offset = 0) -> Any:
    """The ports of an OLT that are neither PON ports nor ONUs."""
    _olt(ctx, ctx.session, device_id)
    return _ports(ctx, device_id, Interface.type.not_in([*PON, InterfaceType.ONU.value]), limit, offset)


async def cards(ctx: Ctx, device_id: Id, source: Source = None) -> Any:
    """The cards of an OLT."""
    return await _module(ctx, device_id, "cards", source)


async def resources(ctx: Ctx, device_id: Id, source: Source = None) -> Any:
    """CPU, memory and temperature of an OLT."""
    return await _module(ctx, device_id, "sys_resources", source)


def supported_modules(ctx: Ctx, device_id: Id) -> Any:
    """Names of the modules that an OLT has."""
    _olt(ctx, ctx.session, device_id)
    return [module.name for module in calls.modules(ctx.session, ctx.actor, device_id)]


def _ports(
    ctx: Ctx,
    device_id: int,
    which: ColumnElement[bool],
    limit: int | None,
    offset: int,
    more: Any = dict,
) -> Any:
    wanted = InterfaceQuery(device_id=device_id)
    ids, total = interface_lists.ids(ctx.session, ctx.actor, wanted, which, limit=limit, offset=offset)

    def page(session: Session, ids: Sequence[int]) -> list[Any]:
        found = interface_search.by_ids(session, ctx.runtime, ctx.actor, list(ids))
        return [more(row) for row in interfaces_json([found[one] for one in ids if one in found])]

    return listing(ctx, ids, total, page)


async def _module(ctx: Ctx, device_id: int, module: str, source: str | None) -> Any:
    await ctx.runtime.db.run_read(lambda session: _olt(ctx, session, device_id))
    result = await calls.call(ctx.runtime, ctx.actor, device_id, module, {}, parse_source(source))
    ctx.meta = result.meta.json()
    return result.data


def _olt(ctx: Ctx, session: Session, device_id: int) -> None:
    if get_device(session, ctx.actor, device_id).model.type != DeviceType.OLT.value:
        raise NotFound(f"Device {device_id} is no OLT", field="device_id")
