"""Every parameter of every operation with values that no client should send, one at a time.

Each is refused with a 4xx whose description names the parameter, and nothing of it is written.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

import httpx
from sqlalchemy import select

from wildcore.store.tables import Base

from .conftest import PASSWORD, World
from .operations import Operation, operations_of
from .polled import polled_network

LONG = "x" * 10_001
HUGE = 10**21
DEEP: Any = 1
for _level in range(60):
    DEEP = [DEEP]
NOT_UTF8, NUL, NO_PERCENT = "%FF%FE", "%00", "%zz"
ALLOWED = {
    # (operation or "*", parameter, value): what looks bad and is documented as fine
    ("*", "updated_since", ""), ("*", "since", ""), ("*", "until", ""),  # an empty field of a form
    ("*", "devices", None), ("*", "routers", None),  # nothing narrows the search
    ("POST /device/import", "csv", LONG * 10),  # a file
}  # fmt: skip
IN_WORDS = frozenset({"GET /component/nodeny_plus/billing/render-diag-card"})
"""Whoever calls them shows whatever comes, so that they refuse in readable HTML too."""
NOTED = frozenset({"action_log", "device_calls", "module_answers", "sign_in_failures", "generations"})
"""Tables in which refusals and questions to devices leave their line."""
USES = frozenset({"last_used_at", "last_activity_at", "last_ip", "ip", "client"})


@dataclass(frozen=True)
class Try:
    """One bad request: the parameter that is bad, what it holds, and the request."""

    name: str
    value: Any
    path: str
    body: Any = None
    raw: bytes | None = None
    kind: str = "application/json"


async def test_every_parameter_refuses_what_it_cannot_be(whole: World) -> None:
    owner = whole.user("owner", all_groups=True)
    async with polled_network(whole) as network, whole.client(whole.key(owner)) as client:
        facts = {**network, "owner": str(owner), "password": PASSWORD}
        document = (await client.get("/swagger/openapi.json")).json()
        asked = operations_of(facts)
        for one in asked:  # what other operations are asked with
            if one.makes:
                made = await client.request(one.method, f"/api/v1{one.path.format(**facts)}", json=one.body)
                facts[one.makes[0]] = str(made.json()["data"]["id"])
        wrong, tried = [], 0
        for one in {operation.key: operation for operation in reversed(asked)}.values():
            before = written(whole)
            found = []
            for bad in tries_of(document, one, facts):
                tried += 1
                answer = await send(client, one.method, bad)
                if problem := complaint(answer, bad, one):
                    found.append((one.key, bad.name, str(bad.value)[:60], problem))
            if (after := written(whole)) != before:
                changed = [table for table in after if after[table] != before[table]]
                found.append((one.key, "", "", f"changed {changed}"))
            wrong += found
    assert wrong == []
    assert tried > 5000


async def send(client: httpx.AsyncClient, method: str, bad: Try) -> httpx.Response:
    if bad.raw is None and bad.body is None:
        return await client.request(method, bad.path)
    content = json.dumps(bad.body).encode() if bad.raw is None else bad.raw
    return await client.request(method, bad.path, content=content, headers={"Content-Type": bad.kind})


def complaint(answer: httpx.Response, bad: Try, one: Operation) -> str:
    """What is wrong with a refusal; "" when nothing is."""
    if isinstance(bad.value, str | None) and any((key, bad.name, bad.value) in ALLOWED for key in ("*", one.key)):
        return ""
    if not 400 <= answer.status_code < 500:
        return f"{answer.status_code}: {answer.text[:100]}"
    if answer.headers["content-type"].startswith("text/html") and one.key in IN_WORDS:
        return ""
    body = answer.json()
    if set(body) != {"statusCode", "error"} or body["statusCode"] != answer.status_code:
        return f"no envelope: {answer.text[:100]}"
    told = body["error"]
    if not told.get("type"):
        return "no type"
    if answer.status_code == 404 and str(bad.value) in told["description"]:
        return ""  # an address of something that does not exist is named by its value
    return "" if bad.name in told["description"] else f"{bad.name} is not named: {told['description'][:120]}"


def written(world: World) -> dict[str, str]:
    """A digest of every table's content, without the notes on uses and refusals."""
    found = {}
    with world.runtime.db.read() as session:
        for name, table in Base.metadata.tables.items():
            if name in NOTED:
                continue
            columns = [column for column in table.columns if column.name not in USES]
            rows = sorted(str(tuple(row)) for row in session.execute(select(*columns)))
            found[name] = hashlib.sha256("\n".join(rows).encode()).hexdigest()
    return found


