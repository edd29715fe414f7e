"""A lease that is held while the database fails for a moment."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from sqlalchemy import event, text

from wildcore.services import leases
from wildcore.services.runtime import Runtime


async def test_a_database_that_fails_meanwhile_does_not_undo_the_work(runtime: Runtime, monkeypatch: pytest.MonkeyPatch) -> None:
    """SQLite tells "database is locked" to who waits longer than it likes; a long write makes others wait so long."""
    monkeypatch.setattr(leases, "LEASE_SEC", 1)
    db, loop, tried = runtime.db, asyncio.get_running_loop(), asyncio.Event()

    def note(_connection: Any, _cursor: Any, statement: str, *_rest: Any) -> None:
        if statement.startswith("UPDATE leases"):
            loop.call_soon_threadsafe(tried.set)

    async with leases.hold(runtime, "work", "busy") as held:
        with db.write() as session:
            session.execute(text("ALTER TABLE leases RENAME TO elsewhere"))
        event.listen(db.engine, "before_cursor_execute", note)
        for _ in range(2):  # the second try shows that the first did not end it
            tried.clear()
            await tried.wait()
        event.remove(db.engine, "before_cursor_execute", note)
        with db.write() as session:
            session.execute(text("ALTER TABLE elsewhere RENAME TO leases"))
        with db.write() as session:
            assert held.still(session)
        with db.write() as session:
            session.execute(text("ALTER TABLE leases RENAME TO elsewhere"))
    with db.write() as session:
        session.execute(text("ALTER TABLE elsewhere RENAME TO leases"))
