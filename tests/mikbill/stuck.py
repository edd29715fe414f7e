"""A process for tests to kill: it syncs as `wca` does, and stands still in the middle of writing.

python stuck.py DATABASE-URL DATA-DIRECTORY
"""

from __future__ import annotations

import asyncio
import signal
import sys
from pathlib import Path
from typing import Any

from sqlalchemy import event

from wildcore.components.mikbill_integration.billing import MikbillBilling
from wildcore.components.mikbill_integration.settings import SETTINGS
from wildcore.services.catalogue import Catalogue
from wildcore.services.core_settings import CORE_SETTINGS
from wildcore.services.runtime import Runtime
from wildcore.services.secretbox import SecretBox
from wildcore.services.settings import Settings
from wildcore.services.subscriber_jobs import synchronise
from wildcore.store.db import Database
from wildcore.store.metrics import NullMetrics
from wildcore.transport.hub import DeviceHub
from wildcore.transport.icmp import Pinger


def stand_still(_connection: Any, _cursor: Any, statement: str, *_rest: Any) -> None:
    """Behind the first rows of claims: subscribers are written, bindings are not."""
    if statement.startswith("INSERT INTO subscriber_claims"):
        sys.stdout.write("writing\n")
        sys.stdout.flush()
        signal.pause()


def main(url: str, directory: Path) -> None:
    """Sync; ends only when it is killed."""
    db, box = Database(url), SecretBox.from_directory(directory)
    settings = Settings(db, box, (*CORE_SETTINGS, *SETTINGS))
    runtime = Runtime(directory, db, settings, box, NullMetrics(), DeviceHub(), Pinger(), Catalogue(db, ()))
    event.listen(db.engine, "after_cursor_execute", stand_still)
    asyncio.run(synchronise(runtime, MikbillBilling(runtime), lambda *_progress: None, trigger="console", force=True))


main(sys.argv[1], Path(sys.argv[2]))
