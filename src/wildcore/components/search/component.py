"""The manifest of the global search and of what is near."""

from __future__ import annotations

from pathlib import Path

from wildcore.components.search import api, pages
from wildcore.i18n import _
from wildcore.kit import Component, Route
from wildcore.kit.permissions import DEVICE_SHOW, GLOBAL_SEARCH

component = Component(
    key="search",
    title=_("Search"),
    description=_("Subscribers, ONUs, interfaces, addresses and devices from any page"),
    permissions=(GLOBAL_SEARCH,),
    api=(
        Route("GET", "/portal/search", api.portal_search, GLOBAL_SEARCH),
        Route("GET", "/portal/nearest-elements", api.nearest_elements, DEVICE_SHOW),
    ),
    pages=pages.PAGES,
    templates=str(Path(__file__).parent / "templates"),
)
