"""Users: people and programs, their role and device groups."""

from __future__ import annotations

import re
import zoneinfo
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from typing import Any

from sqlalchemy import delete, func, select
from sqlalchemy.orm import Session

from wildcore.errors import Conflict, Forbidden, NotAllowed, ValidationFailed
from wildcore.i18n import LANGUAGES, gettext
from wildcore.services import action_log, keys, networks, roles
from wildcore.services.accounts import require_user, require_user_control
from wildcore.services.actor import Actor
from wildcore.services.passwords import hash_password, random_password
from wildcore.services.runtime import Runtime
from wildcore.store.tables import OWNER_ROLE_ID, AuthKey, DeviceGroup, Role, User, UserGroup

_LOGIN = re.compile(r"[^\s\x00-\x1f/?#&]{1,100}")
_RESERVED = frozenset({"sys", "system"})
FIRST_OWNER = "admin"


@dataclass(frozen=True, slots=True)
class UserInfo:
    """A user as lists show it; times are epochs, `group_ids` the device groups it sees (empty with `all_groups`).

    `allowed_networks`: from where it may work, empty for anywhere. `twofa`: the second factor is on. `sso`: the account belongs
    to one of the OpenID provider.
    """

    id: int
    login: str
    name: str
    email: str
    role_id: int
    role_name: str
    enabled: bool
    all_groups: bool
    group_ids: list[int]
    language: str
    timezone: str
    last_activity_at: int | None
    created_at: int
    updated_at: int
    allowed_networks: list[str]
    twofa: bool
    sso: bool


@dataclass(frozen=True, slots=True)
class UserFields:
    """What may be set; None leaves a field as it is. The password comes hashed (`passwords.new_hash`)."""

    login: str | None = None
    name: str | None = None
    email: str | None = None
    role_id: int | None = None
    enabled: bool | None = None
    all_groups: bool | None = None
    group_ids: Collection[int] | None = None
    language: str | None = None
    timezone: str | None = None
    password_hash: str | None = None
    allowed_networks: Collection[str] | None = None


def ensure_owner(session: Session, runtime: Runtime) -> tuple[str, str] | None:
    """Create `admin` with a random password when there is no owner; (login, password), or None when there is one."""
    now = runtime.now()
    roles.ensure_builtin_roles(session, now)
    if session.scalar(select(User.id).where(User.role_id == OWNER_ROLE_ID).limit(1)) is not None:
        return None
    password = random_password()
    taken = session.scalar(select(User.id).where(User.login == FIRST_OWNER)) is not None
    login = FIRST_OWNER if not taken else f"owner-{random_password()[:6].lower()}"
    session.add(
        User(
            login=login, name="Administrator", password_hash=hash_password(password), role_id=OWNER_ROLE_ID, all_groups=True,
            created_at=now, updated_at=now,
        )
    )  # fmt: skip
    session.flush()
    return login, password


def user_list(session: Session, actor: Actor, *, limit: int = 500, offset: int = 0) -> tuple[list[UserInfo], int]:
    """Users by login, and how many there are."""
    if not actor.may("user_management"):
        actor.require("user_display")
    total = session.scalar(select(func.count()).select_from(User)) or 0
    rows = session.execute(
        select(User, Role.name).join(Role, Role.id == User.role_id).order_by(User.login).limit(limit).offset(offset)
    ).all()
    groups = _groups(session, [user.id for user, _role in rows])
    return [_info(user, role, groups.get(user.id, [])) for user, role in rows], total


def user_get(session: Session, actor: Actor, user_id: int) -> UserInfo:
    """One user: oneself, or anybody for those who may list users."""
    user = require_user(session, actor, user_id)
    role = session.get_one(Role, user.role_id)
    return _info(user, role.name, _groups(session, [user.id]).get(user.id, []))


