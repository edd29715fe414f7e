"""Pages of subscribers: the list, and what the last sync left to people. Each has its export."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Annotated, Any
from urllib.parse import urlencode
from zlib import crc32

from fastapi import Path, Query
from sqlalchemy.orm import Session

from wildcore.components.subscribers.columns import (
    ELSEWHERE_COLUMNS,
    SHARED_COLUMNS,
    SUBSCRIBER_COLUMNS,
    UNMATCHED_COLUMNS,
    in_words,
)
from wildcore.components.subscribers.permissions import SHOW, SYNC
from wildcore.components.subscribers.words import WORDS
from wildcore.errors import Conflict
from wildcore.kit import Ctx, Html, Page, Template
from wildcore.kit.forms import number
from wildcore.kit.listing import Columns, listing
from wildcore.services import presenting_subscribers, subscriber_lists, subscriber_reports, sync_reports
from wildcore.services.pages_interface import limits
from wildcore.services.presenting_subscribers import elsewhere_json, row_json, shared_json, unmatched_json
from wildcore.services.subscriber_lists import SubscriberFilter
from wildcore.services.subscribers import sources
from wildcore.services.sync_reports import SourceSyncs

LIST = "/subscribers"
PAGE_ROWS = 50
STATES = {"placed": True, "unplaced": False}
Word = Annotated[str, Query(max_length=100)]
PageNumber = Annotated[int, Query(ge=1, le=100_000)]
Key = Annotated[str, Path(max_length=32)]


def subscribers(ctx: Ctx, q: Word = "", state: Word = "", source: Word = "", at: Word = "", page: PageNumber = 1) -> Template:
    """Subscribers with their places, states and signals; `at` is a port or ONU."""
    wanted = _wanted(q, state, source, at)
    first = (page - 1) * PAGE_ROWS
    ids, total = subscriber_lists.ids(ctx.session, ctx.runtime, ctx.actor, wanted, limit=PAGE_ROWS, offset=first)
    values = {
        "rows": subscriber_lists.rows(ctx.session, ctx.runtime, ctx.actor, ids),
        "limits": limits(ctx.runtime),
        "filtered": wanted != SubscriberFilter(),
        **_paged(total, page),
    }
    return _template(ctx, "list", values, q=q, state=state, source=source, at=at)


def export(ctx: Ctx, q: Word = "", state: Word = "", source: Word = "", at: Word = "") -> Any:
    """All subscribers that fit, as CSV; read a piece at a time."""
    ids, total = subscriber_lists.ids(ctx.session, ctx.runtime, ctx.actor, _wanted(q, state, source, at))
    return _csv(ctx, ids, total, subscriber_lists.rows, row_json, SUBSCRIBER_COLUMNS, "subscribers")


def unmatched(ctx: Ctx, reason: Word = "", source: Word = "", page: PageNumber = 1) -> Template:
    """Claims that lead nowhere, why, and the likely fix."""
    ids, counts = subscriber_reports.unmatched_ids(ctx.session, ctx.runtime, ctx.actor, reason=reason, source=source)
    values = {
        "rows": subscriber_reports.unmatched(ctx.session, ctx.runtime, ctx.actor, _part(ids, page)),
        "counts": counts,
        "limited": not subscriber_lists.sees_unplaced(ctx.actor),
        "filtered": bool(reason or source),
        **_paged(len(ids), page),
    }
    return _template(ctx, "unmatched", values, reason=reason, source=source)


def export_unmatched(ctx: Ctx, reason: Word = "", source: Word = "") -> Any:
    """The same as CSV."""
    ids, _counts = subscriber_reports.unmatched_ids(ctx.session, ctx.runtime, ctx.actor, reason=reason, source=source)
    return _csv(ctx, ids, len(ids), subscriber_reports.unmatched, unmatched_json, UNMATCHED_COLUMNS, "unmatched")


def shared(ctx: Ctx, kind: Word = "", source: Word = "", page: PageNumber = 1) -> Template:
    """ONUs and ports with several subscribers."""
    ids = subscriber_reports.shared_ids(ctx.session, ctx.runtime, ctx.actor, kind=kind, source=source)
    rows = subscriber_reports.shared(ctx.session, ctx.runtime, ctx.actor, _part(ids, page))
    values = {"rows": rows, "filtered": bool(kind or source), **_paged(len(ids), page)}
    return _template(ctx, "shared", values, kind=kind, source=source)


def export_shared(ctx: Ctx, kind: Word = "", source: Word = "") -> Any:
    """The same as CSV."""
    ids = subscriber_reports.shared_ids(ctx.session, ctx.runtime, ctx.actor, kind=kind, source=source)
    return _csv(ctx, ids, len(ids), subscriber_reports.shared, shared_json, SHARED_COLUMNS, "shared")


def elsewhere(ctx: Ctx, source: Word = "", page: PageNumber = 1) -> Template:
    """Subscribers whose ONU is elsewhere than billing's switch and port say."""
    ids = subscriber_reports.elsewhere_ids(ctx.session, ctx.runtime, ctx.actor, source=source)
    rows = subscriber_reports.elsewhere(ctx.session, ctx.runtime, ctx.actor, _part(ids, page))
    values = {"rows": rows, "filtered": bool(source), **_paged(len(ids), page)}
    return _template(ctx, "elsewhere", values, source=source)


