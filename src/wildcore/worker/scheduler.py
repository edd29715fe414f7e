"""The scheduler: runs what is due or asked for. Several may run in several processes; each schedule still runs once at a time."""

from __future__ import annotations

import asyncio
import contextlib
import logging

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from wildcore.services import schedule_runs
from wildcore.services.actor import system_actor
from wildcore.services.runtime import Runtime
from wildcore.services.schedule_runs import Taken
from wildcore.services.schedules import QUEUED
from wildcore.store.tables import ScheduleRow, ScheduleRun

log = logging.getLogger(__name__)

LOOK_SEC = 2.0


class Scheduler:
    """Carries schedules out until it is cancelled; running jobs are cancelled then and noted as interrupted."""

    def __init__(self, runtime: Runtime, *, look_sec: float = LOOK_SEC) -> None:
        self._runtime = runtime
        self._look_sec = look_sec
        self._tasks: set[asyncio.Task[None]] = set()

    async def run(self) -> None:
        """Look for due schedules again and again."""
        try:
            while True:
                try:
                    await self.look()
                except Exception:
                    log.exception("The scheduler failed, it goes on")
                await asyncio.sleep(self._look_sec)
        finally:
            for task in self._tasks:
                task.cancel()
            await asyncio.gather(*self._tasks, return_exceptions=True)

    async def look(self) -> list[Taken]:
        """Start what is due; returns what was started."""
        runtime = self._runtime
        keys = frozenset(runtime.catalogue.schedules())
        if not keys or not await runtime.db.run_read(lambda session: _worth_a_lock(session, keys, runtime.now())):
            return []
        taken = await runtime.db.run_write(lambda session: schedule_runs.take_due(session, runtime))
        for one in taken:
            task = asyncio.create_task(self._carry_out(one), name=f"schedule {one.key}")
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)
        return taken

    async def finished(self) -> None:
        """Wait for the jobs that run now."""
        await asyncio.gather(*self._tasks)

    async def _carry_out(self, taken: Taken) -> None:
        with contextlib.suppress(asyncio.CancelledError):
            try:
                await schedule_runs.carry_out(self._runtime, taken, self._language(taken))
            except Exception:
                log.exception("Schedule %s could not be carried out", taken.key)

    def _language(self, taken: Taken) -> str:
        """What the run's closing words are written in: who asked on the console reads them there."""
        return "en" if taken.trigger == system_actor().login else str(self._runtime.settings.get("DEFAULT_LANGUAGE"))


def _worth_a_lock(session: Session, keys: frozenset[str], now: int) -> bool:
    """Whether any schedule is new, due, asked for or left by a dead process: only then is it worth a write transaction."""
    rows = set(session.scalars(select(ScheduleRow.key).where(ScheduleRow.key.in_(keys))))
    if rows != keys:
        return True
    queued = select(ScheduleRun.key).where(ScheduleRun.result == QUEUED).scalar_subquery()
    due = ScheduleRow.enabled & or_(ScheduleRow.next_at.is_(None), ScheduleRow.next_at <= now)
    wanted = or_(due, ScheduleRow.lease_owner.is_not(None), ScheduleRow.key.in_(queued))
    free = or_(ScheduleRow.lease_until.is_(None), ScheduleRow.lease_until <= now)
    return session.scalar(select(ScheduleRow.key).where(ScheduleRow.key.in_(keys), free, wanted).limit(1)) is not None
