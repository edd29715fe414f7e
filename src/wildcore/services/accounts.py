"""Finding one user, and whether the actor may know of or act on that user."""

from __future__ import annotations

from sqlalchemy import select
from sqlalchemy.orm import Session

from wildcore.errors import Forbidden, NotFound
from wildcore.i18n import gettext
from wildcore.services.actor import Actor
from wildcore.services.runtime import Runtime
from wildcore.store.tables import OWNER_ROLE_ID, Role, User, UserGroup


def require_user(session: Session, actor: Actor, user_id: int) -> User:
    """The user, NotFound when there is none or the actor may not know."""
    may_see = user_id == actor.user_id or actor.may("user_display") or actor.may("user_management")
    user = session.get(User, user_id) if may_see else None
    if user is None:
        raise NotFound(gettext("There is no user {id}", id=user_id), field="id")
    return user


def user_by_login(session: Session, login: str) -> User:
    """The user with this login; NotFound names it."""
    user = session.scalar(select(User).where(User.login == login.strip()))
    if user is None:
        raise NotFound(gettext("There is no user {id}", id=login[:100]), field="login")
    return user


def require_user_control(session: Session, actor: Actor, user: User, runtime: Runtime) -> None:
    """Raise Forbidden unless the actor manages users and has every right, and sees every device, that this one has and sees."""
    actor.require("user_management")
    if actor.group_ids is not None:
        seen = set(session.scalars(select(UserGroup.group_id).where(UserGroup.user_id == user.id)))
        if user.all_groups or seen - actor.group_ids:
            raise Forbidden(gettext("User {login} sees devices that you do not see", login=user.login))
    if actor.permissions is None:
        return
    role = session.get_one(Role, user.role_id)
    lacking = set(role.permissions) - actor.permissions - runtime.catalogue.basic_permissions()
    if role.id == OWNER_ROLE_ID or lacking:
        raise Forbidden(gettext("User {login} has rights that you do not have", login=user.login))
