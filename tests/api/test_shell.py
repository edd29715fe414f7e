"""The shell: envelope, failures, transactions, components, scope by device groups, headers."""

from __future__ import annotations

import logging
from typing import Any

import httpx
import pytest

from wildcore.kit import Component, Route
from wildcore.kit.http import Template
from wildcore.services.actor import system_actor
from wildcore.services.configuration import switch_component
from wildcore.store.tables import Device, DeviceAccess, DeviceGroup, DeviceGroupLink, DeviceModel
from wildcore.web.app import create_app

from .conftest import World
from .sample import READ, broken

OWNER = "sample_read", "sample_write"


@pytest.fixture
def key(world: World) -> str:
    return world.member("writer", *OWNER)


async def get(world: World, key: str, path: str, **params: Any) -> httpx.Response:
    async with world.client(key) as client:
        return await client.get(f"/api/v1{path}", params=params)


async def test_success_envelope(world: World, key: str) -> None:
    answer = await get(world, key, "/sample")
    body = answer.json()
    assert list(body) == ["statusCode", "meta", "data"]
    assert (body["statusCode"], body["meta"]) == (200, {"total": 1})
    assert body["data"][0]["name"] == "лінія"
    assert body["data"][0]["level_dbm"] is None
    assert len(body["data"][0]["at"]) == len("2024-11-14 14:37:04")
    assert answer.headers["cache-control"] == "no-store"


@pytest.mark.parametrize("path", ["/api/v1/nothing", "/api/v1/sample/devices/77", "/api/nothing"])
async def test_not_found(world: World, key: str, path: str) -> None:
    async with world.client(key) as client:
        answer = await client.get(path)
    assert answer.status_code == 404
    assert answer.json()["error"]["type"] == "RESOURCE_NOT_FOUND"


async def test_trailing_slash_means_the_same(world: World, key: str) -> None:
    assert (await get(world, key, "/sample/")).status_code == 200


async def test_wrong_method(world: World, key: str) -> None:
    async with world.client(key) as client:
        answer = await client.put("/api/v1/sample/groups")
    assert (answer.status_code, answer.json()["error"]["type"]) == (405, "NOT_ALLOWED")


@pytest.mark.parametrize(
    ("content", "named"),
    [
        (b"{", "body"),
        (b"[]", "body"),
        (b'"x"', "body"),
        (b"{}", "name"),
        (b'{"name": 5}', "name"),
        (b'{"name": "a\\u0000b"}', "name"),
        (b'{"name": "' + b"x" * 21 + b'"}', "name"),
        (b'{"name": "x", "fail": "maybe"}', "fail"),
        (b"\xff\xfe", "body"),
        (b"", "body"),
    ],
)
async def test_bad_bodies_name_the_field(world: World, key: str, content: bytes, named: str) -> None:
    async with world.client(key, content_type="application/json") as client:
        answer = await client.post("/api/v1/sample", content=content)
    assert answer.status_code == 400, answer.text
    assert answer.json()["error"]["type"] in ("VALIDATION_ERROR", "BAD_REQUEST")
    assert named in answer.json()["error"]["description"]


async def test_nul_in_an_address(world: World, key: str) -> None:
    async with world.client(key) as client:
        for path in ("/api/v1/sample/search?mac=%00", "/api/v1/sample/devices/%00"):
            assert (await client.get(path)).status_code == 400


@pytest.mark.parametrize("number", [2**31, 2**63, 10**30, -(10**30)])
async def test_numbers_beyond_the_database(world: World, number: int) -> None:
    async with world.client(world.key(world.user("owner"))) as client:
        for path in (
            f"/api/v1/user/{number}",
            f"/api/v1/user?limit=1&offset={number}",
            f"/api/v1/logs/actions?device_id={number}",
        ):
            assert (await client.get(path)).status_code == 400, path
        body = {"login": "n", "password": "long enough", "role_id": number}
        assert (await client.post("/api/v1/user", json=body)).status_code == 400


@pytest.mark.parametrize("value", ["x", "1.5", "9" * 30, "%00", "-", "1e3", "٣"])
async def test_bad_ids(world: World, key: str, value: str) -> None:
    async with world.client(key) as client:
        answer = await client.get(f"/api/v1/sample/devices/{value}")
    assert 400 <= answer.status_code < 500, answer.text


async def test_an_unexpected_failure_tells_only_its_number(world: World, key: str, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.ERROR):
        answer = await get(world, key, "/sample/broken")
    assert (answer.status_code, answer.json()["error"]["type"]) == (500, "SERVER_ERROR")
    assert "secret" not in answer.text
    incident = answer.json()["error"]["description"].split()[2].rstrip(":")
    assert incident in caplog.text


async def test_a_silent_device_says_so(world: World, key: str) -> None:
    answer = await get(world, key, "/sample/unreachable")
    assert (answer.status_code, answer.json()["error"]["description"]) == (504, "192.0.2.1 does not answer")


