"""Schedules of the components that are on: when they run, what came of their runs. `schedule_runs` carries the runs out.

Times follow the crontab in the server's zone. A run that was missed (the process was off) is made up once.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import cast

from sqlalchemy import Select, Table, func, select
from sqlalchemy.orm import Session

from wildcore.errors import Conflict, NotFound
from wildcore.i18n import Text, gettext
from wildcore.services.catalogue import Schedule
from wildcore.services.crontabs import next_run, tidy
from wildcore.services.runtime import Runtime
from wildcore.store.bulk import insert_rows, is_sqlite
from wildcore.store.tables import ScheduleRow, ScheduleRun

_TABLE = cast(Table, ScheduleRow.__table__)
QUEUED, RUNNING, OK, ERROR = "queued", "running", "ok", "error"


@dataclass(frozen=True, slots=True)
class RunView:
    """One run: times in Unix seconds; `result` queued, running, ok or error; `trigger` cron, or the login of a person."""

    id: int
    key: str
    trigger: str
    started_at: int
    finished_at: int | None
    result: str
    progress: str
    output: str

    @property
    def duration_sec(self) -> int | None:
        """How long it took; None while it waits or runs."""
        return None if self.finished_at is None else max(0, self.finished_at - self.started_at)


@dataclass(frozen=True, slots=True)
class ScheduleView:
    """One schedule as it stands; `next_at` is None while it is off."""

    key: str
    title: Text
    component: str
    command: str
    crontab: str
    default_crontab: str
    enabled: bool
    next_at: int | None
    running: bool
    last: RunView | None


def schedule_of(runtime: Runtime, key: str) -> tuple[str, Schedule]:
    """The component and the declaration of a schedule; NotFound also while its component is off."""
    found = runtime.catalogue.schedules().get(key)
    if found is None:
        raise NotFound(gettext("There is no schedule {key}", key=key), field="key")
    return found


def row_of(session: Session, schedule: Schedule, *, lock: bool = False) -> ScheduleRow:
    """The stored row of a schedule, made with its defaults if it has none; `lock` keeps others away from it until the commit."""
    query = select(ScheduleRow).where(ScheduleRow.key == schedule.key)
    if lock and not is_sqlite(session):
        query = query.with_for_update()
    row = session.scalar(query)
    if row is None:
        new = (schedule.key, schedule.crontab, schedule.enabled)
        insert_rows(session, _TABLE, ("key", "crontab", "enabled"), [new], key=("key",))
        row = session.scalars(query).one()
    return row


def list_schedules(session: Session, runtime: Runtime) -> list[ScheduleView]:
    """Every schedule of the components that are on. Two statements."""
    rows = {row.key: row for row in session.scalars(select(ScheduleRow))}
    newest = {run.key: run for run in session.scalars(select(ScheduleRun).where(ScheduleRun.id.in_(_latest_ids())))}
    return [
        _view(runtime, component, schedule, rows.get(key), newest.get(key))
        for key, (component, schedule) in runtime.catalogue.schedules().items()
    ]


def runs_of(session: Session, key: str, limit: int = 50, offset: int = 0) -> list[RunView]:
    """The latest runs of a schedule, newest first."""
    query = select(ScheduleRun).where(ScheduleRun.key == key).order_by(ScheduleRun.id.desc()).limit(limit)
    return [run_view(run) for run in session.scalars(query.offset(offset or None))]


def run_of(session: Session, run_id: int) -> RunView:
    """One run."""
    return run_view(session.get_one(ScheduleRun, run_id))


def runs_count(session: Session, key: str) -> int:
    """How many runs of a schedule are kept."""
    return session.scalar(select(func.count(ScheduleRun.id)).where(ScheduleRun.key == key)) or 0


def set_schedule(
    session: Session, runtime: Runtime, key: str, *, crontab: str | None = None, enabled: bool | None = None
) -> ScheduleView:
    """Change when a schedule runs, switch it on or off; ValidationFailed names a wrong crontab, NotFound an unknown key."""
    component, schedule = schedule_of(runtime, key)
    row = row_of(session, schedule)
    if crontab is not None:
        text = tidy(crontab)
        next_run(text, runtime.now())
        row.crontab = text
    if enabled is not None:
        row.enabled = enabled
    row.next_at = next_run(row.crontab, runtime.now()) if row.enabled else None
    session.flush()
    return _view(runtime, component, schedule, row, None)


def request_run(session: Session, runtime: Runtime, key: str, trigger: str) -> RunView:
    """Queue a run for the scheduler, whether the schedule is on or off. Conflict while one waits or runs."""
    _component, schedule = schedule_of(runtime, key)
    row = row_of(session, schedule, lock=True)
    waiting = session.scalar(select(ScheduleRun.id).where(ScheduleRun.key == key, ScheduleRun.result == QUEUED).limit(1))
    if waiting is not None or (row.lease_until or 0) > runtime.now():
        raise Conflict(gettext("{key} is running already", key=key))
    run = ScheduleRun(key=key, trigger=trigger[:20], started_at=runtime.now(), result=QUEUED, progress="", output="")
    session.add(run)
    session.flush()
    return run_view(run)


def run_view(run: ScheduleRun) -> RunView:
    """A run as shown."""
    return RunView(
        run.id, run.key, run.trigger, run.started_at, run.finished_at, run.result, run.progress or "", run.output or ""
    )


def _latest_ids() -> Select[int]:
    return select(func.max(ScheduleRun.id)).group_by(ScheduleRun.key)


def _view(
    runtime: Runtime, component: str, schedule: Schedule, row: ScheduleRow | None, last: ScheduleRun | None
) -> ScheduleView:
    return ScheduleView(
        key=schedule.key,
        title=schedule.title,
        component=component,
        command=schedule.command,
        crontab=row.crontab if row is not None else schedule.crontab,
        default_crontab=schedule.crontab,
        enabled=row.enabled if row is not None else schedule.enabled,
        next_at=row.next_at if row is not None and row.enabled else None,
        running=row is not None and (row.lease_until or 0) > runtime.now(),
        last=run_view(last) if last is not None else None,
    )


def running_trigger(session: Session, key: str) -> str:
    """What started the run that is under way: cron, or the login of a person; cron also when there is none."""
    query = select(ScheduleRun.trigger).where(ScheduleRun.key == key, ScheduleRun.result == RUNNING)
    return session.scalar(query.order_by(ScheduleRun.id.desc()).limit(1)) or "cron"
