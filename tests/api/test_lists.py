"""Long lists: streamed in bounded memory, exported whole, not sent again when nothing changed."""

from __future__ import annotations

import asyncio
import csv
import io
import json
import tracemalloc
from collections.abc import AsyncIterator

import httpx
import pytest
import pytest_asyncio
from sqlalchemy import insert, update

from tests.api.conftest import World
from tests.api.dms_world import Api, dms_world
from tests.poller.support import add_device
from tests.services.support import add_interface, add_subscriber
from wildcore.errors import BadRequest
from wildcore.kit import listing
from wildcore.services.log_retention import DAY, clear
from wildcore.services.runtime import Runtime
from wildcore.store.tables import ActionLog, Interface


@pytest_asyncio.fixture
async def world(runtime: Runtime, password_hash: str) -> World:
    return dms_world(runtime, password_hash)


@pytest_asyncio.fixture
async def api(world: World) -> AsyncIterator[Api]:
    async with world.client(world.key(world.user("admin", all_groups=True))) as client:
        yield Api(client)


def fill(world: World, count: int) -> int:
    """An OLT with so many ONUs."""
    olt = add_device(world.runtime.db)
    rows = [
        {
            "device_id": olt, "bind_key": str(at), "name": f"epon0/1:{at}", "type": "ONU", "port_num": at, "params": {},
            "ident": f"ZTEG{at:08X}", "ident_type": "SN", "created_at": 1, "updated_at": 1,
        }
        for at in range(count)
    ]  # fmt: skip
    with world.runtime.db.write() as session:
        for start in range(0, count, 5000):
            session.execute(insert(Interface), rows[start : start + 5000])
    return olt


async def read_by_parts(world: World, client: httpx.AsyncClient, path: str) -> tuple[int, int, int]:
    """Bytes, pieces and the longest piece of an answer, as the server sends them."""
    sizes: list[int] = []
    asked = asyncio.Event()

    async def receive() -> dict[str, object]:
        if asked.is_set():  # the client stays
            await asyncio.Event().wait()
        asked.set()
        return {"type": "http.request", "body": b"", "more_body": False}

    async def send(message: dict[str, object]) -> None:
        body = message.get("body")
        if isinstance(body, bytes) and body:
            sizes.append(len(body))

    headers = [(b"x-auth-key", client.headers["X-Auth-Key"].encode()), (b"host", b"dms.test")]
    scope = {
        "type": "http", "asgi": {"version": "3.0"}, "http_version": "1.1", "method": "GET", "scheme": "http", "root_path": "",
        "path": path, "raw_path": path.encode(), "query_string": b"", "headers": headers, "client": ("203.0.113.7", 4),
        "server": ("dms.test", 80), "state": {},
    }  # fmt: skip
    await world.app(scope, receive, send)  # type: ignore[arg-type]
    return sum(sizes), len(sizes), max(sizes)


async def test_a_long_list_is_whole_and_in_order_and_memory_does_not_grow_with_it(world: World, api: Api) -> None:
    count = 6 * listing.PAGE + 7
    olt = fill(world, count)
    for path in ("/device-interface", f"/device-interface/by-device/{olt}", f"/component/olts/interfaces/onts/{olt}"):
        body = await api.ask("GET", path)
        assert body["meta"]["total"] == count
        ids = [row["id"] for row in body["data"]]
        assert ids == sorted(set(ids))
        assert len(ids) == count
    part = await api.ask("GET", "/device-interface", params={"limit": listing.PAGE + 1, "offset": 5})
    assert ([row["id"] for row in part["data"]], part["meta"]["total"]) == (ids[5 : listing.PAGE + 6], count)
    await read_by_parts(world, api.client, "/api/v1/device-interface")
    tracemalloc.start()
    size, pieces, longest = await read_by_parts(world, api.client, "/api/v1/device-interface")
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert pieces > 6
    assert longest < size / 5
    assert peak < size * 3, (peak, size)


