"""Finding a route by the first parts of its path, since trying hundreds of patterns in turn costs more than a cached search."""

from __future__ import annotations

from collections.abc import Sequence

from fastapi.routing import APIRoute
from starlette.exceptions import HTTPException
from starlette.responses import Response
from starlette.routing import BaseRoute, Match
from starlette.types import Receive, Scope, Send

KEY_PARTS = 4


def specificity(path: str) -> tuple[int, ...]:
    """Sort key: fixed parts before parameters, parameters before the rest of a path; else as declared."""
    return tuple(0 if "{" not in part else (2 if ":path}" in part else 1) for part in path.strip("/").split("/"))


class Dispatcher(BaseRoute):
    """Routes in shelves by their fixed first parts; within a shelf the most specific comes first."""

    def __init__(self, routes: Sequence[APIRoute]) -> None:
        self._shelves: dict[tuple[str, ...], list[APIRoute]] = {}
        for route in sorted(routes, key=_order):
            self._shelves.setdefault(_fixed(route.path), []).append(route)

    def matches(self, scope: Scope) -> tuple[Match, Scope]:
        """The route that fits: of the longest fixed beginning first."""
        partial: tuple[Match, Scope] = (Match.NONE, {})
        if scope["type"] != "http":
            return partial
        parts = tuple(scope["path"].removeprefix(scope.get("root_path", "")).split("/")[1 : KEY_PARTS + 1])
        for length in range(len(parts), -1, -1):
            for route in self._shelves.get(parts[:length], ()):
                match, child = route.matches(scope)
                if match is Match.FULL:
                    return match, child
                if match is Match.PARTIAL and partial[0] is Match.NONE:
                    partial = (match, child)
        return partial

    async def handle(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Hand on to the route that `matches` put into the scope; a method that none takes is told which ones are."""
        if scope["method"] in scope["route"].methods:
            await scope["route"].handle(scope, receive, send)
            return
        headers = {"Allow": ", ".join(self._methods(scope))}
        if scope["method"] != "OPTIONS":
            raise HTTPException(405, headers=headers)
        await Response(status_code=204, headers=headers)(scope, receive, send)

    def _methods(self, scope: Scope) -> list[str]:
        parts = tuple(scope["path"].removeprefix(scope.get("root_path", "")).split("/")[1 : KEY_PARTS + 1])
        shelves = (self._shelves.get(parts[:length], ()) for length in range(len(parts) + 1))
        found = {"OPTIONS"}
        for route in (route for shelf in shelves for route in shelf):
            if route.matches(scope)[0] is not Match.NONE:
                found |= route.methods or set()
        return sorted(found | ({"HEAD"} if "GET" in found else set()))


def _order(route: APIRoute) -> tuple[int, ...]:
    return specificity(route.path)


def _fixed(path: str) -> tuple[str, ...]:
    parts = path.split("/")[1 : KEY_PARTS + 1]
    first_parameter = next((at for at, part in enumerate(parts) if "{" in part), len(parts))
    return tuple(parts[:first_parameter])
