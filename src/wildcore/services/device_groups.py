"""Device groups: sets of devices that decide who sees what."""

from __future__ import annotations

from typing import Any

from sqlalchemy import ColumnElement, delete, func, insert, select, true, update
from sqlalchemy.orm import Session

from wildcore.errors import Conflict, NotFound, ValidationFailed
from wildcore.i18n import gettext
from wildcore.services.actor import Actor
from wildcore.services.device_views import GroupView, Listing
from wildcore.services.runtime import Runtime
from wildcore.store.tables import DeviceGroup

_COLUMNS = (DeviceGroup.id, DeviceGroup.name, DeviceGroup.description, DeviceGroup.created_at)


def list_groups(session: Session, actor: Actor, *, limit: int | None = None, offset: int = 0) -> Listing[GroupView]:
    """The groups that the actor sees, by name."""
    query = (
        select(*_COLUMNS).where(_visible(actor)).order_by(DeviceGroup.name, DeviceGroup.id).limit(limit).offset(offset or None)
    )
    total = session.scalar(select(func.count(DeviceGroup.id)).where(_visible(actor))) or 0
    return Listing([GroupView(*row) for row in session.execute(query)], total)


def get_group(session: Session, actor: Actor, group_id: int) -> GroupView:
    """One group; NotFound also when the actor may not see it."""
    row = session.execute(select(*_COLUMNS).where(DeviceGroup.id == group_id, _visible(actor))).one_or_none()
    if row is None:
        raise NotFound(gettext("There is no device group {id}", id=group_id), field="group_id")
    return GroupView(*row)


def require_groups(session: Session, actor: Actor, group_ids: tuple[int, ...]) -> tuple[int, ...]:
    """The ids, each once, when all of them exist and the actor sees them."""
    wanted = tuple(dict.fromkeys(group_ids))
    known = set(session.scalars(select(DeviceGroup.id).where(DeviceGroup.id.in_(wanted), _visible(actor)))) if wanted else set()
    missing = [one for one in wanted if one not in known]
    if missing:
        raise NotFound(gettext("There is no device group {id}", id=missing[0]), field="group_ids")
    return wanted


def add_group(session: Session, runtime: Runtime, name: str, description: str = "") -> GroupView:
    """A new group; its name is unique."""
    name = _checked_name(session, name)
    values: dict[str, Any] = {"name": name, "description": description.strip(), "created_at": runtime.now()}
    return GroupView(session.scalars(insert(DeviceGroup).values(**values).returning(DeviceGroup.id)).one(), **values)


def update_group(
    session: Session, actor: Actor, group_id: int, *, name: str | None = None, description: str | None = None
) -> GroupView:
    """Rename or describe a group."""
    get_group(session, actor, group_id)
    values: dict[str, Any] = {}
    if name is not None:
        values["name"] = _checked_name(session, name, group_id)
    if description is not None:
        values["description"] = description.strip()
    if values:
        session.execute(update(DeviceGroup).where(DeviceGroup.id == group_id).values(**values))
    return get_group(session, actor, group_id)


def delete_group(session: Session, actor: Actor, group_id: int) -> None:
    """Delete a group; its devices stay."""
    get_group(session, actor, group_id)
    session.execute(delete(DeviceGroup).where(DeviceGroup.id == group_id))


def _visible(actor: Actor) -> ColumnElement[bool]:
    return true() if actor.group_ids is None else DeviceGroup.id.in_(sorted(actor.group_ids))


def _checked_name(session: Session, name: str, own_id: int = 0) -> str:
    text = name.strip()
    if not text or len(text) > 200:
        raise ValidationFailed(gettext("{field}: from 1 to {longest} characters", field="name", longest=200), field="name")
    taken = session.scalar(select(DeviceGroup.id).where(DeviceGroup.name == text, DeviceGroup.id != own_id))
    if taken is not None:
        raise Conflict(gettext("A device group {name} exists already", name=text), field="name")
    return text
