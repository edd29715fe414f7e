"""What is known of single recorded devices, and must come out of their captures."""

from __future__ import annotations

import pytest

from tests.drivers.support import SHARED, rows_of, shown

pytestmark = pytest.mark.skipif(not SHARED.is_dir(), reason="no ../shared/captures beside this checkout")


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


IDENTITIES = {
    "dlink_dgs-3420-28tc": ("R3045H1000058", "B1", "1.50018"), "ios_2960x": ("FCW1929B68S", "V02", "15.0(2a)EX5"),
    "eltex-mes21xx_mes3124": ("ES02002945", "01.10", "2.5.46"), "ciscosb_cbs350": ("FOC2433L650", "V01", "3.0.0.61"),
    "vrp_5720": ("2102359576DMHC000120", "", "Version 5.170 V200R010C00SPC600"),
    "comware_a5500": ("CN50A1Z4BN", "REV.C", "5.20.99 Release 2222P08"), "routeros_crs317": ("", "", ""),
}  # fmt: skip


@pytest.mark.parametrize("name", IDENTITIES)
async def test_chassis(name: str) -> None:
    told = (await shown(f"{name}.snmprec"))["system"]
    assert (told["serial"], told["hw_version"], told["sw_version"]) == IDENTITIES[name]


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
