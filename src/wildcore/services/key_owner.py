"""Whose key a key is, for who holds it in clear already (a setting that both sides share)."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from wildcore.services.keys import key_hash
from wildcore.services.runtime import Runtime
from wildcore.store.tables import AuthKey, User


@dataclass(frozen=True, slots=True)
class KeyOwner:
    """The user of a key and from where it works (empty: anywhere). `ended`: expired, revoked, or the user is disabled."""

    login: str
    networks: tuple[str, ...]
    ended: bool


def owner_of(session: Session, runtime: Runtime, key: str) -> KeyOwner | None:
    """The owner of a key; None when it is no key of ours."""
    query = select(AuthKey.revoked_at, AuthKey.expires_at, User.login, User.enabled, User.allowed_networks)
    found = session.execute(query.join(User, User.id == AuthKey.user_id).where(AuthKey.key_hash == key_hash(key))).first()
    if found is None:
        return None
    ended = found.revoked_at is not None or found.expires_at <= runtime.now() or not found.enabled
    return KeyOwner(found.login, tuple(found.allowed_networks), ended)
