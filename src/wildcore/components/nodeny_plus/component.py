"""The manifest of the NoDeny Plus integration."""

from __future__ import annotations

from wildcore.components.nodeny_plus import api
from wildcore.components.nodeny_plus.billing import NodenyBilling
from wildcore.components.nodeny_plus.settings import SECTION, SETTINGS
from wildcore.i18n import _
from wildcore.kit import Component, Route
from wildcore.kit.permissions import DIAG_INTERFACE
from wildcore.services.ports import Billing

component = Component(
    key="nodeny_plus",
    title=_("NoDeny Plus billing"),
    description=_("Subscribers of NoDeny Plus beside their ports and ONUs, and their diagnosis in NoDeny's subscriber card"),
    core=False,
    enabled=False,
    settings=SETTINGS,
    sections={SECTION: _("NoDeny Plus")},
    provides={Billing: NodenyBilling},
    api=(
        Route(
            "GET",
            "/component/nodeny_plus/billing/render-diag-card",
            api.render_diag_card,
            DIAG_INTERFACE,
            "Diagnosis of a subscriber for NoDeny's subscriber card",
            billing=True,
        ),
    ),
)
