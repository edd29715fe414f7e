"""The background shell: polls, schedules and jobs claimed by lease."""

from __future__ import annotations

import asyncio
import gc
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from wildcore.services.runtime import Runtime
from wildcore.worker.housekeeping import housekeeping
from wildcore.worker.log_level import follow_log_level
from wildcore.worker.polls import Worker
from wildcore.worker.scheduler import Scheduler
from wildcore.worker.watch import Watch

__all__ = ["Scheduler", "Watch", "Worker", "background", "calm_collector"]

log = logging.getLogger(__name__)


def calm_collector() -> None:
    """Let Python look for reference cycles less often: polls make many small objects and hardly any cycle.

    Measured on a poll of 1024 ONUs: a quarter of its CPU time went into looking.
    """
    gc.set_threshold(50_000, 20, 20)


@asynccontextmanager
async def background(runtime: Runtime) -> AsyncIterator[None]:
    """Poll, watch, schedule and keep house within the block; at its end all of it stops and gives its leases back.

    Raises ConfigurationError at once when another process holds the metric history.
    """
    await asyncio.to_thread(runtime.metrics.flush)
    calm_collector()
    tasks = [
        asyncio.create_task(Worker(runtime).run(), name="poller"),
        asyncio.create_task(Watch(runtime).run(), name="watch"),
        asyncio.create_task(Scheduler(runtime).run(), name="scheduler"),
        asyncio.create_task(housekeeping(runtime), name="housekeeping"),
        asyncio.create_task(follow_log_level(runtime), name="log level"),
    ]
    for task in tasks:
        task.add_done_callback(_tell)
    try:
        yield
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


def _tell(task: asyncio.Task[None]) -> None:
    if not task.cancelled() and task.exception() is not None:
        log.critical("The %s has stopped", task.get_name(), exc_info=task.exception())
