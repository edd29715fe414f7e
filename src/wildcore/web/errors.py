"""The only place that knows HTTP status codes of failures."""

from __future__ import annotations

import logging
import re
import secrets
from dataclasses import dataclass
from typing import Any

from fastapi.exceptions import RequestValidationError
from sqlalchemy.exc import DataError, IntegrityError
from starlette.exceptions import HTTPException

from wildcore import errors

logger = logging.getLogger(__name__)
_UNION = re.compile(r"(?:dict|list|constrained-\w+|function-\w+|tagged-union)\[|constrained-")  # pydantic's names of alternatives


@dataclass(frozen=True, slots=True)
class Failure:
    """A failure as clients see it: HTTP status, type of the envelope, and what to tell."""

    status: int
    type: str
    description: str
    field: str | None = None

    def envelope(self) -> dict[str, Any]:
        """The API's failure envelope."""
        return {"statusCode": self.status, "error": {"type": self.type, "description": self.description}}


# The first class that fits decides.
_KINDS: tuple[tuple[type[errors.WildcoreError], int, str], ...] = (
    (errors.ValidationFailed, 400, "VALIDATION_ERROR"),
    (errors.BadRequest, 400, "BAD_REQUEST"),
    (errors.Unauthenticated, 401, "UNAUTHENTICATED"),
    (errors.Forbidden, 403, "INSUFFICIENT_PRIVILEGES"),
    (errors.NotFound, 404, "RESOURCE_NOT_FOUND"),
    (errors.NotAllowed, 403, "NOT_ALLOWED"),
    (errors.Conflict, 409, "NOT_ALLOWED"),
    (errors.Unsupported, 400, "NOT_IMPLEMENTED"),
    (errors.DeviceUnreachable, 504, "SERVER_ERROR"),
    (errors.DeviceError, 502, "SERVER_ERROR"),
    (errors.BillingError, 502, "SERVER_ERROR"),
    (errors.GeocodingError, 502, "SERVER_ERROR"),
    (errors.WildcoreError, 500, "SERVER_ERROR"),
)
_HTTP_TYPES = {
    401: "UNAUTHENTICATED",
    403: "INSUFFICIENT_PRIVILEGES",
    404: "RESOURCE_NOT_FOUND",
    405: "NOT_ALLOWED",
    501: "NOT_IMPLEMENTED",
}
_HTTP_TEXTS = {404: "There is no such address", 405: "The address does not take this method", 413: "The body is too large"}


def failure_of(error: Exception) -> Failure:
    """What to answer. An unexpected exception is logged under an id, and only the id is told."""
    if isinstance(error, errors.WildcoreError):
        status, kind = next((status, kind) for cls, status, kind in _KINDS if isinstance(error, cls))
        named = isinstance(error, errors.ValidationFailed | errors.BadRequest | errors.Conflict)
        return Failure(status, kind, _naming(error.description, error.field if named else None), error.field)
    if isinstance(error, RequestValidationError):
        return _invalid(error)
    if isinstance(error, HTTPException):
        kind = _HTTP_TYPES.get(error.status_code, "BAD_REQUEST" if error.status_code < 500 else "SERVER_ERROR")
        return Failure(error.status_code, kind, _HTTP_TEXTS.get(error.status_code, str(error.detail)))
    if isinstance(error, IntegrityError):
        logger.warning("refused by the database: %s", error.orig)
        return Failure(409, "NOT_ALLOWED", "It clashes with what is stored")
    if isinstance(error, OverflowError | DataError):
        return Failure(400, "VALIDATION_ERROR", "A value is out of its range")
    incident = secrets.token_hex(4)
    logger.error("internal error %s", incident, exc_info=error)
    return Failure(500, "SERVER_ERROR", f"Internal error {incident}: see the server's log")


def _naming(description: str, field: str | None) -> str:
    """What is told, with the wrong field's name before it unless it stands there."""
    if not field or re.search(rf"(?<!\w){re.escape(field)}(?!\w)", description, re.IGNORECASE):
        return description
    return f"{field}: {description}"


def _invalid(error: RequestValidationError) -> Failure:
    problems, first = [], None
    for problem in error.errors()[:5]:
        place = [str(part) for part in problem.get("loc", ()) if not _UNION.match(str(part))]
        if problem.get("type") == "json_invalid":
            return Failure(400, "BAD_REQUEST", "body: not valid JSON", "body")
        name = ".".join(place[1:]) or (place[0] if place else "request")
        first = first or name
        problems.append(f"{name}: {_reason(problem)}")
    return Failure(400, "VALIDATION_ERROR", "; ".join(problems) or "The request is not valid", first)


def _reason(problem: dict[str, Any]) -> str:
    text = str(problem.get("msg", "not valid"))
    return text[:1].lower() + text[1:300]
