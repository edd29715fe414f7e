"""API of users, roles, sign-in and keys."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from pydantic import BaseModel, ConfigDict, Field
from sqlalchemy.orm import Session

from wildcore.kit import Ctx
from wildcore.kit.params import BodyId, Id, Limit, Offset
from wildcore.services import accounts, auth, keys, passwords, roles, sign_in, users
from wildcore.services.presenting_people import issued_json, key_json, permissions_json, role_json, user_json
from wildcore.services.users import UserFields


class Body(BaseModel):
    """A request body; numbers that clients send for texts are read as texts."""

    model_config = ConfigDict(coerce_numbers_to_str=True)


class SignInBody(Body):
    """What `POST /auth` takes."""

    login: str = Field(min_length=1, max_length=100)
    password: str = Field(max_length=1000)
    twofa_pin: str | None = Field(None, max_length=40)


class SelfBody(Body):
    """What people change of themselves; `current_password` goes with a new password.

    `allowed_networks` needs `user_management_config_strict_ip`.
    """

    name: str | None = Field(None, max_length=200)
    email: str | None = Field(None, max_length=200)
    language: str | None = Field(None, max_length=20)
    timezone: str | None = Field(None, max_length=64)
    password: str | None = Field(None, max_length=1000)
    current_password: str | None = Field(None, max_length=1000)
    allowed_networks: list[str] | None = Field(None, max_length=100)


class UserBody(Body):
    """Fields of a user; absent ones stay as they are."""

    login: str | None = Field(None, max_length=200)
    name: str | None = Field(None, max_length=200)
    email: str | None = Field(None, max_length=200)
    password: str | None = Field(None, max_length=1000)
    role_id: BodyId | None = None
    enabled: bool | None = None
    all_groups: bool | None = None
    group_ids: list[BodyId] | None = Field(None, max_length=10_000)
    language: str | None = Field(None, max_length=20)
    timezone: str | None = Field(None, max_length=64)
    allowed_networks: list[str] | None = Field(None, max_length=100)


class KeyBody(Body):
    """A new API key: its term (`10m`, `1h`, `30d`, `365d`; absent: the life of a session) and a note on what it is for."""

    expiration: str = Field("", max_length=20)
    description: str = Field("", max_length=300)


class DescriptionBody(Body):
    """The note on what a key is for."""

    description: str = Field(max_length=300)


class RoleBody(Body):
    """Fields of a role; absent ones stay as they are."""

    name: str | None = Field(None, max_length=200)
    description: str | None = Field(None, max_length=1000)
    permissions: list[str] | None = Field(None, max_length=1000)
    display: bool | None = None


async def authenticate(ctx: Ctx, body: SignInBody) -> dict[str, Any]:
    """Sign in with login and password; `data.key` is the key for `X-Auth-Key`.

    Where the second factor is on, `twofa_pin` holds the code of the authenticator or a recovery code; without it the answer is
    401 with a description that begins with `twofa_pin`.
    """
    origin = sign_in.Origin(ctx.request.ip, ctx.request.headers.get("user-agent", ""))
    return issued_json(await sign_in.sign_in(ctx.runtime, body.login, body.password, origin, body.twofa_pin or ""))


def sign_out(ctx: Ctx) -> None:
    """End the key that the request carries."""
    auth.sign_out(ctx.session, ctx.runtime, ctx.actor)


def self_get(ctx: Ctx) -> dict[str, Any]:
    """One's own account with its rights (`permissions` null: all of them)."""
    rights = None if ctx.actor.permissions is None else sorted(ctx.actor.permissions)
    if ctx.actor.user_id is None:
        return {"id": None, "login": ctx.actor.login, "name": ctx.actor.name, "permissions": rights}
    return {**user_json(users.user_get(ctx.session, ctx.actor, ctx.actor.user_id)), "permissions": rights}


async def self_update(ctx: Ctx, body: SelfBody) -> dict[str, Any]:
    """Change one's own account. A new password ends the other sessions."""
    if body.password is not None:
        await sign_in.with_password(ctx.runtime, ctx.actor, body.current_password or "")
    fields = UserFields(
        **body.model_dump(exclude={"password", "current_password"}), password_hash=await _hashed(ctx, body.password)
    )
    return user_json(await _write(ctx, lambda session: users.self_update(session, ctx.runtime, ctx.actor, fields)))


def self_sessions(ctx: Ctx) -> list[dict[str, Any]]:
    """One's own living sessions and keys."""
    return [key_json(key) for key in keys.keys_of(ctx.session, ctx.runtime, ctx.actor, _own_id(ctx))]


def self_session_close(ctx: Ctx, key_id: Id) -> None:
    """Close one of one's own sessions or keys."""
    keys.revoke(ctx.session, ctx.runtime, ctx.actor, key_id, user_id=_own_id(ctx))


def self_session_describe(ctx: Ctx, key_id: Id, body: DescriptionBody) -> None:
    """Change the note on one of one's own sessions or keys."""
    keys.describe_key(ctx.session, ctx.runtime, ctx.actor, key_id, body.description, user_id=_own_id(ctx))


