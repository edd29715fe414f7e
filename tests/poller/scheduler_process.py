"""A scheduler as a process of its own: `python -m tests.poller.scheduler_process DATABASE FOLDER LEASE_SEC`.

It prints `ready`, begins when a line comes, and ends on SIGTERM. Its schedules are `job00` to `job39`: each makes a file of its
name, waits while there is a file `hold`, and takes its file away; a file that is there already means that two run at once.
"""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from functools import partial
from pathlib import Path

from sqlalchemy import text

from wildcore.services import schedule_runs
from wildcore.services.catalogue import Catalogue, ComponentInfo, Progress, Schedule
from wildcore.services.core_settings import CORE_SETTINGS
from wildcore.services.runtime import Runtime
from wildcore.services.secretbox import SecretBox
from wildcore.services.settings import Settings
from wildcore.store.db import Database
from wildcore.store.metrics import NullMetrics
from wildcore.transport.hub import DeviceHub
from wildcore.transport.icmp import Pinger
from wildcore.worker import Scheduler

KEYS = tuple(f"job{number:02}" for number in range(40))


async def job(key: str, folder: Path, runtime: Runtime, progress: Progress) -> str:
    """One piece of work; its summary is the process that did it."""
    with (folder / key).open("x"):
        progress("working", 1, 2)
    while (folder / "hold").exists():  # noqa: ASYNC110 - another process takes it away
        await asyncio.sleep(0.02)
    await runtime.db.run_read(lambda session: session.execute(text("SELECT 1")).scalar())
    (folder / key).unlink()
    return str(os.getpid())


def runtime_of(url: str, folder: Path) -> Runtime:
    """Real parts over a database that others use too."""
    db, box = Database(url, threads=4), SecretBox.from_directory(folder)
    schedules = tuple(Schedule(key, "0 4 * * *", partial(job, key, folder), key) for key in KEYS)
    catalogue = Catalogue(db, (ComponentInfo("jobs", "Jobs", "", True, True, (), (), schedules),))
    return Runtime(folder, db, Settings(db, box, CORE_SETTINGS), box, NullMetrics(), DeviceHub(), Pinger(), catalogue)


async def main(url: str, folder: Path, lease_sec: int) -> None:
    """Schedule until told to stop."""
    schedule_runs.LEASE_SEC, schedule_runs.PROGRESS_SEC = lease_sec, 0.1
    runtime = runtime_of(url, folder)
    sys.stdout.write("ready\n")
    sys.stdout.flush()
    await asyncio.to_thread(sys.stdin.readline)
    task = asyncio.create_task(Scheduler(runtime, look_sec=0.01).run())
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, task.cancel)
    await asyncio.wait({task})
    runtime.db.close()


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], Path(sys.argv[2]), int(sys.argv[3])))
