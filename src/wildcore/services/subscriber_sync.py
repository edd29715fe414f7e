"""Taking a billing system's subscribers into the store: compare first, then write all changes in one transaction.

Billing-agnostic: a component turns its billing's answer into `SubscriberRecord`s. What is stored are billing's claims; which
interface that is now is `services.bindings`' work. Memory: the records and one row each of what is stored, nothing of history.
Statements: a constant number plus one for each 5000 rows.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass, fields, replace
from typing import Any

from sqlalchemy import delete, func, insert, select, update
from sqlalchemy.orm import Session

from wildcore.errors import BillingError
from wildcore.i18n import gettext
from wildcore.model.subscriber import SubscriberClaim as ClaimRecord
from wildcore.model.subscriber import SubscriberRecord
from wildcore.services.bindings import BY_IDENT, BY_MAC, BY_PORT, UPLINK_MACS, chunks, rebind
from wildcore.store.db import Database
from wildcore.store.tables import Binding, Subscriber, SubscriberClaim

Progress = Callable[[str, int, int], None]
_COLUMNS = tuple(field.name for field in fields(SubscriberRecord) if field.name != "claims")


@dataclass(frozen=True, slots=True)
class SyncSummary:
    """What one sync did, or would do (`dry_run`). Counts are subscribers, except the matches, which are claims."""

    received: int
    added: int
    changed: int
    removed: int
    unchanged: int
    by_ident: int = 0
    by_port: int = 0
    by_mac: int = 0
    unmatched: int = 0
    dry_run: bool = False


@dataclass(frozen=True, slots=True)
class _Plan:
    added: list[SubscriberRecord]
    changed: list[tuple[int, SubscriberRecord]]
    removed: list[int]
    unchanged: int


def synchronise(
    db: Database,
    source: str,
    records: Iterable[SubscriberRecord],
    *,
    now: int,
    max_removal_percent: float = 20.0,
    force: bool = False,
    dry_run: bool = False,
    uplink_macs: int = UPLINK_MACS,
    progress: Progress | None = None,
) -> SyncSummary:
    """Make the stored subscribers of `source` equal to `records`.

    Records with one uid are one subscriber with several claims. Raises BillingError, with nothing changed, when there is no
    record, or when more than `max_removal_percent` of the stored subscribers would go and `force` is not set.
    Only one sync of a source may run at a time: the caller holds a lease.
    """
    report = progress or (lambda _stage, _done, _total: None)
    merged = _merge(records)
    if not merged:
        raise BillingError(gettext("Billing sent an empty list of subscribers. Nothing was changed"))
    report("compare", 0, len(merged))
    with db.read() as session:
        plan = _compare(session, source, merged)
        stored = plan.unchanged + len(plan.changed) + len(plan.removed)
    if not force and stored and len(plan.removed) * 100 > max_removal_percent * stored:
        raise BillingError(
            gettext(
                "Billing's list lacks {removed} of {stored} known subscribers, more than {percent} %. Nothing was changed. "
                "If this is right, run the sync with --force",
                removed=len(plan.removed),
                stored=stored,
                percent=f"{max_removal_percent:g}",
            )
        )
    summary = SyncSummary(len(merged), len(plan.added), len(plan.changed), len(plan.removed), plan.unchanged, dry_run=dry_run)
    if dry_run:
        return summary
    report("write", 0, len(plan.added) + len(plan.changed) + len(plan.removed))
    with db.write() as session:
        claim_ids = _write(session, source, plan, now)
        report("bind", 0, len(claim_ids))
        everything = len(claim_ids) > 20_000
        rebind(session, claim_ids=() if everything else claim_ids, everything=everything, uplink_macs=uplink_macs)
        summary = _with_matches(session, source, summary)
    report("done", len(merged), len(merged))
    return summary


def _merge(records: Iterable[SubscriberRecord]) -> dict[str, SubscriberRecord]:
    merged: dict[str, SubscriberRecord] = {}
    for record in records:
        known = merged.get(record.uid)
        if known is None:
            merged[record.uid] = record
        else:
            claims = tuple(dict.fromkeys((*known.claims, *record.claims)))
            merged[record.uid] = replace(known, claims=claims)
    return merged


def _compare(session: Session, source: str, records: dict[str, SubscriberRecord]) -> _Plan:
    claims: dict[int, list[ClaimRecord]] = {}
    query_claims = (
        select(
            SubscriberClaim.subscriber_id,
            SubscriberClaim.ident,
            SubscriberClaim.switch_ip,
            SubscriberClaim.port,
            SubscriberClaim.mac,
        )
        .join(Subscriber, Subscriber.id == SubscriberClaim.subscriber_id)
        .where(Subscriber.source == source)
        .order_by(SubscriberClaim.id)
    )
    for subscriber_id, *parts in session.execute(query_claims):
        claims.setdefault(subscriber_id, []).append(ClaimRecord(*parts))
    seen: set[str] = set()
    changed: list[tuple[int, SubscriberRecord]] = []
    removed: list[int] = []
    unchanged = 0
    columns = [getattr(Subscriber, name) for name in _COLUMNS]
    for subscriber_id, *values in session.execute(select(Subscriber.id, *columns).where(Subscriber.source == source)):
        stored = SubscriberRecord(**dict(zip(_COLUMNS, values, strict=True)), claims=tuple(claims.get(subscriber_id, ())))
        record = records.get(stored.uid)
        if record is None:
            removed.append(subscriber_id)
            continue
        seen.add(stored.uid)
        if stored == record:
            unchanged += 1
        else:
            changed.append((subscriber_id, record))
    added = [record for uid, record in records.items() if uid not in seen]
    return _Plan(added, changed, removed, unchanged)


def _write(session: Session, source: str, plan: _Plan, now: int) -> list[int]:
    """Write the plan and return the ids of all claims that are new."""
    for part in chunks(plan.removed):
        _drop_claims(session, part)
        session.execute(delete(Subscriber).where(Subscriber.id.in_(part)))
    if plan.changed:
        session.execute(update(Subscriber), [{"id": one, "updated_at": now, **_row(record)} for one, record in plan.changed])
        for part in chunks([subscriber_id for subscriber_id, _record in plan.changed]):
            _drop_claims(session, part)
    owners = {record.uid: (subscriber_id, record) for subscriber_id, record in plan.changed}
    if plan.added:
        session.execute(
            insert(Subscriber.__table__),  # type: ignore[arg-type]  # a Table, which the stubs do not know
            [{"source": source, "updated_at": now, **_row(record)} for record in plan.added],
        )
        ids = _ids_by_uid(session, source, {record.uid for record in plan.added})
        owners.update((record.uid, (ids[record.uid], record)) for record in plan.added)
    rows = [
        {
            "subscriber_id": subscriber_id,
            "ident": claim.ident,
            "switch_ip": claim.switch_ip,
            "port": claim.port,
            "mac": claim.mac,
            "unmatched": "",
        }
        for subscriber_id, record in owners.values()
        for claim in record.claims
    ]
    if not rows:
        return []
    newest = session.execute(select(func.coalesce(func.max(SubscriberClaim.id), 0))).scalar_one()
    session.execute(insert(SubscriberClaim.__table__), rows)  # type: ignore[arg-type]  # see above
    return list(session.scalars(select(SubscriberClaim.id).where(SubscriberClaim.id > newest)))


def _drop_claims(session: Session, subscriber_ids: Collection[int]) -> None:
    session.execute(delete(Binding).where(Binding.subscriber_id.in_(subscriber_ids)))
    session.execute(delete(SubscriberClaim).where(SubscriberClaim.subscriber_id.in_(subscriber_ids)))


def _ids_by_uid(session: Session, source: str, uids: set[str]) -> dict[str, int]:
    query = select(Subscriber.uid, Subscriber.id).where(Subscriber.source == source)
    return {uid: one for uid, one in session.execute(query) if uid in uids}


def _row(record: SubscriberRecord) -> dict[str, Any]:
    return {name: getattr(record, name) for name in _COLUMNS}


def _with_matches(session: Session, source: str, summary: SyncSummary) -> SyncSummary:
    query = (
        select(Binding.strength, func.count())
        .join(Subscriber, Subscriber.id == Binding.subscriber_id)
        .where(Subscriber.source == source)
        .group_by(Binding.strength)
    )
    found = {int(strength): count for strength, count in session.execute(query)}
    unmatched = session.execute(
        select(func.count())
        .select_from(SubscriberClaim)
        .join(Subscriber, Subscriber.id == SubscriberClaim.subscriber_id)
        .where(Subscriber.source == source, SubscriberClaim.unmatched != "")
    ).scalar_one()
    return replace(
        summary,
        by_ident=found.get(BY_IDENT, 0),
        by_port=found.get(BY_PORT, 0),
        by_mac=found.get(BY_MAC, 0),
        unmatched=unmatched,
    )
