"""Bodies of API requests as clients really send them.

PHP clients post JSON under the content type of forms, and one client posts what the documents put into the query.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator
from math import isfinite
from typing import Any, get_args, get_origin
from urllib.parse import urlencode

from fastapi import params
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.types import Message

from wildcore.errors import BadRequest, ValidationFailed
from wildcore.web.identity import SAFE_METHODS

MAX_INT64 = 2**63 - 1
MAX_DEPTH = 32
_SUSPECT = re.compile(rb"\\u[dD][89a-fA-F]|\\u0000|\d{19}|NaN|Infinity|[eE]\+?\d{3}")
_LOOSE_TYPES = ("", "text/plain", "application/x-www-form-urlencoded", "application/octet-stream")


def bounded(request: Request, limit: int) -> Request:
    """The request, whose body cannot be read beyond `limit` bytes: 413 then, at once when its length is told beforehand.

    Starlette has the same, but answers in plain text whatever the client reads.
    """
    told = request.headers.get("content-length", "")
    if told.isdecimal() and int(told) > limit:
        raise HTTPException(413)
    size = 0

    async def receive() -> Message:
        nonlocal size
        message = await request.receive()
        size += len(message.get("body", b""))
        if size > limit:
            raise HTTPException(413)
        return message

    return Request(request.scope, receive, request._send)  # its sender has no public name


async def normalise(request: Request, body_field: Any) -> Request:
    """The request with JSON declared as JSON; where the route reads no body, with a JSON object's members in the query."""
    if request.method in SAFE_METHODS or (body_field is not None and isinstance(body_field.field_info, params.Form)):
        return request
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    is_json = kind == "application/json" or kind.endswith("+json")
    known = is_json or kind in _LOOSE_TYPES
    if not known and body_field is None:  # nobody reads it
        return request
    body = (await request.body()).lstrip()
    if body_field is not None:
        _refuse_what_is_no_object(body, body_field, known)
    _refuse_what_cannot_be_kept(body)
    if body[:1] not in (b"{", b"["):
        return request
    if body_field is None:
        return _with_query(request, _members(body))
    return request if is_json else _with_header(request, body)


def single_values(fields: Iterable[Any]) -> frozenset[str]:
    """Names of query parameters that hold one value, not a list."""
    return frozenset(one.alias for one in fields if not _holds(one.field_info.annotation, list))


def _holds(hint: Any, kind: type) -> bool:
    return hint is kind or get_origin(hint) is kind or any(_holds(part, kind) for part in get_args(hint))


def _refuse_what_is_no_object(body: bytes, body_field: Any, known: bool) -> None:
    if not known and body:
        raise BadRequest("body: send it as JSON, with Content-Type: application/json", field="body")
    begins = (b"{", b"[") if _holds(body_field.field_info.annotation, list) else (b"{",)
    if body and body[:1] not in begins and body.rstrip() not in (b"null", b"[]"):  # PHP's empty object
        raise BadRequest("body: a JSON object is expected", field="body")


def _refuse_what_cannot_be_kept(body: bytes) -> None:
    """Numbers that no database keeps, characters that no text may hold and trees without end, named by where they stand."""
    if not _SUSPECT.search(body) and body.count(b"[") + body.count(b"{") <= MAX_DEPTH:
        return
    try:
        parsed = json.loads(body)
    except (ValueError, RecursionError):
        return
    for path, value in _values("", parsed):
        name = path.strip(".") or "body"
        if isinstance(value, float) or abs(value if isinstance(value, int) else 0) > MAX_INT64:
            raise ValidationFailed(f"{name}: the number is out of range", field=name)
        if isinstance(value, str) and any(0xD800 <= ord(letter) <= 0xDFFF for letter in value):
            raise ValidationFailed(f"{name}: half of a character", field=name)
        if isinstance(value, str) and "\x00" in value:
            raise ValidationFailed(f"{name}: the character NUL is not allowed", field=name)
        if isinstance(value, dict | list):
            raise ValidationFailed(f"{name.partition('.')[0]}: nested too deep", field=name)


def _values(path: str, value: Any, depth: int = 0) -> Iterator[tuple[str, Any]]:
    """Every text and number of a body with where it stands; of fractions those that are no number, and trees too deep."""
    if isinstance(value, dict | list) and depth >= MAX_DEPTH:
        yield path, value
    elif isinstance(value, dict):
        for key, inner in value.items():
            yield path, key
            yield from _values(f"{path}.{key}", inner, depth + 1)
    elif isinstance(value, list):
        for at, inner in enumerate(value):
            yield from _values(f"{path}.{at}", inner, depth + 1)
    elif isinstance(value, float):
        if not isfinite(value):
            yield path, value
    elif not isinstance(value, bool) and value is not None:
        yield path, value


def _members(body: bytes) -> list[tuple[str, str]]:
    try:
        parsed = json.loads(body)
    except (ValueError, RecursionError):
        raise BadRequest("body: not valid JSON", field="body") from None
    if not isinstance(parsed, dict):
        return []
    flat = [(name, one) for name, value in parsed.items() for one in (value if isinstance(value, list) else [value])]
    return [(name, one if isinstance(one, str) else json.dumps(one)) for name, one in flat if one is not None]


def _with_query(request: Request, members: list[tuple[str, str]]) -> Request:
    if not members:
        return request
    query = request.scope.get("query_string", b"")
    extra = urlencode(members).encode("ascii")
    return Request({**request.scope, "query_string": b"&".join(part for part in (extra, query) if part)}, request.receive)


def _with_header(request: Request, body: bytes) -> Request:
    headers = [pair for pair in request.scope["headers"] if pair[0].lower() != b"content-type"]

    async def receive() -> Message:
        return {"type": "http.request", "body": body, "more_body": False}

    return Request({**request.scope, "headers": [*headers, (b"content-type", b"application/json")]}, receive)
