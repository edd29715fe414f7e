"""Hardware lies: every kind of broken answer ends in an error or in an incomplete walk, soon, and never as "complete"."""

from __future__ import annotations

import asyncio
from typing import get_args

import pytest

from tests.transport.helpers import COLUMN, PRIV, ROWS, TABLE, USERS, quick, small_table
from wildcore.errors import DeviceAnswerError, DeviceError, DeviceRefused, DeviceUnreachable
from wildcore.transport.gate import Priority
from wildcore.transport.hub import DeviceHub
from wildcore.transport.replay import Behaviour, Broken, ReplayAgent
from wildcore.transport.snmp import Limits, SnmpTarget
from wildcore.transport.snmp.types import Version
from wildcore.transport.snmp.walk import BulkSize

NAME = "1.3.6.1.2.1.1.5.0"
WALK_ONLY = {Broken.NON_INCREASING, Broken.LOOP, Broken.ENDLESS, Broken.NO_SUCH_INSTANCE}
UNFIT = {Broken.WRONG_COMMUNITY, Broken.WRONG_VERSION, Broken.WRONG_REQUEST_ID, Broken.GARBAGE}
COMMUNITY_ONLY = {
    Broken.WRONG_COMMUNITY, Broken.WRONG_VERSION, Broken.WRONG_REQUEST_ID,
    Broken.TRUNCATED, Broken.TRAILING, Broken.GARBAGE,
}  # fmt: skip

CASES = [  # v3 messages carry no community, and a signature instead
    pytest.param(version, broken, id=f"{version}-{broken.name.lower()}")
    for version in get_args(Version)
    for broken in Broken
    if not (version == "3" and broken in COMMUNITY_ONLY)
]


@pytest.mark.parametrize("broken_after", [0, 2], ids=["from the start", "in the middle"])
@pytest.mark.parametrize(("version", "broken"), CASES)
async def test_a_broken_walk_is_never_complete(hub: DeviceHub, version: Version, broken: Broken, broken_after: int) -> None:
    behaviour = Behaviour(broken=broken, broken_after=broken_after)
    limits = Limits(rows=1000, seconds=20)
    async with ReplayAgent(small_table(), users=USERS, behaviour=behaviour) as agent, asyncio.timeout(10):
        user = PRIV if version == "3" else None
        session = hub.session(quick(agent, version, user), Priority.POLL, limits=limits)
        dropped = COMMUNITY_ONLY if version == "1" else UNFIT  # the package keeps quiet about what it drops
        if not broken_after and broken in dropped:
            with pytest.raises(DeviceError, match=agent.host):
                await session.column(COLUMN)
            return
        walk = await session.column(COLUMN)
        assert not walk.complete
        assert walk.problem
        if broken is not Broken.ENDLESS:
            assert walk.rows == [((100 + row,), -row) for row in range(len(walk.rows))]
        if broken_after:
            assert walk.rows


@pytest.mark.parametrize("broken", [broken for broken in Broken if broken not in WALK_ONLY])
async def test_a_broken_get_is_an_error(hub: DeviceHub, broken: Broken) -> None:
    async with ReplayAgent(small_table(), behaviour=Behaviour(broken=broken)) as agent, asyncio.timeout(10):
        session = hub.session(quick(agent), Priority.PERSON)
        expected = DeviceRefused if broken is Broken.GEN_ERR else DeviceAnswerError
        with pytest.raises(expected):
            await session.get(NAME)


@pytest.mark.parametrize("broken", [Broken.TRUNCATED, Broken.TRAILING, Broken.GARBAGE, Broken.WRONG_REQUEST_ID])
async def test_one_broken_answer_is_got_over(hub: DeviceHub, broken: Broken) -> None:
    behaviour = Behaviour(broken=broken, broken_after=1, broken_count=1)
    async with ReplayAgent(small_table(), behaviour=behaviour) as agent:
        walk = await hub.session(quick(agent), Priority.POLL).column(COLUMN)
        assert walk.complete
        assert walk.rows == [((100 + row,), -row) for row in range(ROWS)]


async def test_too_big_halves_and_is_remembered(hub: DeviceHub) -> None:
    async with ReplayAgent(small_table(), behaviour=Behaviour(too_big_over=8)) as agent:
        session = hub.session(quick(agent), Priority.POLL)
        assert (await session.column(COLUMN)).complete
        assert hub.device(*agent.address).bulk.limit == 6
        before = session.stats.requests
        assert (await session.column(COLUMN)).complete
        assert session.stats.requests - before == ROWS // 6 + 1


async def test_a_hanging_agent_is_asked_for_less(hub: DeviceHub) -> None:
    async with ReplayAgent(small_table(), behaviour=Behaviour(hang_over=10)) as agent:
        session = hub.session(quick(agent, repeats=3), Priority.POLL)
        walk = await session.column(COLUMN)
        assert walk.complete
        assert len(walk.rows) == ROWS
        assert hub.device(*agent.address).bulk.limit == 6


