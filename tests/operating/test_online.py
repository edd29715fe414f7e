"""A backup of a running server whose pollers write all the time, restored elsewhere and compared."""

from __future__ import annotations

import asyncio
import contextlib
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import duckdb
import pytest

from tests.conftest import postgres_database
from tests.operating.support import installation, signs_in, state_of, wca
from tests.services.support import capture
from tests.system.product import Product, eventually, running
from wildcore.transport.replay import ReplayAgent

pytestmark = [pytest.mark.system, pytest.mark.timeout(300)]


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
def urls(request: pytest.FixtureRequest) -> Iterator[tuple[str, str]]:
    """Two databases; "" is SQLite in the data directory."""
    if request.param == "sqlite":
        yield "", ""
        return
    if shutil.which("pg_dump") is None:
        pytest.skip("no pg_dump: apt-get install postgresql-client")
    server = request.getfixturevalue("postgres_server")
    with postgres_database(server) as one, postgres_database(server) as two:
        yield one.render_as_string(hide_password=False), two.render_as_string(hide_password=False)


def samples(data: Path) -> dict[tuple[str, int], list[tuple[int, float]]]:
    """Every series of a directory that no server holds."""
    found: dict[tuple[str, int], list[tuple[int, float]]] = {}
    with contextlib.closing(duckdb.connect(str(data / "metrics" / "live.duckdb"), read_only=True)) as connection:
        for metric, number, at, value in connection.execute("SELECT * FROM samples ORDER BY ts").fetchall():
            found.setdefault((metric, number), []).append((at, value))
    return found


async def polling(product: Product, device_id: int, rounds: list[int]) -> None:
    """Poll the device again and again, and change its description in between."""
    while True:
        await product.api("POST", "/poller/run", {"device_id": device_id})
        rounds.append(len(rounds))
        await product.api("PUT", f"/device/{device_id}", {"description": f"round {len(rounds)}"})


async def test_a_backup_while_pollers_write(tmp_path: Path, urls: tuple[str, str], monkeypatch: pytest.MonkeyPatch) -> None:
    first, second = urls
    data, copy, archive = tmp_path / "data", tmp_path / "copy", tmp_path / "online.tar.gz"
    monkeypatch.setenv("WILDCORE_DATABASE_URL", first)
    async with ReplayAgent(capture("zte_c3xx")) as agent, running(data) as product:
        product.key = (await product.api("POST", "/auth", {"login": product.login, "password": product.password}))["key"]
        access = {
            "name": "lab",
            "secrets": {"public_community": "public"},
            "params": {"sw_core_connection": {"snmp_port": agent.port}},
        }
        access_id = (await product.api("POST", "/device-access", access))["id"]
        device = await product.api("POST", "/device", {"ip": agent.host, "access_id": access_id})
        rounds: list[int] = []
        writer = asyncio.create_task(polling(product, device["id"], rounds))

        async def several() -> bool:
            return len(rounds) > 2

        await eventually(several)
        before = len(rounds)
        made = await asyncio.to_thread(wca, data, "backup:create", str(archive), WILDCORE_DATABASE_URL=first)
        assert made.returncode == 0, made.stderr
        assert not writer.done(), "the server answered all the time"
        refused = await asyncio.to_thread(wca, data, "backup:restore", str(archive), "--force", WILDCORE_DATABASE_URL=first)
        assert refused.returncode == 1
        assert "runs already" in refused.stderr

        async def more() -> bool:
            return len(rounds) > before + 1

        await eventually(more)
        writer.cancel()
        await asyncio.gather(writer, return_exceptions=True)
        login, password = product.login, product.password

    restored = await asyncio.to_thread(wca, copy, "backup:restore", str(archive), WILDCORE_DATABASE_URL=second)
    assert restored.returncode == 0, restored.stderr
    original, taken = samples(data), samples(copy)
    assert taken, "the polls before the backup are in it"
    for series, points in taken.items():
        assert points == original[series][: len(points)], series
    with installation(data, first) as built:
        left = state_of(built.runtime)
    with installation(copy, second) as built:
        right = state_of(built.runtime)
        assert await signs_in(built.runtime, login, password)
        check_same(left, right)


def check_same(left: Any, right: Any) -> None:
    """Devices, interfaces, users and secrets are those of the original."""
    assert right == left
    assert len(right.interfaces) > 10
    assert right.secrets == {"lab": {"public_community": "public"}}
