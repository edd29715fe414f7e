"""The page of the action log: lines with the names of what they are about, in a constant number of SQL statements."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, Select, func, select
from sqlalchemy.orm import Session

from wildcore.services.action_log import ActionQuery, conditions
from wildcore.services.action_words import ACTIONS
from wildcore.services.actor import Actor
from wildcore.services.scope import visible_devices
from wildcore.store.tables import ActionLog, Device, Interface, User

PAGE_ROWS = 100


@dataclass(frozen=True, slots=True)
class ActionRow:
    """One line; `at` in Unix seconds. Names are None where the object is gone; `login` is as it was then."""

    id: int
    at: int
    login: str
    user_id: int | None
    ip: str
    action: str
    success: bool
    message: str
    meta: Mapping[str, Any]
    device_id: int | None
    device_name: str | None
    interface_id: int | None
    interface_name: str | None
    user_known: bool


@dataclass(frozen=True, slots=True)
class ActionsPage:
    """One page of the log and what its filter offers."""

    rows: tuple[ActionRow, ...]
    found: int
    page: int
    pages: int
    users: tuple[tuple[int, str], ...]
    devices: tuple[tuple[int, str], ...]
    actions: tuple[tuple[str, str], ...]


def actions_page(session: Session, actor: Actor, wanted: ActionQuery, page: int = 1) -> ActionsPage:
    """The newest lines that fit, in four statements."""
    actor.require("system_logs_actions")
    where = conditions(actor, wanted)
    found = session.scalar(select(func.count()).select_from(ActionLog).where(*where)) or 0
    pages = max(1, -(-found // PAGE_ROWS))
    page = min(max(1, page), pages)
    rows = session.execute(_lines(where).limit(PAGE_ROWS).offset((page - 1) * PAGE_ROWS))
    users = session.execute(select(User.id, User.login).order_by(User.login))
    devices = session.execute(select(Device.id, Device.name, Device.ip).where(visible_devices(actor)).order_by(Device.name))
    words = {key: str(text) for key, text in ACTIONS.items()}
    return ActionsPage(
        rows=tuple(_row(row) for row in rows),
        found=found,
        page=page,
        pages=pages,
        users=tuple((row[0], row[1]) for row in users),
        devices=tuple((row[0], row[1] or row[2]) for row in devices),
        actions=tuple(sorted(words.items(), key=lambda pair: pair[1])),
    )


def action_lines(session: Session, ids: Sequence[int]) -> list[ActionRow]:
    """Lines by id, in the order of `ids`. One statement."""
    found = {row[0]: _row(row) for row in session.execute(_lines([ActionLog.id.in_(list(ids))]))}
    return [found[one] for one in ids if one in found]


def _lines(where: list[ColumnElement[bool]]) -> Select[Any]:
    return (
        select(
            ActionLog.id, ActionLog.at, ActionLog.login, ActionLog.user_id, ActionLog.ip, ActionLog.action, ActionLog.success,
            ActionLog.message, ActionLog.meta, ActionLog.device_id, Device.name, Device.ip, ActionLog.interface_id,
            Interface.name, User.id,
        )
        .outerjoin(Device, Device.id == ActionLog.device_id)
        .outerjoin(Interface, Interface.id == ActionLog.interface_id)
        .outerjoin(User, User.id == ActionLog.user_id)
        .where(*where)
        .order_by(ActionLog.id.desc())
    )  # fmt: skip


def _row(row: Any) -> ActionRow:
    (
        line_id,
        at,
        login,
        user_id,
        ip,
        action,
        success,
        message,
        meta,
        device_id,
        name,
        address,
        interface_id,
        interface,
        known,
    ) = row
    return ActionRow(
        line_id, at, login, user_id, ip, action, success, message, meta, device_id, name or address, interface_id, interface,
        known is not None,
    )  # fmt: skip
