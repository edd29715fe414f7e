"""What every billing component is made of besides its `Billing`: a schedule and API routes for the sync.

A component supplies `services.ports.Billing`, these and the console command of `kit.billing_console`, nothing else; `make` is its
factory, `(runtime) -> Billing`.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import asdict
from typing import Any

from wildcore.i18n import Text
from wildcore.kit.http import Ctx
from wildcore.services import subscriber_jobs
from wildcore.services.action_log import log
from wildcore.services.catalogue import Progress, Schedule
from wildcore.services.ports import Billing
from wildcore.services.runtime import Runtime
from wildcore.services.schedules import running_trigger
from wildcore.services.subscriber_jobs import SyncReport, summary_text
from wildcore.services.times import time_text

Make = Callable[[Runtime], Billing]

ANSWER_SEC = 20.0
"""So long an API call waits for the end of its sync: less than proxies do."""

_working: set[asyncio.Task[SyncReport]] = set()


def sync_schedule(key: str, make: Make, *, title: Text, command: str, crontab: str = "0 4,12 * * *") -> Schedule:
    """The schedule that takes a billing's subscribers; `command` is the console command that does the same."""

    async def job(runtime: Runtime, progress: Progress) -> str:
        trigger = await runtime.db.run_read(lambda session: running_trigger(session, key))
        report = await subscriber_jobs.synchronise(runtime, make(runtime), progress, trigger=trigger)
        return summary_text(report.summary)

    return Schedule(key, crontab, job, title, command)


def sync_route(make: Make) -> Callable[..., Awaitable[dict[str, Any]]]:
    """Handler of a POST that starts a sync. It answers with the counts, or after `ANSWER_SEC` that the sync goes on.

    A dry run is waited for: nothing else would tell its counts.
    """

    async def start_sync(ctx: Ctx, force: bool = False, dry_run: bool = False) -> dict[str, Any]:
        """Synchronise the subscribers now and answer with the counts; `running` is true when it takes longer than 20 s."""
        work = asyncio.create_task(_by_hand(ctx, make(ctx.runtime), force=force, dry_run=dry_run))
        _working.add(work)
        work.add_done_callback(_forget)
        await asyncio.wait({work}, timeout=None if dry_run else ANSWER_SEC)
        if not work.done():
            return {"running": True}
        report = work.result()
        return {**asdict(report.summary), "running": False, "sync_id": report.sync_id}

    return start_sync


def last_sync_route(make: Make) -> Callable[..., dict[str, Any] | None]:
    """Handler of a GET that tells of the last sync, be it under way, done or failed; null when there was none."""

    def last_sync(ctx: Ctx) -> dict[str, Any] | None:
        """The last sync: who started it and when, its result, its error or its counts."""
        found = subscriber_jobs.last_sync(ctx.session, make(ctx.runtime).source().key)
        if found is None:
            return None
        times = {"started_at": time_text(found.started_at), "finished_at": time_text(found.finished_at)}
        return {"id": found.id, "trigger": found.trigger, **times, "result": found.result, "error": found.error, **found.summary}

    return last_sync


async def _by_hand(ctx: Ctx, billing: Billing, *, force: bool, dry_run: bool) -> SyncReport:
    runtime, actor = ctx.runtime, ctx.actor
    report = await subscriber_jobs.synchronise(
        runtime, billing, lambda _stage, _done, _total: None, trigger=actor.login, force=force, dry_run=dry_run
    )
    if not dry_run:
        message = f"{billing.source().title}: {summary_text(report.summary)}"
        await runtime.db.run_write(lambda session: log(session, actor, "subscribers:sync", message=message))
    return report


def _forget(work: asyncio.Task[SyncReport]) -> None:
    _working.discard(work)
    if not work.cancelled():
        work.exception()  # it is told by the sync's row; nobody may be left who waits for it
