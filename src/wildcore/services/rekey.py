"""Changing the key that encrypts secrets at rest. A crash at any point leaves every secret readable."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

from cryptography.fernet import Fernet
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from wildcore.services import action_log
from wildcore.services.actor import Actor
from wildcore.services.runtime import Runtime
from wildcore.services.secretbox import KEY_FILE, SecretBox
from wildcore.store.tables import DeviceAccess, SettingRow, User


def change_key(runtime: Runtime, actor: Actor) -> int:
    """Encrypt all secrets anew with a new key; how many. No other process may run on this installation meanwhile.

    The key file holds both keys until the database is done, then the new one alone. Older backups keep their own key.
    """
    path = runtime.data_dir / KEY_FILE
    old, new = path.read_bytes().split(), Fernet.generate_key()
    _write(path, b"\n".join([new, *old]))
    box = SecretBox(path.read_bytes())
    with runtime.db.write() as session:
        count = _reseal(session, runtime, lambda sealed: box.seal(box.open(sealed)))
        action_log.log(session, actor, "security:encryption_changed", meta={"count": count})
    _write(path, new)
    return count


def _reseal(session: Session, runtime: Runtime, seal: Callable[[str], str]) -> int:
    count = 0
    secret = [spec.key for spec in runtime.settings.specs().values() if spec.secret]
    for setting, text in session.execute(select(SettingRow.key, SettingRow.value).where(SettingRow.key.in_(secret))).all():
        session.execute(update(SettingRow).where(SettingRow.key == setting).values(value=seal(text)))
        count += 1
    for access, text in session.execute(select(DeviceAccess.id, DeviceAccess.secrets).where(DeviceAccess.secrets != "")).all():
        session.execute(update(DeviceAccess).where(DeviceAccess.id == access).values(secrets=seal(text)))
        count += 1
    for user, text in session.execute(select(User.id, User.totp_secret).where(User.totp_secret != "")).all():
        session.execute(update(User).where(User.id == user).values(totp_secret=seal(text)))
        count += 1
    return count


def _write(path: Path, content: bytes) -> None:
    """Put the file in place whole or not at all, readable by its owner alone."""
    part = path.with_name(f"{path.name}.new")
    part.unlink(missing_ok=True)
    handle = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(handle, "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    part.replace(path)
