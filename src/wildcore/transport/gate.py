"""One device is asked one thing at a time, and a person does not wait for a poller's walk to end."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from enum import IntEnum


class Priority(IntEnum):
    """Who asks: people go before pollers."""

    PERSON = 0
    POLL = 1


class PriorityLock:
    """A lock handed over to the most important waiter, first come first served among equals."""

    def __init__(self) -> None:
        self._locked = False
        self._waiters: tuple[deque[asyncio.Future[None]], ...] = tuple(deque() for _ in Priority)

    @property
    def locked(self) -> bool:
        """Whether somebody holds it now."""
        return self._locked

    @property
    def waiting(self) -> int:
        """How many stand in line."""
        return sum(len(line) for line in self._waiters)

    def take(self) -> bool:
        """Takes the lock at once if it is free and nobody waits; the cheap way in for the usual case."""
        if self._locked:
            return False
        self._locked = True
        return True

    async def acquire(self, priority: Priority) -> None:
        """Waits for the lock. Cancellation is safe: a hand-over that nobody picks up goes to the next in line."""
        if self.take():
            return
        turn: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        line = self._waiters[priority]
        line.append(turn)
        try:
            await turn
        except asyncio.CancelledError:
            if turn.done() and not turn.cancelled():
                self.release()
            else:
                with suppress(ValueError):  # release() may have dropped it already
                    line.remove(turn)
            raise

    def release(self) -> None:
        """Hands the lock to the next in line, which holds it from this moment: nobody can slip in between."""
        for line in self._waiters:
            while line:
                turn = line.popleft()
                if not turn.done():
                    turn.set_result(None)
                    return
        self._locked = False


class DeviceGate:
    """Guards one device: `request` is held per request, `walk` for the length of one column.

    Two walks never run at once on a device. A walk holds `walk` throughout but `request` only while one of its GETBULKs is under
    way, so that a GET, and above all a person's, goes between two of them. Walks stand in line by the same priorities.
    """

    def __init__(self) -> None:
        self.requests = PriorityLock()
        self.walks = PriorityLock()

    @property
    def busy(self) -> bool:
        """Whether anybody holds or waits for the device."""
        return self.requests.locked or self.walks.locked

    @asynccontextmanager
    async def request(self, priority: Priority) -> AsyncIterator[None]:
        """Holds the device for one request."""
        await self.requests.acquire(priority)
        try:
            yield
        finally:
            self.requests.release()

    @asynccontextmanager
    async def walk(self, priority: Priority) -> AsyncIterator[None]:
        """Holds the right to walk the device."""
        await self.walks.acquire(priority)
        try:
            yield
        finally:
            self.walks.release()
