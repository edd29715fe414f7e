"""Signing in by OpenID Connect: whose account it is, with which role, and who stays out."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import pyotp
import pytest
import pytest_asyncio
from sqlalchemy import select

from wildcore.store.tables import User

from .auth_support import setting
from .conftest import PASSWORD, World
from .sso_support import ANN, configured, control, enter, entered, refused, user


@pytest_asyncio.fixture
async def sso(world: World, issuer: str) -> AsyncIterator[World]:
    """The provider configured, roles `noc` and `guest`, an owner."""
    await configured(world, issuer)
    yield world


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
