"""Configuration pages: components on and off, schedules, settings by section."""

from __future__ import annotations

from typing import Annotated

from fastapi import Form, Path

from wildcore.errors import Conflict, NotAllowed, ValidationFailed
from wildcore.kit import Ctx, Page, Template
from wildcore.kit.permissions import SCHEDULE_CONFIGURATION, SYSTEM_CONFIGURATION
from wildcore.services import action_log, configuration, schedules
from wildcore.services.pages_settings import sections, setting

Key = Annotated[str, Path(max_length=100)]
Word = Annotated[str, Form(max_length=8)]
Typed = Annotated[str, Form(max_length=10_000)]


def components(ctx: Ctx) -> Template:
    """Every component with its switch."""
    return Template("configuration/components.html", {"components": configuration.components(ctx.runtime)})


def switch_component(ctx: Ctx, key: Key, enabled: Word = "") -> Template:
    """Switch a component; its row comes back as it is then."""
    on, error = enabled == "yes", ""
    try:
        configuration.switch_component(ctx.session, ctx.runtime, ctx.actor, key, on)
    except NotAllowed as refused:
        error = refused.description
    row = next(one for one in configuration.components(ctx.runtime) if one["key"] == key)
    if not error:
        row["enabled"] = on  # in effect for everybody once this request is committed
    return Template("configuration/component_row.html", {"one": row, "error": error, "changed": not error})


def system(ctx: Ctx) -> Template:
    """Settings of the core and of the components that are on, by section."""
    return Template("configuration/system.html", {"sections": sections(ctx.runtime)})


def save_setting(ctx: Ctx, key: Key, value: Typed = "", reset: Word = "", choice: Word = "") -> Template:
    """Store one setting; a refused value comes back with the reason beside it. An empty secret changes nothing."""
    one = setting(ctx.runtime, key)
    if one.fixed:
        return _row(ctx, key, error="", typed=None, saved=False)
    wanted: str | None = choice if one.kind == "bool" else value
    if one.kind == "bool":
        wanted = "yes" if choice == "yes" else "no"
    if reset:
        wanted = None
    elif one.kind == "secret" and not value:
        return _row(ctx, key, error="", typed=None, saved=False)
    try:
        configuration.change(ctx.session, ctx.runtime, ctx.actor, {key: wanted})
    except ValidationFailed as refused:
        typed = "" if one.kind == "secret" else value
        return _row(ctx, key, error=refused.description, typed=typed, saved=False)
    spec = ctx.runtime.settings.specs()[key]
    stored = spec.default if wanted is None else spec.parse(wanted)
    view = setting(ctx.runtime, key, value=stored)
    return Template("configuration/setting.html", {"one": view, "error": "", "saved": True})


def _row(ctx: Ctx, key: str, *, error: str, typed: str | None, saved: bool) -> Template:
    view = setting(ctx.runtime, key, typed=typed)
    return Template("configuration/setting.html", {"one": view, "error": error, "saved": saved}, 422 if error else 200)


def schedule(ctx: Ctx) -> Template:
    """Every schedule of the components that are on; as a fragment it keeps itself fresh."""
    name = "configuration/schedule_rows.html" if ctx.request.fragment else "configuration/schedule.html"
    return _schedules(ctx, {}, "", name)


def save_schedule(ctx: Ctx, key: Key, crontab: Annotated[str, Form(max_length=100)] = "", enabled: Word = "") -> Template:
    """Change a schedule's crontab and switch."""
    errors: dict[str, str] = {}
    try:
        schedules.set_schedule(ctx.session, ctx.runtime, key, crontab=crontab, enabled=enabled == "yes")
        action_log.log(ctx.session, ctx.actor, "schedule:changed", message=f"{key} {crontab} {'on' if enabled else 'off'}")
    except ValidationFailed as refused:
        errors[key] = refused.description
    return _schedules(ctx, errors, "" if errors else "saved")


def run_schedule(ctx: Ctx, key: Key) -> Template:
    """Queue a run now."""
    errors: dict[str, str] = {}
    try:
        schedules.request_run(ctx.session, ctx.runtime, key, ctx.actor.login)
        action_log.log(ctx.session, ctx.actor, "schedule:run", message=key)
    except Conflict as running:
        errors[key] = running.description
    return _schedules(ctx, errors, "" if errors else "started")


def _schedules(ctx: Ctx, errors: dict[str, str], note: str, name: str = "configuration/schedule_rows.html") -> Template:
    rows = schedules.list_schedules(ctx.session, ctx.runtime)
    busy = any(one.running or (one.last is not None and one.last.result == schedules.QUEUED) for one in rows)
    return Template(name, {"schedules": rows, "errors": errors, "note": note, "busy": busy})


PAGES: tuple[Page, ...] = (
    Page("/configuration/components", components, SYSTEM_CONFIGURATION),
    Page("/configuration/components/{key}", switch_component, SYSTEM_CONFIGURATION, methods="POST"),
    Page("/configuration/system", system, SYSTEM_CONFIGURATION),
    Page("/configuration/system/{key}", save_setting, SYSTEM_CONFIGURATION, methods="POST"),
    Page("/configuration/schedule", schedule, SCHEDULE_CONFIGURATION),
    Page("/configuration/schedule/{key}", save_schedule, SCHEDULE_CONFIGURATION, methods="POST"),
    Page("/configuration/schedule/{key}/run", run_schedule, SCHEDULE_CONFIGURATION, methods="POST"),
)
