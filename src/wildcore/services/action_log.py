"""The action log: who did what, when, from where, on what, with what result. Secrets are never in it."""

from __future__ import annotations

import re
import time
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, func, insert, or_, select
from sqlalchemy.orm import Session

from wildcore.services.actor import Actor
from wildcore.services.scope import visible_devices
from wildcore.store.tables import ActionLog, Device

_SECRET = re.compile(r"pass|secret|token|community|auth_?key|api_?key|\bkey\b|priv", re.IGNORECASE)
_KEY_TEXT = re.compile(r"\b[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}\b", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class ActionRecord:
    """One line of the log; `at` is an epoch."""

    id: int
    at: int
    user_id: int | None
    login: str
    ip: str
    action: str
    device_id: int | None
    interface_id: int | None
    success: bool
    message: str
    meta: dict[str, Any]


@dataclass(frozen=True, slots=True)
class ActionQuery:
    """Which lines; all parts are optional and and-ed.

    `action` may end with `*`; `status` is success or failed; times are Unix seconds, both ends included; `text` is looked for in
    message, login and address.
    """

    action: str = ""
    user_id: int | None = None
    login: str = ""
    device_id: int | None = None
    interface_id: int | None = None
    status: str | None = None
    since: int | None = None
    until: int | None = None
    text: str = ""


def log(
    session: Session,
    actor: Actor,
    action: str,
    *,
    device_id: int | None = None,
    interface_id: int | None = None,
    success: bool = True,
    message: str = "",
    meta: Mapping[str, Any] | None = None,
) -> None:
    """Write one line within the caller's transaction. Values whose names sound secret are replaced by `***`."""
    line = _line(actor, action, device_id, message)
    session.add(ActionLog(**line, interface_id=interface_id, success=success, meta=_scrub(dict(meta or {}))))


def log_all(session: Session, actor: Actor, action: str, lines: Collection[tuple[int | None, str]]) -> None:
    """One successful action on many things: a line for each (device id, message), in one statement."""
    rows = [{**_line(actor, action, device_id, message), "success": True, "meta": {}} for device_id, message in lines]
    if rows:
        session.execute(insert(ActionLog), rows)


def sounds_secret(name: str) -> bool:
    """Whether a value of this name is probably a secret."""
    return _SECRET.search(name) is not None


def redact(text: str) -> str:
    """The text with everything that looks like one of our keys replaced."""
    return _KEY_TEXT.sub("***", text)


def ids(
    session: Session, actor: Actor, wanted: ActionQuery, *, limit: int | None = None, offset: int = 0
) -> tuple[list[int], int]:
    """Ids of the newest lines first, and how many there are in all; lines about devices the actor may not see are left out."""
    where = conditions(actor, wanted)
    total = session.scalar(select(func.count()).select_from(ActionLog).where(*where)) or 0
    rows = session.scalars(select(ActionLog.id).where(*where).order_by(ActionLog.id.desc()).limit(limit).offset(offset or None))
    return list(rows), total


def conditions(actor: Actor, wanted: ActionQuery) -> list[ColumnElement[bool]]:
    """What the lines fulfil that are wanted and that the actor may see."""
    where: list[ColumnElement[bool]] = []
    if actor.group_ids is not None:
        seen = select(Device.id).where(visible_devices(actor))
        where.append(or_(ActionLog.device_id.is_(None), ActionLog.device_id.in_(seen)))
    if wanted.action.endswith("*"):
        where.append(ActionLog.action.startswith(wanted.action.rstrip("*"), autoescape=True))
    elif wanted.action:
        where.append(ActionLog.action == wanted.action)
    for column, value in (
        (ActionLog.user_id, wanted.user_id),
        (ActionLog.login, wanted.login or None),
        (ActionLog.device_id, wanted.device_id),
        (ActionLog.interface_id, wanted.interface_id),
        (ActionLog.success, None if wanted.status is None else wanted.status == "success"),
    ):
        if value is not None:
            where.append(column == value)
    if wanted.since is not None:
        where.append(ActionLog.at >= wanted.since)
    if wanted.until is not None:
        where.append(ActionLog.at <= wanted.until)
    if wanted.text:
        columns = (ActionLog.message, ActionLog.login, ActionLog.ip)
        where.append(or_(*(column.icontains(wanted.text, autoescape=True) for column in columns)))
    return where


def read(session: Session, ids: Collection[int]) -> list[ActionRecord]:
    """Lines by id, in the order of `ids`."""
    found = {row.id: _record(row) for row in session.scalars(select(ActionLog).where(ActionLog.id.in_(list(ids))))}
    return [found[one] for one in ids if one in found]


def actions(
    session: Session, actor: Actor, wanted: ActionQuery | None = None, *, limit: int | None = 100, offset: int = 0
) -> tuple[list[ActionRecord], int]:
    """A page of the log."""
    found, total = ids(session, actor, wanted or ActionQuery(), limit=limit, offset=offset)
    return read(session, found), total


def names(session: Session) -> list[str]:
    """All actions that stand in the log."""
    return list(session.scalars(select(ActionLog.action).distinct().order_by(ActionLog.action)))


def _line(actor: Actor, action: str, device_id: int | None, message: str) -> dict[str, Any]:
    return {
        "at": int(time.time()),
        "user_id": actor.user_id,
        "login": actor.login[:100],
        "ip": actor.ip[:64],
        "action": action[:64],
        "device_id": device_id,
        "message": redact(message)[:2000],
    }


def _record(row: ActionLog) -> ActionRecord:
    return ActionRecord(
        row.id, row.at, row.user_id, row.login, row.ip, row.action, row.device_id, row.interface_id,
        row.success, row.message, row.meta,
    )  # fmt: skip


def _scrub(value: Any, name: str = "") -> Any:
    if isinstance(value, Mapping):
        return {str(key): _scrub(inner, str(key)) for key, inner in value.items()}
    if name and _SECRET.search(name):
        return "***"
    if isinstance(value, list | tuple | set | frozenset):
        return [_scrub(inner) for inner in value]
    return redact(value) if isinstance(value, str) else value
