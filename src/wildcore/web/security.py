"""Headers that every answer carries, and the access log, in which no key ever stands."""

from __future__ import annotations

import logging
import re
import secrets
import time
from collections.abc import Iterable
from urllib.parse import parse_qsl

from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from wildcore.services.runtime import Runtime
from wildcore.web.prefix import without_root
from wildcore.web.proxy import caller_of, origin_of

access = logging.getLogger("wildcore.access")

IFRAME_PREFIX = "/iframe/"
_UUID = re.compile(r"[0-9a-f]{7,8}-?(?:[0-9a-f]{2,4}-?){3}[0-9a-f]{8,12}", re.IGNORECASE)
_SECRET_NAME = re.compile(r"key|token|auth|pass|secret|sign", re.IGNORECASE)
_UNPRINTABLE = re.compile(r"[^\x20-\x7e]")


class EntryPoint:
    """Outermost: works out who calls (`state.caller`), gives pages their nonce, adds headers, writes the access log."""

    def __init__(self, app: ASGIApp, runtime: Runtime) -> None:
        self._app = app
        self._runtime = runtime

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        started = time.perf_counter()
        caller = caller_of(scope, self._runtime.settings)
        nonce = secrets.token_urlsafe(16)
        scope["scheme"] = caller.scheme
        scope.setdefault("state", {}).update(caller=caller, nonce=nonce)
        path = without_root(caller.own_root, scope["path"])
        scope["path"] = path.rstrip("/") if path.startswith("/api/") else path
        method = scope["method"]
        if method == "HEAD" and path.startswith("/api/"):
            scope = {**scope, "method": "GET"}  # the server leaves the body out
        iframe = path.startswith(IFRAME_PREFIX)
        status, size = 0, 0

        async def answer(message: Message) -> None:
            nonlocal status, size
            if message["type"] == "http.response.start":
                status = message["status"]
                headers = MutableHeaders(scope=message)
                add_headers(headers, nonce, self._ancestors() if iframe else "'none'")
                if "content-length" not in headers:  # a stream: nginx would keep it until its buffers are full
                    headers.setdefault("X-Accel-Buffering", "no")
            elif message["type"] == "http.response.body":
                size += len(message.get("body", b""))
            await send(message)

        try:
            await self._app(scope, receive, answer)
        finally:
            spent = (time.perf_counter() - started) * 1000
            if access.isEnabledFor(logging.INFO):
                access.info('%s "%s %s" %d %d %.1fms', caller.ip or "-", method, clean_path(path), status, size, spent)

    def _ancestors(self) -> str:
        settings = self._runtime.settings
        billing = [one.source().address for one in self._runtime.ports.billings()]
        return frame_ancestors([*billing, *settings.get("IFRAME_ALLOWED_ORIGINS")])


def frame_ancestors(addresses: Iterable[str]) -> str:
    """Origins of the addresses for a CSP; `*` when none is given, since then nobody has said yet who may show the pages."""
    given = [address for address in addresses if address.strip()]
    origins = dict.fromkeys(origin for origin in map(origin_of, given) if origin)
    return " ".join(origins) or ("'none'" if given else "*")


def add_headers(headers: MutableHeaders, nonce: str, ancestors: str) -> None:
    """Set the security headers of one answer; what the answer already says itself stays."""
    policy = (
        f"default-src 'self'; script-src 'self' 'nonce-{nonce}'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; "
        f"font-src 'self' data:; connect-src 'self'; object-src 'none'; base-uri 'none'; form-action 'self'; "
        f"frame-ancestors {ancestors}"
    )
    headers.setdefault("Content-Security-Policy", policy)
    headers.setdefault("Referrer-Policy", "no-referrer")
    headers.setdefault("X-Content-Type-Options", "nosniff")
    if ancestors == "'none'":
        headers.setdefault("X-Frame-Options", "DENY")


def clean_path(path: str) -> str:
    """A path for a log: one line, nothing that looks like a key."""
    return _UNPRINTABLE.sub("?", _UUID.sub("***", path))[:500]


def clean_query(query: str) -> str:
    """A query for a log: values that are or may be secrets are left out."""
    pairs = parse_qsl(query[:2000], keep_blank_values=True)
    return "&".join(f"{clean_path(n)}={'***' if _SECRET_NAME.search(n) else clean_path(v)}" for n, v in pairs)
