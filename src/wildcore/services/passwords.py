"""Passwords: argon2id (RFC 9106; cost as OWASP's password storage cheat sheet says: 19 MiB, 2 passes, 1 lane)."""

from __future__ import annotations

import secrets
import threading

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from wildcore.errors import ValidationFailed
from wildcore.i18n import gettext

MIN_LENGTH = 8
MAX_LENGTH = 200
_ALPHABET = "abcdefghijkmnpqrstuvwxyzABCDEFGHJKLMNPQRSTUVWXYZ23456789"
_hasher = PasswordHasher(time_cost=2, memory_cost=19456, parallelism=1)
# A flood of sign-ins must not take 19 MiB for each of its requests.
_slots = threading.BoundedSemaphore(4)


def hash_password(password: str) -> str:
    """The hash to store. Takes some 20 ms: never within a transaction. ValidationFailed when too short or long."""
    check_password(password)
    with _slots:
        return _hasher.hash(password)


def check_password(password: str, field: str = "password") -> None:
    """Raise ValidationFailed when a new password is too short or too long."""
    if not MIN_LENGTH <= len(password) <= MAX_LENGTH:
        raise ValidationFailed(
            gettext("A password has from {low} to {high} characters", low=MIN_LENGTH, high=MAX_LENGTH), field=field
        )


def verify_password(password_hash: str, password: str) -> bool:
    """Whether the password is right. Takes as long when there is no hash to compare with, so time tells nothing."""
    with _slots:
        try:
            if not password_hash:
                _hasher.hash(password[: MAX_LENGTH + 1])
                return False
            return _hasher.verify(password_hash, password[: MAX_LENGTH + 1])
        except (VerificationError, InvalidHashError):
            return False


def random_password() -> str:
    """A password of 16 letters and digits that cannot be mistaken for one another (93 bits)."""
    return "".join(secrets.choice(_ALPHABET) for _ in range(16))
