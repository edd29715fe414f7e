"""Users, roles, keys, device groups' members."""

from __future__ import annotations

from typing import Any

from sqlalchemy import ForeignKey, Index, String
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
    """A person or a program. `preferences` are personal settings of the pages."""

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
    either user ends the key.
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
    last_ip: Mapped[str] = mapped_column(String(64), default="")
    client: Mapped[str] = mapped_column(String(300), default="")
    created_at: Mapped[int] = mapped_column(Epoch)
    expires_at: Mapped[int] = mapped_column(Epoch)
    last_used_at: Mapped[int | None] = mapped_column(Epoch)
    revoked_at: Mapped[int | None] = mapped_column(Epoch)


class ActionLog(Base):
    """Who did what, when, from where, on what, with what result. Never holds a secret."""

    __tablename__ = "action_log"
    __table_args__ = (Index("ix_action_log_at", "at"), Index("ix_action_log_device_id_at", "device_id", "at"))

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
