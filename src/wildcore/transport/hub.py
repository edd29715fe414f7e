"""All devices of one process: sessions are cheap, what belongs to a device is shared and kept here."""

from __future__ import annotations

import asyncio
from typing import Self

from wildcore.transport.gate import Priority
from wildcore.transport.snmp.device import DeviceState
from wildcore.transport.snmp.library import LibrarySession
from wildcore.transport.snmp.session import SnmpSession
from wildcore.transport.snmp.types import Limits, SnmpTarget
from wildcore.transport.snmp.v2c import V2cSession

IDLE_SEC = 10.0


class DeviceHub:
    """Makes sessions; belongs to one event loop and is not thread-safe.

    Per (host, port) it keeps the gate, the learned bulk size and, while in use, the socket: one that nobody has used for
    `IDLE_SEC` seconds is closed and opened again on demand, so that thousands of devices need few file descriptors.
    """

    def __init__(self, limits: Limits | None = None) -> None:
        self._limits = limits or Limits()
        self._devices: dict[tuple[str, int], DeviceState] = {}
        self._reaper: asyncio.TimerHandle | None = None
        self._closed = False

    def device(self, host: str, port: int = 161) -> DeviceState:
        """The shared state of a device: its gate and its learned bulk size."""
        key = (host, port)
        state = self._devices.get(key)
        if state is None:
            state = self._devices[key] = DeviceState(host, port)
        return state

    def session(self, target: SnmpTarget, priority: Priority, *, limits: Limits | None = None) -> SnmpSession:
        """A session with a device. Costs nothing until it asks something; may be used as `async with`, or not."""
        if self._closed:
            raise RuntimeError("the hub is closed")
        if self._reaper is None:
            self._reaper = asyncio.get_running_loop().call_later(IDLE_SEC, self._reap)
        kind = V2cSession if target.version == "2c" else LibrarySession
        return kind(target, self.device(target.host, target.port), priority, limits or self._limits)

    def _reap(self) -> None:
        loop = asyncio.get_running_loop()
        for state in self._devices.values():
            if state.open and not state.gate.busy and loop.time() - state.last_used > IDLE_SEC:
                state.close()
        self._reaper = loop.call_later(IDLE_SEC, self._reap)

    async def aclose(self) -> None:
        """Closes every socket; questions under way end in DeviceUnreachable."""
        self._closed = True
        if self._reaper is not None:
            self._reaper.cancel()
            self._reaper = None
        for state in self._devices.values():
            state.shut()
        await asyncio.sleep(0)  # lets the event loop close what was just asked to close

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *error: object) -> None:
        await self.aclose()
