"""The check of the connection to billing: each way it can fail is told in its own step, and the key is told in none."""

from __future__ import annotations

import asyncio
import logging
import shutil
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from tests.mikbill.tls import self_signed
from wildcore.app.components import info
from wildcore.components.mikbill_integration import check, check_answer
from wildcore.components.mikbill_integration.component import component
from wildcore.errors import Conflict, Forbidden, NotFound, ValidationFailed
from wildcore.lab.billing import Billing, BillingServer, Fault
from wildcore.lab.district import district
from wildcore.services import checks, configuration, keys, reaching, roles
from wildcore.services.actor import Actor, system_actor
from wildcore.services.catalogue import Catalogue
from wildcore.services.checks import CheckRun, run_check
from wildcore.services.leases import hold
from wildcore.services.runtime import Runtime
from wildcore.store.tables import OWNER_ROLE_ID, ActionLog, Lease, User

KEY = "cd1f08c0-dcea-4603-934d-471deb7c9387"
SYS = system_actor("test")
Answer = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


@pytest.fixture
def db_url(sqlite_template: Path, tmp_path: Path) -> str:
    """One engine is enough: these tests are about billing's side."""
    shutil.copy(sqlite_template, tmp_path / "wildcore.db")
    return f"sqlite:///{tmp_path / 'wildcore.db'}"


@pytest.fixture
def dms(runtime: Runtime) -> Runtime:
    """A runtime whose only component is the MikBill integration, switched on."""
    runtime.catalogue = Catalogue(runtime.db, (replace(info(component), enabled=True),))
    runtime.settings.declare(component.settings)
    return runtime


def save(runtime: Runtime, **values: Any) -> None:
    with runtime.db.write() as session:
        configuration.change(session, runtime, SYS, values)


async def tried(runtime: Runtime, address: str, key: str = KEY, **more: Any) -> dict[str, tuple[str, str]]:
    """State and text of each step; the key is in none of them, nor in what is logged as done."""
    run = await run_check(runtime, SYS, "mikbill", {"MIKBILL_API_ADDR": address, "MIKBILL_AUTH_KEY": key, **more})
    said = [one.text for one in run.steps]
    with runtime.db.read() as session:
        said += [f"{row.message} {row.meta}" for row in session.scalars(select(ActionLog))]
    assert KEY not in " ".join(said).lower()
    assert list(dict.fromkeys(one.key for one in run.steps)) == [one.key for one in run.steps]
    return {one.key: (one.state, one.text) for one in run.steps}


def failed(steps: dict[str, tuple[str, str]]) -> tuple[str, str]:
    """The one step that failed, and its text."""
    ((key, text),) = [(key, text) for key, (state, text) in steps.items() if state == checks.FAILED]
    return key, text


@asynccontextmanager
async def listener(answer: Answer, context: ssl.SSLContext | None = None) -> AsyncIterator[str]:
    """A server of one test's own making on a free port; its host and port."""
    server = await asyncio.start_server(answer, "127.0.0.1", 0, ssl=context)
    async with server:
        host, port = server.sockets[0].getsockname()
        yield f"{host}:{port}"


def says(head: str, body: bytes = b"") -> Answer:
    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        asked = await reader.readline()
        if asked:
            text = head.replace("{asked}", asked.decode().split(" ")[1])
            length = f"content-length: {len(body)}\r\n" if "content-length" not in text else ""
            writer.write(f"HTTP/1.1 {text}\r\n{length}connection: close\r\n\r\n".encode() + body)
            await writer.drain()
        writer.close()

    return answer


async def test_it_works_and_says_how_many(dms: Runtime) -> None:
    subscribers = list(district().subscribers)
    async with BillingServer(Billing(subscribers, api_key=KEY)) as billing:
        steps = await tried(dms, billing.url)
    assert {key: state for key, (state, _text) in steps.items()} == {
        "address": "ok",
        "dns": "skipped",
        "connection": "ok",
        "tls": "warning",
        "http": "ok",
        "key": "ok",
        "data": "ok",
        "subscribers": "ok",
        "own_key": "warning",
    }
    assert str(len(subscribers)) in steps["subscribers"][1]
    assert "can be read on the way" in steps["tls"][1]
    assert "generate-key" in steps["own_key"][1]