def export_elsewhere(ctx: Ctx, source: Word = "") -> Any:
    """The same as CSV."""
    ids = subscriber_reports.elsewhere_ids(ctx.session, ctx.runtime, ctx.actor, source=source)
    return _csv(ctx, ids, len(ids), subscriber_reports.elsewhere, elsewhere_json, ELSEWHERE_COLUMNS, "elsewhere")


def sync(ctx: Ctx, seen: Word = "") -> Template | Html:
    """The syncs of each billing system; the page keeps itself fresh, and is left as it is while nothing is new since `seen`."""
    shown = _syncs(ctx)
    return Html("", 204) if ctx.request.fragment and seen == shown.values["state"] else shown


def run_sync(ctx: Ctx, source: Key) -> Template:
    """Queue a sync now."""
    try:
        sync_reports.run_now(ctx.session, ctx.runtime, ctx.actor, source)
    except Conflict as running:
        return _syncs(ctx, error=running.description)
    return _syncs(ctx, started=True)


def _syncs(ctx: Ctx, *, started: bool = False, error: str = "") -> Template:
    found = sync_reports.syncs(ctx.session, ctx.runtime, ctx.actor)
    busy = started or any(one.running for one in found)
    limited = ctx.actor.group_ids is not None
    values = {"syncs": found, "busy": busy, "started": started, "error": error, "limited": limited, "state": _state(found)}
    return _template(ctx, "sync", values)


def _state(found: Iterable[SourceSyncs]) -> str:
    """Changes with what the page shows: a sync that began or ended, the next run."""
    parts: list[object] = []
    for one in found:
        plan = one.schedule
        parts += [one.key, one.running, one.progress, plan and (plan.enabled, plan.next_at)]
        parts += [(newest.id, newest.result) for newest in one.syncs[:1]]
    return f"{crc32(repr(parts).encode()):08x}"


def _wanted(q: str, state: str, source: str, at: str) -> SubscriberFilter:
    return SubscriberFilter(text=q.strip(), matched=STATES.get(state), source=source, interface_id=number(at))


def _template(ctx: Ctx, name: str, values: dict[str, Any], **typed: str) -> Template:
    """A page below the tabs, or only its rows where the filter or a running sync asks for them."""
    values |= {
        "tab": name,
        "typed": typed,
        "query": urlencode({key: text for key, text in typed.items() if text}),
        "sources": [(key, one.title) for key, one in sources(ctx.runtime).items()],
        "words": presenting_subscribers,
        **WORDS,
    }
    return Template(f"subscribers/{name}_rows.html" if ctx.request.fragment else f"subscribers/{name}.html", values)


def _paged(total: int, page: int) -> dict[str, int]:
    return {"total": total, "page": page, "pages": max(1, -(-total // PAGE_ROWS))}


def _part(ids: Sequence[int], page: int) -> Sequence[int]:
    return ids[(page - 1) * PAGE_ROWS : page * PAGE_ROWS]


def _csv(
    ctx: Ctx,
    ids: Sequence[int],
    total: int,
    read: Callable[..., list[Any]],
    show: Callable[[Any], Any],
    columns: Columns,
    name: str,
) -> Any:
    def page(session: Session, ids: Sequence[int]) -> list[Any]:
        return [show(one) for one in read(session, ctx.runtime, ctx.actor, list(ids))]

    return listing(ctx, ids, total, page, columns=in_words(columns), name=name, form="csv")


PAGES: tuple[Page, ...] = (
    Page(LIST, subscribers, SHOW),
    Page(f"{LIST}/export.csv", export, SHOW),
    Page(f"{LIST}/unmatched", unmatched, SHOW),
    Page(f"{LIST}/unmatched/export.csv", export_unmatched, SHOW),
    Page(f"{LIST}/shared", shared, SHOW),
    Page(f"{LIST}/shared/export.csv", export_shared, SHOW),
    Page(f"{LIST}/elsewhere", elsewhere, SHOW),
    Page(f"{LIST}/elsewhere/export.csv", export_elsewhere, SHOW),
    Page(f"{LIST}/sync", sync, SHOW),
    Page(f"{LIST}/sync/{{source}}", run_sync, (SHOW, SYNC), methods="POST"),
)
