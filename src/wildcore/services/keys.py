"""Keys: sessions, API keys and cross-auth keys. Only the SHA-256 of a key is stored; the key itself is shown once."""

from __future__ import annotations

import hashlib
import re
import uuid
from dataclasses import dataclass

from sqlalchemy import ColumnElement, select, update
from sqlalchemy.orm import Session

from wildcore.errors import NotAllowed, NotFound, ValidationFailed
from wildcore.i18n import gettext
from wildcore.services import action_log
from wildcore.services.accounts import require_user, require_user_control, user_by_login
from wildcore.services.actor import Actor
from wildcore.services.auth_state import KeyUse
from wildcore.services.runtime import Runtime
from wildcore.store.tables import AuthKey, User

_TERM = re.compile(r"([1-9][0-9]{0,5})([mhd])")
_UNIT_SEC = {"m": 60, "h": 3600, "d": 86400}
MAX_TERM_SEC = 3650 * 86400
MAX_KEY_LENGTH = 200


@dataclass(frozen=True, slots=True)
class IssuedKey:
    """A new key, the only time that it is known in clear. `expires_at` is an epoch."""

    id: int
    key: str
    user_id: int
    login: str
    name: str
    expires_at: int

    def __repr__(self) -> str:
        return f"IssuedKey(id={self.id}, login={self.login!r})"


@dataclass(frozen=True, slots=True)
class KeyInfo:
    """A key as lists show it. Times are epochs; `current` is the key of the request that asks."""

    id: int
    user_id: int
    kind: str
    scope: str
    description: str
    ip: str
    client: str
    created_at: int
    expires_at: int
    last_used_at: int | None
    current: bool


def key_hash(key: str) -> str:
    """What is stored of a key."""
    return hashlib.sha256(key.strip().lower().encode()).hexdigest()


def parse_term(term: str) -> int:
    """Seconds of a term like `10m`, `1h`, `30d`, `365d`; ValidationFailed says the form."""
    match = _TERM.fullmatch(term.strip().lower())
    seconds = int(match[1]) * _UNIT_SEC[match[2]] if match else 0
    if not 0 < seconds <= MAX_TERM_SEC:
        raise ValidationFailed(
            gettext("{term} is no term: write 10m, 1h, 30d or 365d (at most 3650d)", term=term[:40]), field="expiration"
        )
    return seconds


def issue(
    session: Session,
    runtime: Runtime,
    user: User,
    *,
    kind: str,
    life_sec: int,
    scope: str = "full",
    issued_by: int | None = None,
    description: str = "",
    bound_ip: str = "",
    user_ip: str = "",
    ip: str = "",
    client: str = "",
) -> IssuedKey:
    """Store a new key of a user: `kind` session, api or cross. No checks: callers have made theirs."""
    key = str(uuid.uuid4())
    now = runtime.now()
    row = AuthKey(
        key_hash=key_hash(key),
        user_id=user.id,
        issued_by=issued_by,
        kind=kind,
        scope=scope,
        description=description[:300],
        bound_ip=bound_ip,
        user_ip=user_ip,
        last_ip=ip[:64],
        client=client[:300],
        created_at=now,
        expires_at=now + life_sec,
    )
    session.add(row)
    session.flush()
    return IssuedKey(row.id, key, user.id, user.login, user.name, row.expires_at)


def generate_key(
    session: Session, runtime: Runtime, actor: Actor, login: str, term: str = "", description: str = ""
) -> IssuedKey:
    """A new API key of the user with this login; an empty term is the life of a session (API_KEY_EXPIRATION).

    The actor may make keys of their own account, or of others with `user_management`; of users with more rights than their own
    never (nobody gets what they do not have).
    """
    user = user_by_login(session, login)
    if user.id != actor.user_id or actor.may("user_management"):
        require_user_control(session, actor, user, runtime)
    else:
        actor.require("user_self_control")
    refuse_cross(session, actor)
    if not user.enabled:
        raise NotAllowed(gettext("User {login} is disabled", login=login))
    life = parse_term(term) if term.strip() else int(runtime.settings.get("API_KEY_EXPIRATION"))
    issued = issue(session, runtime, user, kind="api", life_sec=life, description=description)
    action_log.log(session, actor, "user:key_generated", message=user.login, meta={"id": issued.id, "user_id": user.id})
    return issued


