"""The worker with real devices on loopback: dead, slow and killed ones, and what the others see of that."""

from __future__ import annotations

import asyncio
import contextlib
import signal
import subprocess
import sys
import textwrap
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from sqlalchemy import delete, func, select, update

from tests.poller.support import add_agent_device, until
from wildcore.lab.captures import Device as SimulatedDevice
from wildcore.services import polling_leases
from wildcore.services.pollers import sync_polls
from wildcore.services.polling_leases import LEASE_SEC
from wildcore.services.runtime import Runtime
from wildcore.store.tables import Device, Interface, Poll
from wildcore.transport.icmp import NONE, Pinger
from wildcore.transport.replay import ReplayAgent
from wildcore.worker import Watch, Worker, background


@asynccontextmanager
async def working(runtime: Runtime) -> AsyncIterator[Worker]:
    worker = Worker(runtime, look_sec=0.05)
    task = asyncio.create_task(worker.run())
    try:
        yield worker
    finally:
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task


def results(runtime: Runtime, device_id: int) -> set[str]:
    with runtime.db.read() as session:
        return set(session.scalars(select(Poll.result).where(Poll.device_id == device_id)))


def leases(runtime: Runtime) -> int:
    with runtime.db.read() as session:
        return session.scalar(select(func.count(Poll.id)).where(Poll.lease_owner.is_not(None))) or 0


def status(runtime: Runtime, device_id: int) -> str:
    with runtime.db.read() as session:
        return session.scalars(select(Device.status).where(Device.id == device_id)).one()


async def test_a_new_device_is_polled_at_once_and_then_in_turn(runtime: Runtime, device_id: int) -> None:
    async def polled() -> bool:
        return results(runtime, device_id) == {"ok"}

    async with working(runtime) as worker:
        await until(polled)
        await until(lambda: settled(worker))
    assert status(runtime, device_id) == "Up"
    assert leases(runtime) == 0
    with runtime.db.read() as session:
        assert polling_leases.next_due(session, runtime.now()) > runtime.now()  # type: ignore[operator]


async def settled(worker: Worker) -> bool:
    return not worker.busy


async def test_dead_devices_delay_nobody(runtime: Runtime, simulated: SimulatedDevice, device_id: int) -> None:
    async with contextlib.AsyncExitStack() as stack:
        dead = []
        for number in range(2, 26):  # more than the worker has slots
            agent = await stack.enter_async_context(ReplayAgent(simulated.mib(), host=f"127.0.0.{number}"))
            agent.behaviour.silent = True
            dead.append(add_agent_device(runtime.db, agent, connection={"snmp_timeout_sec": 60.0}))
        with runtime.db.write() as session:
            sync_polls(session, runtime)
            session.execute(update(Poll).where(Poll.device_id.in_(dead)).values(next_at=1, result="error"))

        async def alive_is_polled() -> bool:
            return results(runtime, device_id) == {"ok"}

        async with working(runtime) as worker:
            await until(alive_is_polled, 20)
            assert len(worker.busy.intersection(dead)) == 2, "they have their share"
    assert leases(runtime) == 0, "a stopped worker gives its leases back"
    with runtime.db.read() as session:
        due = session.scalars(select(Poll.device_id).where(Poll.next_at == 1).distinct()).all()
    assert set(due) == set(dead), "what it did not finish is still due"


async def test_two_workers_share_the_work(runtime: Runtime, agent: ReplayAgent, device_id: int) -> None:
    async def polled() -> bool:
        return results(runtime, device_id) == {"ok"}

    async with working(runtime):
        await until(polled)
    alone = agent.requests
    with runtime.db.write() as session:
        session.execute(update(Poll).values(next_at=0, result=""))
    async with working(runtime) as one, working(runtime) as other:
        await until(polled)
        await until(lambda: settled(one))
        await until(lambda: settled(other))
    assert agent.requests - alone <= alone + 2, "no poll ran twice"