async def test_writes_are_committed_before_the_answer_and_rolled_back_on_failure(world: World, key: str) -> None:
    async with world.client(key) as client:
        assert (await client.post("/api/v1/sample", json={"name": "kept"})).status_code == 200
        refused = await client.post("/api/v1/sample", json={"name": "lost", "fail": True})
        assert refused.json()["error"]["type"] == "NOT_IMPLEMENTED"
        assert (await client.post("/api/v1/sample", json={"name": "kept"})).status_code == 409
        await client.get("/api/v1/sample/write-on-get")
        assert (await client.get("/api/v1/sample/groups")).json()["data"] == ["All", "kept"]


async def test_get_and_post_take_the_same_arguments(world: World, key: str) -> None:
    async with world.client(key) as client:
        by_get = await client.get("/api/v1/sample/search", params={"mac": "AA", "devices": [1, 2]})
        by_post = await client.post("/api/v1/sample/search", json={"mac": "AA", "devices": [1, 2]})
    assert by_get.json()["data"] == by_post.json()["data"]
    assert by_post.json()["data"]["devices"] == [1, 2]


async def test_a_component_that_is_off_does_not_exist(world: World, key: str) -> None:
    def switch(on: bool) -> None:
        with world.runtime.db.write() as session:
            switch_component(session, world.runtime, system_actor(), "sample", on)

    switch(False)
    assert (await get(world, key, "/sample")).status_code == 404
    async with world.client(world.key(world.user("owner"))) as client:
        assert (await client.get("/sample")).status_code == 404
        assert "/sample" not in (await client.get("/swagger/openapi.yaml")).text
        assert "sample_read" not in (await client.get("/api/v1/user-role-permissions")).text
    switch(True)
    assert (await get(world, key, "/sample")).status_code == 200


async def test_devices_of_foreign_groups_do_not_exist(world: World) -> None:
    with world.runtime.db.write() as session:
        model = session.query(DeviceModel).first()
        if model is None:
            model = DeviceModel(key="k", name="n", vendor="v", model="m", type="OLT", family="f")
            session.add(model)
        access = DeviceAccess(name="a", created_at=0, updated_at=0)
        groups = [DeviceGroup(name="north", created_at=0), DeviceGroup(name="south", created_at=0)]
        session.add_all([access, *groups])
        session.flush()
        found = [
            Device(ip=f"192.0.2.{at}", model_id=model.id, access_id=access.id, created_at=0, updated_at=0) for at in range(1, 4)
        ]
        session.add_all(found)
        session.flush()
        session.add_all(DeviceGroupLink(device_id=d.id, group_id=g.id) for d, g in zip(found, groups, strict=False))
        session.flush()
        north, south = groups[0].id, groups[1].id
        ids = [one.id for one in found]
    expected = {
        world.member("north", "sample_read", groups=[north]): [0],
        world.member("both", "sample_read", groups=[north, south]): [0, 1],
        world.member("none", "sample_read"): [],
        world.key(world.user("all", world.role("r", ["sample_read"]), all_groups=True)): [0, 1, 2],
        world.key(world.user("owner")): [0, 1, 2],
    }
    for key, seen in expected.items():
        assert (await get(world, key, "/sample/devices")).json()["data"] == [f"192.0.2.{at + 1}" for at in seen]
        for at, device_id in enumerate(ids):
            answer = await get(world, key, f"/sample/devices/{device_id}")
            assert answer.status_code == (200 if at in seen else 404)


async def test_headers_and_frames(world: World, key: str) -> None:
    async with world.client(key) as client:
        page = (await client.get("/sample")).headers
        iframe = (await client.get("/iframe/sample/X")).headers
    assert "frame-ancestors 'none'" in page["content-security-policy"]
    assert "frame-ancestors *" in iframe["content-security-policy"]
    assert "x-frame-options" not in iframe
    for headers in (page, iframe):
        assert headers["referrer-policy"] == "no-referrer"
        assert headers["x-content-type-options"] == "nosniff"
        script = next(part for part in headers["content-security-policy"].split(";") if "script-src" in part)
        assert "unsafe" not in script


async def test_static_files_with_a_version_are_kept_for_good(world: World) -> None:
    async with world.client() as client:
        answer = await client.get("/static/css/app.css?v=1")
        assert "immutable" in answer.headers["cache-control"]
        assert (await client.get("/static/css/app.css")).headers["cache-control"] == "no-cache"
        assert (await client.get("/static/../app.py")).status_code == 404


async def test_the_description_lists_permissions(world: World) -> None:
    async with world.client() as client:
        document = (await client.get("/swagger/openapi.json")).json()
    operation = document["paths"]["/api/v1/system/cross-auth"]["post"]
    assert "`system_cross_auth_user`" in operation["description"]
    assert {"get", "post"} <= set(document["paths"]["/api/v1/sample/search"])


def test_a_route_without_a_permission_cannot_be_built() -> None:
    for nothing in (None, (), "sample_read", ("sample_read",)):
        with pytest.raises(TypeError):
            Route("GET", "/x", broken, nothing)  # type: ignore[arg-type]


async def test_a_handler_without_context_stops_the_start(world: World) -> None:
    def nothing() -> Template:
        return Template("x")

    with pytest.raises(TypeError, match="context"):
        create_app(world.runtime, [Component("x", "x", api=(Route("GET", "/x", nothing, READ),))])
