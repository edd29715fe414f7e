"""Subscribers over HTTP: the API's lists and reports, the pages and their exports, and who sees whom."""

from __future__ import annotations

import csv
import io
from typing import Any

import pytest
import pytest_asyncio

from tests.poller.support import insert_row
from tests.services.support import add_device, add_group, add_interface, add_subscriber, with_billing
from wildcore.services import bindings, schedules
from wildcore.store.tables import ActionLog, Subscriber, SubscriberClaim, SubscriberSync

from .conftest import World

SERIAL = "ZTEGC69EF036"
LISTS = ("/subscriber", "/subscriber/unmatched", "/subscriber/shared", "/subscriber/elsewhere")
PAGES = ("/subscribers", "/subscribers/unmatched", "/subscribers/shared", "/subscribers/elsewhere", "/subscribers/sync")


@pytest_asyncio.fixture
async def network(whole: World) -> dict[str, int]:
    """An OLT and a switch, each in a group of its own; subscribers at both, and without a place."""
    db = whole.runtime.db
    olt, switch = add_device(db, "192.0.2.10"), add_device(db, "192.0.2.20", model="sw", family="generic_switch", kind="SWITCH")
    with_billing(whole.runtime)
    with db.write() as session:
        group = add_group(session, "OLTs", [olt])
        add_group(session, "switches", [switch])
        onu = add_interface(session, olt, "1", "gpon-onu_1/1/1:1", "ONU", ident=SERIAL, ident_type="SN", status="Online")
        add_interface(session, switch, "3", "Gi0/3")
        first = add_subscriber(
            session, "1", "00001", "first", "Рівне, Київська вулиця 1", ident=SERIAL, switch_ip="192.0.2.20", port="7"
        )
        second = add_subscriber(session, "2", "00002", "second", "Рівне", switch_ip="192.0.2.20", port="3")
        add_subscriber(session, "3", "00003", "third", "=cmd|' /C calc'!A0", switch_ip="192.0.2.20", port="3")
        add_subscriber(session, "4", "=1+1", "<b>fourth</b>", "", ident="ZTEGC69EF063")
        session.add(
            SubscriberSync(source="mikbill", trigger="cron", started_at=1, finished_at=2, result="ok", summary='{"received": 4}')
        )
    return {"group": group, "onu": onu, "first": first, "second": second}


async def answers(world: World, key: str, *paths: str) -> dict[str, Any]:
    found = {}
    async with world.client(key) as client:
        for path in paths:
            answer = await client.get(f"/api/v1{path}")
            assert answer.status_code == 200, (path, answer.text)
            found[path] = answer.json()
    return found


def uids(data: list[dict[str, Any]]) -> list[int]:
    return [one.get("uid") or one["subscriber"]["uid"] for one in data]


async def test_lists_have_a_total_a_limit_and_filters(whole: World, network: dict[str, int]) -> None:
    key = whole.key(whole.user("owner", all_groups=True))
    asked = {
        "/subscriber?limit=2&offset=1": ([2, 3], 4),
        "/subscriber?uid=2": ([2], 1),
        "/subscriber?agreement=00003": ([3], 1),
        "/subscriber?login=first": ([1], 1),
        "/subscriber?search=вулиця": ([1], 1),
        "/subscriber?matched=false": ([4], 1),
        "/subscriber?source=other": ([], 0),
        "/subscriber?updated_since=2": ([], 0),
        f"/subscriber?interface_id={network['onu']}": ([1], 1),
        "/subscriber/unmatched?reason=no_port": ([], 0),
        "/subscriber/unmatched?limit=1": ([4], 1),
        "/subscriber/elsewhere": ([1], 1),
    }
    found = await answers(whole, key, *asked)
    assert {path: (uids(one["data"]), one["meta"]["total"]) for path, one in found.items()} == asked
    (row,) = (await answers(whole, key, "/subscriber/unmatched"))["/subscriber/unmatched"]["data"]
    assert (row["reason"], row["fixes"][0]["text"]) == (
        "ident_unseen",
        f"{SERIAL}, two neighbouring characters swapped, it has a subscriber already",
    )
    (shared,) = (await answers(whole, key, "/subscriber/shared"))["/subscriber/shared"]["data"]
    assert (shared["interface"]["name"], shared["suspicious"], uids(shared["subscribers"])) == ("Gi0/3", False, [2, 3])
    async with whole.client(key) as client:
        for path in (
            "/subscriber?limit=0",
            "/subscriber?matched=perhaps",
            "/subscriber/unmatched?reason=none",
            "/subscriber/first",
        ):
            assert (await client.get(f"/api/v1{path}")).status_code == 400, path
        assert (await client.get("/api/v1/subscriber/99999")).status_code == 404


