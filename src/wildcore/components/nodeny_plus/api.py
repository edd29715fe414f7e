"""API of the NoDeny Plus integration."""

from __future__ import annotations

from typing import Annotated

from fastapi import Query

from wildcore.components.nodeny_plus.card import subscriber_card
from wildcore.kit import Ctx, Html
from wildcore.kit.params import MAX_INT, Source
from wildcore.services.calls import parse_source
from wildcore.services.presenting_card import spoken

Uid = Annotated[int, Query(alias="id", ge=0, le=MAX_INT, description="The subscriber's uid in NoDeny")]


async def render_diag_card(ctx: Ctx, uid: Uid, source: Source = None, lang: Annotated[str, Query(max_length=16)] = "") -> Html:
    """All that is known of a subscriber's line, as one piece of HTML for NoDeny's own page.

    An unknown subscriber is HTML too, with status 404; a silent device shows what was last known.
    """
    with spoken(ctx.runtime.settings, ctx.actor, lang):
        return await subscriber_card(ctx.runtime, ctx.actor, uid, parse_source(source), ctx.request.base_url)
