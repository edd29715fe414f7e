"""Devices from captures behind real UDP, and drivers that talk to them."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Iterable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from wildcore.drivers.base import Driver
from wildcore.drivers.registry import detect, driver_for
from wildcore.services.captures import show
from wildcore.transport.gate import Priority
from wildcore.transport.hub import DeviceHub
from wildcore.transport.replay import Behaviour, ReplayAgent, read_snmprec
from wildcore.transport.snmp.types import SnmpTarget, Varbind, oid

HERE: Final = Path(__file__).parent
SHARED: Final = HERE.parents[1].parent / "shared" / "captures"


@dataclass(slots=True)
class Live:
    """A driver, the agent it talks to and the requests that came."""

    driver: Driver
    agent: ReplayAgent
    requests: list[Any]
    written: list[Varbind]


def generated(family: str) -> list[Varbind]:
    """Rows of a committed generated capture."""
    return read_snmprec(HERE / family / "device.snmprec")


@asynccontextmanager
async def live(
    rows: Iterable[Varbind],
    *,
    behaviour: Behaviour | None = None,
    writable: Callable[[Varbind], bool] | None = None,
    timeout_sec: float = 1.0,
) -> AsyncIterator[Live]:
    """Serve rows, detect the device, hand out its driver."""
    requests: list[Any] = []
    written: list[Varbind] = []
    agent = ReplayAgent(rows, behaviour=behaviour, writable=writable, written=written.append, observer=requests.append)
    async with agent, DeviceHub() as hub:
        target = SnmpTarget(agent.host, agent.port, write_community="private", timeout_sec=timeout_sec, repeats=2)
        session = hub.session(target, Priority.PERSON)
        detected = await detect(session)
        requests.clear()
        yield Live(driver_for(detected.model.key, session), agent, requests, written)


_shown: dict[str, dict[str, Any]] = {}


async def shown(name: str) -> dict[str, Any]:
    """What `capture:show` prints for a capture, once per run."""
    if name not in _shown:
        _shown[name] = await show(SHARED / name)
    return _shown[name]


def rows_of(name: str, column: str) -> list[Varbind]:
    """The rows of a shared capture under an OID."""
    prefix = oid(column)
    return [row for row in read_snmprec(SHARED / name) if row.oid[: len(prefix)] == prefix]
