"""The console command of the NoDeny Plus component."""

from __future__ import annotations

from wildcore.components.nodeny_plus.billing import NodenyBilling
from wildcore.kit.billing_console import DryRun, Force, UnmatchedFile, sync_by_console
from wildcore.kit.command import Command


def sync_clients(force: Force = False, dry_run: DryRun = False, unmatched: UnmatchedFile = None) -> None:
    """Take the subscribers from NoDeny Plus and bind them to ONUs and ports."""
    sync_by_console(NodenyBilling, force=force, dry_run=dry_run, unmatched=unmatched)


COMMANDS = (Command("nodeny_plus:sync-clients", sync_clients),)
