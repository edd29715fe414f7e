"""Every operation asked for real: the description's examples and shapes are those of these answers.

`WILDCORE_UPDATE_EXAMPLES=1` writes them anew into src/wildcore/web/api_examples.json; without it they are checked.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import AsyncIterator
from typing import Any

import httpx
import jsonschema_rs
import pytest_asyncio

from tests.services.support import ADMIN
from wildcore.services import configuration
from wildcore.web.openapi_doc import EXAMPLES, schema_of

from .conftest import PASSWORD, World
from .operations import SKIPPED, Operation, operations_of
from .polled import polled_network

UPDATE = bool(os.environ.get("WILDCORE_UPDATE_EXAMPLES"))
LONGEST = 2


@pytest_asyncio.fixture
async def network(whole: World) -> AsyncIterator[dict[str, str]]:
    async with polled_network(whole) as facts:
        yield facts


async def test_every_operation_answers_as_its_example_says(whole: World, network: dict[str, str]) -> None:
    owner = whole.user("owner", all_groups=True)
    facts = {**network, "owner": str(owner), "password": PASSWORD}
    stored = json.loads(EXAMPLES.read_text(encoding="utf-8")) if EXAMPLES.exists() else {}
    found: dict[str, Any] = {}
    wrong: list[tuple[str, str]] = []
    async with whole.client(whole.key(owner)) as client:
        for one in operations_of(facts):
            answer = await client.request(one.method, f"/api/v1{one.path.format(**facts)}", json=one.body)
            if answer.status_code != one.status:
                wrong.append((one.key, f"{answer.status_code}: {answer.text[:200]}"))
                continue
            _remember(facts, one, answer)
            found[one.key] = example = _example(one, answer)
            wrong += [(one.key, problem) for problem in _differs(stored.get(one.key), example)] if not UPDATE else []
    assert wrong == []
    described = {
        f"{method} {route.path.removeprefix('/api/v1')}"
        for route in whole.app.state.routes
        if route.target.kind == "api"
        for method in route.methods - {"HEAD"}
    }
    assert described - set(found) - SKIPPED == set(), "a new operation needs a line in tests/api/operations.py"
    if UPDATE:
        text = json.dumps(dict(sorted(found.items())), ensure_ascii=False, indent=1)
        EXAMPLES.write_text(text + "\n", encoding="utf-8")


def _remember(facts: dict[str, str], one: Operation, answer: httpx.Response) -> None:
    """Ids of what was made, for the operations that come after."""
    for name in one.makes:
        facts[name] = str(answer.json()["data"]["id"])


def _example(one: Operation, answer: httpx.Response) -> dict[str, Any]:
    kind = answer.headers["content-type"].partition(";")[0]
    if kind != "application/json":
        return {"content_type": kind}
    body = _plain(answer.json())
    shown: dict[str, Any] = {} if one.body is None else {"body": _plain(one.body)}
    if answer.status_code == 200:
        return {**shown, "answer": {"meta": body["meta"], "data": body["data"]}}
    return {**shown, "failure": body}


def _plain(value: Any, name: str = "") -> Any:
    """The value without what differs from run to run; long lists are cut."""
    if isinstance(value, dict):
        return {key: _plain(inner, key) for key, inner in value.items()}
    if isinstance(value, list):
        return [_plain(inner, name) for inner in value[:LONGEST]]
    if isinstance(value, str):
        if re.fullmatch(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d", value):
            return "2026-11-23 12:00:00"
        value = re.sub(r"[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}", "0b8e0f1a-4c5d-4f6e-8a7b-9c0d1e2f3a4b", value)
        return re.sub(r"[0-9a-f]{40}|[A-Z2-7]{32}", "da39a3ee5e6b4b0d3255bfef95601890afd80709", value)[:300]
    return value


def _differs(stored: dict[str, Any] | None, now: dict[str, Any]) -> list[str]:
    """Where an answer does not fit the shape of its example."""
    if stored is None:
        return ["no example: WILDCORE_UPDATE_EXAMPLES=1"]
    if set(stored) != set(now):
        return [f"{sorted(now)} instead of {sorted(stored)}"]
    for part in ("data", "meta"):
        if "answer" in stored:
            validator = jsonschema_rs.validator_for(schema_of(stored["answer"][part], required=part == "data"))
            return [f"{part}: {error.message[:200]}" for error in validator.iter_errors(now["answer"][part])][:3]
    return []


async def test_the_description_is_true_and_whole(whole: World) -> None:
    async with whole.client() as client:
        document = (await client.get("/swagger/openapi.json")).json()
        assert (await client.get("/swagger/openapi.yaml")).text.startswith("openapi:")
        page = (await client.get("/swagger/")).text
    assert not re.findall(r"""(?:src|href)=["']https?:""", page)
    by_key = {
        (route.path.replace(":path}", "}"), method.lower()): route
        for route in whole.app.state.routes
        if route.target.kind == "api"
        for method in route.methods
    }
    lacking, ids = [], []
    for path, operations in document["paths"].items():
        for method, operation in operations.items():
            route = by_key[(path, method)]
            ids.append(operation["operationId"])
            declared = [one.key for one in route.target.permissions]
            fits = operation["x-permission"] == declared and operation["x-billing"] == route.target.billing
            failures = {"400", "404", "500"} | ({"401", "403"} if declared else set())
            example = operation["responses"]["200"]["content"].get("application/json", {"example": True})
            told = "example" in example or any("example" in one["content"]["application/json"] for one in _others(operation))
            excused = f"{method.upper()} {path.removeprefix('/api/v1')}" in {name.replace(":path}", "}") for name in SKIPPED}
            if not (operation["summary"] and fits and failures <= set(operation["responses"]) and (told or excused)):
                lacking.append((method, path))
    assert lacking == []
    assert len(ids) == len(set(ids))


def _others(operation: dict[str, Any]) -> list[dict[str, Any]]:
    return [answer for code, answer in operation["responses"].items() if code != "200"]


async def test_only_what_is_switched_on_is_described(whole: World) -> None:
    with whole.runtime.db.write() as session:
        configuration.switch_component(session, whole.runtime, ADMIN, "mikbill_integration", False)
    async with whole.client() as client:
        paths = (await client.get("/swagger/openapi.json")).json()["paths"]
    assert not [path for path in paths if "mikbill" in path]
    assert "/api/v1/device" in paths
