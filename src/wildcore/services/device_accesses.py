"""Device accesses: how devices are spoken to. Secrets go in and never come out; only their names are told."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import delete, func, insert, select, update
from sqlalchemy.orm import Session

from wildcore.errors import Conflict, NotFound, ValidationFailed
from wildcore.i18n import gettext
from wildcore.services.device_sessions import CONNECTION
from wildcore.services.device_views import AccessView, Listing
from wildcore.services.runtime import Runtime
from wildcore.store.tables import Device, DeviceAccess

SECRETS = (
    "public_community",
    "private_community",
    "login",
    "password",
    "v3_user",
    "v3_auth_protocol",
    "v3_auth_password",
    "v3_priv_protocol",
    "v3_priv_password",
    "v3_context",
)
_RANGES: dict[str, tuple[float, float]] = {
    "snmp_port": (1, 65535),
    "snmp_timeout_sec": (0.1, 60),
    "snmp_repeats": (1, 10),
    "snmp_max_repetitions": (1, 100),
    "console_port": (1, 65535),
    "console_timeout_sec": (1, 3600),
}
_CHOICES = {"snmp_version": ("1", "2c", "3"), "console_connection_type": ("telnet", "ssh")}


@dataclass(frozen=True, slots=True)
class AccessInput:
    """What a person typed: None leaves a part as it is; within `secrets` a missing key stays and an empty text clears it."""

    name: str | None = None
    params: Mapping[str, Any] | None = None
    secrets: Mapping[str, str | None] = field(default_factory=dict)


def access_input(values: Mapping[str, Any]) -> AccessInput:
    """An input out of loose JSON: secrets are taken wherever clients put them (top level, `secrets`, `params`, `params.access`).

    Whatever looks like a secret thus never lands in the readable `params`.
    """
    secrets: dict[str, str | None] = {}
    params: dict[str, Any] | None = None
    if values.get("params") is not None:
        params = dict(_mapping(values["params"], "params"))
        _lift(secrets, params)
        if "access" in params:
            _lift(secrets, dict(_mapping(params.pop("access"), "params.access")))
    given = dict(_mapping(values.get("secrets") or {}, "secrets"))
    _lift(secrets, given)
    if given:
        unknown, known = ", ".join(sorted(given))[:200], ", ".join(SECRETS)
        raise ValidationFailed(
            gettext("secrets: there is no {unknown}; known: {known}", unknown=unknown, known=known),
            field="secrets",
        )
    _lift(secrets, {key: value for key, value in values.items() if key in SECRETS})
    name = values.get("name")
    if name is not None and (isinstance(name, bool) or not isinstance(name, str | int)):
        raise ValidationFailed(gettext("{field} must be a text", field="name"), field="name")
    return AccessInput(None if name is None else str(name), params, secrets)


def list_accesses(session: Session, runtime: Runtime, *, limit: int | None = None, offset: int = 0) -> Listing[AccessView]:
    """All accesses by name."""
    query = select(DeviceAccess).order_by(DeviceAccess.name, DeviceAccess.id).limit(limit).offset(offset or None)
    total = session.scalar(select(func.count(DeviceAccess.id))) or 0
    return Listing([_view(runtime, row) for row in session.scalars(query)], total)


def get_access(session: Session, runtime: Runtime, access_id: int) -> AccessView:
    """One access; NotFound names the id."""
    return _view(runtime, _row(session, access_id))


def access_by_name(session: Session, runtime: Runtime, name: str) -> AccessView:
    """One access by its name."""
    row = session.scalar(select(DeviceAccess).where(DeviceAccess.name == name.strip()))
    if row is None:
        raise NotFound(gettext("There is no device access {id}", id=name), field="access")
    return _view(runtime, row)


def add_access(session: Session, runtime: Runtime, wanted: AccessInput) -> AccessView:
    """A new access; its name is unique."""
    at = runtime.now()
    values = {
        "name": _checked_name(session, wanted.name or ""),
        "params": checked_params(wanted.params or {}),
        "secrets": seal(runtime, {key: value for key, value in wanted.secrets.items() if value}),
        "created_at": at,
        "updated_at": at,
    }
    return get_access(session, runtime, session.scalars(insert(DeviceAccess).values(**values).returning(DeviceAccess.id)).one())


def update_access(session: Session, runtime: Runtime, access_id: int, wanted: AccessInput) -> AccessView:
    """Change an access; secrets that are not named keep their values."""
    row = _row(session, access_id)
    values: dict[str, Any] = {"updated_at": runtime.now()}
    if wanted.name is not None:
        values["name"] = _checked_name(session, wanted.name, access_id)
    if wanted.params is not None:
        values["params"] = checked_params(wanted.params)
    if wanted.secrets:
        secrets = {**read_secrets(runtime, row.secrets), **{k: v for k, v in wanted.secrets.items() if v is not None}}
        values["secrets"] = seal(runtime, {key: value for key, value in secrets.items() if value})
    session.execute(update(DeviceAccess).where(DeviceAccess.id == access_id).values(**values))
    session.expire(row)
    return get_access(session, runtime, access_id)


def delete_access(session: Session, access_id: int) -> None:
    """Delete an access that no device uses."""
    row = _row(session, access_id)
    used = session.scalar(select(func.count(Device.id)).where(Device.access_id == access_id)) or 0
    if used:
        raise Conflict(gettext("Access {name} is in use by {count} devices", name=row.name, count=used))
    session.execute(delete(DeviceAccess).where(DeviceAccess.id == access_id))


def find_same(session: Session, runtime: Runtime, secrets: Mapping[str, str]) -> AccessView | None:
    """An access with exactly these secrets and no connection parameters of its own (equal rows of an import share one)."""
    for row in session.scalars(select(DeviceAccess).order_by(DeviceAccess.id)):
        if not row.params.get(CONNECTION) and read_secrets(runtime, row.secrets) == dict(secrets):
            return _view(runtime, row)
    return None


def read_secrets(runtime: Runtime, sealed: str) -> dict[str, str]:
    """Secrets in clear; for use on the way to a device only."""
    return dict(json.loads(runtime.secrets.open(sealed) or "{}"))


def seal(runtime: Runtime, secrets: Mapping[str, str | None]) -> str:
    """Secrets as they are stored."""
    return runtime.secrets.seal(json.dumps(dict(secrets), ensure_ascii=False)) if secrets else ""


def checked_params(params: Mapping[str, Any]) -> dict[str, Any]:
    """Parameters with their connection part checked; ValidationFailed names the wrong one and its range."""
    checked = dict(params)
    connection = dict(_mapping(checked.get(CONNECTION) or {}, CONNECTION))
    for key, (low, high) in _RANGES.items():
        if connection.get(key) in (None, ""):
            continue
        try:
            number = float(connection[key])
        except (TypeError, ValueError):
            number = low - 1
        if not low <= number <= high:
            raise ValidationFailed(
                gettext("{key}: must be from {low} to {high}", key=key, low=f"{low:g}", high=f"{high:g}"), field=key
            )
        connection[key] = int(number) if number == int(number) else number
    for key, choices in _CHOICES.items():
        if connection.get(key) in (None, ""):
            continue
        connection[key] = str(connection[key]).strip().lower()
        if connection[key] not in choices:
            raise ValidationFailed(gettext("{key}: must be one of {choices}", key=key, choices=", ".join(choices)), field=key)
    if connection:
        checked[CONNECTION] = connection
    return checked


def _lift(secrets: dict[str, str | None], values: dict[str, Any]) -> None:
    for key in SECRETS:
        if key in values:
            value = values.pop(key)
            secrets[key] = None if value is None else str(value)


def _mapping(value: Any, name: str) -> Mapping[str, Any]:
    if isinstance(value, list) and not value:  # PHP clients send an empty object as []
        return {}
    if not isinstance(value, Mapping):
        raise ValidationFailed(gettext("{field}: must be a JSON object", field=name), field=name)
    return value


def _row(session: Session, access_id: int) -> DeviceAccess:
    row = session.get(DeviceAccess, access_id)
    if row is None:
        raise NotFound(gettext("There is no device access {id}", id=access_id), field="access_id")
    return row


def _view(runtime: Runtime, row: DeviceAccess) -> AccessView:
    secrets = tuple(sorted(read_secrets(runtime, row.secrets)))
    return AccessView(row.id, row.name, dict(row.params), row.created_at, row.updated_at, secrets)


def _checked_name(session: Session, name: str, own_id: int = 0) -> str:
    text = name.strip()
    if not text or len(text) > 200:
        raise ValidationFailed(gettext("{field}: from 1 to {longest} characters", field="name", longest=200), field="name")
    if session.scalar(select(DeviceAccess.id).where(DeviceAccess.name == text, DeviceAccess.id != own_id)) is not None:
        raise Conflict(gettext("A device access {name} exists already", name=text), field="name")
    return text
