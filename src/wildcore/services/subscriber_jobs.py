"""A sync of a billing system's subscribers, from the question to the stored answer: one piece of work for whoever starts it.

The list is received and compared without a transaction that writes; the changes and the note that they were made are one
transaction. Whatever fails before leaves everything as it was, and a row in `subscriber_syncs` that says why.
"""

from __future__ import annotations

import asyncio
import json
import logging
import time
from collections.abc import AsyncGenerator
from dataclasses import asdict, dataclass, replace

from sqlalchemy import delete, insert, select, update
from sqlalchemy.orm import Session

from wildcore.errors import BillingError, Conflict, WildcoreError
from wildcore.i18n import Spoken, current_language, gettext, said_in, speaking_again, use_language
from wildcore.services.catalogue import Progress
from wildcore.services.leases import Held, hold
from wildcore.services.ports import Billing, BillingSource
from wildcore.services.runtime import Runtime
from wildcore.services.subscriber_changes import Change
from wildcore.services.subscriber_sync import Plan, Received, SyncSummary, compare, write
from wildcore.store.tables import SubscriberSync

log = logging.getLogger(__name__)

RUNNING, OK, ERROR = "running", "ok", "error"
CONSOLE = "console"
"""A trigger whose person reads English on the terminal, while the stored error is read on the pages."""
KEPT = 50
"""Syncs of one billing that are remembered."""

FETCH_SEC = 1800.0
MOST_SUBSCRIBERS = 2_000_000


@dataclass(frozen=True, slots=True)
class LastSync:
    """The newest sync of a billing as its row tells it: times in Unix seconds, the counts by name ({} until it went well)."""

    id: int
    trigger: str
    started_at: int
    finished_at: int | None
    result: str
    error: str
    summary: dict[str, int]


@dataclass(frozen=True, slots=True)
class SyncReport:
    """A sync that went well: its counts, the first changes, and its row (None of a dry run)."""

    summary: SyncSummary
    changes: list[Change]
    sync_id: int | None = None


async def synchronise(
    runtime: Runtime,
    billing: Billing,
    progress: Progress,
    *,
    trigger: str,
    force: bool = False,
    dry_run: bool = False,
    fetch_sec: float = FETCH_SEC,
) -> SyncReport:
    """Make the stored subscribers equal to those that billing tells of.

    `trigger` is cron, console, or a person's login. Raises BillingError with nothing changed when billing fails, sends nothing,
    or lacks too many subscribers while `force` is not set; Conflict while another sync of this billing runs.
    """
    source = billing.source()
    busy = gettext("A sync of {title}'s subscribers is running already", title=str(source.title))
    async with hold(runtime, f"sync:{source.key}", busy) as held:
        if dry_run:
            _received, plan = await _compared(runtime, billing, source, progress, force=force, fetch_sec=fetch_sec)
            return SyncReport(plan.summary(dry_run=True), plan.changes)
        stored_in = str(runtime.settings.get("DEFAULT_LANGUAGE")) if trigger == CONSOLE else current_language()
        with use_language(stored_in):
            sync_id = await runtime.db.run_write(lambda session: _begin(session, source.key, trigger, runtime.now()))
        with speaking_again() as spoken:
            try:
                fetch_ms, plan = await _compared(runtime, billing, source, progress, force=force, fetch_sec=fetch_sec)
                progress("write", 0, len(plan.added) + plan.changed_count + len(plan.removed))
                summary = await runtime.db.run_write(
                    lambda session: _store(session, runtime, source, plan, held, sync_id, fetch_ms)
                )
            except BaseException as error:
                await _failed(runtime, sync_id, error, stored_in, spoken)
                raise
        progress("done", summary.received, summary.received)
        return SyncReport(summary, plan.changes, sync_id)


async def _compared(
    runtime: Runtime, billing: Billing, source: BillingSource, progress: Progress, *, force: bool, fetch_sec: float
) -> tuple[int, Plan]:
    """The time that receiving took, in ms, and what there is to write."""
    begun = time.monotonic()
    received = await _receive(billing, progress, fetch_sec)
    fetch_ms = int((time.monotonic() - begun) * 1000)
    progress("compare", 0, len(received))
    return fetch_ms, await runtime.db.run_read(lambda session: compare(session, source, received, force=force))


