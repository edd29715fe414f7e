"""Who may do what on the pages of analytics."""

from __future__ import annotations

from tests.poller.support import add_device
from tests.services.support import add_group, add_interface

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
