"""Answers that are sent while they are made."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncGenerator, AsyncIterator, Callable
from contextvars import Context, copy_context
from urllib.parse import quote

from starlette.responses import StreamingResponse

from wildcore.kit.http import Stream, Template

# nginx gives up on a silent upstream after 60 s (proxy_read_timeout), some middle-boxes after 30.
HEARTBEAT_SEC = 10.0


def stream_response(stream: Stream, render: Callable[[Template], str]) -> StreamingResponse:
    """The answer; its parts are made in the language that holds now. The web shell asks proxies not to keep it back."""
    headers = {"Cache-Control": "no-store"}
    if stream.file_name:
        headers["Content-Disposition"] = f"attachment; filename*=UTF-8''{quote(stream.file_name, safe='')}"
    parts = _parts(stream, copy_context(), render)
    return StreamingResponse(parts, headers=headers, media_type=stream.media_type)


async def _parts(stream: Stream, context: Context, render: Callable[[Template], str]) -> AsyncIterator[str | bytes]:
    async def following() -> str | bytes | None:
        part = await anext(stream.parts, None)
        return render(part) if isinstance(part, Template) else part

    waiting: asyncio.Task[str | bytes | None] | None = None
    try:
        while True:
            waiting = waiting or asyncio.create_task(following(), context=context)
            done, _ = await asyncio.wait({waiting}, timeout=HEARTBEAT_SEC if stream.heartbeat else None)
            if not done:
                yield stream.heartbeat
                continue
            part = waiting.result()
            waiting = None
            if part is None:
                return
            yield part
    finally:
        if waiting is not None:
            waiting.cancel()
            with contextlib.suppress(asyncio.CancelledError, Exception):
                await waiting
        if isinstance(stream.parts, AsyncGenerator):  # nobody reads on: what it holds is given back now
            await stream.parts.aclose()
