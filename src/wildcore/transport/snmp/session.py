"""A conversation with one device: the same calls for every version of SNMP."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Awaitable, Callable, Sequence
from types import TracebackType
from typing import Protocol, Self

from wildcore.errors import DeviceRefused, ValidationFailed
from wildcore.transport.gate import Priority
from wildcore.transport.snmp.device import DeviceState
from wildcore.transport.snmp.problems import NO_SUCH_NAME, Malformed, Problem, Refused, Silence, device_error
from wildcore.transport.snmp.types import (
    EXCEPTIONS,
    Limits,
    Oid,
    SessionStats,
    SnmpTarget,
    Tag,
    Value,
    Varbind,
    Varbinds,
    Walk,
    as_oid,
    oid_text,
)
from wildcore.transport.snmp.walk import Rules, Step, VarbindStep, run_walk

GET_CHUNK = 25

Binding = tuple[Oid | str, Tag, Value]


class SnmpSession(Protocol):
    """What drivers and tools see of a device. Errors are DeviceUnreachable, DeviceAnswerError and DeviceRefused."""

    @property
    def target(self) -> SnmpTarget:
        """Whom it talks to."""
        ...

    @property
    def stats(self) -> SessionStats:
        """What it has cost so far."""
        ...

    async def get(self, *oids: Oid | str) -> dict[Oid, Value]:
        """The objects that exist; those the device does not have are absent."""
        ...

    async def column(self, oid: Oid | str) -> Walk:
        """One column of a table. Raises only if not even the first request is answered, or the device denies the user."""
        ...

    async def walk(self, oid: Oid | str) -> Walk:
        """Any subtree, under the same rules as `column`."""
        ...

    async def varbinds(self, oid: Oid | str) -> Varbinds:
        """Any subtree with its tags, for display; if there is none, the object of that very name."""
        ...

    async def set(self, *bindings: Binding) -> None:
        """Writes all of them in one request, in order. Raises DeviceRefused if the device says no."""
        ...

    async def __aenter__(self) -> Self: ...

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None: ...


class BaseSession(ABC):
    """What the versions have in common; a subclass supplies one try of each request."""

    def __init__(self, target: SnmpTarget, device: DeviceState, priority: Priority, limits: Limits) -> None:
        self.target = target
        self.stats = SessionStats()
        self._device = device
        self._priority = priority
        self._limits = limits

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        """Forgets nothing and closes nothing: sockets belong to the hub, which closes those that nobody uses."""
        return

    @abstractmethod
    def _get_once(self, oids: Sequence[Oid]) -> Callable[[], Awaitable[list[Varbind]]]:
        """One GET; what is returned makes one try of it."""

    @abstractmethod
    async def _next_once(self, after: Oid, repetitions: int) -> list[Varbind]:
        """One try of GETBULK or GETNEXT."""

    @abstractmethod
    def _set_once(self, bindings: Sequence[Varbind]) -> Callable[[], Awaitable[None]]:
        """One SET; what is returned makes one try of it."""

    def _where(self, what: str) -> str:
        return f"{self.target.host}:{self.target.port} {what}"

    async def _repeat(self, once: Callable[[], Awaitable[list[Varbind] | None]]) -> list[Varbind]:
        for left in reversed(range(self.target.repeats)):
            try:
                return await once() or []
            except (Silence, Malformed) as problem:
                if not left or (isinstance(problem, Silence) and problem.closed):
                    raise
        raise AssertionError("repeats is at least 1")

    async def get(self, *oids: Oid | str) -> dict[Oid, Value]:
        """See SnmpSession."""
        wanted = list(dict.fromkeys(as_oid(name) for name in oids))
        chunks = [wanted[at : at + GET_CHUNK] for at in range(0, len(wanted), GET_CHUNK)][::-1]
        found: dict[Oid, Value] = {}
        while chunks:
            chunk = chunks.pop()
            try:
                answer = await self._repeat(self._get_once(chunk))
                if [row.oid for row in answer] != chunk:
                    raise Malformed("an answer about other objects than those asked for came")
            except Refused as problem:
                chunks += self._without(chunk, problem)
                continue
            except Problem as problem:
                raise device_error(problem, self._where(f"get {oid_text(chunk[0])}")) from None
            found.update((row.oid, row.value) for row in answer if row.tag not in EXCEPTIONS)
        return found

    def _without(self, chunk: list[Oid], problem: Refused) -> list[list[Oid]]:
        """What to ask instead, so that one bad object does not hide the others."""
        if problem.status == NO_SUCH_NAME and 1 <= problem.index <= len(chunk):
            rest = chunk[: problem.index - 1] + chunk[problem.index :]
            return [rest] if rest else []
        if len(chunk) > 1:
            half = len(chunk) // 2
            return [chunk[half:], chunk[:half]]
        if problem.status == NO_SUCH_NAME:
            return []
        raise device_error(problem, self._where(f"get {oid_text(chunk[0])}")) from None

    async def _walk(self, step: Step, base: Oid) -> str | None:
        rules = Rules(self._limits, self.target.repeats, self.target.max_repetitions, self.target.version == "1")
        async with self._device.gate.walk(self._priority):
            try:
                return await run_walk(step, rules, self._device.bulk, self.stats)
            except Problem as problem:
                raise device_error(problem, self._where(f"walk {oid_text(base)}")) from None

    async def column(self, oid: Oid | str) -> Walk:
        """See SnmpSession."""
        return await self.walk(oid)

    async def walk(self, oid: Oid | str) -> Walk:
        """See SnmpSession."""
        base = as_oid(oid)
        step = VarbindStep(base, self._next_once)
        problem = await self._walk(step, base)
        skip = len(base)
        return Walk([(row.oid[skip:], row.value) for row in step.rows], problem is None, problem)

    async def varbinds(self, oid: Oid | str) -> Varbinds:
        """See SnmpSession."""
        base = as_oid(oid)
        step = VarbindStep(base, self._next_once)
        problem = await self._walk(step, base)
        rows = step.rows
        if not rows and problem is None:
            try:
                rows = [row for row in await self._repeat(self._get_once([base])) if row.tag not in EXCEPTIONS]
            except Refused:
                rows = []
            except Problem as trouble:
                raise device_error(trouble, self._where(f"get {oid_text(base)}")) from None
        found = Varbinds(rows)
        found.complete, found.problem = problem is None, problem
        return found

    async def set(self, *bindings: Binding) -> None:
        """See SnmpSession."""
        rows = [Varbind(as_oid(name), tag, value) for name, tag, value in bindings]
        if self.target.version != "3" and not self.target.write_community:
            raise DeviceRefused(self._where("set: no write community is configured"))
        try:
            once = self._set_once(rows)
        except ValueError as error:
            raise ValidationFailed(f"set: {error}") from None
        tries = 0

        async def counted() -> None:
            nonlocal tries
            tries += 1
            await once()

        try:
            await self._repeat(counted)
        except Refused as problem:
            blamed = f" {oid_text(rows[problem.index - 1].oid)}" if 1 <= problem.index <= len(rows) else ""
            refusal = device_error(problem, self._where(f"set{blamed}"))
            if tries > 1:
                refusal = DeviceRefused(f"{refusal.description}; an earlier try went unanswered and may have been applied")
            raise refusal from None
        except Problem as problem:
            raise device_error(problem, self._where(f"set {oid_text(rows[0].oid)}")) from None
