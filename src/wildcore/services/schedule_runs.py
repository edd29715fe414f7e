"""Runs of schedules: taken by lease so that one runs once at a time, whatever process it is; with progress, output and failure.

A killed holder's run is noted as interrupted when the schedule is taken again.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import time
import uuid
from dataclasses import dataclass
from functools import partial

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from wildcore.errors import Conflict, WildcoreError
from wildcore.i18n import gettext
from wildcore.services.runtime import Runtime
from wildcore.services.schedules import ERROR, OK, QUEUED, RUNNING, RunView, next_run, row_of, run_view, schedule_of
from wildcore.store.tables import ScheduleRow, ScheduleRun

log = logging.getLogger(__name__)

LEASE_SEC = 60
PROGRESS_SEC = 1.0


@dataclass(frozen=True, slots=True)
class Taken:
    """A run that is ours: its row, and the lease's owner."""

    run_id: int
    key: str
    owner: str


def take_due(session: Session, runtime: Runtime) -> list[Taken]:
    """Take every schedule that is due or asked for and that nobody runs; also gives new schedules their row."""
    now = runtime.now()
    taken = []
    queued = {run.key: run for run in session.scalars(select(ScheduleRun).where(ScheduleRun.result == QUEUED))}
    for key, (_component, schedule) in runtime.catalogue.schedules().items():
        row = row_of(session, schedule, lock=True)
        if (row.lease_until or 0) > now:
            continue
        if row.enabled and row.next_at is None:
            row.next_at = next_run(row.crontab, now)
        run = queued.get(key)
        due = row.enabled and row.next_at is not None and row.next_at <= now
        if run is None and not due:
            continue
        if due:
            row.next_at = next_run(row.crontab, now)
        taken.append(_take(session, row, run, "cron", now))
    return taken


async def run_now(runtime: Runtime, key: str, trigger: str) -> RunView:
    """Run a schedule here and now, to its end. Conflict while somebody runs it."""
    schedule_of(runtime, key)
    taken = await runtime.db.run_write(lambda session: _take_one(session, runtime, key, trigger))
    return await carry_out(runtime, taken)


async def carry_out(runtime: Runtime, taken: Taken) -> RunView:
    """Do the job of a run that was taken, keep its lease and its progress, and note its result."""
    _component, schedule = schedule_of(runtime, taken.key)
    progress = _Progress()
    keeping = asyncio.create_task(_keep(runtime, taken, progress))
    try:
        output, result = await schedule.job(runtime, progress.tell), OK
    except asyncio.CancelledError:
        await _conclude(runtime, taken, progress, ERROR, gettext("Interrupted: the program was stopped"))
        raise
    except WildcoreError as error:
        output, result = error.description, ERROR
    except Exception as error:
        log.exception("Schedule %s failed", taken.key)
        output, result = f"{type(error).__name__}: {error}", ERROR
    finally:
        keeping.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await keeping
    return await _conclude(runtime, taken, progress, result, output)


class _Progress:
    """What a job told last; told from any thread, written by the keeper of the lease."""

    def __init__(self) -> None:
        self.text = ""

    def tell(self, stage: str, done: int, total: int) -> None:
        self.text = f"{stage} {done}/{total}" if total else f"{stage} {done}" if done else stage


async def _keep(runtime: Runtime, taken: Taken, progress: _Progress) -> None:
    written, renewed = "", time.monotonic()
    while True:
        await asyncio.sleep(PROGRESS_SEC)
        text = progress.text
        if text == written and time.monotonic() - renewed < LEASE_SEC / 3:
            continue
        with contextlib.suppress(Exception):  # the next second tries again
            await runtime.db.run_write(partial(_note, runtime=runtime, taken=taken, text=text))
            written, renewed = text, time.monotonic()


def _note(session: Session, runtime: Runtime, taken: Taken, text: str) -> None:
    until = runtime.now() + LEASE_SEC
    mine = (ScheduleRow.key == taken.key, ScheduleRow.lease_owner == taken.owner)
    session.execute(update(ScheduleRow).where(*mine).values(lease_until=until))
    session.execute(update(ScheduleRun).where(ScheduleRun.id == taken.run_id).values(progress=text[:500]))


async def _conclude(runtime: Runtime, taken: Taken, progress: _Progress, result: str, output: str) -> RunView:
    def write(session: Session) -> RunView:
        mine = (ScheduleRow.key == taken.key, ScheduleRow.lease_owner == taken.owner)
        session.execute(update(ScheduleRow).where(*mine).values(lease_owner=None, lease_until=None))
        run = session.get_one(ScheduleRun, taken.run_id)
        run.finished_at, run.result, run.output, run.progress = runtime.now(), result, output[:20_000], progress.text[:500]
        session.flush()
        return run_view(run)

    return await runtime.db.run_write(write)


def _take_one(session: Session, runtime: Runtime, key: str, trigger: str) -> Taken:
    row = row_of(session, schedule_of(runtime, key)[1], lock=True)
    if (row.lease_until or 0) > runtime.now():
        raise Conflict(gettext("{key} is running already", key=key))
    return _take(session, row, None, trigger, runtime.now())


def _take(session: Session, row: ScheduleRow, run: ScheduleRun | None, trigger: str, now: int) -> Taken:
    dead = update(ScheduleRun).where(ScheduleRun.key == row.key, ScheduleRun.result == RUNNING)
    session.execute(dead.values(result=ERROR, finished_at=now, output=gettext("Interrupted: the process ended")))
    row.lease_owner, row.lease_until = uuid.uuid4().hex, now + LEASE_SEC
    if run is None:
        run = ScheduleRun(key=row.key, trigger=trigger[:20], progress="", output="")
        session.add(run)
    run.started_at, run.result = now, RUNNING
    session.flush()
    return Taken(run.id, row.key, row.lease_owner)
