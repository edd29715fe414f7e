"""The console command of every billing component: the sync with its options, progress and closing summary.

A component's `cli.py` declares the command, with this work behind it.
"""

from __future__ import annotations

import gc
import os
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Annotated

import typer

from wildcore.errors import ValidationFailed
from wildcore.kit.console import Console, console
from wildcore.kit.listing import csv_text
from wildcore.model.ident import ident_text, mac_text
from wildcore.services import presenting_subscribers as words
from wildcore.services import subscriber_jobs, subscriber_reports
from wildcore.services.bindings import chunks
from wildcore.services.ports import Billing
from wildcore.services.runtime import Runtime
from wildcore.services.subscriber_changes import CHANGED, Change
from wildcore.services.subscriber_jobs import SyncReport, unusable_text
from wildcore.services.subscriber_reports import Unmatched
from wildcore.services.subscriber_sync import SyncSummary

Force = Annotated[bool, typer.Option("--force", help="Go on although many subscribers would be removed")]
DryRun = Annotated[bool, typer.Option("--dry-run", help="Show what would change, change nothing")]
UnmatchedFile = Annotated[
    Path | None,
    typer.Option("--unmatched", metavar="FILE.csv", help="Write the subscribers without a place into a file, with reasons"),
]

_EXAMPLES = 20
_CSV_PART = 1000
_STAGES = {
    "fetch": "Receiving the list from billing",
    "compare": "Comparing with what is stored",
    "write": "Writing changes and finding the subscribers' ports and ONUs",
    "done": "Done",
}


def sync_by_console(
    make: Callable[[Runtime], Billing], *, force: bool = False, dry_run: bool = False, unmatched: Path | None = None
) -> None:
    """Take a billing's subscribers and tell of it on the terminal."""
    out = console()
    if unmatched is not None:
        _check_writable(unmatched)
    gc.set_threshold(50_000, 20, 20)  # many small objects that stay: looking for circles among them costs a third of the time
    billing, line = make(out.runtime), _Line()
    try:
        work = subscriber_jobs.synchronise(
            out.runtime, billing, line.tell, trigger=subscriber_jobs.CONSOLE, force=force, dry_run=dry_run
        )
        report = out.run(work)
    finally:
        line.end()
    _show(out, report)
    if unmatched is not None:
        count = _write_unmatched(out, billing.source().key, unmatched)
        out.say(f"{unmatched}: {count} claims without a place")


class _Line:
    """Progress on standard error: on a terminal one line that counts, else a line for each stage."""

    def __init__(self) -> None:
        self._stage = ""
        self._told_at = 0.0
        self._open = False

    def tell(self, stage: str, done: int, total: int) -> None:
        counts = f" ({done} of {total})" if done and total and done != total else f" ({done or total})" if done or total else ""
        text, terminal = _STAGES.get(stage, stage) + counts, sys.stderr.isatty()
        if stage != self._stage:
            self.end()
            self._stage = stage
        elif not terminal or time.monotonic() - self._told_at < 0.2:
            return
        self._told_at, self._open = time.monotonic(), terminal
        sys.stderr.write(f"\r{text}\x1b[K" if terminal else f"{text}\n")
        sys.stderr.flush()

    def end(self) -> None:
        if self._open:
            sys.stderr.write("\n")
        self._open = False


def _show(out: Console, report: SyncReport) -> None:
    summary = report.summary
    if summary.dry_run and report.changes:
        out.table([_change_row(one) for one in report.changes[:_EXAMPLES]], ("Would be", "UID", "Contract", "Login", "Changes"))
        total = summary.added + summary.changed + summary.removed
        if total > _EXAMPLES:
            out.say(f"The first {_EXAMPLES} of {total} changes")
    out.table(_counts(summary), ("Subscribers", "Count"))
    if summary.unusable:
        out.say(unusable_text(summary))
    out.say("Nothing was changed: this was a dry run" if summary.dry_run else "Sync finished")


def _counts(summary: SyncSummary) -> list[tuple[str, int]]:
    rows = [
        ("Received", summary.received),
        ("Added", summary.added),
        ("Changed", summary.changed),
        ("Removed", summary.removed),
        ("Unchanged", summary.unchanged),
        ("Unusable, left out", summary.unusable),
    ]
    if not summary.dry_run:
        rows += [
            ("Bound by ONU ident", summary.by_ident),
            ("Bound by switch and port", summary.by_port),
            ("Bound by MAC", summary.by_mac),
            ("Unmatched", summary.unmatched),
        ]
    return rows


def _change_row(change: Change) -> tuple[str, ...]:
    texts = "; ".join(f"{name}: {old} -> {new}" for name, (old, new) in change.get("fields", {}).items())
    return change["what"], change["uid"], change["agreement"], change["login"], texts if change["what"] == CHANGED else ""


def _check_writable(path: Path) -> None:
    """Before the sync, not behind it. A new file is for its owner alone: it tells where people live."""
    try:
        os.close(os.open(path, os.O_WRONLY | os.O_CREAT, 0o600))
    except OSError as error:
        raise ValidationFailed(f"Cannot write {path}: {error.strerror}", field="unmatched") from None


def _write_unmatched(out: Console, source: str, path: Path) -> int:
    """Write the CSV file: what the page of unmatched subscribers shows; returns the number of its rows."""
    heads = ("uid", "contract", "login", "address", "onu", "switch", "port", "mac", "reason", "likely fix")
    runtime, actor = out.runtime, out.actor
    with runtime.db.read() as session, path.open("w", encoding="utf-8-sig", newline="") as file:
        file.write(csv_text(heads))
        ids, _counts_of_reasons = subscriber_reports.unmatched_ids(session, runtime, actor, source=source)
        for some in chunks(ids, _CSV_PART):
            for one in subscriber_reports.unmatched(session, runtime, actor, some):
                file.write(csv_text(_unmatched_row(one)))
    return len(ids)


def _unmatched_row(one: Unmatched) -> tuple[str, ...]:
    view, claim = one.view, one.claim
    places = (ident_text(claim.ident) if claim.ident else "", claim.switch_ip, claim.port, mac_text(claim.mac))
    fixes = "; ".join(": ".join(part for part in (words.place_words(fix), words.fix_text(fix)) if part) for fix in one.fixes)
    reason, advice = str(words.reason_words(claim.unmatched)), str(words.advice(claim.unmatched))
    return (view.uid, view.agreement, view.login, view.address_full, *places, reason, fixes or advice)
