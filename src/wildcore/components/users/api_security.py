"""API of the second factor and of blocked sign-ins."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import Query
from pydantic import BaseModel, ConfigDict, Field
from sqlalchemy.orm import Session

from wildcore.kit import Ctx
from wildcore.kit.params import Id
from wildcore.services import sign_in, throttle, twofa
from wildcore.services.times import time_text


class CodeBody(BaseModel):
    """A code of the authenticator, where it says so also a recovery code."""

    model_config = ConfigDict(coerce_numbers_to_str=True)

    code: str = Field(max_length=40)


def self_twofa(ctx: Ctx) -> dict[str, Any]:
    """How one's own second factor stands."""
    return _state(ctx, sign_in.own_id(ctx.actor))


def self_twofa_begin(ctx: Ctx) -> dict[str, Any]:
    """A new secret for an authenticator app, as text, as `otpauth://` address and as QR code (SVG). It counts once confirmed."""
    new = twofa.begin(ctx.session, ctx.runtime, ctx.actor)
    return {"secret": new.secret, "uri": new.uri, "qr_svg": new.qr_svg}


async def self_twofa_confirm(ctx: Ctx, body: CodeBody) -> dict[str, Any]:
    """Switch the second factor on with a code of the new secret; answers the recovery codes, shown only now."""

    def work(session: Session) -> list[str]:
        return twofa.confirm(session, ctx.runtime, ctx.actor, body.code)

    return {"recovery_codes": await sign_in.with_code(ctx.runtime, ctx.actor, work)}


async def self_twofa_recovery_codes(ctx: Ctx, body: CodeBody) -> dict[str, Any]:
    """New recovery codes instead of the old ones, against a code; shown only now."""

    def work(session: Session) -> list[str]:
        return twofa.renew_recovery_codes(session, ctx.runtime, ctx.actor, body.code)

    return {"recovery_codes": await sign_in.with_code(ctx.runtime, ctx.actor, work)}


async def self_twofa_disable(ctx: Ctx, body: CodeBody) -> None:
    """Switch one's own second factor off, against a code or a recovery code."""

    def work(session: Session) -> None:
        twofa.disable(session, ctx.runtime, ctx.actor, body.code)

    await sign_in.with_code(ctx.runtime, ctx.actor, work)


def user_twofa(ctx: Ctx, user_id: Id) -> dict[str, Any]:
    """How a user's second factor stands."""
    return _state(ctx, user_id)


def user_twofa_disable(ctx: Ctx, user_id: Id) -> None:
    """Switch the second factor of a user off who lost the authenticator."""
    twofa.disable_for(ctx.session, ctx.runtime, ctx.actor, user_id)


def sign_in_failures(ctx: Ctx) -> list[dict[str, Any]]:
    """Pairs of address and login that failed to sign in lately; logins of nobody are hashes."""
    found = throttle.failing(ctx.session, ctx.runtime)
    ctx.meta = {"total": len(found)}
    return [
        {
            "ip": one.ip,
            "login": one.login,
            "failures": one.failures,
            "last_at": time_text(one.last_at),
            "blocked_until": time_text(one.blocked_until),
        }
        for one in found
    ]


def sign_in_failures_reset(ctx: Ctx, ip: Annotated[str, Query(max_length=64)] = "") -> dict[str, Any]:
    """Let an address sign in again, or all of them."""
    return {"pairs": throttle.reset(ctx.session, ctx.actor, ip)}


def rights_changed(ctx: Ctx) -> None:
    """Forget what is remembered of keys and settings: another process has changed them. The console asks for it."""
    ctx.runtime.auth.keys.clear()
    ctx.runtime.settings.forget()


def _state(ctx: Ctx, user_id: int) -> dict[str, Any]:
    found = twofa.state(ctx.session, ctx.actor, user_id)
    return {"enabled": found.enabled, "since": time_text(found.since), "recovery_left": found.recovery_left}
