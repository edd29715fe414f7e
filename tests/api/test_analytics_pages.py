"""Who may do and see what on the pages of analytics and in its API."""

from __future__ import annotations

from sqlalchemy import insert

from tests.poller.support import add_device
from tests.services.support import add_group, add_interface
from wildcore.store.tables import FdbHistory, OnuValues

from .conftest import World

LIST = "/analytics/duplicate-onus"
SERIAL = "ZTEGC69EF036"


async def test_seeing_and_deleting_are_two_rights_within_ones_groups(whole: World) -> None:
    db = whole.runtime.db
    mine, foreign = (add_device(db, f"192.0.2.{at}") for at in (1, 2))
    with db.write() as session:
        group = add_group(session, "mine", [mine])
        places = ((mine, "1", "Online"), (mine, "2", "Offline"), (foreign, "3", "Offline"))
        ids = {
            f"onu {key}": add_interface(session, device, key, f"onu {key}", "ONU", ident=SERIAL, ident_type="SN", status=status)
            for device, key, status in places
        }
    reader = whole.member("reader", "analytics", groups=[group])
    keeper = whole.member("keeper", "analytics", "device_iface_management", groups=[group])
    outsider = whole.member("outsider", "device_iface_management", groups=[group])
    async with whole.client(outsider) as client:
        assert (await client.get(LIST)).status_code == 403
        assert (await client.post(f"{LIST}/delete", data={"ids": [ids["onu 2"]]})).status_code == 403
    async with whole.client(reader) as client:
        shown = (await client.get(LIST)).text
        assert "onu 2" in shown
        assert "onu 3" not in shown
        assert 'name="ids"' not in shown
        assert "onu 3" not in (await client.get(f"{LIST}/export.csv")).text
        assert (await client.post(f"{LIST}/ask", data={"ids": [ids["onu 2"]]})).status_code == 403
        assert (await client.post(f"{LIST}/delete", data={"ids": [ids["onu 2"]]})).status_code == 403
    with db.write() as session:
        add_interface(session, mine, "4", "onu 4", "ONU", ident=SERIAL, ident_type="SN", status="Offline")
    async with whole.client(keeper) as client:
        asked = (await client.post(f"{LIST}/ask", data={"ids": [ids["onu 2"], ids["onu 3"]], "back": "device=1&x=<b>"})).text
        assert "onu 2" in asked
        assert "onu 3" not in asked
        assert "&lt;b&gt;" not in asked
        assert (await client.post(f"{LIST}/delete", data={"ids": [ids["onu 3"]]})).status_code == 404
        assert (await client.post(f"{LIST}/delete", data={"ids": [ids["onu 1"]]})).status_code == 409
        done = await client.post(f"{LIST}/delete", data={"ids": [ids["onu 2"]], "back": "device=1&page=2&evil=1"})
        assert (done.status_code, done.headers["location"]) == (303, f"{LIST}?device=1&page=2&deleted=1")
        assert "onu 2" not in (await client.get(LIST)).text


async def test_the_reports_of_the_api_keep_to_right_and_groups(whole: World) -> None:
    db = whole.runtime.db
    mine, foreign = (add_device(db, f"192.0.2.{at}") for at in (1, 2))
    with db.write() as session:
        group = add_group(session, "mine", [mine])
        for device in (mine, foreign):
            ports = [add_interface(session, device, str(at), f"{device}/{at}") for at in (8, 9)]
            for port in ports:
                seen = {"mac": f"0200000000A{device}", "vlan_id": 10, "first_seen_at": 1, "last_seen_at": 3601, "active": True}
                session.execute(insert(FdbHistory).values(device_id=device, interface_id=port, **seen))
            for at, rx in enumerate((-20.0, -29.5, -31.0)):
                onu = add_interface(session, device, f"1.{at}", f"onu {device}.{at}", "ONU", status="Online")
                session.execute(insert(OnuValues).values(interface_id=onu, device_id=device, rx_dbm=rx, olt_rx_dbm=-20.0))
    base = "/api/v1/component/analytics"
    async with whole.client(whole.member("outsider", "device_show", groups=[group])) as client:
        for path in ("signals", "duplicate-macs", "widgets/bad-signals"):
            assert (await client.get(f"{base}/{path}")).status_code == 403
    async with whole.client(whole.member("reader", "analytics", groups=[group])) as client:
        first = (await client.get(f"{base}/signals", params={"limit": 1})).json()
        assert [one["name"] for one in first["data"]] == [f"onu {mine}.2"]
        assert (first["meta"]["total"], first["meta"]["limit"], first["meta"]["offset"]) == (3, 1, 0)
        assert [(one["device_id"], one["onus"], one["bad"]) for one in first["meta"]["devices"]] == [(mine, 3, 2)]
        assert sum(bar["count"] for bar in first["meta"]["histogram"]) == 3
        bars = (await client.get(f"{base}/signals", params={"dbm": -30})).json()
        assert [one["rx_dbm"] for one in bars["data"]] == [-29.5]
        assert (await client.get(f"{base}/signals", params={"device_id": foreign})).json()["meta"]["total"] == 0
        bad = (await client.get(f"{base}/widgets/bad-signals", params={"offset": 1})).json()
        assert ([one["name"] for one in bad["data"]], bad["meta"]["total"]) == ([f"onu {mine}.1"], 2)
        assert (await client.get(f"{base}/widgets/bad-signals", params={"level": "olt_rx"})).json()["data"] == []
        macs = (await client.get(f"{base}/duplicate-macs")).json()
        assert [one["mac"] for one in macs["data"]] == [f"02:00:00:00:00:A{mine}"]
        assert [place["interface"]["name"] for place in macs["data"][0]["places"]] == [f"{mine}/8", f"{mine}/9"]
        assert (await client.get(f"{base}/duplicate-macs", params={"offset": 1})).json()["data"] == []
        assert (await client.get(f"{base}/signals", params={"level": "tx"})).status_code == 400
