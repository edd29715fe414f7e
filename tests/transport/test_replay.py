"""The snmprec form with its quirks, and views of a MIB."""

from __future__ import annotations

import itertools
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.transport.helpers import quick, small_table
from wildcore.transport.gate import Priority
from wildcore.transport.hub import DeviceHub
from wildcore.transport.replay import (
    MibRow,
    OverlayMib,
    ReplayAgent,
    StaticMib,
    parse_snmprec,
    read_snmprec,
    write_snmprec,
)
from wildcore.transport.snmp import Oid, Tag, Value, Varbind

TEXT = rb"""
# a comment
.1.3.6.1.2.1.1.5.0|4|name | with a bar
1.3.6.1.2.1.1.1.0|4e|two\nlines \x00 \\"quoted\\"
1.3.6.1.2.1.1.2.0|6|.1.3.6.1.4.1.3320
1.3.6.1.2.1.1.10.0|2|-256
1.3.6.1.2.1.1.9.0|4x|00ff7C41
1.3.6.1.2.1.1.9.1|4x|00ff7
1.3.6.1.2.1.1.9.2|4|
1.3.6.1.2.1.1.9.3|5|
1.3.6.1.2.1.4.20.1|64|192.0.2.1
1.3.6.1.2.1.4.20.2|64x|c0000201
1.3.6.1.2.1.4.20.3|65|4294967295
1.3.6.1.2.1.4.20.4|66|4294967295
1.3.6.1.2.1.4.20.5|67|1
1.3.6.1.2.1.4.20.6|70|18446744073709551615
1.3.6.1.2.1.4.20.7|68x|9f780442f60000
1.3.6.1.2.1.4.20.8|6|0
1.3.6.1.2.1.1.5.0|4|the first row counts
"""
EXPECTED: dict[str, tuple[Tag, Value]] = {
    "1.3.6.1.2.1.1.1.0": (Tag.OCTET_STRING, b'two\nlines \0 \\"quoted\\"'),
    "1.3.6.1.2.1.1.2.0": (Tag.OID, (1, 3, 6, 1, 4, 1, 3320)),
    "1.3.6.1.2.1.1.5.0": (Tag.OCTET_STRING, b"name | with a bar"),
    "1.3.6.1.2.1.1.9.0": (Tag.OCTET_STRING, b"\0\xff|A"),
    "1.3.6.1.2.1.1.9.1": (Tag.OCTET_STRING, b"\0\xff\x70"),
    "1.3.6.1.2.1.1.9.2": (Tag.OCTET_STRING, b""),
    "1.3.6.1.2.1.1.9.3": (Tag.NULL, None),
    "1.3.6.1.2.1.1.10.0": (Tag.INTEGER, -256),
    "1.3.6.1.2.1.4.20.1": (Tag.IP, bytes((192, 0, 2, 1))),
    "1.3.6.1.2.1.4.20.2": (Tag.IP, bytes((192, 0, 2, 1))),
    "1.3.6.1.2.1.4.20.3": (Tag.COUNTER32, 2**32 - 1),
    "1.3.6.1.2.1.4.20.4": (Tag.GAUGE32, 2**32 - 1),
    "1.3.6.1.2.1.4.20.5": (Tag.TIMETICKS, 1),
    "1.3.6.1.2.1.4.20.6": (Tag.COUNTER64, 2**64 - 1),
    "1.3.6.1.2.1.4.20.7": (Tag.OPAQUE, bytes.fromhex("9f780442f60000")),
    "1.3.6.1.2.1.4.20.8": (Tag.OID, (0, 0)),
}


@pytest.mark.parametrize("ending", [b"\n", b"\r\n"])
def test_quirks_of_real_files(ending: bytes) -> None:
    rows = parse_snmprec(TEXT.replace(b"\n", ending))
    assert rows == sorted(rows)
    assert {".".join(map(str, row.oid)): (row.tag, row.value) for row in rows} == EXPECTED
    assert parse_snmprec(write_snmprec(rows)) == rows


@pytest.mark.parametrize(
    ("line", "wrong"),
    [
        ("1.3.6.1", "OID|TAG|VALUE"), ("1.3|4", "OID|TAG|VALUE"), ("one|4|x", "object identifier"),
        ("1.3|3|x", "unknown tag"), ("1.3|4:variation|x", "unknown tag"), ("1.3|2|x", "invalid literal"),
        ("1.3|4x|0g", "hexadecimal"), ("1.3|64|1.2.3", "four parts"), ("1.3|64|1.2.3.999", "range"),
    ],
)  # fmt: skip
def test_a_wrong_line_is_named(line: str, wrong: str, tmp_path: Path) -> None:
    path = tmp_path / "x.snmprec"
    path.write_text(f"1.3.6.1|2|1\n{line}\n")
    with pytest.raises(ValueError, match=wrong.replace("|", r"\|")) as caught:
        read_snmprec(path)
    assert "x.snmprec: line 2:" in str(caught.value)


names = st.lists(st.integers(0, 5), min_size=1, max_size=3).map(tuple)


@given(st.sets(names), st.dictionaries(names, st.booleans()), names, st.integers(1, 7))
def test_an_overlay_is_one_sorted_mib(below: set[Oid], over: dict[Oid, bool], start: Oid, count: int) -> None:
    view = OverlayMib(StaticMib([Varbind(name, Tag.INTEGER, 1) for name in below]))
    expected = dict.fromkeys(below, 1)
    for name, present in over.items():
        if present:
            view.put(Varbind(name, Tag.INTEGER, 2))
            expected[name] = 2
        else:
            view.hide(name)
            expected.pop(name, None)
    after = list(itertools.islice(sorted(name for name in expected if name > start), count))
    assert [(row.oid, row.value) for row in view.range_after(start, count)] == [(name, expected[name]) for name in after]
    row = view.get(start)
    assert (row.value if row else None) == expected.get(start)


async def test_values_may_change_while_read(hub: DeviceHub) -> None:
    ticks = itertools.count(1)
    rows: list[Varbind | MibRow] = [*small_table(), MibRow((1, 3, 6, 1, 5, 1), Tag.COUNTER64, lambda: next(ticks))]
    async with ReplayAgent(rows) as agent:
        session = hub.session(quick(agent), Priority.POLL)
        for expected in (1, 2, 3):
            assert (await session.column("1.3.6.1.5")).rows == [((1,), expected)]
        agent.mib.put(MibRow((1, 3, 6, 1, 5, 2), Tag.INTEGER, 7))
        agent.mib.hide((1, 3, 6, 1, 5, 1))
        assert (await session.column("1.3.6.1.5")).rows == [((2,), 7)]
