"""Signing in: login and password, then the second factor where it is on; what guards an account's own changes.

Each function takes transactions of its own: a password takes long to check, and a failure must be written too.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeVar

from sqlalchemy import ColumnElement, select
from sqlalchemy.orm import Session

from wildcore.errors import ConfigurationError, NotAllowed, Unauthenticated, ValidationFailed
from wildcore.i18n import gettext
from wildcore.services import action_log, keys, networks, oidc_settings, throttle, twofa
from wildcore.services.actor import Actor
from wildcore.services.keys import IssuedKey
from wildcore.services.passwords import verify_password_async
from wildcore.services.runtime import Runtime
from wildcore.store.tables import User

T = TypeVar("T")
TICKET_SEC = 300


@dataclass(frozen=True, slots=True)
class Origin:
    """Where a sign-in comes from: address and program."""

    ip: str = ""
    client: str = ""


@dataclass(frozen=True, slots=True)
class _Account:
    """What is read of a user before its password is checked."""

    id: int
    login: str
    password_hash: str
    enabled: bool
    networks: tuple[str, ...]
    totp_secret: str
    totp_confirmed_at: int | None


class CodeRequired(Unauthenticated):
    """The password is right, and the second factor is on: `ticket` lets `finish` go on within `TICKET_SEC`."""

    def __init__(self, ticket: str) -> None:
        super().__init__(gettext("twofa_pin: the code of the authenticator is required"), field="twofa_pin")
        self.ticket = ticket


async def sign_in(runtime: Runtime, login: str, password: str, origin: Origin | None = None, code: str = "") -> IssuedKey:
    """A session key for login and password, and the code where the second factor is on.

    Unauthenticated with one text for an unknown login, a wrong password, a disabled user and an address outside the user's
    networks; CodeRequired when a code is needed and none was given; NotAllowed when the pair of address and login failed too
    often, or passwords are not taken at all (OIDC_DENY_LOCAL_LOGIN). Everything is logged.
    """
    origin = origin or Origin()
    login = login.strip()[:100]
    if oidc_settings.local_denied(runtime.settings):
        await _denied(runtime, login, origin)
        raise NotAllowed(gettext("Passwords are not taken: sign in by {name}", name=oidc_settings.name(runtime.settings)))
    async with throttle.attempt(runtime, origin.ip, login) as trying:
        user = await runtime.db.run_read(lambda session: _account(session, User.login == login))
        right = await verify_password_async(user.password_hash if user else "", password)
        problem = _problem(user, right, origin.ip)
        if user is None or problem:
            await trying.failed(problem)
            raise throttle.refused()
        checked = user
        if checked.totp_confirmed_at is not None and not code.strip():
            raise CodeRequired(_ticket(runtime, checked, "password"))
        issued = await runtime.db.run_write(lambda s: _start(s, runtime, trying, checked, origin, code, "password"))
        if issued is None:
            await trying.failed("wrong code")
            raise Unauthenticated(gettext("The code is wrong or was used already"), field="twofa_pin")
        return issued


async def finish(runtime: Runtime, ticket: str, code: str, origin: Origin | None = None) -> IssuedKey:
    """The session key for a ticket of CodeRequired and the right code.

    Unauthenticated when the ticket is too old or the account has changed since; ValidationFailed (`code`) when the code is wrong;
    NotAllowed when the pair of address and login failed too often.
    """
    origin = origin or Origin()
    user_id, method, fingerprint = _read_ticket(runtime, ticket)
    user = await runtime.db.run_read(lambda session: _account(session, User.id == user_id))
    if user is None or fingerprint != _fingerprint(user):
        raise _start_again()
    async with throttle.attempt(runtime, origin.ip, user.login, proven=True) as trying:
        issued = await runtime.db.run_write(lambda s: _start(s, runtime, trying, user, origin, code, method))
        if issued is None:
            await trying.failed("wrong code")
            raise twofa.wrong_code()
        return issued


async def with_password(runtime: Runtime, actor: Actor, password: str) -> None:
    """Raise ValidationFailed (`current_password`) unless this is the actor's password. Failures count as those of a sign-in."""
    user_id = own_id(actor)
    async with throttle.attempt(runtime, actor.ip, actor.login, proven=True) as trying:
        stored = await runtime.db.run_read(lambda session: session.get_one(User, user_id).password_hash)
        if not stored:  # who signs in elsewhere has none
            return
        if not await verify_password_async(stored, password):
            await trying.failed("wrong current password")
            raise ValidationFailed(gettext("current_password: wrong"), field="current_password")
        await runtime.db.run_write(trying.clear)


