"""The second factor: switching it on and off, codes that work once, recovery codes."""

from __future__ import annotations

from typing import Any
from xml.etree import ElementTree as ET

import httpx
import pyotp
import pytest
from sqlalchemy import select

from wildcore.services.throttle import ACTION
from wildcore.store.tables import ActionLog, RecoveryCode, User

from .conftest import PASSWORD, World

SELF = "/api/v1/user/self/twofa"


@pytest.fixture
def user_id(world: World) -> int:
    with world.runtime.db.write() as session:
        from wildcore.services import roles

        roles.ensure_builtin_roles(session, 0)
    return world.user("ann", world.role("ann's", ["user_self_control", "sample_read"]))


def code_of(world: World, secret: str, steps: int = 0) -> str:
    return pyotp.TOTP(secret).at(world.clock() + 30 * steps)


async def switch_on(world: World, user_id: int) -> tuple[str, list[str], str]:
    """Secret, recovery codes, key of the session."""
    key = world.key(user_id, kind="session", life_sec=86400)
    async with world.client(key) as client:
        begun = (await client.post(SELF)).json()["data"]
        answer = await client.post(f"{SELF}/confirm", json={"code": code_of(world, begun["secret"])})
        assert answer.status_code == 200, answer.text
    world.clock.ahead += 60
    return begun["secret"], answer.json()["data"]["recovery_codes"], key


async def auth(world: World, pin: Any = None, password: str = PASSWORD, peer: str = "203.0.113.7") -> httpx.Response:
    async with world.client(peer=peer) as client:
        return await client.post("/api/v1/auth", json={"login": "ann", "password": password, "twofa_pin": pin})


def stored(world: World, user_id: int) -> User:
    with world.runtime.db.read() as session:
        row = session.get_one(User, user_id)
        session.expunge(row)
        return row


async def test_it_counts_only_when_a_code_confirmed_it(world: World, user_id: int) -> None:
    async with world.client(world.key(user_id)) as client:
        begun = (await client.post(SELF)).json()["data"]
        assert begun["uri"].startswith("otpauth://totp/Wildcore%20DMS:ann?secret=" + begun["secret"])
        assert ET.fromstring(begun["qr_svg"]).tag.endswith("svg")  # noqa: S314 - our own
        assert begun["secret"] not in stored(world, user_id).totp_secret
        assert (await auth(world)).status_code == 200
        assert (await client.get(SELF)).json()["data"] == {"enabled": False, "since": None, "recovery_left": 0}
        wrong = await client.post(f"{SELF}/confirm", json={"code": "000000"})
        assert (wrong.status_code, wrong.json()["error"]["type"]) == (400, "VALIDATION_ERROR")
        world.clock.ahead += 5
        right = await client.post(f"{SELF}/confirm", json={"code": code_of(world, begun["secret"])})
        assert len(set(right.json()["data"]["recovery_codes"])) == 10
        state = (await client.get(SELF)).json()["data"]
        assert (state["enabled"], state["recovery_left"]) == (True, 10)
        assert (await client.post(SELF)).json()["error"]["type"] == "NOT_ALLOWED"
        assert (await client.get("/api/v1/user/self")).json()["data"]["twofa"] is True


async def test_a_sign_in_needs_the_code(world: World, user_id: int) -> None:
    secret, _codes, _key = await switch_on(world, user_id)
    without = await auth(world)
    assert without.status_code == 401
    assert without.json()["error"]["description"].startswith("twofa_pin")
    wrong_password = await auth(world, code_of(world, secret), password="wrong")
    assert wrong_password.json()["error"]["description"] == (await auth(world, password="wrong")).json()["error"]["description"]
    world.clock.ahead += 601
    assert (await auth(world, "123456" if code_of(world, secret) != "123456" else "654321")).status_code == 401
    assert (await auth(world, f" {code_of(world, secret)[:3]} {code_of(world, secret)[3:]} ")).status_code == 200


async def test_a_code_and_older_ones_work_once(world: World, user_id: int) -> None:
    secret, _codes, _key = await switch_on(world, user_id)
    now, before, after = (code_of(world, secret, step) for step in (0, -1, 1))
    assert (await auth(world, now)).status_code == 200
    assert (await auth(world, now)).status_code == 401
    assert (await auth(world, before, peer="203.0.113.8")).status_code == 401
    assert (await auth(world, after, peer="203.0.113.9")).status_code == 200
    assert (await auth(world, code_of(world, secret, 4), peer="203.0.113.10")).status_code == 401


async def test_the_code_that_confirmed_does_not_sign_in(world: World, user_id: int) -> None:
    key = world.key(user_id)
    async with world.client(key) as client:
        secret = (await client.post(SELF)).json()["data"]["secret"]
        code = code_of(world, secret)
        assert (await client.post(f"{SELF}/confirm", json={"code": code})).status_code == 200
    assert (await auth(world, code)).status_code == 401