async def test_of_foreign_groups_nothing_is_told(whole: World, network: dict[str, int]) -> None:
    key = whole.member("limited", "subscribers_show", groups=[network["group"]])
    found = await answers(whole, key, *LISTS, "/subscriber/sync", f"/subscriber/{network['first']}")
    assert {path: uids(found[path]["data"]) for path in LISTS} == {
        "/subscriber": [1],
        "/subscriber/unmatched": [],
        "/subscriber/shared": [],
        "/subscriber/elsewhere": [1],
    }
    assert found["/subscriber/elsewhere"]["data"][0]["claimed_device"] is None
    (billing,) = found["/subscriber/sync"]["data"]
    assert (billing["syncs"][0]["result"], billing["syncs"][0]["counts"], billing["changes"]) == ("ok", None, [])
    async with whole.client(key) as client:
        assert (await client.get(f"/api/v1/subscriber/{network['second']}")).status_code == 404
        for path in (*PAGES, *(f"{page}/export.csv" for page in PAGES[1:4]), "/subscribers/export.csv"):
            text = (await client.get(path)).text
            assert not any(word in text for word in ("00002", "00003", "fourth", "Gi0/3", "switches")), path
    more = whole.member("more", "subscribers_show", "subscribers_unplaced", groups=[network["group"]])
    found = await answers(whole, more, "/subscriber", "/subscriber/unmatched")
    assert [uids(one["data"]) for one in found.values()] == [[1, 4], [4]]


async def test_without_the_right_there_is_nothing(whole: World, network: dict[str, int]) -> None:
    async with whole.client(whole.member("nobody", "olts_info")) as client:
        for path in (*(f"/api/v1{one}" for one in LISTS), *PAGES):
            assert (await client.get(path)).status_code == 403, path
        menu = (await client.get("/devices")).text
    assert 'href="/subscribers"' not in menu


@pytest.mark.parametrize("path", ["/api/v1{api}?format=csv", "{page}/export.csv"])
async def test_exports_are_streamed_and_hold_no_formula(whole: World, network: dict[str, int], path: str) -> None:
    async with whole.client(whole.key(whole.user("owner", all_groups=True)), accept_language="uk") as client:
        for api, page in zip(LISTS, PAGES, strict=False):
            answer = await client.get(path.format(api=api, page=page))
            assert answer.status_code == 200
            assert answer.headers["content-disposition"].startswith("attachment"), page
            head, *rows = csv.reader(io.StringIO(answer.text.lstrip("\ufeff")))
            assert rows, page
            assert all(len(row) == len(head) for row in rows)
            cells = [cell for row in rows for cell in row]
            assert not any(cell.startswith(("=", "+", "@", "-")) for cell in cells), page
            if api in ("/subscriber", "/subscriber/unmatched"):
                assert "'=1+1" in cells
                assert ("Договір" if page in path.format(api=api, page=page) else "agreement") in head


async def test_pages_escape_what_billing_says(whole: World, network: dict[str, int]) -> None:
    async with whole.client(whole.key(whole.user("owner", all_groups=True)), accept_language="en") as client:
        for path in PAGES[:4]:
            answer = await client.get(path)
            assert answer.status_code == 200
            assert "<b>fourth</b>" not in answer.text
        text = (await client.get("/subscribers")).text
    assert "&lt;b&gt;fourth&lt;/b&gt;" in text
    assert 'href="https://billing.example/#clientcard/1" target="_blank" rel="noopener noreferrer"' in text
    assert f'data-href="/interface/{network["onu"]}"' in text


