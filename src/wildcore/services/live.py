"""Questions to devices: one flight for equal questions, a person's priority, answers into the store.

A flight goes on when nobody waits for it any more, so its answer is there for the next one. A device that keeps silent is found
out by one small question (`system`), not by every module's timeouts one after the other.
"""

from __future__ import annotations

import asyncio
import json
import logging
import time
from dataclasses import dataclass, field
from typing import Any
from weakref import WeakKeyDictionary

from sqlalchemy.orm import Session

from wildcore.drivers import registry
from wildcore.drivers.capabilities import Module
from wildcore.errors import DeviceError, DeviceUnreachable, NotFound, Unsupported, WildcoreError
from wildcore.i18n import gettext
from wildcore.model.answer import Answer
from wildcore.services import applying, call_log, stored
from wildcore.services.device_sessions import DeviceTarget, load_target, modules_of, open_driver
from wildcore.services.edges import uplink_macs
from wildcore.services.runtime import Runtime
from wildcore.services.stored_rows import Facts
from wildcore.transport.gate import Priority
from wildcore.transport.hub import DeviceHub

ALIVE_SEC = 10.0
PING_SEC = 1.0
_BRIDGED = frozenset({"fdb", "vlans", "lldp_info"})
"""Modules that read bridge ports and so need all interfaces of a device, whatever interface is asked about."""
_log = logging.getLogger(__name__)

Key = tuple[int, str, str]


@dataclass(frozen=True, slots=True)
class Question:
    """What is asked of a device: a module, the bind key it is about ("" the whole device), other arguments.

    `user_id` is who asks, for the log; of those who ask the same at once it is the first.
    """

    device_id: int
    module: Module
    interface_id: int = 0
    bind_key: str = ""
    filters: tuple[tuple[str, str], ...] = ()
    user_id: int | None = None

    @property
    def key(self) -> Key:
        """Equal questions have equal keys."""
        return self.device_id, self.module.name, json.dumps([self.bind_key, self.filters])


@dataclass(frozen=True, slots=True)
class Asked:
    """What came back: the driver's answer with its time, or why there is none."""

    answer: Answer[Any] | None
    at: int
    error: str | None = None


@dataclass
class Flights:
    """Questions under way on one hub, and when each device last proved to be alive (loop time)."""

    under_way: dict[Key, asyncio.Task[Asked]] = field(default_factory=dict)
    pings: dict[int, asyncio.Task[bool]] = field(default_factory=dict)
    alive: dict[int, float] = field(default_factory=dict)


_flights: WeakKeyDictionary[DeviceHub, Flights] = WeakKeyDictionary()


def flights(runtime: Runtime) -> Flights:
    """The questions under way in this process."""
    return _flights.setdefault(runtime.hub, Flights())


def ask(runtime: Runtime, question: Question) -> asyncio.Task[Asked]:
    """Ask a device, or join the same question that is under way. The task never raises a device's failure: see `Asked.error`.

    Cancelling a wait must not cancel the task: wait with `asyncio.wait` or `asyncio.shield`.
    """
    known = flights(runtime).under_way
    task = known.get(question.key)
    if task is None:
        task = known[question.key] = asyncio.create_task(_flight(runtime, question))
        task.add_done_callback(lambda done: _landed(known, question.key, done))
    return task


async def drain(runtime: Runtime) -> None:
    """Wait until no question is under way; for shutdown and tests."""
    while tasks := list(flights(runtime).under_way.values()):
        await asyncio.wait(tasks)
        await asyncio.sleep(0)


def _landed(known: dict[Key, asyncio.Task[Asked]], key: Key, task: asyncio.Task[Asked]) -> None:
    known.pop(key, None)
    if not task.cancelled() and (error := task.exception()) is not None and not isinstance(error, WildcoreError):
        _log.error("a question to device %s (%s) broke", key[0], key[1], exc_info=error)


