"""Forgetting old lines of the logs, in portions, each a transaction of its own."""

from __future__ import annotations

from typing import Any

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from wildcore.errors import BadRequest
from wildcore.i18n import gettext
from wildcore.services.runtime import Runtime
from wildcore.store.tables import ActionLog, DeviceCall, PollRun, ScheduleRun

DAY = 86_400
PORTION = 2000
LOGS: dict[str, Any] = {
    "switcher-core": DeviceCall.at,
    "collector": PollRun.at,
    "actions": ActionLog.at,
    "crontab-reports": ScheduleRun.finished_at,
}
"""The logs by the names that `logs:clear` knows, with the column of their time."""


async def clear(runtime: Runtime, log: str, days: int) -> int:
    """Forget the lines of a log that are older than so many days (0: all of them); returns how many. BadRequest: no such log."""
    column = LOGS.get(log)
    if column is None:
        names = ", ".join(LOGS)
        raise BadRequest(gettext("log: must be one of {choices}", choices=names), field="log")
    before = runtime.now() - days * DAY + (0 if days else 1)
    total = 0
    while done := await runtime.db.run_write(lambda session: _portion(session, column, before)):
        total += done
        if done < PORTION:
            break
    return total


async def forget_logs(runtime: Runtime) -> dict[str, int]:
    """Forget what is older than its retention; how many lines of which log went."""
    kept = {"switcher-core": "LOG_DEVICE_CALLS_DAYS", "collector": "LOG_POLLER_DAYS", "actions": "LOG_ACTIONS_DAYS"}
    return {log: await clear(runtime, log, int(runtime.settings.get(setting))) for log, setting in kept.items()}


def _portion(session: Session, column: Any, before: int) -> int:
    model = column.class_
    old = list(session.scalars(select(model.id).where(column < before).order_by(model.id).limit(PORTION)))
    if old:
        session.execute(delete(model).where(model.id.in_(old)), execution_options={"synchronize_session": False})
    return len(old)
