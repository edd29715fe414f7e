"""What sign-in keeps in memory: resolved keys for some seconds, uses of keys not yet written, who is trying right now."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import event, text
from sqlalchemy.orm import Session

from wildcore.services.actor import Actor

CACHE_SEC = 5.0
CACHE_KEYS = 10_000
LOOK_SEC = 1.0
USE_WRITE_SEC = 60
RIGHTS = "rights"
_BUMP = text(
    "INSERT INTO generations (key, value) VALUES (:key, 1) ON CONFLICT (key) DO UPDATE SET value = generations.value + 1"
)


@dataclass(frozen=True, slots=True)
class KnownKey:
    """A key as the database had it: whose it is, until when it lives (epoch), from where it works.

    `bound_ip` is the one address of the key, `networks` those allowed to its user ("" and () for any); they apply to
    `user_ip` when billing said where the employee sits.
    """

    actor: Actor
    expires_at: int
    bound_ip: str = ""
    networks: tuple[str, ...] = ()
    user_ip: str = ""


class KeyCache:
    """Keys by their hash, for `CACHE_SEC`; `clear_after_commit` in anything that changes what a key may.

    Other processes learn of a change by a counter in the database, at which each of them looks again before it uses a key that
    it knows, at most once in `LOOK_SEC`: `must_look`, then `looked`.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._known: dict[str, tuple[float, KnownKey]] = {}
        self._generation = 0
        self._stored = -1
        self._looked_at = float("-inf")
        self._lock = threading.Lock()

    @property
    def generation(self) -> int:
        """Changes with every `clear`: what was read before it must not be kept after it."""
        return self._generation

    @property
    def now(self) -> float:
        """The cache's clock, to take before a look."""
        return self._clock()

    def get(self, key_hash: str) -> KnownKey | None:
        """What is known of a key and still fresh."""
        found = self._known.get(key_hash)
        if found is None or self._clock() - found[0] > CACHE_SEC:
            return None
        return found[1]

    def must_look(self) -> bool:
        """Whether the database's counter is to be read before a known key is used."""
        return self._clock() - self._looked_at >= LOOK_SEC

    def looked(self, stored: int, at: float) -> None:
        """The database's counter, read after the time `at` of this cache's clock. Another value than before: forget all."""
        with self._lock:
            if stored > self._stored:
                self._stored = stored
                self._known.clear()
            self._looked_at = max(self._looked_at, at)

    def put(self, key_hash: str, known: KnownKey, generation: int, stored: int = -1) -> None:
        """Keep a key that was read while `generation` was current and the database's counter was `stored`.

        A read that a change overtook is dropped.
        """
        with self._lock:
            if generation != self._generation or stored != self._stored:
                return
            if len(self._known) >= CACHE_KEYS:
                self._known.clear()
            self._known[key_hash] = (self._clock(), known)

    def clear(self) -> None:
        """Forget everything."""
        with self._lock:
            self._generation += 1
            self._known.clear()

    def clear_after_commit(self, session: Session) -> None:
        """Forget everything, in all processes, as soon as the session's transaction is committed."""
        if session.info.get(RIGHTS):
            return
        session.info[RIGHTS] = True

        # The counter is written last of all, so that two transactions never wait for each other by it.
        def bump(changed: Session) -> None:
            changed.execute(_BUMP, {"key": RIGHTS})

        def forget(changed: Session) -> None:
            changed.info.pop(RIGHTS, None)
            self.clear()

        event.listen(session, "before_commit", bump, once=True)
        event.listen(session, "after_commit", forget, once=True)


@dataclass(frozen=True, slots=True)
class KeyUse:
    """The latest use of a key."""

    key_id: int
    user_id: int | None
    at: int
    ip: str
    client: str


class KeyUses:
    """Uses of keys, written together and each key at most once in `USE_WRITE_SEC`."""

    def __init__(self) -> None:
        self._waiting: dict[int, KeyUse] = {}
        self._written: dict[int, int] = {}
        self._lock = threading.Lock()

    def note(self, use: KeyUse) -> bool:
        """Remember a use; true when a write is due."""
        with self._lock:
            if use.at - self._written.get(use.key_id, 0) < USE_WRITE_SEC:
                return False
            due = not self._waiting
            self._waiting[use.key_id] = use
            return due

    def take(self) -> list[KeyUse]:
        """The uses to write now."""
        with self._lock:
            uses = list(self._waiting.values())
            self._waiting.clear()
            if len(self._written) > CACHE_KEYS:
                self._written.clear()
            self._written.update((use.key_id, use.at) for use in uses)
            return uses


class Turns:
    """One sign-in at a time for each pair of address and login: parallel guesses do not run ahead of their count."""

    def __init__(self) -> None:
        self._waiting: dict[tuple[str, str], tuple[asyncio.Semaphore, list[None]]] = {}

    def crowd(self, pair: tuple[str, str]) -> int:
        """How many have or wait for the pair's turn."""
        return len(self._waiting[pair][1]) if pair in self._waiting else 0

    @asynccontextmanager
    async def turn(self, pair: tuple[str, str], places: int = 1) -> AsyncIterator[None]:
        """Wait for the pair's turn; so many have it at once."""
        places_left, waiting = self._waiting.setdefault(pair, (asyncio.Semaphore(places), []))
        waiting.append(None)
        try:
            async with places_left:
                yield
        finally:
            waiting.pop()
            if not waiting:
                self._waiting.pop(pair, None)


class Seldom:
    """Lets the first events of a kind through and counts the rest, so that a loop cannot fill a log."""

    def __init__(self, allowed: int, window_sec: int, kinds: int = CACHE_KEYS) -> None:
        self._allowed, self._window_sec, self._kinds = allowed, window_sec, kinds
        self._seen: dict[Any, tuple[int, int, int]] = {}
        self._lock = threading.Lock()

    def let(self, kind: Any, now: int) -> int | None:
        """How many events of the kind were held back before this one; None when this one is held back too."""
        with self._lock:
            started, passed, held = self._seen.get(kind, (now, 0, 0))
            if now - started >= self._window_sec:
                started, passed = now, 0
            if passed >= self._allowed:
                self._seen[kind] = (started, passed, held + 1)
                return None
            if len(self._seen) >= self._kinds and kind not in self._seen:
                self._seen.pop(next(iter(self._seen)))
            self._seen[kind] = (started, passed + 1, 0)
            return held


@dataclass(slots=True)
class AuthState:
    """One process's memory of keys and sign-ins. `pause` waits between failed tries; `cached` holds the provider's keys."""

    keys: KeyCache = field(default_factory=KeyCache)
    uses: KeyUses = field(default_factory=KeyUses)
    turns: Turns = field(default_factory=Turns)
    failures: Seldom = field(default_factory=lambda: Seldom(30, 600))
    refusals: Seldom = field(default_factory=lambda: Seldom(1, 60))
    pause: Callable[[float], Awaitable[None]] = asyncio.sleep
    cached: dict[str, tuple[float, Any]] = field(default_factory=dict)
    writing: set[asyncio.Task[None]] = field(default_factory=set)
