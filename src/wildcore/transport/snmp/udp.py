"""One UDP socket to one device: send, wait for the answer that fits, drop all others."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable
from typing import TypeVar, cast

from wildcore.transport.snmp.problems import NotOurs, Silence

T = TypeVar("T")
INBOX_SIZE = 64


class Endpoint(asyncio.DatagramProtocol):
    """A connected socket. Only one `ask` may run at a time: the device's gate sees to that."""

    def __init__(self) -> None:
        self._transport: asyncio.DatagramTransport | None = None
        self._waiter: asyncio.Future[None] | None = None
        self._inbox: deque[bytes] = deque(maxlen=INBOX_SIZE)
        self._reason = ""
        self._closed_port = False
        self.dropped = 0

    @classmethod
    async def open(cls, host: str, port: int) -> Endpoint:
        """Opens a socket to a host (name or address). Raises Silence if the name cannot be resolved."""
        try:
            _, endpoint = await asyncio.get_running_loop().create_datagram_endpoint(cls, remote_addr=(host, port))
        except OSError as error:
            raise Silence(f"no way to {host}: {error.strerror or error}", closed=True) from None
        return endpoint

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Part of asyncio's protocol."""
        self._transport = cast(asyncio.DatagramTransport, transport)

    def connection_lost(self, exc: Exception | None) -> None:
        """Part of asyncio's protocol."""
        self._transport = None
        self._wake()

    def datagram_received(self, data: bytes, addr: object) -> None:
        """Keeps a datagram for whoever waits; what nobody waits for is a late answer."""
        if self._waiter is None:
            self.dropped += 1
            return
        self._inbox.append(data)
        self._wake()

    def error_received(self, exc: Exception) -> None:
        """An ICMP error came back: a closed port is final for this request, anything else may pass."""
        if self._waiter is None:
            return
        if isinstance(exc, ConnectionRefusedError):
            self._closed_port = True
            self._wake()
        else:
            self._reason = str(exc)

    def _wake(self) -> None:
        if self._waiter is not None and not self._waiter.done():
            self._waiter.set_result(None)

    async def ask(self, message: bytes, accept: Callable[[bytes], T], timeout_sec: float) -> T:
        """Sends once and returns what `accept` makes of the first datagram that it does not drop by raising NotOurs.

        Raises Silence after `timeout_sec` seconds (`heard` and the reason tell what unfit answers came), and whatever else
        `accept` raises.
        """
        loop = asyncio.get_running_loop()
        if self._transport is None:
            raise Silence("the connection is closed", closed=True)
        self._inbox.clear()
        self._reason, self._closed_port, heard, timed_out = "", False, False, False

        def expire() -> None:
            nonlocal timed_out
            timed_out = True
            self._wake()

        self._waiter = loop.create_future()
        self._transport.sendto(message)
        timer = loop.call_later(timeout_sec, expire)
        try:
            while True:
                await self._waiter
                while self._inbox:
                    data = self._inbox.popleft()
                    try:
                        return accept(data)
                    except NotOurs as problem:
                        self._reason, heard = str(problem), True
                        self.dropped += 1
                if self._closed_port:
                    raise Silence("nothing listens on the port", closed=True)
                if self._transport is None:
                    raise Silence("the connection was closed", closed=True)
                if timed_out:
                    raise Silence(f"no answer{f'; {self._reason}' if self._reason else ''}", heard=heard)
                self._waiter = loop.create_future()
        finally:
            timer.cancel()
            self._waiter = None

    def close(self) -> None:
        """Closes the socket; a question under way ends in Silence."""
        if self._transport is not None:
            self._transport.close()