async def _receive(billing: Billing, progress: Progress, fetch_sec: float) -> Received:
    received, records = Received(), billing.records()
    progress("fetch", 0, 0)
    try:
        async with asyncio.timeout(fetch_sec) as limit:
            async for part in records:
                received.add(part)
                progress("fetch", len(received) + received.unusable, 0)
                if len(received) > MOST_SUBSCRIBERS:
                    raise BillingError(
                        gettext("Billing's list has more than {count} subscribers. Nothing was changed", count=MOST_SUBSCRIBERS)
                    )
    except TimeoutError:
        if not limit.expired():
            raise
        raise BillingError(
            gettext(
                "Billing's list had not ended after {minutes} min. Nothing was changed. Look at what keeps billing busy",
                minutes=f"{fetch_sec / 60:g}",
            )
        ) from None
    finally:
        if isinstance(records, AsyncGenerator):  # which may hold a connection to billing
            await records.aclose()
    return received


def _store(
    session: Session, runtime: Runtime, source: BillingSource, plan: Plan, held: Held, sync_id: int, fetch_ms: int
) -> SyncSummary:
    begun = time.monotonic()
    if not held.still(session):
        raise Conflict(
            gettext("This sync stood still too long and another one took over. Nothing was changed by it; look at that one")
        )
    uplink_macs = int(runtime.settings.get("ANALYTICS_IGNORE_IFACES_WITH_MORE_THAN"))
    summary = write(session, source.key, plan, now=runtime.now(), uplink_macs=uplink_macs)
    summary = replace(summary, fetch_ms=fetch_ms, write_ms=int((time.monotonic() - begun) * 1000))
    counts = {name: value for name, value in asdict(summary).items() if name != "dry_run"}
    values = {"summary": json.dumps(counts), "changes": json.dumps(plan.changes, ensure_ascii=False)}
    done = update(SubscriberSync).where(SubscriberSync.id == sync_id)
    session.execute(done.values(finished_at=runtime.now(), result=OK, **values))
    return summary


def _begin(session: Session, source: str, trigger: str, now: int) -> int:
    """The row of a new sync. Whoever holds the lease knows that one which still runs by its row has died."""
    mine = SubscriberSync.source == source
    session.execute(
        update(SubscriberSync)
        .where(mine, SubscriberSync.result == RUNNING)
        .values(result=ERROR, finished_at=now, error=gettext("Interrupted: the process ended. Nothing was changed"))
    )
    kept = select(SubscriberSync.id).where(mine).order_by(SubscriberSync.id.desc()).limit(KEPT - 1)
    session.execute(delete(SubscriberSync).where(mine, SubscriberSync.id.not_in(kept)))
    row = {"source": source, "trigger": trigger[:100], "started_at": now, "result": RUNNING}
    return int(session.execute(insert(SubscriberSync).values(**row).returning(SubscriberSync.id)).scalar_one())


async def _failed(runtime: Runtime, sync_id: int, error: BaseException, language: str, spoken: Spoken) -> None:
    with use_language(language):
        words = _failure(error, language, spoken)
    row = update(SubscriberSync).where(SubscriberSync.id == sync_id, SubscriberSync.result == RUNNING)

    def note(session: Session) -> None:
        session.execute(row.values(finished_at=runtime.now(), result=ERROR, error=words))

    await runtime.db.run_write(note)


def _failure(error: BaseException, language: str, spoken: Spoken) -> str:
    if isinstance(error, WildcoreError):
        return said_in(language, error.description, spoken)
    if isinstance(error, asyncio.CancelledError):
        return gettext("Interrupted: the program was stopped. Nothing was changed")
    log.error("A sync of subscribers failed", exc_info=error)
    return gettext(
        "The sync failed by an error of Wildcore's own ({name}). Nothing was changed. The log says more",
        name=type(error).__name__,
    )


def last_sync(session: Session, source: str) -> LastSync | None:
    """The newest sync of this billing, be it under way, done or failed."""
    query = select(SubscriberSync).where(SubscriberSync.source == source).order_by(SubscriberSync.id.desc()).limit(1)
    row = session.scalars(query).first()
    if row is None:
        return None
    return LastSync(row.id, row.trigger, row.started_at, row.finished_at, row.result, row.error, json.loads(row.summary))


def summary_text(summary: SyncSummary) -> str:
    """The counts of a sync in one line."""
    line = gettext(
        "Subscribers: {received}; added {added}, changed {changed}, removed {removed}, unchanged {unchanged}. "
        "Matched by ONU {by_ident}, by switch port {by_port}, by MAC {by_mac}; unmatched {unmatched}",
        received=summary.received,
        added=summary.added,
        changed=summary.changed,
        removed=summary.removed,
        unchanged=summary.unchanged,
        by_ident=summary.by_ident,
        by_port=summary.by_port,
        by_mac=summary.by_mac,
        unmatched=summary.unmatched,
    )
    return f"{line}. {unusable_text(summary)}" if summary.unusable else line


def unusable_text(summary: SyncSummary) -> str:
    """What was left out of billing's list, and why."""
    return gettext("Elements of the list without a uid, left out: {count}. Look at them in billing", count=summary.unusable)
