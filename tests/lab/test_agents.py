"""Several hundred devices at once, and devices that misbehave."""

from __future__ import annotations

import asyncio
import socket

import pytest

from wildcore.errors import ConfigurationError, DeviceUnreachable
from wildcore.lab.agents import Agents, addresses
from wildcore.lab.captures import olt, switch
from wildcore.transport.gate import Priority
from wildcore.transport.hub import DeviceHub
from wildcore.transport.replay import Behaviour, Broken
from wildcore.transport.snmp.types import SnmpTarget, oid

SYS_NAME = oid("1.3.6.1.2.1.1.5.0")
IF_NAME = oid("1.3.6.1.2.1.31.1.1.1.1")
PORT = 16495


def target(host: str, port: int = PORT, *, version: str = "2c") -> SnmpTarget:
    return SnmpTarget(host=host, port=port, version=version, timeout_sec=0.3, repeats=2)  # type: ignore[arg-type]


async def test_three_hundred_devices_answer_in_one_process() -> None:
    hosts = list(addresses(300, "127.42.0.1"))
    assert len(set(hosts)) == 300
    agents = Agents(port=PORT)
    for number, host in enumerate(hosts):
        agents.add(host, switch("ecs4100_28t", seed=number, name=f"sw-{number}"))
    hub = DeviceHub()
    try:
        async with agents:
            sessions = [hub.session(SnmpTarget(host=host, port=PORT), Priority.PERSON) for host in hosts]
            answers = await asyncio.gather(*(session.get(SYS_NAME) for session in sessions))
    finally:
        await hub.aclose()
    assert [answer[SYS_NAME] for answer in answers] == [f"sw-{number}".encode() for number in range(300)]


async def test_agents_behave_as_told() -> None:
    agents = Agents(port=PORT)
    ways = {
        "127.42.8.1": Behaviour(silent=True),
        "127.42.8.2": Behaviour(v1_only=True),
        "127.42.8.3": Behaviour(delay_sec=0.1),
        "127.42.8.4": Behaviour(loss=0.5, seed=3),
        "127.42.8.5": Behaviour(broken=Broken.GEN_ERR, broken_after=1),
    }
    for host, behaviour in ways.items():
        agents.add(host, olt("bdcom_epon", 4, 1, name=host), behaviour=behaviour)
    hub = DeviceHub()
    try:
        async with agents:
            with pytest.raises(DeviceUnreachable):
                await hub.session(target("127.42.8.1"), Priority.PERSON).get(SYS_NAME)
            with pytest.raises(DeviceUnreachable):
                await hub.session(target("127.42.8.2"), Priority.PERSON).get(SYS_NAME)
            assert await hub.session(target("127.42.8.2", version="1"), Priority.PERSON).get(SYS_NAME)
            started = asyncio.get_running_loop().time()
            assert await hub.session(target("127.42.8.3"), Priority.PERSON).get(SYS_NAME)
            assert asyncio.get_running_loop().time() - started >= 0.09
            patient = SnmpTarget(host="127.42.8.4", port=PORT, timeout_sec=0.1, repeats=10)
            assert (await hub.session(patient, Priority.PERSON).column(IF_NAME)).complete
            session = hub.session(target("127.42.8.5"), Priority.PERSON)
            assert await session.get(SYS_NAME)
            walk = await session.column(oid("1.3.6.1.2.1.2.2.1.2"))
            assert not walk.complete
            agents.agent("127.42.8.5").behaviour.broken = None
            assert (await session.column(IF_NAME)).complete
    finally:
        await hub.aclose()


async def test_another_port_is_taken_when_one_is_busy() -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as busy:
        busy.bind(("127.42.9.2", 16497))
        agents = Agents(port=16497)
        for host in ("127.42.9.1", "127.42.9.2"):
            agents.add(host, switch("des_1228_me"))
        with pytest.raises(ConfigurationError, match="No UDP port"):
            await agents.start()
        free = Agents()
        free.add("127.42.9.2", switch("des_1228_me"))
        async with free:
            assert free.port != 16497
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as again:
        again.bind(("127.42.9.1", 16497))


async def test_any_port_is_one_port_for_all() -> None:
    agents = Agents(port=0)
    added = [agents.add(host, switch("des_1228_me")) for host in addresses(5, "127.42.10.1")]
    async with agents:
        assert {agent.port for agent in added} == {agents.port}
        assert agents.port > 0


def test_devices_stay_on_this_machine() -> None:
    agents = Agents()
    with pytest.raises(ValueError, match="loopback"):
        agents.add("192.0.2.1", switch("des_1228_me"))
    agents.add("127.42.9.1", switch("des_1228_me"))
    with pytest.raises(ValueError, match="already"):
        agents.add("127.42.9.1", switch("des_1228_me"))
