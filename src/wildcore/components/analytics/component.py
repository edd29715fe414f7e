"""The manifest of analytics."""

from __future__ import annotations

from pathlib import Path

from wildcore.components.analytics import cli, pages
from wildcore.i18n import _
from wildcore.kit import Component, MenuItem
from wildcore.kit.permissions import ANALYTICS_SHOW

component = Component(
    key="analytics",
    title=_("Analytics"),
    description=_("What needs eyes over all devices: weak signals, ONUs and MAC addresses at several places"),
    permissions=(ANALYTICS_SHOW,),
    pages=pages.PAGES,
    menu=(MenuItem(_("Analytics"), "/analytics", "chart-bar", ANALYTICS_SHOW, "tools", 20),),
    commands=cli.COMMANDS,
    templates=str(Path(__file__).parent / "templates"),
)
