"""The stand-in as a server inside somebody else's event loop: no signal handlers, no logs of its own."""

from __future__ import annotations

import asyncio
import contextlib
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Self

import uvicorn

from wildcore.lab.billing.api import Billing
from wildcore.lab.billing.site import create_app


class _Server(uvicorn.Server):
    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


class BillingServer:
    """Serves a billing at `host`:`port` (0: any free one); `async with`, or start and stop. `url` is known once started."""

    def __init__(self, billing: Billing, *, host: str = "127.0.0.1", port: int = 0) -> None:
        self.billing = billing
        self._address = (host, port)
        self._server: _Server | None = None
        self._task: asyncio.Task[None] | None = None
        self.url = ""

    async def start(self) -> None:
        """Open the address; OSError when it is taken."""
        taken = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
        try:
            taken.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            taken.bind(self._address)
            taken.listen(128)
        except OSError:
            taken.close()
            raise
        host, port = taken.getsockname()
        self.url = f"http://{host}:{port}"
        config = uvicorn.Config(
            create_app(self.billing), log_config=None, access_log=False, lifespan="off", timeout_graceful_shutdown=1
        )
        self._server = _Server(config)
        self._task = asyncio.create_task(self._server.serve(sockets=[taken]))

    async def stop(self) -> None:
        """Close all connections and the address."""
        if self._server is not None and self._task is not None:
            self._server.should_exit = True
            with contextlib.suppress(asyncio.CancelledError):
                await self._task
            self._server = self._task = None

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(self, *error: object) -> None:
        await self.stop()
