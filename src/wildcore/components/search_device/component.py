"""The manifest of the search of addresses."""

from __future__ import annotations

from wildcore.components.search_device import api
from wildcore.i18n import _
from wildcore.kit import Component, Route
from wildcore.kit.permissions import SEARCH_IP, SEARCH_IP_WITH_FDB, SEARCH_MAC

_HERE = "/component/search_device"

component = Component(
    key="search_device",
    title=_("Search of subscribers"),
    description=_("The port of a MAC or IP address, from the history and from the devices"),
    permissions=(SEARCH_MAC, SEARCH_IP, SEARCH_IP_WITH_FDB),
    api=(
        Route("POST", f"{_HERE}/search-mac", api.search_mac, SEARCH_MAC, reads=True),
        Route("GET", f"{_HERE}/search-mac", api.search_mac_by_query, SEARCH_MAC),
        Route("POST", f"{_HERE}/search-ip", api.search_ip, SEARCH_IP, reads=True),
        Route("GET", f"{_HERE}/search-ip", api.search_ip_by_query, SEARCH_IP),
        Route("POST", f"{_HERE}/search-ip-with-fdb", api.search_ip_with_fdb, SEARCH_IP_WITH_FDB, reads=True),
        Route("GET", f"{_HERE}/search-ip-with-fdb", api.search_ip_with_fdb_by_query, SEARCH_IP_WITH_FDB),
    ),
)