async def test_a_killed_worker_loses_nothing(runtime: Runtime, db_url: str, agent: ReplayAgent, device_id: int) -> None:
    agent.behaviour.delay_sec = 0.2
    code = textwrap.dedent(f"""
        import asyncio
        from pathlib import Path
        from wildcore.services.catalogue import Catalogue
        from wildcore.services.core_settings import CORE_SETTINGS
        from wildcore.services.runtime import Runtime
        from wildcore.services.secretbox import SecretBox
        from wildcore.services.settings import Settings
        from wildcore.store.db import Database
        from wildcore.store.metrics import NullMetrics
        from wildcore.transport.hub import DeviceHub
        from wildcore.transport.icmp import Pinger
        from wildcore.worker import Worker

        async def main():
            directory = Path({str(runtime.data_dir)!r})
            db, box = Database({db_url!r}), SecretBox.from_directory(directory)
            async with DeviceHub() as hub:
                settings = Settings(db, box, CORE_SETTINGS)
                runtime = Runtime(directory, db, settings, box, NullMetrics(), hub, Pinger(), Catalogue(db, ()))
                await Worker(runtime).run()

        asyncio.run(main())
    """)
    with subprocess.Popen([sys.executable, "-c", code]) as process:  # noqa: ASYNC220

        async def holding() -> bool:
            assert process.poll() is None
            return leases(runtime) > 0 and "ok" in results(runtime, device_id)

        await until(holding)
        process.send_signal(signal.SIGKILL)
    left = leases(runtime)
    assert left > 0
    agent.behaviour.delay_sec = 0.0

    async def polled() -> bool:
        return results(runtime, device_id) == {"ok"}

    async with working(runtime) as worker:
        for _ in range(5):
            await asyncio.sleep(0.02)
        assert not worker.busy, "the dead one's lease still holds"
        ahead = runtime.now
        runtime.now = lambda: ahead() + LEASE_SEC + 1
        await until(polled)
        await until(lambda: settled(worker))
    assert leases(runtime) == 0


async def test_a_device_that_is_down_is_skipped_and_polled_at_once_when_it_is_back(
    runtime: Runtime, agent: ReplayAgent, device_id: int
) -> None:
    runtime.pinger = Pinger(NONE)  # loopback always answers pings: ask by SNMP
    agent.behaviour.silent = True
    watch = Watch(runtime)
    assert await watch.look() == {device_id: "Down"}
    asked = agent.requests

    async def skipped() -> bool:
        return results(runtime, device_id) == {"down"}

    async def polled() -> bool:
        return results(runtime, device_id) == {"ok"}

    async with working(runtime) as worker:
        await until(skipped)
        assert agent.requests == asked
        agent.behaviour.silent = False
        assert await watch.look() == {device_id: "Up"}
        await until(polled)
        await until(lambda: settled(worker))
    with runtime.db.read() as session:
        device = session.get_one(Device, device_id)
        assert (device.status, device.status_at) == ("Up", device.status_at)
        assert device.status_changed_at is not None


async def test_who_answers_a_ping_is_up(runtime: Runtime, agent: ReplayAgent, device_id: int) -> None:
    agent.behaviour.silent = True
    assert await Watch(runtime).look() == {device_id: "Up"}
    assert status(runtime, device_id) == "Up"


async def test_everything_runs_and_stops_together(runtime: Runtime, device_id: int) -> None:
    async def polled() -> bool:
        with runtime.db.read() as session:
            return results(runtime, device_id) == {"ok"} and session.scalar(select(func.count(Interface.id))) != 0

    async with background(runtime):
        await until(polled)
    assert leases(runtime) == 0
    assert not [task for task in asyncio.all_tasks() if task is not asyncio.current_task() and not task.done()]


async def test_a_device_deleted_while_it_is_polled_harms_nobody(
    runtime: Runtime, agent: ReplayAgent, device_id: int, caplog: pytest.LogCaptureFixture
) -> None:
    agent.behaviour.delay_sec = 0.1
    seen = agent.requests

    async with working(runtime) as worker:

        async def asked() -> bool:
            return agent.requests > seen + 3 and bool(worker.busy)

        await until(asked)
        with runtime.db.write() as session:
            session.execute(delete(Device).where(Device.id == device_id))
        agent.behaviour.delay_sec = 0.0
        await until(lambda: settled(worker))
    assert [record for record in caplog.records if record.levelname in ("ERROR", "CRITICAL")] == []
    with runtime.db.read() as session:
        assert session.scalars(select(Interface.id)).all() == []
