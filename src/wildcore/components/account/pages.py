"""One's own account: name and language, password, second factor, allowed networks, sessions and keys, appearance."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Annotated, Any

from fastapi import Form
from markupsafe import Markup
from sqlalchemy.orm import Session

from wildcore.errors import WildcoreError
from wildcore.i18n import LANGUAGES, gettext
from wildcore.kit import Ctx, Page, Redirect, Template
from wildcore.kit.forms import REFUSED, Line, Lines, Outcome, Secret, attempt, errors_of
from wildcore.kit.http import LANGUAGE_COOKIE, Cookie
from wildcore.kit.params import Id
from wildcore.kit.permissions import USER_SELF, USER_SELF_CONTROL, USER_STRICT_IP
from wildcore.services import keys, networks, passwords, twofa, users
from wildcore.services import sign_in as signing
from wildcore.services.users import UserFields, UserInfo

URL = "/account"
YEAR_SEC = 365 * 86400
Code = Annotated[str, Form(max_length=40)]


def account(ctx: Ctx) -> Template:
    """The whole page."""
    own = signing.own_id(ctx.actor)
    user = users.user_get(ctx.session, ctx.actor, own)
    return Template(
        "account/account.html",
        {
            **_profile(user),
            **_key_values(ctx, keys.keys_of(ctx.session, ctx.runtime, ctx.actor, own)),
            "user": user,
            "errors": {},
            "saved": False,
            "typed_networks": "\n".join(user.allowed_networks),
            "state": twofa.state(ctx.session, ctx.actor, own),
            "enrolment": None,
            "qr": "",
            "codes": (),
        },
    )


async def save_profile(
    ctx: Ctx,
    name: Annotated[Line, Form()] = "",
    email: Annotated[Line, Form()] = "",
    language: Annotated[Line, Form()] = "",
) -> Template | Redirect:
    """Change name, email and language; a new language shows on the whole page."""
    fields = UserFields(name=name, email=email, language=language)
    outcome = await attempt(ctx, lambda session: users.self_update(session, ctx.runtime, ctx.actor, fields))
    if outcome.value is not None and language != ctx.actor.language:
        if language:
            ctx.cookies[LANGUAGE_COOKIE] = Cookie(language, YEAR_SEC)
        return Redirect(URL)
    user = outcome.value or await _user(ctx)
    values = {**_profile(user), "user": user, "errors": outcome.errors, "saved": not outcome.errors}
    if outcome.errors:
        values["profile"] = {"name": name, "email": email, "language": language}
    return Template("account/profile.html", values, outcome.status)


async def save_password(
    ctx: Ctx, current_password: Annotated[Secret, Form()] = "", password: Annotated[Secret, Form()] = ""
) -> Template:
    """A new password against the current one; it closes the other sessions."""
    try:
        await signing.with_password(ctx.runtime, ctx.actor, current_password)
        fields = UserFields(password_hash=await passwords.new_hash_async(ctx.runtime.settings, password))
        outcome = await attempt(ctx, lambda session: users.self_update(session, ctx.runtime, ctx.actor, fields))
    except WildcoreError as refused:
        outcome = Outcome(errors=errors_of(refused))
    values = {"errors": outcome.errors, "saved": not outcome.errors}
    return Template("account/password.html", values, outcome.status)


async def save_networks(ctx: Ctx, allowed_networks: Annotated[Lines, Form()] = "") -> Template:
    """Set the networks from which one works; not so that oneself is shut out."""
    wanted = allowed_networks.replace(",", " ").split()
    own = signing.own_id(ctx.actor)
    outcome = await attempt(ctx, lambda session: networks.set_allowed(session, ctx.runtime, ctx.actor, own, wanted))
    typed = allowed_networks if outcome.errors else "\n".join(outcome.value or ())
    values = {"errors": outcome.errors, "saved": not outcome.errors, "typed_networks": typed}
    return Template("account/networks.html", values, outcome.status)


async def generate_key(
    ctx: Ctx,
    term: Annotated[str, Form(max_length=20)] = "",
    custom: Annotated[str, Form(max_length=20)] = "",
    description: Annotated[str, Form(max_length=300)] = "",
    current_password: Annotated[Secret, Form()] = "",
) -> Template:
    """A new API key of one's own against the current password, shown this once."""
    wanted = custom if term == "custom" else term

    def work(session: Session) -> keys.IssuedKey:
        return keys.generate_key(session, ctx.runtime, ctx.actor, ctx.actor.login, wanted.strip() or "-", description.strip())

    try:
        await signing.with_password(ctx.runtime, ctx.actor, current_password)
        outcome = await attempt(ctx, work)
    except WildcoreError as refused:
        outcome = Outcome(errors=errors_of(refused))
    typed = {"term": term, "custom": custom, "description": description} if outcome.errors else {}
    return await _keys(ctx, outcome.status, issued=outcome.value, errors=outcome.errors, typed=typed)


async def close_key(ctx: Ctx, key_id: Id) -> Template | Redirect:
    """Close one of one's own sessions or keys; closing the one in use signs out."""
    own = signing.own_id(ctx.actor)
    outcome = await attempt(ctx, lambda session: keys.revoke(session, ctx.runtime, ctx.actor, key_id, user_id=own))
    if not outcome.errors and key_id == ctx.actor.key_id:
        return Redirect("/sign-in")
    return await _keys(ctx, outcome.status, errors=outcome.errors, closed=not outcome.errors)


