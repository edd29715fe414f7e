"""Several schedulers as real processes on one database: each run is done once, and what a dead one left is taken over once."""

from __future__ import annotations

import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest
from sqlalchemy import delete, insert, select, update

from tests.poller.scheduler_process import KEYS
from wildcore.store.db import Database
from wildcore.store.tables import ScheduleRow, ScheduleRun

CRON, ASKED = KEYS[:30], KEYS[30:]
WAVES = 4


@contextmanager
def scheduler(url: str, folder: Path, lease_sec: int = 60) -> Iterator[subprocess.Popen[str]]:
    """A scheduler that begins when told to."""
    command = [sys.executable, "-m", "tests.poller.scheduler_process", url, str(folder), str(lease_sec)]
    process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    try:
        yield process
    finally:
        process.terminate()
        process.communicate(timeout=30)


def go(*processes: subprocess.Popen[str]) -> None:
    """Let schedulers begin together, once all of them are ready."""
    for process in processes:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
    for process in processes:
        assert process.stdin is not None
        process.stdin.write("\n")
        process.stdin.flush()


def eventually(condition: Callable[[], bool], seconds: float = 60) -> None:
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "it never came"
        time.sleep(0.02)


def runs(db: Database, key: str = "") -> list[tuple[str, str, str, str]]:
    """Key, trigger, result and output of runs, oldest first."""
    query = select(ScheduleRun.key, ScheduleRun.trigger, ScheduleRun.result, ScheduleRun.output).order_by(ScheduleRun.id)
    with db.read() as session:
        return [
            (row[0], row[1], row[2], row[3]) for row in session.execute(query.where(ScheduleRun.key == key) if key else query)
        ]


def make_due(db: Database, *keys: str, asked: tuple[str, ...] = ()) -> None:
    """Some are late by days, some were asked for by a person."""
    with db.write() as session:
        session.execute(
            update(ScheduleRow).where(ScheduleRow.key.in_(keys)).values(enabled=True, next_at=int(time.time()) - 250_000)
        )
        new = {"trigger": "admin", "started_at": 1, "result": "queued", "progress": "", "output": ""}
        if asked:
            session.execute(insert(ScheduleRun), [{"key": key, **new} for key in asked])


@pytest.fixture
def stored(db: Database) -> Database:
    """A database whose schedules are known and off."""
    with db.write() as session:
        session.execute(delete(ScheduleRow))
        session.execute(insert(ScheduleRow), [{"key": key, "crontab": "0 4 * * *", "enabled": False} for key in KEYS])
    return db


def test_three_schedulers_do_each_run_once(stored: Database, db_url: str, tmp_path: Path) -> None:
    with ExitStack() as stack:
        processes = [stack.enter_context(scheduler(db_url, tmp_path)) for _number in range(3)]
        for wave in range(1, WAVES + 1):
            make_due(stored, *CRON, asked=ASKED)
            if wave == 1:
                go(*processes)
            wanted = wave * len(KEYS)
            eventually(lambda wanted=wanted: sum(one[2] in ("ok", "error") for one in runs(stored)) >= wanted)  # type: ignore[misc]
    done = runs(stored)
    assert {one[2:] for one in done if one[2] != "ok"} == set()
    assert Counter((key, trigger) for key, trigger, _result, _output in done) == Counter(
        {**{(key, "cron"): WAVES for key in CRON}, **{(key, "admin"): WAVES for key in ASKED}}
    )
    assert len({one[3] for one in done}) > 1, "one scheduler did all the work: nobody raced"
    with stored.read() as session:
        assert session.scalars(select(ScheduleRow.lease_owner).distinct()).all() == [None]


def test_what_a_stopped_or_killed_scheduler_left_is_made_up_once(stored: Database, db_url: str, tmp_path: Path) -> None:
    stopped, killed, hold = CRON[0], CRON[1], tmp_path / "hold"
    hold.touch()
    with ExitStack() as stack:
        first, second, third = (stack.enter_context(scheduler(db_url, tmp_path, lease)) for lease in (60, 3, 60))
        make_due(stored, stopped, asked=(ASKED[0],))
        go(first)
        eventually(lambda: (tmp_path / stopped).exists() and (tmp_path / ASKED[0]).exists())
        first.terminate()
        assert first.wait(30) == 0
        told = "Interrupted: the program was stopped"
        assert sorted(runs(stored)) == [(stopped, "cron", "error", told), (ASKED[0], "admin", "error", told)]
        for left in (tmp_path / stopped, tmp_path / ASKED[0], hold):
            left.unlink()
        go(second)  # what the clock had started is made up, what a person had started is theirs to start again
        eventually(lambda: [one[2] for one in runs(stored, stopped)] == ["error", "ok"])
        assert len(runs(stored, ASKED[0])) == 1

        hold.touch()
        make_due(stored, killed)
        eventually((tmp_path / killed).exists)
        go(third)
        second.kill()
        second.wait()
        assert runs(stored, killed) == [(killed, "cron", "running", "")]
        for left in (tmp_path / killed, hold):
            left.unlink()
        eventually(lambda: [one[2] for one in runs(stored, killed)] == ["error", "ok"])
        assert runs(stored, killed) == [
            (killed, "cron", "error", "Interrupted: the process ended"),
            (killed, "retry", "ok", str(third.pid)),
        ]