def tries_of(document: dict[str, Any], one: Operation, facts: dict[str, str]) -> Iterator[Try]:
    """All bad requests of one operation; whatever is not bad in them is as the operation's example has it."""
    template = "/api/v1" + one.template.replace(":path}", "}")
    described = document["paths"][template][one.method.lower()]
    path = f"/api/v1{one.path.format(**facts)}"
    parameters = [(given["name"], given["in"], resolved(document, given["schema"])) for given in described.get("parameters", [])]
    for name, where, schema in parameters:
        if where == "path":
            for value in [*words_of(schema, path=True), NOT_UTF8, NUL, NO_PERCENT]:
                yield Try(name, value, in_path(template, path, name, value), one.body)
        if where == "query":
            for value in [*words_of(schema), NOT_UTF8, NUL, NO_PERCENT]:
                yield Try(name, value, in_query(path, name, value), one.body)
            if "array" not in kinds(schema):
                yield Try(name, "twice", in_query(path, name, "1") + f"&{name}=1", one.body)
    content = described.get("requestBody", {}).get("content", {}).get("application/json")
    if content is not None:
        schema = resolved(document, content["schema"])
        yield from bad_members(document, schema, one, path)
        yield from bad_bodies(schema, path)


def bad_members(document: dict[str, Any], schema: dict[str, Any], one: Operation, path: str) -> Iterator[Try]:
    """Every member of a body with values of other kinds; and the body without each member that it needs."""
    for shape in alternatives(document, schema):
        for name, member in shape.get("properties", {}).items():
            shown = {**(one.body or {})}
            for value in values_of(document, member):
                yield Try(name, value, path, {**shown, name: value})
        for name in shape.get("required", []):
            yield Try(name, "absent", path, {key: value for key, value in (one.body or {}).items() if key != name})


def bad_bodies(schema: dict[str, Any], path: str) -> Iterator[Try]:
    """What is no body at all."""
    for raw in (b"{", b'{"a": 1', b"\xff\xfe", b'{"a": "\xff"}', b"[" * 3000 + b"]" * 3000, b'{"a":' * 3000 + b"}" * 3000):
        yield Try("body", raw[:20], path, raw=raw)
    for raw in (b"1", b'"text"', b"true", *(() if "array" in kinds(schema) else (b"[1]",))):
        yield Try("body", raw, path, raw=raw)
    for kind in ("text/html", "application/xml", "multipart/form-data; boundary=x", "image/png"):
        yield Try("body", kind, path, raw=b"<a/>", kind=kind)


def words_of(schema: dict[str, Any], *, path: bool = False) -> list[str]:
    """Bad values for a parameter of an address."""
    found = {kind for shape in flat(schema) for kind in kinds(shape)}
    if "array" in found:
        return [word for shape in flat(schema) if "items" in shape for word in words_of(shape["items"]) if word]
    some: list[str] = []
    if "integer" in found:
        some += ["x", "1.5", "0x10", str(HUGE), f"-{HUGE}", "%D9%A1", "NaN"] + ([] if path else [""])
    if "number" in found:
        some += ["x", "nan", "inf", "1e999", ""]
    if "boolean" in found:
        some += ["maybe", "2"]
    if "string" in found and found <= {"string", "null"}:
        some += [LONG]
        if any("enum" in shape or "const" in shape or "pattern" in shape for shape in flat(schema)):
            some += ["mars"]
    return some


def values_of(document: dict[str, Any], member: dict[str, Any]) -> list[Any]:
    """Bad values for a member of a JSON body."""
    shapes = [resolved(document, shape) for shape in flat(resolved(document, member))]
    found = {kind for shape in shapes for kind in kinds(shape)}
    if not found:
        return []
    some: list[Any] = ["\ud800", "a\x00b", HUGE, -HUGE]
    if "null" not in found:
        some += [None]
    if "string" not in found:
        some += ["mars"]
    elif not found & {"integer", "number", "object", "array"}:
        some += [LONG * 10]
    if any("enum" in shape for shape in shapes):
        some += ["mars"]
    if "object" not in found and "array" not in found:
        some += [{"a": 1}, ["x"], [], DEEP]
    if "object" in found:
        some += [True, 1.5, {"a": DEEP}, {"a": {"\ud800": 1}}, ["x"]]
    if "array" in found and "object" not in found:
        some += [{"a": 1}, [DEEP], [None], ["a\x00b"], [{"a": 1}], True]
    if found & {"integer"}:
        some += [1.5, "", "1.5"] + ([] if "boolean" in found else [True])
    if found == {"boolean"} or found == {"boolean", "null"}:
        some += [2, 1.5]
    return some


def kinds(schema: dict[str, Any]) -> set[str]:
    kind = schema.get("type", [])
    return {kind} if isinstance(kind, str) else set(kind)


def flat(schema: dict[str, Any]) -> list[dict[str, Any]]:
    """The schema's alternatives."""
    inner: Iterable[dict[str, Any]] = schema.get("anyOf") or schema.get("oneOf") or ()
    return [one for shape in inner for one in flat(shape)] or [schema]


