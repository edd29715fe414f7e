"""The API tried against its own description by schemathesis, and with input that no client would send.

Never an error of the server, always an envelope that says what is wrong, and nothing half-written.
"""

from __future__ import annotations

import json
import random
import time
from typing import Any

import httpx
import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, seed, settings
from schemathesis.core.result import Ok
from sqlalchemy import func, select

from tests.poller.support import add_device
from tests.services.support import add_fdb, add_interface, add_subscriber
from wildcore.services import device_models
from wildcore.store.tables import Base

from .conftest import World

BOUND_SEC = 75.0
"""Operations that are not reached by then are passed over; all of them are, on two slow cores, in half of it."""
SLOW = frozenset({"POST /api/v1/device-detect", "POST /api/v1/device/import"})
"""They wait for devices at whatever address is given."""
KEPT = {"DELETE /api/v1/logout", "POST /api/v1/logout", "DELETE /api/v1/user/self/sessions", "PUT /api/v1/system/configuration"}
"""They would take the tests' own key, or turn the product's own switches; they have tests of their own."""


def filled(world: World) -> str:
    """A small network with a subscriber, and the key of an owner."""
    with world.runtime.db.write() as session:
        device_models.sync_catalogue(session)
    olt = add_device(world.runtime.db, "127.0.0.9", connection={"snmp_port": 9, "snmp_timeout_sec": 0.05, "snmp_repeats": 1})
    with world.runtime.db.write() as session:
        port = add_interface(session, olt, "1", "epon0/1", "EPON")
        onu = add_interface(session, olt, "2", "epon0/1:1", "ONU", parent_bind_key="1", ident="785C72010001", ident_type="MAC")
        add_fdb(session, olt, onu, "0200000000AA")
        add_subscriber(session, "1", "11619", "test", ident="785C72010001")
    assert port
    return world.key(world.user("owner", all_groups=True))


def cases_of(operation: Any, count: int) -> list[dict[str, Any]]:
    """Requests that schemathesis makes of an operation's description."""
    found: list[dict[str, Any]] = []

    @seed(20260101)
    @settings(max_examples=count, deadline=None, database=None, phases=(Phase.generate,), suppress_health_check=list(HealthCheck))
    @given(case=operation.as_strategy())
    def collect(case: Any) -> None:
        found.append(case.as_transport_kwargs(base_url="http://dms.test"))

    collect()
    return found


async def ask(client: httpx.AsyncClient, request: dict[str, Any]) -> httpx.Response | None:
    """Send it; None when it is no HTTP that could be sent."""
    wanted = {name: request[name] for name in ("method", "url", "params", "json", "files") if request.get(name) is not None}
    data = request.get("data")
    if data is not None:
        wanted["content" if isinstance(data, bytes | str) else "data"] = data
    headers = {name: value for name, value in (request.get("headers") or {}).items() if name.lower() != "x-auth-key"}
    try:
        return await client.request(**wanted, headers=headers)
    except (httpx.InvalidURL, UnicodeError, TypeError, ValueError):
        return None


def complaint(answer: httpx.Response) -> str:
    """What is wrong with an answer; "" when nothing is."""
    if answer.status_code >= 500 and answer.status_code not in (502, 504):
        return f"{answer.status_code}"
    if answer.status_code < 400 or answer.headers.get("content-type") != "application/json":
        return ""
    body = answer.json()
    if set(body) != {"statusCode", "error"} or not body["error"]["description"] or body["statusCode"] != answer.status_code:
        return "no envelope"
    return ""


async def test_schemathesis_finds_no_server_error(whole: World) -> None:
    key = filled(whole)
    async with whole.client(key) as client:
        document = (await client.get("/swagger/openapi.json")).json()
        schema = schemathesis.openapi.from_dict(document)
        wrong, tried, ends = [], 0, time.monotonic() + BOUND_SEC
        operations: list[Any] = [one.ok() for one in schema.get_all_operations() if isinstance(one, Ok)]
        assert len(operations) == sum(len(one) for one in document["paths"].values())
        random.Random(1).shuffle(operations)
        for operation in operations:
            label = f"{operation.method.upper()} {operation.path}"
            if label in SLOW | KEPT or time.monotonic() > ends:
                continue
            for request in cases_of(operation, 4):
                answer = await ask(client, request)
                if answer is None:
                    continue
                tried += 1
                if problem := complaint(answer):
                    wrong.append((label, problem, answer.text[:200], str(request)[:400]))
    assert wrong == []
    assert tried > 300


