"""Ping against the loopback network; 127.0.0.0/8 answers on every address."""

from __future__ import annotations

import asyncio

import pytest

from wildcore.transport.icmp import NONE, RAW, UNPRIVILEGED, Pinger, find_method


async def test_pings_many_at_once() -> None:
    pinger = Pinger()
    if not pinger.possible:
        pytest.skip(pinger.method)
    addresses = [f"127.0.{row // 250}.{row % 250 + 1}" for row in range(1000)]
    dead = "240.0.0.1"  # reserved: no route leads there
    answers = await pinger.ping_many([*addresses, dead, addresses[0]], timeout=0.3)
    assert list(answers) == [*addresses, dead]
    assert answers.pop(dead) is None
    assert all(rtt is not None and 0 < rtt < 0.3 for rtt in answers.values())


async def test_says_what_is_no_address() -> None:
    pinger = Pinger(RAW)
    with pytest.raises(ValueError, match="IPv4 or IPv6"):
        await pinger.ping_many(["olt-1.example"])
    assert await pinger.ping_many([]) == {}


async def test_says_when_no_ping_is_possible() -> None:
    pinger = Pinger(NONE)
    assert not pinger.possible
    with pytest.raises(RuntimeError, match="no ping possible"):
        await pinger.ping_many(["127.0.0.1"])


async def test_a_method_that_is_not_allowed_is_an_error_not_a_dead_device() -> None:
    for method in (RAW, UNPRIVILEGED):
        pinger = Pinger(method)
        async with asyncio.timeout(5):
            try:
                answers = await pinger.ping_many(["127.0.0.1"], timeout=0.5)
            except RuntimeError as error:
                refusal = str(error)
            else:
                refusal = ""
                assert answers["127.0.0.1"] is not None
        assert refusal in ("", NONE)


def test_finds_a_method() -> None:
    assert find_method() in (RAW, UNPRIVILEGED, NONE)
