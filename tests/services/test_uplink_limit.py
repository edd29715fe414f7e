"""The operator's word on how many addresses make an uplink counts wherever somebody is bound by MAC, not in the sync alone."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio
from sqlalchemy import select, update

from tests.services.support import (
    ADMIN,
    add_agent_device,
    add_device,
    add_fdb,
    add_interface,
    add_subscriber,
    agent_of,
    capture,
)
from wildcore.services import calls, devices, interfaces, polling
from wildcore.services.bindings import rebind
from wildcore.services.interfaces_retention import forget_old
from wildcore.services.runtime import Runtime
from wildcore.store.tables import Binding, FdbHistory, Interface, SubscriberClaim
from wildcore.transport.replay import ReplayAgent
from wildcore.transport.snmp.types import Varbind

MAC = "00156D010001"
SECOND, BEHIND_THE_FIRST = (102, 0, 0x15, 0x6D, 1, 0, 2), 101


def moved(row: Varbind) -> Varbind:
    """The second ONU's address stands behind the first one too, which has two addresses then."""
    return row._replace(value=BEHIND_THE_FIRST) if row.oid[-7:] == SECOND and row.value == 102 else row


@pytest_asyncio.fixture
async def agent() -> AsyncIterator[ReplayAgent]:
    async with agent_of(map(moved, capture("bdcom_epon"))) as running:
        yield running


def uplinks_have_more_than(runtime: Runtime, limit: int) -> None:
    with runtime.db.write() as session:
        runtime.settings.set(session, {"ANALYTICS_IGNORE_IFACES_WITH_MORE_THAN": limit})
    runtime.settings.forget()


def claim(runtime: Runtime) -> tuple[str, int | None]:
    """Why the one claim leads nowhere, and where it leads."""
    with runtime.db.read() as session:
        return session.scalars(select(SubscriberClaim.unmatched)).one(), session.scalar(select(Binding.interface_id))


@pytest.mark.parametrize("asked_by", ["person", "poller"])
async def test_what_a_device_answers(runtime: Runtime, agent: ReplayAgent, asked_by: str) -> None:
    device_id = add_agent_device(runtime.db, agent, secrets=runtime.secrets.seal('{"public_community": "public"}'))
    with runtime.db.write() as session:
        add_subscriber(session, "7", "00007", "seven", mac=MAC)
    for limit, reason in ((1, "mac_uplink"), (2, "")):
        uplinks_have_more_than(runtime, limit)
        with runtime.db.write() as session:
            session.execute(update(FdbHistory).values(active=False))  # so that the address comes anew
        if asked_by == "person":
            await calls.call(runtime, ADMIN, device_id, "interfaces_list", {}, "device")
            answer = await calls.call(runtime, ADMIN, device_id, "fdb", {}, "device")
            assert answer.meta.error is None
        else:
            await polling.poll_now(runtime, device_id, ["interfaces_list", "fdb_table"])
        assert claim(runtime)[0] == reason


def crowded(runtime: Runtime) -> tuple[int, int, int]:
    """A port with twelve addresses, which the operator takes for a house's; another that had the subscriber before."""
    uplinks_have_more_than(runtime, 30)
    house, old = add_device(runtime.db, "192.0.2.1"), add_device(runtime.db, "192.0.2.2")
    with runtime.db.write() as session:
        port, before = add_interface(session, house, "3", "1/3"), add_interface(session, old, "1", "1/1", gone_at=5)
        for number in range(12):
            add_fdb(session, house, port, f"0200000000{number:02X}")
        add_fdb(session, old, before, "020000000000")
        add_subscriber(session, "7", "00007", "seven", mac="020000000000")
        rebind(session, everything=True, uplink_macs=30)
    assert claim(runtime) == ("", before)
    return port, before, old


def test_a_deleted_interface(runtime: Runtime) -> None:
    port, before, _old = crowded(runtime)
    with runtime.db.write() as session:
        interfaces.delete_interface(session, runtime, ADMIN, before)
    assert claim(runtime) == ("", port)


def test_a_deleted_device(runtime: Runtime) -> None:
    port, _before, old = crowded(runtime)
    with runtime.db.write() as session:
        devices.delete_device(session, runtime, ADMIN, old)
    assert claim(runtime) == ("", port)


async def test_an_interface_that_is_forgotten(runtime: Runtime) -> None:
    port, before, _old = crowded(runtime)
    await forget_old(runtime)
    with runtime.db.read() as session:
        assert session.get(Interface, before) is None
    assert claim(runtime) == ("", port)
