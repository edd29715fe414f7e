"""The pages of the logs with lines on them: both kinds of line, whole and filtered, and their exports."""

from __future__ import annotations

from tests.poller.support import add_device
from tests.services.support import add_interface
from wildcore.store.tables import DeviceCall, PollRun

from .conftest import World


async def test_lines_are_shown_filtered_and_exported(whole: World) -> None:
    owner = whole.user("owner", all_groups=True)
    device = add_device(whole.runtime.db, "192.0.2.1")
    with whole.runtime.db.write() as session:
        onu = add_interface(session, device, "1", "gpon-onu_1/1/1:1", "ONU")
        facts = {"at": 1, "device_id": device, "duration_ms": 7, "rows": 3}
        session.add(DeviceCall(**facts, interface_id=onu, user_id=owner, module="fdb", source="person"))
        session.add(DeviceCall(**facts, module="vlans", source="control", error="<b>no answer</b>"))
        session.add(PollRun(**facts, poller="fdb", result="ok"))
        session.add(PollRun(**facts, poller="system", result="partial", error="cut off"))
        session.add(PollRun(**facts, poller="link_info", result="error", error="silent"))
    async with whole.client(whole.key(owner)) as client:
        calls = (await client.get("/logs/device-calls")).text
        for words in ("gpon-onu_1/1/1:1", f'href="/management/users/{owner}"', "&lt;b&gt;no answer", "vlans"):
            assert words in calls
        mine = (await client.get("/logs/device-calls", params={"user": owner}, headers={"HX-Request": "true"})).text
        assert "gpon-onu_1/1/1:1" in mine
        assert "vlans" not in mine
        exported = (await client.get("/logs/device-calls/export.csv", params={"user": owner})).text.splitlines()
        assert (len(exported), "owner" in exported[1]) == (2, True)
        runs = (await client.get("/logs/poller")).text
        assert (runs.count("tone-warn"), runs.count("tone-bad")) == (1, 1)
        assert "cut off" in runs
        long = (await client.get("/logs/poller", params={"name": "x" * 500, "page": 9})).text
        assert "x" * 101 not in long
        actions = (await client.get("/logs/actions", params={"user": owner, "since": "yesterday"})).text
        assert 'name="since" value="yesterday"' in actions
