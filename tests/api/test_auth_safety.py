"""Allowed networks, password strength, refusals in the log."""

from __future__ import annotations

import asyncio

import httpx
import pytest
from sqlalchemy import select

from wildcore.errors import Unauthenticated
from wildcore.services import accounts, auth, networks, refusals, sign_in
from wildcore.services.actor import system_actor
from wildcore.store.tables import ActionLog, User

from .auth_support import READ, got, lines, put, setting
from .conftest import PASSWORD, World

STRICT = "user_management_config_strict_ip"


async def test_networks_apply_to_signing_in_and_to_every_use_of_a_key(world: World) -> None:
    user_id = world.user("owner")
    world.user("boss")
    key = world.key(user_id)
    answer = await put(world, key, f"/user/{user_id}", {"allowed_networks": ["203.0.113.0/24", " 2001:db8::/32 ", "203.0.113.7"]})
    assert answer.json()["data"]["allowed_networks"] == ["203.0.113.0/24", "2001:db8::/32", "203.0.113.7"]
    assert await got(world, key) == 200
    assert await got(world, key, peer="2001:db8::5") == 200
    assert await got(world, key, peer="198.51.100.7") == 401
    for peer, status in (("203.0.113.9", 200), ("198.51.100.7", 401)):
        async with world.client(peer=peer) as client:
            answer = await client.post("/api/v1/auth", json={"login": "owner", "password": PASSWORD})
            assert answer.status_code == status
    wrong = await put(world, "", "/user/self", {})
    assert wrong.status_code == 401
    await asyncio.gather(*refusals.pending(world.runtime))
    (line,) = lines(world, refusals.STRICT_IP)
    assert (line.login, line.ip, line.success) == ("owner", "198.51.100.7", False)


async def test_a_refused_address_looks_like_a_wrong_password(world: World) -> None:
    user_id = world.user("owner")
    with world.runtime.db.write() as session:
        session.get_one(User, user_id).allowed_networks = ["203.0.113.0/24"]
    async with world.client(peer="198.51.100.7") as client:
        right = await client.post("/api/v1/auth", json={"login": "owner", "password": PASSWORD})
        wrong = await client.post("/api/v1/auth", json={"login": "owner", "password": "wrong"})
    assert right.text == wrong.text
    assert [line.message for line in lines(world, "security:auth_attempts")] == [
        "the address is outside the user's networks",
        "wrong password",
    ]


@pytest.mark.parametrize("bad", ["here", "10.0.0.0/33", "10.0.0", "::/129", "10.0.0.1;", "1" * 5000])
async def test_bad_networks_are_named(world: World, bad: str) -> None:
    user_id = world.user("owner")
    answer = await put(world, world.key(user_id), f"/user/{user_id}", {"allowed_networks": ["10.0.0.1", bad]})
    assert (answer.status_code, answer.json()["error"]["type"]) == (400, "VALIDATION_ERROR")


async def test_nobody_shuts_themselves_out_and_the_right_is_needed(world: World) -> None:
    user_id = world.user("owner")
    own = await put(world, world.key(user_id), f"/user/{user_id}", {"allowed_networks": ["10.0.0.0/8"]})
    assert own.json()["error"]["type"] == "NOT_ALLOWED"
    plain = world.member("plain", "user_self_control")
    assert (await put(world, plain, "/user/self", {"allowed_networks": ["203.0.113.7"]})).status_code == 403
    assert (await put(world, plain, "/user/self", {"allowed_networks": []})).status_code == 200  # nothing changes
    strict = world.member("strict", "user_self_control", STRICT)
    mine = await put(world, strict, "/user/self", {"allowed_networks": ["203.0.113.7"]})
    assert mine.json()["data"]["allowed_networks"] == ["203.0.113.7"]
    manager = world.member("manager", "user_management")
    with world.runtime.db.read() as session:
        plain_id = accounts.user_by_login(session, "plain").id
    assert (await put(world, manager, f"/user/{plain_id}", {"allowed_networks": ["10.0.0.1"]})).status_code == 403


async def test_networks_apply_to_the_address_that_billing_names(world: World) -> None:
    billing = world.member("mikbill", "system_cross_auth_user")
    world.member("operator", "sample_read")
    with world.runtime.db.write() as session:
        session.scalars(select(User).where(User.login == "operator")).one().allowed_networks = ["203.0.113.0/24"]

    async def issue(**body: str) -> httpx.Response:
        async with world.client(billing) as client:
            return await client.post("/api/v1/system/cross-auth", json={"login": "operator", **body})

    outside = await issue(user_ip="198.51.100.7")
    assert (outside.status_code, outside.json()["error"]["type"]) == (403, "NOT_ALLOWED")
    named = (await issue(user_ip="203.0.113.9")).json()["data"]["auth_key"]
    assert await got(world, named, peer="198.51.100.1") == 200  # billing's word counts, not where its proxy sits
    unnamed = (await issue()).json()["data"]["auth_key"]
    assert await got(world, unnamed, peer="203.0.113.9") == 200
    assert await got(world, unnamed, peer="198.51.100.1") == 401
    # The networks may change while the key lives.
    with world.runtime.db.write() as session:
        user = accounts.user_by_login(session, "operator")
        networks.set_allowed(session, world.runtime, system_actor(), user.id, ["198.51.100.0/24"])
    assert await got(world, named, peer="198.51.100.1") == 401


