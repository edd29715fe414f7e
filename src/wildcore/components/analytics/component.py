"""The manifest of analytics."""

from __future__ import annotations

from pathlib import Path

from wildcore.components.analytics import api, cli, pages
from wildcore.i18n import _
from wildcore.kit import Component, MenuItem, Route
from wildcore.kit.permissions import ANALYTICS_SHOW

component = Component(
    key="analytics",
    title=_("Analytics"),
    description=_("What needs eyes over all devices: weak signals, ONUs and MAC addresses at several places"),
    permissions=(ANALYTICS_SHOW,),
    api=(
        Route("GET", "/component/analytics/signals", api.onu_signals, ANALYTICS_SHOW),
        Route("GET", "/component/analytics/duplicate-macs", api.macs_at_several_ports, ANALYTICS_SHOW),
        Route("GET", "/component/analytics/widgets/bad-signals", api.bad_signals, ANALYTICS_SHOW),
    ),
    pages=pages.PAGES,
    menu=(MenuItem(_("Analytics"), "/analytics", "chart-bar", ANALYTICS_SHOW, "tools", 20),),
    commands=cli.COMMANDS,
    templates=str(Path(__file__).parent / "templates"),
)
