"""A small network that was really polled, for tests that ask every operation of the API."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from sqlalchemy import insert, select, update
from sqlalchemy.orm import Session

from tests.poller.support import add_agent_device
from tests.services.support import ADMIN, add_fdb, add_group, add_subscriber, capture, with_billing
from wildcore.services import calls, device_models, marks, polling
from wildcore.store.tables import Device, FdbHistory, Interface, OnuValues, Role, SubscriberSync
from wildcore.transport.replay import ReplayAgent

from .conftest import World
from .test_control_api import rows_of_a_switch


@asynccontextmanager
async def polled_network(whole: World) -> AsyncIterator[dict[str, str]]:
    """An OLT and a switch behind real agents, polled once; the ids that operations are asked with."""
    db, secrets = whole.runtime.db, whole.runtime.secrets.seal('{"public_community": "public", "private_community": "private"}')
    with_billing(whole.runtime)
    with db.write() as session:
        device_models.sync_catalogue(session)
    async with (
        ReplayAgent(capture("bdcom_epon"), writable=lambda _row: True) as olt_agent,
        ReplayAgent(rows_of_a_switch(), host="127.0.0.2", writable=lambda _row: True) as switch_agent,
    ):
        olt = add_agent_device(db, olt_agent, secrets=secrets)
        switch = add_agent_device(db, switch_agent, secrets=secrets, model="lab_switch", family="generic_switch", kind="SWITCH")
        for device_id in (olt, switch):
            await polling.poll_now(whole.runtime, device_id)
        for module in ("arp_info", "fdb"):
            await calls.call(whole.runtime, ADMIN, switch, module, {}, "device")
        with db.write() as session:
            group = add_group(session, "Rivne", [olt, switch])
            onu = session.execute(select(Interface).where(Interface.device_id == olt, Interface.type == "ONU")).scalars().first()
            port = session.execute(select(Interface).where(Interface.device_id == switch)).scalars().first()
            pon = session.execute(select(Interface).where(Interface.device_id == olt, Interface.type == "EPON")).scalars().first()
            assert onu is not None
            assert pon is not None
            assert port is not None
            onu.latitude, onu.longitude = 50.62, 26.25
            add_fdb(session, olt, onu.id, "0200000000AA")
            subscriber = add_subscriber(session, "1", "00001", "test", "Рівне, Київська вулиця 1/15", ident=onu.ident or "")
            _problems_of_billing(session, onu.ident or "", port.device_id)
            _problems_of_lines(session, onu, port)
            marks.set_marks(session, ADMIN, onu.id, favorite=True, tags=["vip"], at=1)
            facts = {"onu": onu.id, "onu_key": onu.bind_key, "ident": onu.ident, "port": port.id, "port_key": port.bind_key}
            facts |= {"pon_key": pon.bind_key, "subscriber": subscriber}
        with db.read() as session:
            owner_role = session.scalar(select(Role.id).limit(1)) or -2
        yield {
            "olt": str(olt), "switch": str(switch), "group": str(group), "role": str(owner_role),
            "olt_port": str(olt_agent.port), **{name: str(value) for name, value in facts.items()},
        }  # fmt: skip


def _problems_of_lines(session: Session, onu: Interface, port: Interface) -> None:
    """An ONU with a weak signal, and an address that stands behind it and at a switch's port for an hour."""
    session.execute(update(OnuValues).where(OnuValues.interface_id == onu.id).values(rx_dbm=-29.4))
    for place in (onu, port):
        seen = {"mac": "0200000000AB", "vlan_id": 10, "first_seen_at": 1, "last_seen_at": 3601, "active": True}
        session.execute(insert(FdbHistory).values(device_id=place.device_id, interface_id=place.id, **seen))


def _problems_of_billing(session: Session, ident: str, switch: int) -> None:
    """A sync, and what it left: a serial with a slip, two subscribers at one port, an ONU that is elsewhere."""
    ip = session.get_one(Device, switch).ip
    add_subscriber(session, "2", "00002", "second", "Рівне, Київська вулиця 2", ident=f"{ident[:-2]}{ident[-1]}{ident[-2]}")
    add_subscriber(session, "3", "00003", "third", "Рівне, Соборна вулиця 3/1", ident=ident, switch_ip=ip, port="2")
    add_subscriber(session, "4", "00004", "fourth", "Рівне, Соборна вулиця 3/2", switch_ip=ip, port="99")
    counts = {"received": 4, "added": 1, "changed": 1, "removed": 0, "unchanged": 2, "unusable": 0, "by_ident": 2, "by_port": 0}
    counts |= {"by_mac": 0, "unmatched": 2, "fetch_ms": 310, "write_ms": 40}
    changes = [
        {"what": "added", "uid": "4", "agreement": "00004", "login": "fourth", "fields": {}},
        {"what": "changed", "uid": "2", "agreement": "00002", "login": "second", "fields": {"login": ["first", "second"]}},
    ]
    done = {"trigger": "cron", "started_at": 100, "finished_at": 101, "result": "ok", "error": ""}
    failed = {"trigger": "console", "started_at": 200, "finished_at": 201, "result": "error", "error": "Billing refused the key"}
    for facts in ({**done, "summary": counts, "changes": changes}, {**failed, "summary": {}, "changes": []}):
        texts = {name: json.dumps(facts[name]) for name in ("summary", "changes")}
        session.add(SubscriberSync(**{**facts, **texts, "source": "mikbill"}))
