"""API of the checks of settings: what can be tried, and trying it with values that are not saved."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import Body

from wildcore.kit import Ctx
from wildcore.services import checks


def check_list(ctx: Ctx) -> list[dict[str, Any]]:
    """What of the settings can be tried."""
    found = ctx.runtime.catalogue.checks().values()
    return [
        {"key": one.key, "section": one.section, "title": str(one.title), "help": str(one.help), "settings": list(one.settings)}
        for one in found
    ]


async def check_run(ctx: Ctx, key: str, body: Annotated[dict[str, Any] | None, Body()] = None) -> dict[str, Any]:
    """Try settings, step by step, and change nothing: `{KEY: value}` is tried instead of what is stored, and not kept."""
    run = await checks.run_check(ctx.runtime, ctx.actor, key, body)
    return {
        "key": run.key,
        "title": str(run.title),
        "ok": run.ok,
        "result": run.verdict,
        "duration_ms": run.duration_ms,
        "steps": [{"key": one.key, "title": str(one.title), "state": one.state, "text": one.text} for one in run.steps],
    }
