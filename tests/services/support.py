"""Networks that tests of the services are made of: devices with groups, ports, ONUs, subscribers; devices behind real agents."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sqlalchemy import insert
from sqlalchemy.orm import Session

from tests.poller.support import add_agent_device, add_device, counted_statements, insert_row
from wildcore.i18n import _
from wildcore.services.actor import Actor
from wildcore.services.bindings import port_number, rebind
from wildcore.services.ports import Billing, BillingSource
from wildcore.services.runtime import Runtime
from wildcore.store.tables import DeviceGroup, DeviceGroupLink, FdbHistory, Interface, Subscriber, SubscriberClaim
from wildcore.transport.replay import ReplayAgent, read_snmprec
from wildcore.transport.snmp.types import Varbind

CAPTURES = Path(__file__).parents[1] / "drivers"
ADMIN = Actor(user_id=1, login="admin")

__all__ = [
    "ADMIN",
    "CAPTURES",
    "BillingHere",
    "add_agent_device",
    "add_device",
    "add_fdb",
    "add_group",
    "add_interface",
    "add_subscriber",
    "capture",
    "counted_statements",
    "in_groups",
]


def capture(family: str) -> list[Varbind]:
    """Rows of a generated capture."""
    return read_snmprec(CAPTURES / family / "device.snmprec")


def in_groups(*group_ids: int) -> Actor:
    """A user who sees these device groups only."""
    return Actor(user_id=2, login="limited", group_ids=frozenset(group_ids))


def add_group(session: Session, name: str, device_ids: Iterable[int] = ()) -> int:
    group_id = insert_row(session, DeviceGroup, name=name, description="", created_at=1)
    for device_id in device_ids:
        session.execute(insert(DeviceGroupLink).values(device_id=device_id, group_id=group_id))
    return group_id


def add_interface(session: Session, device_id: int, bind_key: str, name: str, kind: str = "FE", **facts: Any) -> int:
    values = {
        "device_id": device_id,
        "bind_key": bind_key,
        "name": name,
        "port_num": port_number(name),
        "type": kind,
        "params": {},
        "created_at": 1,
        "updated_at": 1,
        **facts,
    }
    return insert_row(session, Interface, **values)


def add_fdb(session: Session, device_id: int, interface_id: int, mac: str, *, active: bool = True, vlan_id: int = 10) -> None:
    session.execute(
        insert(FdbHistory).values(
            device_id=device_id,
            interface_id=interface_id,
            mac=mac,
            vlan_id=vlan_id,
            first_seen_at=1,
            last_seen_at=2,
            active=active,
        )
    )


def add_subscriber(session: Session, uid: str, agreement: str, login: str, address: str = "", **claim: str) -> int:
    subscriber_id = insert_row(
        session,
        Subscriber,
        source="mikbill",
        uid=uid,
        agreement=agreement,
        login=login,
        billing_link=f"/#clientcard/{uid}",
        address_full=address,
        updated_at=1,
    )
    if claim:
        insert_row(session, SubscriberClaim, subscriber_id=subscriber_id, **claim)
        rebind(session, everything=True)
    return subscriber_id


@dataclass
class BillingHere:
    """A billing system that is switched on."""

    search_field: str = "agreement"

    def source(self) -> BillingSource:
        title, command = _("MikBill billing"), "mikbill_integration:sync-clients"
        return BillingSource("mikbill", title, "https://billing.example", self.search_field, "mikbill_sync_clients", command)


def with_billing(runtime: Runtime, search_field: str = "agreement") -> None:
    """Switch a billing system on."""
    runtime.ports.supply("mikbill_integration", Billing, lambda: BillingHere(search_field))


def agent_of(rows: Iterable[Varbind], **facts: Any) -> ReplayAgent:
    """An agent that serves rows."""
    return ReplayAgent(rows, **facts)