BODIES = (
    b"", b"{", b"[]", b"null", b'"text"', b"1", b"\xff\xfe", b'{"name": "\\ud800"}', b'{"name": "\\u0000"}',
    b'{"name": {"a": [1]}}', b'{"name": NaN}', b'{"limit": 1e999}', b'{"device_id": 99999999999999999999999}',
    b'{"device_id": "x", "ids": [[[[]]]]}', b'{"a":' * 3000, b"[" * 3000 + b"]" * 3000,
    b'{"name": ' + b'"' + b"x" * 100_000 + b'"}',
)  # fmt: skip
QUERIES = (
    "limit=-1", "limit=x", "offset=99999999999999999999", "limit=1e3", "device_id=%FF%FE", "user_id=' OR 1=1", "ip=%00",
    "from=mars", "format=xml", "since=tomorrow", "updated_since=-", "lat=nan&lon=inf", "limit[]=1", "query=%F0%9F",
)  # fmt: skip
IDS = ("0", "-1", "x", "1.5", "99999999999999999999", "%00", "%FF", "..%2f..", "' OR 1=1", "١")


async def test_bad_input_is_refused_by_name_and_leaves_nothing_behind(whole: World) -> None:
    key = filled(whole)
    before = counts(whole)
    wrong = []
    async with whole.client(key) as client:
        for route in whole.app.state.routes:
            method = min(set(route.methods) - {"HEAD"})
            label = f"{method} {route.path}"
            if route.target.kind != "api" or label in KEPT | SLOW:
                continue
            paths = [filled_in(route.path, "999999999")]
            if "{" in route.path:
                paths += [filled_in(route.path, one) for one in IDS]
            asked: list[dict[str, Any]] = [{"url": path} for path in paths]
            if method == "GET":
                asked += [{"url": f"{paths[0]}?{query}"} for query in QUERIES]
            else:
                for body in BODIES:
                    for kind in ("application/json", "application/x-www-form-urlencoded"):
                        asked.append({"url": paths[0], "content": body, "headers": {"Content-Type": kind}})
            for one in asked:
                answer = await client.request(method, one.pop("url"), **one)
                if problem := complaint(answer):
                    wrong.append((label, problem, answer.text[:200], str(one)[:200]))
    assert wrong == []
    after = counts(whole)
    grown = {table: (before[table], after[table]) for table in after if after[table] != before[table]}
    assert set(grown) <= NOTED, grown


NOTED = {
    "action_log",
    "auth_keys",
    "device_calls",
    "module_answers",
    "sign_in_failures",
    "generations",
    "recovery_codes",
    "subscriber_syncs",
    "users",
}
"""What refused requests may write: that they were refused; and what a body without any member asks for (a key of one's
own, a sync of a billing that is not there: it is noted as failed)."""


def filled_in(path: str, value: str) -> str:
    """The path with this in the place of every parameter."""
    parts = (value if "{" in part else part for part in path.split("/"))
    return "/".join(parts)


def counts(world: World) -> dict[str, int]:
    """Rows of every table."""
    with world.runtime.db.read() as session:
        return {
            name: session.scalar(select(func.count()).select_from(table)) or 0 for name, table in Base.metadata.tables.items()
        }


@pytest.mark.parametrize(
    ("path", "field"),
    [
        ("/device-interface?limit=x", "limit"),
        ("/device-interface/99999999999999999999", "interface_id"),
        ("/device?updated_since=tomorrow", "updated_since"),
        ("/device?group_id=x", "group_id"),
        ("/logs/actions-list?since=x", "since"),
        ("/logs/poller?status=maybe", "status"),
        ("/portal/nearest-elements?lat=91&lon=1", "lat"),
        ("/portal/nearest-elements?lat=nan&lon=1", "lat"),
        ("/component/search_device/search-mac?mac=x", "MAC"),
        ("/component/search_device/search-ip?ip=300.1.1.1", "IPv4"),
        ("/component/diagnostic/interface/1/diag?from=mars", "from"),
        ("/poller/99999999999999999999", "device_id"),
    ],
)
async def test_the_field_is_named(whole: World, path: str, field: str) -> None:
    key = filled(whole)
    async with whole.client(key) as client:
        answer = await client.get(f"/api/v1{path}")
    assert answer.status_code == 400, answer.text
    assert field in answer.json()["error"]["description"]
    assert json.loads(answer.text)["error"]["type"] in ("VALIDATION_ERROR", "BAD_REQUEST")
