"""A small network, and a billing stand-in that tells of its subscribers over real HTTP."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any

import pytest_asyncio
from sqlalchemy import insert, select

from wildcore.components.mikbill_integration.billing import SOURCE, MikbillBilling
from wildcore.components.mikbill_integration.settings import SETTINGS
from wildcore.lab.billing import Billing, BillingServer
from wildcore.lab.district import Subscriber
from wildcore.lab.names import Address, Person
from wildcore.services.runtime import Runtime
from wildcore.services.subscriber_jobs import LastSync, SyncReport, last_sync, synchronise
from wildcore.store.tables import (
    Binding,
    ComponentRow,
    Device,
    DeviceAccess,
    DeviceModel,
    Interface,
    SubscriberClaim,
)
from wildcore.store.tables import Subscriber as StoredSubscriber

KEY = "cd1f08c0-dcea-4603-934d-471deb7c9387"
OLT, SWITCH = "192.0.2.1", "192.0.2.2"
ONUS = tuple(f"ZTEGC00000{number:02X}" for number in range(10))
State = list[tuple[Any, ...]]


def client(uid: int, **values: Any) -> Subscriber:
    """A subscriber as billing has it; `ident`, `switch` and `port`, `mac` say where."""
    address = Address("Рівне", "вулиця Соборна", str(uid))
    return Subscriber(uid, f"{uid:05}", f"login{uid}", Person("Мороз", "Олена"), address, **values)


@dataclass
class Site:
    """The network, the billing, and what is stored of it. `names`: interface id -> name."""

    runtime: Runtime
    billing: Billing
    server: BillingServer
    names: dict[int, str]

    async def sync(self, **options: Any) -> SyncReport:
        """One sync by hand."""
        told = options.pop("progress", lambda _stage, _done, _total: None)
        return await synchronise(self.runtime, MikbillBilling(self.runtime), told, trigger="operator", **options)

    def state(self) -> State:
        """All that is stored of subscribers: uid, texts, claim, reason, strength and name of the place."""
        columns = (StoredSubscriber.uid, StoredSubscriber.agreement, StoredSubscriber.login, StoredSubscriber.address_full)
        claim = (
            SubscriberClaim.ident,
            SubscriberClaim.switch_ip,
            SubscriberClaim.port,
            SubscriberClaim.mac,
            SubscriberClaim.unmatched,
        )
        query = (
            select(*columns, *claim, Binding.strength, Binding.interface_id)
            .join(SubscriberClaim, SubscriberClaim.subscriber_id == StoredSubscriber.id, isouter=True)
            .join(Binding, Binding.claim_id == SubscriberClaim.id, isouter=True)
            .order_by(StoredSubscriber.id, SubscriberClaim.id)
        )
        with self.runtime.db.read() as session:
            return [(*row[:-1], self.names.get(row[-1], row[-1])) for row in map(tuple, session.execute(query))]

    def places(self) -> dict[str, str]:
        """Where each subscriber is: uid -> the name of the port or ONU, else the reason."""
        return {row[0]: row[-1] or row[-3] for row in self.state()}

    def last(self) -> LastSync:
        """The row of the last sync."""
        with self.runtime.db.read() as session:
            found = last_sync(session, SOURCE)
        assert found is not None
        return found


@pytest_asyncio.fixture
async def site(runtime: Runtime) -> AsyncIterator[Site]:
    """An OLT with ten ONUs, a switch with eight ports, ten subscribers on the ONUs; the billing is set up and not asked yet."""
    runtime.settings.declare(SETTINGS)
    names: dict[int, str] = {}
    with runtime.db.write() as session:
        session.add(DeviceAccess(id=1, name="a", created_at=1, updated_at=1))
        session.add(DeviceModel(id=900, key="m", name="m", vendor="v", model="m", type="OLT", family="f"))
        session.add(ComponentRow(key="mikbill_integration", enabled=True, updated_at=1))
        session.flush()
        for number, ip in ((1, OLT), (2, SWITCH)):
            session.add(Device(id=number, ip=ip, model_id=900, access_id=1, created_at=1, updated_at=1))
        session.flush()
        onus = [(1, f"1.{at}", f"onu {at}", "ONU", at, ident, "SN") for at, ident in enumerate(ONUS)]
        ports = [(2, str(at), f"Gi0/{at}", "GE", at, None, "") for at in range(1, 9)]
        for device, bind_key, name, kind, number, ident, ident_type in (*onus, *ports):
            row = {"device_id": device, "bind_key": bind_key, "name": name, "type": kind, "port_num": number, "ident": ident}
            row |= {"ident_type": ident_type, "status": "Online", "created_at": 1, "updated_at": 1}
            names[session.execute(insert(Interface).values(**row).returning(Interface.id)).scalar_one()] = name
    billing = Billing([client(uid, ident=ident) for uid, ident in enumerate(ONUS, 1)], api_key=KEY)
    async with BillingServer(billing) as server:
        with runtime.db.write() as session:
            runtime.settings.set(session, {"MIKBILL_API_ADDR": server.url, "MIKBILL_AUTH_KEY": KEY})
        runtime.settings.forget()
        yield Site(runtime, billing, server, names)
        billing.go_on.set()
