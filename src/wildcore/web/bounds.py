"""Numbers and texts of handlers that say no range get one, so that what is beyond it is refused by its name."""

from __future__ import annotations

from typing import Annotated, Any, get_args

from pydantic import Field

MAX_INT = 2**31 - 1
MAX_TEXT = 1000
_TEXT = Annotated[str, Field(max_length=MAX_TEXT)]
_BOUNDED = Annotated[int, Field(ge=-MAX_INT, le=MAX_INT)]


def bounded(hint: Any) -> Any:
    """The annotation of a parameter, with a range when it is a bare number or text (`int`, `int | None`, `str`)."""
    if hint is str:
        return _TEXT
    if hint is int:
        return _BOUNDED
    if set(get_args(hint)) == {int, type(None)}:
        return _BOUNDED | None
    return hint