def user_create(session: Session, runtime: Runtime, actor: Actor, fields: UserFields) -> UserInfo:
    """A new user. Nobody gives a role with rights, or device groups, that they do not have themselves."""
    actor.require("user_management")
    if fields.role_id is None:
        raise ValidationFailed(gettext("role_id: required"), field="role_id")
    if not fields.password_hash:
        raise ValidationFailed(gettext("password: required"), field="password")
    now = runtime.now()
    user = User(
        login=free_login(session, fields.login or ""), role_id=fields.role_id, password_hash=fields.password_hash,
        name="", email="", enabled=True, all_groups=False, language="", timezone="", preferences={}, allowed_networks=[],
        created_at=now, updated_at=now,
    )  # fmt: skip
    _apply(session, runtime, actor, user, fields, new=True)
    session.add(user)
    session.flush()
    if fields.group_ids is not None:
        _set_groups(session, actor, user.id, fields.group_ids)
    action_log.log(session, actor, "user:added", message=user.login, meta={"id": user.id, "role_id": user.role_id})
    return user_get(session, actor, user.id)


def user_update(session: Session, runtime: Runtime, actor: Actor, user_id: int, fields: UserFields) -> UserInfo:
    """Change a user. Nobody disables themselves or takes away the last owner; a new password ends the user's other sessions."""
    user = _managed(session, runtime, actor, user_id)
    if fields.login is not None and fields.login.strip() != user.login:
        user.login = free_login(session, fields.login)
    if user.id == actor.user_id and (fields.enabled is False or fields.role_id not in (None, user.role_id)):
        raise NotAllowed(gettext("You cannot disable yourself or change your own role"))
    loses = fields.enabled is False or fields.role_id not in (None, OWNER_ROLE_ID)
    if user.role_id == OWNER_ROLE_ID and loses:
        _require_another_owner(session, user.id)
    _apply(session, runtime, actor, user, fields)
    if fields.group_ids is not None:
        _set_groups(session, actor, user.id, fields.group_ids)
    _changed(session, runtime, actor, user, fields)
    return user_get(session, actor, user.id)


def self_update(session: Session, runtime: Runtime, actor: Actor, fields: UserFields) -> UserInfo:
    """Change one's own name, email, language, time zone, password, and with its right the allowed networks; nothing else."""
    actor.require("user_self_control")
    user = session.get(User, actor.user_id) if actor.user_id is not None else None
    if user is None:
        raise NotAllowed(gettext("User {login} has no account to change", login=actor.login))
    keys.refuse_cross(session, actor)
    own = UserFields(
        name=fields.name,
        email=fields.email,
        language=fields.language,
        timezone=fields.timezone,
        password_hash=fields.password_hash,
        allowed_networks=fields.allowed_networks,
    )
    _apply(session, runtime, actor, user, own)
    _changed(session, runtime, actor, user, own)
    return user_get(session, actor, user.id)


def user_delete(session: Session, runtime: Runtime, actor: Actor, user_id: int) -> None:
    """Delete a user with all keys; never oneself or the last owner."""
    user = _managed(session, runtime, actor, user_id)
    if user.id == actor.user_id:
        raise NotAllowed(gettext("You cannot delete yourself"))
    if user.role_id == OWNER_ROLE_ID:
        _require_another_owner(session, user.id)
    session.execute(delete(AuthKey).where((AuthKey.user_id == user.id) | (AuthKey.issued_by == user.id)))
    session.delete(user)
    runtime.auth.keys.clear_after_commit(session)
    action_log.log(session, actor, "user:deleted", message=user.login, meta={"id": user_id})


def _managed(session: Session, runtime: Runtime, actor: Actor, user_id: int) -> User:
    actor.require("user_management")
    user = require_user(session, actor, user_id)
    require_user_control(session, actor, user, runtime)
    return user


