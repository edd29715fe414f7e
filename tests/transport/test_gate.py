"""One request at a time, people first, walks never at once; and nothing is lost when somebody stops waiting."""

from __future__ import annotations

import asyncio

import pytest

from tests.transport.helpers import COLUMN, ROWS, TABLE, quick, small_table, until
from wildcore.transport.gate import DeviceGate, Priority, PriorityLock
from wildcore.transport.hub import DeviceHub
from wildcore.transport.replay import Behaviour, ReplayAgent
from wildcore.transport.replay.pdu import Request
from wildcore.transport.snmp import SnmpTarget
from wildcore.transport.snmp.codec import Pdu

NAME = (1, 3, 6, 1, 2, 1, 1, 5, 0)


async def test_people_go_first_and_in_order() -> None:
    lock = PriorityLock()
    assert lock.take()
    order: list[str] = []

    async def one(name: str, priority: Priority) -> None:
        await lock.acquire(priority)
        order.append(name)
        lock.release()

    async with asyncio.TaskGroup() as group:
        for count, (name, priority) in enumerate(
            [("poll 1", Priority.POLL), ("poll 2", Priority.POLL), ("person 1", Priority.PERSON), ("person 2", Priority.PERSON)]
        ):
            group.create_task(one(name, priority))
            await until(lambda: lock.waiting > count)  # noqa: B023 - called before the loop goes on
        lock.release()
    assert order == ["person 1", "person 2", "poll 1", "poll 2"]
    assert not lock.locked


@pytest.mark.parametrize("handed_over", [False, True])
async def test_a_cancelled_waiter_passes_the_lock_on(handed_over: bool) -> None:
    lock = PriorityLock()
    await lock.acquire(Priority.POLL)
    first = asyncio.create_task(lock.acquire(Priority.POLL))
    second = asyncio.create_task(lock.acquire(Priority.POLL))
    await until(lambda: lock.waiting == 2)
    if handed_over:
        lock.release()
        first.cancel()  # the lock is its already, but it has not run yet
    else:
        first.cancel()
        lock.release()
    async with asyncio.timeout(5):
        await second
    assert first.cancelled()
    lock.release()
    assert not lock.locked
    assert lock.waiting == 0


async def test_a_failure_inside_frees_the_device() -> None:
    gate = DeviceGate()
    for context in (gate.request, gate.walk):
        with pytest.raises(RuntimeError, match="inside"):
            async with context(Priority.POLL):
                raise RuntimeError("inside")
    assert not gate.busy


async def test_a_person_asks_between_two_getbulks_of_a_walk(hub: DeviceHub) -> None:
    seen: list[Request] = []
    agent = ReplayAgent(small_table(), observer=seen.append, behaviour=Behaviour(delay_sec=0.01))
    async with agent:
        target = quick(agent, timeout_sec=2)
        poller = hub.session(target, Priority.POLL)
        person = hub.session(target, Priority.PERSON)
        walk = asyncio.create_task(poller.column(COLUMN))
        gets = [asyncio.create_task(poller.get(NAME)) for _ in range(3)]
        await until(lambda: bool(seen))
        asked_after = len(seen)
        assert await person.get(NAME) == {NAME: b"name"}
        assert not walk.done()
        assert [request.kind for request in seen[asked_after : asked_after + 1]] == [Pdu.GET]
        result = await walk
        await asyncio.gather(*gets)
    assert result.complete
    assert len(result.rows) == ROWS
    kinds = [request.kind for request in seen]
    assert kinds.count(Pdu.GETBULK) == ROWS // 25 + 1
    assert kinds[-1] == Pdu.GETBULK


async def test_one_request_at_a_time(hub: DeviceHub) -> None:
    """An agent that answers after a while never has two requests in hand."""
    open_requests = most = 0

    class Counting(ReplayAgent):
        def receive(self, data: bytes, sender: tuple[str, int]) -> None:
            nonlocal open_requests, most
            open_requests += 1
            most = max(most, open_requests)
            super().receive(data, sender)

        def _send(self, answer: bytes, sender: tuple[str, int]) -> None:
            nonlocal open_requests
            open_requests -= 1
            super()._send(answer, sender)

    async with Counting(small_table(), behaviour=Behaviour(delay_sec=0.002)) as agent:
        target = quick(agent, timeout_sec=5)
        v1 = SnmpTarget(agent.host, agent.port, "1", timeout_sec=5)
        sessions = [hub.session(target, priority) for priority in Priority] + [hub.session(v1, Priority.POLL)]
        await asyncio.gather(
            *(session.get(NAME) for session in sessions for _ in range(5)),
            *(session.column(COLUMN) for session in sessions),
        )
    assert most == 1


async def test_walks_of_one_device_never_overlap_and_a_persons_is_next(hub: DeviceHub) -> None:
    order: list[int] = []

    def note(request: Request) -> None:
        column = request.varbinds[0].oid[len(TABLE)] if len(request.varbinds[0].oid) > len(TABLE) else 0
        order.append(column)

    async with ReplayAgent(small_table(), observer=note, behaviour=Behaviour(delay_sec=0.001)) as agent:
        target = quick(agent, timeout_sec=5)
        poller, person = hub.session(target, Priority.POLL), hub.session(target, Priority.PERSON)
        gate = hub.device(*agent.address).gate
        running = [asyncio.create_task(poller.column((*TABLE, column))) for column in (26, 27)]
        await until(lambda: gate.walks.waiting == 1)
        running.append(asyncio.create_task(person.column((*TABLE, 28))))
        results = await asyncio.gather(*running)
    assert [result.complete for result in results] == [True] * 3
    changes = [column for at, column in enumerate(order) if at == 0 or order[at - 1] != column]
    assert changes == [26, 28, 27]


async def test_a_cancelled_walk_frees_the_device(hub: DeviceHub) -> None:
    async with ReplayAgent(small_table(), behaviour=Behaviour(delay_sec=0.02)) as agent:
        for version in ("2c", "1"):
            target = SnmpTarget(agent.host, agent.port, version, timeout_sec=5)
            session = hub.session(target, Priority.POLL)
            walk = asyncio.create_task(session.column(COLUMN))
            served = agent.requests
            await until(lambda: agent.requests >= served + 2)  # noqa: B023 - called before the loop goes on
            walk.cancel()
            with pytest.raises(asyncio.CancelledError):
                await walk
            assert not hub.device(*agent.address).gate.busy
            assert await session.get(NAME) == {NAME: b"name"}
