"""Keys that billing asks for its employees."""

from __future__ import annotations

import pytest
from sqlalchemy import select

from wildcore.services.actor import system_actor
from wildcore.services.configuration import change
from wildcore.services.users import UserFields, user_update
from wildcore.store.tables import ActionLog, User

from .conftest import World

PATH = "/api/v1/system/cross-auth"


def setting(world: World, **values: object) -> None:
    with world.runtime.db.write() as session:
        change(session, world.runtime, system_actor(), values)


def disable(world: World, login: str) -> None:
    with world.runtime.db.write() as session:
        user_id = session.scalars(select(User.id).where(User.login == login)).one()
        user_update(session, world.runtime, system_actor(), user_id, UserFields(enabled=False))


@pytest.fixture
def billing(world: World) -> str:
    """The key of user `mikbill`; `operator` is an employee."""
    key = world.member("mikbill", "system_cross_auth_user")
    world.member("operator", "sample_read", "olts_info", "user_self_control")
    return key


async def issue(world: World, key: str, **body: object) -> str:
    async with world.client(key) as client:
        answer = await client.post(PATH, json={"login": "operator", **body})
    assert answer.status_code == 200, answer.text
    return str(answer.json()["data"]["auth_key"])


async def test_the_answer_has_the_documented_form(world: World, billing: str) -> None:
    async with world.client(billing) as client:
        answer = await client.post(PATH, json={"login": "operator", "expire_sec": 600, "user_ip": "203.0.113.9"})
    data = answer.json()["data"]
    assert set(data) == {"user", "expired_at", "auth_key"}
    assert (data["user"]["login"], data["user"]["name"]) == ("operator", "Operator")
    row = world.stored_key(data["auth_key"])
    assert (row.kind, row.scope, row.expires_at - row.created_at, row.bound_ip) == ("cross", "billing", 600, "")
    with world.runtime.db.read() as session:
        line = session.scalars(select(ActionLog).where(ActionLog.action == "user:cross_auth")).one()
        assert (line.login, line.message, line.meta["user_ip"]) == ("mikbill", "operator", "203.0.113.9")
        assert data["auth_key"] not in f"{line.message}{line.meta}"


async def test_each_call_gives_a_new_key_that_acts_as_the_employee(world: World, billing: str) -> None:
    first, second = await issue(world, billing), await issue(world, billing)
    assert first != second
    for key in (first, second):
        async with world.client(key) as client:
            assert (await client.get("/iframe/sample/ZTEG")).text == "ONU ZTEG for operator"
            assert (await client.get("/api/v1/sample")).status_code == 200
            assert (await client.get("/api/v1/user/self")).status_code == 403
            assert (await client.post(PATH, json={"login": "operator"})).status_code == 403


async def test_life_is_capped_at_a_day(world: World, billing: str) -> None:
    for body in ({"expire_sec": 10**9}, {}, {"expire_sec": "86400"}, {"expire_sec": None}):
        row = world.stored_key(await issue(world, billing, **body))
        assert row.expires_at - row.created_at == 86400


@pytest.mark.parametrize("body", [None, {}, {"login": ""}, {"login": None}, {"login": "  "}, {"expire_sec": 5}])
async def test_login_is_required(world: World, billing: str, body: object) -> None:
    async with world.client(billing) as client:
        answer = await client.post(PATH) if body is None else await client.post(PATH, json=body)
    assert answer.status_code == 400
    assert answer.json()["error"]["description"] == "Login is required field"


@pytest.mark.parametrize("login", ["nobody", "sys", "OPERATOR ", 5])
async def test_unknown_users(world: World, billing: str, login: object) -> None:
    async with world.client(billing) as client:
        answer = await client.post(PATH, json={"login": login})
    assert (answer.status_code, answer.json()["error"]["description"]) == (400, "User not found")


async def test_json_under_a_form_content_type_is_read(world: World, billing: str) -> None:
    async with world.client(billing, content_type="application/x-www-form-urlencoded") as client:
        answer = await client.post(PATH, content=b'{"login": "operator"}')
    assert answer.status_code == 200, answer.text


@pytest.mark.parametrize(
    ("body", "field"), [({"expire_sec": 0}, "expire_sec"), ({"expire_sec": "x"}, "expire_sec"), ({"user_ip": "here"}, "user_ip")]
)
async def test_bad_values_are_named(world: World, billing: str, body: dict[str, object], field: str) -> None:
    async with world.client(billing) as client:
        answer = await client.post(PATH, json={"login": "operator", **body})
    assert answer.status_code == 400
    assert field in answer.json()["error"]["description"]


async def test_it_needs_its_permission(world: World, billing: str) -> None:
    async with world.client(world.member("other", "user_management")) as client:
        assert (await client.post(PATH, json={"login": "operator"})).status_code == 403
    async with world.client() as client:
        assert (await client.post(PATH, json={"login": "operator"})).status_code == 401


@pytest.mark.parametrize("login", ["operator", "mikbill"])
async def test_disabling_employee_or_caller_ends_the_key(world: World, billing: str, login: str) -> None:
    key = await issue(world, billing)
    async with world.client(key) as client:
        assert (await client.get("/api/v1/sample")).status_code == 200
        disable(world, login)
        assert (await client.get("/api/v1/sample")).status_code == 401
        assert (await client.get("/iframe/sample/X")).text == "Wildcore iframe permission denied"


async def test_a_disabled_user_is_not_found(world: World, billing: str) -> None:
    disable(world, "operator")
    async with world.client(billing) as client:
        assert (await client.post(PATH, json={"login": "operator"})).json()["error"]["description"] == "User not found"


async def test_full_scope_reaches_all_but_makes_no_keys(world: World, billing: str) -> None:
    setting(world, CROSS_AUTH_SCOPE="full")
    world.user("chief")
    key = await issue(world, billing, login="chief")
    async with world.client(key) as client:
        assert (await client.get("/api/v1/user/self")).json()["data"]["login"] == "chief"
        assert (await client.post(PATH, json={"login": "operator"})).json()["error"]["type"] == "NOT_ALLOWED"
        assert (await client.post("/api/v1/user/self/generate-auth-key", json={})).json()["error"]["type"] == "NOT_ALLOWED"


async def test_bound_to_the_employees_address_when_set(world: World, billing: str) -> None:
    setting(world, CROSS_AUTH_BIND_IP=True)
    key = await issue(world, billing, user_ip="::ffff:203.0.113.9")
    async with world.client(key, peer="203.0.113.9") as client:
        assert (await client.get("/api/v1/sample")).status_code == 200
    async with world.client(key, peer="203.0.113.10") as client:
        assert (await client.get("/api/v1/sample")).status_code == 401
