"""The application behind a real HTTP server, as nginx speaks to it: HTTP/1.0 without keep-alive, and requests off the rails."""

from __future__ import annotations

import asyncio
import contextlib
import socket
from collections.abc import AsyncIterator

import pytest_asyncio

from wildcore.app.components import all_components, info
from wildcore.app.run import http_server
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
    server = http_server(create_app(runtime, components), "on")
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


async def test_heads_have_an_end(port: int) -> None:
    whole = b"GET /api/v1/device HTTP/1.1\r\nHost: a\r\nConnection: close\r\nX-A: "
    status, answer = await ask(port, whole + b"a" * 60_000 + b"\r\n\r\n")
    assert status == 401, answer
    status, answer = await ask(port, whole + b"a" * 70_000 + b"\r\n\r\n")
    assert (status, '"description":"headers: more than 64 KB"' in answer) == (431, True), answer
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(whole)
    with contextlib.suppress(ConnectionError):  # the server hangs up in the middle of it
        for _ in range(1024):
            await writer.drain()
            writer.write(b"a" * 65_536)
            await asyncio.sleep(0)
        raise AssertionError("a head without an end was collected")
    with contextlib.suppress(ConnectionError):
        assert b" 431 " in await asyncio.wait_for(reader.read(), 10)
    writer.close()
