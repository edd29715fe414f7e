"""The second factor: one-time codes of an authenticator (TOTP, RFC 6238: SHA-1, 6 digits, 30 s) and recovery codes.

The secret is encrypted at rest; recovery codes are stored as hashes and work once. A code counts once: of its time step and of
earlier ones none is taken again.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import secrets
from dataclasses import dataclass

import pyotp
import segno
from sqlalchemy import delete, func, or_, select, update
from sqlalchemy.orm import Session

from wildcore.errors import NotAllowed, ValidationFailed
from wildcore.i18n import gettext
from wildcore.services import action_log, keys
from wildcore.services.accounts import require_user, require_user_control
from wildcore.services.actor import Actor
from wildcore.services.runtime import Runtime
from wildcore.store.tables import RecoveryCode, User

STEP_SEC = 30
DRIFT_STEPS = 1
RECOVERY_CODES = 10


@dataclass(frozen=True, slots=True)
class Enrolment:
    """What an authenticator app needs: the secret as text, as `otpauth://` address and as a QR code (an `<svg>` element)."""

    secret: str
    uri: str
    qr_svg: str

    def __repr__(self) -> str:
        return "Enrolment(***)"


@dataclass(frozen=True, slots=True)
class TwoFaState:
    """Whether the second factor is on, since when (epoch), and how many recovery codes are left."""

    enabled: bool
    since: int | None
    recovery_left: int


def state(session: Session, actor: Actor, user_id: int) -> TwoFaState:
    """How the second factor of a user stands: one's own, or of anybody whom the actor may see."""
    user = require_user(session, actor, user_id)
    unused = select(func.count()).select_from(RecoveryCode)
    left = session.scalar(unused.where(RecoveryCode.user_id == user.id, RecoveryCode.used_at.is_(None))) or 0
    return TwoFaState(user.totp_confirmed_at is not None, user.totp_confirmed_at, left)


def begin(session: Session, runtime: Runtime, actor: Actor) -> Enrolment:
    """A new secret for one's own account; it counts after `confirm`. NotAllowed when the second factor is on already."""
    user = _own(session, actor)
    if user.totp_confirmed_at is not None:
        raise NotAllowed(gettext("The second factor is on already"))
    secret = pyotp.random_base32()
    user.totp_secret = runtime.secrets.seal(secret)
    user.totp_last_step = None
    return _enrolment(runtime, user, secret)


def pending(session: Session, runtime: Runtime, actor: Actor) -> Enrolment | None:
    """The secret that `begin` made and that still waits for its first code, to be shown again after a wrong one."""
    user = _own(session, actor)
    if user.totp_confirmed_at is not None or not user.totp_secret:
        return None
    return _enrolment(runtime, user, runtime.secrets.open(user.totp_secret))


def confirm(session: Session, runtime: Runtime, actor: Actor, code: str) -> list[str]:
    """Switch the second factor on with a code of the new secret; the recovery codes, shown only now.

    ValidationFailed for a wrong code: call it by `sign_in.with_code`, which counts failures.
    """
    user = _own(session, actor)
    if user.totp_confirmed_at is not None:
        raise NotAllowed(gettext("The second factor is on already"))
    if not user.totp_secret or not check(session, runtime, user, code, recovery=False):
        raise wrong_code()
    user.totp_confirmed_at = runtime.now()
    action_log.log(session, actor, "user:twofa_enabled", message=user.login, meta={"id": user.id})
    return _renew(session, user)


def renew_recovery_codes(session: Session, runtime: Runtime, actor: Actor, code: str) -> list[str]:
    """New recovery codes instead of the old ones, against a code. As `confirm`."""
    user = _own(session, actor)
    if user.totp_confirmed_at is None:
        raise NotAllowed(gettext("The second factor is off"))
    if not check(session, runtime, user, code):
        raise wrong_code()
    action_log.log(session, actor, "user:twofa_recovery_codes", message=user.login, meta={"id": user.id})
    return _renew(session, user)


