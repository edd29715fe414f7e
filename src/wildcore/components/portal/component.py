"""The manifest of the portal: the start page and its menu entry."""

from __future__ import annotations

from pathlib import Path

from wildcore.components.portal import pages
from wildcore.kit import Component, MenuItem, _
from wildcore.kit.permissions import DEVICE_SHOW

component = Component(
    key="portal",
    title=_("Start page"),
    description=_("What works and what does not, at a glance"),
    pages=pages.PAGES,
    menu=(
        MenuItem(_("Dashboard"), "/", "layout-dashboard", DEVICE_SHOW, order=10),
        MenuItem(_("Devices"), "/devices", "server-2", DEVICE_SHOW, order=20),
    ),
    templates=str(Path(__file__).parent / "templates"),
)
