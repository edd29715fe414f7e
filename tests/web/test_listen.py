"""The listening socket: what event loops read off it."""

from __future__ import annotations

import asyncio
import socket

from wildcore.app.run import listen


async def test_answers_are_not_held_back_to_fill_a_packet() -> None:
    """Without TCP_NODELAY an answer of two writes on a kept connection waits 40 ms for the peer's acknowledgement."""
    taken = listen("127.0.0.1:0")
    accepted: asyncio.Future[int] = asyncio.get_running_loop().create_future()

    async def look(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        accepted.set_result(writer.get_extra_info("socket").getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY))
        writer.close()

    async with await asyncio.start_server(look, sock=taken):
        _reader, writer = await asyncio.open_connection(*taken.getsockname())
        assert await accepted == 1
        writer.close()