def alternatives(document: dict[str, Any], schema: dict[str, Any]) -> list[dict[str, Any]]:
    return [resolved(document, one) for one in flat(schema)]


def resolved(document: dict[str, Any], schema: dict[str, Any]) -> dict[str, Any]:
    """The schema behind a reference."""
    while "$ref" in schema:
        found: Any = document
        for part in schema["$ref"].removeprefix("#/").split("/"):
            found = found[part]
        schema = found
    return schema


def in_path(template: str, path: str, name: str, value: str) -> str:
    """The path with this value in the place of one parameter."""
    asked, mark, query = path.partition("?")
    parts = zip(template.split("/"), asked.split("/"), strict=True)
    return "/".join(value if part == f"{{{name}}}" else given for part, given in parts) + mark + query


def in_query(path: str, name: str, value: str) -> str:
    """The path with this value in the query, instead of the one that the example has."""
    asked, _mark, query = path.partition("?")
    kept = [pair for pair in query.split("&") if pair and not pair.startswith(f"{name}=")]
    return f"{asked}?" + "&".join([*kept, f"{name}={value}"])


async def test_what_stands_within_free_objects_is_named_too(whole: World) -> None:
    owner = whole.user("owner", all_groups=True)
    new = {"password": "Aa1!aaaaaaaa", "role_id": -2}
    connection = {"sw_core_connection": {"snmp_port": 70_000}}
    cases: list[tuple[str, str, dict[str, Any], str]] = [
        ("PUT", "/system/configuration", {"NO_SUCH_KEY": 1}, "NO_SUCH_KEY"),
        ("PUT", "/system/configuration", {"SWC_SNMP_PORT": "x"}, "SWC_SNMP_PORT"),
        ("PUT", "/system/configuration", {"APP_NAME": "New", "SWC_SNMP_PORT": 70_000}, "SWC_SNMP_PORT"),
        ("POST", "/device-access", {"name": "a", "params": connection}, "snmp_port"),
        ("POST", "/device-access", {"name": "a", "params": {"sw_core_connection": 1}}, "sw_core_connection"),
        ("POST", "/device-access", {"name": "a", "secrets": {"public_community": ["x"]}}, "public_community"),
        ("POST", "/device-access", {"name": "a", "secrets": {"no_such_secret": "x"}}, "no_such_secret"),
        ("POST", "/device-model", {"key": "a", "name": "a", "type": "SWITCH", "family": "no_such"}, "family"),
        ("POST", "/device-model", {"key": "a", "name": "a", "type": "mars", "family": "generic_switch"}, "type"),
        ("POST", "/user", {"login": "a b", **new}, "login"),
        ("POST", "/user", {"login": "ab", **new, "allowed_networks": ["x"]}, "allowed_networks"),
        ("POST", "/user", {"login": "ab", **new, "language": "tlh"}, "language"),
        ("POST", "/user", {"login": "ab", **new, "timezone": "Mars/Base"}, "timezone"),
        ("POST", "/user", {"login": "ab", "password": "short", "role_id": -2}, "password"),
        ("POST", "/user-role", {"name": "r", "permissions": ["no_such_right"]}, "permissions"),
        ("GET", "/device?status=mars", {}, "status"),
        ("GET", "/device?type=mars", {}, "type"),
    ]  # fmt: skip
    wrong = []
    async with whole.client(whole.key(owner)) as client:
        before = written(whole)
        for method, path, body, name in cases:
            answer = await client.request(method, f"/api/v1{path}", json=body or None)
            bad = Try(name, str(body), path)
            if problem := complaint(answer, bad, Operation(method, path, path)):
                wrong.append((path, body, problem))
    assert wrong == []
    assert written(whole) == before


async def test_odd_headers_do_no_harm(whole: World) -> None:
    key = whole.key(whole.user("owner", all_groups=True))
    odd = "\x7f\u00ff" * 2_000
    async with whole.client(key) as client:
        for name in ("Accept", "Accept-Language", "If-None-Match", "User-Agent", "Cookie", "X-Forwarded-For", "Range"):
            answer = await client.get("/api/v1/device", headers={name.encode(): odd.encode("latin-1")})
            assert answer.status_code == 200, (name, answer.text)
        for key_given in (odd, "a" * 5_000, "'", "%00", "../.."):
            answer = await client.get("/api/v1/device", headers={b"X-Auth-Key": key_given.encode("latin-1")})
            assert (answer.status_code, answer.json()["error"]["type"]) == (401, "UNAUTHENTICATED"), answer.text
        for length in ("-1", "x", "99999999999"):
            answer = await client.post("/api/v1/device-group", content=b"{}", headers={"Content-Length": length})
            assert 400 <= answer.status_code < 500, answer.text
