"""The sync asked for by the API and by the scheduler, with billing over real HTTP."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio
from sqlalchemy import select

from tests.system.product import eventually
from wildcore.kit import billing as kit
from wildcore.lab.billing import Billing, BillingServer, Fault
from wildcore.lab.district import Subscriber
from wildcore.lab.names import Address, Person
from wildcore.services import schedule_runs
from wildcore.store.tables import ActionLog, ScheduleRun

from .conftest import World

SYNC = "/api/v1/component/mikbill_integration/sync"
KEY = "cd1f08c0-dcea-4603-934d-471deb7c9387"


@pytest_asyncio.fixture
async def billing(whole: World) -> AsyncIterator[Billing]:
    """Three subscribers; the installation knows where to ask."""
    people = [Subscriber(uid, str(uid), f"login{uid}", Person("", ""), Address("", "", "")) for uid in (1, 2, 3)]
    made = Billing(people, api_key=KEY)
    async with BillingServer(made) as server:
        with whole.runtime.db.write() as session:
            whole.runtime.settings.set(session, {"MIKBILL_API_ADDR": server.url, "MIKBILL_AUTH_KEY": KEY})
        whole.runtime.settings.forget()
        yield made
        made.go_on.set()


async def test_a_quick_sync_is_answered_with_its_counts(whole: World, billing: Billing) -> None:
    async with whole.client(whole.key(whole.user("ivan"))) as client:
        assert (await client.get(SYNC)).json()["data"] is None
        dry = (await client.post(SYNC, params={"dry_run": True})).json()["data"]
        assert (dry["received"], dry["added"], dry["dry_run"], dry["sync_id"]) == (3, 3, True, None)
        assert (await client.get(SYNC)).json()["data"] is None
        done = (await client.post(SYNC)).json()["data"]
        assert (done["received"], done["added"], done["unmatched"], done["running"]) == (3, 3, 3, False)
        last = (await client.get(SYNC)).json()["data"]
        assert (last["id"], last["trigger"], last["result"], last["added"]) == (done["sync_id"], "ivan", "ok", 3)
    with whole.runtime.db.read() as session:
        (line,) = session.scalars(select(ActionLog).where(ActionLog.action == "subscribers:sync"))
        assert line.message.startswith("MikBill: Subscribers: 3; added 3")


async def test_a_failure_is_answered_and_remembered(whole: World, billing: Billing) -> None:
    billing.fault = Fault.UNAUTHORIZED
    async with whole.client(whole.key(whole.user("ivan"))) as client:
        answer = await client.post(SYNC)
        assert answer.status_code == 502
        words = "Billing refused the API key: check MIKBILL_AUTH_KEY"
        assert answer.json()["error"]["description"] == words
        last = (await client.get(SYNC)).json()["data"]
        assert (last["result"], last["error"]) == ("error", words)
        assert "received" not in last


async def test_a_long_sync_is_answered_before_a_proxy_gives_up_and_goes_on(
    whole: World, billing: Billing, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(kit, "ANSWER_SEC", 0.2)
    billing.fault = Fault.STALLED
    async with whole.client(whole.key(whole.user("ivan"))) as client:
        assert (await client.post(SYNC)).json()["data"] == {"running": True}
        await billing.half_sent.wait()
        last = (await client.get(SYNC)).json()["data"]
        assert (last["result"], last["trigger"], last["finished_at"]) == ("running", "ivan", None)
        assert (await client.post(SYNC)).status_code == 409
        billing.go_on.set()

        async def ended() -> bool:
            return bool((await client.get(SYNC)).json()["data"]["result"] != "running")

        assert await eventually(ended, 20)
        last = (await client.get(SYNC)).json()["data"]
        assert (last["result"], last["added"]) == ("ok", 3)


async def test_the_schedule_says_who_asked_for_it_and_counts_while_it_receives(whole: World, billing: Billing) -> None:
    run = await schedule_runs.run_now(whole.runtime, "mikbill_sync_clients", "olena")
    assert (run.result, run.progress) == ("ok", "done 3/3")
    assert run.output.startswith("Абонентів: 3; додано 3")
    async with whole.client(whole.key(whole.user("ivan"))) as client:
        assert (await client.get(SYNC)).json()["data"]["trigger"] == "olena"
    billing.fault = Fault.CUT
    run = await schedule_runs.run_now(whole.runtime, "mikbill_sync_clients", "cron")
    assert run.result == "error"
    assert "обірва" in run.output
    with whole.runtime.db.read() as session:
        assert session.query(ScheduleRun).filter_by(result="running").count() == 0
