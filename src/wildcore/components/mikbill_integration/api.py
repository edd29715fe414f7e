"""API of the MikBill integration."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from wildcore.components.mikbill_integration import jobs
from wildcore.kit import Ctx
from wildcore.services.action_log import log


async def start_sync(ctx: Ctx, force: bool = False, dry_run: bool = False) -> dict[str, Any]:
    """Synchronise the subscribers now and answer with the counts."""
    summary = await jobs.synchronise_clients(ctx.runtime, lambda _stage, _done, _total: None, force=force, dry_run=dry_run)
    if not dry_run:
        message = jobs.summary_text(summary)
        await ctx.runtime.db.run_write(lambda session: log(session, ctx.actor, "mikbill:sync", message=message))
    return asdict(summary)
