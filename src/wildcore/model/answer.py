"""What a driver's capability returns."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Generic, TypeVar

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Answer(Generic[T]):
    """Rows of one capability.

    `complete` is True only when every table behind it was walked to its proper end: only then may the absence of a row be
    read as the absence of the thing. `problems` says in words what was cut off, refused or impossible.
    """

    rows: list[T]
    complete: bool = True
    problems: list[str] = field(default_factory=list)
