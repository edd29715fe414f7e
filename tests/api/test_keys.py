"""Keys: where they are read, when they end, what they cost, what they reach."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Iterator
from contextlib import contextmanager

import httpx
import pytest
from sqlalchemy import event

from wildcore.services import auth, keys
from wildcore.services.actor import system_actor
from wildcore.store.tables import AuthKey, User

from .conftest import PASSWORD, World

READ = "/api/v1/sample"


@contextmanager
def statements(world: World) -> Iterator[list[str]]:
    """SQL statements that run meanwhile, without those that only open and close transactions."""
    seen: list[str] = []

    def note(_conn: object, _cursor: object, statement: str, *_rest: object) -> None:
        if not statement.startswith(("BEGIN", "COMMIT", "ROLLBACK")):
            seen.append(statement)

    event.listen(world.runtime.db.engine, "before_cursor_execute", note)
    try:
        yield seen
    finally:
        event.remove(world.runtime.db.engine, "before_cursor_execute", note)


async def status(world: World, key: str, path: str = READ, **options: str) -> int:
    async with world.client(key, **options) as client:
        return (await client.get(path)).status_code


def assert_refused(answer: httpx.Response, code: int, kind: str) -> None:
    assert answer.status_code == code, answer.text
    assert answer.json()["statusCode"] == code
    assert answer.json()["error"]["type"] == kind
    assert "data" not in answer.json()


async def test_key_in_header_and_in_query_of_any_case(world: World) -> None:
    key = world.member("reader", "sample_read")
    async with world.client() as client:
        assert_refused(await client.get(READ), 401, "UNAUTHENTICATED")
        for name in ("X-Auth-Key", "x-auth-key", "X-AUTH-KEY"):
            assert (await client.get(READ, headers={name: key})).status_code == 200
            assert (await client.get(READ, params={name: key})).status_code == 200
        assert (await client.get(READ, headers={"X-Auth-Key": key.upper()})).status_code == 200
        for wrong in ("0", key[:-1], "x" * 5000, "ключ".encode()):
            assert_refused(
                await client.get(READ, headers={b"X-Auth-Key": wrong if isinstance(wrong, bytes) else wrong.encode()}),
                401,
                "UNAUTHENTICATED",
            )


async def test_the_key_is_stored_hashed_and_reaches_neither_handler_nor_log(
    world: World, caplog: pytest.LogCaptureFixture
) -> None:
    key = world.member("reader", "sample_read")
    assert key not in world.stored_key(key).key_hash
    with caplog.at_level(logging.DEBUG):
        async with world.client(key) as client:
            seen = (await client.get("/api/v1/sample/whoami", params={"X-Auth-Key": key, "a": "1"})).json()["data"]
            await client.get(f"/iframe/nothing/{key}?x-auth-key={key}&token={key}")
    assert seen["query"] == {"a": "1"}
    assert "x-auth-key" not in seen["headers"]
    ours = "".join(record.getMessage() for record in caplog.records if record.name != "httpx")
    assert key not in ours
    assert '"GET /api/v1/sample/whoami" 200' in ours
    assert "unknown iframe page asked by 203.0.113.7: /iframe/nothing/***" in ours


async def test_permission_is_needed_before_anything_is_read(world: World) -> None:
    reader, nobody = world.member("reader", "sample_read"), world.member("nobody")
    async with world.client(nobody) as client:
        assert_refused(await client.get(READ), 403, "INSUFFICIENT_PRIVILEGES")
        assert_refused(await client.post(READ, content=b"{broken"), 403, "INSUFFICIENT_PRIVILEGES")
        assert_refused(await client.get("/api/v1/sample/devices/none"), 403, "INSUFFICIENT_PRIVILEGES")
    assert await status(world, reader) == 200
    assert await status(world, reader, "/api/v1/sample/both") == 403
    assert await status(world, world.key(world.user("owner"))) == 200


async def test_an_expired_key_is_refused_at_its_second(world: World) -> None:
    key = world.key(world.user("owner"), life_sec=600)
    assert await status(world, key) == 200
    world.clock.ahead = 599
    assert await status(world, key) == 200
    world.clock.ahead = 601
    assert await status(world, key) == 401


async def test_revocation_is_immediate_although_keys_are_cached(world: World) -> None:
    user_id = world.user("owner")
    key, other = world.key(user_id), world.key(user_id)
    assert await status(world, key) == 200
    async with world.client(other) as client:
        listed = (await client.get("/api/v1/user/self/sessions")).json()["data"]
        assert [one["current"] for one in listed].count(True) == 1
        assert key not in str(listed)
        victim = next(one["id"] for one in listed if not one["current"])
        assert (await client.delete(f"/api/v1/user/self/sessions/{victim}")).status_code == 200
        assert_refused(await client.delete("/api/v1/user/self/sessions/99999"), 404, "RESOURCE_NOT_FOUND")
    assert await status(world, key) == 401
    assert await status(world, other) == 200
    async with world.client(other) as client:
        assert (await client.delete("/api/v1/logout")).status_code == 200
    assert await status(world, other) == 401


async def test_disabling_and_changing_a_user_counts_at_once(world: World) -> None:
    owner = world.key(world.user("owner"))
    reader = world.member("reader", "sample_read")
    assert await status(world, reader) == 200
    with world.runtime.db.read() as session:
        user = session.query(User).filter_by(login="reader").one()
        user_id, role_id = user.id, user.role_id
    async with world.client(owner) as client:
        assert (await client.put(f"/api/v1/user-role/{role_id}", json={"permissions": []})).status_code == 200
        assert await status(world, reader) == 403
        assert (await client.put(f"/api/v1/user-role/{role_id}", json={"permissions": ["sample_read"]})).status_code == 200
        assert await status(world, reader) == 200
        assert (await client.put(f"/api/v1/user/{user_id}", json={"enabled": False})).status_code == 200
        assert await status(world, reader) == 401


async def test_a_request_costs_two_statements_for_its_key_then_none(world: World) -> None:
    key = world.member("reader", "sample_read", groups=())
    world.runtime.settings.get("APP_NAME")
    world.runtime.catalogue.enabled("sample")
    async with world.client(key) as client:
        with statements(world) as first:
            assert (await client.get("/api/v1/sample/whoami")).status_code == 200
            await asyncio.sleep(0)
        reads = [one for one in first if one.startswith("SELECT")]
        assert len(reads) <= 2, reads
        with statements(world) as second:
            assert (await client.get("/api/v1/sample/whoami")).status_code == 200
        assert [one for one in second if one.startswith("SELECT")] == []


async def test_last_use_is_written_once_a_minute(world: World) -> None:
    key = world.key(world.user("owner"))
    async with world.client(key, user_agent="MikBill/2") as client:
        await client.get(READ)
        await asyncio.gather(*auth.pending_writes())
        row = world.stored_key(key)
        assert (row.last_ip, row.client) == ("203.0.113.7", "MikBill/2")
        with statements(world) as seen:
            await client.get(READ)
            world.clock.ahead = 61
            await client.get(READ)
            await asyncio.gather(*auth.pending_writes())
    assert len([one for one in seen if one.startswith("UPDATE auth_keys")]) == 1


async def test_a_billing_key_reaches_only_billing_routes(world: World) -> None:
    key = world.key(world.user("owner"), scope="billing", kind="cross")
    assert await status(world, key) == 200
    async with world.client(key) as client:
        for path in ("/api/v1/sample/whoami", "/api/v1/user", "/api/v1/system/configuration"):
            assert_refused(await client.get(path), 403, "INSUFFICIENT_PRIVILEGES")
    assert await status(world, key, "/sample") == 403
    assert await status(world, key, "/iframe/sample/X") == 200


@pytest.mark.parametrize(("term", "seconds"), [("10m", 600), ("1h", 3600), ("30d", 2592000), ("365d", 31536000)])
async def test_api_keys_are_generated_for_a_term(world: World, term: str, seconds: int) -> None:
    user_id = world.user("owner")
    async with world.client(world.key(user_id)) as client:
        answer = await client.post(
            f"/api/v1/user/{user_id}/generate-auth-key", json={"expiration": term, "description": "MikBill"}
        )
        data = answer.json()["data"]
        assert data["user"] == {"id": user_id, "login": "owner", "name": "Owner"}
        row = world.stored_key(data["key"])
        assert (row.expires_at - row.created_at, row.kind, row.description) == (seconds, "api", "MikBill")
        for wrong in ("1y", "0d", "-1h", "9999d", "d", "1 d 1"):
            answer = await client.post("/api/v1/user/self/generate-auth-key", json={"expiration": wrong})
            assert_refused(answer, 400, "VALIDATION_ERROR")
    with world.runtime.db.write() as session:
        issued = keys.generate_key(session, world.runtime, system_actor(), "owner", term)
        assert session.get_one(AuthKey, issued.id).issued_by is None
        assert issued.key not in repr(issued)


async def test_nobody_makes_keys_of_users_with_more_rights(world: World) -> None:
    owner_id = world.user("owner")
    manager = world.member("manager", "user_management", "user_display")
    async with world.client(manager) as client:
        answer = await client.post(f"/api/v1/user/{owner_id}/generate-auth-key", json={})
        assert_refused(answer, 403, "INSUFFICIENT_PRIVILEGES")
        assert_refused(await client.put(f"/api/v1/user/{owner_id}", json={"password": PASSWORD}), 403, "INSUFFICIENT_PRIVILEGES")
        assert_refused(await client.delete(f"/api/v1/user/{owner_id}"), 403, "INSUFFICIENT_PRIVILEGES")
