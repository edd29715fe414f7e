"""Users, roles, keys and log lines as API clients read them: times as `YYYY-MM-DD HH:MM:SS` in the server's zone."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from wildcore.services.action_log import ActionRecord
from wildcore.services.keys import IssuedKey, KeyInfo
from wildcore.services.roles import PermissionInfo, RoleInfo
from wildcore.services.times import time_text
from wildcore.services.users import UserInfo


def user_json(user: UserInfo) -> dict[str, Any]:
    """A user with its role and device groups; never with a password."""
    return {
        "id": user.id,
        "login": user.login,
        "name": user.name,
        "email": user.email,
        "enabled": user.enabled,
        "status": "Enabled" if user.enabled else "Disabled",
        "role": {"id": user.role_id, "name": user.role_name},
        "all_groups": user.all_groups,
        "group_ids": user.group_ids,
        "language": user.language,
        "timezone": user.timezone,
        "allowed_networks": user.allowed_networks,
        "twofa": user.twofa,
        "sso": user.sso,
        "last_activity": time_text(user.last_activity_at),
        "created_at": time_text(user.created_at),
        "updated_at": time_text(user.updated_at),
    }


def role_json(role: RoleInfo) -> dict[str, Any]:
    """A role with its permission keys and the number of its users."""
    return {**asdict(role), "created_at": time_text(role.created_at), "updated_at": time_text(role.updated_at)}


def permissions_json(permissions: list[PermissionInfo]) -> list[dict[str, Any]]:
    """Permissions by group: `[{key, title, permissions: [{key, label, help, basic, component}]}]`."""
    groups: dict[str, dict[str, Any]] = {}
    for one in permissions:
        group = groups.setdefault(one.group, {"key": one.group, "title": one.group_title, "permissions": []})
        group["permissions"].append(
            {"key": one.key, "label": one.label, "help": one.help, "basic": one.basic, "component": one.component}
        )
    return list(groups.values())


def issued_json(issued: IssuedKey) -> dict[str, Any]:
    """A new key, the only time that it is shown. `auth_key` and `key` are the same: clients read either."""
    return {
        "id": issued.id,
        "user": {"id": issued.user_id, "login": issued.login, "name": issued.name},
        "key": issued.key,
        "auth_key": issued.key,
        "expired_at": time_text(issued.expires_at),
    }


def key_json(key: KeyInfo) -> dict[str, Any]:
    """A key in a list: everything but the key."""
    return {
        "id": key.id,
        "user_id": key.user_id,
        "kind": key.kind,
        "scope": key.scope,
        "description": key.description,
        "ip": key.ip,
        "client": key.client,
        "created_at": time_text(key.created_at),
        "expired_at": time_text(key.expires_at),
        "last_used_at": time_text(key.last_used_at),
        "current": key.current,
    }


def action_json(record: ActionRecord) -> dict[str, Any]:
    """One line of the action log."""
    return {
        "id": record.id,
        "time": time_text(record.at),
        "user": {"id": record.user_id, "login": record.login},
        "ip": record.ip,
        "action": record.action,
        "device_id": record.device_id,
        "interface_id": record.interface_id,
        "status": "success" if record.success else "failed",
        "message": record.message,
        "meta": record.meta,
    }
