"""Users and roles by the API, and what nobody may do."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from wildcore.services.users import ensure_owner
from wildcore.store.tables import ActionLog, DeviceGroup

from .conftest import PASSWORD, World


@pytest.fixture
def owner(world: World) -> str:
    return world.key(world.user("owner"))


async def call(world: World, key: str, method: str, path: str, body: Any = None) -> httpx.Response:
    async with world.client(key) as client:
        return await client.request(method, f"/api/v1{path}", json=body)


async def made(world: World, key: str, path: str, body: Any) -> dict[str, Any]:
    answer = await call(world, key, "POST", path, body)
    assert answer.status_code == 200, answer.text
    return dict(answer.json()["data"])


async def refusal(world: World, key: str, method: str, path: str, body: Any = None) -> tuple[int, str]:
    answer = await call(world, key, method, path, body)
    return answer.status_code, answer.json()["error"]["type"]


async def test_the_seeds_role_and_user(world: World, owner: str) -> None:
    rights = ["system_cross_auth_user", "user_display", "user_self_control", "olts_info", "switches_info"]
    role = await made(world, owner, "/user-role", {"name": "mb_dms", "permissions": rights})
    assert role["permissions"] == sorted(rights)
    with world.runtime.db.write() as session:
        group = DeviceGroup(name="north", created_at=0)
        session.add(group)
        session.flush()
        group_id = group.id
    body = {"login": "mikbill", "name": "Біллінг", "password": PASSWORD, "role_id": role["id"], "group_ids": [group_id]}
    user = await made(world, owner, "/user", body)
    assert (user["role"], user["group_ids"], user["status"]) == ({"id": role["id"], "name": "mb_dms"}, [group_id], "Enabled")
    assert "password" not in str(user)
    listed = (await call(world, owner, "GET", "/user?limit=1&offset=0")).json()
    assert (listed["meta"]["total"], [one["login"] for one in listed["data"]]) == (2, ["mikbill"])
    signed = await made(world, "", "/auth", {"login": "mikbill", "password": PASSWORD})
    mine = (await call(world, signed["key"], "GET", "/user/self")).json()["data"]
    assert {"user_self", "system_info", *rights} <= set(mine["permissions"])
    assert "user_management" not in mine["permissions"]


async def test_permissions_are_grouped_and_explained(world: World, owner: str) -> None:
    groups = (await call(world, owner, "GET", "/user-role-permissions")).json()["data"]
    by_key = {one["key"]: (group["title"], one) for group in groups for one in group["permissions"]}
    title, cross = by_key["system_cross_auth_user"]
    assert (title, cross["label"], cross["basic"]) == ("System", "Allow authorising other users (generate keys)", False)
    assert cross["help"]
    assert by_key["user_self"][1]["basic"]


async def test_guards(world: World, owner: str) -> None:
    manager = world.member("manager", "user_management", "user_display")
    owner_id = (await call(world, owner, "GET", "/user/self")).json()["data"]["id"]
    manager_id = (await call(world, manager, "GET", "/user/self")).json()["data"]["id"]
    expected: list[tuple[str, str, str, Any, tuple[int, str]]] = [
        (owner, "DELETE", f"/user/{owner_id}", None, (403, "NOT_ALLOWED")),
        (owner, "PUT", f"/user/{owner_id}", {"enabled": False}, (403, "NOT_ALLOWED")),
        (owner, "PUT", "/user-role/-2", {"name": "x"}, (403, "NOT_ALLOWED")),
        (owner, "DELETE", "/user-role/-2", None, (403, "NOT_ALLOWED")),
        (owner, "GET", "/user-role/-1", None, (404, "RESOURCE_NOT_FOUND")),
        (owner, "POST", "/user-role", {"name": "x", "permissions": ["no_such"]}, (400, "VALIDATION_ERROR")),
        (owner, "POST", "/user-role", {"name": " "}, (400, "VALIDATION_ERROR")),
        (owner, "POST", "/user-role", {"name": "Owner"}, (409, "NOT_ALLOWED")),
        (owner, "POST", "/user", {"login": "sys", "password": PASSWORD, "role_id": -2}, (400, "VALIDATION_ERROR")),
        (owner, "POST", "/user", {"login": "owner", "password": PASSWORD, "role_id": -2}, (409, "NOT_ALLOWED")),
        (owner, "POST", "/user", {"login": "short", "password": "short", "role_id": -2}, (400, "VALIDATION_ERROR")),
        (owner, "POST", "/user", {"login": "n", "password": PASSWORD}, (400, "VALIDATION_ERROR")),
        (owner, "POST", "/user", {"login": "n", "password": PASSWORD, "role_id": 777}, (404, "RESOURCE_NOT_FOUND")),
        (
            owner,
            "POST",
            "/user",
            {"login": "n", "password": PASSWORD, "role_id": -2, "group_ids": [77]},
            (400, "VALIDATION_ERROR"),
        ),
        (manager, "POST", "/user", {"login": "n", "password": PASSWORD, "role_id": -2}, (403, "INSUFFICIENT_PRIVILEGES")),
        (manager, "POST", "/user-role", {"name": "x", "permissions": ["olts_info"]}, (403, "INSUFFICIENT_PRIVILEGES")),
        (manager, "PUT", f"/user/{manager_id}", {"role_id": -2}, (403, "NOT_ALLOWED")),
        (manager, "PUT", f"/user/{manager_id}", {"all_groups": True}, (403, "INSUFFICIENT_PRIVILEGES")),
        (manager, "PUT", f"/user/{owner_id}", {"name": "x"}, (403, "INSUFFICIENT_PRIVILEGES")),
        (manager, "PUT", "/user/self", {"name": "x"}, (403, "INSUFFICIENT_PRIVILEGES")),
    ]
    for key, method, path, body, answer in expected:
        assert await refusal(world, key, method, path, body) == answer, (method, path, body)
    assert (await call(world, owner, "GET", "/user")).json()["meta"]["total"] == 2


async def test_a_manager_of_some_groups_controls_no_user_who_sees_more(world: World) -> None:
    with world.runtime.db.write() as session:
        groups = [DeviceGroup(name=name, created_at=0) for name in ("north", "south")]
        session.add_all(groups)
        session.flush()
        north, south = groups[0].id, groups[1].id
    manager = world.member("manager", "user_management", "user_display", groups=[north])
    role_id = world.role("plain", [])
    for login, fields, allowed in (
        ("inside", {"groups": [north]}, True),
        ("outside", {"groups": [north, south]}, False),
        ("everywhere", {"all_groups": True}, False),
    ):
        user_id = world.user(login, role_id, **fields)
        for method, path, body in (
            ("POST", f"/user/{user_id}/generate-auth-key", {}),
            ("PUT", f"/user/{user_id}", {"password": "Xy-" + "1" * 9}),
        ):
            assert (await call(world, manager, method, path, body)).status_code == (200 if allowed else 403), (login, path)
    new: dict[str, Any] = {"login": "new", "password": PASSWORD, "role_id": role_id, "group_ids": [south]}
    assert await refusal(world, manager, "POST", "/user", new) == (400, "VALIDATION_ERROR")


async def test_a_role_in_use_stays(world: World, owner: str) -> None:
    role_id = world.role("used", [])
    world.user("holder", role_id)
    assert await refusal(world, owner, "DELETE", f"/user-role/{role_id}") == (403, "NOT_ALLOWED")
    free = world.role("free", [])
    assert (await call(world, owner, "DELETE", f"/user-role/{free}")).status_code == 200


async def test_a_new_password_ends_the_other_sessions(world: World) -> None:
    world.user("owner")
    first = (await made(world, "", "/auth", {"login": "owner", "password": PASSWORD}))["key"]
    second = (await made(world, "", "/auth", {"login": "owner", "password": PASSWORD}))["key"]
    body = {"password": "Another fine password-1", "current_password": "wrong"}
    assert await refusal(world, first, "PUT", "/user/self", body) == (400, "VALIDATION_ERROR")
    assert (await call(world, first, "PUT", "/user/self", {**body, "current_password": PASSWORD})).status_code == 200
    assert (await call(world, first, "GET", "/user/self")).status_code == 200
    assert (await call(world, second, "GET", "/user/self")).status_code == 401
    assert await refusal(world, "", "POST", "/auth", {"login": "owner", "password": PASSWORD}) == (401, "UNAUTHENTICATED")


async def test_sign_in_says_the_same_to_everybody_who_fails(world: World, owner: str) -> None:
    world.user("disabled", enabled=False)
    answers = set()
    for login, password in (("owner", "wrong"), ("nobody", PASSWORD), ("disabled", PASSWORD), ("sys", PASSWORD)):
        answer = await call(world, "", "POST", "/auth", {"login": login, "password": password})
        answers.add((answer.status_code, answer.text))
    assert len(answers) == 1
    with world.runtime.db.read() as session:
        lines = session.query(ActionLog).filter_by(action="security:auth_attempts").all()
        assert len(lines) == 4
        assert all(not one.success and PASSWORD not in one.message for one in lines)
    listed = (await call(world, owner, "GET", "/logs/actions-list?action=security:auth_attempts&limit=2")).json()
    assert (listed["meta"]["total"], len(listed["data"])) == (4, 2)


async def test_settings(world: World, owner: str) -> None:
    assert await refusal(world, owner, "PUT", "/system/configuration", {"SWC_SNMP_PORT": 0}) == (400, "VALIDATION_ERROR")
    assert await refusal(world, owner, "PUT", "/system/configuration", {"NO_SUCH": 1}) == (404, "RESOURCE_NOT_FOUND")
    answer = await call(world, owner, "PUT", "/system/configuration", {"APP_NAME": "ISP", "SWC_SNMP_PORT": 1161})
    assert sorted(answer.json()["data"]["changed"]) == ["APP_NAME", "SWC_SNMP_PORT"]
    assert (await call(world, owner, "GET", "/system/info")).json()["data"]["name"] == "ISP"


async def test_components_by_api(world: World, owner: str) -> None:
    assert await refusal(world, owner, "PUT", "/system-components/users", {"enabled": False}) == (403, "NOT_ALLOWED")
    assert await refusal(world, owner, "PUT", "/system-components/nothing", {"enabled": False}) == (404, "RESOURCE_NOT_FOUND")
    assert (await call(world, owner, "PUT", "/system-components/sample", {"enabled": False})).status_code == 200
    listed = (await call(world, owner, "GET", "/system-components")).json()["data"]
    assert {one["key"]: one["enabled"] for one in listed} == {"system": True, "users": True, "logs": True, "sample": False}


def test_the_first_owner_is_made_once(world: World) -> None:
    with world.runtime.db.write() as session:
        created = ensure_owner(session, world.runtime)
    assert created is not None
    login, password = created
    assert (login, len(password)) == ("admin", 16)
    with world.runtime.db.write() as session:
        assert ensure_owner(session, world.runtime) is None
