"""Generated devices as rows and files, without a network."""

from __future__ import annotations

import time

import pytest

from wildcore.lab.captures import FAMILIES, olt, overlay
from wildcore.transport.replay import parse_snmprec
from wildcore.transport.snmp.types import oid

NOW = time.mktime((2026, 3, 2, 10, 20, 30, 0, 0, -1))
families = pytest.mark.parametrize("family", sorted(FAMILIES))


def stopped() -> float:
    """A clock that stands still."""
    return NOW


@families
def test_one_seed_makes_one_olt(family: str) -> None:
    first, second, other = (olt(family, 8, 2, seed=seed, clock=stopped).snmprec() for seed in (3, 3, 4))
    assert first == second
    assert first != other


@families
def test_a_capture_file_of_it_reads_back(family: str) -> None:
    device = olt(family, 4, 1, clock=stopped)
    rows = parse_snmprec(device.snmprec())
    assert [row.oid for row in rows] == [row[0] for row in device.list()]


@families
def test_thousands_of_onus_are_made_quickly(family: str) -> None:
    started = time.process_time()
    device = olt(family, 256, 16)
    device.mib()
    assert len(device.onus) == 4096
    assert len({onu.ident for onu in device.onus}) == 4096
    assert time.process_time() - started < 15, "two seconds on an idle machine"


def test_overlay_keeps_the_capture_and_adds_the_onus() -> None:
    base = parse_snmprec("1.3.6.1.2.1.1.5.0|4|real\n1.3.6.1.4.1.9999.1.0|2|7\n")
    rows = overlay(((row.oid, row.tag, row.value) for row in base), olt("zte_c3xx", 4, 1, name="generated").list())
    values = {row[0]: row[2] for row in rows}
    assert values[oid("1.3.6.1.4.1.9999.1.0")] == 7
    assert values[oid("1.3.6.1.2.1.1.5.0")] == b"generated"
    assert [row[0] for row in rows] == sorted(values)
