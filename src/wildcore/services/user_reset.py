"""Letting a user in again who lost everything."""

from __future__ import annotations

from sqlalchemy.orm import Session

from wildcore.services import action_log, keys, twofa
from wildcore.services.accounts import require_user_control, user_by_login
from wildcore.services.actor import Actor
from wildcore.services.runtime import Runtime
from wildcore.store.tables import AuthKey


def reset_user(session: Session, runtime: Runtime, actor: Actor, login: str, password_hash: str) -> None:
    """A new password, enabled, from any address, no second factor, no account of the provider; ends all sessions and keys."""
    user = user_by_login(session, login)
    require_user_control(session, actor, user, runtime)
    user.password_hash, user.enabled, user.allowed_networks, user.sso_subject = password_hash, True, [], ""
    user.updated_at = runtime.now()
    twofa.off(session, user)
    keys.end_keys(session, runtime, AuthKey.user_id == user.id)
    action_log.log(session, actor, "user:reset", message=user.login, meta={"id": user.id})
