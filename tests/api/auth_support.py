"""What the tests of signing in share."""

from __future__ import annotations

from typing import Any

import httpx
from sqlalchemy import select

from wildcore.services.actor import system_actor
from wildcore.services.configuration import change
from wildcore.store.tables import ActionLog

from .conftest import World

READ = "/api/v1/sample"


def setting(world: World, **values: Any) -> None:
    with world.runtime.db.write() as session:
        change(session, world.runtime, system_actor(), values)


def lines(world: World, action: str) -> list[ActionLog]:
    with world.runtime.db.read() as session:
        found = list(session.scalars(select(ActionLog).where(ActionLog.action == action).order_by(ActionLog.id)))
        session.expunge_all()
        return found


async def got(world: World, key: str, path: str = READ, peer: str = "203.0.113.7") -> int:
    async with world.client(key, peer=peer) as client:
        return (await client.get(path)).status_code


async def put(world: World, key: str, path: str, body: Any, peer: str = "203.0.113.7") -> httpx.Response:
    async with world.client(key, peer=peer) as client:
        return await client.put(f"/api/v1{path}", json=body)
