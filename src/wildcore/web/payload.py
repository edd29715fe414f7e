"""Data to JSON: dataclasses and models as objects, times as `YYYY-MM-DD HH:MM:SS` in the server's zone, NaN as null."""

from __future__ import annotations

import dataclasses
import json
import math
from collections.abc import Mapping
from datetime import datetime
from enum import Enum
from typing import Any

from pydantic import BaseModel
from starlette.responses import Response

from wildcore.i18n import Lazy


def to_json(value: Any) -> bytes:
    """The value as UTF-8 JSON."""
    try:
        text = json.dumps(value, default=_plain, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
    except ValueError:
        text = json.dumps(_finite(value), default=_plain, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
    return text.encode("utf-8", "replace")


def envelope(data: Any, meta: Mapping[str, Any] | None = None, status: int = 200) -> bytes:
    """The API's success envelope."""
    return to_json({"statusCode": status, "meta": meta, "data": data})


def json_response(content: bytes, status: int = 200) -> Response:
    """An API answer; nobody may keep it."""
    return Response(content, status, {"Cache-Control": "no-store"}, media_type="application/json")


def _plain(value: Any) -> Any:
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {field.name: getattr(value, field.name) for field in dataclasses.fields(value)}
    if isinstance(value, BaseModel):
        return value.model_dump(mode="json")
    if isinstance(value, datetime):
        return (value.astimezone() if value.tzinfo else value).strftime("%Y-%m-%d %H:%M:%S")
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, set | frozenset):
        return sorted(value)
    if isinstance(value, Lazy):
        return str(value)
    if isinstance(value, Mapping):
        return dict(value)
    if hasattr(value, "__iter__"):
        return list(value)
    raise TypeError(f"{type(value).__name__} has no JSON form")


def _finite(value: Any) -> Any:
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, Mapping):
        return {key: _finite(inner) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return [_finite(inner) for inner in value]
    if value is None or isinstance(value, str | int):
        return value
    return _finite(_plain(value))
