"""API of the pollers."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel
from sqlalchemy import select

from wildcore.errors import BadRequest
from wildcore.i18n import gettext
from wildcore.kit import Ctx
from wildcore.kit.params import BodyId, Title
from wildcore.services import action_log, polling
from wildcore.services.pollers import POLLERS
from wildcore.services.scope import require_device
from wildcore.services.times import time_text
from wildcore.store.tables import Poll


class RunBody(BaseModel):
    """Which poller of which device; all of them without a poller."""

    device_id: BodyId
    poller: Title | None = None


def polls_of_device(ctx: Ctx, device_id: int) -> list[dict[str, Any]]:
    """Every poller of a device: interval, last run and its result, next run."""
    require_device(ctx.session, ctx.actor, device_id)
    rows = ctx.session.scalars(select(Poll).where(Poll.device_id == device_id).order_by(Poll.poller))
    return [
        {
            "poller": row.poller,
            "interval_sec": row.interval_sec,
            "last_at": time_text(row.last_at),
            "next_at": time_text(row.next_at),
            "duration_ms": row.duration_ms,
            "result": row.result,
            "rows": row.rows,
            "error": row.error,
        }
        for row in rows
    ]


async def run_polls(ctx: Ctx, body: RunBody) -> list[dict[str, Any]]:
    """Poll a device now, out of turn; the answer comes when it is done."""
    if body.poller is not None and body.poller not in POLLERS:
        raise BadRequest(gettext("There is no poller {poller}", poller=body.poller), field="poller")
    await ctx.runtime.db.run_read(lambda session: require_device(session, ctx.actor, body.device_id))
    outcomes = await polling.poll_now(ctx.runtime, body.device_id, (body.poller,) if body.poller else ())
    failed = [one.poller for one in outcomes if one.result == "error"]
    await ctx.runtime.db.run_write(
        lambda session: action_log.log(
            session,
            ctx.actor,
            "device:polled",
            device_id=body.device_id,
            success=not failed,
            message=body.poller or "all",
        )
    )
    return [one.json() for one in outcomes]
