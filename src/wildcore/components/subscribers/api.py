"""API of subscribers: lists, reports of the last sync, the syncs."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Any, Literal

from fastapi import Query
from sqlalchemy.orm import Session

from wildcore.components.subscribers.columns import (
    ELSEWHERE_COLUMNS,
    SHARED_COLUMNS,
    SUBSCRIBER_COLUMNS,
    UNMATCHED_COLUMNS,
)
from wildcore.kit import Ctx
from wildcore.kit.listing import Format, listing
from wildcore.kit.params import MAX_INT, Id, IdQuery, Offset, Rows, UpdatedSince
from wildcore.services import subscriber_lists, subscriber_reports, sync_reports
from wildcore.services.presenting_subscribers import (
    elsewhere_json,
    row_json,
    shared_json,
    source_syncs_json,
    unmatched_json,
)
from wildcore.services.subscriber_lists import SubscriberFilter

Words = Annotated[str, Query(max_length=200)]
Source = Annotated[str, Query(max_length=32, description="Key of a billing system, e.g. mikbill")]
Reason = Literal["", "no_claim", "ident_unseen", "no_switch", "no_port", "mac_unseen", "mac_uplink"]


def subscribers(
    ctx: Ctx,
    uid: Words = "",
    agreement: Words = "",
    login: Words = "",
    search: Annotated[str, Query(max_length=200, description="Looked for in UID, contract, login and address")] = "",
    source: Source = "",
    matched: Annotated[bool | None, Query(description="Only those with a place, or only those without")] = None,
    interface_id: IdQuery | None = None,
    updated_since: UpdatedSince = None,
    form: Format = None,
    limit: Rows = None,
    offset: Offset = 0,
) -> Any:
    """Subscribers of the billing systems that are on, with what billing claims and where they are; unknown ones are left out."""
    wanted = SubscriberFilter(
        text=search.strip(),
        uid=uid.strip(),
        agreement=agreement.strip(),
        login=login.strip(),
        source=source,
        matched=matched,
        interface_id=interface_id,
        updated_since=updated_since,
    )
    ids, total = subscriber_lists.ids(ctx.session, ctx.runtime, ctx.actor, wanted, limit=limit, offset=offset)

    def page(session: Session, ids: Sequence[int]) -> list[Any]:
        return [row_json(one) for one in subscriber_lists.rows(session, ctx.runtime, ctx.actor, list(ids))]

    return listing(ctx, ids, total, page, columns=SUBSCRIBER_COLUMNS, name="subscribers", form=form)


def subscriber(ctx: Ctx, subscriber_id: Id) -> Any:
    """One subscriber."""
    return row_json(subscriber_lists.get(ctx.session, ctx.runtime, ctx.actor, subscriber_id))


def unmatched(
    ctx: Ctx, reason: Reason = "", source: Source = "", form: Format = None, limit: Rows = None, offset: Offset = 0
) -> Any:
    """What billing claims and leads nowhere: why, and what would likely put it right. `meta.reasons` counts each reason."""
    ids, counts = subscriber_reports.unmatched_ids(ctx.session, ctx.runtime, ctx.actor, reason=reason, source=source)
    ctx.meta = {"reasons": counts}

    def page(session: Session, ids: Sequence[int]) -> list[Any]:
        return [unmatched_json(one) for one in subscriber_reports.unmatched(session, ctx.runtime, ctx.actor, list(ids))]

    return listing(ctx, part(ids, limit, offset), len(ids), page, columns=UNMATCHED_COLUMNS, name="unmatched", form=form)


def shared(
    ctx: Ctx,
    kind: Annotated[Literal["", "onu", "port"], Query(description="Only ONUs, where it is suspicious, or only ports")] = "",
    source: Source = "",
    form: Format = None,
    limit: Rows = None,
    offset: Offset = 0,
) -> Any:
    """ONUs and ports with several subscribers: ONUs first, then those with the most."""
    ids = subscriber_reports.shared_ids(ctx.session, ctx.runtime, ctx.actor, kind=kind, source=source)

    def page(session: Session, ids: Sequence[int]) -> list[Any]:
        return [shared_json(one) for one in subscriber_reports.shared(session, ctx.runtime, ctx.actor, list(ids))]

    return listing(ctx, part(ids, limit, offset), len(ids), page, columns=SHARED_COLUMNS, name="shared", form=form)


def elsewhere(ctx: Ctx, source: Source = "", form: Format = None, limit: Rows = None, offset: Offset = 0) -> Any:
    """Subscribers whose ONU, found by its ident, is at another device or port than billing says."""
    ids = subscriber_reports.elsewhere_ids(ctx.session, ctx.runtime, ctx.actor, source=source)

    def page(session: Session, ids: Sequence[int]) -> list[Any]:
        return [elsewhere_json(one) for one in subscriber_reports.elsewhere(session, ctx.runtime, ctx.actor, list(ids))]

    return listing(ctx, part(ids, limit, offset), len(ids), page, columns=ELSEWHERE_COLUMNS, name="elsewhere", form=form)


def syncs(ctx: Ctx, limit: Annotated[int, Query(ge=1, le=MAX_INT)] = 20) -> Any:
    """Of each billing system that is on: its latest syncs (`limit` of each), the changes of the last good one, the next run."""
    found = sync_reports.syncs(ctx.session, ctx.runtime, ctx.actor, history=limit)
    ctx.meta = {"total": len(found)}
    return [source_syncs_json(one) for one in found]


def part(ids: Sequence[int], limit: int | None, offset: int) -> Sequence[int]:
    """The ids of one page."""
    return ids[offset : None if limit is None else offset + limit]