def _apply(session: Session, runtime: Runtime, actor: Actor, user: User, fields: UserFields, *, new: bool = False) -> None:
    if fields.role_id is not None and (new or fields.role_id != user.role_id):
        role = roles.require_role(session, fields.role_id)
        roles.require_grantable(runtime, actor, role)
        user.role_id = role.id
    if fields.all_groups and not user.all_groups and actor.group_ids is not None:
        raise Forbidden(gettext("You do not see all devices yourself"), field="all_groups")
    if fields.language is not None and fields.language not in ("", *LANGUAGES):
        raise ValidationFailed(gettext("language: one of {choices}", choices=", ".join(LANGUAGES)), field="language")
    if fields.timezone and fields.timezone not in zoneinfo.available_timezones():
        raise ValidationFailed(gettext("timezone: unknown"), field="timezone")
    if fields.allowed_networks is not None:
        networks.apply(actor, user, fields.allowed_networks)
    for name in ("name", "email", "enabled", "all_groups", "language", "timezone", "password_hash"):
        value: Any = getattr(fields, name)
        if value is not None:
            setattr(user, name, value.strip() if isinstance(value, str) else value)


def _changed(session: Session, runtime: Runtime, actor: Actor, user: User, fields: UserFields) -> None:
    user.updated_at = runtime.now()
    if fields.password_hash is not None:
        keys.end_keys(
            session, runtime, AuthKey.user_id == user.id, AuthKey.kind != "api", AuthKey.id.is_distinct_from(actor.key_id)
        )
    runtime.auth.keys.clear_after_commit(session)
    names = [name for name in UserFields.__dataclass_fields__ if getattr(fields, name) is not None]
    action_log.log(session, actor, "user:updated", message=user.login, meta={"id": user.id, "fields": names})
    session.flush()


def _set_groups(session: Session, actor: Actor, user_id: int, group_ids: Iterable[int]) -> None:
    wanted = set(group_ids)
    current = set(session.scalars(select(UserGroup.group_id).where(UserGroup.user_id == user_id)))
    exist = set(session.scalars(select(DeviceGroup.id).where(DeviceGroup.id.in_(wanted)))) if wanted else set()
    hidden = set() if actor.group_ids is None else wanted - current - actor.group_ids
    missing = sorted((wanted - exist) | hidden)
    if missing:
        raise ValidationFailed(
            gettext("There are no device groups {ids}", ids=", ".join(map(str, missing[:20]))), field="group_ids"
        )
    session.execute(delete(UserGroup).where(UserGroup.user_id == user_id, UserGroup.group_id.not_in(wanted)))
    session.add_all(UserGroup(user_id=user_id, group_id=group_id) for group_id in wanted - current)


def free_login(session: Session, login: str) -> str:
    """A login as it is stored; ValidationFailed when it has not the form of one, Conflict when it is taken."""
    login = login.strip()
    if not _LOGIN.fullmatch(login) or login.lower() in _RESERVED:
        raise ValidationFailed(gettext("login: from 1 to 100 characters without spaces, not sys"), field="login")
    if session.scalar(select(User.id).where(User.login == login)) is not None:
        raise Conflict(gettext("There is a user {login} already", login=login), field="login")
    return login


def _require_another_owner(session: Session, user_id: int) -> None:
    others = select(User.id).where(User.role_id == OWNER_ROLE_ID, User.enabled.is_(True), User.id != user_id)
    if session.scalar(others.limit(1)) is None:
        raise NotAllowed(gettext("The last owner stays: make another one first"))


def _groups(session: Session, user_ids: list[int]) -> dict[int, list[int]]:
    found: dict[int, list[int]] = {}
    for user_id, group_id in session.execute(
        select(UserGroup.user_id, UserGroup.group_id).where(UserGroup.user_id.in_(user_ids)).order_by(UserGroup.group_id)
    ):
        found.setdefault(user_id, []).append(group_id)
    return found


def _info(user: User, role: str, groups: list[int]) -> UserInfo:
    return UserInfo(
        user.id, user.login, user.name, user.email, user.role_id, role, user.enabled, user.all_groups, groups, user.language,
        user.timezone, user.last_activity_at, user.created_at, user.updated_at, list(user.allowed_networks),
        user.totp_confirmed_at is not None, bool(user.sso_subject),
    )  # fmt: skip
