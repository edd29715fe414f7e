"""The manifest of the global search and the search of addresses."""

from __future__ import annotations

from pathlib import Path

from wildcore.components.search import api, pages
from wildcore.i18n import _
from wildcore.kit import Component, Route
from wildcore.kit.permissions import GLOBAL_SEARCH, SEARCH_MAC

component = Component(
    key="search",
    title=_("Search"),
    description=_("Subscribers, ONUs, interfaces, addresses and devices from any page"),
    permissions=(GLOBAL_SEARCH, SEARCH_MAC),
    api=(
        Route("GET", "/portal/search", api.portal_search, GLOBAL_SEARCH),
        Route("POST", "/component/search_device/search-mac", api.search_mac, SEARCH_MAC, reads=True),
        Route("GET", "/component/search_device/search-mac", api.search_mac_by_query, SEARCH_MAC),
    ),
    pages=pages.PAGES,
    templates=str(Path(__file__).parent / "templates"),
)
