"""Parameters that many handlers take, with the ranges that every database keeps."""

from __future__ import annotations

import time
from typing import Annotated, Any

from fastapi import Path, Query
from pydantic import BeforeValidator, Field

MAX_INT = 2**31 - 1

Id = Annotated[int, Path(ge=-MAX_INT, le=MAX_INT)]
"""An object's id in a path."""
IdQuery = Annotated[int, Query(ge=-MAX_INT, le=MAX_INT)]
"""An object's id in a query."""
Limit = Annotated[int, Query(ge=0, le=1_000_000)]
"""How many rows of a list at most."""
Offset = Annotated[int, Query(ge=0, le=MAX_INT)]
"""How many rows of a list to pass over."""


def moment(value: Any) -> int | None:
    """Unix seconds of `YYYY-MM-DD`, `YYYY-MM-DD HH:MM[:SS]` (also with a T) in the server's zone, or of Unix seconds.

    Raises ValueError; an empty text is None.
    """
    text = str(value).strip().replace("T", " ")
    if not text:
        return None
    if text.isascii() and text.isdigit() and len(text) <= 12:
        return int(text)
    for form in ("%Y-%m-%d %H:%M:%S", "%Y-%m-%d %H:%M", "%Y-%m-%d"):
        try:
            return int(time.mktime(time.strptime(text, form)))
        except (ValueError, OverflowError):
            continue
    raise ValueError("not a time: YYYY-MM-DD HH:MM:SS, or Unix seconds")


_TIME = BeforeValidator(moment)
Since = Annotated[int | None, _TIME, Query(description="Only from this time on: YYYY-MM-DD HH:MM:SS, or Unix seconds")]
"""The beginning of a span of time."""
Until = Annotated[int | None, _TIME, Query(description="Only up to this time: YYYY-MM-DD HH:MM:SS, or Unix seconds")]
"""The end of a span of time."""
UpdatedSince = Annotated[int | None, _TIME, Query(description="Only what changed at this time or later")]
"""For clients that keep a copy of a list."""
Rows = Annotated[int | None, Query(ge=1, le=MAX_INT, description="Rows at most; all of them without it")]
"""How many rows of a list at most; None for all."""


def _no_truth(value: Any) -> Any:
    """pydantic takes true for 1."""
    if isinstance(value, bool):
        raise ValueError("not a number")
    return value


def no_list(value: Any) -> Any:
    """PHP clients write an empty object as an empty list."""
    return {} if isinstance(value, list) and not value else value


BodyNumber = BeforeValidator(_no_truth)
"""For numbers of bodies: refuses true and false."""
BodyId = Annotated[int, BodyNumber, Field(ge=-MAX_INT, le=MAX_INT)]
"""An object's id in a body."""
BodyLimit = Annotated[int, BodyNumber, Field(ge=1, le=MAX_INT)]
"""`Limit` in a body."""
BodyOffset = Annotated[int, BodyNumber, Field(ge=0, le=MAX_INT)]
"""`Offset` in a body."""
JsonObject = Annotated[dict[str, Any], BeforeValidator(no_list), Field(max_length=1000)]
"""An object of any members in a body; an empty list stands for an empty one, as PHP clients write it."""
Title = Annotated[str, Field(max_length=200)]
"""A name in a body."""
Words = Annotated[str, Field(max_length=10_000)]
"""A description in a body."""
Source = Annotated[str | None, Query(alias="from", max_length=16, description="device, cache (the default) or store")]
"""Where a device's answer is taken from."""
Name = Annotated[str, Path(max_length=200)]
"""An interface in a path: bind key, name or id."""
