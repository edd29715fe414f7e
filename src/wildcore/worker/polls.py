"""The poller: claims due polls by lease and runs them, several devices at once, never two polls of one device at once.

Each device is a task of its own: a slow or silent one holds only its own slot, for as long as its timeouts say. At most a quarter
of the slots go to devices of which a poll failed last time, so that dead devices never hold up the living.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import time
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from wildcore.services import polling, polling_leases
from wildcore.services.device_status import DOWN, UP, write_statuses
from wildcore.services.pollers import sync_polls
from wildcore.services.polling_leases import Claimed, Finished
from wildcore.services.runtime import Runtime
from wildcore.store.tables import Device
from wildcore.worker.newcomers import Newcomers

log = logging.getLogger(__name__)

LOOK_SEC = 1.0
SYNC_SEC = 60.0


@dataclass(frozen=True, slots=True)
class _State:
    enabled: bool
    status: str


class Worker:
    """Polls whatever is due until it is cancelled; then it ends running requests and gives its leases back."""

    def __init__(self, runtime: Runtime, *, look_sec: float = LOOK_SEC, newcomers: Newcomers | None = None) -> None:
        self._runtime = runtime
        self._look_sec = look_sec
        self._tasks: dict[int, asyncio.Task[None]] = {}
        self._failing: set[int] = set()
        self._free = asyncio.Event()
        self._owner = polling.new_owner()
        self._synced = float("-inf")
        self._newcomers = newcomers or Newcomers(runtime)

    @property
    def busy(self) -> frozenset[int]:
        """Ids of the devices that are polled now."""
        return frozenset(self._tasks)

    async def run(self) -> None:
        """Poll until cancelled."""
        asking = asyncio.create_task(self._newcomers.run(), name="new ONUs")
        async with polling.renewed(self._runtime, self._owner):
            try:
                while True:
                    await self._round()
                    self._free.clear()
                    with contextlib.suppress(TimeoutError):
                        await asyncio.wait_for(self._free.wait(), self._look_sec)
            finally:
                asking.cancel()
                for task in self._tasks.values():
                    task.cancel()
                await asyncio.gather(asking, *self._tasks.values(), return_exceptions=True)

    async def _round(self) -> None:
        runtime, db = self._runtime, self._runtime.db
        try:
            if time.monotonic() - self._synced >= SYNC_SEC:
                await db.run_write(lambda session: sync_polls(session, runtime))
                self._synced = time.monotonic()
            slots = int(runtime.settings.get("POLLER_COUNT_PROCS"))
            room = slots - len(self._tasks)
            if room <= 0:
                return
            failing = min(room, max(1, slots // 4) - len(self._failing))
            now = runtime.now()
            due = await db.run_read(lambda session: polling_leases.next_due(session, now))
            if due is None or due > now:
                return
            claimed = await db.run_write(lambda session: polling_leases.claim(session, self._owner, now, room, failing))
            for device_id, claims in claimed.items():
                self._start(device_id, claims)
        except Exception:
            log.exception("Claiming polls failed, it goes on")

    def _start(self, device_id: int, claims: list[Claimed]) -> None:
        def done(_task: asyncio.Task[None]) -> None:
            self._tasks.pop(device_id, None)
            self._failing.discard(device_id)
            self._free.set()

        task = asyncio.create_task(self._poll(device_id, claims), name=f"poll {device_id}")
        self._tasks[device_id] = task
        if any(one.failed for one in claims):
            self._failing.add(device_id)
        task.add_done_callback(done)

    async def _poll(self, device_id: int, claims: list[Claimed]) -> None:
        try:
            state = await self._runtime.db.run_read(lambda session: _state(session, device_id))
            if state is None or not state.enabled:
                ids = [one.poll_id for one in claims]
                await self._runtime.db.run_write(lambda session: polling_leases.release(session, self._owner, ids))
            elif state.status == DOWN and self._runtime.settings.get("POLLER_IGNORE_DOWN"):
                for one in claims:
                    skipped = Finished(polling.DOWN)
                    await polling.conclude(self._runtime, self._owner, one, skipped, self._runtime.now())
            else:
                outcomes = await polling.run_claims(self._runtime, self._owner, claims)
                self._newcomers.offer(ident for outcome in outcomes for ident in sorted(outcome.new_idents))
                if state.status != UP and any(outcome.modules for outcome in outcomes):
                    await self._runtime.db.run_write(
                        lambda session: write_statuses(session, {device_id: UP}, self._runtime.now())
                    )
        except Exception:
            log.exception("Polling device %d failed", device_id)


def _state(session: Session, device_id: int) -> _State | None:
    row = session.execute(select(Device.enabled, Device.status).where(Device.id == device_id)).one_or_none()
    return None if row is None else _State(*row)
