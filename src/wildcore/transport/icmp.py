"""Ping many addresses at once over one ICMP socket (gufo-ping).

Answers come in faster than one process reads them, so the receive buffer is 4 MB and at most 200 probes are under way: with the
default buffer and all at once, three of four answers of a thousand live hosts are lost, and lost looks like dead.
"""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Iterable
from ipaddress import ip_address

from gufo.ping import Ping
from gufo.ping.socket import SelectionPolicy

RECEIVE_BUFFER = 4 * 1024 * 1024
AT_ONCE = 200

RAW = "raw ICMP sockets"
UNPRIVILEGED = "unprivileged ICMP sockets (net.ipv4.ping_group_range)"
NONE = "no ping possible: neither CAP_NET_RAW nor net.ipv4.ping_group_range allows it"


def _may_open(kind: socket.SocketKind) -> bool:
    try:
        socket.socket(socket.AF_INET, kind, socket.IPPROTO_ICMP).close()
    except OSError:
        return False
    return True


def find_method() -> str:
    """Which of RAW, UNPRIVILEGED and NONE this process may use."""
    if _may_open(socket.SOCK_RAW):
        return RAW
    return UNPRIVILEGED if _may_open(socket.SOCK_DGRAM) else NONE


class Pinger:
    """Pings from one event loop. `method` says in words how; `possible` is False where the system allows no ICMP at all."""

    def __init__(self, method: str | None = None) -> None:
        self.method = method or find_method()
        self._slots = asyncio.Semaphore(AT_ONCE)
        self._sockets: dict[float, Ping] = {}

    @property
    def possible(self) -> bool:
        """Whether an answer of None means anything: if not, ask the device by SNMP or TCP instead."""
        return self.method != NONE

    async def ping_many(self, addresses: Iterable[str], timeout: float = 1.0) -> dict[str, float | None]:
        """Seconds of round trip by address, None without an answer within `timeout` seconds (up to twice that: timeouts
        are checked in rounds). One probe each. Raises RuntimeError if no ping is possible, ValueError for what is no IP address.
        """
        if not self.possible:
            raise RuntimeError(self.method)
        wanted = list(dict.fromkeys(addresses))
        for address in wanted:
            ip_address(address)
        answers = await asyncio.gather(*(self._ping(address, timeout) for address in wanted))
        return dict(zip(wanted, answers, strict=True))

    async def _ping(self, address: str, timeout: float) -> float | None:
        async with self._slots:
            try:
                return await self._socket(timeout).ping(address)
            except PermissionError:
                raise RuntimeError(NONE) from None
            except OSError:  # no IPv6 here
                return None

    def _socket(self, timeout: float) -> Ping:
        """One socket per timeout, which gufo-ping fixes when it opens it; tenths of a second keep them few."""
        key = max(0.1, round(timeout, 1))
        ping = self._sockets.get(key)
        if ping is None:
            policy = SelectionPolicy.RAW if self.method == RAW else SelectionPolicy.DGRAM
            ping = self._sockets[key] = Ping(policy=policy, timeout=key, recv_buffer_size=RECEIVE_BUFFER)
        return ping
