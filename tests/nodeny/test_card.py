"""The diagnosis card in NoDeny's subscriber card: every outcome is readable HTML, over HTTP, real UDP and a real MariaDB."""

from __future__ import annotations

import re
import time

import httpx
from sqlalchemy import select, update

from tests.api.conftest import World
from tests.api.dms_world import Api
from tests.nodeny.support import Nodeny
from tests.poller.support import counted_statements
from tests.services.support import add_fdb, add_group
from wildcore.components.nodeny_plus.billing import NodenyBilling
from wildcore.services.bindings import rebind
from wildcore.services.subscriber_jobs import synchronise
from wildcore.services.subscriber_sync import SyncSummary
from wildcore.store.tables import FdbHistory, Interface
from wildcore.transport.replay import ReplayAgent

PATH = "/api/v1/component/nodeny_plus/billing/render-diag-card"
MAC, OTHER_MAC = "00156D010001", "00156D010002"
"""What the agent has in its forwarding table behind epon0/1:1 and epon0/1:2."""


async def sync(world: World) -> SyncSummary:
    report = await synchronise(world.runtime, NodenyBilling(world.runtime), lambda *_: None, trigger="test")
    return report.summary


async def onu(api: Api, ident: str = "785c.7201.0001") -> int:
    (found,) = await api.get("/device-interface/search", ont_ident=ident)
    return int(found["id"])


def describe(world: World, interface_id: int, text: str) -> None:
    with world.runtime.db.write() as session:
        session.execute(update(Interface).where(Interface.id == interface_id).values(description=text))


async def card(client: httpx.AsyncClient, uid: int, status: int = 200, source: str = "cache", lang: str = "en") -> str:
    answer = await client.get(PATH, params={"id": uid, "from": source, "lang": lang})
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"].startswith("text/html")
    text = answer.text
    assert text.count("<div") == text.count("</div>")
    assert text.count("<table") == text.count("</table>")
    assert not re.search(r"<script|src=|@import|url\(", text)
    return text


async def test_a_subscriber_of_the_last_sync(world: World, nodeny: Nodeny, admin: Api, olt: int, agent: ReplayAgent) -> None:
    nodeny.add(7, "ivanov", "00007", MAC, _adr_flat="15")
    assert (await sync(world)).by_mac == 1
    nodeny.run(f"ALTER USER {nodeny.user}@'127.0.0.1' ACCOUNT LOCK")  # who is known is not asked for again
    for source in ("device", "cache", "store", ""):
        text = await card(admin.client, 7, source=source)
        assert "epon0/1:1" in text
        assert "-21.3" in text
        assert "7 · 00007 · ivanov · Київська вулиця 1/15" in text
        assert 'href="https://billing.example/cgi-bin/stat.pl?a=user&amp;uid=7" target="_blank"' in text
        assert f'href="http://dms.test/interface/{await onu(admin)}"' in text
    asked = agent.requests
    with counted_statements(world.runtime.db) as statements:
        await card(admin.client, 7, source="cache")
    assert agent.requests == asked
    assert len(statements) == 5  # two for the subscriber, three for the diagnosis
    assert "Відкрити у Wildcore" in await card(admin.client, 7, lang="uk")


async def test_a_subscriber_who_came_after_the_sync_or_without_one(world: World, nodeny: Nodeny, admin: Api, olt: int) -> None:
    nodeny.add(7, "ivanov", "00007", MAC)
    assert "epon0/1:1" in await card(admin.client, 7)
    await sync(world)
    nodeny.add(8, "petrov", "00008", "00-15-6d-01-00-02")
    assert "epon0/1:2" in await card(admin.client, 8)
    assert "has no subscriber 8" not in await card(admin.client, 8, source="device")
    # the store alone does not know yet
    assert "has no subscriber 8" in await card(admin.client, 8, 404, source="store")


async def test_a_silent_device(world: World, nodeny: Nodeny, admin: Api, olt: int, agent: ReplayAgent) -> None:
    nodeny.add(7, "ivanov", "00007", MAC)
    await sync(world)
    agent.behaviour.silent = True
    text = await card(admin.client, 7, source="device")
    assert "background:#fdecec" in text, "the failure is told in a red box"
    assert "-21.3" in text, "what was last known is shown"


async def test_several_places(world: World, nodeny: Nodeny, admin: Api, olt: int) -> None:
    nodeny.add(7, "ivanov", "00007", *(f"00156D0{pon}000{number}" for pon in (1, 2) for number in (1, 2, 3)))
    await sync(world)
    text = await card(admin.client, 7)
    assert "This subscriber is seen at 6 places" in text
    assert len(re.findall(r"<h2[^>]*>epon0/", text)) == 4
    assert text.count("One more place: open it in Wildcore") == 2
    assert "<style" not in text


async def test_nobody_and_nowhere(world: World, nodeny: Nodeny, admin: Api) -> None:
    assert "NoDeny Plus has no subscriber 7" in await card(admin.client, 7, 404)
    nodeny.add(7, "<b>ivanov", "00007", "0200000000A1", _onu="ZTEG00000001", _sw="192.0.2.7", _port=3)
    nodeny.add(8, "petrov", "00008")
    nodeny.configure(world.runtime, NODENY_FIELD_ONU="_onu", NODENY_FIELD_SWITCH="_sw", NODENY_FIELD_PORT="_port")
    await sync(world)
    text = await card(admin.client, 7)
    assert "sees this subscriber at no port and no ONU" in text
    assert "&lt;b&gt;ivanov · 00007 · Київська вулиця 1" in text
    for said in ("02:00:00:00:00:A1", "ZTEG00000001", "192.0.2.7 3", "Is the equipment switched on?"):
        assert said in text
    assert "Billing knows no MAC address" in await card(admin.client, 8)
    nodeny.run("DELETE FROM users WHERE id = 8")
    assert "has no subscriber 8" in await card(admin.client, 8, 404)


