"""Interface search: every notation of an ident, bare port numbers, duplicates, scope, subscribers, and its cost in SQL."""

from __future__ import annotations

import pytest
from sqlalchemy import insert, select

from tests.services.support import (
    ADMIN,
    add_device,
    add_fdb,
    add_group,
    add_interface,
    add_subscriber,
    counted_statements,
    in_groups,
    with_billing,
)
from wildcore.services import duplicates, interfaces, search_device
from wildcore.services.interface_search import InterfaceQuery, search
from wildcore.services.presenting import interface_json, interfaces_json
from wildcore.services.runtime import Runtime
from wildcore.services.search import find
from wildcore.services.times import time_text
from wildcore.store.tables import Interface, Poll

SERIAL = "ZTEGC69EF036"


def found(runtime: Runtime, wanted: InterfaceQuery, actor=ADMIN, **page: int) -> list[str]:  # type: ignore[no-untyped-def]
    with runtime.db.read() as session:
        return [one.name for one in search(session, runtime, actor, wanted, **page).rows]


@pytest.mark.parametrize("text", [SERIAL, "ZTEG:C69EF036", "5A544547C69EF036", "zteg-c69ef036", " zteg c69ef036 "])
def test_a_serial_is_found_in_every_notation(runtime: Runtime, text: str) -> None:
    device = add_device(runtime.db, "192.0.2.10")
    with runtime.db.write() as session:
        add_interface(session, device, "1", "gpon-onu_1/1/1:1", "ONU", ident=SERIAL, ident_type="SN")
        add_interface(session, device, "2", "gpon-onu_1/1/1:2", "ONU", ident="ZTEGC69EF037", ident_type="SN")
    assert found(runtime, InterfaceQuery(ont_ident=text)) == ["gpon-onu_1/1/1:1"]


@pytest.mark.parametrize("text", ["AA:BB:CC:DD:EE:FF", "aabb.ccdd.eeff", "AA-BB-CC-DD-EE-FF", "aabbccddeeff"])
def test_a_mac_ident_too(runtime: Runtime, text: str) -> None:
    device = add_device(runtime.db, "192.0.2.10")
    with runtime.db.write() as session:
        add_interface(session, device, "1", "epon0/1:1", "ONU", ident="AABBCCDDEEFF", ident_type="MAC")
    assert found(runtime, InterfaceQuery(ont_ident=text)) == ["epon0/1:1"]


def test_a_bare_number_is_a_bind_key_then_a_name_then_a_port_number(runtime: Runtime) -> None:
    by_key, by_name, by_number = (add_device(runtime.db, f"192.0.2.{n}", kind="SWITCH") for n in (1, 2, 3))
    with runtime.db.write() as session:
        add_interface(session, by_key, "3", "1/7")
        add_interface(session, by_key, "9", "3")
        add_interface(session, by_key, "8", "1/3")
        add_interface(session, by_name, "101", "3")
        add_interface(session, by_name, "102", "1/3")
        add_interface(session, by_number, "1003", "gi1/0/3")
        add_interface(session, by_number, "77", "pon1:3", "ONU")
    for ip, name in (("192.0.2.1", "1/7"), ("192.0.2.2", "3"), ("192.0.2.3", "gi1/0/3")):
        assert found(runtime, InterfaceQuery(device_ip=ip, interface_name="3")) == [name]
        assert found(runtime, InterfaceQuery(device_ip=ip, interface_bind_key="3")) == [name]
        assert found(runtime, InterfaceQuery(device_ip=ip, interface_name="03")) == [name]
    assert found(runtime, InterfaceQuery(device_ip="192.0.2.3", interface_name="GI1/0/3")) == ["gi1/0/3"]
    assert found(runtime, InterfaceQuery(device_ip="192.0.2.3", interface_name="4")) == []


def test_a_gone_port_does_not_hide_one_that_is_there(runtime: Runtime) -> None:
    device = add_device(runtime.db, "192.0.2.1", kind="SWITCH")
    with runtime.db.write() as session:
        add_interface(session, device, "3", "old 3", gone_at=5)
        add_interface(session, device, "1003", "gi1/0/3")
    assert found(runtime, InterfaceQuery(device_ip="192.0.2.1", interface_name="3")) == ["gi1/0/3"]


