"""API of switches under the paths that clients know: ports, VLANs, addresses, resources."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import Query
from sqlalchemy.orm import Session

from wildcore.kit import Ctx
from wildcore.services import calls, diagnosis, interfaces
from wildcore.services.calls import parse_source
from wildcore.services.presenting import interfaces_json
from wildcore.services.presenting_diagnosis import diagnosis_json
from wildcore.services.scope import require_device

From = Annotated[str | None, Query(alias="from", description="device, cache (the default) or store")]


def ports(ctx: Ctx, device_id: int) -> Any:
    """The ports of a switch with their last known state."""
    found = interfaces.by_device(ctx.session, ctx.runtime, ctx.actor, device_id)
    ctx.meta = {"total": found.total}
    return interfaces_json(found.rows)


async def port(ctx: Ctx, device_id: int, interface: str, source: From = None) -> Any:
    """One port by bind key, name or id: the same as its diagnosis."""

    def place(session: Session) -> int:
        require_device(session, ctx.actor, device_id)
        return interfaces.resolve(session, device_id, interface)[0]

    interface_id = await ctx.runtime.db.run_read(place)
    return diagnosis_json(await diagnosis.diagnose(ctx.runtime, ctx.actor, interface_id, parse_source(source)))


async def links(ctx: Ctx, device_id: int, source: From = None) -> Any:
    """State, speed and duplex of all ports."""
    return await _module(ctx, device_id, "link_info", source)


async def vlans(ctx: Ctx, device_id: int, source: From = None) -> Any:
    """VLANs with their member ports."""
    return await _module(ctx, device_id, "vlans", source)


async def fdb(ctx: Ctx, device_id: int, source: From = None) -> Any:
    """Learned addresses."""
    return await _module(ctx, device_id, "fdb", source)


async def counters(ctx: Ctx, device_id: int, source: From = None) -> Any:
    """Traffic and error counters of all ports."""
    return await _module(ctx, device_id, "counters", source)


async def resources(ctx: Ctx, device_id: int, source: From = None) -> Any:
    """CPU, memory and temperature."""
    return await _module(ctx, device_id, "sys_resources", source)


def supported_modules(ctx: Ctx, device_id: int) -> Any:
    """Names of the modules that a switch has."""
    return [module.name for module in calls.modules(ctx.session, ctx.actor, device_id)]


async def _module(ctx: Ctx, device_id: int, module: str, source: str | None) -> Any:
    result = await calls.call(ctx.runtime, ctx.actor, device_id, module, {}, parse_source(source))
    ctx.meta = result.meta.json()
    return result.data
