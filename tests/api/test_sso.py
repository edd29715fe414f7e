"""Signing in by OpenID Connect, against a provider in a process of its own: what is trusted."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
import pytest_asyncio
from sqlalchemy import select

from wildcore.services import oidc
from wildcore.store.tables import ActionLog

from .auth_support import setting
from .conftest import World
from .sso_support import ANN, asked, at_provider, configured, control, enter, entered, refused, user


@pytest_asyncio.fixture
async def sso(world: World, issuer: str) -> AsyncIterator[World]:
    """The provider configured, roles `noc` and `guest`, an owner."""
    await configured(world, issuer)
    yield world


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
