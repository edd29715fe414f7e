"""The console command of the MikBill component."""

from __future__ import annotations

from wildcore.components.mikbill_integration.billing import MikbillBilling
from wildcore.kit.billing_console import DryRun, Force, UnmatchedFile, sync_by_console
from wildcore.kit.command import Command


def sync_clients(force: Force = False, dry_run: DryRun = False, unmatched: UnmatchedFile = None) -> None:
    """Take the subscribers from MikBill and bind them to ONUs and ports."""
    sync_by_console(MikbillBilling, force=force, dry_run=dry_run, unmatched=unmatched)


COMMANDS = (Command("mikbill_integration:sync-clients", sync_clients),)
