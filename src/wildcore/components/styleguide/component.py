"""The manifest of the style guide: off unless somebody who develops the pages switches it on."""

from __future__ import annotations

import os
from pathlib import Path

from wildcore.components.styleguide import pages
from wildcore.kit import Component, MenuItem, _
from wildcore.kit.permissions import SYSTEM_CONFIGURATION

component = Component(
    key="styleguide",
    title=_("Style guide"),
    description=_("For developers: every part of the pages in every state"),
    core=False,
    enabled=os.environ.get("WILDCORE_DEV") == "1",
    pages=pages.PAGES,
    menu=(MenuItem(_("Style guide"), "/styleguide", "components", SYSTEM_CONFIGURATION, "tools", 90),),
    templates=str(Path(__file__).parent / "templates"),
)
