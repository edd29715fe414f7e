"""The manifest of the MikBill integration."""

from __future__ import annotations

from wildcore.components.mikbill_integration import check, cli
from wildcore.components.mikbill_integration.billing import COMMAND, SCHEDULE, MikbillBilling
from wildcore.components.mikbill_integration.settings import SECTION, SETTINGS
from wildcore.i18n import _
from wildcore.kit import Component, Permission, PermissionGroup, Route
from wildcore.kit.billing import last_sync_route, sync_route, sync_schedule
from wildcore.services.ports import Billing

GROUP = PermissionGroup("mikbill", _("MikBill"))
SYNC = Permission("mikbill_sync", _("Synchronise subscribers"), GROUP, _("Start the sync with billing by hand"))

component = Component(
    key="mikbill_integration",
    title=_("MikBill billing"),
    description=_("Subscribers of MikBill beside their ONUs and ports, and in the global search"),
    core=False,
    enabled=False,
    permissions=(SYNC,),
    settings=SETTINGS,
    sections={SECTION: _("MikBill")},
    checks=(check.CHECK,),
    provides={Billing: MikbillBilling},
    api=(
        Route(
            "POST",
            "/component/mikbill_integration/sync",
            sync_route(MikbillBilling),
            SYNC,
            "Synchronise the subscribers with MikBill now",
        ),
        Route(
            "GET",
            "/component/mikbill_integration/sync",
            last_sync_route(MikbillBilling),
            SYNC,
            "The last sync with MikBill: its state, and its counts or its error",
        ),
    ),
    commands=cli.COMMANDS,
    schedules=(sync_schedule(SCHEDULE, MikbillBilling, title=_("Sync of MikBill's subscribers"), command=COMMAND),),
)