async def test_billing_out_of_reach(world: World, nodeny: Nodeny, admin: Api, olt: int) -> None:
    nodeny.add(7, "ivanov", "00007", MAC)
    nodeny.configure(world.runtime, NODENY_DATABASE_PASSWORD="another")
    text = await card(admin.client, 7, 404)
    assert "check NODENY_DATABASE_USERNAME" in text
    assert "another" not in text


async def test_a_foreign_group_looks_like_an_unknown_uid(world: World, nodeny: Nodeny, admin: Api, olt: int) -> None:
    nodeny.add(7, "ivanov", "00007", MAC)
    nodeny.add(8, "petrov", "00008")
    await sync(world)
    with world.runtime.db.write() as session:
        ours, theirs = add_group(session, "ours", [olt]), add_group(session, "theirs")
    async with world.client(world.member("here", "diag_interface", groups=[ours])) as client:
        assert "epon0/1:1" in await card(client, 7)
    async with world.client(world.member("elsewhere", "diag_interface", groups=[theirs])) as client:
        texts = {re.sub(r"\d+", "N", await card(client, uid, 404)) for uid in (7, 8, 9)}
        stored = {re.sub(r"\d+", "N", await card(client, uid, 404, source="store")) for uid in (7, 8, 9)}
    assert len(texts | stored) == 1
    assert "ivanov" not in texts.pop()


async def test_who_may_not(world: World, nodeny: Nodeny, admin: Api, olt: int) -> None:
    async with world.client(world.member("nobody", "device_show")) as client:
        answer = await client.get(PATH, params={"id": 7})
        assert (answer.status_code, answer.json()["error"]["type"]) == (403, "INSUFFICIENT_PRIVILEGES")
    async with world.client("no-such-key") as client:
        assert (await client.get(PATH, params={"id": 7})).status_code == 401
    operator = world.key(world.user("operator", all_groups=True), kind="cross", scope="billing")
    async with world.client(operator) as client:
        await card(client, 7, 404)
    for query in ("", "id=x", "id=-1", "id=7&from=space"):
        answer = await admin.client.get(f"{PATH}?{query}")
        assert (answer.status_code, answer.json()["statusCode"]) == (400, 400)


async def test_a_slow_database_does_not_hold_the_card_up(world: World, nodeny: Nodeny, admin: Api) -> None:
    nodeny.add(7, "ivanov", "00007", MAC)
    nodeny.run("LOCK TABLES users WRITE, mac_uid WRITE")
    started = time.monotonic()
    text = await card(admin.client, 7, 404)
    nodeny.run("UNLOCK TABLES")
    assert "does not answer in time" in text or "too slow" in text
    assert time.monotonic() - started < 15


async def test_the_description_must_name_the_subscriber(world: World, nodeny: Nodeny, admin: Api, olt: int) -> None:
    nodeny.add(7, "ivanov", "00007", MAC, OTHER_MAC)
    nodeny.configure(world.runtime, NODENY_COMPARISON_DESCRIPTION_REQUIRED=True)
    first, second = await onu(admin), await onu(admin, "785C72010002")
    describe(world, first, "ivanova, flat 3")
    describe(world, second, "kv.15 IVANOV")
    assert (await sync(world)).by_port == 1
    text = await card(admin.client, 7, source="store")
    assert "epon0/1:2" in text
    assert "places" not in text
    describe(world, second, "somebody")
    await sync(world)
    text = await card(admin.client, 7)
    assert "at no port and no ONU" in text
    assert "00:15:6D:01:00:01" in text


async def test_equipment_that_is_switched_off_was_last_seen_somewhere(world: World, nodeny: Nodeny, admin: Api, olt: int) -> None:
    nodeny.add(7, "ivanov", "00007", MAC)
    await sync(world)
    with world.runtime.db.write() as session:
        pon = session.scalars(select(Interface.id).where(Interface.name == "epon0/1")).one()
        for number in range(3):  # the way to the ONU saw it too, with others
            add_fdb(session, olt, pon, f"00156D01000{number + 1}")
        session.execute(update(FdbHistory).values(active=False, last_seen_at=world.runtime.now() - 7200))
        rebind(session, everything=True)
    nowhere, seen = "at no port and no ONU", "It was last seen here: 2\u00a0h"
    text = await card(admin.client, 7, source="store")
    assert seen in text
    assert ">epon0/1:1</h2>" in text
    nodeny.configure(world.runtime, NODENY_COMPARISON_DESCRIPTION_REQUIRED=True)
    assert nowhere in await card(admin.client, 7, source="store")
    describe(world, await onu(admin), "ivanov")
    with world.runtime.db.write() as session:
        theirs = add_group(session, "theirs")
    async with world.client(world.member("elsewhere", "diag_interface", groups=[theirs])) as client:
        assert "epon0/1:1" not in await card(client, 7, 404)
    text = await card(admin.client, 7)  # asks billing and the device too, which sees the address again
    assert seen in text
    assert ">epon0/1:1</h2>" in text
