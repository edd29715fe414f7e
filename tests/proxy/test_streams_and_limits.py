"""Through the seed's nginx (HTTP/1.0 to us): long answers arrive as they are made, bodies bounded, slow callers do no harm."""

from __future__ import annotations

import asyncio
import contextlib
import socket
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx
import pytest
import pytest_asyncio
import uvicorn

from tests.nginx import NAME, Site, seed_nginx
from wildcore.app.components import info
from wildcore.components.users.component import component as users
from wildcore.i18n import gettext
from wildcore.kit import PUBLIC, Component, Ctx, Page, Route, Stream
from wildcore.services.catalogue import Catalogue
from wildcore.services.runtime import Runtime
from wildcore.web import streaming
from wildcore.web.app import create_app
from wildcore.web.endpoints import MAX_BODY

pytestmark = [pytest.mark.system, pytest.mark.timeout(120)]


class Sample:
    """Handlers whose streams a test holds in its hand."""

    def __init__(self) -> None:
        self.go_on = asyncio.Event()
        self.ended = asyncio.Event()

    async def export(self, ctx: Ctx) -> Stream:
        return Stream(self.rows(ctx), "text/csv", "абоненти.csv")

    async def rows(self, ctx: Ctx) -> AsyncIterator[str]:
        try:
            yield gettext("Name") + "\r\n"
            await self.go_on.wait()
            total = await ctx.runtime.db.run_read(lambda session: 2)
            for number in range(total):
                yield f"{number}\r\n"
        finally:
            self.ended.set()

    async def progress(self, ctx: Ctx) -> Stream:
        return Stream(self.rows(ctx), heartbeat="\n")

    async def broken(self, _ctx: Ctx) -> Stream:
        async def parts() -> AsyncIterator[str]:
            yield "first"
            raise RuntimeError("the source went away")

        return Stream(parts())

    async def take(self, _ctx: Ctx, body: dict[str, Any]) -> int:
        return len(body)

    async def read(self, _ctx: Ctx) -> str:
        return "read"


@pytest.fixture
def sample() -> Sample:
    return Sample()


@pytest_asyncio.fixture
async def site(runtime: Runtime, sample: Sample, tmp_path: Path) -> AsyncIterator[Site]:
    """A server as the product runs one, behind nginx."""
    component = Component(
        key="sample",
        title="Sample",
        api=(
            Route("GET", "/sample/broken", sample.broken, PUBLIC),
            Route("GET", "/sample/take", sample.read, PUBLIC),
            Route("POST", "/sample/take", sample.take, PUBLIC),
            Route("GET", "/sample/progress", sample.progress, PUBLIC),
        ),
        pages=(Page("/sample/export", sample.export, PUBLIC),),
    )
    components = (users, component)
    runtime.catalogue = Catalogue(runtime.db, map(info, components))
    config = uvicorn.Config(
        create_app(runtime, components), log_config=None, access_log=False, proxy_headers=False, timeout_graceful_shutdown=1
    )
    server = uvicorn.Server(config)
    server.capture_signals = contextlib.nullcontext  # type: ignore[method-assign,assignment]
    listening = socket.create_server(("127.0.0.1", 0))
    serving = asyncio.create_task(server.serve(sockets=[listening]))
    try:
        with seed_nginx(tmp_path / "nginx", listening.getsockname()[1]) as found:
            yield found
    finally:
        server.should_exit = True
        await serving


def client(site: Site) -> httpx.AsyncClient:
    return httpx.AsyncClient(
        base_url=f"http://127.0.0.1:{site.http}", headers={"Host": NAME, "Accept-Language": "uk"}, timeout=30
    )


async def test_an_export_arrives_while_it_is_made(site: Site, sample: Sample) -> None:
    async with client(site) as ask, ask.stream("GET", "/sample/export") as answer:
        assert answer.status_code == 200
        assert answer.headers["content-type"].startswith("text/csv")
        assert answer.headers["cache-control"] == "no-store"
        assert answer.headers["content-disposition"].endswith(".csv")
        parts = answer.aiter_text()
        assert await asyncio.wait_for(anext(parts), 10) == "Назва\r\n"
        assert not sample.ended.is_set()
        sample.go_on.set()
        assert "".join([part async for part in parts]) == "0\r\n1\r\n"