# --- passwords


@pytest.mark.parametrize(
    ("password", "lacking"),
    [
        ("short", "from 8 to 200 characters"),
        ("lower-case-1", "a capital letter"),
        ("UPPER-CASE-1", "a small letter"),
        ("No-digits-here", "a digit"),
        ("NoSpecials123", "a special character"),
        ("alllowercase", "a capital letter, a digit, a special character"),
        ("Пароль без цифр", "a digit, a special character"),
    ],
)
async def test_weak_passwords_are_refused_in_words(world: World, password: str, lacking: str) -> None:
    owner = world.key(world.user("owner"))
    body = {"login": "new", "role_id": -2, "password": password}
    async with world.client(owner) as client:
        answer = await client.post("/api/v1/user", json=body)
    assert answer.status_code == 400
    assert lacking in answer.json()["error"]["description"]


async def test_strength_is_a_setting_and_any_alphabet_counts(world: World) -> None:
    owner = world.key(world.user("owner"))
    async with world.client(owner) as client:
        body = {"login": "taras", "role_id": -2, "password": "Надійний-пароль-1"}
        assert (await client.post("/api/v1/user", json=body)).status_code == 200
        setting(world, SECURE_CHECK_PASSWORD_STRENGTH=False)
        body = {"login": "weak", "role_id": -2, "password": "password"}
        assert (await client.post("/api/v1/user", json=body)).status_code == 200


async def test_the_current_password_cannot_be_guessed_by_a_session(world: World) -> None:
    key = world.key(world.user("owner"), life_sec=86400)
    body = {"password": "Another-one-2"}
    answers = [(await put(world, key, "/user/self", {**body, "current_password": str(n)})).status_code for n in range(4)]
    assert answers == [400, 400, 400, 403]
    assert (await put(world, key, "/user/self", {**body, "current_password": PASSWORD})).status_code == 403
    world.clock.ahead += 3600
    assert (await put(world, key, "/user/self", {**body, "current_password": PASSWORD})).status_code == 200


# --- refusals in the log


async def test_missing_rights_are_logged_once_a_minute_for_each_route(world: World) -> None:
    key = world.member("nobody")
    async with world.client(key) as client:
        for _ in range(20):
            assert (await client.get(READ)).status_code == 403
        assert (await client.get("/api/v1/user/7")).status_code == 403
        world.clock.ahead += 60
        await client.get(READ)
    await asyncio.gather(*refusals.pending(world.runtime))
    found = sorted(lines(world, refusals.FORBIDDEN), key=lambda line: (line.meta["route"], line.meta.get("not_logged", 0)))
    assert [line.meta.get("route") for line in found] == ["GET /api/v1/sample"] * 2 + ["GET /api/v1/user/{user_id}"]
    assert [line.meta.get("not_logged") for line in found] == [None, 19, None]
    assert {(line.login, line.ip, line.success) for line in found} == {("nobody", "203.0.113.7", False)}
    assert "sample_read" in found[0].message


async def test_bad_keys_are_logged_by_address_without_the_key(world: World) -> None:
    for number in range(10):
        assert await got(world, f"12345678-1234-1234-1234-12345678901{number}") == 401
    await asyncio.gather(*refusals.pending(world.runtime))
    (line,) = lines(world, refusals.BAD_KEY)
    assert (line.login, line.ip) == ("", "203.0.113.7")
    assert "12345678" not in f"{line.message}{line.meta}"


async def test_keys_and_sign_ins_are_logged_without_secrets(world: World) -> None:
    user_id = world.user("owner")
    async with world.client() as client:
        key = (await client.post("/api/v1/auth", json={"login": "owner", "password": PASSWORD})).json()["data"]["key"]
    async with world.client(key) as client:
        body = {"expiration": "1h", "description": f"copy of {key}"}
        made = (await client.post("/api/v1/user/self/generate-auth-key", json=body)).json()["data"]
        await client.delete(f"/api/v1/user/self/sessions/{made['id']}")
        await client.delete("/api/v1/logout")
    with world.runtime.db.read() as session:
        found = list(session.scalars(select(ActionLog).where(ActionLog.user_id == user_id).order_by(ActionLog.id)))
        assert [line.action for line in found] == ["user:logged_in", "user:key_generated", "user:key_revoked", "user:logged_out"]
        assert found[0].meta["method"] == "password"
        text = "".join(f"{line.message}{line.meta}" for line in found)
    assert not any(secret in text for secret in (key, made["key"], PASSWORD))


async def test_an_actor_of_a_key_is_the_users(world: World) -> None:
    """The services under the web: what a key is worth, asked without a request."""
    key = world.key(world.user("owner"))
    assert (await auth.actor_by_key(world.runtime, key, "203.0.113.7")).login == "owner"
    with pytest.raises(Unauthenticated):
        await auth.actor_by_key(world.runtime, key[:-1], "203.0.113.7")
    with pytest.raises(Unauthenticated):
        await sign_in.finish(world.runtime, "no ticket", "123456")
