"""What every billing component is made of besides its `Billing`: a schedule, a console command and API routes for the sync.

A component supplies `services.ports.Billing` and these, nothing else; `make` is its factory, `(runtime) -> Billing`.
"""

from __future__ import annotations

import asyncio
import gc
import sys
import time
from collections.abc import Awaitable, Callable
from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any

import typer

from wildcore.errors import ValidationFailed
from wildcore.i18n import Text
from wildcore.kit.console import Console, console
from wildcore.kit.http import Ctx
from wildcore.kit.listing import csv_text
from wildcore.kit.manifest import Command
from wildcore.services import subscriber_jobs, subscriber_unmatched
from wildcore.services.action_log import log
from wildcore.services.catalogue import Progress, Schedule
from wildcore.services.ports import Billing
from wildcore.services.presenting import time_text
from wildcore.services.runtime import Runtime
from wildcore.services.schedules import running_trigger
from wildcore.services.subscriber_changes import CHANGED, Change
from wildcore.services.subscriber_jobs import SyncReport, summary_text, unusable_text
from wildcore.services.subscriber_sync import SyncSummary

Make = Callable[[Runtime], Billing]

ANSWER_SEC = 20.0
"""So long an API call waits for the end of its sync: less than proxies do."""

_EXAMPLES = 20
_STAGES = {
    "fetch": "Receiving the list from billing",
    "compare": "Comparing with what is stored",
    "write": "Writing changes and finding the subscribers' ports and ONUs",
    "done": "Done",
}
_working: set[asyncio.Task[SyncReport]] = set()


def sync_schedule(key: str, make: Make, *, title: Text, command: str, crontab: str = "0 4,12 * * *") -> Schedule:
    """The schedule that takes a billing's subscribers; `command` is the console command that does the same."""

    async def job(runtime: Runtime, progress: Progress) -> str:
        trigger = await runtime.db.run_read(lambda session: running_trigger(session, key))
        report = await subscriber_jobs.synchronise(runtime, make(runtime), progress, trigger=trigger)
        return summary_text(report.summary)

    return Schedule(key, crontab, job, title, command)


def sync_route(make: Make) -> Callable[..., Awaitable[dict[str, Any]]]:
    """Handler of a POST that starts a sync. It answers with the counts, or after `ANSWER_SEC` that the sync goes on.

    A dry run is waited for: nothing else would tell its counts.
    """

    async def start_sync(ctx: Ctx, force: bool = False, dry_run: bool = False) -> dict[str, Any]:
        """Synchronise the subscribers now and answer with the counts; `running` is true when it takes longer than 20 s."""
        work = asyncio.create_task(_by_hand(ctx, make(ctx.runtime), force=force, dry_run=dry_run))
        _working.add(work)
        work.add_done_callback(_forget)
        await asyncio.wait({work}, timeout=None if dry_run else ANSWER_SEC)
        if not work.done():
            return {"running": True}
        report = work.result()
        return {**asdict(report.summary), "running": False, "sync_id": report.sync_id}

    return start_sync


def last_sync_route(make: Make) -> Callable[..., dict[str, Any] | None]:
    """Handler of a GET that tells of the last sync, be it under way, done or failed; null when there was none."""

    def last_sync(ctx: Ctx) -> dict[str, Any] | None:
        """The last sync: who started it and when, its result, its error or its counts."""
        found = subscriber_jobs.last_sync(ctx.session, make(ctx.runtime).source().key)
        if found is None:
            return None
        times = {"started_at": time_text(found.started_at), "finished_at": time_text(found.finished_at)}
        return {"id": found.id, "trigger": found.trigger, **times, "result": found.result, "error": found.error, **found.summary}

    return last_sync


def sync_command(name: str, make: Make, help_text: str) -> Command:
    """The console command that takes a billing's subscribers."""

    def sync_clients(
        force: Annotated[bool, typer.Option("--force", help="Go on although many subscribers would be removed")] = False,
        dry_run: Annotated[bool, typer.Option("--dry-run", help="Show what would change, change nothing")] = False,
        unmatched: Annotated[
            Path | None,
            typer.Option(
                "--unmatched", metavar="FILE.csv", help="Write the subscribers without a place into a file, with reasons"
            ),
        ] = None,
    ) -> None:
        out = console()
        if unmatched is not None:
            _check_writable(unmatched)
        gc.set_threshold(50_000, 20, 20)  # many small objects that stay: looking for circles among them costs a third of the time
        billing, line = make(out.runtime), _Line()
        try:
            work = subscriber_jobs.synchronise(out.runtime, billing, line.tell, trigger="console", force=force, dry_run=dry_run)
            report = out.run(work)
        finally:
            line.end()
        _show(out, report)
        if unmatched is not None:
            count = _write_unmatched(out, billing.source().key, unmatched)
            out.say(f"{unmatched}: {count} claims without a place")

    sync_clients.__doc__ = help_text
    return Command(name, sync_clients)


async def _by_hand(ctx: Ctx, billing: Billing, *, force: bool, dry_run: bool) -> SyncReport:
    runtime, actor = ctx.runtime, ctx.actor
    report = await subscriber_jobs.synchronise(
        runtime, billing, lambda _stage, _done, _total: None, trigger=actor.login, force=force, dry_run=dry_run
    )
    if not dry_run:
        message = f"{billing.source().title}: {summary_text(report.summary)}"
        await runtime.db.run_write(lambda session: log(session, actor, "subscribers:sync", message=message))
    return report


def _forget(work: asyncio.Task[SyncReport]) -> None:
    _working.discard(work)
    if not work.cancelled():
        work.exception()  # it is told by the sync's row; nobody may be left who waits for it


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
    """Before the sync, not behind it."""
    try:
        path.open("a", encoding="utf-8").close()
    except OSError as error:
        raise ValidationFailed(f"Cannot write {path}: {error.strerror}", field="unmatched") from None


def _write_unmatched(out: Console, source: str, path: Path) -> int:
    """Write the CSV file; returns the number of its rows."""
    heads = ("uid", "contract", "login", "address", "onu", "switch", "port", "mac", "reason", "likely fix")
    count = 0
    with out.runtime.db.read() as session, path.open("w", encoding="utf-8-sig", newline="") as file:
        file.write(csv_text(heads))
        for one in subscriber_unmatched.unmatched(session, source):
            file.write(csv_text((one.uid, one.agreement, one.login, one.address, *one.claim, one.reason, one.fix)))
            count += 1
    return count
