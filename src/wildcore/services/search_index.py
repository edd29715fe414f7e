"""Upkeep of the text indexes of the global search, a little at a time so that no writer waits for long."""

from __future__ import annotations

from functools import partial

from wildcore.services.runtime import Runtime
from wildcore.store import search as store


async def catch_up(runtime: Runtime) -> None:
    """Index what a sync left."""
    done = await runtime.db.run_write(store.index_queued)
    while done:
        done = await runtime.db.run_write(store.index_queued)


async def tidy(runtime: Runtime) -> None:
    """Bring the parts of each index together: every search looks into all of them, and writing makes new ones."""
    for index in store.INDEXES:
        begin = True
        while await runtime.db.run_write(partial(store.merge_index, index=index, begin=begin)):
            begin = False
