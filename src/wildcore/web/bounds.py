"""Numbers of handlers that say no range get that of the databases, so that one beyond it is refused by its name."""

from __future__ import annotations

from typing import Annotated, Any, get_args

from pydantic import Field

MAX_INT = 2**31 - 1
_BOUNDED = Annotated[int, Field(ge=-MAX_INT, le=MAX_INT)]


def bounded(hint: Any) -> Any:
    """The annotation of a parameter, with a range when it is a bare number (`int`, `int | None`)."""
    if hint is int:
        return _BOUNDED
    if set(get_args(hint)) == {int, type(None)}:
        return _BOUNDED | None
    return hint
