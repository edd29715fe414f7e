"""Real recorded devices, served over UDP: detected, walked without an error, only possible values, nothing unused."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.drivers.support import SHARED
from wildcore.drivers import decode
from wildcore.drivers.vendors import vsol_v1600d
from wildcore.services.captures import show
from wildcore.transport.replay import read_snmprec
from wildcore.transport.snmp.types import Varbind, oid

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

_shown: dict[str, dict[str, Any]] = {}


async def shown(name: str) -> dict[str, Any]:
    """What `capture:show` prints for a capture, once per run."""
    if name not in _shown:
        _shown[name] = await show(SHARED / name)
    return _shown[name]


def rows_of(name: str, column: str) -> list[Varbind]:
    prefix = oid(column)
    return [row for row in read_snmprec(SHARED / name) if row.oid[: len(prefix)] == prefix]


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


async def test_v1600d_onus() -> None:
    result = await shown("vsolution_v1600d.snmprec")
    assert result["model"]["key"] == "vsol_v1600d2"
    onus = result["onus"]
    assert [onu["name"] for onu in onus] == [f"EPON0/1:{n}" for n in range(1, 17)]
    assert [onu["bind_key"] for onu in onus] == [f"1.{n}" for n in range(1, 17)]
    assert {onu["state"] for onu in onus} == {"Online"}
    assert [onu["rx_dbm"] for onu in onus] == [
        -14.61, -15.92, -14.76, -17.06, -20.27, -23.77, -27.45, -18.83, -18.18, -21.61, -20.0, -24.09, -17.99, -14.08,
        -23.37, -28.24,
    ]  # fmt: skip
    assert onus[4]["tx_dbm"] == 7.71
    assert onus[0]["temperature_c"] == 30.67
    assert onus[0]["voltage_v"] == 3.27
    assert onus[0]["description"] == "AAAAAA"
    assert onus[15]["ident"] == "C4:70:0B:25:67:60"
    assert len({onu["ident"] for onu in onus}) == 16
    assert len(result["fdb"]) == 28
    by_mac = {entry["mac"]: entry for entry in result["fdb"]}
    assert by_mac["C4:70:0B:25:67:61"]["if_index"] == 23
    assert by_mac["C4:70:0B:25:67:61"]["bind_key"] == "1.16"
    assert by_mac["FC:40:09:02:F2:5C"]["if_index"] == 3
    assert {vlan["id"] for vlan in result["vlans"]} == {1, 21, 22, 23, 24, 31, 32, 1200, 1201, 1202}
    vlan = next(vlan for vlan in result["vlans"] if vlan["id"] == 1201)
    assert (vlan["name"], vlan["tagged_if_indexes"], vlan["untagged"]) == ("vlan1201", [1, 2, 3, 4, 5], [])
    assert result["resources"] == {"cpu_pct": 26.0, "memory_pct": 18.0, "temperature_c": 40.0}
    assert result["system"]["serial"] == "V2007150017"
    assert [row["tx_dbm"] for row in result["modules"]["pon_ports_optical"]] == [6.56, 6.66]


async def test_c320_onus() -> None:
    result = await shown("zxa10_c320.snmprec")
    assert result["model"]["key"] == "zte_c320"
    onus = {onu["name"]: onu for onu in result["onus"]}
    assert len(onus) == 125
    recorded = {row.oid[-2:]: row.value for row in rows_of("zxa10_c320.snmprec", "1.3.6.1.4.1.3902.1012.3.11.4.1.2")}
    assert len(recorded) == 125
    for (port, number), distance in recorded.items():
        onu = onus[f"gpon-onu_1/1/{(port >> 8) & 255}:{number}"]
        assert onu["distance_m"] == (distance or None)
        assert onu["bind_key"] == f"101{(port >> 8) & 255:02}{number:03}"
    assert max(onu["distance_m"] or 0 for onu in onus.values()) == 3793
    names = {row["if_index"]: row["name"] for row in result["interfaces"] if row["if_index"] is not None}
    assert names[268435456] == "gpon-olt_1/1/1"
    assert names[268632320] == "xgei_1/4/2"
    # The FDB speaks packing B (0x11010402), IF-MIB another one: both mean xgei_1/4/2.
    assert {entry["if_index"] for entry in result["fdb"]} == {268632320}
    assert len(result["vlans"]) == 21
    assert [card["type"] for card in result["modules"]["cards"]] == ["GTGOG", "PRAM", "SMXA"]


async def test_c620_ports_and_cards() -> None:
    result = await shown("zxa10_c620_partial.snmprec")
    assert [row["name"] for row in result["interfaces"]][:2] == ["gpon_olt-1/1/1", "gpon_olt-1/1/2"]
    assert sum(row["type"] == "GPON" for row in result["interfaces"]) == 16
    assert len(result["modules"]["cards"]) == 6
    assert all(card["cpu_pct"] is None for card in result["modules"]["cards"])


async def test_dlink_port_numbers_and_resources() -> None:
    result = await shown("dlink_des-3526.snmprec")
    ports = {row["bind_key"]: row for row in result["interfaces"]}
    assert ports["13"]["name"] == "1/13"
    assert ports["13"]["if_index"] == 13
    assert result["resources"]["cpu_pct"] == 24.0
    assert result["model"]["key"] == "dlink_des_3526"


async def test_junos_databases_are_vlans_and_port_lists_are_text() -> None:
    result = await shown("junos_qfx5100.snmprec")
    assert {entry["vlan_id"] for entry in result["fdb"]} == {23, 4002, 3856, 3884}
    vlan = next(vlan for vlan in result["vlans"] if vlan["id"] == 3884)
    assert vlan["name"] == "vlan3884"
    assert sorted(vlan["untagged_if_indexes"]) == [512, 530]


MODELS = {
    "dlink_dgs-1510-28x-me": "DGS-1510-28X/ME", "edgecos_es3526xa-v2": "ES3526XA", "comware_a5500": "A5500-24G",
    "junos_qfx5100": "qfx5100-48s-6q", "vrp_5720": "S5720-56C-PWR-EI-AC", "ios_2960x": "2960X", "snr": "S2990X-24FQ",
    "procurve_e2910": "J9146A E2910al-24G-PoE", "raisecom-ros": "RAX711-C-R", "zxr10_5928": "5928",
    "routeros_crs317": "CRS317-1G-16S+", "arista_eos_vrf": "DCS-7150S-24", "eltex-mes21xx_mes3124": "MES3124",
}  # fmt: skip


@pytest.mark.parametrize("name", MODELS)
async def test_models_are_named_after_what_the_device_says(name: str) -> None:
    assert (await shown(f"{name}.snmprec"))["model"]["model"] == MODELS[name]


RESOURCES = {
    "zxa10_c320": (11.0, 26.0, 43.0), "zxa10_c620_partial": (None, None, 55.0), "cdata": (19.0, 64.5, 30.5),
    "arista_eos_vrf": (8.0, 80.2, 44.8), "vrp_5720": (44.0, 9.0, 42.0), "routeros_crs317": (16.5, 4.6, 45.0),
    "procurve": (42.0, 14.7, 29.0), "eltex-mes23xx_mes2324b": (7.0, 80.1, 41.0), "ios_2960x": (53.0, 11.4, 44.0),
    "fs-bdcom_s3400-48t4sp": (27.0, 33.0, 32.0), "edgeswitch_es-24-250w": (14.3, 66.8, 54.0), "snr": (15.0, 46.3, 32.0),
    "dnos": (12.0, None, 62.0), "xos_sfp": (8.0, None, 72.0), "junos_qfx5100": (17.0, 44.0, 41.0),
}  # fmt: skip


@pytest.mark.parametrize("name", RESOURCES)
async def test_resources(name: str) -> None:
    assert tuple((await shown(f"{name}.snmprec"))["resources"].values()) == RESOURCES[name]


async def test_port_types_do_not_follow_a_slow_link() -> None:
    ports = {row["name"]: row for row in (await shown("edgecos_ecs4100-28t.snmprec"))["interfaces"]}
    assert ports["Port1"]["speed_mbps"] == 100
    assert {ports[f"Port{n}"]["type"] for n in range(1, 25)} == {"GE"}
    fast = {row["bind_key"]: row["type"] for row in (await shown("dlink_des-3526.snmprec"))["interfaces"]}
    assert {fast[str(n)] for n in range(1, 25)} == {"FE"}
    plus = {row["name"]: row for row in (await shown("awplus.snmprec"))["interfaces"]}
    assert (plus["port1.1.1"]["bind_key"], plus["port2.8.13"]["type"]) == ("1", "TGE")


async def test_stacked_ports_have_keys_of_their_own() -> None:
    result = await shown("ciscosb_sg350x-24p.snmprec")
    keys = {row["name"]: row["bind_key"] for row in result["interfaces"]}
    assert (keys["gi1/0/13"], keys["gi2/0/13"]) == ("13", "2/0/13")
    assert keys["te1/0/1"] == "te1/0/1"


async def test_radlan_ubiquoss_and_swos_fdb() -> None:
    assert {row["if_index"] for row in (await shown("ubiquoss-pon_9500.snmprec"))["fdb"]} >= {702, 134}
    swos = await shown("swos.snmprec")
    assert len(swos["fdb"]) == 13
    assert {row["vlan_id"] for row in swos["fdb"]} == {None}


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
