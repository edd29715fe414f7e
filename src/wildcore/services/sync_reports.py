"""What the syncs with billing systems did, for people to read: the last one, those before it, the next one; and one run now.

Whoever is limited to device groups learns when a sync ran and what came of it, not of whom it told: counts and changes are of all
subscribers.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from wildcore.errors import NotFound
from wildcore.i18n import Text, gettext
from wildcore.services import action_log
from wildcore.services.actor import Actor
from wildcore.services.ports import BillingSource
from wildcore.services.runtime import Runtime
from wildcore.services.schedules import QUEUED, RUNNING, ScheduleView, list_schedules, request_run
from wildcore.services.subscribers import sources
from wildcore.store.tables import SubscriberSync

SYNC = "subscribers_sync"
HISTORY = 20
STALE_SEC = 6 * 3600
"""A sync that says it runs for longer died with its process."""
COUNTS = ("received", "added", "changed", "removed", "unchanged", "unusable", "by_ident", "by_port", "by_mac", "unmatched")
_Y = SubscriberSync.__table__.c


@dataclass(frozen=True, slots=True)
class Change:
    """What a sync did to one subscriber: `what` is added, changed or removed; `fields` the changed ones as (name, old, new)."""

    what: str
    uid: str
    agreement: str
    login: str
    fields: tuple[tuple[str, str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class SyncView:
    """One sync; times in Unix seconds. `result`: running, ok, error; `trigger`: cron, console or a login.

    `counts` are those of `COUNTS` that it noted; empty for an actor who sees some device groups only.
    """

    id: int
    source: str
    trigger: str
    started_at: int
    finished_at: int | None
    result: str
    error: str
    counts: Mapping[str, int] = field(default_factory=dict)
    fetch_ms: int | None = None
    write_ms: int | None = None

    @property
    def duration_sec(self) -> int | None:
        """How long it took."""
        return None if self.finished_at is None else max(0, self.finished_at - self.started_at)


@dataclass(frozen=True, slots=True)
class SourceSyncs:
    """One billing system that is on: its schedule if it has one, and its syncs, the newest first.

    `changes` are those of the newest sync that ended well. `running`: one is under way or queued, `progress` what it told last,
    `queued` before it began.
    """

    key: str
    title: Text
    command: str
    schedule: ScheduleView | None
    syncs: tuple[SyncView, ...]
    changes: tuple[Change, ...]
    running: bool
    progress: str

    @property
    def last(self) -> SyncView | None:
        """The newest sync that has ended."""
        return next((one for one in self.syncs if one.result != RUNNING), None)

    @property
    def good(self) -> SyncView | None:
        """The newest sync that ended well."""
        return next((one for one in self.syncs if one.result == "ok"), None)


def syncs(session: Session, runtime: Runtime, actor: Actor, *, history: int = HISTORY) -> list[SourceSyncs]:
    """Every billing system that is on with its latest syncs. At most four statements."""
    known = sources(runtime)
    if not known:
        return []
    schedules = {one.key: one for one in list_schedules(session, runtime)}
    newest = (
        select(_Y.id, func.row_number().over(partition_by=_Y.source, order_by=_Y.id.desc()).label("place"))
        .where(_Y.source.in_(sorted(known)))
        .subquery()
    )
    columns = (_Y.id, _Y.source, _Y.trigger, _Y.started_at, _Y.finished_at, _Y.result, _Y.error, _Y.summary)
    query = select(*columns).join(newest, newest.c.id == _Y.id).where(newest.c.place <= history).order_by(_Y.id.desc())
    found: dict[str, list[SyncView]] = defaultdict(list)
    for row in session.execute(query):
        found[row.source].append(_view(runtime, actor, row))
    changes = _changes(session, actor, found.values())
    return [_of_source(source, schedules.get(source.schedule), found.get(key, []), changes) for key, source in known.items()]


def run_now(session: Session, runtime: Runtime, actor: Actor, source: str) -> None:
    """Queue a sync for the scheduler. Conflict while one waits or runs, NotFound for a billing that is off or has no schedule."""
    actor.require(SYNC)
    billing = sources(runtime).get(source)
    if billing is None or not billing.schedule:
        raise NotFound(gettext("There is no billing {key} that can be synchronised", key=source), field="source")
    request_run(session, runtime, billing.schedule, actor.login)
    action_log.log(session, actor, "schedule:run", message=billing.schedule)


def _of_source(
    source: BillingSource, schedule: ScheduleView | None, found: list[SyncView], changes: Mapping[int, tuple[Change, ...]]
) -> SourceSyncs:
    run = schedule.last if schedule is not None else None
    queued = run is not None and run.result == QUEUED
    running = queued or (schedule is not None and schedule.running) or bool(found and found[0].result == RUNNING)
    good = next((one.id for one in found if one.result == "ok"), 0)
    progress = run.progress if run is not None and run.result == RUNNING else QUEUED if queued else ""
    return SourceSyncs(source.key, source.title, source.command, schedule, tuple(found), changes.get(good, ()), running, progress)


def _view(runtime: Runtime, actor: Actor, row: Any) -> SyncView:
    summary = _json(row.summary, {}) if actor.group_ids is None else {}
    result, error = row.result, row.error
    if result == RUNNING and row.started_at < runtime.now() - STALE_SEC:
        result, error = "error", gettext("Interrupted: the process ended")
    return SyncView(
        row.id,
        row.source,
        row.trigger,
        row.started_at,
        row.finished_at,
        result,
        error,
        {name: int(summary[name]) for name in COUNTS if isinstance(summary.get(name), int)},
        _number(summary.get("fetch_ms")),
        _number(summary.get("write_ms")),
    )


def _changes(session: Session, actor: Actor, found: Iterable[list[SyncView]]) -> dict[int, tuple[Change, ...]]:
    """Changes of the newest good sync of each source: only those are read, they are long."""
    if actor.group_ids is not None:
        return {}
    ids = [good for one in found if (good := next((sync.id for sync in one if sync.result == "ok"), None)) is not None]
    if not ids:
        return {}
    rows = session.execute(select(_Y.id, _Y.changes).where(_Y.id.in_(ids)))
    return {sync_id: tuple(_change(one) for one in _json(text, []) if isinstance(one, dict)) for sync_id, text in rows}


def _change(one: Mapping[str, Any]) -> Change:
    fields = one.get("fields") or {}
    changed = tuple((str(name), *_pair(pair)) for name, pair in fields.items()) if isinstance(fields, dict) else ()
    what, uid, agreement, login = (str(one.get(name) or "") for name in ("what", "uid", "agreement", "login"))
    return Change(what, uid, agreement, login, changed)


def _pair(pair: Any) -> tuple[str, str]:
    old, new = pair if isinstance(pair, list) and len(pair) == 2 else ("", pair)
    return _text(old), _text(new)


def _text(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, list):
        return "; ".join(filter(None, map(_text, value)))
    if isinstance(value, dict):
        return " ".join(str(part) for part in value.values() if part)
    return str(value)


def _json(text: str, otherwise: Any) -> Any:
    try:
        value = json.loads(text)
    except ValueError:
        return otherwise
    return value if isinstance(value, type(otherwise)) else otherwise


def _number(value: Any) -> int | None:
    return int(value) if isinstance(value, int | float) and not isinstance(value, bool) else None