async def _flight(runtime: Runtime, question: Question) -> Asked:
    device, known = await runtime.db.run_read(lambda session: _load(session, runtime, question))
    started = time.monotonic()
    try:
        await _knock(runtime, device, question)
        answer = await _talk(runtime, device, question, known)
    except (DeviceError, NotFound, Unsupported) as error:
        text = error.description
        if question.module.name != "system" or not isinstance(error, DeviceUnreachable):
            _log.info("device %s (%s), %s: %s", device.device_id, device.ip, question.module.name, text)
        spent = int((time.monotonic() - started) * 1000)
        await runtime.db.run_write(lambda session: _note(session, question, text, runtime.now(), spent))
        return Asked(None, runtime.now(), text)
    flights(runtime).alive[device.device_id] = asyncio.get_running_loop().time()
    at = runtime.now()
    duration_ms = int((time.monotonic() - started) * 1000)
    applied = await runtime.db.run_write(lambda session: _apply(session, runtime, question, answer, at, duration_ms))
    if applied is not None:
        runtime.metrics.put(applied.batches)
    problem = "; ".join(answer.problems) or None
    if not answer.rows and not answer.complete:
        return Asked(None, at, problem or gettext("The device told nothing"))
    return Asked(answer, at, problem)


def _load(session: Session, runtime: Runtime, question: Question) -> tuple[DeviceTarget, list[Facts]]:
    device = load_target(session, runtime, question.device_id)
    name = question.module.name
    if name in ("system", "sys_resources", "interfaces_list"):
        return device, []
    only = question.interface_id if name not in _BRIDGED else 0
    return device, stored.load_facts(session, device.device_id, only or None)


async def _knock(runtime: Runtime, device: DeviceTarget, question: Question) -> None:
    """Raise DeviceUnreachable early for a device that is silent anyway."""
    if device.status == "Down" and runtime.settings.get("SWC_CHECK_ICMP_PING") and not await _answers_ping(runtime, device):
        raise DeviceUnreachable(gettext("{ip} is down: no answer to ping", ip=device.ip))
    last = flights(runtime).alive.get(device.device_id, float("-inf"))
    if question.module.name == "system" or asyncio.get_running_loop().time() - last < ALIVE_SEC:
        return
    system = next((one for one in modules_of(device.model_key, device.family) if one.name == "system"), None)
    if system is not None:
        proof = await asyncio.shield(ask(runtime, Question(device.device_id, system, user_id=question.user_id)))
        if proof.answer is None:
            raise DeviceUnreachable(proof.error or gettext("{ip} does not answer", ip=device.ip))


async def _answers_ping(runtime: Runtime, device: DeviceTarget) -> bool:
    if not runtime.pinger.possible:
        return True
    pings = flights(runtime).pings
    task = pings.get(device.device_id)
    if task is None:
        task = pings[device.device_id] = asyncio.create_task(_ping(runtime, device.ip))
        task.add_done_callback(lambda _done: pings.pop(device.device_id, None))
    return await asyncio.shield(task)


async def _ping(runtime: Runtime, ip: str) -> bool:
    try:
        return (await runtime.pinger.ping_many([ip], timeout=PING_SEC)).get(ip) is not None
    except RuntimeError:  # the system forbids ICMP after all: let the device itself decide
        return True


async def _talk(runtime: Runtime, device: DeviceTarget, question: Question, known: list[Facts]) -> Answer[Any]:
    driver = open_driver(runtime, device, Priority.PERSON)
    driver.know(fact.interface for fact in known)
    arguments: dict[str, Any] = dict(question.filters)
    if question.bind_key:
        arguments["interface"] = question.bind_key
    return await registry.call(driver, question.module.name, **arguments)


def _apply(
    session: Session, runtime: Runtime, question: Question, answer: Answer[Any], at: int, duration_ms: int
) -> applying.Applied | None:
    """Keep an answer, unless it is only about what a filter let through, and log the question."""
    device_id, module = question.device_id, question.module.name
    problem = "; ".join(answer.problems) or None
    _log_call(session, question, at=at, duration_ms=duration_ms, rows=len(answer.rows), error=problem)
    if question.filters:
        return None
    key, most = question.bind_key or None, uplink_macs(runtime)
    return applying.apply(session, device_id, module, answer, at=at, bind_key=key, duration_ms=duration_ms, uplink_macs=most)


def _note(session: Session, question: Question, error: str, at: int, duration_ms: int) -> None:
    device_id, module = question.device_id, question.module.name
    if not question.filters:
        applying.record_failure(session, device_id, module, error, at=at, bind_key=question.bind_key or None)
    _log_call(session, question, at=at, duration_ms=duration_ms, error=error)


def _log_call(
    session: Session, question: Question, *, at: int, duration_ms: int, error: str | None, rows: int | None = None
) -> None:
    call_log.note_call(
        session,
        question.device_id,
        question.module.name,
        "person",
        at=at,
        user_id=question.user_id,
        interface_id=question.interface_id,
        duration_ms=duration_ms,
        rows=rows,
        error=error,
    )
