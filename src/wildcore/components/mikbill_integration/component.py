"""The manifest of the MikBill integration."""

from __future__ import annotations

from wildcore.components.mikbill_integration import api, check, cli, jobs
from wildcore.components.mikbill_integration.settings import SECTION, SETTINGS
from wildcore.i18n import _
from wildcore.kit import Component, Permission, PermissionGroup, Route, Schedule
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
    provides={Billing: jobs.MikbillBilling},
    api=(
        Route(
            "POST",
            "/component/mikbill_integration/sync",
            api.start_sync,
            SYNC,
            "Synchronise the subscribers with MikBill now",
        ),
    ),
    commands=cli.COMMANDS,
    schedules=(
        Schedule(
            jobs.SCHEDULE,
            "0 4,12 * * *",
            jobs.sync_clients,
            _("Sync of MikBill's subscribers"),
            "mikbill_integration:sync-clients",
        ),
    ),
)
