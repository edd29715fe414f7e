"""The manifest of switches."""

from __future__ import annotations

from pathlib import Path

from wildcore.components.switches import api, pages
from wildcore.i18n import _
from wildcore.kit import Component, Route
from wildcore.kit.permissions import SWITCHES_INFO

component = Component(
    key="switches",
    title=_("Switches"),
    description=_("Ports, VLANs, addresses and resources of switches"),
    permissions=(SWITCHES_INFO,),
    api=(
        Route("GET", "/component/switches/interfaces/{device_id}", api.ports, SWITCHES_INFO),
        Route("GET", "/component/switches/interface/{device_id}/{interface:path}", api.port, SWITCHES_INFO, billing=True),
        Route("GET", "/component/switches/link-info/{device_id}", api.links, SWITCHES_INFO),
        Route("GET", "/component/switches/vlans/{device_id}", api.vlans, SWITCHES_INFO),
        Route("GET", "/component/switches/fdb/{device_id}", api.fdb, SWITCHES_INFO),
        Route("GET", "/component/switches/counters/{device_id}", api.counters, SWITCHES_INFO),
        Route("GET", "/component/switches/arp/{device_id}", api.arp, SWITCHES_INFO),
        Route("GET", "/component/switches/errors/{device_id}", api.errors, SWITCHES_INFO),
        Route("GET", "/component/switches/cable-diag/{device_id}/{interface:path}", api.cable_diag, SWITCHES_INFO, billing=True),
        Route("GET", "/component/switches/sfp/{device_id}", api.sfp, SWITCHES_INFO),
        Route("GET", "/component/switches/resources/{device_id}", api.resources, SWITCHES_INFO),
        Route("GET", "/component/switches/system/supported-modules/{device_id}", api.supported_modules, SWITCHES_INFO),
    ),
    pages=pages.PAGES,
    templates=str(Path(__file__).parent / "templates"),
)
