"""Work that may run only once at a time, whatever process or machine runs it.

The lease is a row with an end time that its holder moves on; a killed holder stops doing so, and the work is free again after
`LEASE_SEC`. Holding it keeps no transaction open.
"""

from __future__ import annotations

import asyncio
import contextlib
import time
import uuid
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

from sqlalchemy import delete, insert, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from wildcore.errors import Conflict
from wildcore.services.runtime import Runtime
from wildcore.store.tables import Lease

LEASE_SEC = 30


@dataclass(frozen=True, slots=True)
class Held:
    """A lease that was taken. It may have run out since (a process that stood still): ask `still` where it matters."""

    key: str
    owner: str

    def still(self, session: Session) -> bool:
        """Whether it is ours yet; nobody else takes it before the caller's write transaction ends."""
        query = select(Lease.owner).where(Lease.key == self.key).with_for_update()
        return session.execute(query).scalar_one_or_none() == self.owner


@asynccontextmanager
async def hold(runtime: Runtime, key: str, busy: str) -> AsyncIterator[Held]:
    """Hold the lease within the block. Raises Conflict with the text `busy` while another holds it."""
    owner = uuid.uuid4().hex
    try:
        await runtime.db.run_write(lambda session: _take(session, key, owner, busy))
    except IntegrityError:  # another process put its row in between
        raise Conflict(busy) from None
    renewing = asyncio.create_task(_renew(runtime, key, owner))
    try:
        yield Held(key, owner)
    finally:
        renewing.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await renewing
        with contextlib.suppress(Exception):  # what was done is done; the lease runs out by itself
            await runtime.db.run_write(lambda session: _give_back(session, key, owner))


def _take(session: Session, key: str, owner: str, busy: str) -> None:
    now = int(time.time())
    session.execute(delete(Lease).where(Lease.key == key, Lease.until < now))
    if session.get(Lease, key) is not None:
        raise Conflict(busy)
    session.execute(insert(Lease).values(key=key, owner=owner, until=now + LEASE_SEC))


def _give_back(session: Session, key: str, owner: str) -> None:
    session.execute(delete(Lease).where(Lease.key == key, Lease.owner == owner))


async def _renew(runtime: Runtime, key: str, owner: str) -> None:
    while True:
        await asyncio.sleep(LEASE_SEC / 3)
        with contextlib.suppress(Exception):  # a database that is busy for long: the next third tries again
            await runtime.db.run_write(lambda session: _move_on(session, key, owner))


def _move_on(session: Session, key: str, owner: str) -> None:
    until = int(time.time()) + LEASE_SEC
    session.execute(update(Lease).where(Lease.key == key, Lease.owner == owner).values(until=until))
