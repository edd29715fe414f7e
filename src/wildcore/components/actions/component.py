"""The manifest of the action log's page."""

from __future__ import annotations

from pathlib import Path

from wildcore.components.actions import pages
from wildcore.kit import Component, MenuItem, _
from wildcore.kit.permissions import SYSTEM_LOGS_ACTIONS

component = Component(
    key="actions",
    title=_("Action log"),
    description=_("Who did what, when and with what result"),
    pages=pages.PAGES,
    menu=(MenuItem(_("Action log"), "/logs/actions", "history", SYSTEM_LOGS_ACTIONS, "logs", 10),),
    templates=str(Path(__file__).parent / "templates"),
)
