"""The manifest of the pages inside billing."""

from __future__ import annotations

from pathlib import Path

from wildcore.components.iframe import pages
from wildcore.kit import Component, _

component = Component(
    key="iframe",
    title=_("Pages inside billing"),
    description=_("The ONU page and the port page without head and menu"),
    pages=pages.PAGES,
    templates=str(Path(__file__).parent / "templates"),
)
