"""Keys to actors, signing out, and keys that billing asks for its employees (cross-auth)."""

from __future__ import annotations

import asyncio
import logging
from dataclasses import replace

from sqlalchemy import select
from sqlalchemy.orm import Session, aliased

from wildcore.errors import BadRequest, NotAllowed, Unauthenticated, ValidationFailed
from wildcore.i18n import gettext
from wildcore.services import action_log, keys, networks
from wildcore.services.actor import Actor
from wildcore.services.auth_state import RIGHTS, KeyUse, KnownKey
from wildcore.services.keys import IssuedKey
from wildcore.services.runtime import Runtime
from wildcore.store.tables import OWNER_ROLE_ID, AuthKey, Generation, Role, User, UserGroup

logger = logging.getLogger(__name__)

CROSS_AUTH_MAX_SEC = 86400
PERMISSION_CROSS_AUTH = "system_cross_auth_user"


def sign_out(session: Session, runtime: Runtime, actor: Actor) -> None:
    """End the key that the request came with."""
    if actor.key_id is not None:
        keys.end_keys(session, runtime, AuthKey.id == actor.key_id)
        action_log.log(session, actor, "user:logged_out", meta={"id": actor.key_id})


async def actor_by_key(runtime: Runtime, key: str, ip: str = "", client: str = "") -> Actor:
    """Who a key belongs to, now. Unauthenticated when it is unknown, expired, revoked, bound to another address, used from
    outside its user's networks, or when its user (or who issued it) is disabled.

    At most two SQL statements; none while the key is known from the last seconds, and one a second to learn of what other
    processes changed.
    """
    if not 0 < len(key) <= keys.MAX_KEY_LENGTH:
        raise _bad_key()
    digest = keys.key_hash(key)
    cache = runtime.auth.keys
    known = cache.get(digest)
    if known is not None and cache.must_look():
        at = cache.now
        cache.looked(await runtime.db.run_read(_generation), at)
        known = cache.get(digest)
    if known is None:
        generation, at = cache.generation, cache.now
        known, stored = await runtime.db.run_read(lambda session: load_key(session, runtime, digest))
        if known is None:
            raise _bad_key()
        cache.looked(stored, at)
        cache.put(digest, known, generation, stored)
    now = runtime.now()
    if known.expires_at <= now or (known.bound_ip and known.bound_ip != ip):
        raise _bad_key()
    if not networks.allowed(known.networks, known.user_ip or ip):
        raise OutsideNetworks(known.actor, known.user_ip or ip)
    if known.actor.key_id is not None and runtime.auth.uses.note(
        KeyUse(known.actor.key_id, known.actor.user_id, now, ip, client)
    ):
        _write_uses_soon(runtime)
    return replace(known.actor, ip=ip)


class OutsideNetworks(Unauthenticated):
    """The key is good, but not from this address."""

    def __init__(self, actor: Actor, ip: str) -> None:
        super().__init__(gettext("User {login} may not work from the address {ip}", login=actor.login, ip=ip or "?"))
        self.actor = replace(actor, ip=ip)


def load_key(session: Session, runtime: Runtime, digest: str) -> tuple[KnownKey | None, int]:
    """A key as the database has it, None when it is not good for anything, and the counter of changes.

    Two SQL statements at most.
    """
    issuer = aliased(User)
    row = session.execute(
        select(
            AuthKey.id, AuthKey.scope, AuthKey.bound_ip, AuthKey.user_ip, AuthKey.expires_at, User.id.label("user_id"),
            User.login, User.name, User.language, User.all_groups, User.role_id, User.allowed_networks, Role.permissions,
            select(Generation.value).where(Generation.key == RIGHTS).scalar_subquery().label("stored"),
        )
        .join(User, User.id == AuthKey.user_id)
        .join(Role, Role.id == User.role_id)
        .outerjoin(issuer, issuer.id == AuthKey.issued_by)
        .where(
            AuthKey.key_hash == digest,
            AuthKey.revoked_at.is_(None),
            AuthKey.expires_at > runtime.now(),
            User.enabled.is_(True),
            issuer.enabled.is_not(False),
        )
    ).one_or_none()  # fmt: skip
    if row is None:
        return None, -1
    owner = row.role_id == OWNER_ROLE_ID
    groups: frozenset[int] | None = None
    if not owner and not row.all_groups:
        groups = frozenset(session.scalars(select(UserGroup.group_id).where(UserGroup.user_id == row.user_id)))
    actor = Actor(
        user_id=row.user_id,
        login=row.login,
        name=row.name,
        permissions=None if owner else frozenset(row.permissions) | runtime.catalogue.basic_permissions(),
        group_ids=groups,
        scope=row.scope,
        key_id=row.id,
        language=row.language,
    )
    return KnownKey(actor, row.expires_at, row.bound_ip, tuple(row.allowed_networks), row.user_ip), row.stored or 0


