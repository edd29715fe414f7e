"""Passwords: argon2id (RFC 9106; cost as OWASP's password storage cheat sheet says: 19 MiB, 2 passes, 1 lane)."""

from __future__ import annotations

import asyncio
import secrets
from concurrent.futures import ThreadPoolExecutor
from functools import cache

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from wildcore.errors import ValidationFailed
from wildcore.i18n import gettext
from wildcore.services.settings import Settings

MIN_LENGTH = 8
MAX_LENGTH = 200
_LETTERS = "abcdefghijkmnpqrstuvwxyz", "ABCDEFGHJKLMNPQRSTUVWXYZ", "23456789", "-+=_"
_hasher = PasswordHasher(time_cost=2, memory_cost=19456, parallelism=1)
# Threads of their own: a flood of sign-ins must neither take 19 MiB for each request nor hold up what else runs in threads.
_pool = ThreadPoolExecutor(4, thread_name_prefix="password")


def hash_password(password: str) -> str:
    """The hash to store. Takes some 20 ms: never within a transaction. ValidationFailed when too short or long."""
    check_length(password)
    return _hasher.hash(password)


def new_hash(settings: Settings, password: str) -> str:
    """The hash of a password that a person chose: long enough, and strong when SECURE_CHECK_PASSWORD_STRENGTH is on."""
    check_password(settings, password)
    return _hasher.hash(password)


async def new_hash_async(settings: Settings, password: str) -> str:
    """`new_hash` in a thread."""
    check_password(settings, password)
    return await asyncio.get_running_loop().run_in_executor(_pool, _hasher.hash, password)


def check_length(password: str, field: str = "password") -> None:
    """Raise ValidationFailed when a new password is too short or too long."""
    if not MIN_LENGTH <= len(password) <= MAX_LENGTH:
        raise ValidationFailed(
            gettext("A password has from {low} to {high} characters", low=MIN_LENGTH, high=MAX_LENGTH), field=field
        )


def check_password(settings: Settings, password: str, field: str = "password") -> None:
    """Raise ValidationFailed that says in words what a new password lacks."""
    check_length(password, field)
    lacking = weaknesses(password) if settings.get("SECURE_CHECK_PASSWORD_STRENGTH") else []
    if lacking:
        raise ValidationFailed(gettext("The password lacks: {what}", what=", ".join(lacking)), field=field)


def weaknesses(password: str) -> list[str]:
    """What a password lacks, in words: small and capital letters (of any alphabet), digits, other characters."""
    kinds = (
        (str.islower, gettext("a small letter")),
        (str.isupper, gettext("a capital letter")),
        (str.isdigit, gettext("a digit")),
        (lambda one: not one.isalnum() and not one.isspace(), gettext("a special character, for example ! or -")),
    )
    return [words for fits, words in kinds if not any(fits(one) for one in password)]


def verify_password(password_hash: str, password: str) -> bool:
    """Whether the password is right. Takes as long when there is no hash to compare with, so time tells nothing."""
    try:
        _hasher.verify(password_hash or _nobody(), password[: MAX_LENGTH + 1])
    except (VerificationError, InvalidHashError):
        return False
    return bool(password_hash)


async def verify_password_async(password_hash: str, password: str) -> bool:
    """`verify_password` in a thread."""
    return await asyncio.get_running_loop().run_in_executor(_pool, verify_password, password_hash, password)


def random_password() -> str:
    """A password of 16 characters of every kind that cannot be mistaken for one another (over 80 bits)."""
    alphabet = "".join(_LETTERS[:3])
    while True:
        middle = [secrets.choice(alphabet) for _ in range(15)]
        middle.insert(1 + secrets.randbelow(14), secrets.choice(_LETTERS[3]))
        if not weaknesses("".join(middle)):
            return "".join(middle)


@cache
def _nobody() -> str:
    return _hasher.hash(secrets.token_urlsafe())
