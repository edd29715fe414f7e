"""A running `wca run`, as tests on whole systems speak to it."""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx

WCA = (sys.executable, "-c", "from wildcore.app.main import main; main()")


@dataclass
class Product:
    """A running Wildcore, asked as one user at a time."""

    url: str
    environment: dict[str, str]
    login: str
    password: str
    key: str = ""
    http: httpx.AsyncClient = field(default_factory=lambda: httpx.AsyncClient(timeout=30))

    async def api(self, method: str, path: str, body: Any = None, *, key: str | None = None, **query: Any) -> Any:
        """Data of a successful answer; fails with the description of any other."""
        answer = await self.raw(method, path, body, key=key, **query)
        content = answer.json()
        assert "error" not in content, (method, path, content)
        assert content["statusCode"] == answer.status_code == 200
        return content["data"]

    async def raw(self, method: str, path: str, body: Any = None, *, key: str | None = None, **query: Any) -> httpx.Response:
        headers = {"X-Auth-Key": self.key if key is None else key}
        return await self.http.request(method, f"{self.url}/api/v1{path}", json=body, params=query, headers=headers)

    async def wca(self, *arguments: str) -> tuple[int, str, str]:
        """Exit code, output and errors of a console command on the same installation."""
        process = await asyncio.create_subprocess_exec(
            *WCA, *arguments, env=self.environment, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE
        )
        out, errors = await process.communicate()
        assert process.returncode is not None
        return process.returncode, out.decode(), errors.decode()


@asynccontextmanager
async def running(data: Path) -> AsyncIterator[Product]:
    """`wca run` on an empty directory, told everything by the lines that it prints."""
    environment = {**os.environ, "WILDCORE_DATA": str(data), "WILDCORE_LISTEN": "127.0.0.1:0"}
    with (data.parent / "errors.log").open("wb") as errors:
        process = await asyncio.create_subprocess_exec(
            *WCA, "run", env=environment, stdout=asyncio.subprocess.PIPE, stderr=errors
        )
    assert process.stdout is not None
    said: dict[str, str] = {}
    try:
        async with asyncio.timeout(60):
            while "Listening" not in said:
                line = (await process.stdout.readline()).decode()
                assert line, (data.parent / "errors.log").read_text()
                name, colon, value = line.strip().partition(": ")
                if colon:
                    said[name] = value
        login, password = said["Sign in"].split(" / ")
        product = Product(said["Listening"], environment, login, password)
        async with product.http:
            yield product
    finally:
        with suppress(ProcessLookupError):
            process.terminate()
        await process.communicate()
    assert process.returncode == 0, (data.parent / "errors.log").read_text()


async def eventually(question: Callable[[], Awaitable[Any]], seconds: float = 60) -> Any:
    """The first true answer; the last one is told when none comes in time."""
    answer = None
    with suppress(TimeoutError):
        async with asyncio.timeout(seconds):
            while not (answer := await question()):  # noqa: ASYNC110 - another process has no event to wait for
                await asyncio.sleep(0.2)
    assert answer, f"still {answer!r} after {seconds} s"
    return answer
