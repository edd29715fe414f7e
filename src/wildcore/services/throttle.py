"""Guessing passwords and codes: failures of a pair of address and login delay the next try, then block the pair.

They are rows, so that they outlive a restart and all processes share them. Only signing in is throttled, never a request with a
key: billing's one address serves all employees.

One password tried over many logins fails once for each pair. So an address at which many logins failed within the time of a block
is slow: who signed in from it before waits some seconds at most and is let in as ever; others take turns, and when too many
stand in line they are told what a wrong password is told, so that nothing shows which logins are known there.
"""

from __future__ import annotations

import hashlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

from sqlalchemy import ColumnElement, delete, func, or_, select, text
from sqlalchemy.orm import Session

from wildcore.errors import NotAllowed, Unauthenticated
from wildcore.i18n import gettext
from wildcore.services import action_log
from wildcore.services.actor import Actor
from wildcore.services.runtime import Runtime
from wildcore.store.tables import ActionLog, SignInFailure, User

WINDOW_SEC = 600
MAX_DELAY_SEC = 8
MAX_ROWS = 100_000
LINE = 3
"""How many strangers stand in line at a slow address."""
ACTION, SIGNED_IN = "security:auth_attempts", "user:logged_in"
_NEW = text(
    "INSERT INTO sign_in_failures (ip, login, failures, first_at, last_at) VALUES (:ip, :login, 0, :now, :now) "
    "ON CONFLICT (ip, login) DO NOTHING"
)

_PAIRS = select(
    SignInFailure.ip,
    SignInFailure.login,
    SignInFailure.failures,
    SignInFailure.first_at,
    SignInFailure.last_at,
    SignInFailure.blocked_until,
)


@dataclass(frozen=True, slots=True)
class Block:
    """A pair that failed lately; times are epochs. `blocked_until` is None while it is only delayed."""

    ip: str
    login: str
    failures: int
    first_at: int
    last_at: int
    blocked_until: int | None


@dataclass(frozen=True, slots=True)
class Attempt:
    """A try that is under way. Who made it ends it by `failed`, or by `clear` in the transaction that lets the person in."""

    runtime: Runtime
    ip: str
    login: str
    user_id: int | None

    async def failed(self, reason: str) -> None:
        """Count and log the failure; `reason` is for the log alone."""
        await self.runtime.db.run_write(lambda session: _count(session, self, reason))

    def clear(self, session: Session) -> None:
        """Forget the pair's failures."""
        session.execute(delete(SignInFailure).where(*_pair(self)))


@asynccontextmanager
async def attempt(runtime: Runtime, ip: str, login: str, *, proven: bool = False) -> AsyncIterator[Attempt]:
    """A try of this login from this address, after the delay that earlier failures cost.

    `proven`: the person has shown a password or a session already, so that no failures of other logins hold them up.
    NotAllowed says how long the pair is blocked. Pairs take their turns, so that parallel guesses do not run ahead of the count.
    """
    async with runtime.auth.turns.turn((ip, login)):
        user_id = await runtime.db.run_read(lambda session: session.scalar(select(User.id).where(User.login == login)))
        trying = Attempt(runtime, ip, login, user_id)
        if runtime.settings.get("RATE_LIMITER_ENABLED"):
            known = await runtime.db.run_read(lambda session: _known(session, trying))
            if known is not None:
                await _hold_up(runtime, known)
        most = int(runtime.settings.get("RATE_LIMITER_ADDRESS_LOGINS"))
        if proven or not most or not runtime.settings.get("RATE_LIMITER_ENABLED"):
            yield trying
            return
        async with _past_the_crowd(trying, most):
            yield trying


def refused() -> Unauthenticated:
    """What everybody is told whose sign-in fails."""
    return Unauthenticated(gettext("Wrong login or password, or not allowed from this address"))


@asynccontextmanager
async def _past_the_crowd(trying: Attempt, most: int) -> AsyncIterator[None]:
    """Slow down an address at which `most` logins failed. No more than that are let try at once before they are counted."""
    runtime, turns = trying.runtime, trying.runtime.auth.turns
    async with turns.turn(("address", trying.ip), most):
        failed, known = await runtime.db.run_read(lambda session: _crowd(session, trying))
        if failed < most:
            yield
            return
    delay = min(2 ** min(failed - most, MAX_DELAY_SEC), MAX_DELAY_SEC)
    if known:
        await runtime.auth.pause(delay)
        yield
        return
    line = ("strangers", trying.ip)
    if turns.crowd(line) >= LINE:
        await runtime.auth.pause(delay)
        await runtime.db.run_write(lambda session: _note(session, trying, "too many logins fail at this address", {}))
        raise refused()
    async with turns.turn(line):
        await runtime.auth.pause(delay)
        yield


def failing(session: Session, runtime: Runtime) -> list[Block]:
    """Pairs that failed lately, blocked ones first."""
    rows = session.execute(
        _PAIRS.where(or_(SignInFailure.blocked_until > runtime.now(), SignInFailure.last_at > runtime.now() - WINDOW_SEC))
        .order_by(SignInFailure.blocked_until.desc().nulls_last(), SignInFailure.last_at.desc())
        .limit(1000)
    )
    return [Block(*row) for row in rows]


