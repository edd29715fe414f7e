"""Devices and interfaces over HTTP, as billing systems and scripts call them."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest_asyncio

from tests.api.conftest import World
from tests.api.dms_world import Api, dms_world
from tests.poller.support import add_device
from tests.services.support import add_group, add_interface, capture
from wildcore.services import device_models
from wildcore.services.runtime import Runtime
from wildcore.transport.replay import ReplayAgent


@pytest_asyncio.fixture
async def world(runtime: Runtime, password_hash: str) -> World:
    with runtime.db.write() as session:
        device_models.sync_catalogue(session)
    return dms_world(runtime, password_hash)


@pytest_asyncio.fixture
async def admin(world: World) -> AsyncIterator[Api]:
    async with world.client(world.key(world.user("admin", all_groups=True))) as client:
        yield Api(client)


async def test_a_device_is_detected_added_found_changed_and_deleted(admin: Api) -> None:
    async with ReplayAgent(capture("bdcom_epon")) as agent:
        params = {"sw_core_connection": {"snmp_port": agent.port, "snmp_timeout_sec": 0.5}}
        body = {"name": "lab", "params": params, "public_community": "public", "secrets": {"private_community": "hidden"}}
        access = (await admin.ask("POST", "/device-access", json=body))["data"]
        assert access["secrets"] == {"public_community": True, "private_community": True}
        assert "hidden" not in str(await admin.get("/device-access"))
        found = (await admin.ask("POST", "/device-detect", json={"ip": agent.host, "access_id": access["id"]}))["data"]
        assert (found["model"]["type"], found["model"]["vendor"]) == ("OLT", "BDCOM")
        added = (await admin.ask("POST", "/device", json={"ip": agent.host, "access": {"id": access["id"]}, "name": "P3310"}))[
            "data"
        ]
    assert (added["name"], added["model"]["key"]) == ("P3310", found["model"]["key"])
    assert await admin.get("/device", ip=agent.host) == added
    assert await admin.get(f"/device/{added['id']}") == added
    changed = (await admin.ask("PUT", f"/device/{added['id']}", json={"location": "Рівне", "params": []}))["data"]
    assert changed["location"] == "Рівне"
    listing = await admin.ask("GET", "/device", params={"limit": 10})
    assert (listing["meta"]["total"], len(listing["data"])) == (1, 1)
    await admin.ask("DELETE", f"/device/{added['id']}")
    missing = await admin.ask("GET", "/device", status=404, params={"ip": agent.host})
    assert missing["error"]["type"] == "RESOURCE_NOT_FOUND"


async def test_a_silent_address_is_told_as_such(admin: Api) -> None:
    params = {"sw_core_connection": {"snmp_port": 9, "snmp_timeout_sec": 0.1, "snmp_repeats": 1}}
    access = (await admin.ask("POST", "/device-access", json={"name": "a", "params": params}))["data"]
    answer = await admin.ask("POST", "/device-detect", status=504, json={"ip": "127.0.0.1", "access_id": access["id"]})
    assert answer["error"]["type"] == "SERVER_ERROR"


async def test_an_import_over_http(admin: Api) -> None:
    text = "192.0.2.1,,,public,,first,zte_c320\nnot an address,,,,,,\n"
    params = {"SWC_SNMP_TIMEOUT_SEC": 0.1, "SWC_SNMP_REPEATS": 1}
    await admin.ask("PUT", "/system/configuration", json=params)
    answer = await admin.ask("POST", "/device/import", json={"csv": text})
    assert answer["meta"] == {"total": 2, "added": 1, "skipped": 1}
    assert [row["result"] for row in answer["data"]] == ["added", "skipped"]


async def test_groups_and_models(admin: Api) -> None:
    group = (await admin.ask("POST", "/device-group", json={"name": "Центр"}))["data"]
    await admin.ask("POST", "/device-group", status=409, json={"name": "Центр"})
    assert (await admin.ask("PUT", f"/device-group/{group['id']}", json={"description": "x"}))["data"]["description"] == "x"
    models = await admin.get("/device-model")
    assert {"pollers", "params", "controller", "icon"} <= set(models[0])
    changed = await admin.ask("PUT", f"/device-model/{models[0]['id']}", json={"pollers": {"system": 60}})
    assert changed["data"]["pollers"]["system"] == 60
    assert {"models", "groups", "accesses", "types"} == set(await admin.get("/device/options"))
    await admin.ask("DELETE", f"/device-group/{group['id']}")


async def test_the_searches_of_billing(world: World, admin: Api) -> None:
    switch, olt = add_device(world.runtime.db, "10.171.8.136", kind="SWITCH"), add_device(world.runtime.db, "10.171.8.137")
    with world.runtime.db.write() as session:
        port = add_interface(session, switch, "3", "1/3", status="Up")
        old = add_interface(session, olt, "1", "old", "ONU", status="Offline", ident="ZTEGC69EF036", ident_type="SN")
        new = add_interface(session, olt, "2", "new", "ONU", status="Online", ident="ZTEGC69EF036", ident_type="SN")
    for text in ("ZTEGC69EF036", "ZTEG:C69EF036", "5a544547c69ef036"):
        found = await admin.get("/device-interface/search", ont_ident=text)
        assert [(one["id"], one["stale"], one["ident"]["value"]) for one in found] == [
            (new, False, "ZTEGC69EF036"),
            (old, True, "ZTEGC69EF036"),
        ]
    for params in ({"interface_name": "3"}, {"interface_bind_key": "3"}, {"interface_name": "3", "interface_bind_key": ""}):
        found = await admin.get("/device-interface/search", device_ip="10.171.8.136", **params)
        assert [one["id"] for one in found] == [port]
    assert await admin.get("/device-interface/search", ont_ident="ZTEG00000000") == []
    assert [one["id"] for one in await admin.get(f"/device-interface/{old}/places")] == [new, old]
    assert (await admin.get("/device-interface/duplicates"))[0]["ident"] == "ZTEGC69EF036"
    assert len((await admin.ask("PUT", "/device-interface/ont-list", json={"device_id": olt, "limit": 1}))["data"]) == 1
    changed = await admin.ask(
        "PUT", f"/device-interface/{port}", json={"comment": "щит", "coordinates": {"lat": 50.6, "lon": 26.2}}
    )
    assert (changed["data"]["comment"], changed["data"]["coordinates"]) == ("щит", {"lat": 50.6, "lon": 26.2})
    await admin.ask("DELETE", f"/device-interface/{old}")
    assert [one["id"] for one in await admin.get("/device-interface/search", ont_ident="ZTEGC69EF036")] == [new]


async def test_foreign_groups_are_404_and_never_403(world: World) -> None:
    mine, foreign = add_device(world.runtime.db, "192.0.2.1"), add_device(world.runtime.db, "192.0.2.2")
    with world.runtime.db.write() as session:
        group = add_group(session, "mine", [mine])
        hidden = add_interface(session, foreign, "1", "epon0/1:1", "ONU", ident="AABBCCDDEEFF", ident_type="MAC")
    rights = ("device_show", "device_management", "device_iface_management", "diag_interface", "olts_info", "global_search")
    async with world.client(world.member("limited", *rights, groups=[group])) as client:
        api = Api(client)
        assert [one["id"] for one in await api.get("/device")] == [mine]
        for method, path in (
            ("GET", f"/device/{foreign}"),
            ("GET", "/device?ip=192.0.2.2"),
            ("DELETE", f"/device/{foreign}"),
            ("PUT", f"/device-interface/{hidden}"),
            ("GET", f"/device-interface/{hidden}"),
            ("GET", f"/device-interface/{hidden}/history"),
            ("GET", f"/device-interface/by-device/{foreign}"),
            ("GET", f"/component/diagnostic/interface/{hidden}/diag?from=store"),
            ("GET", f"/component/diagnostic/interface/{hidden}/links"),
            ("GET", f"/switcher-core/{foreign}/modules"),
            ("GET", f"/switcher-core/store/system/{foreign}"),
            ("GET", f"/component/olts/interfaces/onts/{foreign}"),
        ):
            await api.ask(method, path, status=404, **({"json": {}} if method == "PUT" else {}))
        assert await api.get("/device-interface/search", ont_ident="AABBCCDDEEFF") == []
        assert await api.get("/portal/search", query="AABBCCDDEEFF") == []


async def test_an_empty_serial_is_nobodys_line(admin: Api, world: World) -> None:
    """Billing opens the first hit: asked with an empty field of a subscriber it must not get somebody else's."""
    device = add_device(world.runtime.db, "192.0.2.1")
    with world.runtime.db.write() as session:
        add_interface(session, device, "1", "onu", "ONU", ident="ZTEGC69EF036", ident_type="SN")
    assert len(await admin.get("/device-interface/search", ont_ident="ZTEGC69EF036")) == 1
    assert await admin.get("/device-interface/search", ont_ident="") == []
    assert await admin.get("/device-interface/search", ont_ident=" ", mac_address="") == []
    assert await admin.get("/device-interface/search", device_ip="192.0.2.1", interface_bind_key="") == []
