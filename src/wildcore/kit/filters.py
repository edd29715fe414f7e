"""The filter above a list, as its form or a kept address gives it: words by name, read alike for the page and for its export."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated
from urllib.parse import urlencode

from fastapi import Query

from wildcore.kit.forms import browser_moment, number
from wildcore.kit.http import Context

PageNumber = Annotated[int, Query(ge=1, le=100_000)]
"""Which page of a list, from 1 on."""
LONGEST_WORD = 100
ZONE = "tz"
"""Minutes that the browser is west of UTC: what `since` and `until` are typed in."""


@dataclass(frozen=True, slots=True)
class Filter:
    """What was typed; "" stands for what was not."""

    typed: Mapping[str, str]

    @property
    def query(self) -> str:
        """The same again, for an address."""
        return urlencode({name: text for name, text in self.typed.items() if text})

    @property
    def is_set(self) -> bool:
        """Whether it keeps anything back; the zone alone does not."""
        return any(text.strip() for name, text in self.typed.items() if name != ZONE)

    def number(self, name: str) -> int | None:
        """A whole number, None for anything else."""
        return number(self.typed[name])

    def moment(self, name: str) -> int | None:
        """Unix seconds of a time that was typed in the browser's zone."""
        return browser_moment(self.typed[name], self.typed.get(ZONE, ""))


def filter_of(ctx: Context, names: tuple[str, ...]) -> Filter:
    """These words of a page's query; of a longer one its beginning."""
    return Filter({name: ctx.request.query.get(name, "")[:LONGEST_WORD] for name in names})
