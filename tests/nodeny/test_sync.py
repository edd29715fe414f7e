"""The sync from a real MariaDB: to a subscriber found on an ONU, and on bad days to nothing changed."""

from __future__ import annotations

import socket
from collections.abc import AsyncGenerator
from typing import Any

import pytest

from tests.api.conftest import World
from tests.api.dms_world import Api
from tests.nodeny.support import Nodeny
from tests.nodeny.test_card import MAC, OTHER_MAC, onu, sync
from tests.services.support import add_subscriber
from wildcore.components.nodeny_plus import schema
from wildcore.components.nodeny_plus.billing import NodenyBilling, card_address
from wildcore.errors import BillingError
from wildcore.model.subscriber import SubscriberRecord
from wildcore.services.ports import BillingSource
from wildcore.services.subscriber_jobs import last_sync, synchronise

SYNC = "/component/nodeny_plus/sync"


async def stored(admin: Api, world: World) -> list[Any]:
    """What the search and the ONU show."""
    shown = await admin.get("/device-interface/search", ont_ident="785c.7201.0001")
    found = await admin.get("/portal/search", query="ivanov")
    return [shown[0]["subscribers"], found]


async def test_from_the_database_to_the_onu(world: World, nodeny: Nodeny, admin: Api, olt: int) -> None:
    nodeny.add(7, "ivanov", "00007", MAC, _adr_flat="15")
    nodeny.add(8, "petrov", "00008", OTHER_MAC)
    place = await onu(admin)
    report = (await admin.ask("POST", SYNC))["data"]
    assert (report["received"], report["added"], report["by_mac"], report["unmatched"]) == (2, 2, 2, 0)
    assert (await admin.get(SYNC))["result"] == "ok"
    (shown,) = await admin.get("/device-interface/search", ont_ident="785c.7201.0001")
    assert shown["params"]["billing"]["nodeny_plus"] == {
        "uid": 7,
        "agreement": "00007",
        "login": "ivanov",
        "billing_link": "/stat.pl?a=user&uid=7",
        "link": "https://billing.example/cgi-bin/stat.pl?a=user&uid=7",
        "address": {"full": "Київська вулиця 1/15", "settlement": "", "lane": "Київська вулиця", "house": "1", "app": "15"},
    }
    page = await admin.client.get(f"/interface/{place}")
    assert (page.status_code, "ivanov" in page.text, "a=user&amp;uid=7" in page.text) == (200, True, True)
    assert "ivanov" in str(await admin.get("/portal/search", query="ivan"))
    nodeny.run("UPDATE users SET contract = '7/2026' WHERE id = 7")
    nodeny.run("DELETE FROM users WHERE id = 8")
    again = (await admin.ask("POST", f"{SYNC}?force=true"))["data"]
    assert (again["changed"], again["removed"], again["unchanged"]) == (1, 1, 0)
    idle = (await admin.ask("POST", SYNC))["data"]
    assert (idle["changed"], idle["removed"], idle["unchanged"]) == (0, 0, 1)


async def test_the_same_uid_in_two_billings_is_two_subscribers(world: World, nodeny: Nodeny, admin: Api, olt: int) -> None:
    nodeny.add(7, "ivanov", "00007", MAC)
    with world.runtime.db.write() as session:
        add_subscriber(session, "7", "MB-7", "melnyk", ident="785C72010001")
    await sync(world)
    (shown,) = await admin.get("/device-interface/search", ont_ident="785c.7201.0001")
    billing = shown["params"]["billing"]
    assert (billing["mikbill"]["login"], billing["nodeny_plus"]["login"]) == ("melnyk", "ivanov")
    assert [(one["source"], one["uid"]) for one in shown["subscribers"]] == [("mikbill", 7), ("nodeny_plus", 7)]
    nodeny.run("UPDATE users SET name = 'sydorenko'")
    await sync(world)
    (shown,) = await admin.get("/device-interface/search", ont_ident="785c.7201.0001")
    assert [one["login"] for one in shown["subscribers"]] == ["melnyk", "sydorenko"]
    # switched off it is neither shown nor asked, and nothing of MikBill changes
    with world.runtime.db.write() as session:
        world.runtime.catalogue.switch(session, "nodeny_plus", False)
    world.runtime.catalogue.forget()
    (shown,) = await admin.get("/device-interface/search", ont_ident="785c.7201.0001")
    assert [one["login"] for one in shown["subscribers"]] == ["melnyk"]
    await admin.ask("POST", SYNC, status=404)
    answer = await admin.client.get("/api/v1/component/nodeny_plus/billing/render-diag-card", params={"id": 7})
    assert answer.status_code == 404


