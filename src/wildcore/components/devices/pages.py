"""Device list and device page."""

from __future__ import annotations

from typing import Annotated

from fastapi import Query
from sqlalchemy.orm import Session

from wildcore.i18n import gettext
from wildcore.kit import Ctx, Page, Template
from wildcore.kit.params import Id
from wildcore.kit.permissions import DEVICE_SHOW
from wildcore.services.devices import DeviceFilter
from wildcore.services.pages_device import device_page, ports_page
from wildcore.services.pages_devices import device_list
from wildcore.services.pages_live import refresh_device
from wildcore.services.pages_olt import OnuFilter, onu_tree

Word = Annotated[str, Query(max_length=100)]
RIGHTS = {"OLT": "olts_info", "SWITCH": "switches_info"}


def devices(
    ctx: Ctx,
    status: Word = "",
    group: Word = "",
    type: Word = "",  # noqa: A002 - the name of the query parameter
    model: Word = "",
    q: Word = "",
    view: Word = "",
) -> Template:
    """All devices of the person's groups, by group or flat."""
    wanted = DeviceFilter(
        status=status or None,
        group_id=_number(group),
        type=type or None,
        model_id=_number(model),
        text=q.strip() or None,
    )
    page = device_list(ctx.session, ctx.actor, wanted)
    kinds = [("", gettext("all types")), *((kind, kind) for kind in page.kinds)]
    values = {"page": page, "wanted": wanted, "flat": view == "flat", "view": view, "kinds": kinds}
    return Template("devices/list_rows.html" if ctx.request.fragment else "devices/list.html", values)


def device(ctx: Ctx, device_id: Id, tab: Word = "", q: Word = "", status: Word = "") -> Template:
    """One device; the tab is ONUs or ports (the default by its type), or `info`."""
    values = _values(ctx, ctx.session, device_id, tab, OnuFilter(q, status))
    return Template("devices/device.html", {**values, "live": "", "error": ""})


async def live(ctx: Ctx, device_id: Id, tab: Word = "") -> Template:
    """The device's page below its head, after its states were asked for."""
    error = await refresh_device(ctx.runtime, ctx.actor, device_id)
    values = await ctx.runtime.db.run_read(lambda session: _values(ctx, session, device_id, tab, OnuFilter()))
    return Template("devices/device_body.html", {**values, "live": "done", "error": error})


def _values(ctx: Ctx, session: Session, device_id: int, tab: str, wanted: OnuFilter) -> dict[str, object]:
    page = device_page(session, ctx.actor, device_id)
    kind = page.device.model.type
    allowed = kind not in RIGHTS or ctx.actor.may(RIGHTS[kind])
    tabs = (["onus"] if kind == "OLT" else []) + ["ports", "info"]
    if not allowed:
        tabs = ["info"]
    tab = tab if tab in tabs else tabs[0]
    return {
        "page": page,
        "tab": tab,
        "tabs": tabs,
        "tree": onu_tree(session, ctx.runtime, ctx.actor, device_id, wanted) if tab == "onus" else None,
        "ports": ports_page(session, ctx.runtime, ctx.actor, device_id) if tab == "ports" else None,
    }


def _number(text: str) -> int | None:
    return int(text) if text.isascii() and text.isdigit() and len(text) < 10 else None


PAGES: tuple[Page, ...] = (
    Page("/devices", devices, DEVICE_SHOW),
    Page("/device/{device_id}", device, DEVICE_SHOW),
    Page("/device/{device_id}/live", live, DEVICE_SHOW),
)
