"""What sign-in keeps in memory."""

from __future__ import annotations

from wildcore.services.actor import Actor
from wildcore.services.auth_state import (
    CACHE_SEC,
    KeyCache,
    KeyUse,
    KeyUses,
    KnownKey,
)

KNOWN = KnownKey(Actor(1, "login"), expires_at=10**10)


class Clock:
    now = 1000.0

    def __call__(self) -> float:
        return self.now


def test_a_key_is_kept_for_some_seconds_and_cleared_at_once() -> None:
    clock = Clock()
    cache = KeyCache(clock)
    cache.put("a", KNOWN, cache.generation)
    clock.now += CACHE_SEC
    assert cache.get("a") is KNOWN
    clock.now += 0.1
    assert cache.get("a") is None
    cache.put("a", KNOWN, cache.generation)
    cache.clear()
    assert cache.get("a") is None


def test_what_was_read_before_a_revocation_is_not_kept_after_it() -> None:
    cache = KeyCache()
    before = cache.generation
    cache.clear()
    cache.put("a", KNOWN, before)
    assert cache.get("a") is None


def test_uses_are_written_together_and_once_a_minute() -> None:
    uses = KeyUses()
    assert uses.note(KeyUse(1, 1, 1000, "ip", "client"))
    assert not uses.note(KeyUse(2, 1, 1001, "ip", "client"))
    assert [use.key_id for use in uses.take()] == [1, 2]
    assert not uses.note(KeyUse(1, 1, 1059, "ip", "client"))
    assert uses.take() == []
    assert uses.note(KeyUse(1, 1, 1060, "ip", "client"))
