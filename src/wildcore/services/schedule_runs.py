"""Runs of schedules: taken by lease so that one runs once at a time, whatever process it is; with progress, output and failure.

A holder that is killed stops moving its lease on. When it has passed, whoever looks next notes the run as interrupted and
takes the work over, once. Who lost a lease (a machine that slept) stops its job as soon as it finds out.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import time
import uuid
from collections.abc import Iterable
from dataclasses import dataclass
from functools import partial
from typing import cast

from sqlalchemy import CursorResult, ScalarSelect, Table, or_, select, update
from sqlalchemy.orm import Session

from wildcore.errors import Conflict, WildcoreError
from wildcore.i18n import _, current_language, gettext, use_language
from wildcore.services.crontabs import next_run
from wildcore.services.runtime import Runtime
from wildcore.services.schedules import ERROR, OK, QUEUED, RUNNING, RunView, row_of, run_view, schedule_of
from wildcore.store.bulk import insert_rows, is_sqlite
from wildcore.store.tables import ScheduleRow, ScheduleRun

log = logging.getLogger(__name__)

LEASE_SEC = 60
PROGRESS_SEC = 1.0
CRON, RETRY = "cron", "retry"
STOPPED, KILLED = _("Interrupted: the program was stopped"), _("Interrupted: the process ended")
"""Stored as they are and translated when they are shown."""
_TABLE = cast(Table, ScheduleRow.__table__)


@dataclass(frozen=True, slots=True)
class Taken:
    """A run that is ours: its row, and the lease's owner. `trigger`: cron, retry (another's dead run), or a person's login."""

    run_id: int
    key: str
    owner: str
    trigger: str = CRON


class LostLease(Exception):
    """Another process took the schedule over, since we seemed dead."""


def take_due(session: Session, runtime: Runtime) -> list[Taken]:
    """Take every schedule that is due, asked for or left behind, and that nobody runs. Also gives new schedules their row.

    Rows that another scheduler looks at in this moment are left to it.
    """
    now, known = runtime.now(), runtime.catalogue.schedules()
    _add_missing(session, runtime)
    free = or_(ScheduleRow.lease_until.is_(None), ScheduleRow.lease_until <= now)
    due = ScheduleRow.enabled & or_(ScheduleRow.next_at.is_(None), ScheduleRow.next_at <= now)
    left = ScheduleRow.lease_owner.is_not(None)
    query = select(ScheduleRow).where(ScheduleRow.key.in_(known), free, or_(due, left, ScheduleRow.key.in_(_queued_keys())))
    if not is_sqlite(session):
        query = query.with_for_update(skip_locked=True)
    rows = session.scalars(query.order_by(ScheduleRow.key)).all()
    runs = _waiting(session, [row.key for row in rows])  # asked when the rows are ours: nobody can have done them since
    dead = _interrupt(session, [row for row in rows if row.lease_owner is not None], now)
    taken = []
    for row in rows:
        row.lease_owner = row.lease_until = None
        if row.enabled and row.next_at is None:
            row.next_at = next_run(row.crontab, now)
        run, trigger = runs.get(row.key), CRON
        if row.enabled and row.next_at is not None and row.next_at <= now:
            row.next_at = next_run(row.crontab, now)
        elif run is None:
            if not _again(dead.get(row.key), enabled=row.enabled):
                continue
            trigger = RETRY
        taken.append(_take(session, row, run, trigger, now))
    return taken


async def run_now(runtime: Runtime, key: str, trigger: str) -> RunView:
    """Run a schedule here and now, to its end; no person waits for its words. Conflict while somebody runs it."""
    language = str(runtime.settings.get("DEFAULT_LANGUAGE"))
    return await carry_out(runtime, await take_now(runtime, key, trigger), language)


async def take_now(runtime: Runtime, key: str, trigger: str) -> Taken:
    """Take a schedule for a run here and now; `carry_out` does it. Conflict while somebody runs it."""
    schedule_of(runtime, key)
    return await runtime.db.run_write(lambda session: _take_one(session, runtime, key, trigger))


async def carry_out(runtime: Runtime, taken: Taken, language: str = "") -> RunView:
    """Do the job of a run that was taken, keep its lease and its progress, and note its result; it speaks this language."""
    _component, schedule = schedule_of(runtime, taken.key)
    progress = _Progress()
    with use_language(language or current_language()):
        job = asyncio.ensure_future(schedule.job(runtime, progress.tell))
    keeping = asyncio.create_task(_keep(runtime, taken, progress))
    try:
        await asyncio.wait({job, keeping}, return_when=asyncio.FIRST_COMPLETED)
        if not job.done():
            job.cancel()  # the lease is lost: another process runs it now
            with contextlib.suppress(asyncio.CancelledError, Exception):
                await job
            log.warning("Schedule %s: another process took over", taken.key)
            return await runtime.db.run_read(lambda session: run_view(session.get_one(ScheduleRun, taken.run_id)))
        output, result = job.result(), OK
    except asyncio.CancelledError:
        job.cancel()
        with contextlib.suppress(asyncio.CancelledError, Exception):
            await job
        await _conclude(runtime, taken, progress, ERROR, STOPPED.message, again=taken.trigger == CRON)
        raise
    except WildcoreError as error:
        output, result = error.description, ERROR
    except Exception as error:
        log.exception("Schedule %s failed", taken.key)
        output, result = f"{type(error).__name__}: {error}", ERROR
    finally:
        keeping.cancel()
        with contextlib.suppress(asyncio.CancelledError, LostLease):
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
        try:
            ours = await runtime.db.run_write(partial(_note, runtime=runtime, taken=taken, text=text))
        except Exception:
            log.debug("Schedule %s: the lease could not be moved on, the next second tries again", taken.key, exc_info=True)
            continue
        if not ours:
            raise LostLease(taken.key)
        written, renewed = text, time.monotonic()


