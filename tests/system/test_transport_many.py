"""Hundreds of devices at once, in one process on either side."""

from __future__ import annotations

import asyncio

from tests.transport.helpers import ROWS, TABLE, quick, small_table
from wildcore.errors import DeviceUnreachable
from wildcore.transport.gate import Priority
from wildcore.transport.hub import DeviceHub
from wildcore.transport.replay import Behaviour, ReplayAgent, StaticMib


async def test_three_hundred_agents_at_once() -> None:
    """Slow, lossy and dead ones among them: every walk ends, and ends right."""
    mib = StaticMib(small_table())
    agents = [ReplayAgent(mib, host=f"127.0.{row // 200 + 1}.{row % 200 + 1}", port=0) for row in range(300)]
    for row, agent in enumerate(agents):
        agent.behaviour = Behaviour(
            delay_sec=0.02 if row % 10 == 1 else 0, loss=0.1 if row % 10 == 2 else 0, seed=row, silent=row % 10 == 3
        )
    async with asyncio.timeout(60), asyncio.TaskGroup() as group:
        for agent in agents:
            group.create_task(agent.start())
    async with DeviceHub() as hub:
        sessions = [hub.session(quick(agent, timeout_sec=1, repeats=3), Priority.POLL) for agent in agents]
        walks = await asyncio.gather(*(session.column((*TABLE, 27)) for session in sessions), return_exceptions=True)
    for agent in agents:
        await agent.stop()
    for row, walk in enumerate(walks):
        if row % 10 == 3:
            assert isinstance(walk, DeviceUnreachable)
        else:
            assert not isinstance(walk, BaseException)
            assert walk.complete, walk.problem
            assert walk.rows == [((100 + onu,), b"onu %d" % onu) for onu in range(ROWS)]
