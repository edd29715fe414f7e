"""Simulated devices on the network: several hundred SNMP agents in one process, each on its own loopback address."""

from __future__ import annotations

import asyncio
import errno
import ipaddress
import resource
from collections.abc import Iterable, Iterator, Sequence
from typing import Self

from wildcore.errors import ConfigurationError
from wildcore.lab.captures.device import Device
from wildcore.transport.replay import Behaviour, MibRow, MibView, ReplayAgent
from wildcore.transport.snmp.types import V3User, Varbind

UNPRIVILEGED = tuple(range(16100, 16132))
"""Ports that anybody may take, tried in this order."""

PORTS = (161, *UNPRIVILEGED)
"""Ports that are tried when none is asked for: SNMP's own needs a right that few have."""

_TRIES = 16
_BUSY = frozenset((errno.EADDRINUSE, errno.EACCES, errno.EPERM))


class Agents:
    """A set of agents on one UDP port: add devices, then `async with` (or start and stop).

    All agents share one port, the first of `port` that is free everywhere (0: whichever the system gives the first device), so
    that one access of the product reaches all of them.
    """

    def __init__(self, *, port: int | Sequence[int] = PORTS) -> None:
        self._ports: Sequence[int] = (port,) if isinstance(port, int) else port
        self._agents: dict[str, ReplayAgent] = {}
        self.port = self._ports[0]

    def add(
        self,
        host: str,
        device: Device | MibView | Iterable[Varbind | MibRow],
        *,
        behaviour: Behaviour | None = None,
        read_community: str = "public",
        write_community: str = "private",
        users: Sequence[V3User] = (),
    ) -> ReplayAgent:
        """Give a device an address in 127.0.0.0/8. Rows, a view or a generated device, which also reacts to SET."""
        if not ipaddress.ip_address(host).is_loopback:
            raise ValueError(f"{host} is no loopback address: simulated devices stay on this machine")
        if host in self._agents:
            raise ValueError(f"{host} has a device already")
        simulated = device if isinstance(device, Device) else None
        agent = ReplayAgent(
            device.mib() if isinstance(device, Device) else device,
            host=host,
            read_community=read_community,
            write_community=write_community,
            users=users,
            writable=simulated.accepts if simulated else None,
            written=simulated.written if simulated else None,
            behaviour=behaviour,
        )
        self._agents[host] = agent
        return agent

    def agent(self, host: str) -> ReplayAgent:
        """The agent at an address; KeyError when there is none."""
        return self._agents[host]

    def __len__(self) -> int:
        return len(self._agents)

    async def start(self) -> None:
        """Open all sockets on the first port that is free on every address; ConfigurationError when none is."""
        _allow_files(len(self._agents))
        for port in self._ports:
            for _ in range(1 if port else _TRIES):
                if await self._start_on(port):
                    return
        raise ConfigurationError(f"No UDP port for simulated devices is free (tried {self._ports[0]} to {self._ports[-1]})")

    async def _start_on(self, port: int) -> bool:
        started: list[ReplayAgent] = []
        try:
            for agent in self._agents.values():
                agent.port = started[0].port if started else port
                await agent.start()
                started.append(agent)
            self.port = started[0].port if started else port
        except OSError as error:
            for agent in started:
                await agent.stop()
            if error.errno in _BUSY:
                return False
            raise
        return True

    async def stop(self) -> None:
        """Close all sockets."""
        await asyncio.gather(*(agent.stop() for agent in self._agents.values()))

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(self, *error: object) -> None:
        await self.stop()


def addresses(count: int, first: str = "127.16.0.1") -> Iterator[str]:
    """So many loopback addresses, one after the other, leaving out those that end in 0 or 255."""
    at = int(ipaddress.ip_address(first))
    while count:
        if at & 0xFF not in (0, 255):
            yield str(ipaddress.ip_address(at))
            count -= 1
        at += 1


def _allow_files(sockets: int) -> None:
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    needed = sockets + 256
    if soft != resource.RLIM_INFINITY and soft < needed:
        most = needed if hard == resource.RLIM_INFINITY else min(needed, hard)
        resource.setrlimit(resource.RLIMIT_NOFILE, (most, hard))
