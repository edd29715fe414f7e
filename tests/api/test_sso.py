"""Signing in by OpenID Connect, against a provider in a process of its own."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
import pyotp
import pytest
import pytest_asyncio
from sqlalchemy import select

from wildcore.services import oidc, throttle
from wildcore.services.actor import system_actor
from wildcore.services.configuration import change
from wildcore.store.tables import ActionLog, AuthKey, User

from .conftest import PASSWORD, World

PROVIDER = Path(__file__).parents[1] / "auth/provider.py"
ANN = {"email": "ann@isp.test", "preferred_username": "ann", "name": "Ann", "groups": ["noc", "staff"]}


@pytest.fixture(scope="module")
def issuer() -> Iterator[str]:
    process = subprocess.Popen([sys.executable, str(PROVIDER)], stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    try:
        yield process.stdout.readline().strip()
    finally:
        process.kill()
        process.communicate()


@pytest_asyncio.fixture
async def sso(world: World, issuer: str) -> AsyncIterator[World]:
    """The provider configured, roles `noc` and `guest`, an owner."""
    world.role("noc", ["sample_read", "sample_write"])
    world.role("guest", ["sample_read"])
    world.user("boss", email="boss@isp.test")
    setting(world, AUTH_METHODS=["internal", "oidc"], OIDC_ISSUER=issuer, OIDC_CLIENT_ID="dms", OIDC_CLIENT_SECRET="s3cret:/ü")
    setting(world, OIDC_NAME="Keycloak")
    await control(issuer, user=ANN)
    yield world


def setting(world: World, **values: Any) -> None:
    with world.runtime.db.write() as session:
        change(session, world.runtime, system_actor(), values)


async def control(address: str, /, **wanted: Any) -> None:
    async with httpx.AsyncClient() as client:
        assert (await client.post(f"{address}/control", json=wanted)).status_code == 200


async def asked(issuer: str) -> list[str]:
    async with httpx.AsyncClient() as client:
        return list((await client.get(f"{issuer}/control")).json()["asked"])


async def at_provider(client: httpx.AsyncClient, place: str = "") -> str:
    """Begin in a browser and let the provider send it back: the path with its query."""
    started = await client.get("/sign-in/sso" + (f"?next={place}" if place else ""))
    assert started.status_code == 303
    async with httpx.AsyncClient() as browser:
        back = (await browser.get(started.headers["location"])).headers["location"]
    assert back.startswith("http://dms.test/api/v1/auth/oidc/callback?")
    return back.removeprefix("http://dms.test")


async def enter(world: World, client: httpx.AsyncClient | None = None, place: str = "") -> httpx.Response:
    """The whole way, in a browser of its own unless one is given."""
    if client is not None:
        return await client.get(await at_provider(client, place))
    async with world.client() as own:
        return await own.get(await at_provider(own, place))


def entered(answer: httpx.Response) -> bool:
    """Whether the answer begins a session."""
    return answer.status_code == 303 and "wildcore_session=" in answer.headers.get("set-cookie", "")


def refused(world: World, answer: httpx.Response) -> str:
    """The reason in the log of a sign-in that came to nothing."""
    assert answer.status_code == 303
    assert answer.headers["location"] == "/sign-in?sso=failed"
    assert "wildcore_session=" not in answer.headers.get("set-cookie", "")
    with world.runtime.db.read() as session:
        assert session.scalar(select(AuthKey.id).where(AuthKey.kind == "session")) is None
        where = (ActionLog.action == throttle.ACTION, ActionLog.success.is_(False))
        return str(session.scalars(select(ActionLog.message).where(*where).order_by(ActionLog.id.desc())).first())


def user(world: World, login: str) -> User:
    with world.runtime.db.read() as session:
        row = session.scalars(select(User).where(User.login == login)).one()
        session.expunge(row)
        return row


async def test_an_unknown_person_gets_an_account_with_the_role_of_its_groups(sso: World) -> None:
    async with sso.client() as client:
        form = (await client.get("/sign-in?next=/sample")).text
        assert "Keycloak" in form
        assert 'href="/sign-in/sso?next=%2Fsample"' in form
        answer = await enter(sso, client, "/sample")
        assert entered(answer)
        assert answer.headers["location"] == "/sample"
        assert (await client.get("/sample")).status_code == 200
    ann = user(sso, "ann")
    assert (ann.name, ann.email, ann.password_hash, ann.all_groups) == ("Ann", "ann@isp.test", "", False)
    assert ann.sso_subject.endswith("|42")
    with sso.runtime.db.read() as session:
        actions = list(session.scalars(select(ActionLog.action).where(ActionLog.login == "ann").order_by(ActionLog.id)))
    assert actions == ["user:added", "user:logged_in"]
    async with sso.client() as client:  # who has no password signs in by none
        answer = await client.post("/api/v1/auth", json={"login": "ann", "password": ""})
        assert answer.status_code == 401


async def test_the_request_to_the_provider(sso: World, issuer: str) -> None:
    setting(sso, OIDC_ADDITIONAL_SCOPES="groups email")
    async with sso.client() as client:
        location = (await client.get("/sign-in/sso")).headers["location"]
    query = {name: values[0] for name, values in parse_qs(urlsplit(location).query).items()}
    assert location.startswith(f"{issuer}/authorize?")
    assert (query["client_id"], query["response_type"], query["code_challenge_method"]) == ("dms", "code", "S256")
    assert query["scope"] == "openid profile email groups"
    assert query["redirect_uri"] == "http://dms.test/api/v1/auth/oidc/callback"
    assert min(len(query[name]) for name in ("state", "nonce", "code_challenge")) >= 32
    setting(sso, EXTERNAL_HTTP_ADDRESS="https://dms.example/wca")
    async with sso.client() as client:
        location = (await client.get("/sign-in/sso")).headers["location"]
    assert parse_qs(urlsplit(location).query)["redirect_uri"] == ["https://dms.example/wca/api/v1/auth/oidc/callback"]


@pytest.mark.parametrize(
    ("wanted", "reason"),
    [
        ({"claims": {"nonce": "another"}}, "nonce"),
        ({"claims": {"nonce": None}}, "nonce"),
        ({"claims": {"aud": "somebody"}}, "aud"),
        ({"claims": {"aud": ["dms", "somebody"]}}, "azp"),
        ({"claims": {"iss": "http://127.0.0.1:1"}}, "iss"),
        ({"claims": {"exp": int(time.time()) - 200}}, "expired"),
        ({"claims": {"exp": None}}, "exp"),
        ({"claims": {"iat": int(time.time()) + 400}}, "in the future"),
        ({"claims": {"sub": None}}, "sub"),
        ({"claims": {"at_hash": "AAAA"}}, "at_hash"),
        ({"algorithm": "none"}, "signature"),
        ({"algorithm": "HS256"}, "signature"),
        ({"algorithm": "foreign"}, "signature"),
        ({"deny": True}, "access_denied"),
    ],
)
async def test_what_is_not_to_be_trusted(sso: World, issuer: str, wanted: dict[str, Any], reason: str) -> None:
    await control(issuer, user=ANN, **wanted)
    assert reason in refused(sso, await enter(sso)).lower()
    await control(issuer, user=ANN)
    assert entered(await enter(sso))


async def test_clocks_may_differ_by_two_minutes(sso: World, issuer: str) -> None:
    await control(issuer, user=ANN, claims={"exp": int(time.time()) - 100, "iat": int(time.time()) + 100})
    assert entered(await enter(sso))


async def test_the_state_belongs_to_the_browser_and_lives_ten_minutes(sso: World) -> None:
    async with sso.client() as one, sso.client() as other:
        back = await at_provider(one)
        await at_provider(other)
        assert "browser" in refused(sso, await other.get(back))  # another browser's state
    async with sso.client() as stranger:
        assert "browser" in refused(sso, await stranger.get(back))  # no cookie at all
    async with sso.client() as client:
        back = await at_provider(client)
        wrong = back.replace("state=", "state=x")
        assert "browser" in refused(sso, await client.get(wrong))
        assert "browser" in refused(sso, await client.get(back))  # and the try is over
    async with sso.client() as late:
        back = await at_provider(late)
        sso.clock.ahead += oidc.STATE_SEC + 1
        assert "browser" in refused(sso, await late.get(back))


async def test_a_code_works_once(sso: World) -> None:
    async with sso.client() as client:
        back = await at_provider(client)
        ticket = client.cookies["wildcore_ticket"]
        assert entered(await client.get(back))
        client.cookies.clear()
        client.cookies.set("wildcore_ticket", ticket)
        again = await client.get(back)
        assert again.headers["location"] == "/sign-in?sso=failed"


async def test_keys_are_remembered_and_new_ones_asked_for(sso: World, issuer: str) -> None:
    assert entered(await enter(sso))
    await control(issuer, user=ANN)
    assert entered(await enter(sso))
    assert await asked(issuer) == ["/authorize", "/token"]
    sso.clock.ahead += oidc.REFETCH_SEC + 1
    await control(issuer, user=ANN, rotate=True)
    assert entered(await enter(sso))
    assert await asked(issuer) == ["/authorize", "/token", "/jwks"]
    sso.clock.ahead += oidc.KEYS_SEC + 1
    await control(issuer, user=ANN, claims={"exp": sso.clock() + 60, "iat": sso.clock()})
    assert entered(await enter(sso))
    assert "/jwks" in await asked(issuer)


async def test_users_are_found_by_email_or_login(sso: World, issuer: str) -> None:
    guest = sso.role("hand", ["sample_read"])
    sso.user("a.smith", guest, email="ANN@isp.test")
    assert entered(await enter(sso))
    assert user(sso, "a.smith").sso_subject.endswith("|42")
    # From now on the account at the provider counts, whatever its e-mail becomes.
    await control(issuer, user={**ANN, "email": "ann@new.test"})
    assert entered(await enter(sso))
    # Somebody else with that e-mail is not let into it.
    await control(issuer, user={**ANN, "sub": "43"})
    answer = await enter(sso)
    assert answer.headers["location"] == "/sign-in?sso=failed"
    setting(sso, OIDC_MATCH_BY="login")
    sso.user("bob", guest)
    await control(issuer, user={"preferred_username": "bob", "sub": "44"})
    assert entered(await enter(sso))
    assert user(sso, "bob").sso_subject.endswith("|44")


@pytest.mark.parametrize(
    ("values", "claims", "reason"),
    [
        ({"OIDC_AUTO_PROVISION": False}, ANN, "There is no user for ann"),
        ({}, {**ANN, "groups": ["strangers"]}, "The groups of ann give no role"),
        ({}, {**ANN, "groups": ["System"]}, "The groups of ann give no role"),
        ({}, {**ANN, "email_verified": False}, "has not verified the e-mail"),
        ({}, {"preferred_username": "ann"}, "gave no e-mail"),
        ({"OIDC_MATCH_BY": "login"}, {"email": "ann@isp.test"}, "gave no login"),
        ({"OIDC_MATCH_BY": "login"}, {**ANN, "preferred_username": "sys"}, "login: "),
        ({}, {**ANN, "preferred_username": "boss"}, "There is a user boss already"),
    ],
)
async def test_who_gets_no_account(sso: World, issuer: str, values: dict[str, Any], claims: dict[str, Any], reason: str) -> None:
    setting(sso, **values)
    await control(issuer, user=claims)
    assert reason in refused(sso, await enter(sso))


async def test_the_role_follows_the_groups(sso: World, issuer: str) -> None:
    assert entered(await enter(sso))
    noc = user(sso, "ann").role_id
    await control(issuer, user={**ANN, "groups": "guest"})
    assert entered(await enter(sso))
    guest = user(sso, "ann").role_id
    assert guest != noc
    setting(sso, OIDC_SYNC_ROLE=False)
    await control(issuer, user=ANN)
    assert entered(await enter(sso))
    assert user(sso, "ann").role_id == guest
    # What groups gave goes with them; a role given by hand stays.
    setting(sso, OIDC_SYNC_ROLE=True)
    await control(issuer, user={**ANN, "groups": []})
    assert (await enter(sso)).headers["location"] == "/sign-in?sso=failed"
    setting(sso, OIDC_DEFAULT_ROLE="noc")
    assert entered(await enter(sso))
    assert user(sso, "ann").role_id == noc
    setting(sso, OIDC_DEFAULT_ROLE="")
    await control(issuer, user={"email": "boss@isp.test", "sub": "1"})
    assert entered(await enter(sso))
    assert user(sso, "boss").role_id == -2


async def test_the_last_owner_keeps_the_role(sso: World, issuer: str) -> None:
    await control(issuer, user={"email": "boss@isp.test", "sub": "1", "groups": ["guest"]})
    assert entered(await enter(sso))
    assert user(sso, "boss").role_id == -2


async def test_what_the_token_leaves_out_comes_from_the_user_information(sso: World, issuer: str) -> None:
    await control(issuer, user={"email": "ann@isp.test"}, userinfo={"sub": "42", **ANN, "email": "evil@isp.test"})
    assert entered(await enter(sso))
    assert (user(sso, "ann").name, user(sso, "ann").email) == ("Ann", "ann@isp.test")
    await control(issuer, user={"email": "eve@isp.test", "sub": "66"}, userinfo={"sub": "42", **ANN})
    answer = await enter(sso)
    assert answer.headers["location"] == "/sign-in?sso=failed"


async def test_disabled_users_and_other_networks_stay_out(sso: World) -> None:
    guest = sso.role("hand", ["sample_read"])
    sso.user("off", guest, email="ann@isp.test", enabled=False)
    assert "disabled" in refused(sso, await enter(sso))
    with sso.runtime.db.write() as session:
        row = session.scalars(select(User).where(User.login == "off")).one()
        row.enabled, row.allowed_networks = True, ["198.51.100.0/24"]
    assert "203.0.113.7" in refused(sso, await enter(sso))


async def test_the_second_factor_is_asked_here_too(sso: World) -> None:
    assert entered(await enter(sso))
    secret = pyotp.random_base32()
    with sso.runtime.db.write() as session:
        row = session.scalars(select(User).where(User.login == "ann")).one()
        row.totp_secret, row.totp_confirmed_at = sso.runtime.secrets.seal(secret), 1
    async with sso.client() as client:
        answer = await enter(sso, client, "/sample")
        assert answer.headers["location"] == "/sign-in/code?next=%2Fsample"
        assert "wildcore_session" not in client.cookies
        assert (await client.get("/sign-in/code?next=/sample")).status_code == 200
        wrong = await client.post("/sign-in/code", data={"code": "000000", "next": "/sample"})
        assert wrong.status_code == 401
        code = pyotp.TOTP(secret).at(sso.clock())
        right = await client.post("/sign-in/code", data={"code": code, "next": "/sample"})
        assert (right.status_code, right.headers["location"]) == (303, "/sample")
        assert (await client.get("/sample")).status_code == 200


async def test_passwords_can_be_refused(sso: World) -> None:
    setting(sso, OIDC_DENY_LOCAL_LOGIN=True)
    async with sso.client() as client:
        answer = await client.post("/api/v1/auth", json={"login": "boss", "password": PASSWORD})
        assert (answer.status_code, answer.json()["error"]["type"]) == (403, "NOT_ALLOWED")
        assert 'type="password"' not in (await client.get("/sign-in")).text
    # Without a provider nobody is shut out.
    setting(sso, OIDC_ISSUER="")
    async with sso.client() as client:
        assert (await client.post("/api/v1/auth", json={"login": "boss", "password": PASSWORD})).status_code == 200


async def test_going_to_the_provider_at_once(sso: World) -> None:
    setting(sso, AUTH_AUTO_INITIATE=True)
    async with sso.client() as client:
        assert (await client.get("/sign-in?next=/sample")).headers["location"] == "/sign-in/sso?next=%2Fsample"
        assert (await client.get("/sign-in?sso=failed")).status_code == 200
        assert (await client.get("/sign-in?stay=yes")).status_code == 200


@pytest.mark.parametrize("issuer_setting", ["http://192.0.2.1/realm", "ftp://127.0.0.1", "http://127.0.0.1:1"])
async def test_a_provider_that_is_not_there_or_not_safe(sso: World, issuer_setting: str) -> None:
    setting(sso, OIDC_ISSUER=issuer_setting)
    async with sso.client() as client:
        assert (await client.get("/sign-in/sso")).headers["location"] == "/sign-in?sso=failed"
        assert (await client.get("/sign-in?sso=failed")).status_code == 200


async def test_another_issuer_in_the_description_is_refused(sso: World, issuer: str) -> None:
    await control(issuer, issuer="http://127.0.0.1:1")
    async with sso.client() as client:
        assert (await client.get("/sign-in/sso")).headers["location"] == "/sign-in?sso=failed"


async def test_without_configuration_there_is_no_way_in(world: World) -> None:
    async with world.client() as client:
        assert (await client.get("/sign-in/sso")).headers["location"] == "/sign-in?sso=failed"
        answer = await client.get("/api/v1/auth/oidc/callback?code=x&state=y")
        assert answer.headers["location"] == "/sign-in?sso=failed"
        assert "/sign-in/sso" not in (await client.get("/sign-in")).text
