"""Users, roles, keys, device groups' members."""

from __future__ import annotations

from typing import Any

from sqlalchemy import ForeignKey, Index, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from wildcore.store.tables.base import Base, Epoch

OWNER_ROLE_ID = -2
SYSTEM_ROLE_ID = -1


class Role(Base):
    """A set of permission keys. Owner (-2) has all of them and is locked; System (-1) is hidden and belongs to `sys`."""

    __tablename__ = "roles"

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(100), unique=True)
    description: Mapped[str] = mapped_column(default="")
    permissions: Mapped[list[str]] = mapped_column(default=list)
    display: Mapped[bool] = mapped_column(default=True)
    created_at: Mapped[int] = mapped_column(Epoch)
    updated_at: Mapped[int] = mapped_column(Epoch)


class User(Base):
    """A person or a program. `preferences` are personal settings of the pages.

    `allowed_networks`: addresses and networks it may work from, empty for any. `totp_secret` is encrypted; it counts once
    `totp_confirmed_at` is set, and a code only for a time step after `totp_last_step`. `sso_subject` is `issuer|subject` of the
    account at the OpenID provider, `sso_role_id` the role that its groups gave last.
    """

    __tablename__ = "users"

    id: Mapped[int] = mapped_column(primary_key=True)
    login: Mapped[str] = mapped_column(String(100), unique=True)
    name: Mapped[str] = mapped_column(default="")
    email: Mapped[str] = mapped_column(default="")
    password_hash: Mapped[str] = mapped_column(default="")
    role_id: Mapped[int] = mapped_column(ForeignKey("roles.id"))
    enabled: Mapped[bool] = mapped_column(default=True)
    all_groups: Mapped[bool] = mapped_column(default=False)
    language: Mapped[str] = mapped_column(String(8), default="")
    timezone: Mapped[str] = mapped_column(String(64), default="")
    preferences: Mapped[dict[str, Any]] = mapped_column(default=dict)
    allowed_networks: Mapped[list[str]] = mapped_column(default=list, server_default="[]")
    totp_secret: Mapped[str] = mapped_column(default="", server_default="")
    totp_confirmed_at: Mapped[int | None] = mapped_column(Epoch)
    totp_last_step: Mapped[int | None] = mapped_column(Epoch)
    sso_subject: Mapped[str] = mapped_column(String(500), default="", server_default="", index=True)
    sso_role_id: Mapped[int | None] = mapped_column()
    last_activity_at: Mapped[int | None] = mapped_column(Epoch)
    created_at: Mapped[int] = mapped_column(Epoch)
    updated_at: Mapped[int] = mapped_column(Epoch)


class UserGroup(Base):
    """Device groups that a user sees. `users.all_groups` sees every device, also one without a group."""

    __tablename__ = "user_groups"

    user_id: Mapped[int] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"), primary_key=True)
    group_id: Mapped[int] = mapped_column(ForeignKey("device_groups.id", ondelete="CASCADE"), primary_key=True)


class AuthKey(Base):
    """A session or an API key. Only the SHA-256 of the key is stored. `kind`: session, api, cross (cross-auth).

    `scope`: full, or billing (reaches only routes marked for billing). `issued_by` is the caller of a cross-auth; disabling
    either user ends the key. `user_ip` is where billing says that the employee sits: the user's allowed networks apply to it.
    """

    __tablename__ = "auth_keys"

    id: Mapped[int] = mapped_column(primary_key=True)
    key_hash: Mapped[str] = mapped_column(String(64), unique=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"), index=True)
    issued_by: Mapped[int | None] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"))
    kind: Mapped[str] = mapped_column(String(10))
    scope: Mapped[str] = mapped_column(String(10), default="full")
    description: Mapped[str] = mapped_column(default="")
    bound_ip: Mapped[str] = mapped_column(String(64), default="")
    user_ip: Mapped[str] = mapped_column(String(64), default="", server_default="")
    last_ip: Mapped[str] = mapped_column(String(64), default="")
    client: Mapped[str] = mapped_column(String(300), default="")
    created_at: Mapped[int] = mapped_column(Epoch)
    expires_at: Mapped[int] = mapped_column(Epoch)
    last_used_at: Mapped[int | None] = mapped_column(Epoch)
    revoked_at: Mapped[int | None] = mapped_column(Epoch)


class RecoveryCode(Base):
    """A code that stands in for the authenticator once. Only its hash is stored."""

    __tablename__ = "recovery_codes"
    __table_args__ = (UniqueConstraint("user_id", "code_hash"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"))
    code_hash: Mapped[str] = mapped_column(String(64))
    used_at: Mapped[int | None] = mapped_column(Epoch)


class SignInFailure(Base):
    """Failed sign-ins of one pair of address and login. `login` of nobody we know is kept as a hash: it may be a password."""

    __tablename__ = "sign_in_failures"

    ip: Mapped[str] = mapped_column(String(64), primary_key=True)
    login: Mapped[str] = mapped_column(String(100), primary_key=True)
    failures: Mapped[int] = mapped_column(default=0)
    first_at: Mapped[int] = mapped_column(Epoch)
    last_at: Mapped[int] = mapped_column(Epoch, index=True)
    blocked_until: Mapped[int | None] = mapped_column(Epoch)


class Generation(Base):
    """A counter that every process looks at to learn that another one changed something (`rights`: keys, users, roles)."""

    __tablename__ = "generations"

    key: Mapped[str] = mapped_column(String(20), primary_key=True)
    value: Mapped[int] = mapped_column(Epoch)


class ActionLog(Base):
    """Who did what, when, from where, on what, with what result. Never holds a secret."""

    __tablename__ = "action_log"
    __table_args__ = (
        Index("ix_action_log_at", "at"),
        Index("ix_action_log_device_id_at", "device_id", "at"),
        Index("ix_action_log_user_id", "user_id"),
        Index("ix_action_log_action", "action"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    at: Mapped[int] = mapped_column(Epoch)
    user_id: Mapped[int | None] = mapped_column()
    login: Mapped[str] = mapped_column(String(100), default="")
    ip: Mapped[str] = mapped_column(String(64), default="")
    action: Mapped[str] = mapped_column(String(64))
    device_id: Mapped[int | None] = mapped_column()
    interface_id: Mapped[int | None] = mapped_column()
    success: Mapped[bool] = mapped_column(default=True)
    message: Mapped[str] = mapped_column(default="")
    meta: Mapped[dict[str, Any]] = mapped_column(default=dict)
