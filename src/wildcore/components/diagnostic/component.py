"""The manifest of the interface diagnosis."""

from __future__ import annotations

from wildcore.components.diagnostic import api
from wildcore.i18n import _
from wildcore.kit import Component, Route
from wildcore.kit.permissions import DIAG_ARP_PING, DIAG_INTERFACE

component = Component(
    key="diagnostic",
    title=_("Diagnostic"),
    description=_("All that is known of one subscriber's line, for billing and for people"),
    permissions=(DIAG_INTERFACE, DIAG_ARP_PING),
    api=(
        Route("GET", "/component/diagnostic/interface/{interface_id}/diag", api.diag, DIAG_INTERFACE, billing=True, quick=True),
        Route("GET", "/component/diagnostic/interface/{interface_id}/diag/html", api.diag_html, DIAG_INTERFACE, billing=True),
        Route("GET", "/component/diagnostic/interface/{interface_id}/links", api.links, DIAG_INTERFACE, billing=True),
        Route("POST", "/component/diagnostic/arp-ping", api.arp_ping, DIAG_ARP_PING, billing=True),
        Route("GET", "/component/diagnostic/arp-ping", api.arp_ping_by_query, DIAG_ARP_PING, billing=True),
    ),
)
