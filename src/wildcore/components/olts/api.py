"""API of OLTs under the paths that clients know: ONUs, ports, cards, resources, and what may be done to an ONU."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import Body, Query
from sqlalchemy.orm import Session

from wildcore.errors import NotFound
from wildcore.kit import Ctx
from wildcore.model.device import DeviceType
from wildcore.model.interface import InterfaceType
from wildcore.services import calls, diagnosis, interfaces, onu_control
from wildcore.services.calls import parse_source
from wildcore.services.devices import get_device
from wildcore.services.onu_values import onus_with_values
from wildcore.services.presenting import interfaces_json
from wildcore.services.presenting_diagnosis import diagnosis_json
from wildcore.services.presenting_onus import optical_json, status_json

Limit = Annotated[int | None, Query(ge=1, description="Rows at most; all of them without it")]
Offset = Annotated[int, Query(ge=0)]
From = Annotated[str | None, Query(alias="from", description="device, cache (the default) or store")]


def onts(ctx: Ctx, device_id: int, limit: Limit = None, offset: Offset = 0) -> Any:
    """The ONUs of an OLT with their last known state and optics."""
    _olt(ctx, ctx.session, device_id)
    found = onus_with_values(ctx.session, ctx.runtime, ctx.actor, device_id, limit=limit, offset=offset)
    ctx.meta = {"total": found.total}
    rows = interfaces_json([one.view for one in found.rows])
    return [
        {
            **row,
            "onu_status": status_json(one.status) if one.status else None,
            "optical": optical_json(one.optical) if one.optical else None,
        }
        for row, one in zip(rows, found.rows, strict=True)
    ]


async def ont(ctx: Ctx, device_id: int, interface: str, source: From = None) -> Any:
    """One ONU by bind key, name or id: the same as its diagnosis."""

    def place(session: Session) -> int:
        _olt(ctx, session, device_id)
        return interfaces.resolve(session, device_id, interface)[0]

    interface_id = await ctx.runtime.db.run_read(place)
    return diagnosis_json(await diagnosis.diagnose(ctx.runtime, ctx.actor, interface_id, parse_source(source)))


def pon_ports(ctx: Ctx, device_id: int) -> Any:
    """The PON ports of an OLT with the number of their ONUs."""
    _olt(ctx, ctx.session, device_id)
    found = interfaces.by_device(ctx.session, ctx.runtime, ctx.actor, device_id).rows
    rows = [one for one in found if InterfaceType(one.type).is_pon]
    counts: dict[str, list[int]] = {}
    for one in found:
        if one.type == InterfaceType.ONU.value and one.gone_at is None:
            count = counts.setdefault(one.parent_bind_key, [0, 0])
            count[0] += 1
            count[1] += one.status == "Online"
    ctx.meta = {"total": len(rows)}
    return [
        {**row, "onus_total": counts.get(row["bind_key"], [0, 0])[0], "onus_online": counts.get(row["bind_key"], [0, 0])[1]}
        for row in interfaces_json(rows)
    ]


def physical(ctx: Ctx, device_id: int) -> Any:
    """The ports of an OLT that are neither PON ports nor ONUs."""
    _olt(ctx, ctx.session, device_id)
    found = interfaces.by_device(ctx.session, ctx.runtime, ctx.actor, device_id).rows
    rows = [one for one in found if one.type != InterfaceType.ONU.value and not InterfaceType(one.type).is_pon]
    ctx.meta = {"total": len(rows)}
    return interfaces_json(rows)


async def cards(ctx: Ctx, device_id: int, source: From = None) -> Any:
    """The cards of an OLT."""
    return await _module(ctx, device_id, "cards", source)


async def resources(ctx: Ctx, device_id: int, source: From = None) -> Any:
    """CPU, memory and temperature of an OLT."""
    return await _module(ctx, device_id, "sys_resources", source)


def supported_modules(ctx: Ctx, device_id: int) -> Any:
    """Names of the modules that an OLT has."""
    _olt(ctx, ctx.session, device_id)
    return [module.name for module in calls.modules(ctx.session, ctx.actor, device_id)]


async def reboot(ctx: Ctx, device_id: int, interface: str) -> Any:
    """Reboot an ONU."""
    return await onu_control.control(ctx.runtime, ctx.actor, device_id, interface, "ctrl_ont_reboot")


async def describe(ctx: Ctx, device_id: int, interface: str, description: Annotated[str, Body(embed=True)]) -> Any:
    """Write an ONU's description on the OLT."""
    return await onu_control.control(ctx.runtime, ctx.actor, device_id, interface, "ctrl_ont_descr", {"description": description})


async def _module(ctx: Ctx, device_id: int, module: str, source: str | None) -> Any:
    await ctx.runtime.db.run_read(lambda session: _olt(ctx, session, device_id))
    result = await calls.call(ctx.runtime, ctx.actor, device_id, module, {}, parse_source(source))
    ctx.meta = result.meta.json()
    return result.data


def _olt(ctx: Ctx, session: Session, device_id: int) -> None:
    if get_device(session, ctx.actor, device_id).model.type != DeviceType.OLT.value:
        raise NotFound(f"Device {device_id} is no OLT", field="device_id")