async def close_others(ctx: Ctx) -> Template:
    """Close all sessions but this one; API keys stay."""
    own = signing.own_id(ctx.actor)
    outcome = await attempt(ctx, lambda session: keys.revoke_others(session, ctx.runtime, ctx.actor, own))
    return await _keys(ctx, outcome.status, errors=outcome.errors, closed=not outcome.errors)


async def two_factor_begin(ctx: Ctx) -> Template:
    """A new secret with its QR code; it counts once a code of it is typed."""
    outcome = await attempt(ctx, lambda session: twofa.begin(session, ctx.runtime, ctx.actor))
    return await _two_factor(ctx, outcome.errors, enrolment=outcome.value)


async def two_factor_confirm(ctx: Ctx, code: Code = "") -> Template:
    """Switch the second factor on; after a wrong code the same QR code is there to try again with."""
    return await _with_code(ctx, lambda session: twofa.confirm(session, ctx.runtime, ctx.actor, code))


async def two_factor_codes(ctx: Ctx, code: Code = "") -> Template:
    """New recovery codes."""
    return await _with_code(ctx, lambda session: twofa.renew_recovery_codes(session, ctx.runtime, ctx.actor, code))


async def two_factor_off(ctx: Ctx, code: Code = "") -> Template:
    """Switch the second factor off, against a code."""

    def work(session: Session) -> list[str]:
        twofa.disable(session, ctx.runtime, ctx.actor, code)
        return []

    return await _with_code(ctx, work)


async def _with_code(ctx: Ctx, work: Callable[[Session], list[str]]) -> Template:
    try:
        codes = await signing.with_code(ctx.runtime, ctx.actor, work)
    except WildcoreError as refused:
        waiting = await ctx.runtime.db.run_read(lambda session: twofa.pending(session, ctx.runtime, ctx.actor))
        return await _two_factor(ctx, errors_of(refused), enrolment=waiting)
    return await _two_factor(ctx, {}, codes=codes, saved=True)


async def _two_factor(
    ctx: Ctx,
    errors: Mapping[str, str],
    *,
    enrolment: twofa.Enrolment | None = None,
    codes: Sequence[str] = (),
    saved: bool = False,
) -> Template:
    own = signing.own_id(ctx.actor)
    state = await ctx.runtime.db.run_read(lambda session: twofa.state(session, ctx.actor, own))
    values = {"state": state, "errors": errors, "enrolment": enrolment, "codes": codes, "saved": saved}
    values["qr"] = Markup(enrolment.qr_svg) if enrolment is not None else ""  # noqa: S704 - drawn by us
    return Template("account/two_factor.html", values, REFUSED if errors else 200)


async def _user(ctx: Ctx) -> UserInfo:
    own = signing.own_id(ctx.actor)
    return await ctx.runtime.db.run_read(lambda session: users.user_get(session, ctx.actor, own))


async def _keys(ctx: Ctx, status: int, **values: Any) -> Template:
    own = signing.own_id(ctx.actor)
    found = await ctx.runtime.db.run_read(lambda session: keys.keys_of(session, ctx.runtime, ctx.actor, own))
    return Template("people/keys.html", {**_key_values(ctx, found), **values}, status)


def _key_values(ctx: Ctx, found: Sequence[keys.KeyInfo]) -> dict[str, Any]:
    return {
        "keys": found,
        "keys_url": f"{URL}/keys",
        "with_password": True,
        "may_generate": ctx.actor.may(USER_SELF_CONTROL.key),
        "issued": None,
        "errors": {},
        "typed": {},
        "closed": False,
    }


def _profile(user: UserInfo) -> dict[str, Any]:
    return {
        "profile": {"name": user.name, "email": user.email, "language": user.language},
        "languages": [("", gettext("as the system")), *LANGUAGES.items()],
    }


PAGES: tuple[Page, ...] = (
    Page(URL, account, USER_SELF),
    Page(f"{URL}/profile", save_profile, USER_SELF_CONTROL, methods="POST"),
    Page(f"{URL}/password", save_password, USER_SELF_CONTROL, methods="POST"),
    Page(f"{URL}/networks", save_networks, (USER_SELF_CONTROL, USER_STRICT_IP), methods="POST"),
    Page(f"{URL}/keys", generate_key, USER_SELF_CONTROL, methods="POST"),
    Page(f"{URL}/keys/close-others", close_others, USER_SELF, methods="POST"),
    Page(f"{URL}/keys/{{key_id}}/close", close_key, USER_SELF, methods="POST"),
    Page(f"{URL}/two-factor", two_factor_begin, USER_SELF_CONTROL, methods="POST"),
    Page(f"{URL}/two-factor/confirm", two_factor_confirm, USER_SELF_CONTROL, methods="POST"),
    Page(f"{URL}/two-factor/codes", two_factor_codes, USER_SELF_CONTROL, methods="POST"),
    Page(f"{URL}/two-factor/off", two_factor_off, USER_SELF_CONTROL, methods="POST"),
)