async def test_a_client_asks_again_only_for_what_changed(world: World, api: Api) -> None:
    fill(world, 3)
    for path in ("/device-interface", "/device"):
        first = await api.client.get(f"/api/v1{path}")
        tag = first.headers["etag"]
        assert tag.startswith('W/"')
        again = await api.client.get(f"/api/v1{path}", headers={"If-None-Match": tag})
        assert (again.status_code, again.content) == (304, b"")
        other = await api.client.get(f"/api/v1{path}?limit=1", headers={"If-None-Match": tag})
        assert other.status_code == 200
    with world.runtime.db.write() as session:
        session.execute(update(Interface).where(Interface.bind_key == "1").values(updated_at=5_000, comment="changed"))
    changed = await api.client.get("/api/v1/device-interface", headers={"If-None-Match": first.headers["etag"]})
    assert changed.status_code == 200
    rows = await api.get("/device-interface", updated_since="5000")
    assert [row["comment"] for row in rows] == ["changed"]
    assert await api.get("/device", updated_since="2030-01-01") == []
    with world.runtime.db.write() as session:
        add_subscriber(session, "1", "11619", "test", ident="ZTEG00000002")
    assert (
        await api.client.get("/api/v1/device-interface", headers={"If-None-Match": changed.headers["etag"]})
    ).status_code == 200


@pytest.mark.parametrize("by_header", [False, True])
async def test_lists_are_exported_as_csv_without_formulas(world: World, api: Api, by_header: bool) -> None:
    olt = fill(world, listing.PAGE + 3)
    with world.runtime.db.write() as session:
        add_interface(session, olt, "x", "=cmd|' /C calc'!A0", "ONU", description='a "quoted", text\nof lines')
    path = f"/api/v1/device-interface/by-device/{olt}"
    headers = {"Accept": "text/csv"} if by_header else {}
    answer = await api.client.get(path if by_header else f"{path}?format=csv", headers=headers)
    assert answer.headers["content-type"].startswith("text/csv")
    assert "interfaces.csv" in answer.headers["content-disposition"]
    rows = list(csv.DictReader(io.StringIO(answer.content.decode("utf-8-sig"))))
    assert len(rows) == listing.PAGE + 4
    assert (rows[-1]["name"], rows[-1]["description"]) == ("'=cmd|' /C calc'!A0", 'a "quoted", text\nof lines')


async def test_logs_are_filtered_and_exported(world: World, api: Api) -> None:
    for at in range(3):
        await api.ask("POST", "/logs/action", json={"action": f"test:{at}", "status": "failed" if at else "success"})
    failed = await api.ask("GET", "/logs/actions-list", params={"action": "client:test*", "status": "failed"})
    assert [row["action"] for row in failed["data"]] == ["client:test:2", "client:test:1"]
    assert failed["meta"]["total"] == 2
    assert await api.get("/logs/actions-list", since="2099-01-01") == []
    assert len(await api.get("/logs/actions-list", login="admin", until="2099-01-01", limit=1)) == 1
    text = (await api.client.get("/api/v1/logs/actions-list?format=csv&limit=1")).text
    assert len(text.strip().splitlines()) == 2
    assert "client:test:0" in await api.get("/logs/action-names")
    body = (await api.ask("POST", "/logs/actions", json={"action": "client:test:1"}))["data"]
    assert json.dumps(body).count("client:test:1") == 1


async def test_old_lines_of_a_log_are_forgotten(world: World, api: Api) -> None:
    await api.ask("POST", "/logs/action", json={"action": "old"})
    with world.runtime.db.write() as session:
        session.execute(update(ActionLog).values(at=world.clock.started - 3 * DAY))
    await api.ask("POST", "/logs/action", json={"action": "new"})
    assert await clear(world.runtime, "actions", 2) == 1
    assert [row["action"] for row in await api.get("/logs/actions-list")] == ["client:new"]
    with pytest.raises(BadRequest, match="switcher-core"):
        await clear(world.runtime, "nothing", 1)
