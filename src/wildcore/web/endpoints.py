"""Routes and pages of components as FastAPI endpoints.

Order of one request: component on, who asks, scope of the key, permissions, CSRF; only then are parameters read and checked.
A `def` handler runs in a database thread with a session, a write transaction unless the method is GET or it only reads; the
answer is made before the commit and sent after it.
"""

from __future__ import annotations

import asyncio
import inspect
from collections.abc import Callable, Coroutine, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any, Literal, get_type_hints

from fastapi.routing import APIRoute
from sqlalchemy.orm import Session
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from wildcore.errors import Forbidden, NotFound, Unauthenticated
from wildcore.i18n import use_language
from wildcore.kit import http as kit
from wildcore.kit.manifest import Permission, Permissions, Public, Quick
from wildcore.services.actor import Actor
from wildcore.services.runtime import Runtime
from wildcore.web import addresses, bodies, language, refused
from wildcore.web.answers import Answers
from wildcore.web.bounds import bounded
from wildcore.web.errors import Failure, failure_of
from wildcore.web.identity import KEY_NAME, SAFE_METHODS, Identity, check_csrf, from_other_site, identify
from wildcore.web.parameters import PlainParameters, plain_parameters
from wildcore.web.proxy import Caller
from wildcore.web.templating import Frame

Kind = Literal["api", "page", "iframe"]
MAX_BODY = 16 * 1024 * 1024
BILLING_SCOPE = "billing"
PAGE_LANGUAGE = "x-page-language"
ANONYMOUS = Actor(user_id=None, login="", permissions=frozenset(), group_ids=frozenset())
_HIDDEN_HEADERS = frozenset({"cookie", "authorization", KEY_NAME})


@dataclass(frozen=True, slots=True)
class Target:
    """What a route or page is, besides its path and handler."""

    component: str
    kind: Kind
    permission: Permissions
    billing: bool
    reads: bool
    quick: Quick | bool = False

    @property
    def permissions(self) -> tuple[Permission, ...]:
        """All permissions that are needed; none for public ones."""
        if isinstance(self.permission, Public):
            return ()
        return self.permission if isinstance(self.permission, tuple) else (self.permission,)

    def is_quick(self, query: Mapping[str, str]) -> bool:
        """Whether a GET with this query reads only a few rows by an index."""
        return self.quick if isinstance(self.quick, bool) else self.quick(query)


@dataclass(frozen=True, slots=True)
class Asked:
    """A request that was let in."""

    identity: Identity | None
    caller: Caller
    frame: Frame


class GuardedRoute(APIRoute):
    """An APIRoute whose guard runs before FastAPI reads anything; its failures take the form that its kind of client reads."""

    def __init__(
        self, path: str, handler: Callable[..., Any], target: Target, runtime: Runtime, answers: Answers, **options: Any
    ) -> None:
        self.target = target
        self.runtime = runtime
        self.answers = answers
        endpoint = make_endpoint(handler, target, runtime, answers)
        super().__init__(path, endpoint, response_model=None, **options)
        plain = plain_parameters(self.dependant) if SAFE_METHODS.issuperset(self.methods or ()) else None
        if plain is not None:
            self._whole, self.app = self.app, partial(self._short, plain)

    async def _short(self, plain: PlainParameters, scope: Scope, receive: Receive, send: Send) -> None:
        """A request that changes nothing and has no body, answered by itself; FastAPI's way takes all others."""
        request = Request(scope, receive, send)
        if "content-length" in request.headers or "transfer-encoding" in request.headers:
            await self._whole(scope, receive, send)
            return
        try:
            request.state.asked = await admit(self.runtime, self.target, request)
            addresses.check(request, self._once)
            values = plain.read(request.path_params, request.query_params)
            if values is not None:
                response = await self.endpoint(http_request=request, **values)
        except Exception as error:  # noqa: BLE001 - every failure of a route is answered here
            refused.note(self.runtime, request, self.path, error)
            response, values = self._refuse(request, error), {}
        await (self._whole if values is None else response)(scope, receive, send)

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """FastAPI's handler behind the guard."""
        handle = super().get_route_handler()
        self._once = bodies.single_values(self.dependant.query_params) if self.target.kind == "api" else frozenset()

        async def guarded(request: Request) -> Response:
            try:
                request = bodies.bounded(request, MAX_BODY)
                request.state.asked = await admit(self.runtime, self.target, request)
                addresses.check(request, self._once)
                if self.target.kind == "api":
                    request = await bodies.normalise(request, self.body_field)
                return await handle(request)
            except Exception as error:  # noqa: BLE001 - every failure of a route is answered here
                refused.note(self.runtime, request, self.path, error)
                return self._refuse(request, error)

        return guarded

    def _refuse(self, request: Request, error: Exception) -> Response:
        failure = failure_of(error)
        if self.target.kind == "api":
            return self.answers.api_failure(failure)
        asked: Asked | None = getattr(request.state, "asked", None)
        frame = asked.frame if asked else Frame(page_language(self.runtime, request, ANONYMOUS), request.state.nonce)
        context = make_context(self.runtime, request, self.target.kind, asked)
        if self.target.kind == "iframe":
            return self.answers.iframe_failure(failure, context, frame)
        if isinstance(error, Unauthenticated):
            return self.answers.to_sign_in(request, context)
        return self.answers.page_failure(failure, context, frame)


