"""The manifest of the configuration pages."""

from __future__ import annotations

from pathlib import Path

from wildcore.components.configuration import pages
from wildcore.kit import Component, MenuItem, _
from wildcore.kit.permissions import SCHEDULE_CONFIGURATION, SCHEDULE_REPORTS, SYSTEM_CONFIGURATION

component = Component(
    key="configuration",
    title=_("Configuration"),
    description=_("Pages for components, schedules and system settings"),
    pages=pages.PAGES,
    menu=(
        MenuItem(_("System configuration"), "/configuration/system", "settings", SYSTEM_CONFIGURATION, "configuration", 10),
        MenuItem(_("Components"), "/configuration/components", "puzzle", SYSTEM_CONFIGURATION, "configuration", 20),
        MenuItem(_("Scheduler"), "/configuration/schedule", "calendar-event", SCHEDULE_CONFIGURATION, "configuration", 30),
        MenuItem(_("Reports of runs"), "/configuration/schedule/reports", "file-text", SCHEDULE_REPORTS, "logs", 40),
    ),
    templates=str(Path(__file__).parent / "templates"),
)
