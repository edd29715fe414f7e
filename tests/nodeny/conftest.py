"""Fixtures of the tests on a real MariaDB: NoDeny's database, and the whole application with both billings on."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from functools import partial

import pytest
import pytest_asyncio

from tests.api.conftest import World, password_hash, whole
from tests.api.dms_world import Api
from tests.nodeny.server import Server, any_server
from tests.nodeny.support import Nodeny, nodeny_database
from tests.poller.support import add_agent_device
from tests.services.support import ADMIN, capture
from wildcore.app.components import all_components
from wildcore.services import calls
from wildcore.transport.replay import ReplayAgent

__all__ = ["password_hash", "whole"]


@pytest.fixture(scope="session")
def mariadb(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with any_server(tmp_path_factory.mktemp("mariadb")) as server:
        yield server


@pytest.fixture
def nodeny(mariadb: Server) -> Iterator[Nodeny]:
    with nodeny_database(mariadb) as made:
        yield made


@pytest.fixture
def world(whole: World, nodeny: Nodeny) -> World:
    """Everything is on; NoDeny's settings point at the database, MikBill's nowhere."""
    ports = whole.runtime.ports
    ports.gate(whole.runtime.catalogue.enabled)
    for one in all_components():
        for protocol, factory in one.provides.items():
            ports.supply(one.key, protocol, partial(factory, whole.runtime))
    nodeny.configure(whole.runtime)
    return whole


@pytest_asyncio.fixture
async def agent() -> AsyncIterator[ReplayAgent]:
    async with ReplayAgent(capture("bdcom_epon")) as running:
        yield running


@pytest_asyncio.fixture
async def olt(world: World, agent: ReplayAgent) -> int:
    """An OLT behind a real agent whose ONUs were polled."""
    secrets = world.runtime.secrets.seal('{"public_community": "public"}')
    device_id = add_agent_device(world.runtime.db, agent, secrets=secrets)
    for module in ("interfaces_list", "pon_onts_mac_addr", "pon_onts_status", "pon_onts_optical", "fdb"):
        await calls.call(world.runtime, ADMIN, device_id, module, {}, "device")
    return device_id


@pytest_asyncio.fixture
async def admin(world: World, olt: int) -> AsyncIterator[Api]:
    async with world.client(world.key(world.user("admin", all_groups=True))) as client:
        yield Api(client)
