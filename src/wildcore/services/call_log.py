"""The logs of pollers and of questions to devices: one line each, written in the transaction that is open anyway."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

from sqlalchemy import ColumnElement, func, insert, select
from sqlalchemy.orm import Session

from wildcore.services.actor import Actor
from wildcore.services.polling_leases import Finished
from wildcore.services.runtime import Runtime
from wildcore.services.scope import visible_devices
from wildcore.store.tables import Device, DeviceCall, Interface, PollRun, User

Source = Literal["person", "control", "poller"]
LONGEST_ERROR = 2000


@dataclass(frozen=True, slots=True)
class LogQuery:
    """Which lines; all parts are optional and and-ed. Times are Unix seconds, both ends included; `failed` True for failures.

    `user_id` is of questions only: pollers run for nobody.
    """

    device_id: int | None = None
    name: str = ""
    failed: bool | None = None
    since: int | None = None
    until: int | None = None
    user_id: int | None = None


def note_poll(
    session: Session,
    runtime: Runtime,
    device_id: int,
    poller: str,
    ended: Finished,
    *,
    at: int,
) -> None:
    """Write how a poll ended, if such runs are logged. Skipped ones (the device is down) are none."""
    if ended.result == "down" or (ended.result == "ok" and runtime.settings.get("LOG_POLLER_RUNS") != "all"):
        return
    values = {"at": at, "device_id": device_id, "poller": poller[:40], "result": ended.result, "rows": ended.rows}
    session.execute(insert(PollRun).values(**values, duration_ms=ended.duration_ms, error=_short(ended.error)))


def note_call(
    session: Session,
    device_id: int,
    module: str,
    source: Source,
    *,
    at: int,
    user_id: int | None = None,
    interface_id: int | None = None,
    duration_ms: int | None = None,
    rows: int | None = None,
    error: str | None = None,
) -> None:
    """Write that a device was asked, by whom, and what came of it."""
    values = {"at": at, "device_id": device_id, "interface_id": interface_id or None, "module": module[:64], "source": source}
    session.execute(insert(DeviceCall).values(**values, user_id=user_id, duration_ms=duration_ms, rows=rows, error=_short(error)))


def poll_runs(
    session: Session, actor: Actor, wanted: LogQuery, *, limit: int | None = None, offset: int = 0
) -> tuple[list[int], int]:
    """Ids of the runs of pollers, newest first, and how many there are."""
    failed = PollRun.result != "ok"
    return _ids(session, actor, PollRun, PollRun.poller, failed, wanted, limit, offset)


def device_calls(
    session: Session, actor: Actor, wanted: LogQuery, *, limit: int | None = None, offset: int = 0
) -> tuple[list[int], int]:
    """Ids of the questions to devices, newest first, and how many there are."""
    return _ids(session, actor, DeviceCall, DeviceCall.module, DeviceCall.error.is_not(None), wanted, limit, offset)


def read(session: Session, model: type[PollRun | DeviceCall], ids: list[int]) -> list[dict[str, Any]]:
    """Lines by id, in the order of `ids`, each with the names of its device, interface and user (None once they were deleted)."""
    table = model.__table__
    columns = [*table.c, Device.ip, Device.name.label("device_name")]
    query = select(*columns).select_from(table).outerjoin(Device, Device.id == table.c.device_id)
    if "interface_id" in table.c:
        query = query.outerjoin(Interface, Interface.id == table.c.interface_id)
        query = query.outerjoin(User, User.id == table.c.user_id)
        query = query.add_columns(Interface.name.label("interface_name"), User.login)
    found = {row["id"]: dict(row) for row in session.execute(query.where(table.c.id.in_(ids))).mappings()}
    return [found[one] for one in ids if one in found]


def _ids(
    session: Session, actor: Actor, model: Any, named: Any, failed: Any, wanted: LogQuery, limit: int | None, offset: int
) -> tuple[list[int], int]:
    where: list[ColumnElement[bool]] = [visible_devices(actor, model.device_id)]
    if wanted.device_id is not None:
        where.append(model.device_id == wanted.device_id)
    if wanted.user_id is not None and model is DeviceCall:
        where.append(DeviceCall.user_id == wanted.user_id)
    if wanted.name:
        where.append(named == wanted.name)
    if wanted.failed is not None:
        where.append(failed if wanted.failed else ~failed)
    if wanted.since is not None:
        where.append(model.at >= wanted.since)
    if wanted.until is not None:
        where.append(model.at <= wanted.until)
    total = session.scalar(select(func.count(model.id)).where(*where)) or 0
    query = select(model.id).where(*where).order_by(model.id.desc()).limit(limit).offset(offset or None)
    return list(session.scalars(query)), total


def _short(error: str | None) -> str | None:
    return error[:LONGEST_ERROR].replace("\x00", "") if error else None
