"""Roles: sets of permissions. Owner is locked and has all of them; System is hidden."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from wildcore.errors import Conflict, Forbidden, NotAllowed, NotFound, ValidationFailed
from wildcore.i18n import gettext
from wildcore.services import action_log
from wildcore.services.actor import Actor
from wildcore.services.runtime import Runtime
from wildcore.store.tables import OWNER_ROLE_ID, SYSTEM_ROLE_ID, Role, User


@dataclass(frozen=True, slots=True)
class RoleInfo:
    """A role as lists show it; times are epochs. `locked`: the built-in ones."""

    id: int
    name: str
    description: str
    permissions: list[str]
    display: bool
    locked: bool
    users: int
    created_at: int
    updated_at: int


@dataclass(frozen=True, slots=True)
class PermissionInfo:
    """One permission with its tick box's label, its explanation and whether everybody has it anyway."""

    key: str
    label: str
    help: str
    group: str
    group_title: str
    component: str
    basic: bool


def ensure_builtin_roles(session: Session, now: int) -> None:
    """Create Owner and System where they are missing."""
    for role_id, name, display in ((OWNER_ROLE_ID, "Owner", True), (SYSTEM_ROLE_ID, "System", False)):
        if session.get(Role, role_id) is None:
            session.add(Role(id=role_id, name=name, permissions=[], display=display, created_at=now, updated_at=now))
    session.flush()


def permission_list(runtime: Runtime) -> list[PermissionInfo]:
    """Every permission of the components that are on, in the order components declare them."""
    return [
        PermissionInfo(p.key, str(p.label), str(p.help), p.group.key, str(p.group.title), one.key, p.basic)
        for one in runtime.catalogue.components()
        if runtime.catalogue.enabled(one.key)
        for p in one.permissions
    ]


def role_list(session: Session) -> list[RoleInfo]:
    """All roles but the hidden one, Owner first."""
    counts = select(User.role_id, func.count().label("n")).group_by(User.role_id).subquery()
    rows = session.execute(
        select(Role, func.coalesce(counts.c.n, 0))
        .outerjoin(counts, counts.c.role_id == Role.id)
        .where(Role.id != SYSTEM_ROLE_ID)
        .order_by(Role.id != OWNER_ROLE_ID, Role.name)
    )
    return [_info(role, users) for role, users in rows]


def role_get(session: Session, role_id: int) -> RoleInfo:
    """One role; NotFound also for the hidden one."""
    role = require_role(session, role_id)
    users = session.scalar(select(func.count()).select_from(User).where(User.role_id == role_id)) or 0
    return _info(role, users)


def role_create(
    session: Session,
    runtime: Runtime,
    actor: Actor,
    name: str,
    permissions: Iterable[str],
    description: str = "",
    display: bool = True,
) -> RoleInfo:
    """A new role. Nobody may put in what they do not have themselves."""
    actor.require("user_management")
    name = _name(session, name)
    now = runtime.now()
    role = Role(
        name=name,
        description=description,
        permissions=_allowed(runtime, actor, permissions, already=()),
        display=display,
        created_at=now,
        updated_at=now,
    )
    session.add(role)
    session.flush()
    action_log.log(session, actor, "user-role:added", message=name, meta={"id": role.id, "permissions": role.permissions})
    return _info(role, 0)


def role_update(
    session: Session,
    runtime: Runtime,
    actor: Actor,
    role_id: int,
    *,
    name: str | None = None,
    permissions: Iterable[str] | None = None,
    description: str | None = None,
    display: bool | None = None,
) -> RoleInfo:
    """Change a role; None leaves a field as it is. NotAllowed for Owner, Forbidden for one with rights that the actor lacks."""
    role = _editable(session, runtime, actor, role_id)
    if name is not None and name.strip() != role.name:
        role.name = _name(session, name)
    if permissions is not None:
        role.permissions = _allowed(runtime, actor, permissions, already=role.permissions)
    role.description = role.description if description is None else description
    role.display = role.display if display is None else display
    role.updated_at = runtime.now()
    runtime.auth.keys.clear_after_commit(session)
    action_log.log(session, actor, "user-role:updated", message=role.name, meta={"id": role.id, "permissions": role.permissions})
    session.flush()
    return role_get(session, role_id)


