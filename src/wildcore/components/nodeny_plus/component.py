"""The manifest of the NoDeny Plus integration."""

from __future__ import annotations

from wildcore.components.nodeny_plus import api, cli
from wildcore.components.nodeny_plus.billing import COMMAND, SCHEDULE, NodenyBilling
from wildcore.components.nodeny_plus.settings import SECTION, SETTINGS
from wildcore.i18n import _
from wildcore.kit import Component, Permission, PermissionGroup, Route
from wildcore.kit.billing import last_sync_route, sync_route, sync_schedule
from wildcore.kit.permissions import DIAG_INTERFACE
from wildcore.services.ports import Billing

GROUP = PermissionGroup("nodeny", _("NoDeny Plus"))
SYNC = Permission("nodeny_plus_sync", _("Synchronise subscribers of NoDeny"), GROUP, _("Start the sync with NoDeny by hand"))
SYNC_PATH = "/component/nodeny_plus/sync"

component = Component(
    key="nodeny_plus",
    title=_("NoDeny Plus billing"),
    description=_("Subscribers of NoDeny Plus beside their ports and ONUs, and their diagnosis in NoDeny's subscriber card"),
    core=False,
    enabled=False,
    permissions=(SYNC,),
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
        Route("POST", SYNC_PATH, sync_route(NodenyBilling), SYNC, "Synchronise the subscribers with NoDeny Plus now"),
        Route("GET", SYNC_PATH, last_sync_route(NodenyBilling), SYNC, "The last sync with NoDeny Plus"),
    ),
    commands=cli.COMMANDS,
    schedules=(
        sync_schedule(SCHEDULE, NodenyBilling, title=_("Sync of NoDeny's subscribers"), command=COMMAND, crontab="*/10 * * * *"),
    ),
)
