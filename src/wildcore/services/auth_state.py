"""What sign-in keeps in memory: resolved keys for some seconds, uses of keys not yet written, failed attempts."""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field

from sqlalchemy import event
from sqlalchemy.orm import Session

from wildcore.services.actor import Actor

CACHE_SEC = 5.0
CACHE_KEYS = 10_000
USE_WRITE_SEC = 60
ATTEMPTS = 5
ATTEMPTS_WINDOW_SEC = 600
ATTEMPTS_PAIRS = 10_000


@dataclass(frozen=True, slots=True)
class KnownKey:
    """A key as the database had it: whose it is, until when it lives (epoch), and the one address it works from ("" any)."""

    actor: Actor
    expires_at: int
    bound_ip: str = ""


class KeyCache:
    """Keys by their hash, for `CACHE_SEC`. `clear` after the commit of anything that changes what a key may."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._known: dict[str, tuple[float, KnownKey]] = {}
        self._generation = 0
        self._lock = threading.Lock()

    @property
    def generation(self) -> int:
        """Changes with every `clear`: what was read before it must not be kept after it."""
        return self._generation

    def get(self, key_hash: str) -> KnownKey | None:
        """What is known of a key and still fresh."""
        found = self._known.get(key_hash)
        if found is None or self._clock() - found[0] > CACHE_SEC:
            return None
        return found[1]

    def put(self, key_hash: str, known: KnownKey, generation: int) -> None:
        """Keep a key that was read while `generation` was current; a read that a change overtook is dropped."""
        with self._lock:
            if generation != self._generation:
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
        """Forget everything as soon as the session's transaction is committed."""
        event.listen(session, "after_commit", lambda _session: self.clear(), once=True)


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


class Attempts:
    """Failed sign-ins by address and login. Five in ten minutes block the pair until the oldest is ten minutes old."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._failures: dict[tuple[str, str], deque[float]] = {}
        self._lock = threading.Lock()

    def wait_sec(self, ip: str, login: str) -> int:
        """Seconds until the pair may try again; 0 when it may now."""
        with self._lock:
            failures = self._fresh((ip, login))
            if len(failures) < ATTEMPTS:
                return 0
            return max(1, int(ATTEMPTS_WINDOW_SEC - (self._clock() - failures[0])) + 1)

    def failed(self, ip: str, login: str) -> None:
        """Count a failure."""
        with self._lock:
            if len(self._failures) >= ATTEMPTS_PAIRS:
                self._make_room()
            self._failures.setdefault((ip, login), deque(maxlen=ATTEMPTS)).append(self._clock())

    def succeeded(self, ip: str, login: str) -> None:
        """Forget the pair's failures."""
        with self._lock:
            self._failures.pop((ip, login), None)

    def _make_room(self) -> None:
        for pair in [pair for pair in self._failures if not self._fresh(pair)]:
            del self._failures[pair]
        while len(self._failures) >= ATTEMPTS_PAIRS:
            del self._failures[next(iter(self._failures))]

    def _fresh(self, pair: tuple[str, str]) -> deque[float]:
        failures = self._failures.get(pair, deque())
        while failures and self._clock() - failures[0] > ATTEMPTS_WINDOW_SEC:
            failures.popleft()
        return failures


@dataclass(slots=True)
class AuthState:
    """One process's memory of keys and sign-ins."""

    keys: KeyCache = field(default_factory=KeyCache)
    uses: KeyUses = field(default_factory=KeyUses)
    attempts: Attempts = field(default_factory=Attempts)
