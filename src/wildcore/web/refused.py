"""Which refused requests go into the action log."""

from __future__ import annotations

from starlette.requests import Request

from wildcore.errors import Forbidden, Unauthenticated
from wildcore.services import refusals
from wildcore.services.actor import Actor
from wildcore.services.auth import OutsideNetworks
from wildcore.services.runtime import Runtime
from wildcore.web.identity import request_key


def note(runtime: Runtime, request: Request, path: str, error: Exception) -> None:
    """Log a missing right, a key from a forbidden address or a key that is no good; `path` is the route's pattern."""
    route = f"{request.method} {path}"
    if isinstance(error, Forbidden):
        actor: Actor | None = getattr(request.state, "actor", None)
        if actor is not None:
            refusals.note(runtime, actor, refusals.FORBIDDEN, route, error.description)
    elif isinstance(error, OutsideNetworks):
        refusals.note(runtime, error.actor, refusals.STRICT_IP, route, error.description)
    elif isinstance(error, Unauthenticated) and request_key(request):
        stranger = Actor(None, "", ip=request.state.caller.ip, permissions=frozenset(), group_ids=frozenset())
        # One line for all routes: whoever guesses keys could go through every one of them.
        refusals.note(runtime, stranger, refusals.BAD_KEY, "", error.description)