async def admit(runtime: Runtime, target: Target, request: Request) -> Asked:
    """Let a request in, or raise what keeps it out."""
    if not runtime.catalogue.enabled(target.component):
        raise NotFound("There is no such address")
    caller: Caller = request.state.caller
    public = isinstance(target.permission, Public)
    try:
        identity = await identify(
            runtime, request, caller, cookies=target.kind != "iframe", trusted_networks=target.kind == "api"
        )
    except Unauthenticated:
        if not public:
            raise
        identity = None
    if target.kind == "page" and public and from_other_site(request):
        raise Forbidden("The form comes from another site")
    if identity is None:
        if not public:
            raise Unauthenticated("Sign in, or send a key in the header X-Auth-Key")
    else:
        request.state.actor = identity.actor
        if identity.actor.scope == BILLING_SCOPE and not target.billing and not public:
            raise Forbidden("This key reaches only what billing needs")
        for permission in target.permissions:
            identity.actor.require(permission.key)
        await check_csrf(request, identity)
    actor = identity.actor if identity else ANONYMOUS
    frame = Frame(page_language(runtime, request, actor), request.state.nonce, identity.csrf_token if identity else "")
    return Asked(identity, caller, frame)


def make_endpoint(handler: Callable[..., Any], target: Target, runtime: Runtime, answers: Answers) -> Callable[..., Any]:
    """A FastAPI endpoint around a handler: same parameters without the context, plus the request.

    Raises TypeError when the handler's annotations cannot be resolved at run time, or it has no context.
    """

    async def endpoint(http_request: Request, **values: Any) -> Response:
        asked: Asked = http_request.state.asked
        ctx = make_context(runtime, http_request, target.kind, asked)

        def present(result: Any) -> Response:
            return answers.present(result, ctx, asked.frame, target.kind)

        # The API speaks English whatever the person's language is, unless one of our pages asks for the person's eyes.
        spoken = http_request.headers.get(PAGE_LANGUAGE, "en") if target.kind == "api" else asked.frame.language
        with use_language(spoken):
            quick = http_request.method in SAFE_METHODS and target.is_quick(ctx.request.query)
            if inspect.iscoroutinefunction(handler):
                result = await handler(ctx, **values)
                # In a thread, since a large answer would hold up everybody else's requests.
                response = present(result) if quick else await asyncio.to_thread(present, result)
            else:

                def work(session: Session) -> Response:
                    ctx.db_session = session
                    return present(handler(ctx, **values))

                reads = target.reads or http_request.method in SAFE_METHODS
                run = runtime.db.run_read if reads else runtime.db.run_write
                response = await (runtime.db.run_quick if quick else run)(work)
        answers.set_cookies(response, ctx)
        response.headers.update(ctx.headers)
        return response

    signature = inspect.signature(handler)
    try:
        hints = get_type_hints(handler, include_extras=True)
    except NameError as error:
        raise TypeError(f"{handler.__module__}.{handler.__name__}: {error} (imported only for type checking?)") from error
    parameters = list(signature.parameters.values())
    if not parameters:
        raise TypeError(f"{handler.__module__}.{handler.__name__}: the first parameter is the context")
    named = inspect.Parameter.KEYWORD_ONLY
    own = [one.replace(annotation=bounded(hints.get(one.name, Any)), kind=named) for one in parameters[1:]]
    first = inspect.Parameter("http_request", inspect.Parameter.KEYWORD_ONLY, annotation=Request)
    endpoint.__signature__ = inspect.Signature([first, *own])  # type: ignore[attr-defined]
    endpoint.__name__ = handler.__name__
    endpoint.__doc__ = handler.__doc__
    return endpoint


def make_context(runtime: Runtime, request: Request, kind: Kind, asked: Asked | None) -> kit.Context:
    """The handler's context; headers and query come without keys and cookies."""
    caller: Caller = request.state.caller
    headers = request.headers
    facts = kit.Request(
        method=request.method,
        path=request.url.path,
        base_url=caller.base_url,
        ip=caller.ip,
        query={name: value for name, value in request.query_params.multi_items() if name.lower() != KEY_NAME},
        headers={name: value for name, value in headers.items() if name not in _HIDDEN_HEADERS},
        iframe=kind == "iframe",
        fragment=headers.get("hx-request") == "true" and headers.get("hx-boosted") != "true",
        ticket=request.cookies.get(kit.TICKET_COOKIE, ""),
        root=caller.root,
        secure=caller.secure,
    )
    actor = asked.identity.actor if asked and asked.identity else ANONYMOUS
    return kit.Context(runtime, actor, facts)


def page_language(runtime: Runtime, request: Request, actor: Actor) -> str:
    """Language of a page for this actor and browser."""
    return language.choose(
        actor.language,
        request.cookies.get(kit.LANGUAGE_COOKIE, ""),
        accept=request.headers.get("accept-language", ""),
        default=str(runtime.settings.get("DEFAULT_LANGUAGE")),
    )


__all__ = ["ANONYMOUS", "Asked", "Failure", "GuardedRoute", "Target", "admit", "make_context", "make_endpoint", "page_language"]
