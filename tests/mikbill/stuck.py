"""A process for tests to kill: it syncs as `wca` does, and stands still in the middle of writing."""

from __future__ import annotations

import asyncio
import signal
import sys
from typing import Any

from sqlalchemy import event

from wildcore.app.build import build
from wildcore.app.config import Config
from wildcore.components.mikbill_integration.billing import MikbillBilling
from wildcore.services.subscriber_jobs import synchronise

runtime = build(Config()).runtime


def stand_still(_connection: Any, _cursor: Any, statement: str, *_rest: Any) -> None:
    """Behind the first rows of claims: subscribers are written, bindings are not."""
    if statement.startswith("INSERT INTO subscriber_claims"):
        sys.stdout.write("writing\n")
        sys.stdout.flush()
        signal.pause()


event.listen(runtime.db.engine, "after_cursor_execute", stand_still)
asyncio.run(synchronise(runtime, MikbillBilling(runtime), lambda *_progress: None, trigger="console", force=True))