def reset(session: Session, actor: Actor, ip: str = "") -> int:
    """Forget the failures of an address, or of all; how many pairs that were."""
    where = [SignInFailure.ip == ip] if ip else []
    count = session.scalar(select(func.count()).select_from(SignInFailure).where(*where)) or 0
    session.execute(delete(SignInFailure).where(*where))
    action_log.log(session, actor, "security:reset_ipblock", message=ip or "all", meta={"pairs": count})
    return count


def stored_login(login: str, user_id: int | None) -> str:
    """How a login is kept: as it is when it is somebody's, else as a hash, since it may be a password in the wrong field."""
    if user_id is not None:
        return login
    return f"~{hashlib.sha256(login.encode()).hexdigest()[:32]}"


def shown_login(login: str, user_id: int | None) -> str:
    """How a login stands in the log: of an unknown one only the beginning."""
    return login if user_id is not None else f"{login[:2]}…"


def _pair(trying: Attempt) -> tuple[ColumnElement[bool], ...]:
    return (SignInFailure.ip == trying.ip[:64], SignInFailure.login == stored_login(trying.login, trying.user_id))


def _known(session: Session, trying: Attempt) -> Block | None:
    row = session.execute(_PAIRS.where(*_pair(trying))).one_or_none()
    return None if row is None else Block(*row)


def _crowd(session: Session, trying: Attempt) -> tuple[int, bool]:
    """How many other logins failed at the address, and whether this one signed in from it before."""
    since = trying.runtime.now() - int(trying.runtime.settings.get("RATE_LIMITER_TIME"))
    others = (SignInFailure.ip == trying.ip[:64], SignInFailure.login != stored_login(trying.login, trying.user_id))
    failed = session.scalar(select(func.count()).select_from(SignInFailure).where(*others, SignInFailure.last_at > since)) or 0
    if trying.user_id is None:
        return failed, False
    signed_in = (ActionLog.user_id == trying.user_id, ActionLog.action == SIGNED_IN, ActionLog.ip == trying.ip[:64])
    return failed, session.scalar(select(ActionLog.id).where(*signed_in).limit(1)) is not None


async def _hold_up(runtime: Runtime, row: Block) -> None:
    now = runtime.now()
    if row.blocked_until is not None and row.blocked_until > now:
        raise NotAllowed(gettext("Too many failed attempts: try again in {seconds} s", seconds=row.blocked_until - now))
    if row.blocked_until is None and now - row.first_at < WINDOW_SEC:
        delay = min(2 ** (row.failures - 1), MAX_DELAY_SEC) - (now - row.last_at)
        if delay > 0:
            await runtime.auth.pause(delay)


def _count(session: Session, trying: Attempt, reason: str) -> None:
    runtime, now = trying.runtime, trying.runtime.now()
    name = stored_login(trying.login, trying.user_id)
    blocked = False
    if runtime.settings.get("RATE_LIMITER_ENABLED"):
        _make_room(session, runtime, now)
        session.execute(_NEW, {"ip": trying.ip[:64], "login": name, "now": now})
        row = session.scalars(select(SignInFailure).where(*_pair(trying)).with_for_update()).one()
        if now - row.first_at >= WINDOW_SEC or row.blocked_until is not None:
            row.failures, row.first_at, row.blocked_until = 0, now, None
        row.failures += 1
        row.last_at = now
        blocked = row.failures >= runtime.settings.get("RATE_LIMITER_ATTEMPTS")
        row.blocked_until = now + runtime.settings.get("RATE_LIMITER_TIME") if blocked else None
    _note(session, trying, reason, {"blocked": blocked})


def _note(session: Session, trying: Attempt, reason: str, meta: dict[str, object]) -> None:
    runtime, now = trying.runtime, trying.runtime.now()
    # Every failure of somebody's login is logged up to its block; guessed logins of one address only now and then.
    held = 0 if trying.user_id is not None else runtime.auth.failures.let(trying.ip, now)
    if held is None:
        return
    who = Actor(trying.user_id, shown_login(trying.login, trying.user_id), ip=trying.ip, permissions=frozenset())
    meta |= {"not_logged": held} if held else {}
    action_log.log(session, who, ACTION, success=False, message=reason, meta=meta)


def _make_room(session: Session, runtime: Runtime, now: int) -> None:
    life = max(WINDOW_SEC, int(runtime.settings.get("RATE_LIMITER_TIME")))
    session.execute(delete(SignInFailure).where(SignInFailure.last_at < now - life))
    oldest = session.scalar(select(SignInFailure.last_at).order_by(SignInFailure.last_at.desc()).offset(MAX_ROWS).limit(1))
    if oldest is not None:
        session.execute(delete(SignInFailure).where(SignInFailure.last_at <= oldest, SignInFailure.login.like("~%")))
