"""Signing in and out, also by a provider and with a second step, and choosing the language."""

from __future__ import annotations

import logging
from typing import Annotated
from urllib.parse import quote

from fastapi import Form, Query
from starlette.responses import RedirectResponse

from wildcore.errors import NotAllowed, Unauthenticated, ValidationFailed, WildcoreError
from wildcore.i18n import LANGUAGES, gettext
from wildcore.kit import Ctx, Redirect, Template
from wildcore.kit.http import LANGUAGE_COOKIE, SESSION_COOKIE, TICKET_COOKIE, Cookie
from wildcore.services import auth, oidc, oidc_settings, sso
from wildcore.services import sign_in as signing
from wildcore.services.keys import IssuedKey
from wildcore.store.tables import User

logger = logging.getLogger(__name__)

YEAR_SEC = 365 * 86400
Place = Annotated[str, Query(alias="next", max_length=2000)]
Code = Annotated[str, Form(max_length=40)]
PlaceField = Annotated[str, Form(alias="next", max_length=2000)]


def sign_in_form(ctx: Ctx, place: Place = "/", sso: str = "", stay: bool = False) -> Template | Redirect:
    """The form; somebody who is signed in goes on, others to the provider if AUTH_AUTO_INITIATE says so.

    `sso=failed` comes from a sign-in by the provider that came to nothing, `stay` from signing out.
    """
    if ctx.actor.user_id is not None:
        return Redirect(place)
    settings = ctx.runtime.settings
    if oidc_settings.enabled(settings) and settings.get("AUTH_AUTO_INITIATE") and not sso and not stay:
        return _to_provider(place)
    problem = gettext("Signing in by {name} did not work: ask the administrator", name=oidc_settings.name(settings))
    return _form(ctx, place, error=problem if sso else "")


async def sign_in(
    ctx: Ctx,
    login: Annotated[str, Form(max_length=100)] = "",
    password: Annotated[str, Form(max_length=1000)] = "",
    place: PlaceField = "/",
) -> Template | Redirect:
    """Check login and password; the session's key goes into a cookie that scripts cannot read."""
    try:
        issued = await signing.sign_in(ctx.runtime, login, password, _origin(ctx))
    except signing.CodeRequired as needed:
        return _second_step(ctx, needed.ticket, place)
    except (Unauthenticated, NotAllowed) as refused:
        return _form(ctx, place, login, refused.description, 401 if isinstance(refused, Unauthenticated) else 429)
    return _enter(ctx, issued, place)


async def sign_in_code(ctx: Ctx, code: Code = "", place: PlaceField = "/") -> Template | Redirect:
    """The second step: the code of the authenticator, or a recovery code."""
    try:
        issued = await signing.finish(ctx.runtime, ctx.request.ticket, code, _origin(ctx))
    except ValidationFailed as wrong:
        return Template("users/second_step.html", {"place": place, "error": wrong.description}, 401)
    except (Unauthenticated, NotAllowed) as refused:
        ctx.cookies[TICKET_COOKIE] = Cookie("")
        return _form(ctx, place, error=refused.description, status=401 if isinstance(refused, Unauthenticated) else 429)
    return _enter(ctx, issued, place)


def sign_in_code_form(ctx: Ctx, place: Place = "/") -> Template | Redirect:
    """The second step's form, for who comes back from the provider."""
    if not ctx.request.ticket:
        return Redirect("/sign-in")
    return Template("users/second_step.html", {"place": place, "error": ""})


async def sso_start(ctx: Ctx, place: Place = "/") -> RedirectResponse | Redirect:
    """Send the browser to the provider."""
    try:
        started = await oidc.start(ctx.runtime, ctx.request.base_url, place)
    except (NotAllowed, oidc.ProviderError) as error:
        logger.warning("sign-in by the provider: %s", error.description)
        return Redirect("/sign-in?sso=failed")
    ctx.cookies[TICKET_COOKIE] = Cookie(started.ticket, oidc.STATE_SEC)
    return RedirectResponse(started.address, 303, {"Cache-Control": "no-store"})


async def sso_callback(ctx: Ctx) -> Redirect:
    """Where the provider sends the browser back to: signs the person in and goes on to the page that was asked for."""
    origin = _origin(ctx)
    try:
        person = await oidc.person(ctx.runtime, ctx.request.ticket, ctx.request.query)
    except (Unauthenticated, NotAllowed, oidc.ProviderError) as error:
        await sso.refuse(ctx.runtime, origin, error.description)
        return _failed(ctx, error)
    try:
        issued = await sso.enter(ctx.runtime, person, origin)
    except signing.CodeRequired as needed:
        ctx.cookies[TICKET_COOKIE] = Cookie(needed.ticket, signing.TICKET_SEC)
        return Redirect(_with_place("/sign-in/code", person.next))
    except sso.Refused as refused:
        return _failed(ctx, refused)
    return _enter(ctx, issued, person.next)


def sign_out(ctx: Ctx) -> Redirect:
    """End the session; the one at the provider goes on."""
    auth.sign_out(ctx.session, ctx.runtime, ctx.actor)
    ctx.cookies[SESSION_COOKIE] = Cookie("")
    return Redirect("/sign-in?stay=yes" if oidc_settings.enabled(ctx.runtime.settings) else "/sign-in")


def set_language(
    ctx: Ctx, language: Annotated[str, Form(max_length=8)] = "", back: Annotated[str, Form(max_length=2000)] = "/"
) -> Redirect:
    """Keep the language in the browser, and with the account of somebody who is signed in."""
    if language in LANGUAGES:
        ctx.cookies[LANGUAGE_COOKIE] = Cookie(language, YEAR_SEC)
        user = ctx.session.get(User, ctx.actor.user_id) if ctx.actor.user_id is not None else None
        if user is not None:
            user.language = language
            ctx.runtime.auth.keys.clear_after_commit(ctx.session)
    return Redirect(back)


def _origin(ctx: Ctx) -> signing.Origin:
    return signing.Origin(ctx.request.ip, ctx.request.headers.get("user-agent", ""))


def _form(ctx: Ctx, place: str, login: str = "", error: str = "", status: int = 200) -> Template:
    settings = ctx.runtime.settings
    values = {
        "place": place,
        "login": login,
        "error": error,
        "provider": oidc_settings.name(settings) if oidc_settings.enabled(settings) else "",
        "provider_address": _with_place("/sign-in/sso", place),
        "passwords": not oidc_settings.local_denied(settings),
    }
    return Template("users/sign_in.html", values, status)


def _second_step(ctx: Ctx, ticket: str, place: str) -> Template:
    ctx.cookies[TICKET_COOKIE] = Cookie(ticket, signing.TICKET_SEC)
    return Template("users/second_step.html", {"place": place, "error": ""})


def _enter(ctx: Ctx, issued: IssuedKey, place: str) -> Redirect:
    ctx.cookies[SESSION_COOKIE] = Cookie(issued.key, issued.expires_at - ctx.runtime.now())
    if ctx.request.ticket:
        ctx.cookies[TICKET_COOKIE] = Cookie("")
    return Redirect(place)


def _failed(ctx: Ctx, error: WildcoreError) -> Redirect:
    logger.warning("sign-in by the provider from %s: %s", ctx.request.ip, error.description)
    ctx.cookies[TICKET_COOKIE] = Cookie("")
    return Redirect("/sign-in?sso=failed")


def _to_provider(place: str) -> Redirect:
    return Redirect(_with_place("/sign-in/sso", place))


def _with_place(path: str, place: str) -> str:
    return path if place in ("", "/") else f"{path}?next={quote(place, safe='')}"
