"""Pages of ONUs and ports."""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated

from fastapi import Query
from fastapi.responses import JSONResponse

from wildcore.i18n import gettext
from wildcore.kit import Ctx, Page, Redirect, Template
from wildcore.kit.params import Id
from wildcore.kit.permissions import DEVICE_IFACE_MANAGEMENT, DEVICE_SHOW
from wildcore.services import action_log, interfaces
from wildcore.services.pages_history import interface_chart
from wildcore.services.pages_interface import interface_page, require_info
from wildcore.services.pages_live import find_subscriber, refresh_interface


def page(ctx: Ctx, interface_id: Id) -> Template:
    """What is stored, at once; the page asks for fresh values as soon as it is shown."""
    view = interface_page(ctx.session, ctx.runtime, ctx.actor, interface_id)
    return Template("interface/page.html", {"page": view, "live": "asking", "error": ""})


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
    """Points for a chart; `metric` is one name or several with commas between."""
    view = interfaces.get_interface(ctx.session, ctx.runtime, ctx.actor, interface_id)
    require_info(ctx.actor, view.device.model.type)
    chart = interface_chart(ctx.runtime, interface_id, metric.split(","), hours)
    return JSONResponse(asdict(chart), headers={"Cache-Control": "no-store"})


def delete(ctx: Ctx, interface_id: Id) -> Redirect:
    """Delete a stale interface, and go to its device."""
    gone = interfaces.delete_interface(ctx.session, ctx.runtime, ctx.actor, interface_id)
    action_log.log(
        ctx.session, ctx.actor, "interface:deleted", device_id=gone.device_id, message=gettext("{name} deleted", name=gone.name)
    )
    return Redirect(f"/device/{gone.device_id}")


PAGES: tuple[Page, ...] = (
    Page("/interface/{interface_id}", page, DEVICE_SHOW),
    Page("/interface/{interface_id}/body", body, DEVICE_SHOW),
    Page("/interface/{interface_id}/live", live, DEVICE_SHOW),
    Page("/interface/{interface_id}/subscriber", subscriber, DEVICE_SHOW),
    Page("/interface/{interface_id}/history.json", history, DEVICE_SHOW),
    Page("/interface/{interface_id}/delete", delete, DEVICE_IFACE_MANAGEMENT, methods="POST"),
)
