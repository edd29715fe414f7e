"""What console commands ask of the running server: a copy of its metric history, and how a request arrived."""

from __future__ import annotations

import asyncio
import re
from typing import Annotated, Any

from fastapi import Body

from wildcore.errors import NotFound
from wildcore.i18n import gettext
from wildcore.kit import Ctx
from wildcore.services import backup, doctor_proxy

_STAGING = re.compile(re.escape(backup.STAGING) + r"[A-Za-z0-9_]{6,32}")


async def metrics_snapshot(ctx: Ctx, directory: Annotated[str, Body(embed=True, max_length=64)]) -> dict[str, Any]:
    """Put the metric history into the directory of a backup that is being made; only the console's socket may ask for it."""
    target = ctx.runtime.data_dir / directory / backup.METRICS
    if ctx.actor.user_id is not None or ctx.actor.ip != "console" or not _STAGING.fullmatch(directory) or not target.is_dir():
        raise NotFound(gettext("There is no such page"))
    await asyncio.to_thread(ctx.runtime.metrics.snapshot, target)
    return {"directory": directory}


async def request_seen(ctx: Ctx) -> dict[str, Any]:
    """How this request arrived, for `wca doctor`: only for who holds the installation's key file."""
    headers = {name.lower(): value for name, value in ctx.request.headers.items()}
    if not doctor_proxy.token_is_good(ctx.runtime.secrets, headers.get(doctor_proxy.HEADER, ""), ctx.runtime.now()):
        raise NotFound(gettext("There is no such page"))
    return doctor_proxy.seen(ctx.runtime.settings, ctx.request.ip, headers)
