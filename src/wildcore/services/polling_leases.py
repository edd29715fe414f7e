"""Who polls which device now: leases on rows of `polls`, so that no two processes ask one device at once.

A device is claimed with all its due polls. Its holder moves the lease on while it works; a killed holder stops doing so, and
after `LEASE_SEC` another takes the polls over. Clocks of machines that share a database must agree within a few seconds.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from sqlalchemy import ColumnElement, and_, case, exists, func, select, update
from sqlalchemy.orm import Session, aliased

from wildcore.services.pollers import ORDER
from wildcore.store.tables import Device, Poll

LEASE_SEC = 30


@dataclass(frozen=True, slots=True)
class Claimed:
    """One poll that is ours to run."""

    poll_id: int
    device_id: int
    poller: str
    interval_sec: int
    result: str = ""

    @property
    def failed(self) -> bool:
        """Whether its last run failed."""
        return self.result == "error"


@dataclass(frozen=True, slots=True)
class Finished:
    """How a poll ended, as stored."""

    result: str
    rows: int | None = None
    error: str | None = None
    duration_ms: int | None = None


def next_due(session: Session, now: int) -> int | None:
    """When the next poll of an enabled device that nobody holds is due (may be in the past); None when there is none."""
    query = select(func.min(Poll.next_at)).join(Device, Device.id == Poll.device_id).where(Device.enabled, _free(now))
    return session.scalar(query)


def claim(session: Session, owner: str, now: int, devices: int, failing: int = 0) -> dict[int, list[Claimed]]:
    """Take the due polls of up to `devices` enabled devices, the most overdue first: device id -> polls in their order.

    Of these, up to `failing` may be devices of which a poll failed last time: they are the slow ones.
    """
    failed = func.max(case((Poll.result == "error", 1), else_=0))
    due = (
        select(Poll.device_id)
        .join(Device, Device.id == Poll.device_id)
        .where(Device.enabled, Poll.next_at <= now, _free(now))
        .group_by(Poll.device_id)
        .order_by(func.min(Poll.next_at))
    )
    ids = list(session.scalars(due.having(failed == 1).limit(failing))) if failing > 0 else []
    ids += session.scalars(due.having(failed == 0).limit(devices - len(ids)))
    return _take(session, owner, now, _lock(session, ids, wait=False), Poll.next_at <= now)


def claim_device(session: Session, owner: str, now: int, device_id: int, pollers: Collection[str]) -> list[Claimed]:
    """Take these polls of one device, due or not; empty while somebody holds the device."""
    ids = _lock(session, [device_id], wait=True)
    return _take(session, owner, now, ids, Poll.poller.in_(list(pollers))).get(device_id, [])


def renew(session: Session, owner: str, now: int) -> None:
    """Move all leases of this owner on."""
    session.execute(update(Poll).where(Poll.lease_owner == owner).values(lease_until=now + LEASE_SEC))


def finish(session: Session, owner: str, poll_id: int, ended: Finished, *, at: int, next_at: int) -> bool:
    """Note how a poll ended and give it back; False when the lease was lost meanwhile, then nothing is written."""
    values = {
        "lease_owner": None,
        "lease_until": None,
        "last_at": at,
        "next_at": next_at,
        "result": ended.result,
        "rows": ended.rows,
        "error": ended.error,
        "duration_ms": ended.duration_ms,
    }
    query = update(Poll).where(Poll.id == poll_id, Poll.lease_owner == owner).values(values)
    return session.execute(query.returning(Poll.id)).first() is not None


def release(session: Session, owner: str, poll_ids: Collection[int] | None = None) -> None:
    """Give polls back without having run them (None: all of this owner): they stay due."""
    query = update(Poll).where(Poll.lease_owner == owner).values(lease_owner=None, lease_until=None)
    if poll_ids is not None:
        query = query.where(Poll.id.in_(list(poll_ids)))
    session.execute(query)


def _free(now: int) -> ColumnElement[bool]:
    other = aliased(Poll)
    return ~exists().where(and_(other.device_id == Poll.device_id, other.lease_until > now))


def _lock(session: Session, device_ids: list[int], *, wait: bool) -> list[int]:
    """On PostgreSQL the device's row is the lock of all its leases; SQLite has one writer, which we are."""
    if session.get_bind().dialect.name == "sqlite" or not device_ids:
        return device_ids
    query = select(Device.id).where(Device.id.in_(device_ids)).order_by(Device.id)
    return list(session.scalars(query.with_for_update(key_share=True, skip_locked=not wait)))


def _take(session: Session, owner: str, now: int, device_ids: list[int], which: ColumnElement[bool]) -> dict[int, list[Claimed]]:
    if not device_ids:
        return {}
    query = (
        update(Poll)
        .where(Poll.device_id.in_(device_ids), which, _free(now))
        .values(lease_owner=owner, lease_until=now + LEASE_SEC)
        .returning(Poll.id, Poll.device_id, Poll.poller, Poll.interval_sec, Poll.result)
    )
    rows = session.execute(query, execution_options={"synchronize_session": False}).all()
    found: dict[int, list[Claimed]] = {}
    for row in sorted((Claimed(*row) for row in rows), key=lambda one: ORDER.get(one.poller, 99)):
        found.setdefault(row.device_id, []).append(row)
    return {device_id: found[device_id] for device_id in device_ids if device_id in found}