def test_of_duplicates_the_online_place_is_first_and_gone_ones_are_last(runtime: Runtime) -> None:
    first, second = add_device(runtime.db, "192.0.2.1"), add_device(runtime.db, "192.0.2.2")
    ident = {"ident": SERIAL, "ident_type": "SN"}
    with runtime.db.write() as session:
        add_interface(session, first, "1", "gone", "ONU", status="Offline", last_online_at=999, gone_at=1000, **ident)
        add_interface(session, first, "2", "long offline", "ONU", status="Offline", last_online_at=100, **ident)
        add_interface(session, second, "1", "here", "ONU", status="Online", last_online_at=50, **ident)
        add_interface(session, second, "2", "lately offline", "ONU", status="LOS", last_online_at=500, **ident)
        add_interface(session, second, "3", "other", "ONU", status="Online", ident="HWTC00000001", ident_type="SN")
    with runtime.db.read() as session:
        rows = search(session, runtime, ADMIN, InterfaceQuery(ont_ident=SERIAL)).rows
        assert [(one.name, one.stale) for one in rows] == [
            ("here", False),
            ("lately offline", True),
            ("long offline", True),
            ("gone", True),
        ]
        assert duplicates.of_interface(session, runtime, ADMIN, rows[3].id)[0].name == "here"
        report = duplicates.report(session, runtime, ADMIN)
        assert (report.total, report.rows[0].ident, report.rows[0].places[0].name) == (1, SERIAL, "here")
        listed = interfaces.by_device(session, runtime, ADMIN, second).rows
        assert {one.name: one.stale for one in listed} == {"here": False, "lately offline": True, "other": False}


def test_deleting_the_stale_place_shows_at_once(runtime: Runtime) -> None:
    device = add_device(runtime.db, "192.0.2.1")
    ident = {"ident": SERIAL, "ident_type": "SN"}
    with runtime.db.write() as session:
        old = add_interface(session, device, "1", "old", "ONU", status="Offline", **ident)
        add_interface(session, device, "2", "new", "ONU", status="Online", **ident)
        later = runtime.now() + 1500
        for poller in ("interfaces_list", "optical_strength"):
            session.add(Poll(device_id=device, poller=poller, interval_sec=1800, next_at=later))
    with runtime.db.write() as session:
        interfaces.delete_interface(session, runtime, ADMIN, old)
    assert found(runtime, InterfaceQuery(ont_ident=SERIAL)) == ["new"]
    with runtime.db.read() as session:
        due = {poll.poller: poll.next_at for poll in session.scalars(select(Poll))}
    assert due["interfaces_list"] <= runtime.now(), "the device is asked at once to confirm it"
    assert due["optical_strength"] == later


def test_mac_search_sees_active_and_past_places(runtime: Runtime) -> None:
    device = add_device(runtime.db, "192.0.2.1", kind="SWITCH")
    with runtime.db.write() as session:
        here = add_interface(session, device, "1", "1/1", status="Up")
        past = add_interface(session, device, "2", "1/2", status="Up")
        add_fdb(session, device, here, "AABBCCDDEEFF")
        add_fdb(session, device, past, "AABBCCDDEEFF", active=False)
    assert set(found(runtime, InterfaceQuery(mac_address="aa:bb:cc:dd:ee:ff"))) == {"1/1", "1/2"}
    assert found(runtime, InterfaceQuery(mac_address="aabb.ccdd.eeff", only_active_mac=True)) == ["1/1"]
    assert found(runtime, InterfaceQuery(mac_address="nonsense")) == []


MAC = "AABBCCDDEEFF"
NEAREST_FIRST = ["flat", "house", "core, to a small switch", "moved away", "uplink", "core, to the access switch"]


def heard_on_the_way(runtime: Runtime) -> dict[int, str]:
    """Ports on which one address was seen: the subscriber's, those on the way to it, and where it was once."""
    access, core = (add_device(runtime.db, f"192.0.2.{at}", kind="SWITCH") for at in (1, 2))
    others = [f"0000000000{at:02X}" for at in range(30)]
    ports = {}
    with runtime.db.write() as session:
        for device, name, crowd, active in (
            (core, "core, to the access switch", 30, True),
            (core, "core, to a small switch", 9, True),
            (access, "uplink", 25, False),
            (access, "house", 4, True),
            (access, "flat", 0, True),
            (access, "moved away", 0, False),
        ):
            port = add_interface(session, device, name[:20], name, status="Up", last_online_at=1000 * crowd)
            ports[port] = name
            for one in (MAC, *others[:crowd]):
                for vlan_id in (10, 20):
                    add_fdb(session, device, port, one, active=active or one != MAC, vlan_id=vlan_id)
    return ports


def test_the_port_nearest_to_a_mac_comes_first_and_uplinks_last(runtime: Runtime) -> None:
    heard_on_the_way(runtime)
    names = found(runtime, InterfaceQuery(mac_address=MAC))
    assert (names[:4], sorted(names[4:])) == (NEAREST_FIRST[:4], sorted(NEAREST_FIRST[4:]))
    assert found(runtime, InterfaceQuery(mac_address=MAC, only_active_mac=True)) == [*NEAREST_FIRST[:3], NEAREST_FIRST[5]]
    assert found(runtime, InterfaceQuery(mac_address=MAC), limit=2, offset=1) == NEAREST_FIRST[1:3]
    with runtime.db.read() as session:
        hits = [hit.place for group in find(session, runtime, ADMIN, "aa:bb:cc:dd:ee:ff") for hit in group.hits]
    told = [next(name for name in NEAREST_FIRST if place.startswith(name)) for place in hits]
    assert list(dict.fromkeys(told))[:4] == NEAREST_FIRST[:4]
    with runtime.db.write() as session:
        runtime.settings.set(session, {"ANALYTICS_IGNORE_IFACES_WITH_MORE_THAN": 8})
    runtime.settings.forget()
    assert found(runtime, InterfaceQuery(mac_address=MAC))[:3] == ["flat", "house", "moved away"]


