"""Everything in one process: pages and API on a TCP address, the console's socket, pollers and the scheduler."""

from __future__ import annotations

import asyncio
import contextlib
import ipaddress
import logging
import os
import signal
import socket
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Literal

import uvicorn
from starlette.types import ASGIApp, Receive, Scope, Send

from wildcore.app.build import Installation
from wildcore.app.config import listen_address
from wildcore.errors import ConfigurationError
from wildcore.kit.console import SOCKET_FILE
from wildcore.services import live, subscriber_lookup
from wildcore.web.app import create_app
from wildcore.web.heads import BoundedHeads
from wildcore.web.identity import CONSOLE_SCOPE
from wildcore.worker import background

log = logging.getLogger(__name__)


class HttpServer(uvicorn.Server):
    """uvicorn without its own signal handling: `serve` decides when to stop, and the process exits with code 0."""

    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self.up = asyncio.Event()

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Also tell who waits that the address answers."""
        await super().startup(sockets)
        self.up.set()

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


async def serve(
    installation: Installation,
    *,
    ready: Callable[[str], Awaitable[None] | None] | None = None,
    stop: asyncio.Event | None = None,
) -> None:
    """Run until SIGINT, SIGTERM or `stop`. `ready(url)` is called once the address answers.

    Raises ConfigurationError when the address cannot be taken.
    """
    stop = stop or asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stop.set)
    tcp = listen(installation.config.listen)
    console = listen_console(installation.runtime.data_dir)
    app = create_app(installation.runtime, installation.components)
    server, console_server = http_server(app, "on"), http_server(_console_app(app), "off")
    try:
        async with background(installation.runtime):
            serving = asyncio.create_task(server.serve(sockets=[tcp]))
            serving_console = asyncio.create_task(console_server.serve(sockets=[console]))
            stopping = asyncio.create_task(stop.wait())
            started = asyncio.create_task(server.up.wait())
            await asyncio.wait({serving, stopping, started}, return_when=asyncio.FIRST_COMPLETED)
            if ready is not None and started.done():
                answer = ready(_url(tcp))
                if answer is not None:
                    await answer
            await asyncio.wait({serving, stopping}, return_when=asyncio.FIRST_COMPLETED)
            started.cancel()
            server.should_exit = console_server.should_exit = True
            stopping.cancel()
            await asyncio.gather(serving, serving_console)
    finally:
        with contextlib.suppress(FileNotFoundError):
            (installation.runtime.data_dir / SOCKET_FILE).unlink()
        await installation.runtime.hub.aclose()
        await subscriber_lookup.drain(installation.runtime)
        await live.drain(installation.runtime)  # what was answered is written before the database closes


def http_server(app: ASGIApp, lifespan: Literal["on", "off"]) -> HttpServer:
    """A server of this application, as the product runs it; `serve` it on sockets."""
    config = uvicorn.Config(
        app,
        http=BoundedHeads,
        log_config=None,
        access_log=False,
        proxy_headers=False,
        server_header=False,
        lifespan=lifespan,
        timeout_graceful_shutdown=5,
    )
    return HttpServer(config)


def _console_app(app: ASGIApp) -> ASGIApp:
    """The same application for who may open the console's socket: requests act as the built-in user `sys`."""

    async def as_console(scope: Scope, receive: Receive, send: Send) -> None:
        scope[CONSOLE_SCOPE] = True
        await app(scope, receive, send)

    return as_console


def listen(address: str) -> socket.socket:
    """A listening socket on `host:port`; ConfigurationError says what is wrong in one line."""
    host, port = listen_address(address)
    try:
        family, kind, proto, _name, target = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        # With its protocol told, since event loops switch Nagle's delay off only where they read TCP: it costs 40 ms an answer.
        taken = socket.socket(family, kind, proto)
        taken.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        taken.bind(target)
        taken.listen(512)
    except OSError as error:
        raise ConfigurationError(
            f"Cannot listen on {address}: {error.strerror}. Choose another address with --listen or WILDCORE_LISTEN"
        ) from None
    return taken


def listen_console(data_dir: Path) -> socket.socket:
    """The 0600 socket by which console commands reach the running server. A second server on one directory is refused."""
    path = data_dir / SOCKET_FILE
    probe = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        probe.connect(str(path))
    except OSError:
        with contextlib.suppress(FileNotFoundError):
            path.unlink()
    else:
        raise ConfigurationError(f"Wildcore runs already in {data_dir}: stop it, or choose another directory")
    finally:
        probe.close()
    mask = os.umask(0o177)
    try:
        taken = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        taken.bind(str(path))
        taken.listen(16)
    except OSError as error:
        raise ConfigurationError(f"Cannot make the console's socket {path}: {error.strerror or error}") from None
    finally:
        os.umask(mask)
    return taken


def _url(tcp: socket.socket) -> str:
    host, port = tcp.getsockname()[:2]
    if ipaddress.ip_address(host).is_unspecified:
        host = socket.gethostname()
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"