async def with_code(runtime: Runtime, actor: Actor, work: Callable[[Session], T]) -> T:
    """Do work on one's own second factor (`twofa.confirm`, `disable`, `renew_recovery_codes`) in a transaction of its own.

    A wrong code counts as a failed sign-in.
    """
    own_id(actor)
    async with throttle.attempt(runtime, actor.ip, actor.login, proven=True) as trying:

        def checked(session: Session) -> T:
            done = work(session)
            trying.clear(session)
            return done

        try:
            return await runtime.db.run_write(checked)
        except ValidationFailed as wrong:
            if wrong.field == "code":
                await trying.failed("wrong code")
            raise


def start_session(session: Session, runtime: Runtime, user: User, origin: Origin, method: str) -> IssuedKey:
    """A session of a user who has shown who they are (`method`: password, sso). Checks nothing."""
    life = int(runtime.settings.get("API_KEY_EXPIRATION"))
    issued = keys.issue(session, runtime, user, kind="session", life_sec=life, ip=origin.ip, client=origin.client)
    user.last_activity_at = runtime.now()
    meta = {"id": issued.id, "method": method, "second_factor": user.totp_confirmed_at is not None}
    action_log.log(session, Actor(user.id, user.login, ip=origin.ip), throttle.SIGNED_IN, meta=meta)
    return issued


def ticket_for(runtime: Runtime, user: User, method: str) -> str:
    """What proves for `TICKET_SEC` that the first factor was right. Encrypted: it tells nothing."""
    return _ticket(runtime, _account_of(user), method)


def _ticket(runtime: Runtime, user: _Account, method: str) -> str:
    content = {"for": "2fa", "user": user.id, "by": method, "print": _fingerprint(user), "until": runtime.now() + TICKET_SEC}
    return runtime.secrets.seal(json.dumps(content))


def own_id(actor: Actor) -> int:
    """Id of the actor's account; NotAllowed for `sys`, which has none."""
    if actor.user_id is None:
        raise NotAllowed(gettext("User {login} has no account to change", login=actor.login))
    return actor.user_id


def _start(
    session: Session, runtime: Runtime, trying: throttle.Attempt, checked: _Account, origin: Origin, code: str, method: str
) -> IssuedKey | None:
    """The session; None when the code is wrong."""
    now = session.get(User, checked.id, with_for_update=True)
    if now is None or not now.enabled or _account_of(now) != checked:
        raise throttle.refused()
    if not networks.allowed(now.allowed_networks, origin.ip):
        raise throttle.refused()
    if now.totp_confirmed_at is not None and not twofa.check(session, runtime, now, code):
        return None
    trying.clear(session)
    return start_session(session, runtime, now, origin, method)


def _account(session: Session, where: ColumnElement[bool]) -> _Account | None:
    user = session.scalar(select(User).where(where))
    return None if user is None else _account_of(user)


def _account_of(user: User) -> _Account:
    return _Account(
        user.id, user.login, user.password_hash, user.enabled, tuple(user.allowed_networks), user.totp_secret,
        user.totp_confirmed_at,
    )  # fmt: skip


def _problem(user: _Account | None, right: bool, ip: str) -> str:
    """Why somebody is refused, for the log alone."""
    if user is None:
        return "unknown login"
    if not right:
        return "wrong password"
    if not user.enabled:
        return "the user is disabled"
    return "" if networks.allowed(user.networks, ip) else "the address is outside the user's networks"


async def _denied(runtime: Runtime, login: str, origin: Origin) -> None:
    held = runtime.auth.failures.let(origin.ip, runtime.now())
    if held is None:
        return

    def write(session: Session) -> None:
        user_id = session.scalar(select(User.id).where(User.login == login))
        who = Actor(user_id, throttle.shown_login(login, user_id), ip=origin.ip, permissions=frozenset())
        action_log.log(session, who, throttle.ACTION, success=False, message="passwords are not taken (OIDC_DENY_LOCAL_LOGIN)")

    await runtime.db.run_write(write)


def _read_ticket(runtime: Runtime, ticket: str) -> tuple[int, str, str]:
    try:
        content: dict[str, Any] = json.loads(runtime.secrets.open(ticket) or "{}")
    except (ConfigurationError, UnicodeEncodeError):
        raise _start_again() from None
    if content.get("for") != "2fa" or content["until"] < runtime.now():
        raise _start_again()
    return content["user"], content["by"], content["print"]


def _fingerprint(user: _Account) -> str:
    """Changes with the password and the second factor."""
    return hashlib.sha256(f"{user.password_hash}|{user.totp_secret}|{user.totp_confirmed_at}".encode()).hexdigest()[:32]


def _start_again() -> Unauthenticated:
    return Unauthenticated(gettext("The sign-in took too long: begin again"))