def _note(session: Session, runtime: Runtime, taken: Taken, text: str) -> bool:
    until = runtime.now() + LEASE_SEC
    mine = (ScheduleRow.key == taken.key, ScheduleRow.lease_owner == taken.owner)
    done = session.execute(update(ScheduleRow).where(*mine).values(lease_until=until))
    if not cast(CursorResult[None], done).rowcount:
        return False
    session.execute(update(ScheduleRun).where(ScheduleRun.id == taken.run_id).values(progress=text[:500]))
    return True


async def _conclude(
    runtime: Runtime, taken: Taken, progress: _Progress, result: str, output: str, *, again: bool = False
) -> RunView:
    """Note the end of a run; `again`: what was interrupted is made up as soon as a scheduler runs."""

    def write(session: Session) -> RunView:
        mine = (ScheduleRow.key == taken.key, ScheduleRow.lease_owner == taken.owner)
        free = update(ScheduleRow).where(*mine).values(lease_owner=None, lease_until=None)
        done = session.execute(free)
        run = session.get_one(ScheduleRun, taken.run_id)
        if cast(CursorResult[None], done).rowcount:  # else another process has taken over and told how ours ended
            if again:
                made_up = update(ScheduleRow).where(ScheduleRow.key == taken.key, ScheduleRow.enabled)
                session.execute(made_up.values(next_at=runtime.now()))
            run.finished_at, run.result, run.output, run.progress = runtime.now(), result, output[:20_000], progress.text[:500]
            session.flush()
        return run_view(run)

    return await runtime.db.run_write(write)


def _queued_keys() -> ScalarSelect[str]:
    return select(ScheduleRun.key).where(ScheduleRun.result == QUEUED).scalar_subquery()


def _waiting(session: Session, keys: Iterable[str]) -> dict[str, ScheduleRun]:
    query = select(ScheduleRun).where(ScheduleRun.key.in_(list(keys)), ScheduleRun.result == QUEUED)
    return {run.key: run for run in session.scalars(query.order_by(ScheduleRun.id))}


def _add_missing(session: Session, runtime: Runtime) -> None:
    known = runtime.catalogue.schedules()
    stored = set(session.scalars(select(ScheduleRow.key).where(ScheduleRow.key.in_(known))))
    new = [(key, one.crontab, one.enabled) for key, (_component, one) in known.items() if key not in stored]
    if new:
        insert_rows(session, _TABLE, ("key", "crontab", "enabled"), new, key=("key",))


def _interrupt(session: Session, rows: Iterable[ScheduleRow], now: int) -> dict[str, str]:
    """Note the runs of holders that died; schedule -> who or what had started the run."""
    keys = [row.key for row in rows]
    if not keys:
        return {}
    query = select(ScheduleRun).where(ScheduleRun.key.in_(keys), ScheduleRun.result == RUNNING)
    dead = list(session.scalars(query.order_by(ScheduleRun.id)))
    for run in dead:
        run.result, run.finished_at, run.output = ERROR, now, KILLED.message
    return {run.key: run.trigger for run in dead}


def _again(trigger: str | None, *, enabled: bool) -> bool:
    """Whether a dead run is taken over: once, and what the clock had started only while the schedule is on."""
    return trigger is not None and trigger != RETRY and (enabled or trigger != CRON)


def _take_one(session: Session, runtime: Runtime, key: str, trigger: str) -> Taken:
    row = row_of(session, schedule_of(runtime, key)[1], lock=True)
    now = runtime.now()
    if (row.lease_until or 0) > now:
        raise Conflict(gettext("{key} is running already", key=key))
    _interrupt(session, [row], now)
    return _take(session, row, _waiting(session, [key]).get(key), trigger, now)


def _take(session: Session, row: ScheduleRow, run: ScheduleRun | None, trigger: str, now: int) -> Taken:
    row.lease_owner, row.lease_until = uuid.uuid4().hex, now + LEASE_SEC
    if run is None:
        run = ScheduleRun(key=row.key, trigger=trigger[:20], progress="", output="")
        session.add(run)
    run.started_at, run.result = now, RUNNING
    session.flush()
    return Taken(run.id, row.key, row.lease_owner, run.trigger)
