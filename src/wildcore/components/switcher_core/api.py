"""API of device modules under switcher-core's names."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import Body, Path
from sqlalchemy.orm import Session

from wildcore.kit import Ctx
from wildcore.kit.params import Id, JsonObject
from wildcore.kit.permissions import OLTS_INFO, SWITCHES_INFO
from wildcore.model.device import DeviceType
from wildcore.services import calls
from wildcore.services.scope import require_device
from wildcore.store.tables import DeviceModel

Arguments = Annotated[JsonObject | None, Body(description='Arguments, e.g. {"interface": "1/3"}')]
Module = Annotated[str, Path(max_length=64)]
SourcePath = Annotated[str, Path(pattern="^(device|cache|store)$")]


def list_modules(ctx: Ctx, device_id: Id) -> Any:
    """The modules that a device has, with their arguments."""
    return [
        {
            "name": module.name,
            "arguments": [{"name": name, "required": name in module.required} for name in module.args],
            "control": module.control,
            "aliases": list(module.aliases),
        }
        for module in calls.modules(ctx.session, ctx.actor, device_id)
    ]


async def call_module(ctx: Ctx, source: SourcePath, module: Module, device_id: Id) -> Any:
    """Ask a module; arguments stand in the query (`?interface=1/3`)."""
    return await _call(ctx, source, module, device_id, ctx.request.query)


async def call_module_with_body(ctx: Ctx, source: SourcePath, module: Module, device_id: Id, body: Arguments = None) -> Any:
    """Ask a module; arguments stand in the body or the query. `meta` says how old the answer is and where it is from."""
    given = body or {}
    arguments = given.get("arguments")
    return await _call(
        ctx, source, module, device_id, {**ctx.request.query, **(arguments if isinstance(arguments, dict) else given)}
    )


async def _call(ctx: Ctx, source: str, module: str, device_id: int, arguments: Any) -> Any:
    await ctx.runtime.db.run_read(lambda session: _require_right(ctx, session, device_id))
    result = await calls.call(ctx.runtime, ctx.actor, device_id, module, arguments, calls.parse_source(source))
    ctx.meta = result.meta.json()
    return result.data


def _require_right(ctx: Ctx, session: Session, device_id: int) -> None:
    """What an OLT or a switch tells needs the same right here as on its pages."""
    device = require_device(session, ctx.actor, device_id)
    model = session.get_one(DeviceModel, device.model_id)
    right = OLTS_INFO if model.type == DeviceType.OLT.value else SWITCHES_INFO
    ctx.actor.require(right.key)
