"""API of the global search, and of what is near a place."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from fastapi import Query

from wildcore.kit import Ctx
from wildcore.services import nearby, search
from wildcore.services.search import Hit

Limit = Annotated[int, Query(ge=1, le=100, description="Hits of each group at most")]


async def portal_search(ctx: Ctx, query: Annotated[str, Query(max_length=200)] = "", limit: Limit = 10) -> Any:
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


def nearest_elements(
    ctx: Ctx,
    lat: Annotated[float, Query(ge=-90, le=90, allow_inf_nan=False)],
    lon: Annotated[float, Query(ge=-180, le=180, allow_inf_nan=False)],
    distance: Annotated[float, Query(gt=0, le=100_000, allow_inf_nan=False, description="Metres")] = 1000,
    type: Annotated[Literal["device", "interface"] | None, Query()] = None,  # noqa: A002 - the clients' name
    limit: Annotated[int, Query(ge=1, le=10_000)] = 100,
) -> Any:
    """Devices and interfaces near a place, the nearest first. Distances are metres."""
    found, total = nearby.nearest(ctx.session, ctx.actor, lat, lon, distance, kind=type or "", limit=limit)
    ctx.meta = {"total": total}
    return [
        {
            "type": one.kind,
            "id": one.id,
            "device_id": one.device_id,
            "name": one.name,
            "ip": one.ip,
            "kind": one.type,
            "status": one.status,
            "coordinates": {"lat": one.latitude, "lon": one.longitude},
            "distance": one.distance_m,
            "url": f"/{one.kind}/{one.id}",
        }
        for one in found
    ]
