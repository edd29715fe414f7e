"""How an agent misbehaves when told to: slow, lossy, silent, or broken in the ways seen in the field."""

from __future__ import annotations

import random
from dataclasses import dataclass, field
from enum import Enum


class Broken(Enum):
    """Broken answers, by what is wrong with them."""

    WRONG_REQUEST_ID = "wrong request id"
    WRONG_COMMUNITY = "wrong community"
    WRONG_VERSION = "wrong version"
    TRUNCATED = "cut off"
    TRAILING = "bytes behind the end"
    GARBAGE = "no SNMP at all"
    NON_INCREASING = "the same names again"
    LOOP = "wraps to the start of the table"
    ENDLESS = "a table without an end"
    GEN_ERR = "genErr"
    EMPTY = "no variables"
    NO_SUCH_INSTANCE = "noSuchInstance instead of a successor"


@dataclass(slots=True)
class Behaviour:
    """May be changed while the agent runs.

    `loss` (0..1) is the share of requests that are ignored, drawn from a generator seeded with `seed`. `broken` begins
    after `broken_after` requests and ends after `broken_count` broken answers, if set. GETBULKs for more than
    `too_big_over` repetitions get tooBig, for more than `hang_over` nothing at all (ZTE C300 2.1).
    """

    delay_sec: float = 0.0
    loss: float = 0.0
    seed: int = 1
    silent: bool = False
    v1_only: bool = False
    broken: Broken | None = None
    broken_after: int = 0
    broken_count: int | None = None
    too_big_over: int | None = None
    hang_over: int | None = None
    _random: random.Random | None = field(default=None, repr=False)

    def lost(self) -> bool:
        """Whether this request is to be ignored."""
        if not self.loss:
            return False
        if self._random is None:
            self._random = random.Random(self.seed)
        return self._random.random() < self.loss

    def fault(self, requests: int) -> Broken | None:
        """What is wrong with the answer to the request of this number, counted from 0."""
        if self.broken is None or requests < self.broken_after:
            return None
        if self.broken_count is not None:
            if self.broken_count <= 0:
                return None
            self.broken_count -= 1
        return self.broken
