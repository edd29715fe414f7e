"""Global search: the hits below the field in the head, and the page with all of them."""

from __future__ import annotations

from typing import Annotated

from fastapi import Query

from wildcore.kit import Ctx, Page, Template
from wildcore.kit.permissions import GLOBAL_SEARCH
from wildcore.services.search import SHORTEST, search

Text = Annotated[str, Query(max_length=200)]
DROP_DOWN_HITS = 6
PAGE_HITS = 100


async def hits(ctx: Ctx, q: Text = "") -> Template:
    """The first hits of each kind."""
    groups = await search(ctx.runtime, ctx.actor, q, limit=DROP_DOWN_HITS)
    return Template("search/hits.html", {"groups": groups, "text": q.strip()})


async def page(ctx: Ctx, q: Text = "") -> Template:
    """All hits."""
    groups = await search(ctx.runtime, ctx.actor, q, limit=PAGE_HITS)
    return Template("search/page.html", {"groups": groups, "text": q.strip(), "shortest": SHORTEST})


PAGES: tuple[Page, ...] = (
    Page("/search", page, GLOBAL_SEARCH),
    Page("/search/hits", hits, GLOBAL_SEARCH),
)
