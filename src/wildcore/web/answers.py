"""What handlers return as HTTP answers, and failures in the form that each kind of client reads."""

from __future__ import annotations

from html import escape
from typing import Any
from urllib.parse import quote, urlencode, urlsplit

from jinja2 import TemplateNotFound
from starlette.requests import Request
from starlette.responses import HTMLResponse, PlainTextResponse, RedirectResponse, Response

from wildcore.i18n import gettext, use_language
from wildcore.kit.http import Context, Html, Redirect, Stream, Template
from wildcore.web.errors import Failure
from wildcore.web.identity import KEY_NAME
from wildcore.web.payload import envelope, json_response, to_json
from wildcore.web.prefix import html_with_root, with_root, without_root
from wildcore.web.streaming import stream_response
from wildcore.web.templating import Frame, Templates

IFRAME_DENIED = "Wildcore iframe permission denied"
SIGN_IN = "/sign-in"
_NO_STORE = {"Cache-Control": "no-store"}


class Answers:
    """Makes responses; one for the whole shell."""

    def __init__(self, templates: Templates) -> None:
        self._templates = templates

    def present(self, result: Any, ctx: Context, frame: Frame, kind: str) -> Response:
        """A handler's result as a response."""
        if isinstance(result, Response):
            return result
        if isinstance(result, Template):
            return HTMLResponse(self._templates.render(result, ctx, frame), result.status, _NO_STORE)
        if isinstance(result, Html):
            return HTMLResponse(html_with_root(ctx.request.root, result.text), result.status, _NO_STORE)
        if isinstance(result, Stream):
            return stream_response(result, lambda part: self._templates.render(part, ctx, frame))
        if isinstance(result, Redirect):
            return self._redirect(own_path(result.location), ctx, result.status)
        if kind == "api":
            return json_response(envelope(result, ctx.meta))
        raise TypeError(f"a page handler returns Template, Html, Stream or Redirect, not {type(result).__name__}")

    def set_cookies(self, response: Response, ctx: Context) -> None:
        """Set the handler's cookies, and the pages' security for them."""
        for name, cookie in ctx.cookies.items():
            response.set_cookie(
                name,
                cookie.value,
                max_age=cookie.max_age_sec if cookie.value else 0,
                path=ctx.request.root or "/",
                secure=ctx.request.secure,
                httponly=not cookie.script,
                samesite="lax",
            )

    def api_failure(self, failure: Failure) -> Response:
        """A failure in the API's envelope."""
        return json_response(to_json(failure.envelope()), failure.status)

    def iframe_failure(self, failure: Failure, ctx: Context, frame: Frame) -> Response:
        """A failure inside billing: one text for everything that has to do with rights."""
        if failure.status in (401, 403):
            return PlainTextResponse(IFRAME_DENIED, 403, _NO_STORE)
        return self.page_failure(failure, ctx, frame)

    def page_failure(self, failure: Failure, ctx: Context, frame: Frame) -> Response:
        """A failure as a page, or as plain text for a fragment."""
        if ctx.request.fragment:
            return PlainTextResponse(failure.description, failure.status, _NO_STORE)
        values = {"status": failure.status, "description": failure.description}
        with use_language(frame.language):
            try:
                text = self._templates.render(Template("error.html", values), ctx, frame)
            except TemplateNotFound:
                text = html_with_root(ctx.request.root, _bare_page(failure))
        return HTMLResponse(text, failure.status, _NO_STORE)

    def to_sign_in(self, request: Request, ctx: Context) -> Response:
        """Send somebody who is not signed in to the sign-in page, and back afterwards."""
        if ctx.request.fragment:
            current = urlsplit(request.headers.get("hx-current-url", ""))
            place = own_path(without_root(ctx.request.root, current.path + (f"?{current.query}" if current.query else "")))
            return PlainTextResponse("", 401, {**_NO_STORE, "HX-Redirect": with_root(ctx.request.root, sign_in_address(place))})
        place = "/"
        if request.method == "GET":
            pairs = [(n, v) for n, v in request.query_params.multi_items() if n.lower() != KEY_NAME]
            place = ctx.request.path + (f"?{urlencode(pairs)}" if pairs else "")
        return self._redirect(sign_in_address(place), ctx, 303)

    def _redirect(self, path: str, ctx: Context, status: int) -> Response:
        location = with_root(ctx.request.root, path)
        if ctx.request.fragment:
            return PlainTextResponse("", 200, {**_NO_STORE, "HX-Redirect": location})
        return RedirectResponse(location, status, _NO_STORE)


def sign_in_address(place: str) -> str:
    """The sign-in page that leads on to a path of ours."""
    return SIGN_IN if place in ("", "/") else f"{SIGN_IN}?next={quote(place, safe='')}"


def own_path(location: str) -> str:
    """The location when it is a path of ours, else the start page: nobody is sent to another host."""
    clean = location.strip()
    safe = clean.startswith("/") and clean[1:2] not in ("/", "\\") and "\\" not in clean and clean.isprintable()
    return clean if safe else "/"


def _bare_page(failure: Failure) -> str:
    back = gettext("To the start page")
    return (
        f'<!doctype html><meta charset="utf-8"><title>{failure.status}</title>'
        f'<p>{escape(failure.description)}</p><p><a href="/">{escape(back)}</a></p>'
    )
