"""Refused requests in the action log: who lacked which right where, and keys that are no good. A loop cannot fill it."""

from __future__ import annotations

import asyncio
import logging

from sqlalchemy.orm import Session

from wildcore.services import action_log
from wildcore.services.actor import Actor
from wildcore.services.runtime import Runtime

logger = logging.getLogger(__name__)

FORBIDDEN = "security:forbidden"
BAD_KEY = "security:bad_key"
STRICT_IP = "security:strict_ip"


def note(runtime: Runtime, actor: Actor, action: str, what: str, reason: str) -> None:
    """Log a refusal in the background: the first of this actor (or address), action and route in a minute.

    `what` is method and path pattern, never an address with parameters. `not_logged` counts those held back before.
    """
    who = actor.user_id if actor.user_id is not None else actor.ip
    held = runtime.auth.refusals.let((who, action, what), runtime.now())
    if held is None:
        return
    meta = ({"route": what} if what else {}) | ({"not_logged": held} if held else {})

    def write(session: Session) -> None:
        action_log.log(session, actor, action, success=False, message=reason, meta=meta)

    task = asyncio.get_running_loop().create_task(runtime.db.run_write(write))
    runtime.auth.writing.add(task)
    task.add_done_callback(lambda done: _written(runtime, done))


def pending(runtime: Runtime) -> set[asyncio.Task[None]]:
    """Writes that are under way."""
    return set(runtime.auth.writing)


def _written(runtime: Runtime, task: asyncio.Task[None]) -> None:
    runtime.auth.writing.discard(task)
    if not task.cancelled() and task.exception() is not None:
        logger.warning("a refusal was not logged: %s", task.exception())
