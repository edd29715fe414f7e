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
from sqlalchemy import select
from sqlalchemy.orm import Session

from tests.poller.support import add_agent_device
from tests.services.support import ADMIN, add_fdb, add_group, add_subscriber, capture, with_billing
from wildcore.services import calls, configuration, device_models, marks, polling
from wildcore.store.tables import Device, Interface, Role, SubscriberSync
from wildcore.transport.replay import ReplayAgent
from wildcore.web.openapi_doc import EXAMPLES, schema_of

from .conftest import PASSWORD, World
from .operations import SKIPPED, Operation, operations_of
from .test_control_api import rows_of_a_switch

UPDATE = bool(os.environ.get("WILDCORE_UPDATE_EXAMPLES"))
LONGEST = 2


@pytest_asyncio.fixture
async def network(whole: World) -> AsyncIterator[dict[str, str]]:
    """An OLT and a switch behind real agents, polled once; the ids that operations are asked with."""
    db, secrets = whole.runtime.db, whole.runtime.secrets.seal('{"public_community": "public", "private_community": "private"}')
    with_billing(whole.runtime)
    with db.write() as session:
        device_models.sync_catalogue(session)
    async with (
        ReplayAgent(capture("bdcom_epon"), writable=lambda _row: True) as olt_agent,
        ReplayAgent(rows_of_a_switch(), host="127.0.0.2", writable=lambda _row: True) as switch_agent,
    ):
        olt = add_agent_device(db, olt_agent, secrets=secrets)
        switch = add_agent_device(db, switch_agent, secrets=secrets, model="lab_switch", family="generic_switch", kind="SWITCH")
        for device_id in (olt, switch):
            await polling.poll_now(whole.runtime, device_id)
        for module in ("arp_info", "fdb"):
            await calls.call(whole.runtime, ADMIN, switch, module, {}, "device")
        with db.write() as session:
            group = add_group(session, "Rivne", [olt, switch])
            onu = session.execute(select(Interface).where(Interface.device_id == olt, Interface.type == "ONU")).scalars().first()
            port = session.execute(select(Interface).where(Interface.device_id == switch)).scalars().first()
            pon = session.execute(select(Interface).where(Interface.device_id == olt, Interface.type == "EPON")).scalars().first()
            assert onu is not None
            assert pon is not None
            assert port is not None
            onu.latitude, onu.longitude = 50.62, 26.25
            add_fdb(session, olt, onu.id, "0200000000AA")
            subscriber = add_subscriber(session, "1", "00001", "test", "Рівне, Київська вулиця 1/15", ident=onu.ident or "")
            _problems_of_billing(session, onu.ident or "", port.device_id)
            marks.set_marks(session, ADMIN, onu.id, favorite=True, tags=["vip"], at=1)
            facts = {"onu": onu.id, "onu_key": onu.bind_key, "ident": onu.ident, "port": port.id, "port_key": port.bind_key}
            facts |= {"pon_key": pon.bind_key, "subscriber": subscriber}
        with db.read() as session:
            owner_role = session.scalar(select(Role.id).limit(1)) or -2
        yield {
            "olt": str(olt), "switch": str(switch), "group": str(group), "role": str(owner_role),
            "olt_port": str(olt_agent.port), **{name: str(value) for name, value in facts.items()},
        }  # fmt: skip


def _problems_of_billing(session: Session, ident: str, switch: int) -> None:
    """A sync, and what it left: a serial with a slip, two subscribers at one port, an ONU that is elsewhere."""
    ip = session.get_one(Device, switch).ip
    add_subscriber(session, "2", "00002", "second", "Рівне, Київська вулиця 2", ident=f"{ident[:-2]}{ident[-1]}{ident[-2]}")
    add_subscriber(session, "3", "00003", "third", "Рівне, Соборна вулиця 3/1", ident=ident, switch_ip=ip, port="2")
    add_subscriber(session, "4", "00004", "fourth", "Рівне, Соборна вулиця 3/2", switch_ip=ip, port="99")
    counts = {"received": 4, "added": 1, "changed": 1, "removed": 0, "unchanged": 2, "unusable": 0, "by_ident": 2, "by_port": 0}
    counts |= {"by_mac": 0, "unmatched": 2, "fetch_ms": 310, "write_ms": 40}
    changes = [
        {"what": "added", "uid": "4", "agreement": "00004", "login": "fourth", "fields": {}},
        {"what": "changed", "uid": "2", "agreement": "00002", "login": "second", "fields": {"login": ["first", "second"]}},
    ]
    done = {"trigger": "cron", "started_at": 100, "finished_at": 101, "result": "ok", "error": ""}
    failed = {"trigger": "console", "started_at": 200, "finished_at": 201, "result": "error", "error": "Billing refused the key"}
    for facts in ({**done, "summary": counts, "changes": changes}, {**failed, "summary": {}, "changes": []}):
        texts = {name: json.dumps(facts[name]) for name in ("summary", "changes")}
        session.add(SubscriberSync(**{**facts, **texts, "source": "mikbill"}))


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
