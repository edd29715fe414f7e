"""The API's description at `/swagger/openapi.yaml` and an interactive page at `/swagger/`, from our own server only."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import yaml
from fastapi.openapi.utils import get_openapi
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, Response
from starlette.routing import Route

from wildcore import __version__
from wildcore.services.runtime import Runtime
from wildcore.web import openapi_doc
from wildcore.web.endpoints import GuardedRoute
from wildcore.web.prefix import html_with_root
from wildcore.web.templating import STATIC, Assets

FOLDER = "/swagger"
API = "/api/v1"
_ABOUT = (
    "Answers are `{statusCode, meta, data}`, failures `{statusCode, error: {type, description}}`. "
    "The key goes in the header `X-Auth-Key` or the query `x-auth-key`. Times are `YYYY-MM-DD HH:MM:SS` in the server's zone."
)


class _Dumper(getattr(yaml, "CSafeDumper", yaml.SafeDumper)):  # type: ignore[misc]
    """Without anchors, which some readers of OpenAPI do not know."""

    def ignore_aliases(self, data: Any) -> bool:
        """Write everything out."""
        return True


class Swagger:
    """Describes the routes of the components that are on now."""

    def __init__(self, runtime: Runtime, routes: Sequence[GuardedRoute]) -> None:
        self._runtime = runtime
        self._guarded = routes
        self._assets = Assets(STATIC)
        self._made: dict[tuple[str, ...], dict[str, Any]] = {}

    def routes(self) -> list[Route]:
        """The page, and the description as YAML and JSON."""
        return [
            Route(FOLDER, self._page),
            Route(f"{FOLDER}/", self._page),
            Route(f"{FOLDER}/openapi.yaml", self._yaml),
            Route(f"{FOLDER}/openapi.json", self._json),
        ]

    def describe(self) -> dict[str, Any]:
        """The OpenAPI document."""
        enabled = tuple(
            sorted({r.target.component for r in self._guarded if self._runtime.catalogue.enabled(r.target.component)})
        )
        if enabled not in self._made:
            routes = [route for route in self._guarded if route.target.component in enabled]
            document = get_openapi(title="Wildcore DMS", version=__version__, description=_ABOUT, routes=routes)
            _complete(document, routes)
            self._made = {enabled: document}
        return self._made[enabled]

    async def _yaml(self, request: Request) -> Response:
        text = yaml.dump(self._described(request), Dumper=_Dumper, allow_unicode=True, sort_keys=False)
        return Response(text, media_type="application/yaml")

    async def _json(self, request: Request) -> Response:
        return JSONResponse(self._described(request))

    def _described(self, request: Request) -> dict[str, Any]:
        """The document with the server that this caller reaches us by; relative, so that any name and port will do."""
        return {**self.describe(), "servers": [{"url": request.state.caller.root or "/"}]}

    async def _page(self, request: Request) -> Response:
        asset, root = self._assets.url, request.state.caller.root
        settings = f'url: "{root}{FOLDER}/openapi.json", dom_id: "#swagger-ui", deepLinking: true, validatorUrl: null'
        text = (
            '<!doctype html><html lang="en"><head><meta charset="utf-8"><title>Wildcore DMS API</title>'
            f'<link rel="stylesheet" href="{asset("vendor/swagger/swagger-ui.css")}"></head><body><div id="swagger-ui"></div>'
            f'<script src="{asset("vendor/swagger/swagger-ui-bundle.js")}"></script>'
            f'<script nonce="{request.state.nonce}">'
            f"SwaggerUIBundle({{{settings}}});"
            "</script></body></html>"
        )
        return HTMLResponse(html_with_root(root, text))


def _complete(document: dict[str, Any], routes: Sequence[GuardedRoute]) -> None:
    components = document.setdefault("components", {})
    components["securitySchemes"] = {
        "key": {"type": "apiKey", "in": "header", "name": "X-Auth-Key"},
        "queryKey": {"type": "apiKey", "in": "query", "name": "x-auth-key"},
    }
    schemas = components.setdefault("schemas", {})
    schemas["Failure"] = openapi_doc.FAILURE
    for name in ("HTTPValidationError", "ValidationError"):
        schemas.pop(name, None)
    document["security"] = [{"key": []}, {"queryKey": []}]
    openapi_doc.complete(document, routes, API)
