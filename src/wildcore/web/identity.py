"""Who a request comes from: a key in header or query, the session cookie of a page, or a trusted network."""

from __future__ import annotations

import hashlib
import hmac
import socket
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal
from urllib.parse import urlsplit

from starlette.requests import Request

from wildcore.errors import Forbidden, Unauthenticated
from wildcore.kit.http import SESSION_COOKIE
from wildcore.services.actor import Actor, system_actor
from wildcore.services.auth import actor_by_key
from wildcore.services.runtime import Runtime
from wildcore.web.proxy import Caller, known_host, networks, origin_of, parse_address, within

KEY_NAME = "x-auth-key"
CSRF_HEADER = "x-csrf-token"
CSRF_FIELD = "csrf_token"
SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})
FOREIGN_SITES = frozenset({"cross-site", "same-site"})

# Set by the server on requests that came by the console's 0600 socket; nothing that travels in a request can set it.
CONSOLE_SCOPE = "wildcore.console"

Via = Literal["key", "cookie", "network"]


@dataclass(frozen=True, slots=True)
class Identity:
    """The actor, how it showed itself, and the CSRF token of its session (only with a cookie)."""

    actor: Actor
    via: Via
    csrf_token: str = ""


def request_key(request: Request) -> str:
    """The key that a request carries in its header or (any case) in its query; "" without one."""
    key = request.headers.get(KEY_NAME, "").strip()
    if key:
        return key
    return next((value.strip() for name, value in request.query_params.multi_items() if name.lower() == KEY_NAME), "")


def csrf_token(session_key: str) -> str:
    """The token that forms and scripts of a session send back. It tells nothing about the key."""
    return hmac.new(session_key.encode(), b"wildcore csrf", hashlib.sha256).hexdigest()


async def identify(
    runtime: Runtime, request: Request, caller: Caller, *, cookies: bool = True, trusted_networks: bool = False
) -> Identity | None:
    """Who asks; None when the request shows nothing. Unauthenticated when it shows a key that is no good."""
    if request.scope.get(CONSOLE_SCOPE) is True:
        return Identity(system_actor("console"), "network")
    client = request.headers.get("user-agent", "")
    key = request_key(request)
    if key:
        return Identity(await actor_by_key(runtime, key, caller.ip, client), "key")
    session_key = request.cookies.get(SESSION_COOKIE, "") if cookies else ""
    if session_key and not _foreign(request, caller):
        try:
            actor = await actor_by_key(runtime, session_key, caller.ip, client)
        except Unauthenticated:
            return None
        return Identity(actor, "cookie", csrf_token(session_key))
    if trusted_networks and (request.scope.get(CONSOLE_SCOPE) is True or _trusted(runtime, request, caller)):
        return Identity(system_actor(caller.ip), "network")
    return None


async def check_csrf(request: Request, identity: Identity) -> None:
    """Raise Forbidden when a request that changes something came by cookie without the session's token."""
    if identity.via != "cookie" or request.method in SAFE_METHODS:
        return
    token = request.headers.get(CSRF_HEADER, "")
    if not token and request.headers.get("content-type", "").startswith(
        ("application/x-www-form-urlencoded", "multipart/form-data")
    ):
        token = str((await request.form()).get(CSRF_FIELD, ""))
    if not hmac.compare_digest(token.encode(), identity.csrf_token.encode()):
        raise Forbidden("The page is out of date: reload it and try again")


def same_origin(request: Request, caller: Caller) -> bool:
    """Whether a browser says that the request comes from one of our own pages, or a program sends no such word."""
    if request.headers.get("sec-fetch-site", "none").lower() not in ("same-origin", "none"):
        return False
    origin = request.headers.get("origin")
    return origin is None or origin_of(origin) in _own_origins(caller)


def from_other_site(request: Request) -> bool:
    """Whether a browser says that another site's page sends a form here (signing a person in as somebody else)."""
    return request.method not in SAFE_METHODS and request.headers.get("sec-fetch-site", "").lower() in FOREIGN_SITES


def _foreign(request: Request, caller: Caller) -> bool:
    """A browser says that another site's page asks: the cookie does not count, unless the person followed a link to a page."""
    site = request.headers.get("sec-fetch-site", "").lower()
    if site in FOREIGN_SITES:
        navigates = request.headers.get("sec-fetch-mode") == "navigate" and request.headers.get("sec-fetch-dest") == "document"
        return not (navigates and request.method in SAFE_METHODS and not request.url.path.startswith("/api/"))
    # `null` comes with forms of our own pages, since they send no referrer. Ports are not compared, since a proxy's
    # `Host $host` loses them: what a cookie may change is guarded by the CSRF token besides.
    origin = request.headers.get("origin", "null")
    if origin == "null" or request.method in SAFE_METHODS:
        return False
    return urlsplit(origin).hostname not in {urlsplit(one).hostname for one in _own_origins(caller)}


def _own_origins(caller: Caller) -> set[str]:
    return {origin_of(caller.base_url), origin_of(f"{caller.scheme}://{caller.host}")} - {""}


def _trusted(runtime: Runtime, request: Request, caller: Caller) -> bool:
    allowed = networks(runtime.settings.get("TRUSTED_HOST_NETWORK_LIST"))
    if not allowed or caller.suspicious or not within(parse_address(caller.ip), allowed):
        return False
    external = str(runtime.settings.get("EXTERNAL_HTTP_ADDRESS"))
    return same_origin(request, caller) and known_host(caller.host, external, _own_names())


@lru_cache(maxsize=1)
def _own_names() -> frozenset[str]:
    return frozenset({socket.gethostname()})
