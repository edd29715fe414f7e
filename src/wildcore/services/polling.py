"""Ask a device what a poller wants to know, and write each answer as it comes: network I/O and transactions never overlap."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import time
import uuid
from collections.abc import AsyncIterator, Collection, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from wildcore.drivers.base import Driver
from wildcore.drivers.registry import call
from wildcore.errors import BadRequest, Conflict, DeviceError, DeviceUnreachable, WildcoreError
from wildcore.i18n import gettext
from wildcore.model.answer import Answer
from wildcore.model.interface import Interface, InterfaceType
from wildcore.services import call_log, polling_leases
from wildcore.services.applying import Applied, apply, record_failure
from wildcore.services.device_sessions import DeviceTarget, load_target, modules_of, open_driver
from wildcore.services.edges import uplink_macs
from wildcore.services.pollers import POLLERS, next_time, request_polls, sync_polls
from wildcore.services.polling_leases import LEASE_SEC, Claimed, Finished
from wildcore.services.runtime import Runtime
from wildcore.store.tables import Device, Poll
from wildcore.store.tables import Interface as InterfaceRow
from wildcore.transport.gate import Priority

log = logging.getLogger(__name__)

OK, PARTIAL, ERROR, DOWN = "ok", "partial", "error", "down"
_TYPES = {kind.value: kind for kind in InterfaceType}


@dataclass(slots=True)
class PollOutcome:
    """How one poll ended. `result`: ok, partial (something was cut off), error. `modules` are those asked, with their rows;
    `new_idents` the ONUs that were found.
    """

    device_id: int
    poller: str
    result: str = OK
    rows: int = 0
    error: str | None = None
    duration_ms: int = 0
    unreachable: bool = False
    modules: dict[str, int] = field(default_factory=dict)
    new_idents: set[str] = field(default_factory=set)

    @property
    def finished(self) -> Finished:
        """As stored in `polls`."""
        return Finished(self.result, self.rows, self.error, self.duration_ms)

    def json(self) -> dict[str, Any]:
        """As clients and the console read it."""
        return {
            "poller": self.poller,
            "result": self.result,
            "rows": self.rows,
            "duration_ms": self.duration_ms,
            "error": self.error,
        }


async def run_poll(runtime: Runtime, device_id: int, poller: str, *, priority: Priority = Priority.POLL) -> PollOutcome:
    """Run one poller of a device in this process, whether due or not; failures of the device are in the outcome.

    Takes no lease (see `poll_now`). Raises NotFound for a device that does not exist, BadRequest for an unknown poller.
    """
    spec = POLLERS.get(poller)
    if spec is None:
        raise BadRequest(gettext("There is no poller {poller}", poller=poller), field="poller")
    started = time.perf_counter()
    know = "interfaces_list" not in spec.modules and spec.modules != ("system",)
    device, known = await runtime.db.run_read(lambda session: _load(session, runtime, device_id, know=know))
    can = {module.name for module in modules_of(device.model_key, device.family)}
    outcome = PollOutcome(device_id, poller)
    driver = open_driver(runtime, device, priority)
    if know:
        driver.know(known)
    problems: list[str] = []
    failed = 0
    modules = [module for module in spec.modules if module in can]
    for module in modules:
        try:
            applied = await ask_module(runtime, device, driver, module)
        except DeviceError as error:
            failed += 1
            problems.append(f"{module}: {error.description}")
            outcome.unreachable = isinstance(error, DeviceUnreachable)
            if outcome.unreachable:
                break
            continue
        outcome.rows += applied.rows
        outcome.modules[module] = applied.rows
        outcome.new_idents |= applied.new_idents
        problems += [f"{module}: {problem}" for problem in applied.problems]
        if not applied.complete:
            outcome.result = PARTIAL
    if failed:
        outcome.result = PARTIAL if outcome.modules else ERROR
    outcome.error = "; ".join(problems)[:2000] or None
    outcome.duration_ms = _elapsed_ms(started)
    return outcome


async def poll_now(
    runtime: Runtime, device_id: int, pollers: Collection[str] = (), *, wait_sec: float = 60.0
) -> list[PollOutcome]:
    """Run pollers of a device at once (all of them without a choice) and note their outcome, as a person's request.

    Waits for a worker that is polling the device now; raises Conflict when that takes longer than `wait_sec`.
    """
    owner = new_owner()
    unknown = [name for name in pollers if name not in POLLERS]
    if unknown:
        raise BadRequest(gettext("There is no poller {poller}", poller=unknown[0]), field="poller")
    await runtime.db.run_write(lambda session: _prepare(session, runtime, device_id))
    names = tuple(pollers) or tuple(POLLERS)
    deadline = time.monotonic() + wait_sec
    while not (
        claims := await runtime.db.run_write(lambda s: polling_leases.claim_device(s, owner, runtime.now(), device_id, names))
    ):
        if not await runtime.db.run_read(lambda session: _has(session, device_id, names)):
            raise BadRequest(gettext("Device {id} has no such poller", id=device_id), field="poller")
        if time.monotonic() >= deadline:
            raise Conflict(gettext("Device {id} is being polled already", id=device_id))
        await asyncio.sleep(0.3)
    async with renewed(runtime, owner):
        return await run_claims(runtime, owner, claims, priority=Priority.PERSON)


async def run_claims(
    runtime: Runtime, owner: str, claims: Sequence[Claimed], *, priority: Priority = Priority.POLL
) -> list[PollOutcome]:
    """Run the claimed polls of one device one after the other. Once it does not answer, the rest is not asked this time."""
    outcomes: list[PollOutcome] = []
    silent: PollOutcome | None = None
    for one in claims:
        if silent is None:
            outcome = await run_claimed(runtime, owner, one, priority=priority)
            silent = outcome if outcome.unreachable and not outcome.modules else None
        else:
            outcome = replace(silent, poller=one.poller, duration_ms=0)
            await conclude(runtime, owner, one, outcome.finished, runtime.now())
        outcomes.append(outcome)
    return outcomes


async def run_claimed(runtime: Runtime, owner: str, one: Claimed, *, priority: Priority = Priority.POLL) -> PollOutcome:
    """Run a poll that was claimed, and note how it ended."""
    at = runtime.now()
    try:
        outcome = await run_poll(runtime, one.device_id, one.poller, priority=priority)
    except WildcoreError as error:
        outcome = PollOutcome(one.device_id, one.poller, ERROR, error=error.description)
    except Exception as error:
        if await runtime.db.run_read(lambda session: session.get(Device, one.device_id)) is not None:  # else deleted meanwhile
            log.exception("Poller %s of device %d failed", one.poller, one.device_id)
        outcome = PollOutcome(one.device_id, one.poller, ERROR, error=f"{type(error).__name__}: {error}"[:500])
    await conclude(runtime, owner, one, outcome.finished, at)
    return outcome


async def conclude(runtime: Runtime, owner: str, one: Claimed, ended: Finished, at: int) -> None:
    """Note how a claimed poll ended and when it is due again."""
    next_at = next_time(one.device_id, one.poller, one.interval_sec, at)

    def write(session: Session) -> None:
        if polling_leases.finish(session, owner, one.poll_id, ended, at=at, next_at=next_at):
            call_log.note_poll(session, runtime, one.device_id, one.poller, ended, at=at)

    await runtime.db.run_write(write)


@asynccontextmanager
async def renewed(runtime: Runtime, owner: str) -> AsyncIterator[None]:
    """Keep this owner's leases within the block; what is still held at its end is given back."""

    async def keep() -> None:
        while True:
            await asyncio.sleep(LEASE_SEC / 3)
            try:
                await runtime.db.run_write(lambda session: polling_leases.renew(session, owner, runtime.now()))
            except Exception:
                log.exception("Leases of polls could not be renewed, it goes on")

    renewing = asyncio.create_task(keep())
    try:
        yield
    finally:
        renewing.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await renewing
        await runtime.db.run_write(lambda session: polling_leases.release(session, owner))