def keys_of(session: Session, runtime: Runtime, actor: Actor, user_id: int) -> list[KeyInfo]:
    """A user's living keys, the last used first: one's own, or another's with `user_management`."""
    if require_user(session, actor, user_id).id != actor.user_id:
        actor.require("user_management")
    rows = session.scalars(
        select(AuthKey)
        .where(AuthKey.user_id == user_id, AuthKey.revoked_at.is_(None), AuthKey.expires_at > runtime.now())
        .order_by(AuthKey.last_used_at.desc().nulls_last(), AuthKey.id.desc())
    )
    return [
        KeyInfo(
            row.id, row.user_id, row.kind, row.scope, row.description, row.last_ip, row.client, row.created_at,
            row.expires_at, row.last_used_at, row.id == actor.key_id,
        )
        for row in rows
    ]  # fmt: skip


def describe_key(
    session: Session, runtime: Runtime, actor: Actor, key_id: int, description: str, *, user_id: int | None = None
) -> None:
    """Change the note on what a key is for; whose key that may be is as for `revoke`."""
    row = _managed_key(session, runtime, actor, key_id, user_id)
    row.description = description.strip()[:300]
    action_log.log(session, actor, "user:key_described", message=row.description, meta={"id": key_id, "user_id": row.user_id})


def revoke(session: Session, runtime: Runtime, actor: Actor, key_id: int, *, user_id: int | None = None) -> None:
    """End a key: one's own, or another user's with `user_management`. NotFound when there is none to see, or not of `user_id`."""
    row = _managed_key(session, runtime, actor, key_id, user_id)
    end_keys(session, runtime, AuthKey.id == key_id)
    meta = {"id": key_id, "user_id": row.user_id, "kind": row.kind}
    action_log.log(session, actor, "user:key_revoked", message=row.description, meta=meta)


def revoke_others(session: Session, runtime: Runtime, actor: Actor, user_id: int, *, api_keys: bool = False) -> int:
    """End all sessions of a user but the one that asks, with `api_keys` also the API keys; how many that were."""
    user = require_user(session, actor, user_id)
    if user.id != actor.user_id:
        require_user_control(session, actor, user, runtime)
    refuse_cross(session, actor)
    where = [AuthKey.user_id == user.id, AuthKey.id.is_distinct_from(actor.key_id)]
    ended = end_keys(session, runtime, *where, *([] if api_keys else [AuthKey.kind != "api"]))
    meta = {"user_id": user.id, "ended": ended, "api": api_keys}
    action_log.log(session, actor, "user:keys_revoked", message=user.login, meta=meta)
    return ended


def end_keys(session: Session, runtime: Runtime, *where: ColumnElement[bool]) -> int:
    """Revoke all living keys under a condition; how many. Known at once in this process, elsewhere within `LOOK_SEC`."""
    done = session.execute(
        update(AuthKey)
        .where(AuthKey.revoked_at.is_(None), AuthKey.expires_at > runtime.now(), *where)
        .values(revoked_at=runtime.now())
    )
    runtime.auth.keys.clear_after_commit(session)
    return int(getattr(done, "rowcount", 0))


def _managed_key(session: Session, runtime: Runtime, actor: Actor, key_id: int, user_id: int | None) -> AuthKey:
    row = session.get(AuthKey, key_id)
    foreign = row is not None and row.user_id != actor.user_id and not actor.may("user_management")
    ended = row is not None and (row.revoked_at is not None or row.expires_at <= runtime.now())
    if row is None or foreign or ended or user_id not in (None, row.user_id):
        raise NotFound(gettext("There is no key {id}", id=key_id), field="id")
    if row.user_id != actor.user_id:
        require_user_control(session, actor, session.get_one(User, row.user_id), runtime)
    refuse_cross(session, actor)
    return row


def refuse_cross(session: Session, actor: Actor) -> None:
    """Raise NotAllowed when the request came with a cross-auth key: such a key changes no keys or accounts."""
    if actor.key_id is not None and session.scalar(select(AuthKey.kind).where(AuthKey.id == actor.key_id)) == "cross":
        raise NotAllowed(gettext("A key that another system issued changes no keys or accounts"))


def write_uses(session: Session, uses: list[KeyUse]) -> None:
    """Write when, from where and with what program keys and their users were last active."""
    for use in uses:
        session.execute(
            update(AuthKey)
            .where(AuthKey.id == use.key_id)
            .values(last_used_at=use.at, last_ip=use.ip[:64], client=use.client[:300])
        )
        if use.user_id is not None:
            session.execute(update(User).where(User.id == use.user_id).values(last_activity_at=use.at))
