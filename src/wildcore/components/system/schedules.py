"""API of scheduled tasks."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import Query
from pydantic import BaseModel, Field

from wildcore.kit import Ctx
from wildcore.kit.params import Limit, Offset, Rows
from wildcore.services import action_log, crontabs, schedules
from wildcore.services.schedules import RunView, ScheduleView
from wildcore.services.times import time_text


class ScheduleBody(BaseModel):
    """What to change of a schedule; absent fields stay as they are."""

    crontab: str | None = Field(None, max_length=1000)
    enabled: bool | None = None


def schedule_list(ctx: Ctx, limit: Rows = None, offset: Offset = 0) -> list[dict[str, Any]]:
    """All schedules with their last and next run."""
    found = schedules.list_schedules(ctx.session, ctx.runtime)
    ctx.meta = {"total": len(found)}
    return [_schedule(one) for one in found[offset : None if limit is None else offset + limit]]


def schedule_get(ctx: Ctx, key: str) -> dict[str, Any]:
    """One schedule."""
    schedules.schedule_of(ctx.runtime, key)
    return next(_schedule(one) for one in schedules.list_schedules(ctx.session, ctx.runtime) if one.key == key)


def schedule_preview(
    ctx: Ctx, crontab: Annotated[str, Query(max_length=1000)], count: Annotated[int, Query(ge=1, le=50)] = 5
) -> dict[str, Any]:
    """When a crontab expression would run next, by the clock on the server's wall."""
    found = crontabs.preview(crontab, ctx.runtime.now(), count)
    return {
        "crontab": found.crontab,
        "zone": found.zone,
        "next_runs": [time_text(at) for at in found.times],
        "texts": list(found.texts),
    }


def schedule_set(ctx: Ctx, key: str, body: ScheduleBody) -> dict[str, Any]:
    """Switch a schedule on or off, change its crontab expression."""
    view = schedules.set_schedule(ctx.session, ctx.runtime, key, crontab=body.crontab, enabled=body.enabled)
    meta = {"crontab": view.crontab, "enabled": view.enabled}
    action_log.log(ctx.session, ctx.actor, "schedule:updated", message=key, meta=meta)
    return _schedule(view)


def schedule_run(ctx: Ctx, key: str) -> dict[str, Any]:
    """Run a schedule's task now, whether it is on or off."""
    run = schedules.request_run(ctx.session, ctx.runtime, key, ctx.actor.login)
    action_log.log(ctx.session, ctx.actor, "schedule:run", message=key)
    return _run(run)


def schedule_runs(ctx: Ctx, key: str, limit: Limit = 50, offset: Offset = 0) -> list[dict[str, Any]]:
    """The latest runs of a schedule, newest first."""
    schedules.schedule_of(ctx.runtime, key)
    found = schedules.runs_of(ctx.session, key, limit=limit, offset=offset)
    ctx.meta = {"total": schedules.runs_count(ctx.session, key)}
    return [_run(run) for run in found]


def _schedule(view: ScheduleView) -> dict[str, Any]:
    return {
        "key": view.key,
        "title": str(view.title),
        "component": view.component,
        "command": view.command,
        "crontab": view.crontab,
        "default_crontab": view.default_crontab,
        "enabled": view.enabled,
        "running": view.running,
        "next_run": time_text(view.next_at),
        "zone": crontabs.zone_name(),
        "last_run": _run(view.last) if view.last else None,
    }


def _run(run: RunView) -> dict[str, Any]:
    return {
        "id": run.id,
        "key": run.key,
        "trigger": run.trigger,
        "started_at": time_text(run.started_at),
        "finished_at": time_text(run.finished_at),
        "result": run.result,
        "duration_sec": run.duration_sec,
        "progress": run.progress,
        "output": run.output,
    }
