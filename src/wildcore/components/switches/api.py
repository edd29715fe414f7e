"""API of switches under the paths that clients know: ports, VLANs, addresses, resources."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy.orm import Session

from wildcore.kit import Ctx
from wildcore.kit.listing import Columns, Format, listing
from wildcore.kit.params import Id, Name, Offset, Rows, Source, UpdatedSince
from wildcore.services import calls, diagnosis, interface_lists, interface_search, interfaces
from wildcore.services.calls import parse_source
from wildcore.services.interface_search import InterfaceQuery
from wildcore.services.presenting import interfaces_json
from wildcore.services.presenting_diagnosis import diagnosis_json
from wildcore.services.scope import require_device

COLUMNS: Columns = {
    name: lambda row, name=name: row[name]  # type: ignore[misc]
    for name in ("id", "bind_key", "name", "type", "status", "status_changed", "description", "comment", "agreement", "gone_at")
}


def ports(
    ctx: Ctx, device_id: Id, updated_since: UpdatedSince = None, form: Format = None, limit: Rows = None, offset: Offset = 0
) -> Any:
    """The ports of a switch with their last known state."""
    require_device(ctx.session, ctx.actor, device_id)
    wanted = InterfaceQuery(device_id=device_id)
    ids, total = interface_lists.ids(ctx.session, ctx.actor, wanted, updated_since=updated_since, limit=limit, offset=offset)

    def page(session: Session, ids: Sequence[int]) -> list[Any]:
        found = interface_search.by_ids(session, ctx.runtime, ctx.actor, list(ids))
        return interfaces_json([found[one] for one in ids if one in found])

    return listing(ctx, ids, total, page, columns=COLUMNS, name="ports", form=form)


async def port(ctx: Ctx, device_id: Id, interface: Name, source: Source = None) -> Any:
    """One port by bind key, name or id: the same as its diagnosis."""

    def place(session: Session) -> int:
        require_device(session, ctx.actor, device_id)
        return interfaces.resolve(session, device_id, interface)[0]

    interface_id = await ctx.runtime.db.run_read(place)
    return diagnosis_json(await diagnosis.diagnose(ctx.runtime, ctx.actor, interface_id, parse_source(source)))


async def links(ctx: Ctx, device_id: Id, source: Source = None) -> Any:
    """State, speed and duplex of all ports."""
    return await _module(ctx, device_id, "link_info", source)


async def vlans(ctx: Ctx, device_id: Id, source: Source = None) -> Any:
    """VLANs with their member ports."""
    return await _module(ctx, device_id, "vlans", source)


async def fdb(ctx: Ctx, device_id: Id, source: Source = None) -> Any:
    """Learned addresses."""
    return await _module(ctx, device_id, "fdb", source)


async def counters(ctx: Ctx, device_id: Id, source: Source = None) -> Any:
    """Traffic and error counters of all ports."""
    return await _module(ctx, device_id, "counters", source)


async def arp(ctx: Ctx, device_id: Id, source: Source = None) -> Any:
    """The ARP table."""
    return await _module(ctx, device_id, "arp_info", source)


async def errors(ctx: Ctx, device_id: Id, source: Source = None) -> Any:
    """Error counters of all ports."""
    rows = await _module(ctx, device_id, "counters", source)
    names = ("interface", "in_errors", "out_errors", "in_discards", "out_discards")
    return [{name: row[name] for name in names} for row in rows]


async def cable_diag(ctx: Ctx, device_id: Id, interface: Name, source: Source = None) -> Any:
    """Pairs of a port's cable with their lengths in metres."""
    return await _module(ctx, device_id, "cable_diag", source, interface)


async def sfp(ctx: Ctx, device_id: Id, source: Source = None) -> Any:
    """Optical modules of the ports."""
    return await _module(ctx, device_id, "sfp_diag", source)


async def resources(ctx: Ctx, device_id: Id, source: Source = None) -> Any:
    """CPU, memory and temperature."""
    return await _module(ctx, device_id, "sys_resources", source)


def supported_modules(ctx: Ctx, device_id: Id) -> Any:
    """Names of the modules that a switch has."""
    return [module.name for module in calls.modules(ctx.session, ctx.actor, device_id)]


async def _module(ctx: Ctx, device_id: int, module: str, source: str | None, interface: str = "") -> Any:
    args = {"interface": interface} if interface else {}
    result = await calls.call(ctx.runtime, ctx.actor, device_id, module, args, parse_source(source))
    ctx.meta = result.meta.json()
    return result.data
