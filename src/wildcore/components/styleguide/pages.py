"""The style guide."""

from __future__ import annotations

from wildcore.kit import Ctx, Page, Template
from wildcore.kit.permissions import SYSTEM_CONFIGURATION

LIMITS = (-28.0, -10.0)
LEVELS = (-19.16, -24.3, -26.8, -27.9, -29.85, -9.2, None)


def styleguide(ctx: Ctx) -> Template:
    """Parts with made-up values."""
    values = {"limits": LIMITS, "levels": LEVELS, "at": ctx.runtime.now() - 8040}
    return Template("styleguide/page.html", values)


PAGES: tuple[Page, ...] = (Page("/styleguide", styleguide, SYSTEM_CONFIGURATION),)
