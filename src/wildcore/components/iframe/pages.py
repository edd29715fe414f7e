"""ONU and port pages inside billing. They honour no cookie, only the key; a missing right is answered by the shell's one text.

What billing opens stands in `PAGES`: a new address is one line there and one way to find an interface.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict
from typing import Annotated

from fastapi import Path, Query
from fastapi.responses import JSONResponse

from wildcore.errors import NotFound
from wildcore.i18n import gettext
from wildcore.kit import Ctx, Page, Template
from wildcore.kit.params import Id
from wildcore.kit.permissions import DEVICE_SHOW, OLTS_INFO, SWITCHES_INFO, USER_SELF_CONTROL
from wildcore.services import interfaces
from wildcore.services.interface_search import InterfaceQuery, first_id
from wildcore.services.pages_history import interface_chart
from wildcore.services.pages_interface import interface_page, require_info
from wildcore.services.pages_live import find_subscriber, refresh_interface

Ident = Annotated[str, Path(max_length=100)]
Address = Annotated[str, Path(max_length=64)]
Port = Annotated[str, Path(max_length=200)]


def ont(ctx: Ctx, ident: Ident) -> Template:
    """The ONU with this serial or MAC, at the place where it is now."""
    return _found(ctx, InterfaceQuery(ont_ident=ident), lambda: gettext("There is no ONU {ident}", ident=ident))


def port(ctx: Ctx, device_ip: Address, port: Port) -> Template:
    """The port of a switch, by bind key, else by name."""
    by_key = InterfaceQuery(device_ip=device_ip, interface_bind_key=port)
    by_name = InterfaceQuery(device_ip=device_ip, interface_name=port)
    wanted = by_name if first_id(ctx.session, ctx.actor, by_key) is None else by_key
    return _found(ctx, wanted, lambda: gettext("There is no port {port} on a switch {ip}", port=port, ip=device_ip))


def interface(ctx: Ctx, interface_id: Id) -> Template:
    """The ONU or port with our id."""
    try:
        return _page(ctx, interface_id)
    except NotFound as unknown:
        return _nothing(unknown.description)


def body(ctx: Ctx, interface_id: Id) -> Template:
    """The page below its head, from storage."""
    view = interface_page(ctx.session, ctx.runtime, ctx.actor, interface_id)
    return Template("interface/body.html", {"page": view, "live": "", "error": ""})


async def live(ctx: Ctx, interface_id: Id) -> Template:
    """The page below its head, after the device was asked."""
    error = await refresh_interface(ctx.runtime, ctx.actor, interface_id)
    view = await ctx.runtime.db.run_read(lambda session: interface_page(session, ctx.runtime, ctx.actor, interface_id))
    return Template("interface/body.html", {"page": view, "live": "done", "error": error})


async def subscriber(ctx: Ctx, interface_id: Id) -> Template:
    """The billing card and the strip's subscriber, after billing was asked whose the ONU is."""
    error = await find_subscriber(ctx.runtime, ctx.actor, interface_id)
    view = await ctx.runtime.db.run_read(lambda session: interface_page(session, ctx.runtime, ctx.actor, interface_id))
    return Template("interface/subscriber.html", {"page": view, "error": error})


def history(
    ctx: Ctx, interface_id: Id, metric: Annotated[str, Query(max_length=200)], hours: Annotated[int, Query()] = 24
) -> JSONResponse:
    """Points for a chart."""
    view = interfaces.get_interface(ctx.session, ctx.runtime, ctx.actor, interface_id)
    require_info(ctx.actor, view.device.model.type)
    chart = interface_chart(ctx.runtime, interface_id, metric.split(","), hours)
    return JSONResponse(asdict(chart), headers={"Cache-Control": "no-store"})


def _found(ctx: Ctx, wanted: InterfaceQuery, missing: Callable[[], str]) -> Template:
    interface_id = first_id(ctx.session, ctx.actor, wanted)
    return _nothing(missing()) if interface_id is None else _page(ctx, interface_id)


def _page(ctx: Ctx, interface_id: int) -> Template:
    view = interface_page(ctx.session, ctx.runtime, ctx.actor, interface_id)
    return Template("interface/page.html", {"page": view, "live": "asking", "error": ""})


def _nothing(text: str) -> Template:
    return Template("iframe/nothing.html", {"text": text}, 404)


ONU_RIGHTS = (OLTS_INFO, USER_SELF_CONTROL)
PORT_RIGHTS = (SWITCHES_INFO, USER_SELF_CONTROL)
ANY_RIGHTS = (DEVICE_SHOW, USER_SELF_CONTROL)  # by the device's type, once the interface is known

PAGES: tuple[Page, ...] = (
    Page("/iframe/ont/{ident:path}", ont, ONU_RIGHTS, billing=True, iframe=True, quick=True),
    Page("/iframe/port/{device_ip}/{port:path}", port, PORT_RIGHTS, billing=True, iframe=True),
    Page("/iframe/interface/{interface_id}", interface, ANY_RIGHTS, billing=True, iframe=True),
    Page("/iframe/interface/{interface_id}/body", body, ANY_RIGHTS, billing=True, iframe=True),
    Page("/iframe/interface/{interface_id}/live", live, ANY_RIGHTS, billing=True, iframe=True),
    Page("/iframe/interface/{interface_id}/subscriber", subscriber, ANY_RIGHTS, billing=True, iframe=True),
    Page("/iframe/interface/{interface_id}/history.json", history, ANY_RIGHTS, billing=True, iframe=True),
)
