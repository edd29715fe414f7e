"""Every real capture, served by the agent: our codec and the `snmp` package must read the same out of it."""

from __future__ import annotations

from pathlib import Path

import pytest
from snmp.message import Message  # type: ignore[import-untyped]
from snmp.v1.requests import pduTypes  # type: ignore[import-untyped]

from tests.transport.helpers import capture_files
from wildcore.transport.gate import Priority
from wildcore.transport.hub import DeviceHub
from wildcore.transport.replay import ReplayAgent, parse_snmprec, read_snmprec, write_snmprec
from wildcore.transport.snmp import SnmpTarget, Varbind
from wildcore.transport.snmp.ber import decode_varbinds, encode_oid
from wildcore.transport.snmp.codec import Codec
from wildcore.transport.snmp.library import plain_varbind


@pytest.mark.parametrize("path", capture_files())
def test_both_codecs_read_the_same(path: Path) -> None:
    rows = read_snmprec(path)
    agent = ReplayAgent(rows)
    codec = Codec(b"public")
    seen: list[Varbind] = []
    after = encode_oid((1,))
    while len(seen) < len(rows):
        answer = agent.answer(codec.bulk(1 << 24, after, 50))
        assert answer is not None
        ours = decode_varbinds(answer, *codec.open_quick(answer, 1 << 24))
        theirs = Message.decodeExact(answer, types=pduTypes).pdu.variableBindings
        assert ours == [plain_varbind(row) for row in theirs]
        seen += ours
        after = encode_oid(ours[-1].oid)
    assert seen[: len(rows)] == rows


@pytest.mark.parametrize("path", capture_files())
async def test_walks_over_udp_read_the_capture(path: Path, hub: DeviceHub) -> None:
    rows = read_snmprec(path)
    base = (1, 3, 6, 1)
    async with ReplayAgent(rows) as agent:
        session = hub.session(SnmpTarget(agent.host, agent.port), Priority.POLL)
        walk = await session.walk(base)
        everything = await session.varbinds("1")
        assert (walk.complete, walk.problem) == (True, None)
        assert walk.rows == [(row.oid[4:], row.value) for row in rows if row.oid[:4] == base]
        assert everything.complete
        assert everything == rows


@pytest.mark.parametrize("path", capture_files())
def test_captures_survive_writing(path: Path) -> None:
    rows = read_snmprec(path)
    assert rows
    assert parse_snmprec(write_snmprec(rows)) == rows
