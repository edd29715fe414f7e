"""Whose are the ONUs that a poller has just found? Billing is asked in the background, one ONU after the other, beside the polls.

An ONU that a technician has just put up is known to billing before the next sync. Only so many wait; what comes beyond is left to
the page that shows it and to the sync.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Iterable

from wildcore.services import subscriber_lookup
from wildcore.services.runtime import Runtime

log = logging.getLogger(__name__)

MOST_WAITING = 200
PAUSE_SEC = 1.0


class Newcomers:
    """Idents that wait to be asked about, each once; at most `most`, one question in `pause_sec`."""

    def __init__(self, runtime: Runtime, *, most: int = MOST_WAITING, pause_sec: float = PAUSE_SEC) -> None:
        self._runtime = runtime
        self._most = most
        self._pause_sec = pause_sec
        self._waiting: dict[str, None] = {}
        self._came = asyncio.Event()

    @property
    def waiting(self) -> int:
        """How many wait."""
        return len(self._waiting)

    def offer(self, idents: Iterable[str]) -> None:
        """Take these in, as far as there is room and a billing to ask; returns at once."""
        for ident in idents:
            if len(self._waiting) >= self._most:
                break
            if subscriber_lookup.due(self._runtime, ident):
                self._waiting[ident] = None
                self._came.set()

    async def run(self) -> None:
        """Ask until cancelled."""
        while True:
            await self._came.wait()
            while self._waiting:
                ident = next(iter(self._waiting))
                del self._waiting[ident]
                try:
                    asked = await self._ask(ident)
                except Exception:
                    log.exception("The look-up of a new ONU failed, it goes on")
                    asked = True
                if asked:
                    await asyncio.sleep(self._pause_sec)
            self._came.clear()

    async def _ask(self, ident: str) -> bool:
        """Whether billing was asked: the sync, or somebody who looked at the ONU, may have been quicker."""
        runtime = self._runtime
        if not subscriber_lookup.due(runtime, ident):
            return False
        if not await runtime.db.run_read(lambda session: subscriber_lookup.nobody_claims(session, ident)):
            return False
        await subscriber_lookup.look_up(runtime, ident)
        return True
