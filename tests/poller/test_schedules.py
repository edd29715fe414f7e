"""Schedules: due ones run once, missed ones too, nobody runs one twice at once, and every run tells how it ended."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import datetime
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import insert, select, update

from tests.poller.support import counted_statements, until
from wildcore.errors import BillingError, Conflict, NotFound, ValidationFailed
from wildcore.i18n import gettext
from wildcore.services import crontabs, pages_schedules, schedule_runs, schedules
from wildcore.services.catalogue import Catalogue, ComponentInfo, Progress, Schedule
from wildcore.services.runtime import Runtime
from wildcore.store.tables import ScheduleRow, ScheduleRun
from wildcore.worker import Scheduler

KYIV = ZoneInfo("Europe/Kyiv")
T0 = int(datetime(2026, 2, 1, 3, 59, tzinfo=KYIV).timestamp())


class Jobs:
    """What the schedules of these tests do."""

    def __init__(self) -> None:
        self.runs = 0
        self.fail: Exception | None = None
        self.say: Callable[[], str] = lambda: "10 subscribers"
        self.go = asyncio.Event()
        self.go.set()

    async def sync(self, _runtime: Runtime, progress: Progress) -> str:
        self.runs += 1
        progress("subscribers", 5, 10)
        await self.go.wait()
        if self.fail is not None:
            raise self.fail
        return self.say()


@pytest.fixture
def jobs(runtime: Runtime, monkeypatch: pytest.MonkeyPatch) -> Jobs:
    monkeypatch.setenv("TZ", "Europe/Kyiv")
    made = Jobs()
    schedule = Schedule("mikbill_sync_clients", "0 4,12 * * *", made.sync, "Sync", "mikbill_integration:sync-clients")
    info = ComponentInfo("mikbill", "MikBill", "", True, True, (), (), (schedule,))
    runtime.catalogue = Catalogue(runtime.db, (info,))
    runtime.now = lambda: T0
    return made


def switch_on(runtime: Runtime, **values: str) -> schedules.ScheduleView:
    with runtime.db.write() as session:
        return schedules.set_schedule(session, runtime, "mikbill_sync_clients", enabled=True, **values)


def view(runtime: Runtime) -> schedules.ScheduleView:
    with runtime.db.read() as session:
        return schedules.list_schedules(session, runtime)[0]


async def look(runtime: Runtime, after: int = 0) -> int:
    runtime.now = lambda: T0 + after
    scheduler = Scheduler(runtime)
    taken = await scheduler.look()
    await scheduler.finished()
    return len(taken)


async def test_it_is_off_until_switched_on(runtime: Runtime, jobs: Jobs) -> None:
    assert (view(runtime).enabled, view(runtime).next_at, view(runtime).crontab) == (False, None, "0 4,12 * * *")
    assert await look(runtime, 3600) == 0
    runtime.now = lambda: T0
    on = switch_on(runtime)
    assert on.next_at == T0 + 60
    assert await look(runtime, 59) == 0
    assert await look(runtime, 60) == 1
    shown = view(runtime)
    assert shown.next_at == T0 + 60 + 8 * 3600
    assert shown.last is not None
    assert (shown.last.result, shown.last.output, shown.last.progress) == ("ok", "10 subscribers", "subscribers 5/10")
    assert (shown.last.trigger, shown.last.started_at, shown.running) == ("cron", T0 + 60, False)
    assert jobs.runs == 1


async def test_missed_runs_are_made_up_once(runtime: Runtime, jobs: Jobs) -> None:
    switch_on(runtime)
    assert await look(runtime, 3 * 86400) == 1
    assert await look(runtime, 3 * 86400 + 1) == 0
    assert jobs.runs == 1


async def test_a_crontab_can_be_changed_and_nonsense_is_refused(runtime: Runtime, jobs: Jobs) -> None:
    assert switch_on(runtime, crontab=" */10  * * * * ").next_at == T0 + 60
    assert view(runtime).crontab == "*/10 * * * *"
    for nonsense in ("", "every day", "61 * * * *", "0 0 31 2 *"):
        with pytest.raises(ValidationFailed) as refused, runtime.db.write() as session:
            schedules.set_schedule(session, runtime, "mikbill_sync_clients", crontab=nonsense)
        assert refused.value.field == "crontab"
    with pytest.raises(NotFound), runtime.db.write() as session:
        schedules.set_schedule(session, runtime, "unknown", enabled=True)


def test_times_follow_the_clock_on_the_wall(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TZ", "Europe/Kyiv")
    before_change = int(datetime(2026, 3, 28, 12, tzinfo=KYIV).timestamp())
    first = crontabs.next_run("0 4 * * *", before_change)
    assert datetime.fromtimestamp(first, KYIV).isoformat() == "2026-03-29T04:00:00+03:00"
    assert datetime.fromtimestamp(crontabs.next_run("0 4 * * *", first), KYIV).isoformat() == "2026-03-30T04:00:00+03:00"


@pytest.mark.parametrize(
    ("failure", "text"),
    [(BillingError("no answer from billing"), "no answer from billing"), (KeyError("uid"), "KeyError: 'uid'")],
)
async def test_a_failure_is_told(runtime: Runtime, jobs: Jobs, failure: Exception, text: str) -> None:
    jobs.fail = failure
    run = await schedule_runs.run_now(runtime, "mikbill_sync_clients", "admin")
    assert (run.result, run.output, run.trigger, run.finished_at) == ("error", text, "admin", T0)


async def test_a_person_can_ask_for_a_run(runtime: Runtime, jobs: Jobs) -> None:
    with runtime.db.write() as session:
        assert schedules.request_run(session, runtime, "mikbill_sync_clients", "admin").result == "queued"
    with pytest.raises(Conflict), runtime.db.write() as session:
        schedules.request_run(session, runtime, "mikbill_sync_clients", "admin")
    assert await look(runtime, 1) == 1
    with runtime.db.read() as session:
        runs = schedules.runs_of(session, "mikbill_sync_clients")
    assert [(run.trigger, run.result) for run in runs] == [("admin", "ok")]
    assert await look(runtime, 2) == 0


def start(runtime: Runtime) -> asyncio.Task[schedules.RunView]:
    return asyncio.create_task(schedule_runs.run_now(runtime, "mikbill_sync_clients", "admin"))


async def running(jobs: Jobs, runs: int = 1) -> None:
    async def condition() -> bool:
        return jobs.runs == runs

    await until(condition)


async def test_nobody_runs_it_twice_at_once(runtime: Runtime, jobs: Jobs, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(schedule_runs, "PROGRESS_SEC", 0.01)
    jobs.go.clear()
    switch_on(runtime)
    first = start(runtime)
    await running(jobs)
    assert view(runtime).running
    with pytest.raises(Conflict):
        await schedule_runs.run_now(runtime, "mikbill_sync_clients", "other")
    assert await look(runtime, 30) == 0

    async def progress_is_shown() -> bool:
        last = view(runtime).last
        return last is not None and last.progress == "subscribers 5/10" and last.result == "running"

    await until(progress_is_shown)
    jobs.go.set()
    assert (await first).result == "ok"
    assert not view(runtime).running


async def test_a_dead_holder_is_replaced_and_its_run_is_told_as_interrupted(runtime: Runtime, jobs: Jobs) -> None:
    with runtime.db.write() as session:  # taken, and never heard of again
        schedules.request_run(session, runtime, "mikbill_sync_clients", "dead")
    with runtime.db.write() as session:
        assert len(schedule_runs.take_due(session, runtime)) == 1
    switch_on(runtime)
    assert await look(runtime, schedule_runs.LEASE_SEC) == 1
    with runtime.db.read() as session:
        runs = schedules.runs_of(session, "mikbill_sync_clients")
    assert [(run.trigger, run.result) for run in runs] == [("cron", "ok"), ("dead", "error")]
    assert "nterrupted" in runs[1].output


async def test_stopping_interrupts_and_says_so(runtime: Runtime, jobs: Jobs) -> None:
    jobs.go.clear()
    run = start(runtime)
    await running(jobs)
    run.cancel()
    with pytest.raises(asyncio.CancelledError):
        await run
    last = view(runtime).last
    assert last is not None
    assert (last.result, view(runtime).running) == ("error", False)


async def test_a_component_that_is_off_has_no_schedule(runtime: Runtime, jobs: Jobs) -> None:
    switch_on(runtime)
    runtime.catalogue = Catalogue(runtime.db, ())
    assert await look(runtime, 86400) == 0
    with runtime.db.read() as session:
        assert schedules.list_schedules(session, runtime) == []
        assert session.scalars(select(ScheduleRow.enabled)).all() == [True]


async def test_the_scheduler_runs_until_it_is_cancelled(runtime: Runtime, jobs: Jobs) -> None:
    switch_on(runtime)
    with runtime.db.write() as session:
        session.execute(update(ScheduleRow).values(next_at=T0))
    task = asyncio.create_task(Scheduler(runtime, look_sec=0.01).run())
    await running(jobs)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task


async def died(runtime: Runtime, after: int = 0) -> None:
    """Some process takes what is due or asked for, and is never heard of again."""
    runtime.now = lambda: T0 + after
    with runtime.db.write() as session:
        assert len(schedule_runs.take_due(session, runtime)) == 1


def results(runtime: Runtime) -> list[tuple[str, str]]:
    with runtime.db.read() as session:
        return [(run.trigger, run.result) for run in schedules.runs_of(session, "mikbill_sync_clients")]


async def test_what_dies_again_and_again_waits_for_its_time(runtime: Runtime, jobs: Jobs) -> None:
    switch_on(runtime)
    await died(runtime, 60)
    assert await look(runtime, 60 + schedule_runs.LEASE_SEC - 1) == 0
    await died(runtime, 60 + schedule_runs.LEASE_SEC)
    assert results(runtime) == [("retry", "running"), ("cron", "error")]
    assert await look(runtime, 60 + 3 * schedule_runs.LEASE_SEC) == 0
    assert results(runtime) == [("retry", "error"), ("cron", "error")]
    assert (view(runtime).running, jobs.runs) == (False, 0)


async def test_a_dead_run_of_a_schedule_that_is_off_is_not_taken_over(runtime: Runtime, jobs: Jobs) -> None:
    switch_on(runtime)
    await died(runtime, 60)
    with runtime.db.write() as session:
        schedules.set_schedule(session, runtime, "mikbill_sync_clients", enabled=False)
    assert await look(runtime, 60 + schedule_runs.LEASE_SEC) == 0
    assert results(runtime) == [("cron", "error")]


async def test_who_lost_the_lease_stops(runtime: Runtime, jobs: Jobs, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(schedule_runs, "PROGRESS_SEC", 0.01)
    jobs.go.clear()
    run = start(runtime)
    await running(jobs)
    with runtime.db.write() as session:  # another process thinks that we are dead
        session.execute(update(ScheduleRow).values(lease_owner="other", lease_until=T0 + 60))
    ended = await asyncio.wait_for(run, 30)
    assert (ended.result, ended.finished_at) == ("running", None)  # to be told by the other one
    with runtime.db.read() as session:
        assert session.scalars(select(ScheduleRow.lease_owner)).all() == ["other"]


async def test_scheduled_work_speaks_the_language_of_the_installation(runtime: Runtime, jobs: Jobs) -> None:
    jobs.say = lambda: gettext("Done")
    with runtime.db.write() as session:
        schedules.request_run(session, runtime, "mikbill_sync_clients", "admin")
    assert await look(runtime, 1) == 1
    assert (last := view(runtime).last) is not None
    assert last.output == "Готово"
    with runtime.db.write() as session:
        schedules.request_run(session, runtime, "mikbill_sync_clients", "sys")
    assert await look(runtime, 2) == 1
    assert (last := view(runtime).last) is not None
    assert last.output == "Done"


async def test_pages_cost_the_same_however_many_runs_there_were(runtime: Runtime, jobs: Jobs) -> None:
    with runtime.db.write() as session:
        new = {
            "key": "mikbill_sync_clients",
            "trigger": "cron",
            "started_at": 1,
            "finished_at": 5,
            "result": "ok",
            "progress": "",
        }
        session.execute(insert(ScheduleRun), [{**new, "output": f"run {number}"} for number in range(120)])
    with runtime.db.read() as session, counted_statements(runtime.db) as spent:
        (state,) = pages_schedules.states(session, runtime)
    assert (len(spent), state.said) == (2, "run 119")
    with runtime.db.read() as session, counted_statements(runtime.db) as spent:
        page = pages_schedules.reports(session, runtime, "", 3)
    assert (len(spent), page.total, page.pages, [one.said for one in page.rows][-1]) == (2, 120, 3, "run 0")
