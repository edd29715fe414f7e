"""Taking a billing system's subscribers into the store: compare first, then write all changes in one transaction.

Billing-agnostic: a component turns its billing's answer into `SubscriberRecord`s, `services.subscriber_jobs` carries a sync out.
What is stored are billing's claims; which interface that is now is `services.bindings`' work. Memory: what was received and the
rows that change, nothing of history. Statements: a constant number plus one for each 5000 rows that change.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from itertools import groupby
from operator import attrgetter, itemgetter
from typing import Any, cast

from sqlalchemy import Table, delete, func, select, text
from sqlalchemy.orm import Session

from wildcore.errors import BillingError
from wildcore.i18n import gettext
from wildcore.model.subscriber import SubscriberRecord
from wildcore.services import bindings
from wildcore.services.bindings import BY_IDENT, BY_MAC, BY_PORT, UPLINK_MACS, chunks
from wildcore.services.ports import BillingSource
from wildcore.services.subscriber_changes import ADDED, CHANGED, FIELDS, REMOVED, Change, Changes
from wildcore.store.bulk import among, insert_rows, is_sqlite, update_rows
from wildcore.store.tables import Binding, Subscriber, SubscriberClaim

_SUBSCRIBERS = cast(Table, Subscriber.__table__)
_CLAIMS = cast(Table, SubscriberClaim.__table__)
_BINDINGS = cast(Table, Binding.__table__)
_CLAIM_FIELDS = ("ident", "switch_ip", "port", "mac")

Claims = tuple[tuple[str, ...], ...]
Row = tuple[str, ...]
_values = attrgetter(*FIELDS)


@dataclass(frozen=True, slots=True)
class SyncSummary:
    """What one sync did, or would do (`dry_run`). Counts are subscribers, except the matches, which are claims.

    `unusable` are elements of billing's list without a uid or of a wrong form. Times are those of receiving the list and of the
    write transaction. A dry run knows no matches.
    """

    received: int
    added: int
    changed: int
    removed: int
    unchanged: int
    unusable: int = 0
    by_ident: int = 0
    by_port: int = 0
    by_mac: int = 0
    unmatched: int = 0
    fetch_ms: int = 0
    write_ms: int = 0
    dry_run: bool = False


class Received:
    """Billing's list as it comes: a row and the claims for each uid. Texts that many share (streets, switches) are kept once."""

    def __init__(self) -> None:
        self.rows: dict[str, tuple[Row, Claims]] = {}
        self.unusable = 0
        self._known: dict[str, str] = {}

    def __len__(self) -> int:
        return len(self.rows)

    def add(self, records: Iterable[SubscriberRecord | None]) -> None:
        """Take a part of the list. Records with one uid are one subscriber with several claims; its first texts count."""
        rows, keep = self.rows, self._known.setdefault
        for record in records:
            if record is None:
                self.unusable += 1
                continue
            claims = tuple([(one.ident, keep(one.switch_ip, one.switch_ip), one.port, one.mac) for one in record.claims])
            before = rows.get(record.uid)
            if before is not None:
                rows[record.uid] = before[0], tuple(dict.fromkeys((*before[1], *claims)))
                continue
            agreement, login, link, full, settlement, lane, house, app = _values(record)
            place = keep(settlement, settlement), keep(lane, lane), keep(house, house), keep(app, app)
            rows[record.uid] = (agreement, login, link, full, *place), claims


@dataclass(slots=True)
class Plan:
    """What a sync is going to write, and the first of its changes for people to read."""

    added: list[tuple[str, Row, Claims]] = field(default_factory=list)
    changed: list[tuple[int, Row]] = field(default_factory=list)
    moved: list[tuple[int, Claims]] = field(default_factory=list)  # their claims differ
    removed: list[int] = field(default_factory=list)
    changed_count: int = 0
    unchanged: int = 0
    unusable: int = 0
    changes: list[Change] = field(default_factory=list)

    def summary(self, *, dry_run: bool = False) -> SyncSummary:
        """The counts, without matches."""
        return SyncSummary(
            received=len(self.added) + self.changed_count + self.unchanged,
            added=len(self.added),
            changed=self.changed_count,
            removed=len(self.removed),
            unchanged=self.unchanged,
            unusable=self.unusable,
            dry_run=dry_run,
        )


def compare(session: Session, source: BillingSource, received: Received, *, force: bool = False) -> Plan:
    """What has to be written so that the stored subscribers of `source` equal those received. Empties `received`.

    Raises BillingError when there is no subscriber, or when more than `source.max_removal_percent` of the stored ones would go
    and `force` is not set.
    """
    if not received.rows:
        raise BillingError(_nothing_text(received.unusable))
    plan, changes = Plan(unusable=received.unusable), Changes()
    rows, stored_count = received.rows, 0
    for (subscriber_id, uid, *stored), stored_claims in _stored(session, source.key):
        stored_count += 1
        old = tuple(stored)
        found = rows.pop(uid, None)
        if found is None:
            plan.removed.append(subscriber_id)
            changes.add(REMOVED, uid, old, stored_claims)
            continue
        row, claims = found
        if row == old and claims == stored_claims:
            plan.unchanged += 1
            continue
        plan.changed_count += 1
        plan.changed.append((subscriber_id, row))
        if claims != stored_claims:
            plan.moved.append((subscriber_id, claims))
        changes.add(CHANGED, uid, row, claims, old, stored_claims)
    for uid, (row, claims) in rows.items():
        plan.added.append((uid, row, claims))
        changes.add(ADDED, uid, row, claims)
    rows.clear()
    if not force and stored_count and len(plan.removed) * 100 > source.max_removal_percent * stored_count:
        raise BillingError(_removal_text(source, len(plan.removed), stored_count))
    plan.changes = changes.first()
    return plan


