"""Sessions and keys: listed, described, closed; what other processes end ends here."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest
from sqlalchemy import select

from wildcore.services import keys, networks, roles, users
from wildcore.services.actor import system_actor
from wildcore.services.auth_state import LOOK_SEC, AuthState, KeyCache
from wildcore.services.runtime import Runtime
from wildcore.store.tables import Role

from .auth_support import got, put
from .conftest import PASSWORD, World


class Steady:
    """A monotonic clock that a test moves."""

    now = 1000.0

    def __call__(self) -> float:
        return self.now


async def test_sessions_are_listed_described_and_closed(world: World) -> None:
    user_id = world.user("owner")
    async with world.client(user_agent="Firefox") as browser:
        key = (await browser.post("/api/v1/auth", json={"login": "owner", "password": PASSWORD})).json()["data"]["key"]
    others = [world.key(user_id, kind="session"), world.key(user_id, kind="session")]
    api_key = world.key(user_id, description="billing")
    async with world.client(key) as client:
        listed = (await client.get("/api/v1/user/self/sessions")).json()["data"]
        assert sorted(one["kind"] for one in listed) == ["api", "session", "session", "session"]
        mine = next(one for one in listed if one["current"])
        assert (mine["ip"], mine["client"]) == ("203.0.113.7", "Firefox")
        assert mine["created_at"] < mine["expired_at"]
        path = f"/api/v1/user/self/sessions/{mine['id']}"
        assert (await client.put(path, json={"description": "  at home "})).status_code == 200
        listed = (await client.get("/api/v1/user/self/sessions")).json()["data"]
        assert next(one for one in listed if one["current"])["description"] == "at home"
        assert (await client.delete("/api/v1/user/self/sessions")).json()["data"] == {"closed": 2}
    assert [await got(world, one) for one in (key, *others, api_key)] == [200, 401, 401, 200]
    async with world.client(key) as client:
        await client.delete("/api/v1/user/self/sessions?keys_too=true")
    assert [await got(world, one) for one in (key, api_key)] == [200, 401]


async def test_sessions_of_others_need_the_right_and_their_rights(world: World) -> None:
    owner_id = world.user("owner")
    owner = world.key(owner_id)
    display, manager = world.member("display", "user_display"), world.member("manager", "user_management")
    key_id = world.stored_key(owner).id
    path = f"/api/v1/user/{owner_id}/sessions"
    async with world.client(display) as client:
        assert (await client.get(path)).status_code == 403
        assert (await client.delete(f"/api/v1/user/self/sessions/{key_id}")).status_code == 404
    async with world.client(manager) as client:
        assert (await client.get(path)).status_code == 200
        assert (await client.delete(path)).status_code == 403
        assert (await client.put(f"{path}/{key_id}", json={"description": "x"})).status_code == 403
        assert (await client.delete(f"{path}/{key_id}")).status_code == 403
    assert await got(world, owner) == 200
    async with world.client(owner) as client:
        assert (await client.delete(f"{path}/{key_id}")).status_code == 200
        assert (await client.get(path)).status_code == 401


async def test_an_ended_key_is_not_ended_again(world: World) -> None:
    user_id = world.user("owner")
    key, late = world.key(user_id), world.key(user_id, life_sec=10)
    world.clock.ahead += 20
    async with world.client(key) as client:
        late_id = world.stored_key(late).id
        assert (await client.delete(f"/api/v1/user/self/sessions/{late_id}")).status_code == 404


async def test_nobody_changes_a_role_with_rights_they_lack(world: World) -> None:
    manager = world.member("manager", "user_management")
    strong = world.role("strong", ["system_configuration"])
    bodies: tuple[dict[str, object], ...] = ({"permissions": []}, {"name": "weak"})
    for body in bodies:
        assert (await put(world, manager, f"/user-role/{strong}", body)).status_code == 403
    async with world.client(manager) as client:
        assert (await client.delete(f"/api/v1/user-role/{strong}")).status_code == 403


# --- what another process changed


Act = Callable[[World, Runtime, int, str], None]


def revoke(world: World, other: Runtime, _user: int, key: str) -> None:
    with other.db.write() as session:
        keys.revoke(session, other, system_actor(), world.stored_key(key).id)


def disable(_world: World, other: Runtime, user: int, _key: str) -> None:
    with other.db.write() as session:
        users.user_update(session, other, system_actor(), user, users.UserFields(enabled=False))


def delete(_world: World, other: Runtime, user: int, _key: str) -> None:
    with other.db.write() as session:
        users.user_delete(session, other, system_actor(), user)


def shut_out(_world: World, other: Runtime, user: int, _key: str) -> None:
    with other.db.write() as session:
        networks.set_allowed(session, other, system_actor(), user, ["198.51.100.1"])


@pytest.mark.parametrize("act", [revoke, disable, delete, shut_out])
async def test_what_another_process_ends_ends_here_within_a_second(world: World, act: Act) -> None:
    clock = Steady()
    world.runtime.auth.keys = KeyCache(clock)
    world.user("boss")
    user_id = world.user("owner")
    key = world.key(user_id)
    other = replace(world.runtime, auth=AuthState())
    assert await got(world, key) == 200
    clock.now += LOOK_SEC - 0.1
    act(world, other, user_id, key)
    assert await got(world, key) == 200  # not looked yet
    clock.now += 0.1
    assert await got(world, key) == 401


async def test_rights_taken_by_another_process_are_gone_within_a_second(world: World) -> None:
    clock = Steady()
    world.runtime.auth.keys = KeyCache(clock)
    key = world.member("reader", "sample_read")
    other = replace(world.runtime, auth=AuthState())
    assert await got(world, key) == 200
    with other.db.write() as session:
        role = session.scalars(select(Role).where(Role.name == "role of reader")).one()
        roles.role_update(session, other, system_actor(), role.id, permissions=[])
    clock.now += LOOK_SEC
    assert await got(world, key) == 403


async def test_a_transaction_that_fails_tells_nobody(world: World) -> None:
    user_id = world.user("owner")
    key = world.key(user_id)
    assert await got(world, key) == 200

    def fail() -> None:
        with world.runtime.db.write() as session:
            keys.revoke(session, world.runtime, system_actor(), world.stored_key(key).id)
            raise RuntimeError

    with pytest.raises(RuntimeError):
        fail()
    assert await got(world, key) == 200


async def test_the_console_makes_the_server_forget_at_once(world: World) -> None:
    clock = Steady()
    world.runtime.auth.keys = KeyCache(clock)
    key = world.key(world.user("owner"))
    other = replace(world.runtime, auth=AuthState())
    assert await got(world, key) == 200
    revoke(world, other, 0, key)
    boss = world.key(world.user("boss"))
    async with world.client(boss) as client:
        assert (await client.post("/api/v1/security/rights-changed")).status_code == 200
    assert await got(world, key) == 401
