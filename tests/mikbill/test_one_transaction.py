"""All changes of a sync are one transaction: whoever reads, whoever is killed."""

from __future__ import annotations

import asyncio
import signal
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import event, update

from wildcore.errors import Conflict
from wildcore.lab.billing import Fault
from wildcore.store.db import Database
from wildcore.store.tables import Lease, SubscriberSync

from .conftest import ONUS, Site, client


@pytest.mark.parametrize("moment", ["receiving", "writing"])
async def test_a_sync_killed_in_the_middle_leaves_all_as_it_was(site: Site, db_url: str, tmp_path: Path, moment: str) -> None:
    await site.sync()
    before = site.state()
    site.billing.subscribers = [client(uid, ident=ident) for uid, ident in enumerate(reversed(ONUS), 3)]
    if moment == "receiving":
        site.billing.fault = Fault.STALLED
    command = (sys.executable, str(Path(__file__).parent / "stuck.py"), db_url, str(tmp_path))
    process = await asyncio.create_subprocess_exec(*command, stdout=asyncio.subprocess.PIPE)
    assert process.stdout is not None
    if moment == "receiving":
        await site.billing.half_sent.wait()
    else:
        assert await process.stdout.readline() == b"writing\n"
    process.send_signal(signal.SIGKILL)
    await process.wait()
    site.billing.fault = Fault.NONE
    assert site.state() == before
    assert site.last().result == "running"
    with pytest.raises(Conflict):
        await site.sync()
    with site.runtime.db.write() as session:  # half a minute later
        assert session.execute(update(Lease).values(until=0)).rowcount == 1  # type: ignore[attr-defined]
    await site.sync()
    with site.runtime.db.read() as session:
        rows = [(row.result, row.error) for row in session.query(SubscriberSync).order_by(SubscriberSync.id)]
    assert rows == [("ok", ""), ("error", "Interrupted: the process ended. Nothing was changed"), ("ok", "")]
    assert site.places()["12"] == "onu 0"
    assert "1" not in site.places()


async def test_a_reader_sees_the_old_state_or_the_new(site: Site) -> None:
    """While the sync writes, a reader of another connection still reads what was; nothing in between."""
    await site.sync()
    before = site.state()
    site.billing.subscribers = [client(uid, ident=ident) for uid, ident in enumerate(reversed(ONUS), 3)]
    seen: list[Any] = []

    def look(statement: str) -> None:
        if not seen and statement.lstrip().startswith("INSERT INTO subscriber_claims"):
            seen.append(site.state())

    with after_each_statement(site.runtime.db, look):
        await site.sync()
    assert seen == [before]
    assert site.state() != before


@contextmanager
def after_each_statement(db: Database, look: Callable[[str], None]) -> Iterator[None]:
    """Look behind every statement that the database was given."""

    def note(_connection: Any, _cursor: Any, statement: str, *_rest: Any) -> None:
        look(statement)

    event.listen(db.engine, "after_cursor_execute", note)
    try:
        yield
    finally:
        event.remove(db.engine, "after_cursor_execute", note)
