"""The pages of users: the list with its filter, and one user with roles, groups and keys; a constant number of SQL statements."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import ColumnElement, func, or_, select
from sqlalchemy.orm import Session

from wildcore.services import keys, roles, users
from wildcore.services.actor import Actor
from wildcore.services.device_groups import list_groups
from wildcore.services.keys import KeyInfo
from wildcore.services.runtime import Runtime
from wildcore.services.users import UserInfo
from wildcore.store.tables import OWNER_ROLE_ID, Role, User, UserGroup

PAGE_ROWS = 100


@dataclass(frozen=True, slots=True)
class UserFilter:
    """What the list is narrowed to; `text` is looked for in login, name and email."""

    text: str = ""
    role_id: int | None = None
    group_id: int | None = None
    enabled: bool | None = None


@dataclass(frozen=True, slots=True)
class UserRow:
    """One user of the list. `groups` are the names that the actor may know, `others` how many more there are."""

    id: int
    login: str
    name: str
    email: str
    role: str
    enabled: bool
    all_groups: bool
    groups: tuple[str, ...]
    others: int
    twofa: bool
    last_activity_at: int | None


@dataclass(frozen=True, slots=True)
class UsersPage:
    """One page of users; `total` without the filter, `found` with it. `roles` and `groups` are what the filter offers."""

    rows: tuple[UserRow, ...]
    total: int
    found: int
    page: int
    pages: int
    roles: tuple[tuple[int, str], ...]
    groups: tuple[tuple[int, str], ...]


@dataclass(frozen=True, slots=True)
class RoleChoice:
    """A role that a user may get; `refused` when it holds rights that the actor lacks."""

    id: int
    name: str
    description: str
    refused: bool


@dataclass(frozen=True, slots=True)
class UserPage:
    """One user (None: a new one) with what its form offers.

    `own` is oneself, `managed` whether the actor may change it, `last_owner` whether it is the only one left. `keys` are
    living sessions and keys, only for those who may close them.
    """

    user: UserInfo | None
    own: bool
    managed: bool
    last_owner: bool
    all_groups_allowed: bool
    roles: tuple[RoleChoice, ...]
    groups: tuple[tuple[int, str], ...]
    keys: tuple[KeyInfo, ...]


def users_page(session: Session, actor: Actor, wanted: UserFilter, page: int = 1) -> UsersPage:
    """Users that fit, by login, in seven statements."""
    actor.require("user_display")
    where = _conditions(wanted)
    total = session.scalar(select(func.count()).select_from(User)) or 0
    found = (session.scalar(select(func.count()).select_from(User).where(*where)) or 0) if where else total
    pages = max(1, -(-found // PAGE_ROWS))
    page = min(max(1, page), pages)
    known = tuple((group.id, group.name) for group in list_groups(session, actor).rows)
    offered = session.execute(select(Role.id, Role.name).where(Role.id.in_(select(User.role_id))).order_by(Role.name))
    return UsersPage(
        rows=_rows(session, where, dict(known), page),
        total=total,
        found=found,
        page=page,
        pages=pages,
        roles=tuple((row[0], row[1]) for row in offered),
        groups=known,
    )


def user_page(session: Session, runtime: Runtime, actor: Actor, user_id: int | None) -> UserPage:
    """One user's page, or that of a new one. NotFound when there is none."""
    user = users.user_get(session, actor, user_id) if user_id is not None else None
    manages = actor.may("user_management")
    own = user is not None and user.id == actor.user_id
    return UserPage(
        user=user,
        own=own,
        managed=manages,
        last_owner=user is not None and user.role_id == OWNER_ROLE_ID and user.enabled and _owners(session) < 2,
        all_groups_allowed=actor.group_ids is None,
        roles=_role_choices(session, runtime, actor, user.role_id if user else None),
        groups=tuple((group.id, group.name) for group in list_groups(session, actor).rows),
        keys=tuple(keys.keys_of(session, runtime, actor, user.id)) if user is not None and (manages or own) else (),
    )


def _conditions(wanted: UserFilter) -> list[ColumnElement[bool]]:
    where: list[ColumnElement[bool]] = []
    if wanted.text:
        columns = (User.login, User.name, User.email)
        where.append(or_(*(column.icontains(wanted.text, autoescape=True) for column in columns)))
    if wanted.role_id is not None:
        where.append(User.role_id == wanted.role_id)
    if wanted.group_id is not None:
        members = select(UserGroup.user_id).where(UserGroup.group_id == wanted.group_id)
        where.append(or_(User.all_groups, User.id.in_(members)))
    if wanted.enabled is not None:
        where.append(User.enabled.is_(wanted.enabled))
    return where


def _rows(session: Session, where: list[ColumnElement[bool]], known: dict[int, str], page: int) -> tuple[UserRow, ...]:
    query = (
        select(
            User.id, User.login, User.name, User.email, Role.name, User.enabled, User.all_groups, User.totp_confirmed_at,
            User.last_activity_at,
        )
        .join(Role, Role.id == User.role_id)
        .where(*where)
        .order_by(User.login)
        .limit(PAGE_ROWS)
        .offset((page - 1) * PAGE_ROWS)
    )  # fmt: skip
    found = session.execute(query).all()
    groups: dict[int, list[int]] = {}
    members = select(UserGroup.user_id, UserGroup.group_id).where(UserGroup.user_id.in_([row[0] for row in found]))
    for user_id, group_id in session.execute(members):
        groups.setdefault(user_id, []).append(group_id)
    rows = []
    for user_id, login, name, email, role, enabled, everything, twofa_at, active_at in found:
        own = groups.get(user_id, [])
        names = sorted(known[one] for one in own if one in known)
        rows.append(
            UserRow(
                user_id, login, name, email, role, enabled, everything, tuple(names), len(own) - len(names),
                twofa_at is not None, active_at,
            )
        )  # fmt: skip
    return tuple(rows)


def _role_choices(session: Session, runtime: Runtime, actor: Actor, current: int | None) -> tuple[RoleChoice, ...]:
    basic = runtime.catalogue.basic_permissions()
    choices = []
    for role in roles.role_list(session):
        if not role.display and role.id != current:
            continue
        lacking = actor.permissions is not None and (
            role.id == OWNER_ROLE_ID or bool(set(role.permissions) - actor.permissions - basic)
        )
        choices.append(RoleChoice(role.id, role.name, role.description, lacking))
    return tuple(choices)


def _owners(session: Session) -> int:
    query = select(func.count()).select_from(User).where(User.role_id == OWNER_ROLE_ID, User.enabled.is_(True))
    return session.scalar(query) or 0
