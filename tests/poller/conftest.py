"""An OLT that answers real SNMP on a loopback port."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from tests.poller.support import add_agent_device
from wildcore.lab.captures import Device, olt
from wildcore.services.runtime import Runtime
from wildcore.transport.replay import ReplayAgent


@pytest.fixture
def simulated() -> Device:
    """A BDCOM EPON OLT with two PON ports and eight ONUs on each."""
    return olt("bdcom_epon", 8, 2)


@pytest_asyncio.fixture
async def agent(simulated: Device) -> AsyncIterator[ReplayAgent]:
    """Its SNMP agent."""
    async with ReplayAgent(simulated.mib()) as agent:
        yield agent


@pytest.fixture
def device_id(runtime: Runtime, agent: ReplayAgent) -> int:
    """The OLT as it is stored."""
    return add_agent_device(runtime.db, agent)