def self_sessions_close(ctx: Ctx, keys_too: bool = False) -> dict[str, Any]:
    """Close all one's own sessions but this one; with `keys_too` also the API keys."""
    return {"closed": keys.revoke_others(ctx.session, ctx.runtime, ctx.actor, _own_id(ctx), api_keys=keys_too)}


def self_generate_key(ctx: Ctx, body: KeyBody) -> dict[str, Any]:
    """A new API key of one's own; shown only now."""
    return _generate(ctx, _own_id(ctx), body)


def user_list(ctx: Ctx, limit: Limit = 500, offset: Offset = 0) -> list[dict[str, Any]]:
    """Users by login."""
    found, total = users.user_list(ctx.session, ctx.actor, limit=limit, offset=offset)
    ctx.meta = {"total": total, "limit": limit, "offset": offset}
    return [user_json(user) for user in found]


def user_get(ctx: Ctx, user_id: Id) -> dict[str, Any]:
    """One user."""
    return user_json(users.user_get(ctx.session, ctx.actor, user_id))


async def user_create(ctx: Ctx, body: UserBody) -> dict[str, Any]:
    """A new user."""
    fields = UserFields(**body.model_dump(exclude={"password"}), password_hash=await _hashed(ctx, body.password))
    return user_json(await _write(ctx, lambda session: users.user_create(session, ctx.runtime, ctx.actor, fields)))


async def user_update(ctx: Ctx, user_id: Id, body: UserBody) -> dict[str, Any]:
    """Change a user. A new password ends the user's sessions."""
    fields = UserFields(**body.model_dump(exclude={"password"}), password_hash=await _hashed(ctx, body.password))
    return user_json(await _write(ctx, lambda session: users.user_update(session, ctx.runtime, ctx.actor, user_id, fields)))


def user_delete(ctx: Ctx, user_id: Id) -> None:
    """Delete a user and all its keys."""
    users.user_delete(ctx.session, ctx.runtime, ctx.actor, user_id)


def user_generate_key(ctx: Ctx, user_id: Id, body: KeyBody) -> dict[str, Any]:
    """A new API key of a user; shown only now."""
    return _generate(ctx, user_id, body)


def user_sessions(ctx: Ctx, user_id: Id) -> list[dict[str, Any]]:
    """A user's living sessions and keys."""
    return [key_json(key) for key in keys.keys_of(ctx.session, ctx.runtime, ctx.actor, user_id)]


def user_session_close(ctx: Ctx, user_id: Id, key_id: Id) -> None:
    """Close a user's session or key."""
    keys.revoke(ctx.session, ctx.runtime, ctx.actor, key_id, user_id=user_id)


def user_session_describe(ctx: Ctx, user_id: Id, key_id: Id, body: DescriptionBody) -> None:
    """Change the note on a user's session or key."""
    keys.describe_key(ctx.session, ctx.runtime, ctx.actor, key_id, body.description, user_id=user_id)


def user_sessions_close(ctx: Ctx, user_id: Id, keys_too: bool = False) -> dict[str, Any]:
    """Close all sessions of a user; with `keys_too` also the API keys."""
    return {"closed": keys.revoke_others(ctx.session, ctx.runtime, ctx.actor, user_id, api_keys=keys_too)}


def role_list(ctx: Ctx) -> list[dict[str, Any]]:
    """All roles."""
    found = roles.role_list(ctx.session)
    ctx.meta = {"total": len(found)}
    return [role_json(role) for role in found]


def role_get(ctx: Ctx, role_id: Id) -> dict[str, Any]:
    """One role."""
    return role_json(roles.role_get(ctx.session, role_id))


def role_create(ctx: Ctx, body: RoleBody) -> dict[str, Any]:
    """A new role."""
    role = roles.role_create(
        ctx.session,
        ctx.runtime,
        ctx.actor,
        body.name or "",
        body.permissions or [],
        body.description or "",
        body.display is not False,
    )
    return role_json(role)


def role_update(ctx: Ctx, role_id: Id, body: RoleBody) -> dict[str, Any]:
    """Change a role."""
    return role_json(roles.role_update(ctx.session, ctx.runtime, ctx.actor, role_id, **body.model_dump()))


def role_delete(ctx: Ctx, role_id: Id) -> None:
    """Delete a role that nobody has."""
    roles.role_delete(ctx.session, ctx.runtime, ctx.actor, role_id)


def permission_list(ctx: Ctx) -> list[dict[str, Any]]:
    """All permissions by group."""
    return permissions_json(roles.permission_list(ctx.runtime))


def _generate(ctx: Ctx, user_id: int, body: KeyBody) -> dict[str, Any]:
    user = accounts.require_user(ctx.session, ctx.actor, user_id)
    return issued_json(keys.generate_key(ctx.session, ctx.runtime, ctx.actor, user.login, body.expiration, body.description))


def _own_id(ctx: Ctx) -> int:
    return sign_in.own_id(ctx.actor)


async def _hashed(ctx: Ctx, password: str | None) -> str | None:
    return None if password is None else await passwords.new_hash_async(ctx.runtime.settings, password)


async def _write(ctx: Ctx, work: Callable[[Session], users.UserInfo]) -> users.UserInfo:
    return await ctx.runtime.db.run_write(work)