async def test_a_silent_stream_shows_that_it_lives(site: Site, sample: Sample, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(streaming, "HEARTBEAT_SEC", 0.05)
    async with client(site) as ask, ask.stream("GET", "/api/v1/sample/progress") as answer:
        parts = answer.aiter_text()
        seen = await asyncio.wait_for(anext(parts), 10)
        while not seen.endswith("\n\n\n"):
            seen += await asyncio.wait_for(anext(parts), 10)
        sample.go_on.set()
        assert (seen + "".join([part async for part in parts])).endswith("\n0\r\n1\r\n")


async def test_who_goes_away_ends_the_stream(site: Site, sample: Sample) -> None:
    async with client(site) as ask, ask.stream("GET", "/api/v1/sample/progress") as answer:
        await asyncio.wait_for(anext(answer.aiter_text()), 10)
    await asyncio.wait_for(sample.ended.wait(), 30)


async def test_a_stream_that_fails_is_seen_to_be_cut(site: Site) -> None:
    async with client(site) as ask:
        with pytest.raises(httpx.RemoteProtocolError):
            await ask.get("/api/v1/sample/broken")
        assert (await ask.get("/api/v1/sample/take")).json()["data"] == "read"


async def test_large_bodies_are_refused_in_words(site: Site, tmp_path: Path) -> None:
    upstream = int((tmp_path / "nginx" / "nginx.conf").read_text().partition("http://localhost:")[2].partition(";")[0])
    address = f"http://127.0.0.1:{upstream}/api/v1/sample/take"

    async def pieces() -> AsyncIterator[bytes]:
        for _ in range(MAX_BODY // 65536 + 2):
            yield b" " * 65536

    async with httpx.AsyncClient(timeout=60) as ask:
        for body in (b" " * (MAX_BODY + 1), pieces()):
            answer = await ask.post(address, content=body, headers={"Content-Type": "application/json"})
            assert answer.status_code == 413
            assert answer.json()["error"]["description"] == "The body is too large"
        nearly = b'{"a": 1' + b" " * (MAX_BODY - 100) + b"}"
        answer = await ask.post(address, content=nearly, headers={"Content-Type": "application/json"})
        assert answer.json()["data"] == 1


async def test_slow_callers_hold_up_nobody(site: Site, tmp_path: Path) -> None:
    upstream = int((tmp_path / "nginx" / "nginx.conf").read_text().partition("http://localhost:")[2].partition(";")[0])
    head = b"POST /api/v1/sample/take HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\nContent-Length: 100\r\n\r\n{"
    slow = [await asyncio.open_connection("127.0.0.1", port) for port in (upstream, site.http) for _ in range(40)]
    try:
        for at, (_reader, writer) in enumerate(slow):
            writer.write(head if at % 2 else head[:30])
            await writer.drain()
        async with client(site) as ask:
            for _ in range(5):
                assert (await asyncio.wait_for(ask.get("/api/v1/sample/take"), 10)).status_code == 200
    finally:
        for _reader, writer in slow:
            writer.close()


async def test_head_and_options(site: Site) -> None:
    async with client(site) as ask:
        full, head = await ask.get("/api/v1/sample/take"), await ask.head("/api/v1/sample/take")
        assert (head.status_code, head.content) == (200, b"")
        assert head.headers["content-length"] == full.headers["content-length"]
        assert (await ask.head("/api/v1/nothing")).status_code == 404
        assert (await ask.head("/sign-in")).status_code == 200
        assert (await ask.head("/static/css/app.css")).status_code == 200
        options = await ask.options("/api/v1/sample/take")
        assert (options.status_code, options.content) == (204, b"")
        assert options.headers["allow"] == "GET, HEAD, OPTIONS, POST"
        assert "access-control-allow-origin" not in options.headers
        refused = await ask.put("/api/v1/sample/take")
        assert refused.status_code == 405
        assert refused.headers["allow"] == "GET, HEAD, OPTIONS, POST"
        assert refused.json()["error"]["type"] == "NOT_ALLOWED"
        assert (await ask.request("BREW", "/api/v1/sample/take")).status_code == 400
        assert (await ask.options("/api/v1/nothing")).status_code == 404