@pytest.mark.asyncio
async def test_a_search_for_a_device_agrees_on_the_nearest_port(runtime: Runtime) -> None:
    ports = heard_on_the_way(runtime)
    with runtime.db.write() as session:
        runtime.settings.set(session, {"SEARCH_DEVICE_SOURCES": ["history"], "SEARCH_DEVICE_HISTORY_ONLY_ACTIVE": False})
    runtime.settings.forget()
    hits = (await search_device.by_mac(runtime, ADMIN, "aa-bb-cc-dd-ee-ff")).macs
    names = list(dict.fromkeys(ports[one.interface_id] for one in hits))
    assert (names[:4], sorted(names[4:])) == (NEAREST_FIRST[:4], sorted(NEAREST_FIRST[4:]))


def test_foreign_groups_do_not_exist(runtime: Runtime) -> None:
    mine, foreign = add_device(runtime.db, "192.0.2.1"), add_device(runtime.db, "192.0.2.2")
    ident = {"ident": SERIAL, "ident_type": "SN"}
    with runtime.db.write() as session:
        group = add_group(session, "mine", [mine])
        add_group(session, "theirs", [foreign])
        add_interface(session, mine, "1", "mine", "ONU", status="Offline", **ident)
        add_interface(session, foreign, "1", "foreign", "ONU", status="Online", **ident)
    actor = in_groups(group)
    with runtime.db.read() as session:
        rows = search(session, runtime, actor, InterfaceQuery(ont_ident=SERIAL)).rows
        assert [(one.name, one.stale) for one in rows] == [("mine", False)]
        assert [group.name for group in rows[0].device.groups] == ["mine"]
    assert found(runtime, InterfaceQuery(device_ip="192.0.2.2"), actor) == []
    assert found(runtime, InterfaceQuery(), in_groups()) == []


def test_pages_of_a_list_know_the_total(runtime: Runtime) -> None:
    device = add_device(runtime.db, "192.0.2.1", kind="SWITCH")
    with runtime.db.write() as session:
        for number in range(1, 8):
            add_interface(session, device, str(number), f"1/{number}")
    with runtime.db.read() as session:
        page = search(session, runtime, ADMIN, InterfaceQuery(device_id=device), limit=3, offset=2)
    assert ([one.name for one in page.rows], page.total) == (["1/3", "1/4", "1/5"], 7)


def test_the_object_is_what_clients_read(runtime: Runtime) -> None:
    with_billing(runtime)
    device = add_device(runtime.db, "192.0.2.6", kind="SWITCH")
    with runtime.db.write() as session:
        port = add_interface(session, device, "13", "1/13", status="Up", status_changed_at=86400)
        add_subscriber(session, "2", "second", "two", switch_ip="192.0.2.6", port="13")
        add_subscriber(session, "1", "11619", "test", "Рівне", switch_ip="192.0.2.6", port="13")
    with runtime.db.read() as session:
        shown = interface_json(interfaces.get_interface(session, runtime, ADMIN, port))
    assert shown["agreement"] == "11619"
    assert shown["billing_link"] == "https://billing.example/#clientcard/1"
    assert shown["params"]["billing"]["mikbill"] | {"link": ""} == {
        "uid": 1,
        "agreement": "11619",
        "login": "test",
        "billing_link": "/#clientcard/1",
        "link": "",
        "address": {"full": "Рівне", "settlement": "", "lane": "", "house": "", "app": ""},
    }
    assert [one["uid"] for one in shown["subscribers"]] == [1, 2]
    assert shown["status_changed"] == time_text(86400)
    assert {"id", "name", "key", "vendor", "model", "type", "params", "controller", "icon", "pollers"} <= set(
        shown["device"]["model"]
    )
    assert shown["device"]["access"] == {"id": 1, "name": "access of 192.0.2.6", "params": {}}
    assert (shown["device"]["group"], shown["device"]["coordinates"], shown["ip"], shown["coordinates"]) == (None, None, "", None)


@pytest.mark.parametrize("count", [1, 1200])
def test_a_search_is_at_most_six_statements(runtime: Runtime, count: int) -> None:
    with_billing(runtime)
    device = add_device(runtime.db, "192.0.2.1")
    row = {"device_id": device, "type": "ONU", "params": {}, "created_at": 1, "updated_at": 1}
    with runtime.db.write() as session:
        group = add_group(session, "mine", [device])
        rows = [
            {**row, "bind_key": str(n), "name": f"pon1:{n}", "ident": f"ZTEG{n:08X}", "ident_type": "SN"} for n in range(count)
        ]
        session.execute(insert(Interface), rows)
    with runtime.db.read() as session, counted_statements(runtime.db) as statements:
        page = search(session, runtime, in_groups(group), InterfaceQuery(device_ip="192.0.2.1"), limit=count)
        assert len(interfaces_json(page.rows)) == count
    assert len(statements) <= 6, statements
