"""Fresh values for pages: ask the device what a page shows; the answers go into the store, from where the page is read again."""

from __future__ import annotations

import asyncio

from sqlalchemy import select
from sqlalchemy.orm import Session

from wildcore.services import calls, subscriber_lookup
from wildcore.services.actor import Actor
from wildcore.services.calls import CallResult
from wildcore.services.pages_interface import kind_of
from wildcore.services.runtime import Runtime
from wildcore.services.scope import require_device, require_interface
from wildcore.store.tables import DeviceModel

WAIT_SEC = 12.0
ONU_LIVE = (
    "pon_onts_status",
    "pon_onts_optical",
    "pon_onts_reasons",
    "fdb",
    "pon_onts_uni",
    "pon_onts_vendor",
    "pon_onts_counters",
)
PORT_LIVE = ("link_info", "counters", "fdb")
PON_LIVE = ("link_info",)
DEVICE_LIVE = {"OLT": ("pon_onts_status", "system"), "SWITCH": ("link_info", "system")}


async def refresh_interface(runtime: Runtime, actor: Actor, interface_id: int) -> str:
    """Ask for everything an interface's page shows; why its state could not be read, "" when it was.

    NotFound when the actor may not see it. What else failed is told by the stored answers.
    """

    def place(session: Session) -> tuple[int, str, str, frozenset[str]]:
        row = require_interface(session, actor, interface_id)
        known = frozenset(one.name for one in calls.modules(session, actor, row.device_id))
        return row.device_id, row.bind_key, kind_of(row.type), known

    device_id, bind_key, kind, known = await runtime.db.run_read(place)
    wanted = {"ONU": ONU_LIVE, "PON": PON_LIVE}.get(kind, PORT_LIVE)
    return await _ask(runtime, actor, device_id, [name for name in wanted if name in known], bind_key)


async def find_subscriber(runtime: Runtime, actor: Actor, interface_id: int) -> str:
    """Ask billing whose an ONU is; why it could not tell, "" when it could. NotFound when the actor may not see the ONU."""
    ident = await runtime.db.run_read(lambda session: require_interface(session, actor, interface_id).ident)
    if not ident:
        return ""
    return "; ".join((await subscriber_lookup.look_up(runtime, ident)).errors)


async def refresh_device(runtime: Runtime, actor: Actor, device_id: int) -> str:
    """Ask for the states of all ONUs or ports of a device; why they could not be read, "" when they were."""

    def place(session: Session) -> tuple[str, frozenset[str]]:
        device = require_device(session, actor, device_id)
        kind = session.scalar(select(DeviceModel.type).where(DeviceModel.id == device.model_id)) or ""
        return kind, frozenset(one.name for one in calls.modules(session, actor, device_id))

    kind, known = await runtime.db.run_read(place)
    wanted = DEVICE_LIVE.get(kind, ("link_info", "system"))
    return await _ask(runtime, actor, device_id, [name for name in wanted if name in known], "")


async def _ask(runtime: Runtime, actor: Actor, device_id: int, names: list[str], bind_key: str) -> str:
    async def one(name: str) -> CallResult:
        args = {"interface": bind_key} if bind_key else {}
        return await calls.call(runtime, actor, device_id, name, args, "device", WAIT_SEC)

    results = await asyncio.gather(*(one(name) for name in names))
    return (results[0].meta.error or "") if results else ""