async def test_pages_say_what_to_do_while_there_is_nothing(whole: World) -> None:
    owner = whole.key(whole.user("owner", all_groups=True))
    with_billing(whole.runtime)
    async with whole.client(owner, accept_language="en") as client:
        for path in PAGES:
            whole.runtime.ports.gate(lambda _key: False)
            text = (await client.get(path)).text
            assert "No billing is switched on" in text
            assert "/configuration/components" in text
            whole.runtime.ports.gate(lambda _key: True)
            text = (await client.get(path)).text
            assert "No billing is switched on" not in text
        assert "Never synchronised" in text
        assert "To the sync" in (await client.get("/subscribers")).text


async def test_a_sync_is_started_from_its_page(whole: World) -> None:
    runtime = whole.runtime
    with_billing(runtime)
    async with whole.client(whole.key(whole.user("owner", all_groups=True)), accept_language="en") as client:
        answer = await client.post("/subscribers/sync/mikbill", headers={"HX-Request": "true"})
        assert answer.status_code == 200
        assert 'hx-get="/subscribers/sync"' in answer.text, "it keeps itself fresh while the sync runs"
        again = await client.post("/subscribers/sync/mikbill", headers={"HX-Request": "true"})
        assert "running already" in again.text
        assert (await client.post("/subscribers/sync/other")).status_code == 404
    with runtime.db.read() as session:
        (run,) = schedules.runs_of(session, "mikbill_sync_clients")
        assert (run.result, run.trigger) == ("queued", "owner")
        assert session.query(ActionLog).filter_by(action="schedule:run").count() == 1
    async with whole.client(whole.member("viewer", "subscribers_show"), accept_language="en") as client:
        assert (await client.post("/subscribers/sync/mikbill")).status_code == 403
        assert "Run now" not in (await client.get("/subscribers/sync")).text


async def test_the_page_of_the_sync_tells_what_happened(whole: World, network: dict[str, int]) -> None:
    change = '[{"what": "changed", "uid": "2", "agreement": "00002", "login": "x", "fields": {"login": ["<old>", "x"]}}]'
    with whole.runtime.db.write() as session:
        common = {"source": "mikbill", "trigger": "console", "started_at": 100, "finished_at": 163}
        session.add(SubscriberSync(**common, result="ok", summary='{"received": 4321, "unmatched": 17}', changes=change))
        session.flush()
        session.add(SubscriberSync(**common, result="error", error="Billing refused the API key: check MIKBILL_AUTH_KEY"))
    async with whole.client(whole.key(whole.user("owner", all_groups=True)), accept_language="en") as client:
        text = (await client.get("/subscribers/sync")).text
    assert "Billing refused the API key" in text
    assert "Nothing was changed: the subscribers are as after the sync of" in text
    assert "4\u202f321" in text
    assert "&lt;old&gt;" in text
    assert "1\u00a0min 3\u00a0s" in text


async def test_one_subscriber_with_several_places(whole: World, network: dict[str, int]) -> None:
    with whole.runtime.db.write() as session:
        insert_row(session, SubscriberClaim, subscriber_id=network["second"], ident=SERIAL)
        bindings.rebind(session, everything=True)
        assert session.query(Subscriber).count() == 4
    key = whole.key(whole.user("owner", all_groups=True))
    path = f"/subscriber/{network['second']}"
    data = (await answers(whole, key, path))[path]["data"]
    assert [(one["name"], one["strength"]) for one in data["places"]] == [("gpon-onu_1/1/1:1", 1), ("Gi0/3", 2)]
    assert [(one["ident"], one["switch_ip"], one["port"]) for one in data["claims"]] == [
        (None, "192.0.2.20", "3"),
        (SERIAL, None, None),
    ]
