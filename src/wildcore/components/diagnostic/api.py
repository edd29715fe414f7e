"""API of the diagnosis: JSON, the card that billing shows, and the addresses of an interface's pages."""

from __future__ import annotations

from typing import Annotated, Any
from urllib.parse import quote

from fastapi import Query
from pydantic import BaseModel, Field

from wildcore.kit import Ctx, Html
from wildcore.kit.params import BodyId, Id, Source
from wildcore.model.ident import mac_text
from wildcore.model.interface import InterfaceType
from wildcore.services import action_log, diagnosis, interfaces, presenting_card, search_device
from wildcore.services.calls import parse_source
from wildcore.services.interface_search import InterfaceView
from wildcore.services.presenting_devices import brief_json
from wildcore.services.presenting_diagnosis import diagnosis_json


class RouterRef(BaseModel):
    """A router as clients that keep whole objects send it."""

    id: BodyId


class ArpPingBody(BaseModel):
    """A router, by id or address, and the IPv4 address that it is asked about."""

    router: BodyId | Annotated[str, Field(max_length=64)] | RouterRef
    ip: Annotated[str, Field(max_length=64)]

    @property
    def named(self) -> int | str:
        """The router's id or address."""
        return self.router.id if isinstance(self.router, RouterRef) else self.router


async def diag(ctx: Ctx, interface_id: Id, source: Source = None) -> Any:
    """All that is known of a subscriber's line. A silent device yields what was last known, with `error` in `meta`."""
    return diagnosis_json(await diagnosis.diagnose(ctx.runtime, ctx.actor, interface_id, parse_source(source)))


async def diag_html(ctx: Ctx, interface_id: Id, source: Source = None, lang: Annotated[str, Query(max_length=20)] = "") -> Html:
    """The same as a card: one piece of HTML that needs nothing else, in the caller's language or `lang`."""
    found = await diagnosis.diagnose(ctx.runtime, ctx.actor, interface_id, parse_source(source))
    with presenting_card.spoken(ctx.runtime.settings, ctx.actor, lang):
        return Html(presenting_card.render(found, ctx.runtime.settings, links_of(ctx, found.interface)["interface"]))


def links(ctx: Ctx, interface_id: Id) -> Any:
    """Addresses of an interface's pages, the iframe pages included."""
    return links_of(ctx, interfaces.get_interface(ctx.session, ctx.runtime, ctx.actor, interface_id))


def links_of(ctx: Ctx, view: InterfaceView) -> dict[str, str]:
    """`iframe` is the page that fits: by ident for an ONU, by switch address and port otherwise."""
    base = ctx.request.base_url.rstrip("/")
    by_interface = f"{base}/iframe/interface/{view.id}"
    if view.type == InterfaceType.ONU.value:
        iframe = f"{base}/iframe/ont/{quote(view.ident, safe='')}" if view.ident and not view.stale else by_interface
    else:
        iframe = f"{base}/iframe/port/{quote(view.device.ip, safe='')}/{quote(view.bind_key, safe='')}"
    diag = f"{base}/api/v1/component/diagnostic/interface/{view.id}"
    return {
        "interface": f"{base}/interface/{view.id}",
        "device": f"{base}/device/{view.device_id}",
        "iframe": iframe,
        "iframe_interface": by_interface,
        "diag": f"{diag}/diag",
        "diag_html": f"{diag}/diag/html",
    }


async def arp_ping(ctx: Ctx, body: ArpPingBody) -> Any:
    """Whether a router has an address in its ARP table right now, with which MAC and on which of its interfaces."""
    return await _arp(ctx, body.named, body.ip)


async def arp_ping_by_query(
    ctx: Ctx, router: Annotated[str, Query(max_length=64)], ip: Annotated[str, Query(max_length=64)]
) -> Any:
    """Whether a router has an address in its ARP table right now, with which MAC and on which of its interfaces."""
    return await _arp(ctx, router, ip)


async def _arp(ctx: Ctx, router: int | str, ip: str) -> Any:
    router_id = await ctx.runtime.db.run_read(lambda session: search_device.router_id_of(session, ctx.actor, router))
    hits, result = await search_device.arp_of(ctx.runtime, ctx.actor, router_id, ip)
    device = await ctx.runtime.db.run_read(lambda session: brief_json(session, ctx.actor, {router_id}))
    fresh = result.meta.source == "device"
    outcome = {"router": router_id, "ip": ip[:64], "found": bool(hits)}
    await ctx.runtime.db.run_write(
        lambda session: action_log.log(
            session,
            ctx.actor,
            "diagnostic:arp_ping",
            device_id=router_id,
            success=fresh,
            message=result.meta.error or "",
            meta=outcome,
        )
    )
    ctx.meta = result.meta.json()
    return {
        "router": device[router_id],
        "ip": search_device.address(ip),
        "reachable": bool(hits) if fresh else None,
        "answers": [{"mac_address": mac_text(one.mac), "interface": one.interface, "static": one.static} for one in hits],
    }
