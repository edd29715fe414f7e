"""The course of a walk, whatever protocol carries it: how much to ask for, when to try again, when to stop and why."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Protocol

from wildcore.transport.snmp.problems import (
    NO_SUCH_NAME,
    TOO_BIG,
    Malformed,
    OutOfOrder,
    Problem,
    Refused,
    Silence,
)
from wildcore.transport.snmp.types import EXCEPTIONS, Limits, Oid, SessionStats, Tag, Varbind, oid_text

PATIENCE = 10
MAX_PATIENCE = 640


class BulkSize:
    """What a device has shown it can answer: the largest max-repetitions worth asking for.

    Too much asked shows as tooBig, as a cut answer, or as silence (the device's buffer, a lost fragment, a hung agent). What
    worked after that is remembered. As silence may have been plain loss, the size doubles again after some walks without
    trouble; each further failure doubles that patience.
    """

    def __init__(self) -> None:
        self.limit: int | None = None
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
    deadline = loop.time() + rules.limits.seconds
    byte_limit = stats.bytes + rules.limits.bytes
    asked = size = bulk.size(rules.repetitions)
    failures = 0
    shrunk = answered = False
    while True:
        before = step.count
        try:
            await step.ask(size)
            if step.count == before and not step.done:
                raise Malformed("an answer without variables came")
        except Problem as problem:
            if isinstance(problem, Refused) and problem.status == NO_SUCH_NAME and rules.end_by_name:
                return None
            if not isinstance(problem, Silence):
                answered = True
            failures += 1
            if isinstance(problem, Refused) and problem.status == TOO_BIG and size > 1:
                failures = 0  # no failure, an answer: ask for less until one row is left
            elif _final(problem) or failures >= rules.repeats:
                if not answered:
                    raise
                if shrunk:
                    bulk.shrank_to(size)
                return f"{problem} (after {step.count} rows)"
            if size > 1:
                size //= 2
                shrunk = True
            continue
        answered = True
        failures = 0
        if shrunk and size < asked:
            bulk.shrank_to(size)
            asked = size
        if step.done:
            if not shrunk:
                bulk.walked()
            return None
        if step.count >= rules.limits.rows:
            return f"cut off at {step.count} rows"
        if stats.bytes >= byte_limit:
            return f"cut off after {rules.limits.bytes} bytes"
        if loop.time() >= deadline:
            return f"cut off after {rules.limits.seconds:g} s and {step.count} rows"


def _final(problem: Problem) -> bool:
    """Whether asking again, or for less, is pointless."""
    if isinstance(problem, Silence):
        return problem.closed
    if isinstance(problem, Refused):
        return problem.status != TOO_BIG
    return isinstance(problem, OutOfOrder) or not isinstance(problem, Malformed)
