"""The application with the components of devices, their search and their diagnosis."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import httpx

from tests.api.conftest import Clock, World, component_info
from wildcore.components.devices.component import component as devices
from wildcore.components.diagnostic.component import component as diagnostic
from wildcore.components.interfaces.component import component as interfaces
from wildcore.components.logs.component import component as logs
from wildcore.components.olts.component import component as olts
from wildcore.components.olts_control.component import component as olts_control
from wildcore.components.search.component import component as search
from wildcore.components.search_device.component import component as search_device
from wildcore.components.switcher_core.component import component as switcher_core
from wildcore.components.switches.component import component as switches
from wildcore.components.switches_control.component import component as switches_control
from wildcore.components.system.component import component as system
from wildcore.components.users.component import component as users
from wildcore.services.catalogue import Catalogue
from wildcore.services.runtime import Runtime
from wildcore.web.app import create_app

COMPONENTS = (
    system, users, devices, interfaces, switcher_core, diagnostic, search, search_device, olts, olts_control, switches,
    switches_control, logs,
)  # fmt: skip


def dms_world(runtime: Runtime, password_hash: str) -> World:
    """A world of these components; its clock is the real one."""
    clock = Clock()
    full = replace(runtime, catalogue=Catalogue(runtime.db, map(component_info, COMPONENTS)), now=clock)
    return World(create_app(full, COMPONENTS), full, clock, password_hash)


@dataclass
class Api:
    """A client that reads envelopes."""

    client: httpx.AsyncClient

    async def ask(self, method: str, path: str, status: int = 200, **options: Any) -> Any:
        """The whole envelope of an answer with this status."""
        answer = await self.client.request(method, f"/api/v1{path}", **options)
        assert answer.status_code == status, answer.text
        body = answer.json()
        assert body["statusCode"] == status
        assert ("error" in body) == (status >= 400)
        return body

    async def get(self, path: str, **params: Any) -> Any:
        """`data` of a GET."""
        return (await self.ask("GET", path, params=params))["data"]
