"""The pages of the scheduler: schedules with their progress in words and bars, reports of their runs."""

from __future__ import annotations

import re
from dataclasses import dataclass

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from wildcore.i18n import Text, _, gettext
from wildcore.services import crontabs, schedules
from wildcore.services.runtime import Runtime
from wildcore.services.schedule_runs import KILLED, STOPPED
from wildcore.services.schedules import QUEUED, RUNNING, RunView, ScheduleView
from wildcore.store.tables import ScheduleRun

PAGE = 50
_STAGES: dict[str, Text] = {
    "fetch": _("Fetching the list from billing"),
    "compare": _("Comparing with what is stored"),
    "write": _("Writing changes"),
    "bind": _("Finding the subscribers' ports and ONUs"),
    "done": _("Done"),
}
_OWN = frozenset((KILLED.message, STOPPED.message))
_COUNTED = re.compile(r"(.*) (\d+)/(\d+)")


@dataclass(frozen=True, slots=True)
class Stage:
    """Progress of a run: what it does now, and how much of it is done (0 of 0 where nobody can tell)."""

    text: Text
    done: int = 0
    total: int = 0


@dataclass(frozen=True, slots=True)
class ScheduleState:
    """One schedule and its run that waits or goes on, or its last one. `busy`: look again soon; `said`: its closing words."""

    schedule: ScheduleView
    next_text: str
    stage: Stage | None
    said: str
    busy: bool


@dataclass(frozen=True, slots=True)
class Report:
    """A run with the title of its schedule and its closing words."""

    title: Text
    run: RunView
    said: str


@dataclass(frozen=True, slots=True)
class Reports:
    """One page of runs, newest first."""

    rows: tuple[Report, ...]
    total: int
    page: int
    pages: int


def states(session: Session, runtime: Runtime) -> list[ScheduleState]:
    """Every schedule of the components that are on. Two statements."""
    return [_state(one) for one in schedules.list_schedules(session, runtime)]


def state(session: Session, runtime: Runtime, key: str) -> ScheduleState:
    """One schedule; NotFound also while its component is off."""
    schedules.schedule_of(runtime, key)
    return next(_state(one) for one in schedules.list_schedules(session, runtime) if one.key == key)


def reports(session: Session, runtime: Runtime, key: str, page: int) -> Reports:
    """Runs of one schedule, or of all; also those of components that are off now. Two statements."""
    titles = {one.key: one.title for info in runtime.catalogue.components() for one in info.schedules}
    where = [ScheduleRun.key == key] if key else []
    total = session.scalar(select(func.count(ScheduleRun.id)).where(*where)) or 0
    pages = max(1, -(-total // PAGE))
    page = min(max(1, page), pages)
    query = select(ScheduleRun).where(*where).order_by(ScheduleRun.id.desc()).limit(PAGE).offset((page - 1) * PAGE)
    rows = tuple(
        Report(titles.get(run.key, run.key), schedules.run_view(run), said(run.output)) for run in session.scalars(query)
    )
    return Reports(rows, total, page, pages)


def stage_of(progress: str) -> Stage | None:
    """Progress as a job told it, in words; None while it has told nothing."""
    if not progress:
        return None
    found = _COUNTED.fullmatch(progress)
    if found is None:
        return Stage(_STAGES.get(progress, progress))
    return Stage(_STAGES.get(found[1], found[1]), int(found[2]), int(found[3]))


def said(output: str) -> str:
    """The closing words of a run; our own are stored in English, a job's in the language of the installation."""
    return gettext(output) if output in _OWN else output


def _state(one: ScheduleView) -> ScheduleState:
    waits = one.last is not None and one.last.result == QUEUED
    goes_on = one.last is not None and one.last.result == RUNNING
    stage = stage_of(one.last.progress) if one.last is not None and goes_on else None
    words = said(one.last.output) if one.last is not None else ""
    return ScheduleState(one, crontabs.wall(one.next_at) if one.next_at else "", stage, words, waits or goes_on or one.running)
