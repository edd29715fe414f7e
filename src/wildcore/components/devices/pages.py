"""Device list and device page."""

from __future__ import annotations

from typing import Annotated

from fastapi import Form, Query
from sqlalchemy.orm import Session

from wildcore.errors import WildcoreError
from wildcore.i18n import gettext
from wildcore.kit import Ctx, Page, Template
from wildcore.kit.params import Id
from wildcore.kit.permissions import DEVICE_SHOW, POLLER_INFO_BY_DEVICE, RUN_POLLER_BY_DEVICE
from wildcore.services import action_log, polling
from wildcore.services.devices import DeviceFilter
from wildcore.services.pages_device import device_page, ports_page
from wildcore.services.pages_devices import device_list
from wildcore.services.pages_live import refresh_device
from wildcore.services.pages_olt import OnuFilter, onu_tree
from wildcore.services.pollers import POLLERS
from wildcore.services.scope import require_device

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


async def poll(ctx: Ctx, device_id: Id, poller: Annotated[str, Form(max_length=64)] = "") -> Template:
    """Run one poller of the device, or all of them, now; the card of its pollers comes back when it is done."""
    await ctx.runtime.db.run_read(lambda session: require_device(session, ctx.actor, device_id))
    problem, polled = "", ""
    try:
        outcomes = await polling.poll_now(ctx.runtime, device_id, (poller,) if poller else ())
        failed = [one for one in outcomes if one.result == "error"]
        polled = str(POLLERS[poller].title) if poller else gettext("everything")
        await ctx.runtime.db.run_write(
            lambda session: action_log.log(
                session, ctx.actor, "device:polled", device_id=device_id, success=not failed, message=poller or "all"
            )
        )
    except WildcoreError as refused:
        problem = gettext("Not polled: {error}", error=refused.description)
    page = await ctx.runtime.db.run_read(lambda session: device_page(session, ctx.actor, device_id))
    return Template("devices/polls.html", {"page": page, "poller_titles": _titles(), "problem": problem, "polled": polled})


def _titles() -> dict[str, str]:
    return {name: str(one.title) for name, one in POLLERS.items()}


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
        "poller_titles": _titles(),
        "problem": "",
        "polled": "",
        "tree": onu_tree(session, ctx.runtime, ctx.actor, device_id, wanted) if tab == "onus" else None,
        "ports": ports_page(session, ctx.runtime, ctx.actor, device_id) if tab == "ports" else None,
    }


def _number(text: str) -> int | None:
    return int(text) if text.isascii() and text.isdigit() and len(text) < 10 else None


PAGES: tuple[Page, ...] = (
    Page("/devices", devices, DEVICE_SHOW),
    Page("/device/{device_id}", device, DEVICE_SHOW),
    Page("/device/{device_id}/live", live, DEVICE_SHOW),
    Page("/device/{device_id}/poll", poll, (POLLER_INFO_BY_DEVICE, RUN_POLLER_BY_DEVICE), methods="POST"),
)
