"""The application behind a real HTTP server, as nginx speaks to it: HTTP/1.0 without keep-alive, and requests off the rails."""

from __future__ import annotations

import asyncio
import contextlib
import socket
from collections.abc import AsyncIterator

import pytest_asyncio
import uvicorn

from wildcore.app.components import all_components, info
from wildcore.services.catalogue import Catalogue
from wildcore.services.runtime import Runtime
from wildcore.web.app import create_app


@pytest_asyncio.fixture
async def port(runtime: Runtime) -> AsyncIterator[int]:
    """A server on a free port."""
    components = all_components()
    runtime.catalogue = Catalogue(runtime.db, map(info, components))
    for one in components:
        runtime.settings.declare(one.settings)
    config = uvicorn.Config(
        create_app(runtime, components), log_config=None, access_log=False, proxy_headers=False, lifespan="on"
    )
    server = uvicorn.Server(config)
    server.capture_signals = contextlib.nullcontext  # type: ignore[method-assign,assignment]
    listening = socket.create_server(("127.0.0.1", 0))
    serving = asyncio.create_task(server.serve(sockets=[listening]))
    yield listening.getsockname()[1]
    server.should_exit = True
    await serving


async def ask(port: int, request: bytes) -> tuple[int, str]:
    """Status and the whole answer (head and body) to raw bytes."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(request)
    answer = await asyncio.wait_for(reader.read(), 10)
    writer.close()
    await writer.wait_closed()
    return int(answer.split(b" ", 2)[1]), answer.decode("utf-8", "replace")


async def test_the_seeds_nginx(port: int) -> None:
    head = (
        b"GET /devices?x-auth-key=zzz HTTP/1.0\r\nX-Real-IP: 203.0.113.9\r\nHost: dms.ispnet.demo\r\nX-Forwarded-Proto: https\r\n"
        b"X-Forwarded-Host: dms.ispnet.demo\r\nX-Forwarded-Server: dms.ispnet.demo\r\nConnection: close\r\n\r\n"
    )
    status, answer = await ask(port, head)
    assert status == 303
    assert "location: /sign-in?next=%2fdevices\r\n" in answer.lower()
    assert "zzz" not in answer


async def test_requests_off_the_rails(port: int) -> None:
    close = b"Connection: close\r\n"
    for request in (
        b"GET /api/v1/device HTTP/1.1\r\nHost: a\r\nHost: b\r\n" + close + b"\r\n",
        b"GET /api/v1/device HTTP/1.1\r\n" + close + b"\r\n",
        b"GET /api/v1/device?x-auth-key=%ff%fe HTTP/1.1\r\nHost: a\r\n" + close + b"\r\n",
        b"GET /api/v1/%ff%fe/..%2f..%2f HTTP/1.1\r\nHost: a\r\n" + close + b"\r\n",
        b"GET /iframe/ont/%00%0d%0a HTTP/1.1\r\nHost: a\r\n" + close + b"\r\n",
        b"GET /api/v1/device HTTP/1.1\r\nHost: a\r\nX-Auth-Key: \xff\xfe\r\nCookie: ;;==\xff;wildcore_session\r\n"
        + close
        + b"\r\n",
        b"POST /api/v1/auth HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\nContent-Length: 4\r\n" + close + b"\r\n[[[[",
        b"POST /api/v1/auth HTTP/1.1\r\nHost: a\r\nContent-Type: multipart/form-data\r\nContent-Length: 4\r\n"
        + close
        + b"\r\nxxxx",
        b"POST /sign-in HTTP/1.1\r\nHost: a\r\nContent-Type: multipart/form-data; boundary=x\r\nContent-Length: 4\r\n"
        + close
        + b"\r\nxxxx",
    ):
        status, answer = await ask(port, request)
        assert 400 <= status < 500 or status == 303, answer
        assert "Traceback" not in answer