@pytest.mark.parametrize(
    ("fault", "step", "text"),
    [
        (Fault.UNAUTHORIZED, "key", "Wrong key"),
        (Fault.ADDRESS, "key", "198.51.100.7"),
        (Fault.HTML, "data", "a page came"),
        (Fault.CUT, "data", "not of subscribers"),
        (Fault.REDIRECT, "http", "HTTP 302"),
        (Fault.ERROR_500, "http", "HTTP 500"),
    ],
)
async def test_each_way_to_fail_has_its_step(dms: Runtime, fault: Fault, step: str, text: str) -> None:
    async with BillingServer(Billing(list(district().subscribers), api_key=KEY, fault=fault)) as billing:
        key, said = failed(await tried(dms, billing.url))
    assert (key, text in said) == (step, True), said


async def test_an_empty_list_is_a_warning(dms: Runtime) -> None:
    async with BillingServer(Billing([], api_key=KEY)) as billing:
        state, said = (await tried(dms, billing.url))["subscribers"]
    assert (state, "empty" in said) == ("warning", True)


@pytest.mark.parametrize(
    ("head", "body", "step", "text"),
    [
        ("301 Moved\r\nlocation: https://billing.example{asked}", b"", "http", "set MIKBILL_API_ADDR to https://billing.example"),
        ("200 OK", b"<html><title>Sign in " + KEY.encode() + b"</title>", "data", "Sign in …"),
        ("200 OK", b'{"ok": true}', "data", "another program"),
        ("200 OK", b'[{"name": "x"}]', "data", "not of subscribers"),
        ("200 OK", b'{"success": false, "code": -1, "message": "no ' + KEY.upper().encode() + b'"}', "data", "no … (-1)"),
        ("200 OK", b"", "data", "empty"),
        ("200 OK\r\ncontent-length: 100000", b"[" + b'{"data": {}}', "data", "breaks off"),
        ("403 Forbidden", b"", "key", "HTTP 403"),
        ("404 Not Found", b"", "http", "no MikBill API"),
        ("502 Bad Gateway", b"", "http", "billing itself"),
    ],
)
async def test_what_is_not_mikbill_is_said(dms: Runtime, head: str, body: bytes, step: str, text: str) -> None:
    async with listener(says(head, body)) as place:
        key, said = failed(await tried(dms, f"http://{place}"))
    assert (key, text in said) == (step, True), said


@pytest.mark.parametrize(
    ("address", "step", "text"),
    [
        ("", "address", "Enter the address"),
        ("billing.example", "address", "no address"),
        ("https://user:secret@billing.example", "address", "no address"),
        ("http://no..such", "dns", "no such name"),
        ("http://127.0.0.1:1", "connection", "refuses"),
    ],
)
async def test_a_wrong_address_is_told_before_anything_is_sent(dms: Runtime, address: str, step: str, text: str) -> None:
    key, said = failed(await tried(dms, address))
    assert (key, text in said) == (step, True), said