def new_owner() -> str:
    """A name that no other holder of leases has."""
    return uuid.uuid4().hex


def sync_device_polls(session: Session, runtime: Runtime, device_ids: Collection[int] | None = None) -> int:
    """See `pollers.sync_polls`."""
    return sync_polls(session, runtime, device_ids)


async def ask_module(runtime: Runtime, device: DeviceTarget, driver: Driver, module: str) -> Applied:
    """Ask the whole device for one module, write the answer and hand its numbers to the metric store.

    A failure of the device is noted and raised as the DeviceError it is.
    """
    started = time.perf_counter()
    at = runtime.now()
    try:
        answer: Answer[Any] = await call(driver, module)
    except DeviceError as error:
        text, spent = error.description, _elapsed_ms(started)

        def note(session: Session) -> None:
            record_failure(session, device.device_id, module, text, at=at)
            call_log.note_call(session, device.device_id, module, "poller", at=at, duration_ms=spent, error=text)

        await runtime.db.run_write(note)
        raise
    duration_ms = _elapsed_ms(started)

    def write(session: Session) -> Applied:
        most = uplink_macs(runtime)
        applied = apply(session, device.device_id, module, answer, at=at, duration_ms=duration_ms, uplink_macs=most)
        if module == "system" and answer.rows and _restarted(answer.rows[0].uptime_sec, device.device_id, session, at):
            request_polls(session, runtime, device.device_id, ("interfaces_list",))
        return applied

    applied = await runtime.db.run_write(write)
    runtime.metrics.put(applied.batches)
    return applied


def _restarted(uptime_sec: int | None, device_id: int, session: Session, at: int) -> bool:
    """Whether the device restarted since its interfaces were listed: ifIndexes may have moved."""
    query = select(Poll.last_at).where(Poll.device_id == device_id, Poll.poller == "interfaces_list")
    listed_at = session.scalar(query)
    return uptime_sec is not None and listed_at is not None and at - uptime_sec > listed_at + 5


def _load(session: Session, runtime: Runtime, device_id: int, *, know: bool) -> tuple[DeviceTarget, list[Interface]]:
    device = load_target(session, runtime, device_id)
    if not know:
        return device, []
    table = InterfaceRow
    columns = (table.bind_key, table.name, table.type, table.parent_bind_key, table.if_index, table.description)
    rows = session.execute(select(*columns).where(table.device_id == device_id, table.gone_at.is_(None)))
    return device, [
        Interface(key, name, _TYPES.get(kind, InterfaceType.UNKNOWN), parent, index, description)
        for key, name, kind, parent, index, description in rows
    ]


def _prepare(session: Session, runtime: Runtime, device_id: int) -> None:
    load_target(session, runtime, device_id)  # says clearly that the device does not exist
    sync_polls(session, runtime, (device_id,))


def _has(session: Session, device_id: int, names: Collection[str]) -> bool:
    return session.scalar(select(Poll.id).where(Poll.device_id == device_id, Poll.poller.in_(list(names))).limit(1)) is not None


def _elapsed_ms(started: float) -> int:
    return round((time.perf_counter() - started) * 1000)
