"""Pages of the scheduler: schedules, the preview of a crontab while it is typed, runs by hand, reports."""

from __future__ import annotations

from typing import Annotated

from fastapi import Form, Path, Query

from wildcore.errors import Conflict, ValidationFailed
from wildcore.kit import Ctx, Page, Template
from wildcore.kit.forms import REFUSED, Tick
from wildcore.kit.permissions import SCHEDULE_CONFIGURATION, SCHEDULE_REPORTS
from wildcore.services import action_log, crontabs, schedules
from wildcore.services.pages_schedules import ScheduleState, reports, state, states

Key = Annotated[str, Path(max_length=100)]
Crontab = Annotated[str, Form(max_length=2000)]


def index(ctx: Ctx) -> Template:
    """Every schedule of the components that are on."""
    values = {
        "states": states(ctx.session, ctx.runtime),
        "zone": crontabs.zone_name(),
        "now_text": crontabs.wall(ctx.runtime.now()),
    }
    return Template("configuration/schedule.html", values)


def schedule_state(ctx: Ctx, key: Key) -> Template:
    """How one schedule stands: it keeps itself fresh, while what is typed beside it stays."""
    return _state(ctx, state(ctx.session, ctx.runtime, key))


def preview(ctx: Ctx, crontab: Annotated[str, Query(max_length=2000)] = "") -> Template:
    """The next runs of what is typed, or what is wrong with it."""
    return Template("configuration/preview.html", _preview(ctx, crontab))


def switch(ctx: Ctx, key: Key, enabled: Annotated[Tick, Form()] = "") -> Template:
    """Switch a schedule on or off."""
    on = enabled == "yes"
    view = schedules.set_schedule(ctx.session, ctx.runtime, key, enabled=on)
    action_log.log(ctx.session, ctx.actor, "schedule:changed", message=f"{key} {view.crontab} {'on' if on else 'off'}")
    return _state(ctx, state(ctx.session, ctx.runtime, key), "on" if on else "off")


def set_crontab(ctx: Ctx, key: Key, crontab: Crontab = "") -> Template:
    """Change when a schedule runs; a refused expression comes back with the reason."""
    error = ""
    try:
        view = schedules.set_schedule(ctx.session, ctx.runtime, key, crontab=crontab)
        meta = f"{key} {view.crontab} {'on' if view.enabled else 'off'}"
        action_log.log(ctx.session, ctx.actor, "schedule:changed", message=meta)
    except ValidationFailed as refused:
        error = refused.description
    now = state(ctx.session, ctx.runtime, key)
    values = {"state": now, "typed": crontab if error else now.schedule.crontab, "saved": not error, **_preview(ctx, crontab)}
    return Template("configuration/crontab.html", values, REFUSED if error else 200)


def run(ctx: Ctx, key: Key) -> Template:
    """Queue a run now."""
    try:
        schedules.request_run(ctx.session, ctx.runtime, key, ctx.actor.login)
        action_log.log(ctx.session, ctx.actor, "schedule:run", message=key)
        note = "started"
    except Conflict:
        note = "running"
    return _state(ctx, state(ctx.session, ctx.runtime, key), note)


def report_list(
    ctx: Ctx, key: Annotated[str, Query(max_length=100)] = "", page: Annotated[int, Query(ge=1, le=100_000)] = 1
) -> Template:
    """Runs of all schedules or of one, with what they said."""
    found = reports(ctx.session, ctx.runtime, key, page)
    known = [(one, str(schedule.title)) for one, (_component, schedule) in ctx.runtime.catalogue.schedules().items()]
    return Template("configuration/reports.html", {"reports": found, "key": key, "known": known})


def _state(ctx: Ctx, found: ScheduleState, note: str = "") -> Template:
    return Template("configuration/schedule_state.html", {"state": found, "note": note})


def _preview(ctx: Ctx, crontab: str) -> dict[str, object]:
    try:
        return {"preview": crontabs.preview(crontab, ctx.runtime.now()), "error": ""}
    except ValidationFailed as refused:
        return {"preview": None, "error": refused.description}


PAGES: tuple[Page, ...] = (
    Page("/configuration/schedule", index, SCHEDULE_CONFIGURATION),
    Page("/configuration/schedule/preview", preview, SCHEDULE_CONFIGURATION),
    Page("/configuration/schedule/reports", report_list, SCHEDULE_REPORTS),
    Page("/configuration/schedule/{key}", schedule_state, SCHEDULE_CONFIGURATION),
    Page("/configuration/schedule/{key}/switch", switch, SCHEDULE_CONFIGURATION, methods="POST"),
    Page("/configuration/schedule/{key}/crontab", set_crontab, SCHEDULE_CONFIGURATION, methods="POST"),
    Page("/configuration/schedule/{key}/run", run, SCHEDULE_CONFIGURATION, methods="POST"),
)
