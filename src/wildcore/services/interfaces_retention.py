"""What is forgotten with time: interfaces that are gone, and histories older than INTERFACE_RETENTION_DAYS.

Deleted in portions, each a transaction of its own, so that nobody waits long for a database with one writer.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from sqlalchemy import ColumnElement, delete, exists, select
from sqlalchemy.orm import Session

from wildcore.services.applying.work import ANSWERS, INTERFACES
from wildcore.services.bindings import rebind
from wildcore.services.edges import uplink_macs
from wildcore.services.runtime import Runtime
from wildcore.store.bulk import among
from wildcore.store.tables import Binding, FdbHistory, Interface, InterfaceHistory, ModuleAnswer, ScheduleRun
from wildcore.store.tables.base import Base

DAY = 86_400
PORTION = 2000


@dataclass(frozen=True, slots=True)
class Forgotten:
    """How many rows of each kind went; `metric_days` are files of the metric store."""

    interfaces: int
    changes: int
    addresses: int
    answers: int
    runs: int
    metric_days: int


async def forget_old(runtime: Runtime) -> Forgotten:
    """Forget everything that is older than its retention."""
    before = runtime.now() - int(runtime.settings.get("INTERFACE_RETENTION_DAYS")) * DAY
    fdb = ~FdbHistory.active & (FdbHistory.last_seen_at < before)
    return Forgotten(
        interfaces=await _repeat(runtime, lambda session: delete_gone(session, before, uplink_macs(runtime))),
        changes=await _repeat(runtime, lambda session: _portion(session, InterfaceHistory, InterfaceHistory.at < before)),
        addresses=await _repeat(runtime, lambda session: _portion(session, FdbHistory, fdb)),
        answers=await runtime.db.run_write(_orphans),
        runs=await _repeat(runtime, lambda session: _portion(session, ScheduleRun, ScheduleRun.finished_at < before)),
        metric_days=runtime.metrics.expire(runtime.now() - int(runtime.settings.get("METRICS_RETENTION_DAYS")) * DAY),
    )


def delete_gone(session: Session, before: int, uplinks: int, limit: int = PORTION) -> int:
    """Delete interfaces that have been gone since before this time, with their history; subscribers look for their place anew."""
    ids = list(session.scalars(select(Interface.id).where(Interface.gone_at < before).limit(limit)))
    if not ids:
        return 0
    here = among(session, INTERFACES.c.id, ids)
    bound = select(Binding.claim_id).join(Interface, Interface.id == Binding.interface_id).where(here)
    claims = list(session.scalars(bound))
    session.execute(delete(ANSWERS).where(among(session, ANSWERS.c.interface_id, ids)))
    session.execute(delete(INTERFACES).where(here))
    if claims:
        rebind(session, claim_ids=claims, uplink_macs=uplinks)
    return len(ids)


async def _repeat(runtime: Runtime, portion: Callable[[Session], int]) -> int:
    total = 0
    while done := await runtime.db.run_write(portion):
        total += done
        if done < PORTION:
            break
    return total


def _portion(session: Session, model: type[Base], old: ColumnElement[bool]) -> int:
    table = model.__table__
    ids = list(session.scalars(select(table.c.id).where(old).limit(PORTION)))
    if ids:
        session.execute(delete(model).where(among(session, table.c.id, ids)))
    return len(ids)


def _orphans(session: Session) -> int:
    """Answers of interfaces that were deleted by hand."""
    # not NOT IN: PostgreSQL reads all interfaces for each answer once their ids exceed its work_mem
    known = exists().where(Interface.id == ModuleAnswer.interface_id)
    query = delete(ModuleAnswer).where(ModuleAnswer.interface_id != 0, ~known).returning(ModuleAnswer.device_id)
    return len(session.execute(query, execution_options={"synchronize_session": False}).all())
