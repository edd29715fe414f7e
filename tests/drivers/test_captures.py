"""Real recorded devices, served over UDP: detected, walked without an error, only possible values, nothing unused."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.drivers.support import SHARED, rows_of, shown
from wildcore.drivers import decode
from wildcore.drivers.vendors import vsol_v1600d
from wildcore.services.captures import show
from wildcore.transport.replay import read_snmprec
from wildcore.transport.snmp.types import oid

pytestmark = pytest.mark.skipif(not SHARED.is_dir(), reason="no ../shared/captures beside this checkout")

FILES = sorted(path.name for path in SHARED.glob("*.snmprec")) if SHARED.is_dir() else []
FRAGMENTS = {"vsol_fragment.snmprec", "huawei_gpon_oltrx_fragment.snmprec", "cdata_gpon_fragment.snmprec"}
CONTEXTS = {name for name in FILES if "@" in name}
WHOLE = [name for name in FILES if name not in FRAGMENTS | CONTEXTS]
OLTS = {
    "vsolution_v1600d.snmprec": "vsol_v1600d",
    "zxa10_c320.snmprec": "zte_c3xx",
    "zxa10_c620_partial.snmprec": "zte_c6xx",
}
NO_INTERFACES = {"fiberhome.snmprec"}


def test_every_capture_is_used() -> None:
    with_system = {
        name
        for name in FILES
        if any(row.oid[:-1] in (oid("1.3.6.1.2.1.1.1"), oid("1.3.6.1.2.1.1.2")) for row in read_snmprec(SHARED / name))
    }
    assert with_system == set(WHOLE)
    assert set(FILES) == set(WHOLE) | FRAGMENTS | CONTEXTS
    assert set(FRAGMENTS) <= set(FRAGMENT_TESTS)
    assert {name.partition("@")[0] + ".snmprec" for name in CONTEXTS} <= set(WHOLE)


@pytest.mark.parametrize("name", WHOLE)
async def test_capture_is_detected_and_walked(name: str) -> None:
    result = await shown(name)
    assert result["family"] == OLTS.get(name, "generic_switch")
    assert result["model"]["vendor"]
    assert result["model"]["model"]
    assert result["system"]["object_id"]
    assert bool(result["interfaces"]) is (name not in NO_INTERFACES)
    cut = [problem for problem in result["problems"] if "cut" in problem or "answer" in problem]
    assert not [problem for problem in cut if not problem.startswith("fdb: VLAN ")]


LIMITS = {
    "rx_dbm": (-50, 10), "tx_dbm": (-50, 10), "olt_rx_dbm": (-50, 10), "olt_tx_dbm": (-50, 10),
    "temperature_c": (-60, 150), "voltage_v": (0, 10), "distance_m": (1, 120_000), "cpu_pct": (0, 100),
    "memory_pct": (0, 100), "vlan_id": (1, 4094), "bias_ma": (0, 500), "speed_mbps": (1, 1_000_000),
    "if_index": (1, 2**32 - 1), "mtu": (1, 100_000),
}  # fmt: skip


def numbers(value: Any) -> Iterator[tuple[str, float]]:
    if isinstance(value, dict):
        for name, inner in value.items():
            if isinstance(inner, int | float) and not isinstance(inner, bool):
                yield name, inner
            else:
                yield from numbers(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from numbers(inner)


@pytest.mark.parametrize("name", WHOLE)
async def test_values_are_possible(name: str) -> None:
    for field, value in numbers(await shown(name)):
        low, high = LIMITS.get(field, (0, 2**64))
        assert low <= value <= high, (field, value)


@pytest.mark.parametrize("name", WHOLE)
async def test_interfaces_are_those_of_if_mib(name: str) -> None:
    result = await shown(name)
    listed = {row["if_index"] for row in result["interfaces"] if row["if_index"] is not None}
    named = {row.oid[-1] for row in rows_of(name, "1.3.6.1.2.1.31.1.1.1.1") + rows_of(name, "1.3.6.1.2.1.2.2.1.2")}
    assert named <= listed
    keys = [row["bind_key"] for row in result["interfaces"]]
    assert len(keys) == len(set(keys))
    assert all(row["name"] for row in result["interfaces"])


@pytest.mark.parametrize("name", WHOLE)
async def test_fdb_is_whole_and_points_to_real_interfaces(name: str) -> None:
    result = await shown(name)
    flat = rows_of(name, "1.3.6.1.2.1.17.4.3.1.2")
    q_rows = rows_of(name, "1.3.6.1.2.1.17.7.1.2.2.1.2")
    assert len(result["fdb"]) == len(q_rows or flat)
    indexes = {row["if_index"] for row in result["interfaces"]}
    for entry in result["fdb"]:
        assert entry["if_index"] is None or entry["if_index"] in indexes
        assert len(entry["mac"]) == 17
        assert entry["mac"] == entry["mac"].upper()
    with_port = [row for row in q_rows or flat if isinstance(row.value, int) and row.value > 0]
    placed = [entry for entry in result["fdb"] if entry["if_index"] is not None]
    # Port 4106 and the CPU's port 29, which the devices' own port tables lack.
    unplaced = {"junos_qfx5100.snmprec": 1, "fs-gbn_2800.snmprec": 1}
    assert len(placed) == len(with_port) - unplaced.get(name, 0)


@pytest.mark.parametrize("name", WHOLE)
async def test_neighbours_are_all_there(name: str) -> None:
    result = await shown(name)
    assert len(result["neighbours"]) == len(rows_of(name, "1.0.8802.1.1.2.1.4.1.1.5"))
    if name != "routeros_crs317.snmprec":  # its rows name no local port
        assert all(row["if_index"] is not None for row in result["neighbours"])


def test_vsol_fragment() -> None:
    name = "vsol_fragment.snmprec"
    read = vsol_v1600d.OPTICAL.columns["rx_dbm"].read
    powers = [read(row.value) for row in rows_of(name, "1.3.6.1.4.1.37950.1.1.5.12.2.1.8.1.7")]
    assert powers == [-15.93, -15.23, -15.93, -16.5, -14.62, -14.7, -17.17, None]
    gpon = rows_of(name, "1.3.6.1.4.1.37950.1.1.6.1.1.3.1.7")
    assert [decode.dbm_text(row.value) for row in gpon] == [-14.41]


def test_huawei_fragment() -> None:
    olt_rx = decode.hundredths(decode.DBM)
    values = [row.value for row in rows_of("huawei_gpon_oltrx_fragment.snmprec", "1.3.6.1.4.1.2011.6.128.1.1.2.51.1.6")]
    read = [olt_rx(value - 10_000 if isinstance(value, int) else None) for value in values]
    assert read == [None, -12.25, -15.87, -14.35, -13.7, None, None, None]


def test_cdata_fragment() -> None:
    name, gpon = "cdata_gpon_fragment.snmprec", "1.3.6.1.4.1.17409.2.8.4"
    assert [decode.serial(row.value) for row in rows_of(name, f"{gpon}.1.1.3")] == ["HWTCA6652B0B"]
    assert [decode.distance_m(row.value) for row in rows_of(name, f"{gpon}.1.1.9")] == [788]
    power = decode.hundredths(decode.DBM)
    assert [power(row.value) for row in rows_of(name, f"{gpon}.4.1.4")] == [-9.85, -21.81]
    assert [power(row.value) for row in rows_of(name, f"{gpon}.4.1.5")] == [2.02, 2.13]
    celsius = decode.hundredths(decode.CELSIUS)
    assert [celsius(row.value) for row in rows_of(name, f"{gpon}.4.1.8")] == [34.71, 43.86]
    went = decode.date_and_time(rows_of(name, f"{gpon}.1.1.102")[0].value)
    assert went is not None
    assert went.isoformat() == "2024-12-23T10:34:15"


FRAGMENT_TESTS = {
    "vsol_fragment.snmprec": test_vsol_fragment,
    "huawei_gpon_oltrx_fragment.snmprec": test_huawei_fragment,
    "cdata_gpon_fragment.snmprec": test_cdata_fragment,
}


async def test_a_file_that_is_no_capture_is_one_clear_error(tmp_path: Path) -> None:
    from wildcore.errors import BadRequest

    with pytest.raises(BadRequest):
        await show(tmp_path / "missing.snmprec")
    (tmp_path / "bad.snmprec").write_text("hello\n")
    with pytest.raises(BadRequest, match="line 1"):
        await show(tmp_path / "bad.snmprec")
