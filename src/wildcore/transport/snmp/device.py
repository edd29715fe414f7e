"""What all sessions with one device share: its gate, its socket, what was learned about it."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable
from typing import TypeVar

from wildcore.transport.gate import DeviceGate
from wildcore.transport.snmp.problems import Silence
from wildcore.transport.snmp.udp import Endpoint
from wildcore.transport.snmp.walk import BulkSize

T = TypeVar("T")

FIRST_ID, LAST_ID = 1 << 24, (1 << 31) - 1  # four bytes in BER, positive


class DeviceState:
    """One per (host, port) in a hub."""

    def __init__(self, host: str, port: int) -> None:
        self.host = host
        self.port = port
        self.gate = DeviceGate()
        self.bulk = BulkSize()
        self.engines: dict[object, Closable] = {}
        self.last_used = 0.0
        self._endpoint: Endpoint | None = None
        self._shut = False
        self._request_id = random.randint(FIRST_ID, LAST_ID)

    def next_id(self) -> int:
        """A request id unlike the last ones."""
        self._request_id = self._request_id + 1 if self._request_id < LAST_ID else FIRST_ID
        return self._request_id

    async def ask(self, message: bytes, accept: Callable[[bytes], T], timeout_sec: float) -> T:
        """One try through the device's socket, opened when needed. The caller holds the gate."""
        self.last_used = asyncio.get_running_loop().time()
        self.check_open()
        if self._endpoint is None:
            self._endpoint = await Endpoint.open(self.host, self.port)
            if self._shut:  # while the socket was being opened
                self.close()
                self.check_open()
        return await self._endpoint.ask(message, accept, timeout_sec)

    @property
    def open(self) -> bool:
        """Whether it holds any socket."""
        return self._endpoint is not None or bool(self.engines)

    def check_open(self) -> None:
        """Raises Silence once the device has been shut."""
        if self._shut:
            raise Silence("the connection was closed", closed=True)

    def shut(self) -> None:
        """Closes sockets for good."""
        self._shut = True
        self.close()

    def close(self) -> None:
        """Closes sockets; what was learned stays."""
        if self._endpoint is not None:
            self._endpoint.close()
            self._endpoint = None
        for engine in self.engines.values():
            engine.close()
        self.engines.clear()


class Closable:
    """Anything a device state keeps open for its sessions."""

    def close(self) -> None:
        """Frees its socket."""
