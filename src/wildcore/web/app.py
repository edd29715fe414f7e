"""The web shell: FastAPI over the components' routes and pages."""

from __future__ import annotations

import logging
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager, suppress
from typing import Any

from fastapi import FastAPI
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Mount
from starlette.routing import Route as PlainRoute
from starlette.staticfiles import StaticFiles
from starlette.types import Scope

from wildcore.errors import NotFound, Unauthenticated, WildcoreError
from wildcore.kit.manifest import Component, Page, Route
from wildcore.services.auth import write_uses
from wildcore.services.runtime import Runtime
from wildcore.web.answers import Answers
from wildcore.web.endpoints import ANONYMOUS, GuardedRoute, Kind, Target, make_context, page_language
from wildcore.web.errors import failure_of
from wildcore.web.identity import identify
from wildcore.web.openapi import Swagger
from wildcore.web.routing import Dispatcher
from wildcore.web.security import IFRAME_PREFIX, EntryPoint, clean_path, clean_query
from wildcore.web.templating import STATIC, Frame, Templates

logger = logging.getLogger(__name__)

API = "/api/v1"
Lifespan = Callable[[FastAPI], AbstractAsyncContextManager[Any]]


def create_app(runtime: Runtime, components: Sequence[Component], *, lifespan: Lifespan | None = None) -> FastAPI:
    """The ASGI application of these components. `lifespan` runs around ours; nothing needs it for answering requests.

    Raises TypeError for a handler that cannot be turned into an endpoint.
    """

    @asynccontextmanager
    async def life(app: FastAPI) -> AsyncIterator[Any]:
        if lifespan is None:
            yield
        else:
            async with lifespan(app) as state:
                yield state
        await write_uses(runtime)

    answers = Answers(Templates(runtime, components))
    app = FastAPI(title="Wildcore DMS", openapi_url=None, docs_url=None, redoc_url=None, redirect_slashes=False, lifespan=life)
    app.state.runtime = runtime
    routes = _guarded(runtime, components, answers)
    app.state.routes = routes
    app.router.routes.append(Dispatcher(routes))
    app.router.routes.extend(Swagger(runtime, routes).routes())
    app.router.routes.append(Mount("/static", Static(directory=STATIC, check_dir=False), name="static"))
    app.router.routes.append(_unknown_iframe(runtime, answers))

    async def failed(request: Request, error: Exception) -> Response:
        failure = failure_of(error)
        if request.url.path.startswith("/api/"):
            response = answers.api_failure(failure)
        else:
            frame = Frame(page_language(runtime, request, ANONYMOUS), request.state.nonce)
            response = answers.page_failure(failure, make_context(runtime, request, "page", None), frame)
        if isinstance(error, HTTPException) and error.headers:
            response.headers.update(error.headers)
        return response

    app.add_exception_handler(HTTPException, failed)
    app.add_exception_handler(Exception, failed)
    app.add_middleware(EntryPoint, runtime=runtime)
    return app


def _guarded(runtime: Runtime, components: Sequence[Component], answers: Answers) -> list[GuardedRoute]:
    api = [
        _api_route(runtime, one, route, method, answers)
        for one in components
        for route in one.api
        for method in route.methods.split("|")
    ]
    return api + [_page_route(runtime, one, page, answers) for one in components for page in one.pages]


def _api_route(runtime: Runtime, component: Component, route: Route, method: str, answers: Answers) -> GuardedRoute:
    target = Target(component.key, "api", route.permission, route.billing, route.reads, route.quick)
    needed = " + ".join(f"`{one.key}`" for one in target.permissions) or "none, public"
    about = (route.handler.__doc__ or "").strip()
    return GuardedRoute(
        API + route.path,
        route.handler,
        target,
        runtime,
        answers,
        methods=[method.strip().upper()],
        summary=route.summary or about.partition("\n")[0] or route.handler.__name__,
        description=f"{about}\n\nPermission: {needed}".strip(),
        tags=[component.key],
        name=f"{component.key}.{route.handler.__name__}",
    )


def _page_route(runtime: Runtime, component: Component, page: Page, answers: Answers) -> GuardedRoute:
    kind: Kind = "iframe" if page.iframe else "page"
    target = Target(component.key, kind, page.permission, page.billing or page.iframe, page.reads, page.quick)
    methods = [method.strip().upper() for method in page.methods.split("|")]
    if "GET" in methods:
        methods.append("HEAD")
    return GuardedRoute(
        page.path, page.handler, target, runtime, answers, methods=methods, include_in_schema=False,
        name=f"{component.key}.{page.handler.__name__}",
    )  # fmt: skip


def _unknown_iframe(runtime: Runtime, answers: Answers) -> PlainRoute:
    async def unknown(request: Request) -> Response:
        caller = request.state.caller
        query = clean_query(request.url.query)
        logger.warning(
            "unknown iframe page asked by %s: %s%s", caller.ip, clean_path(request.url.path), f"?{query}" if query else ""
        )
        context = make_context(runtime, request, "iframe", None)
        actor = ANONYMOUS
        error: WildcoreError = Unauthenticated("no key")
        with suppress(Unauthenticated):
            identity = await identify(runtime, request, caller, cookies=False)
            if identity is not None:
                actor, error = identity.actor, NotFound("")
        frame = Frame(page_language(runtime, request, actor), request.state.nonce)
        return answers.iframe_failure(failure_of(error), context, frame)

    return PlainRoute(IFRAME_PREFIX + "{rest:path}", unknown, methods=["GET", "HEAD"])


class Static(StaticFiles):
    """Static files; an address with a version may be kept for good."""

    async def get_response(self, path: str, scope: Scope) -> Response:
        """The file with its caching headers."""
        response = await super().get_response(path, scope)
        versioned = scope.get("query_string", b"").startswith(b"v=")
        response.headers["Cache-Control"] = "public, max-age=31536000, immutable" if versioned else "no-cache"
        return response