def cross_auth(
    session: Session, runtime: Runtime, actor: Actor, login: str | None, expire_sec: int | None = None, user_ip: str | None = None
) -> IssuedKey:
    """A new key that acts as another user, for billing to open our pages with (mikbill.md 1).

    BadRequest `Login is required field` / `User not found` (also for a disabled one); NotAllowed when the employee's address is
    outside the networks allowed to that user. The life is capped at a day. The key reaches only routes marked for billing unless
    CROSS_AUTH_SCOPE is `full`. No second factor is asked: the person showed who they are in billing.
    """
    actor.require(PERMISSION_CROSS_AUTH)
    login = (login or "").strip()
    if not login:
        raise BadRequest("Login is required field", field="login")
    if expire_sec is not None and expire_sec < 1:
        raise ValidationFailed("expire_sec: must be at least 1", field="expire_sec")
    address = _address(user_ip)
    keys.refuse_cross(session, actor)
    user = session.scalar(select(User).where(User.login == login))
    if user is None or not user.enabled:
        raise BadRequest("User not found")  # word for word what clients compare with
    if address and not networks.allowed(user.allowed_networks, address):
        raise NotAllowed(
            gettext("User {login} may not work from the address {ip}", login=user.login, ip=address), field="user_ip"
        )
    issued = keys.issue(
        session,
        runtime,
        user,
        kind="cross",
        life_sec=min(expire_sec or CROSS_AUTH_MAX_SEC, CROSS_AUTH_MAX_SEC),
        scope=str(runtime.settings.get("CROSS_AUTH_SCOPE")),
        issued_by=actor.user_id,
        description=f"cross-auth by {actor.login}",
        bound_ip=address if runtime.settings.get("CROSS_AUTH_BIND_IP") else "",
        user_ip=address,
        ip=address,
    )
    action_log.log(
        session, actor, "user:cross_auth", message=user.login,
        meta={"id": issued.id, "user_id": user.id, "user_ip": address, "expires_at": issued.expires_at},
    )  # fmt: skip
    return issued


async def write_uses(runtime: Runtime) -> None:
    """Write the uses of keys that wait in memory, and see the writes of refusals to their end."""
    uses = runtime.auth.uses.take()
    if uses:
        await runtime.db.run_write(lambda session: keys.write_uses(session, uses))
    await asyncio.gather(*runtime.auth.writing, return_exceptions=True)


_writing: set[asyncio.Task[None]] = set()


def pending_writes() -> set[asyncio.Task[None]]:
    """Writes of last uses that are under way."""
    return set(_writing)


def _generation(session: Session) -> int:
    return session.scalar(select(Generation.value).where(Generation.key == RIGHTS)) or 0


def _write_uses_soon(runtime: Runtime) -> None:
    task = asyncio.get_running_loop().create_task(write_uses(runtime))
    _writing.add(task)
    task.add_done_callback(_written)


def _written(task: asyncio.Task[None]) -> None:
    _writing.discard(task)
    if not task.cancelled() and task.exception() is not None:
        logger.warning("last use of keys not written: %s", task.exception())


def _address(user_ip: str | None) -> str:
    text = (user_ip or "").strip()
    if not text:
        return ""
    parsed = networks.address_of(text)
    if parsed is None:
        raise ValidationFailed("user_ip: not an IP address", field="user_ip")
    return str(parsed)


def _bad_key() -> Unauthenticated:
    return Unauthenticated("The key is unknown, expired or revoked")
