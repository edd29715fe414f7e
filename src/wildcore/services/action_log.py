"""The action log: who did what, when, from where, on what, with what result. Secrets are never in it."""

from __future__ import annotations

import re
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, func, or_, select
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
    session.add(
        ActionLog(
            at=int(time.time()),
            user_id=actor.user_id,
            login=actor.login[:100],
            ip=actor.ip[:64],
            action=action[:64],
            device_id=device_id,
            interface_id=interface_id,
            success=success,
            message=redact(message)[:2000],
            meta=_scrub(dict(meta or {})),
        )
    )


def redact(text: str) -> str:
    """The text with everything that looks like one of our keys replaced."""
    return _KEY_TEXT.sub("***", text)


def actions(
    session: Session,
    actor: Actor,
    *,
    action: str = "",
    user_id: int | None = None,
    device_id: int | None = None,
    since: int | None = None,
    until: int | None = None,
    limit: int = 100,
    offset: int = 0,
) -> tuple[list[ActionRecord], int]:
    """The newest lines first, and how many there are in all; lines about devices the actor may not see are left out."""
    where: list[ColumnElement[bool]] = []
    if actor.group_ids is not None:
        seen = select(Device.id).where(visible_devices(actor))
        where.append(or_(ActionLog.device_id.is_(None), ActionLog.device_id.in_(seen)))
    if action:
        where.append(ActionLog.action == action)
    if user_id is not None:
        where.append(ActionLog.user_id == user_id)
    if device_id is not None:
        where.append(ActionLog.device_id == device_id)
    if since is not None:
        where.append(ActionLog.at >= since)
    if until is not None:
        where.append(ActionLog.at <= until)
    total = session.scalar(select(func.count()).select_from(ActionLog).where(*where)) or 0
    rows = session.scalars(select(ActionLog).where(*where).order_by(ActionLog.id.desc()).limit(limit).offset(offset))
    return [_record(row) for row in rows], total


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
