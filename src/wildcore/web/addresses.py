"""Addresses of requests that cannot be read: broken percent-encoding, no UTF-8, NUL, one parameter twice.

What reads addresses for us lets all of these through in silence: with a sign of replacement, or with the last of two values.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection
from urllib.parse import unquote_plus, unquote_to_bytes

from starlette.requests import Request

from wildcore.errors import BadRequest

_BROKEN = re.compile(rb"%(?![0-9A-Fa-f]{2})")
_SIGNS = ("\x00", "\ufffd", "%")


def check(request: Request, once: Collection[str] = ()) -> None:
    """Raise BadRequest that names the parameter; `once` are those that may not be given twice."""
    _check_path(request)
    pairs = [part.partition(b"=")[::2] for part in request.scope.get("query_string", b"").split(b"&") if part]
    for name, value in pairs:
        if problem := _problem(name) or _problem(value):
            raise _refusal(unquote_plus(name.decode("latin-1"))[:100] or "query", problem)
    if len(pairs) > 1:
        for name, times in Counter(unquote_plus(name.decode("latin-1")) for name, _value in pairs).items():
            if times > 1 and name in once:
                raise _refusal(name, "it stands there twice")


def _check_path(request: Request) -> None:
    raw: bytes = request.scope.get("raw_path") or b""
    problem = _problem(raw.partition(b"?")[0])
    if problem:
        given = request.path_params.items()
        raise _refusal(next((name for name, value in given if any(sign in str(value) for sign in _SIGNS)), "path"), problem)


def _problem(raw: bytes) -> str:
    if b"%" not in raw and raw.isascii():
        return ""
    if _BROKEN.search(raw):
        return "a % that begins no code of two digits (write %25)"
    try:
        text = unquote_to_bytes(raw).decode("utf-8")
    except UnicodeDecodeError:
        return "not UTF-8"
    # PostgreSQL keeps no NUL in a text: better said here than by the database.
    return "the character NUL is not allowed" if "\x00" in text else ""


def _refusal(name: str, problem: str) -> BadRequest:
    return BadRequest(f"{name}: {problem}", field=name)
