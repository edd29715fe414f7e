"""API of analytics: the reports of its pages."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Any, Literal

from fastapi import Query
from sqlalchemy.orm import Session

from wildcore.kit import Ctx
from wildcore.kit.listing import listing
from wildcore.kit.params import IdQuery, Offset, Rows
from wildcore.model.ident import mac_text
from wildcore.services import duplicate_macs, signals
from wildcore.services.duplicate_macs import DuplicateMac
from wildcore.services.pages_interface import limits
from wildcore.services.presenting import interface_json, subscriber_json
from wildcore.services.signals import OnuSignal, SignalFilter
from wildcore.services.times import time_text

Level = Annotated[Literal["rx", "olt_rx"], Query(description="What the ONU receives (rx), or what its OLT does (olt_rx)")]
Bad = Annotated[bool, Query(description="Only levels beyond the limits")]
WIDGET_ROWS = 20


def onu_signals(
    ctx: Ctx,
    level: Level = "rx",
    bad: Bad = False,
    device_id: IdQuery | None = None,
    group_id: IdQuery | None = None,
    dbm: Annotated[int | None, Query(ge=-200, le=200, description="Only levels from so many dBm up to one more")] = None,
    limit: Rows = None,
    offset: Offset = 0,
) -> Any:
    """ONUs that are online with their levels, the worst first. `meta` tells the limits, the spread of levels, and each OLT."""
    session, runtime, actor = ctx.session, ctx.runtime, ctx.actor
    wanted = SignalFilter(level, device_id, group_id, bad, dbm)
    low, high = getattr(limits(runtime), level)
    ctx.meta = {
        "limits": {"low": low, "high": high},
        "histogram": [{"dbm": bar.dbm, "count": bar.count} for bar in signals.histogram(session, runtime, actor, wanted)],
        "devices": [
            {"device_id": one.id, "name": one.name, "onus": one.onus, "bad": one.bad}
            for one in signals.by_device(session, runtime, actor, wanted)
        ],
    }
    return _signals(ctx, wanted, limit, offset)


def bad_signals(ctx: Ctx, level: Level = "rx", limit: Rows = WIDGET_ROWS, offset: Offset = 0) -> Any:
    """ONUs that are online and whose level is beyond the limits, the worst first."""
    return _signals(ctx, SignalFilter(level, bad=True), limit, offset)


def macs_at_several_ports(ctx: Ctx, limit: Rows = None, offset: Offset = 0) -> list[dict[str, Any]]:
    """MAC addresses that stand at several ports at once, by address; uplinks do not count."""
    found = duplicate_macs.report(ctx.session, ctx.runtime, ctx.actor, limit=limit, offset=offset)
    ctx.meta = {"total": found.total, "limit": limit, "offset": offset}
    return [_mac_json(one) for one in found.rows]


def _signals(ctx: Ctx, wanted: SignalFilter, limit: int | None, offset: int) -> Any:
    ids = signals.ids(ctx.session, ctx.runtime, ctx.actor, wanted)
    ctx.meta = {**(ctx.meta or {}), "limit": limit, "offset": offset}

    def page(session: Session, ids: Sequence[int]) -> list[Any]:
        return [_signal_json(one) for one in signals.by_ids(session, ctx.runtime, ctx.actor, ids)]

    return listing(ctx, ids[offset : None if limit is None else offset + limit], len(ids), page)


def _signal_json(one: OnuSignal) -> dict[str, Any]:
    return {
        "interface_id": one.id,
        "name": one.name,
        "description": one.description,
        "device": {"id": one.device_id, "name": one.device_name, "ip": one.device_ip},
        "rx_dbm": one.rx_dbm,
        "olt_rx_dbm": one.olt_rx_dbm,
        "distance_m": one.distance_m,
        "time": time_text(one.optical_at),
        "subscribers": [subscriber_json(each) for each in one.subscribers],
    }


def _mac_json(one: DuplicateMac) -> dict[str, Any]:
    return {
        "mac": mac_text(one.mac),
        "places": [
            {
                "interface": interface_json(place.interface),
                "vlans": list(place.vlans),
                "first_seen_at": time_text(place.first_seen_at),
                "last_seen_at": time_text(place.last_seen_at),
            }
            for place in one.places
        ],
    }
