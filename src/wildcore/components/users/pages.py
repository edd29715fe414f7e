"""Signing in and out, and choosing the language."""

from __future__ import annotations

from typing import Annotated

from fastapi import Form, Query

from wildcore.errors import NotAllowed, Unauthenticated
from wildcore.i18n import LANGUAGES
from wildcore.kit import Ctx, Redirect, Template
from wildcore.kit.http import LANGUAGE_COOKIE, SESSION_COOKIE, Cookie
from wildcore.services import auth
from wildcore.services import sign_in as signing
from wildcore.store.tables import User

YEAR_SEC = 365 * 86400
Place = Annotated[str, Query(alias="next", max_length=2000)]


def sign_in_form(ctx: Ctx, place: Place = "/") -> Template | Redirect:
    """The form; somebody who is signed in goes on."""
    if ctx.actor.user_id is not None:
        return Redirect(place)
    return Template("users/sign_in.html", {"place": place, "login": "", "error": ""})


async def sign_in(
    ctx: Ctx,
    login: Annotated[str, Form(max_length=100)] = "",
    password: Annotated[str, Form(max_length=1000)] = "",
    place: Annotated[str, Form(alias="next", max_length=2000)] = "/",
) -> Template | Redirect:
    """Check login and password; the session's key goes into a cookie that scripts cannot read."""
    origin = signing.Origin(ctx.request.ip, ctx.request.headers.get("user-agent", ""))
    try:
        issued = await signing.sign_in(ctx.runtime, login, password, origin)
    except (Unauthenticated, NotAllowed) as refused:
        status = 401 if isinstance(refused, Unauthenticated) else 429
        return Template("users/sign_in.html", {"place": place, "login": login, "error": refused.description}, status)
    ctx.cookies[SESSION_COOKIE] = Cookie(issued.key, issued.expires_at - ctx.runtime.now())
    return Redirect(place)


def sign_out(ctx: Ctx) -> Redirect:
    """End the session."""
    auth.sign_out(ctx.session, ctx.runtime, ctx.actor)
    ctx.cookies[SESSION_COOKIE] = Cookie("")
    return Redirect("/sign-in")


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
