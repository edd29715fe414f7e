"""The manifest of OLTs."""

from __future__ import annotations

from pathlib import Path

from wildcore.components.olts import api, pages
from wildcore.i18n import _
from wildcore.kit import Component, Route
from wildcore.kit.permissions import OLTS_INFO

component = Component(
    key="olts",
    title=_("OLTs"),
    description=_("ONUs, PON ports, cards; what may be done to an ONU"),
    permissions=(OLTS_INFO,),
    api=(
        Route("GET", "/component/olts/interfaces/onts/{device_id}", api.onts, OLTS_INFO),
        Route("GET", "/component/olts/interfaces/ont/{device_id}/{interface:path}", api.ont, OLTS_INFO, billing=True),
        Route("GET", "/component/olts/interfaces/pon-ports/{device_id}", api.pon_ports, OLTS_INFO),
        Route("GET", "/component/olts/interfaces/physical/{device_id}", api.physical, OLTS_INFO),
        Route("GET", "/component/olts/cards/{device_id}", api.cards, OLTS_INFO),
        Route("GET", "/component/olts/resources/{device_id}", api.resources, OLTS_INFO),
        Route("GET", "/component/olts/system/supported-modules/{device_id}", api.supported_modules, OLTS_INFO),
    ),
    pages=pages.PAGES,
    templates=str(Path(__file__).parent / "templates"),
)