def disable(session: Session, runtime: Runtime, actor: Actor, code: str) -> None:
    """Switch one's own second factor off, against a code or a recovery code. As `confirm`."""
    user = _own(session, actor)
    if user.totp_confirmed_at is not None and not check(session, runtime, user, code):
        raise wrong_code()
    _off(session, user)
    action_log.log(session, actor, "user:twofa_disabled", message=user.login, meta={"id": user.id})


def disable_for(session: Session, runtime: Runtime, actor: Actor, user_id: int) -> None:
    """Switch a user's second factor off without a code: for somebody who lost the authenticator. Needs `user_management`."""
    user = require_user(session, actor, user_id)
    if user.id == actor.user_id:
        raise NotAllowed(gettext("Switch off your own second factor with a code, in your account"))
    require_user_control(session, actor, user, runtime)
    keys.refuse_cross(session, actor)
    _off(session, user)
    action_log.log(session, actor, "user:twofa_disabled", message=user.login, meta={"id": user.id, "by_admin": True})


def check(session: Session, runtime: Runtime, user: User, code: str, *, recovery: bool = True) -> bool:
    """Whether a code (or, with `recovery`, a recovery code) is right now, and use it up: the next time it is wrong."""
    plain = "".join(code.split()).replace("-", "").lower()
    if plain.isascii() and plain.isdigit() and len(plain) == 6:
        step = _step_of(runtime.secrets.open(user.totp_secret), plain, runtime.now())
        if step is None:
            return False
        newer = or_(User.totp_last_step.is_(None), User.totp_last_step < step)
        used = session.execute(update(User).where(User.id == user.id, newer).values(totp_last_step=step))
        return int(getattr(used, "rowcount", 0)) == 1
    if not recovery or len(plain) != 16:
        return False
    unused = (RecoveryCode.user_id == user.id, RecoveryCode.code_hash == _hash(user.id, plain), RecoveryCode.used_at.is_(None))
    used = session.execute(update(RecoveryCode).where(*unused).values(used_at=runtime.now()))
    return int(getattr(used, "rowcount", 0)) == 1


def wrong_code() -> ValidationFailed:
    """The one answer to a wrong or used code."""
    return ValidationFailed(gettext("The code is wrong or was used already"), field="code")


def off(session: Session, user: User) -> None:
    """Forget the second factor; callers have made their checks and log it."""
    _off(session, user)


def _own(session: Session, actor: Actor) -> User:
    actor.require("user_self_control")
    user = session.get(User, actor.user_id) if actor.user_id is not None else None
    if user is None:
        raise NotAllowed(gettext("User {login} has no account to change", login=actor.login))
    keys.refuse_cross(session, actor)
    return user


def _enrolment(runtime: Runtime, user: User, secret: str) -> Enrolment:
    issuer = str(runtime.settings.get("APP_NAME")) or "Wildcore DMS"
    uri = pyotp.TOTP(secret).provisioning_uri(name=user.login, issuer_name=issuer.replace(":", " "))
    return Enrolment(secret, uri, segno.make(uri, error="m").svg_inline(scale=5, dark="#000", light="#fff"))


def _off(session: Session, user: User) -> None:
    user.totp_secret, user.totp_confirmed_at, user.totp_last_step = "", None, None
    session.execute(delete(RecoveryCode).where(RecoveryCode.user_id == user.id))


def _renew(session: Session, user: User) -> list[str]:
    session.execute(delete(RecoveryCode).where(RecoveryCode.user_id == user.id))
    codes = [base64.b32encode(secrets.token_bytes(10)).decode().lower() for _ in range(RECOVERY_CODES)]
    session.add_all(RecoveryCode(user_id=user.id, code_hash=_hash(user.id, code)) for code in codes)
    return ["-".join(code[at : at + 4] for at in range(0, 16, 4)) for code in codes]


def _hash(user_id: int, code: str) -> str:
    # 80 random bits: a quick hash is enough.
    return hashlib.sha256(f"{user_id}:{code}".encode()).hexdigest()


def _step_of(secret: str, code: str, now: int) -> int | None:
    totp = pyotp.TOTP(secret, interval=STEP_SEC)
    found = None
    for step in range(now // STEP_SEC - DRIFT_STEPS, now // STEP_SEC + DRIFT_STEPS + 1):
        if hmac.compare_digest(totp.generate_otp(step), code):
            found = step
    return found
