"""Parameters that many handlers take, with the ranges that every database keeps."""

from __future__ import annotations

from typing import Annotated

from fastapi import Path, Query

MAX_INT = 2**31 - 1

Id = Annotated[int, Path(ge=-MAX_INT, le=MAX_INT)]
"""An object's id in a path."""
IdQuery = Annotated[int, Query(ge=-MAX_INT, le=MAX_INT)]
"""An object's id in a query."""
Limit = Annotated[int, Query(ge=0, le=1_000_000)]
"""How many rows of a list at most."""
Offset = Annotated[int, Query(ge=0, le=MAX_INT)]
"""How many rows of a list to pass over."""
