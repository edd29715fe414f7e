"""What FastAPI cannot know of our operations: permissions, billing, errors, the envelope, and answers as they really are.

The shapes of answers are those of real ones, which a test asks of every operation (tests/api/test_examples.py) and keeps in
`api_examples.json`: an operation that answers otherwise fails the suite.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any

from wildcore.web.endpoints import GuardedRoute

EXAMPLES = Path(__file__).with_name("api_examples.json")
TYPES = (
    "BAD_REQUEST", "UNAUTHENTICATED", "INSUFFICIENT_PRIVILEGES", "RESOURCE_NOT_FOUND", "NOT_ALLOWED", "NOT_IMPLEMENTED",
    "VALIDATION_ERROR", "SERVER_ERROR",
)  # fmt: skip
FAILURE = {
    "type": "object",
    "required": ["statusCode", "error"],
    "properties": {
        "statusCode": {"type": "integer"},
        "error": {
            "type": "object",
            "required": ["type", "description"],
            "properties": {"type": {"type": "string", "enum": list(TYPES)}, "description": {"type": "string"}},
        },
    },
}
_FAILURES = {
    "400": "A parameter or the body is not valid, or the device cannot do it (NOT_IMPLEMENTED); the description names the field",
    "401": "No key, or one that is unknown, expired or revoked",
    "403": "The right is missing, or the action is never allowed",
    "404": "There is no such object, or the caller may not know of it",
    "409": "It clashes with what is stored, or is under way already",
    "500": "An error of the server, logged under the number that the description tells",
    "502": "The device or billing answered with an error",
    "504": "The device does not answer",
}
_ASKS_DEVICES = frozenset(
    {
        "devices", "diagnostic", "interfaces", "olts", "olts_control", "pollers", "search_device", "switcher_core", "switches",
        "switches_control",
    }
)  # fmt: skip


@cache
def examples() -> dict[str, dict[str, Any]]:
    """`METHOD /path` -> `{"body"?, "answer"?: {"meta", "data"}, "failure"?}` of a real conversation."""
    return dict(json.loads(EXAMPLES.read_text(encoding="utf-8"))) if EXAMPLES.exists() else {}


def complete(document: dict[str, Any], routes: Iterable[GuardedRoute], prefix: str) -> None:
    """Fill the document with what is true of these routes; `prefix` is what their paths have in front of the examples' ones."""
    by_key = {(route.path, method.lower()): route for route in routes for method in route.methods or ()}
    for path, operations in document.get("paths", {}).items():
        for method, operation in operations.items():
            route = by_key.get((path, method)) or by_key.get((_with_converters(by_key, path), method))
            if route is not None:
                known = examples().get(f"{method.upper()} {route.path.removeprefix(prefix)}", {})
                _describe(operation, route, method, known)


def _describe(operation: dict[str, Any], route: GuardedRoute, method: str, known: Mapping[str, Any]) -> None:
    needed = [one.key for one in route.target.permissions]
    operation["x-permission"] = needed
    operation["x-billing"] = route.target.billing
    words = [part for part in re.split(r"[^A-Za-z0-9]+", route.path.replace(":path}", "}"))[3:] if part]
    operation["operationId"] = "_".join([method, *words])
    if not needed:
        operation["security"] = []
    body = operation.get("requestBody", {}).get("content", {}).get("application/json")
    if body is not None and "body" in known:
        body["example"] = known["body"]
    operation["responses"] = {"200": _success(known), **_failures(operation, route, method, known)}


def _success(known: Mapping[str, Any]) -> dict[str, Any]:
    kind = known.get("content_type", "application/json")
    if kind != "application/json":
        return {"description": "Success", "content": {kind: {"schema": {"type": "string"}}}}
    properties: dict[str, Any] = {
        "statusCode": {"type": "integer", "const": 200},
        "meta": {"type": ["object", "null"]},
        "data": {},
    }
    content: dict[str, Any] = {"schema": {"type": "object", "required": ["statusCode", "meta", "data"], "properties": properties}}
    if "answer" in known:
        answer = known["answer"]
        properties["meta"] = schema_of(answer["meta"])
        properties["data"] = schema_of(answer["data"], required=True)
        content["example"] = {"statusCode": 200, **answer}
    return {"description": "Success", "content": {"application/json": content}}


def _failures(operation: Mapping[str, Any], route: GuardedRoute, method: str, known: Mapping[str, Any]) -> dict[str, Any]:
    codes = ["400"]
    codes += ["401", "403"] if route.target.permissions else []
    codes += ["404"]
    codes += ["409"] if method in ("post", "put", "delete") else []
    codes += ["500"]
    codes += ["502", "504"] if route.target.component in _ASKS_DEVICES else []
    codes += ["502"] if method == "post" and route.path.endswith("/sync") else []  # a billing's sync
    found = {}
    for code in codes:
        content: dict[str, Any] = {"schema": {"$ref": "#/components/schemas/Failure"}}
        failure = known.get("failure")
        if failure is not None and str(failure["statusCode"]) == code:
            content["example"] = failure
        found[code] = {"description": _FAILURES[code], "content": {"application/json": content}}
    return found


def schema_of(value: Any, *, required: bool = False) -> dict[str, Any]:
    """A schema that fits a value and others of its kind. `required`: its members are always there."""
    if isinstance(value, bool):
        return {"type": ["boolean", "null"]}
    if isinstance(value, int | float):
        return {"type": ["number", "null"]}
    if isinstance(value, str):
        return {"type": ["string", "null"]}
    if isinstance(value, list):
        return {"type": ["array", "null"], "items": _merged([schema_of(one, required=required) for one in value])}
    if isinstance(value, dict):
        schema: dict[str, Any] = {"type": ["object", "null"], "properties": {key: schema_of(one) for key, one in value.items()}}
        if required and value:
            schema["required"] = sorted(value)
        return schema
    return {}


def _merged(schemas: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """One schema for all elements of a list; {} where they differ."""
    if not schemas:
        return {}
    first, *rest = schemas
    for one in rest:
        if one.get("type") != first.get("type"):
            return {}
        if "properties" in first:
            names = {**first["properties"], **one["properties"]}
            both = [[s["properties"][name] for s in (first, one) if name in s["properties"]] for name in names]
            merged = {name: _merged([s for s in pair if s] or [{}]) for name, pair in zip(names, both, strict=True)}
            first = {**first, "properties": merged}
            if "required" in first:
                first["required"] = sorted(set(first["required"]) & set(one.get("required", ())))
    return first


def _with_converters(by_key: Mapping[tuple[str, str], GuardedRoute], path: str) -> str:
    """The path as the route has it: the document leaves out the converters (`{interface:path}`)."""
    return next((known for known, _method in by_key if known.replace(":path}", "}") == path), path)
