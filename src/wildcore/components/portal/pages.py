"""The start page."""

from __future__ import annotations

from wildcore.kit import Ctx, Page, Template
from wildcore.kit.permissions import DEVICE_SHOW
from wildcore.services.pages_devices import dashboard


def start(ctx: Ctx) -> Template:
    """Counts, what is down, the weakest signals, late polls, last actions; as a fragment it keeps itself fresh."""
    view = dashboard(ctx.session, ctx.runtime, ctx.actor)
    return Template("portal/board.html" if ctx.request.fragment else "portal/start.html", {"board": view})


PAGES: tuple[Page, ...] = (Page("/", start, DEVICE_SHOW),)
