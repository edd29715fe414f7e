"""Once a day, in one process only: forget what is older than its retention, and tidy the text indexes up."""

from __future__ import annotations

import asyncio
import logging

from sqlalchemy import delete, insert
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from wildcore.services.interfaces_retention import DAY, forget_old
from wildcore.services.log_retention import forget_logs
from wildcore.services.runtime import Runtime
from wildcore.services.search_index import tidy
from wildcore.store.tables import Lease

log = logging.getLogger(__name__)

KEY = "housekeeping"
LOOK_SEC = 600.0


async def housekeeping(runtime: Runtime, *, look_sec: float = LOOK_SEC) -> None:
    """Look again and again whether today's turn is still to come; runs until cancelled."""
    while True:
        try:
            await keep_house(runtime)
        except Exception:
            log.exception("Housekeeping failed, it is tried again tomorrow")
        await asyncio.sleep(look_sec)


async def keep_house(runtime: Runtime) -> bool:
    """Do it, unless it was done within the last day; returns whether it was this process' turn."""
    try:
        mine = await runtime.db.run_write(lambda session: _take(session, runtime.now()))
    except IntegrityError:  # another process was quicker
        return False
    if mine:
        forgotten = await forget_old(runtime)
        lines = await forget_logs(runtime)
        await tidy(runtime)
        log.info("Forgotten: %s, lines of logs: %s", forgotten, lines)
    return mine


def _take(session: Session, now: int) -> bool:
    """The row stays for a day: it is a memory of the last turn rather than a lease."""
    session.execute(delete(Lease).where(Lease.key == KEY, Lease.until <= now))
    if session.get(Lease, KEY) is not None:
        return False
    session.execute(insert(Lease).values(key=KEY, owner=KEY, until=now + DAY))
    return True