async def test_silence_and_slowness_end_in_time(dms: Runtime, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(check, "MOST_SEC", 0.3)
    monkeypatch.setattr(reaching, "STEP_SEC", 0.3)

    async def silent(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read()
        writer.close()

    async def dripping(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readline()
        writer.write(b"HTTP/1.1 200 OK\r\ncontent-length: 100000\r\n\r\n[" + b'{"search": {"port": "]"}, "data": {}},' * 7)
        await reader.read()
        writer.close()

    async with listener(silent) as place:
        assert failed(await tried(dms, f"http://{place}"))[0] == "http"
        assert failed(await tried(dms, f"https://{place}")) == ("tls", "No answer to the TLS greeting: is this port for https?")
    async with listener(dripping) as place:
        steps = await tried(dms, f"http://{place}")
    assert (steps["subscribers"][0], "More than 7" in steps["subscribers"][1]) == ("ok", True)


async def test_a_long_list_is_not_read_to_its_end(dms: Runtime, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(check, "MOST_BYTES", 4096)
    async with BillingServer(Billing(list(district().subscribers), api_key=KEY)) as billing:
        steps = await tried(dms, billing.url)
    assert "More than" in steps["subscribers"][1]


@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
async def test_certificates_are_judged_by_their_fault(
    dms: Runtime, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.CRITICAL, "asyncio")  # the server's side complains of clients that break off
    listing = says("200 OK", b'[{"data": {"uid": 1}}]')
    async with listener(listing, self_signed(tmp_path)) as place:
        assert "self-signed" in failed(await tried(dms, f"https://{place}"))[1]
        steps = await tried(dms, f"https://{place}", MIKBILL_VERIFY_TLS=False)
        assert (steps["tls"][0], steps["subscribers"][0]) == ("warning", "ok")
        monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "cert.pem"))
        assert (await tried(dms, f"https://{place}"))["tls"][0] == "ok"
    faults = [(5, "127.0.0.1", "warning", "renewed"), (-5, "127.0.0.1", "failed", "expired")]
    for days, name, state, text in [*faults, (90, "other.example", "failed", "another name")]:
        async with listener(listing, self_signed(tmp_path, days=days, name=name)) as place:
            step = (await tried(dms, f"https://{place}"))["tls"]
        assert (step[0], text in step[1]) == (state, True), step
    async with listener(listing) as place:
        assert "No TLS there" in failed(await tried(dms, f"https://{place}"))[1]


async def test_whose_key_it_is_and_from_where_it_works(dms: Runtime) -> None:
    with dms.db.write() as session:
        roles.ensure_builtin_roles(session, 0)
        user = User(login="mikbill", role_id=OWNER_ROLE_ID, created_at=0, updated_at=0)
        session.add(user)
        session.flush()
        own = keys.issue(session, dms, user, kind="api", life_sec=60)

    async def way_back() -> tuple[str, str]:
        run = await run_check(dms, SYS, "mikbill", {"MIKBILL_API_ADDR": billing.url, "MIKBILL_AUTH_KEY": own.key})
        return next((one.state, one.text) for one in run.steps if one.key == "own_key")

    def work_from(*networks: str) -> None:
        with dms.db.write() as session:
            session.get_one(User, own.user_id).allowed_networks = list(networks)

    async with BillingServer(Billing(list(district().subscribers), api_key=own.key)) as billing:
        state, text = await way_back()
        assert (state, "wca user:edit mikbill --network 127.0.0.1" in text) == ("note", True)
        work_from("127.0.0.0/8")
        assert (await way_back())[0] == "ok"
        work_from("192.0.2.0/24")
        assert (await way_back())[0] == "warning"
        now = dms.now()
        dms.now = lambda: now + 61
        assert "has ended" in (await way_back())[1]


async def test_a_stored_key_goes_only_to_the_stored_host(dms: Runtime) -> None:
    async with BillingServer(Billing(list(district().subscribers), api_key=KEY)) as billing:
        save(dms, MIKBILL_API_ADDR="https://billing.example", MIKBILL_AUTH_KEY=KEY)
        key, said = failed(await tried(dms, billing.url, key=""))
        assert (key, "not sent" in said, billing.billing.requests) == ("key", True, 0)
        for stored in ("http://127.0.0.1:1", billing.url.replace("http:", "https:")):  # the same host, but another listener
            save(dms, MIKBILL_API_ADDR=stored)
            assert (failed(await tried(dms, billing.url, key=""))[0], billing.billing.requests) == ("key", 0)
        save(dms, MIKBILL_API_ADDR=billing.url)
        run = await run_check(dms, SYS, "mikbill")
        assert (run.ok, billing.billing.requests) == (True, 1)


async def test_who_may_and_how_often(dms: Runtime) -> None:
    nobody = Actor(user_id=None, login="nobody", permissions=frozenset({"schedule_configuration"}), group_ids=frozenset())
    with pytest.raises(Forbidden):
        await run_check(dms, nobody, "mikbill")
    with pytest.raises(NotFound):
        await run_check(dms, SYS, "unknown")
    with pytest.raises(ValidationFailed):
        await run_check(dms, SYS, "mikbill", {"MIKBILL_VERIFY_TLS": "perhaps"})
    async with hold(dms, "check:mikbill", "busy"):
        with pytest.raises(Conflict):
            await run_check(dms, SYS, "mikbill")
    run: CheckRun = await run_check(dms, SYS, "mikbill")
    assert (run.ok, run.verdict) == (False, "failed")
    with dms.db.read() as session:
        assert session.scalars(select(Lease)).all() == []
        assert [(row.action, row.success) for row in session.scalars(select(ActionLog))] == [("system:check", False)]


def test_every_step_has_a_title() -> None:
    assert all(str(title) for title in check_answer.STEPS.values())


def test_a_list_that_is_cut_off_within_a_text_is_counted_at_once() -> None:
    text = '[{"data": {}}, {"data": {}}, {"a": "' + '\\"' * 100_000
    found = {one.key: one for one in check_answer.judge(check_answer.Heard(200, text=text, whole=False), "", "")}
    assert found["subscribers"].text.startswith("More than 2")
