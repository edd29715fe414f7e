"""API of the search of addresses. Documents say GET, clients send POST: both are taken, with the same parameters."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import Query
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field
from sqlalchemy.orm import Session

from wildcore.kit import Ctx
from wildcore.kit.params import BodyId
from wildcore.model.ident import mac_text
from wildcore.services import interface_search, search_device
from wildcore.services.presenting import interfaces_json
from wildcore.services.presenting_devices import brief_json
from wildcore.services.search_device import Found
from wildcore.services.times import time_text


def ids_of(value: Any) -> Any:
    """Ids as clients send them: a list of numbers or of objects with an `id`, one of them, `1,2`, or nothing."""
    if value is None or value == "":
        return []
    if isinstance(value, str):
        return [part.strip() for part in value.split(",") if part.strip()]
    given = value if isinstance(value, list) else [value]
    flat = [part for one in given for part in (one.split(",") if isinstance(one, str) else [one])]
    return [one.get("id", one) if isinstance(one, dict) else one for one in flat]


Ids = Annotated[list[BodyId], BeforeValidator(ids_of), Field(max_length=10_000)]
IdsQuery = Annotated[list[BodyId], BeforeValidator(ids_of), Query()]
Mac = Annotated[str, Query(max_length=64)]
Ip = Annotated[str, Query(max_length=64)]


class MacBody(BaseModel):
    """A MAC address in any notation; `devices` narrows the search to some devices."""

    model_config = ConfigDict(extra="ignore")
    mac: str = Field(max_length=64)
    devices: Ids = []


class IpBody(BaseModel):
    """An IPv4 address; `devices` are the routers whose ARP tables are read, all without any."""

    ip: str = Field(max_length=64)
    devices: Ids = []


class IpFdbBody(BaseModel):
    """An IPv4 address; `routers` are those whose ARP tables are read, `devices` those whose forwarding tables are."""

    ip: str = Field(max_length=64)
    routers: Ids = []
    devices: Ids = []


async def search_mac(ctx: Ctx, body: MacBody) -> Any:
    """Interfaces behind which an address is, the nearest to the subscriber first; trunk ports are left out."""
    return await _mac(ctx, body.mac, body.devices)


async def search_mac_by_query(ctx: Ctx, mac: Mac, devices: IdsQuery = []) -> Any:  # noqa: B006 - FastAPI copies it
    """Interfaces behind which an address is, the nearest to the subscriber first; trunk ports are left out."""
    return await _mac(ctx, mac, devices)


async def search_ip(ctx: Ctx, body: IpBody) -> Any:
    """The MAC of an IPv4 address in the routers' ARP tables."""
    return await _ip(ctx, body.ip, body.devices)


async def search_ip_by_query(ctx: Ctx, ip: Ip, devices: IdsQuery = []) -> Any:  # noqa: B006 - FastAPI copies it
    """The MAC of an IPv4 address in the routers' ARP tables."""
    return await _ip(ctx, ip, devices)


async def search_ip_with_fdb(ctx: Ctx, body: IpFdbBody) -> Any:
    """The port of an IPv4 address: its MAC by ARP, then that MAC in the forwarding tables."""
    return await _ip_with_fdb(ctx, body.ip, body.routers, body.devices)


async def search_ip_with_fdb_by_query(
    ctx: Ctx,
    ip: Ip,
    routers: IdsQuery = [],  # noqa: B006 - FastAPI copies it
    devices: IdsQuery = [],  # noqa: B006 - FastAPI copies it
) -> Any:
    """The port of an IPv4 address: its MAC by ARP, then that MAC in the forwarding tables."""
    return await _ip_with_fdb(ctx, ip, routers, devices)


async def _mac(ctx: Ctx, mac: str, devices: list[int]) -> Any:
    return await _shown(ctx, await search_device.by_mac(ctx.runtime, ctx.actor, mac, devices), with_arp=False)


async def _ip(ctx: Ctx, ip: str, devices: list[int]) -> Any:
    found = await search_device.by_ip(ctx.runtime, ctx.actor, ip, devices)
    _tell(ctx, found, len(found.arps))
    return await ctx.runtime.db.run_read(lambda session: _arps(ctx, session, found))


async def _ip_with_fdb(ctx: Ctx, ip: str, routers: list[int], devices: list[int]) -> Any:
    return await _shown(ctx, await search_device.by_ip_with_fdb(ctx.runtime, ctx.actor, ip, routers, devices), with_arp=True)


async def _shown(ctx: Ctx, found: Found, *, with_arp: bool) -> Any:
    def work(session: Session) -> Any:
        views = interface_search.by_ids(session, ctx.runtime, ctx.actor, [one.interface_id for one in found.macs])
        hits = [one for one in found.macs if one.interface_id in views]
        rows = [
            {
                **row,
                "mac_address": mac_text(hit.mac),
                "vlan_id": hit.vlan_id,
                "last_seen": time_text(hit.last_seen_at),
                "active": hit.active,
                "source": hit.source,
            }
            for hit, row in zip(hits, interfaces_json([views[one.interface_id] for one in hits]), strict=True)
        ]
        _tell(ctx, found, len(rows))
        return {"arp": _arps(ctx, session, found), "interfaces": rows} if with_arp else rows

    return await ctx.runtime.db.run_read(work)


def _arps(ctx: Ctx, session: Session, found: Found) -> list[dict[str, Any]]:
    devices = brief_json(session, ctx.actor, {one.device_id for one in found.arps})
    return [
        {
            "device": devices.get(one.device_id),
            "ip": one.ip,
            "mac_address": mac_text(one.mac),
            "interface": one.interface,
            "static": one.static,
            "time": time_text(one.at),
            "source": one.source,
        }
        for one in found.arps
    ]


def _tell(ctx: Ctx, found: Found, total: int) -> None:
    errors = [{"device_id": device_id, "error": error} for device_id, error in sorted(found.errors.items())]
    ctx.meta = {"total": total, "errors": errors}
