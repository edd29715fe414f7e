"""Forms of pages: do what was asked, or say in words beside the field why not."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Annotated, Generic, TypeVar

from pydantic import Field
from sqlalchemy.orm import Session

from wildcore.errors import WildcoreError
from wildcore.kit.http import Context

T = TypeVar("T")
REFUSED = 422
"""Status of a form that comes back with its errors; the pages' script shows it in its place."""

Line = Annotated[str, Field(max_length=500)]
"""One line of a form."""
Lines = Annotated[str, Field(max_length=20_000)]
"""A longer text of a form."""
Secret = Annotated[str, Field(max_length=1000)]
"""A password or community: never shown again."""
Tick = Annotated[str, Field(max_length=8)]
"""A tick box: `yes`, or nothing at all."""
Ticks = Annotated[list[Line], Field(max_length=10_000)]
"""All tick boxes of one name."""


@dataclass(frozen=True, slots=True)
class Outcome(Generic[T]):
    """What came of a form: its value, or its errors by field ("" for those of no field)."""

    value: T | None = None
    errors: Mapping[str, str] = field(default_factory=dict)

    @property
    def status(self) -> int:
        """Status of the page that shows it."""
        return REFUSED if self.errors else 200


async def attempt(ctx: Context, work: Callable[[Session], T]) -> Outcome[T]:
    """Carry out a form in one transaction; a refusal leaves nothing behind but its words."""
    try:
        return Outcome(await ctx.runtime.db.run_write(work))
    except WildcoreError as refused:
        return Outcome(errors=errors_of(refused))


def errors_of(refused: WildcoreError) -> dict[str, str]:
    """A refusal by its field, beside which its name need not be said again."""
    name = refused.field or ""
    said = refused.description.removeprefix(f"{name}: ") if name else refused.description
    return {name: said[:1].upper() + said[1:]}


def number(text: str) -> int | None:
    """A whole number that a form or query gives, None for anything else."""
    body = text.removeprefix("-")
    return int(text) if body.isascii() and body.isdigit() and len(body) < 10 else None


def browser_moment(text: str, tz: str) -> int | None:
    """Unix seconds of a time typed in the browser's zone, `tz` minutes west of UTC; None for what is no time."""
    try:
        west_min = number(tz) or 0
        return int(datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp()) + west_min * 60
    except (ValueError, OverflowError):
        return None