async def test_an_agent_that_never_fits_gives_an_incomplete_walk(hub: DeviceHub) -> None:
    async with ReplayAgent(small_table(), behaviour=Behaviour(too_big_over=0)) as agent:
        walk = await hub.session(quick(agent), Priority.POLL).column(COLUMN)
        assert not walk.complete
        assert "tooBig" in (walk.problem or "")


def test_bulk_size_grows_again_with_patience() -> None:
    bulk = BulkSize()
    bulk.shrank_to(6)
    for _ in range(9):
        bulk.walked()
    assert bulk.size(25) == 6
    bulk.walked()
    assert bulk.size(25) == 12
    bulk.shrank_to(6)
    for _ in range(10):
        bulk.walked()
    assert bulk.size(25) == 6
    for _ in range(10):
        bulk.walked()
    assert bulk.size(25) == 12


async def test_limits_cut(hub: DeviceHub) -> None:
    async with ReplayAgent(small_table()) as agent:
        for limits in (Limits(rows=50), Limits(bytes=2000), Limits(seconds=0)):
            walk = await hub.session(quick(agent), Priority.POLL, limits=limits).column(COLUMN)
            assert not walk.complete
            assert "cut off" in (walk.problem or "")
            assert 0 < len(walk.rows) < ROWS


async def test_silence_is_unreachable(hub: DeviceHub) -> None:
    async with ReplayAgent(small_table(), behaviour=Behaviour(silent=True)) as agent:
        for version in get_args(Version):
            user = PRIV if version == "3" else None
            session = hub.session(quick(agent, version, user), Priority.POLL)
            with pytest.raises(DeviceUnreachable):
                await session.column(TABLE)
            with pytest.raises(DeviceUnreachable):
                await session.get(NAME)


async def test_silence_half_way_is_incomplete(hub: DeviceHub) -> None:
    behaviour = Behaviour()
    agent = ReplayAgent(small_table(), behaviour=behaviour)

    def fall_silent(_: object) -> None:
        behaviour.silent = agent.requests >= 3

    agent = ReplayAgent(small_table(), behaviour=behaviour, observer=fall_silent)
    async with agent:
        walk = await hub.session(quick(agent), Priority.POLL).column(COLUMN)
    assert not walk.complete
    assert "no answer" in (walk.problem or "")
    assert walk.rows == [((100 + row,), -row) for row in range(75)]


async def test_a_closed_port_and_an_unknown_name_fail_at_once(hub: DeviceHub) -> None:
    async with ReplayAgent(small_table()) as agent:
        gone = quick(agent, timeout_sec=60)
    async with asyncio.timeout(5):
        with pytest.raises(DeviceUnreachable, match="nothing listens"):
            await hub.session(gone, Priority.POLL).get(NAME)
        with pytest.raises(DeviceUnreachable, match="no way to"):
            await hub.session(SnmpTarget("no host.invalid"), Priority.POLL).get(NAME)


async def test_v1_only_devices_are_silent_to_v2c(hub: DeviceHub) -> None:
    async with ReplayAgent(small_table(), behaviour=Behaviour(v1_only=True)) as agent:
        with pytest.raises(DeviceUnreachable):
            await hub.session(quick(agent), Priority.POLL).get(NAME)
        assert (await hub.session(quick(agent, "1"), Priority.POLL).get(NAME)) == {(1, 3, 6, 1, 2, 1, 1, 5, 0): b"name"}


async def test_a_slow_device_answers_late_but_is_heard(hub: DeviceHub) -> None:
    async with ReplayAgent(small_table(), behaviour=Behaviour(delay_sec=0.15)) as agent:
        session = hub.session(quick(agent, repeats=4), Priority.POLL)
        for name, value in (("1.3.6.1.2.1.1.5.0", b"name"), ("1.3.6.1.2.1.1.1.0", b"a small device")):
            assert list((await session.get(name)).values()) == [value]
        walk = await session.column((*TABLE, 27))
        assert walk.complete
        assert walk.rows == [((100 + row,), b"onu %d" % row) for row in range(ROWS)]
        assert hub.device(*agent.address).bulk.limit is None


async def test_a_lossy_line_loses_no_rows(hub: DeviceHub) -> None:
    async with ReplayAgent(small_table(), behaviour=Behaviour(loss=0.3, seed=7)) as agent:
        session = hub.session(quick(agent, timeout_sec=0.03, repeats=12), Priority.POLL)
        walk = await session.column(COLUMN)
        assert walk.complete
        assert walk.rows == [((100 + row,), -row) for row in range(ROWS)]
