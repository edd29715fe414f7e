"""Console commands of the MikBill integration."""

from __future__ import annotations

import sys
from typing import Annotated

import typer

from wildcore.components.mikbill_integration import jobs
from wildcore.kit import Command
from wildcore.kit.console import console

_STAGES = {
    "fetch": "Fetching the list from billing",
    "compare": "Comparing with what is stored",
    "write": "Writing changes",
    "bind": "Finding the subscribers' ports and ONUs",
    "done": "Done",
}


def sync_clients(
    force: Annotated[bool, typer.Option("--force", help="Go on although many subscribers would be removed")] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Show what would change, change nothing")] = False,
) -> None:
    """Take the subscribers from MikBill and bind them to ONUs and ports."""
    out = console()
    runtime = out.runtime

    def progress(stage: str, _done: int, total: int) -> None:
        count = f" ({total})" if total else ""
        sys.stderr.write(f"{_STAGES.get(stage, stage)}{count}\n")
        sys.stderr.flush()

    summary = out.run(jobs.synchronise_clients(runtime, progress, force=force, dry_run=dry_run))
    rows = [
        ("Received", summary.received),
        ("Added", summary.added),
        ("Changed", summary.changed),
        ("Removed", summary.removed),
        ("Unchanged", summary.unchanged),
    ]
    if not dry_run:
        rows += [
            ("Bound by ONU ident", summary.by_ident),
            ("Bound by switch and port", summary.by_port),
            ("Bound by MAC", summary.by_mac),
            ("Unmatched", summary.unmatched),
        ]
    out.table(rows, ("Subscribers", "Count"))
    out.say("Nothing was changed: this was a dry run" if dry_run else "Sync finished")


COMMANDS = (Command("mikbill_integration:sync-clients", sync_clients),)
