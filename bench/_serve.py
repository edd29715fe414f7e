"""The product beside a bare endpoint, in the process that is measured."""

from __future__ import annotations

import asyncio
import signal
import sys

from fastapi import FastAPI
from sqlalchemy import event
from starlette.types import Receive, Scope, Send

from wildcore.app.build import Installation
from wildcore.app.run import http_server, listen
from wildcore.web.app import create_app
from wildcore.worker import background

HELLO = "/bench/hello"
STATEMENTS = "/bench/statements"


async def serve(installation: Installation) -> None:
    """The server's process: prints its port, ends on SIGTERM."""
    app = create_app(installation.runtime, installation.components)
    bare = FastAPI()
    counted: list[str] = []

    def note(_connection: object, _cursor: object, statement: str, *_rest: object) -> None:
        if not statement.startswith("BEGIN"):
            counted.append(statement)

    @bare.get(HELLO)
    async def hello() -> dict[str, str]:
        return {"hello": "world"}

    @bare.get(STATEMENTS)
    async def statements() -> int:
        """Begins to count, or ends it and tells the number."""
        engine = installation.runtime.db.engine
        if event.contains(engine, "before_cursor_execute", note):
            event.remove(engine, "before_cursor_execute", note)
            return len(counted)
        counted.clear()
        event.listen(engine, "before_cursor_execute", note)
        return 0

    async def both(scope: Scope, receive: Receive, send: Send) -> None:
        await (bare if scope.get("path", "").startswith("/bench/") else app)(scope, receive, send)

    tcp = listen("127.0.0.1:0")
    server = http_server(both, "off")
    stop = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stop.set)
    asyncio.get_running_loop().add_reader(sys.stdin.fileno(), stop.set)  # its end: the benchmark is gone
    async with background(installation.runtime):
        serving = asyncio.create_task(server.serve(sockets=[tcp]))
        await server.up.wait()
        print(tcp.getsockname()[1], flush=True)
        await stop.wait()
        server.should_exit = True
        await serving
