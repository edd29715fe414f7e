"""A hub per test, and rows that every agent can serve."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest_asyncio

from wildcore.transport.hub import DeviceHub


@pytest_asyncio.fixture
async def hub() -> AsyncIterator[DeviceHub]:
    """An empty hub, closed at the end."""
    async with DeviceHub() as made:
        yield made