async def test_recovery_codes_work_once_and_are_stored_hashed(world: World, user_id: int) -> None:
    secret, codes, key = await switch_on(world, user_id)
    assert (await auth(world, codes[0].upper())).status_code == 200
    assert (await auth(world, codes[0])).status_code == 401
    with world.runtime.db.read() as session:
        hashes = list(session.scalars(select(RecoveryCode.code_hash)))
    assert not any(code.replace("-", "") in hashes for code in codes)
    world.clock.ahead += 30
    async with world.client(key) as client:
        assert (await client.get(SELF)).json()["data"]["recovery_left"] == 9
        new = await client.post(f"{SELF}/recovery-codes", json={"code": code_of(world, secret)})
        assert len(new.json()["data"]["recovery_codes"]) == 10
    world.clock.ahead += 601
    assert (await auth(world, codes[1])).status_code == 401
    assert (await auth(world, new.json()["data"]["recovery_codes"][0])).status_code == 200


async def test_wrong_codes_block_too(world: World, user_id: int) -> None:
    secret, _codes, _key = await switch_on(world, user_id)
    wrong = next(one for one in ("111111", "222222") if one != code_of(world, secret))
    assert [(await auth(world, wrong)).status_code for _ in range(3)] == [401] * 3
    assert (await auth(world, code_of(world, secret))).status_code == 403
    with world.runtime.db.read() as session:
        lines = list(session.scalars(select(ActionLog.message).where(ActionLog.action == ACTION)))
    assert lines == ["wrong code"] * 3


async def test_a_stolen_session_cannot_guess_the_code_that_switches_it_off(world: World, user_id: int) -> None:
    secret, _codes, key = await switch_on(world, user_id)
    wrong = next(one for one in ("111111", "222222") if one != code_of(world, secret))
    async with world.client(key) as client:
        answers = [(await client.post(f"{SELF}/disable", json={"code": wrong})).status_code for _ in range(4)]
        assert answers == [400, 400, 400, 403]
        world.clock.ahead += 3600
        off = await client.post(f"{SELF}/disable", json={"code": code_of(world, secret)})
        assert off.status_code == 200
    assert (await auth(world)).status_code == 200
    assert stored(world, user_id).totp_secret == ""


async def test_an_administrator_switches_it_off_within_their_rights(world: World, user_id: int) -> None:
    await switch_on(world, user_id)
    owner = world.key(world.user("owner"))
    manager = world.member("manager", "user_management")
    path = f"/api/v1/user/{user_id}/twofa"
    async with world.client(manager) as client:
        assert (await client.delete(path)).status_code == 403
    async with world.client(owner) as client:
        assert (await client.get(path)).json()["data"]["enabled"] is True
        assert (await client.delete(path)).status_code == 200
        assert (await client.get(path)).json()["data"] == {"enabled": False, "since": None, "recovery_left": 0}
    assert (await auth(world)).status_code == 200


async def test_the_second_step_of_the_page(world: World, user_id: int) -> None:
    secret, codes, _key = await switch_on(world, user_id)
    async with world.client() as client:
        first = await client.post("/sign-in", data={"login": "ann", "password": PASSWORD, "next": "/sample"})
        assert (first.status_code, "one-time-code" in first.text, "wildcore_session" in client.cookies) == (200, True, False)
        assert PASSWORD not in first.text
        assert (await client.get("/sample")).status_code == 303
        wrong = await client.post("/sign-in/code", data={"code": "x", "next": "/sample"})
        assert wrong.status_code == 401
        right = await client.post("/sign-in/code", data={"code": code_of(world, secret), "next": "/sample"})
        assert (right.status_code, right.headers["location"]) == (303, "/sample")
        assert (await client.get("/sample")).status_code == 200
        assert "wildcore_ticket" not in client.cookies
    async with world.client() as client:
        assert (await client.post("/sign-in/code", data={"code": codes[0]})).status_code == 401  # no first step
        assert (await client.get("/sign-in/code")).headers["location"] == "/sign-in"
        await client.post("/sign-in", data={"login": "ann", "password": PASSWORD})
        world.clock.ahead += 301
        assert (await client.post("/sign-in/code", data={"code": codes[0]})).status_code == 401  # too late


async def test_a_ticket_ends_with_a_new_password(world: World, user_id: int) -> None:
    _secret, codes, _key = await switch_on(world, user_id)
    async with world.client() as client:
        await client.post("/sign-in", data={"login": "ann", "password": PASSWORD})
        with world.runtime.db.write() as session:
            session.get_one(User, user_id).password_hash = "another"
        assert (await client.post("/sign-in/code", data={"code": codes[0]})).status_code == 401


async def test_cross_auth_and_keys_do_not_ask(world: World, user_id: int) -> None:
    await switch_on(world, user_id)
    async with world.client(world.member("mikbill", "system_cross_auth_user")) as client:
        answer = await client.post("/api/v1/system/cross-auth", json={"login": "ann"})
    key = answer.json()["data"]["auth_key"]
    async with world.client(key) as client:
        assert (await client.get("/api/v1/sample")).status_code == 200
        for path in (SELF, f"{SELF}/disable"):  # and such a key changes nothing of the account
            assert (await client.post(path, json={"code": "123456"})).status_code == 403