def role_delete(session: Session, runtime: Runtime, actor: Actor, role_id: int) -> None:
    """Delete a role that nobody has."""
    role = _editable(session, runtime, actor, role_id)
    users = session.scalars(select(User.login).where(User.role_id == role_id).order_by(User.login)).all()
    if users:
        raise NotAllowed(gettext("Give another role to {users} first", users=", ".join(users[:10])))
    session.delete(role)
    runtime.auth.keys.clear_after_commit(session)
    action_log.log(session, actor, "user-role:deleted", message=role.name, meta={"id": role_id})


def require_role(session: Session, role_id: int) -> Role:
    """The role, NotFound when there is none or it is the hidden one."""
    role = session.get(Role, role_id) if role_id != SYSTEM_ROLE_ID else None
    if role is None:
        raise NotFound(gettext("There is no role {id}", id=role_id), field="role_id")
    return role


def role_by_name(session: Session, name: str) -> Role:
    """The role with this name; NotFound names it."""
    role = session.scalar(select(Role).where(Role.name == name.strip(), Role.id != SYSTEM_ROLE_ID))
    if role is None:
        raise NotFound(gettext("There is no role {id}", id=name), field="role")
    return role


def require_grantable(runtime: Runtime, actor: Actor, role: Role) -> None:
    """Raise Forbidden when the role holds rights that the actor does not have."""
    if actor.permissions is None:
        return
    lacking = set(role.permissions) - actor.permissions - runtime.catalogue.basic_permissions()
    if role.id == OWNER_ROLE_ID or lacking:
        raise Forbidden(gettext("Role {name} holds rights that you do not have", name=role.name), field="role_id")


def _editable(session: Session, runtime: Runtime, actor: Actor, role_id: int) -> Role:
    actor.require("user_management")
    role = require_role(session, role_id)
    if role_id == OWNER_ROLE_ID:
        raise NotAllowed(gettext("Role {name} is locked", name=role.name))
    require_grantable(runtime, actor, role)
    return role


def _name(session: Session, name: str) -> str:
    name = name.strip()
    if not 1 <= len(name) <= 100:
        raise ValidationFailed(gettext("name: from 1 to 100 characters"), field="name")
    if session.scalar(select(Role.id).where(Role.name == name)) is not None:
        raise Conflict(gettext("There is a role {name} already", name=name), field="name")
    return name


def _allowed(runtime: Runtime, actor: Actor, permissions: Iterable[str], already: Iterable[str]) -> list[str]:
    known = runtime.catalogue.permissions()
    # Rights of a component that is off stay in the role until somebody takes them out with the component on.
    kept = {key for key in already if key not in known}
    wanted = set(permissions) - kept
    unknown = sorted(wanted - known.keys())
    if unknown:
        raise ValidationFailed(gettext("Unknown permissions: {keys}", keys=", ".join(unknown)[:300]), field="permissions")
    lacking = sorted(key for key in wanted - set(already) if not actor.may(key))
    if lacking:
        raise Forbidden(gettext("You do not have these rights yourself: {keys}", keys=", ".join(lacking)), field="permissions")
    return sorted(kept | {key for key in wanted if not known[key].basic})


def _info(role: Role, users: int) -> RoleInfo:
    locked = role.id in (OWNER_ROLE_ID, SYSTEM_ROLE_ID)
    return RoleInfo(
        role.id,
        role.name,
        role.description,
        list(role.permissions),
        role.display,
        locked,
        users,
        role.created_at,
        role.updated_at,
    )