def write(session: Session, source: str, plan: Plan, *, now: int, uplink_macs: int = UPLINK_MACS) -> SyncSummary:
    """Write the plan within the caller's transaction and bind what is new. Only one sync of a source may run at a time.

    A live look-up may have stored somebody since the comparison: the list's word replaces it.
    """
    bindings.lock(session)
    for part in chunks([uid for uid, _row, _claims in plan.added]):
        since = select(_SUBSCRIBERS.c.id).where(_SUBSCRIBERS.c.source == source, among(session, _SUBSCRIBERS.c.uid, part))
        if ids_since := session.scalars(since).all():
            _drop_claims(session, ids_since)
            session.execute(delete(_SUBSCRIBERS).where(among(session, _SUBSCRIBERS.c.id, ids_since)))
    for part in chunks(plan.removed):
        _drop_claims(session, part)
        session.execute(delete(_SUBSCRIBERS).where(among(session, _SUBSCRIBERS.c.id, part)))
    for part in chunks([subscriber_id for subscriber_id, _claims in plan.moved]):
        _drop_claims(session, part)
    for part in chunks(plan.changed):
        update_rows(session, _SUBSCRIBERS, ("updated_at", *FIELDS), [(now, *row, subscriber_id) for subscriber_id, row in part])
    ids = _new_ids(session, _SUBSCRIBERS, len(plan.added))
    columns = ("id", "source", "updated_at", "uid", *FIELDS)
    for part in chunks(zip(ids, plan.added, strict=True)):
        rows = [(subscriber_id, source, now, uid, *row) for subscriber_id, (uid, row, _claims) in part]
        insert_rows(session, _SUBSCRIBERS, columns, rows)
    owners = [*plan.moved, *zip(ids, (claims for _uid, _row, claims in plan.added), strict=True)]
    claim_ids = iter(_new_ids(session, _CLAIMS, sum(len(claims) for _owner, claims in owners)))
    new = [
        bindings.Claim._make((claim_id, subscriber_id, *claim, ""))
        for subscriber_id, claims in owners
        for claim, claim_id in zip(claims, claim_ids, strict=False)
    ]
    bindings.add_claims(session, new, uplink_macs=uplink_macs)
    return _with_matches(session, source, plan.summary())


def _stored(session: Session, source: str) -> Iterator[tuple[Any, Claims]]:
    """Stored subscribers by id, each with its claims; read side by side, so that neither is ever held whole."""
    columns = [_CLAIMS.c[name] for name in _CLAIM_FIELDS]
    query_claims = (
        select(_CLAIMS.c.subscriber_id, *columns)
        .join(_SUBSCRIBERS, _SUBSCRIBERS.c.id == _CLAIMS.c.subscriber_id)
        .where(_SUBSCRIBERS.c.source == source)
        .order_by(_CLAIMS.c.subscriber_id, _CLAIMS.c.id)
        .execution_options(yield_per=5000)
    )
    names = ("id", "uid", *FIELDS)
    query = select(*(_SUBSCRIBERS.c[name] for name in names)).where(_SUBSCRIBERS.c.source == source).order_by(_SUBSCRIBERS.c.id)
    groups = groupby(session.execute(query_claims), key=itemgetter(0))
    owner, rows = next(groups, (None, iter(())))
    for stored in session.execute(query.execution_options(yield_per=5000)):
        if owner != stored[0]:
            yield stored, ()
            continue
        yield stored, tuple(tuple(claim[1:]) for claim in rows)
        owner, rows = next(groups, (None, iter(())))


def _drop_claims(session: Session, subscriber_ids: Sequence[int]) -> None:
    session.execute(delete(_BINDINGS).where(among(session, _BINDINGS.c.subscriber_id, subscriber_ids)))
    session.execute(delete(_CLAIMS).where(among(session, _CLAIMS.c.subscriber_id, subscriber_ids)))


def _new_ids(session: Session, table: Table, count: int) -> Sequence[int]:
    """Ids that no row ever had, known before the rows are written: claims need those of their subscribers."""
    if not count:
        return ()
    if is_sqlite(session):
        query = "SELECT max(coalesce((SELECT seq FROM sqlite_sequence WHERE name = :name), 0), coalesce(max(id), 0))"
        newest = session.execute(text(f"{query} FROM {table.name}"), {"name": table.name}).scalar_one()
        return range(newest + 1, newest + 1 + count)
    query = "SELECT nextval(pg_get_serial_sequence(:name, 'id')) FROM generate_series(1, :count)"
    return list(session.scalars(text(query), {"name": table.name, "count": count}))


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


def _nothing_text(unusable: int) -> str:
    if not unusable:
        return gettext("Billing sent an empty list of subscribers. Nothing was changed")
    return gettext(
        "None of the {count} elements of billing's list can be used: they have no uid. Nothing was changed. "
        "Is this the right billing system, and a version that Wildcore knows?",
        count=unusable,
    )


def _removal_text(source: BillingSource, removed: int, stored: int) -> str:
    command = f"wca {source.command} --force" if source.command else "--force"
    return gettext(
        "Billing's list lacks {removed} of {stored} known subscribers, more than {percent} %. Nothing was changed. "
        "If this is right, run the sync with --force: {command}",
        removed=removed,
        stored=stored,
        percent=f"{source.max_removal_percent:g}",
        command=command,
    )
