"""API of the global search, and of the search of a MAC address."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import Body, Query

from wildcore.errors import BadRequest
from wildcore.kit import Ctx
from wildcore.model.ident import mac_key
from wildcore.services import interface_search, search
from wildcore.services.interface_search import InterfaceQuery
from wildcore.services.presenting import interfaces_json
from wildcore.services.search import Hit

Limit = Annotated[int, Query(ge=1, le=100, description="Hits of each group at most")]


async def portal_search(ctx: Ctx, query: str = "", limit: Limit = 10) -> Any:
    """Subscribers, ONUs, interfaces, MAC addresses and devices that begin with or contain a text of two or more characters."""
    groups = await search.search(ctx.runtime, ctx.actor, query, limit=limit)
    ctx.meta = {"total": sum(len(group.hits) for group in groups)}
    return [
        {"group": group.kind, "title": str(group.title), "more": group.more, "hits": [hit_json(hit) for hit in group.hits]}
        for group in groups
    ]


def hit_json(hit: Hit) -> dict[str, Any]:
    """One hit; `url` is the path of its page, null for a subscriber without a place."""
    url = None
    if hit.interface_id is not None:
        url = f"/interface/{hit.interface_id}"
    elif hit.device_id is not None:
        url = f"/device/{hit.device_id}"
    return {
        "type": hit.kind,
        "title": hit.title,
        "detail": hit.detail,
        "place": hit.place,
        "status": hit.status,
        "interface_id": hit.interface_id,
        "device_id": hit.device_id,
        "url": url,
        "billing_link": hit.link,
    }


def search_mac(ctx: Ctx, mac: Annotated[str, Body()], devices: Annotated[list[int] | None, Body()] = None) -> Any:
    """Interfaces behind which an address was seen, as it stands in the history; `devices` narrows it to some devices."""
    return _search_mac(ctx, mac, devices)


def search_mac_by_query(ctx: Ctx, mac: str, devices: Annotated[list[int] | None, Query()] = None) -> Any:
    """The same with the parameters in the query."""
    return _search_mac(ctx, mac, devices)


def _search_mac(ctx: Ctx, mac: str, devices: list[int] | None) -> Any:
    if mac_key(mac) is None:
        raise BadRequest(f"{mac[:64]} is not a MAC address", field="mac")
    found = interface_search.search(ctx.session, ctx.runtime, ctx.actor, InterfaceQuery(mac_address=mac))
    rows = [one for one in found.rows if not devices or one.device_id in devices]
    ctx.meta = {"total": len(rows)}
    return interfaces_json(rows)
