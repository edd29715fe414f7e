"""Kept-alive HTTP clients that cost little beside the server they ask."""

from __future__ import annotations

import asyncio
import random
import re
import time
from collections.abc import Sequence
from typing import Any

LENGTH = re.compile(rb"\r\ncontent-length: (\d+)", re.IGNORECASE)


class Client(asyncio.Protocol):
    """One kept-alive connection that asks as soon as it is answered."""

    def __init__(self, requests: Sequence[bytes], times: list[float], until: float) -> None:
        self._requests = requests
        self._times = times
        self._until = until
        self._at = random.randrange(len(requests))
        self._buffer = b""
        self._asked = 0.0
        self.done: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Ask the first question."""
        self._transport: Any = transport
        self._ask()

    def _ask(self) -> None:
        self._at = (self._at + 1) % len(self._requests)
        self._asked = time.perf_counter()
        self._transport.write(self._requests[self._at])

    def data_received(self, data: bytes) -> None:
        """Read an answer to its end, then ask again."""
        self._buffer += data
        head = self._buffer.find(b"\r\n\r\n")
        if head < 0:
            return
        length = LENGTH.search(self._buffer, 0, head + 2)
        if length is None or len(self._buffer) < head + 4 + int(length[1]):
            return
        now = time.perf_counter()
        if not self._buffer.startswith(b"HTTP/1.1 200"):
            self._fail(self._buffer[:600].decode(errors="replace"))
            return
        self._times.append(now - self._asked)
        self._buffer = b""
        if now < self._until:
            self._ask()
        elif not self.done.done():
            self.done.set_result(None)
            self._transport.close()

    def connection_lost(self, exc: Exception | None) -> None:
        """The server ended it."""
        self._fail("the server closed the connection")

    def _fail(self, text: str) -> None:
        if not self.done.done():
            self.done.set_exception(AssertionError(text))


def request_of(path: str, key: str, port: int) -> bytes:
    """The bytes of a GET as a billing's HTTP library sends it."""
    lines = (
        f"GET {path} HTTP/1.1",
        f"Host: 127.0.0.1:{port}",
        "User-Agent: GuzzleHttp/7",
        "Accept: application/json",
        f"X-Auth-Key: {key}",
    )
    return "\r\n".join((*lines, "", "")).encode()


async def ask(port: int, request: bytes) -> bytes:
    """One answer's body."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(request)
    head = await reader.readuntil(b"\r\n\r\n")
    length = LENGTH.search(head)
    assert head.startswith(b"HTTP/1.1 200"), head
    assert length is not None
    body = await reader.readexactly(int(length[1]))
    writer.close()
    return body