@pytest.mark.parametrize(
    ("day", "said"),
    [
        ("down", "does it run, does it listen there"),
        ("password", "check NODENY_DATABASE_USERNAME and NODENY_DATABASE_PASSWORD"),
        ("table", "lacks a table"),
        ("empty", "empty list"),
        ("halved", "--force"),
    ],
)
async def test_a_bad_day_changes_nothing(world: World, nodeny: Nodeny, admin: Api, olt: int, day: str, said: str) -> None:
    nodeny.add(7, "ivanov", "00007", MAC)
    nodeny.add(8, "petrov", "00008", OTHER_MAC)
    await sync(world)
    before = await stored(admin, world)
    if day == "down":
        with socket.create_server(("127.0.0.1", 0)) as gone:
            port = gone.getsockname()[1]
        nodeny.configure(world.runtime, NODENY_DATABASE_DSN=f"mysql:host=127.0.0.1;port={port};dbname=nodeny")
    elif day == "password":
        nodeny.run(f"ALTER USER {nodeny.user}@'127.0.0.1' IDENTIFIED BY 'another'")
    elif day == "table":
        nodeny.run("DROP TABLE mac_uid")
    elif day == "empty":
        nodeny.run("DELETE FROM users")
    else:
        nodeny.run("DELETE FROM users WHERE id = 8")
    failed = (await admin.ask("POST", SYNC, status=502))["error"]["description"]
    assert said in failed
    assert await stored(admin, world) == before
    with world.runtime.db.read() as session:
        last = last_sync(session, "nodeny_plus")
    assert last is not None
    assert (last.result, last.error) == ("error", failed)


async def test_a_connection_killed_in_the_middle_changes_nothing(
    world: World, nodeny: Nodeny, admin: Api, olt: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(schema, "PAGE", 10)
    nodeny.add_many(100)
    nodeny.run("UPDATE users SET name = 'ivanov' WHERE id = 1")
    nodeny.run("UPDATE mac_uid SET mac = %s WHERE uid = 1", (MAC,))
    await sync(world)
    before = await stored(admin, world)
    nodeny.run("UPDATE users SET name = CONCAT('new', id)")
    billing, whole_pages = NodenyBilling(world.runtime), 0

    async def disturbed() -> AsyncGenerator[list[SubscriberRecord], None]:
        nonlocal whole_pages
        async for page in NodenyBilling(world.runtime).records():
            whole_pages += 1
            if whole_pages == 3:
                assert nodeny.kill_readers() == 1
            yield page

    monkeypatch.setattr(billing, "records", disturbed)
    with pytest.raises(BillingError, match="broke off"):
        await synchronise(world.runtime, billing, lambda *_: None, trigger="test")
    assert whole_pages == 3
    assert await stored(admin, world) == before


async def test_the_schedule_does_the_same(world: World, nodeny: Nodeny, admin: Api, olt: int) -> None:
    (one,) = [one for one in await admin.get("/system-schedule") if one["key"] == "nodeny_plus_sync_clients"]
    assert (one["enabled"], one["crontab"]) == (False, "*/10 * * * *")
    nodeny.add(7, "ivanov", "00007", MAC)
    _component, schedule = world.runtime.catalogue.schedules()["nodeny_plus_sync_clients"]
    assert (schedule.command, source_of(world).command) == ("nodeny_plus:sync-clients", "nodeny_plus:sync-clients")
    said = await schedule.job(world.runtime, lambda *_: None)
    assert "added 1" in said


def source_of(world: World) -> BillingSource:
    return NodenyBilling(world.runtime).source()


@pytest.mark.parametrize(
    ("url", "address", "link"),
    [
        ("https://b.example/cgi-bin/stat.pl", "https://b.example/cgi-bin", "/stat.pl?a=user&uid="),
        ("https://b.example", "https://b.example", "/cgi-bin/stat.pl?a=user&uid="),
        (" http://b.example:8080/ ", "http://b.example:8080", "/cgi-bin/stat.pl?a=user&uid="),
        ("https://b.example/nodeny/cgi-bin/", "https://b.example/nodeny/cgi-bin", "/stat.pl?a=user&uid="),
        ("https://b.example/cgi-bin/new.pl?a=1#x", "https://b.example/cgi-bin", "/new.pl?a=user&uid="),
        ("", "", "/cgi-bin/stat.pl?a=user&uid="),
    ],
)
def test_links_to_the_card(url: str, address: str, link: str) -> None:
    assert card_address(url) == (address, link)


async def test_many_subscribers_a_page_at_a_time(world: World, nodeny: Nodeny) -> None:
    nodeny.add_many(6000)
    report = await synchronise(world.runtime, NodenyBilling(world.runtime), lambda *_: None, trigger="test")
    assert (report.summary.received, report.summary.added) == (6000, 6000)
    again = await synchronise(world.runtime, NodenyBilling(world.runtime), lambda *_: None, trigger="test")
    assert (again.summary.unchanged, again.summary.changed) == (6000, 0)
