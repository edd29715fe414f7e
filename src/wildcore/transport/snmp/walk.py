"""The course of a walk, whatever protocol carries it: how much to ask for, when to try again, when to stop and why."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Protocol

from wildcore.transport.snmp.problems import (
    NO_SUCH_NAME,
    TOO_BIG,
    Denied,
    Malformed,
    OutOfOrder,
    Problem,
    Refused,
    Silence,
)
from wildcore.transport.snmp.types import EXCEPTIONS, Limits, Oid, SessionStats, Tag, Varbind, oid_text

PATIENCE = 10
MAX_PATIENCE = 640
STRIKES = 2


class BulkSize:
    """What a device has shown it can answer: the largest max-repetitions worth asking for.

    Too much asked shows as tooBig, as a cut answer, or as silence (the device's buffer, a lost fragment, a hung agent). What
    worked after that is remembered. As it may have been plain loss after all, the size doubles again after some walks without
    trouble; each further failure doubles that patience.
    """

    def __init__(self) -> None:
        self.limit: int | None = None
        self.alive = False  # it has answered since the last time it did not
        self._clean = 0
        self._patience = PATIENCE

    def size(self, wanted: int) -> int:
        """What to ask for now, at most `wanted`."""
        return wanted if self.limit is None else min(wanted, self.limit)

    def shrank_to(self, size: int) -> None:
        """A walk went on, or was given up, at this size after a larger one had failed."""
        if self.limit is not None:
            self._patience = min(self._patience * 2, MAX_PATIENCE)
        self.limit = max(1, size)
        self._clean = 0

    def walked(self) -> None:
        """A walk passed without trouble."""
        if self.limit is None:
            return
        self._clean += 1
        if self._clean >= self._patience:
            self.limit *= 2
            self._clean = 0


class Step(Protocol):
    """A walk's position: asks once for what follows and takes it in."""

    @property
    def done(self) -> bool:
        """Whether the subtree has ended."""
        ...

    @property
    def count(self) -> int:
        """Rows so far."""
        ...

    async def ask(self, repetitions: int) -> None:
        """One try. Raises Problem."""
        ...


class VarbindStep:
    """A walk that keeps tags, over any protocol that can fetch what follows an OID."""

    def __init__(self, base: Oid, fetch: Callable[[Oid, int], Awaitable[list[Varbind]]]) -> None:
        self.base = base
        self.rows: list[Varbind] = []
        self.done = False
        self._fetch = fetch

    @property
    def count(self) -> int:
        """Rows so far."""
        return len(self.rows)

    async def ask(self, repetitions: int) -> None:
        """One try; the checks are those of `bulk.Column`."""
        base = self.base
        last = self.rows[-1].oid if self.rows else base
        for row in await self._fetch(last, repetitions):
            if row.tag == Tag.END_OF_MIB_VIEW:
                self.done = True
                return
            if row.tag in EXCEPTIONS:
                raise Malformed(f"{Tag(row.tag).name.replace('_', ' ').lower()} came where only the end of the MIB may come")
            if row.oid <= last:
                raise OutOfOrder(f"after {oid_text(last)} came {oid_text(row.oid)}: the device loops")
            if row.oid[: len(base)] != base:
                self.done = True
                return
            self.rows.append(row)
            last = row.oid


@dataclass(slots=True)
class Rules:
    """What governs one walk; `end_by_name` is v1, where noSuchName is how a MIB ends."""

    limits: Limits
    repeats: int
    repetitions: int
    end_by_name: bool = False


async def run_walk(step: Step, rules: Rules, bulk: BulkSize, stats: SessionStats) -> str | None:
    """Walks to the end; returns None if the walk is complete, else what cut it.

    Raises Silence or another Problem only if not even the first request was answered.
    """
    loop = asyncio.get_running_loop()
    limits = rules.limits
    deadline = loop.time() + limits.seconds
    byte_limit = stats.bytes + limits.bytes
    course = _Course(rules, bulk)
    while not step.done:
        before = step.count
        try:
            await step.ask(course.size)
            if step.count == before and not step.done:
                raise Malformed("an answer without variables came")
        except Problem as problem:
            if isinstance(problem, Refused) and problem.status == NO_SUCH_NAME and rules.end_by_name:
                return None
            if course.give_up(problem):
                return f"{problem} (after {step.count} rows)"
        else:
            course.went_on(step.count - before)
        if step.count >= limits.rows and not step.done:
            return f"cut off at {step.count} rows"
        if stats.bytes >= byte_limit:
            return f"cut off after {limits.bytes} bytes"
        if loop.time() >= deadline:
            return f"cut off after {limits.seconds:g} s and {step.count} rows"
    course.ended()
    return None


class _Course:
    """How much to ask for next, and whether to go on at all.

    tooBig and broken answers are evidence: the smaller size that works is kept. Silence may be plain loss: only when the full
    size has stayed unanswered at two positions in a row, while less was answered, is it believed to be the reason.
    """

    def __init__(self, rules: Rules, bulk: BulkSize) -> None:
        self._bulk = bulk
        self._repeats = rules.repeats
        self._failures = 0
        self._strikes = 0
        self._answered = self._proven = False
        self._clean = True
        self._normal = self.size = bulk.size(rules.repetitions)

    def give_up(self, problem: Problem) -> bool:
        """Takes note of a failed try. Raises it if the device has not answered at all yet."""
        self._clean = False
        if not isinstance(problem, (Silence, Denied)):
            self._answered = self._proven = True
        if isinstance(problem, Refused) and problem.status == TOO_BIG and self.size > 1:
            self._failures = 0  # the device lives: ask for less until one row is left
        else:
            self._failures += 1
            if _final(problem) or self._failures >= self._repeats:
                if self.size < self._normal and (self._answered or self._bulk.alive):
                    self._bulk.shrank_to(self.size)
                self._bulk.alive = False
                if not self._answered:
                    raise problem
                return True
        self.size = max(1, self.size // 2)
        return False

    def went_on(self, gained: int) -> None:
        """An answer brought rows."""
        self._answered = self._bulk.alive = True
        self._failures = 0
        if self.size < self._normal and gained <= self.size:
            self._strikes += 1
            if self._proven or self._strikes >= STRIKES:
                self._normal = self.size
                self._bulk.shrank_to(self.size)
                self._strikes = 0
        else:  # the full size works; a late answer to the first try proves it too
            self._strikes = 0
        self._proven = False
        self.size = self._normal

    def ended(self) -> None:
        """The walk is complete."""
        if self._clean:
            self._bulk.walked()


def _final(problem: Problem) -> bool:
    """Whether asking again, or for less, is pointless."""
    if isinstance(problem, Silence):
        return problem.closed
    return isinstance(problem, OutOfOrder) or not isinstance(problem, Malformed)
