"""Devices and answers that poller tests are made of."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from typing import Any

from sqlalchemy import event, insert, select
from sqlalchemy.orm import Session

from wildcore.model.answer import Answer
from wildcore.model.ident import IdentType
from wildcore.model.interface import AdminState, Interface, InterfaceType
from wildcore.model.onu import OnuIdent, OnuOptical, OnuState, OnuStatus
from wildcore.store.db import Database
from wildcore.store.tables import Device, DeviceAccess, DeviceModel
from wildcore.store.tables import Interface as InterfaceRow
from wildcore.transport.replay import ReplayAgent


def add_device(
    db: Database,
    ip: str = "127.0.0.1",
    *,
    model: str = "bdcom_p3310",
    family: str = "bdcom_epon",
    kind: str = "OLT",
    connection: dict[str, Any] | None = None,
    pollers: dict[str, int] | None = None,
    secrets: str = "",
    enabled: bool = True,
) -> int:
    """A stored device with a model and an access of its own making; returns its id."""
    with db.write() as session:
        model_id = session.scalar(select(DeviceModel.id).where(DeviceModel.key == model))
        if model_id is None:
            row = DeviceModel(key=model, name=model, vendor="", model=model, type=kind, family=family, pollers={}, params={})
            session.add(row)
            session.flush()
            model_id = row.id
        access = DeviceAccess(name=f"access of {ip}", params={}, secrets=secrets, created_at=1, updated_at=1)
        session.add(access)
        session.flush()
        device = Device(
            ip=ip,
            name=ip,
            model_id=model_id,
            access_id=access.id,
            enabled=enabled,
            params={"sw_core_connection": connection or {}},
            pollers=pollers or {},
            created_at=1,
            updated_at=1,
        )
        session.add(device)
        session.flush()
        return device.id


def pon(port: int) -> Interface:
    return Interface(f"p{port}", f"epon0/{port}", InterfaceType.EPON, "", port)


def onu(port: int, number: int, name: str | None = None) -> Interface:
    return Interface(f"o{port}.{number}", name or f"epon0/{port}:{number}", InterfaceType.ONU, f"p{port}", 1000 * port + number)


def district(ports: int, each: int) -> list[Interface]:
    """PON ports with ONUs on each."""
    return [row for port in range(1, ports + 1) for row in (pon(port), *(onu(port, n) for n in range(1, each + 1)))]


def keys(rows: list[Interface]) -> list[str]:
    return [row.bind_key for row in rows if row.type is InterfaceType.ONU]


def statuses(bind_keys: list[str], state: OnuState = OnuState.ONLINE, raw: str = "auth-success") -> Answer[OnuStatus]:
    return Answer([OnuStatus(key, state, AdminState.ENABLED, raw) for key in bind_keys])


def idents(bind_keys: list[str], prefix: str = "AABB") -> Answer[OnuIdent]:
    return Answer([OnuIdent(key, f"{prefix}{at:08X}", IdentType.MAC) for at, key in enumerate(bind_keys)])


def optics(bind_keys: list[str], rx_dbm: float | None = -20.5) -> Answer[OnuOptical]:
    return Answer([OnuOptical(key, rx_dbm, 2.1, -22.0, None, 41.0, 3.3, 1200) for key in bind_keys])


def interface(session: Session, device_id: int, bind_key: str) -> InterfaceRow:
    query = select(InterfaceRow).where(InterfaceRow.device_id == device_id, InterfaceRow.bind_key == bind_key)
    row = session.execute(query.execution_options(populate_existing=True)).scalar_one()
    session.expunge(row)  # stays readable when the session is over
    return row


@contextmanager
def counted_statements(db: Database) -> Iterator[list[str]]:
    """SQL statements that are executed in the block; many rows of one statement count once."""
    statements: list[str] = []

    def note(_connection: Any, _cursor: Any, statement: str, *_rest: Any) -> None:
        if not statement.startswith("BEGIN"):
            statements.append(statement)

    event.listen(db.engine, "before_cursor_execute", note)
    try:
        yield statements
    finally:
        event.remove(db.engine, "before_cursor_execute", note)


def insert_row(session: Session, model: Any, **values: Any) -> int:
    """A stored row; returns its id."""
    return int(session.execute(insert(model).values(**values).returning(model.id)).scalar_one())


def add_agent_device(db: Database, agent: ReplayAgent, **facts: Any) -> int:
    """The device behind an agent; impatient, so that tests of silence are quick."""
    connection = {"snmp_port": agent.port, "snmp_timeout_sec": 0.3, "snmp_repeats": 2, **facts.pop("connection", {})}
    return add_device(db, agent.host, connection=connection, **facts)


async def until(condition: Callable[[], Awaitable[bool]], seconds: float = 30.0) -> None:
    """Return when the condition holds; fails the test when it does not in time."""
    async with asyncio.timeout(seconds):
        while not await condition():  # noqa: ASYNC110 - other processes set no event
            await asyncio.sleep(0.02)
