"""Every API route against every kind of caller: allowed exactly where it is declared, and a foreign device never seen."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

import httpx
import pytest

from tests.poller.support import add_device
from tests.services.support import add_group, add_interface
from wildcore.kit import Component, Route
from wildcore.web.endpoints import GuardedRoute

from .conftest import World

NOBODY = "999999999"
OWN_KEY = re.compile(r"/logout$|/user/self/sessions$|/user/self/twofa")
"""Paths that close the caller's own sessions or change their second factor: called last, each with a key of its own."""


def api_routes(world: World) -> list[GuardedRoute]:
    return [route for route in world.app.state.routes if route.target.kind == "api"]


def method_of(route: GuardedRoute) -> str:
    return min(set(route.methods or ()) - {"HEAD"})


def asked(route: GuardedRoute, **ids: str) -> str:
    """The route's path with ids; what is not named is nobody's."""
    path = re.sub(r"\{(\w+)(?::path)?\}", lambda found: ids.get(found[1], NOBODY), route.path)
    return path.replace(f"/switcher-core/{NOBODY}/{NOBODY}/", "/switcher-core/store/system/")


async def refused(client: httpx.AsyncClient, route: GuardedRoute) -> bool:
    """Whether the guard refuses the caller; another 403 (`NOT_ALLOWED`) is an answer of the route itself."""
    answer = await client.request(method_of(route), asked(route))
    assert answer.status_code < 500 or answer.status_code in (502, 504), (route.path, answer.text)
    if answer.status_code != 403 or answer.headers["content-type"] != "application/json":
        return False
    return str(answer.json()["error"]["type"]) == "INSUFFICIENT_PRIVILEGES"


def wanted_of(route: GuardedRoute) -> set[str]:
    return {one.key for one in route.target.permissions}


async def test_an_owner_may_all(whole: World) -> None:
    owner = whole.user("owner", all_groups=True)
    wrong = []
    for route in sorted(api_routes(whole), key=lambda one: bool(OWN_KEY.search(one.path))):
        key = whole.key(owner)
        async with whole.client(key) as client:
            if await refused(client, route):
                wrong.append(route.path)
    assert wrong == []


async def test_each_single_permission_opens_exactly_its_routes(whole: World) -> None:
    basic = whole.runtime.catalogue.basic_permissions()
    routes = [route for route in api_routes(whole) if wanted_of(route) and not OWN_KEY.search(route.path)]
    wrong = []
    for at, permission in enumerate(sorted(whole.runtime.catalogue.permissions())):
        has = {permission, *basic}
        async with whole.client(whole.member(f"single{at}", permission)) as client:
            for route in routes:
                opens = wanted_of(route) <= has
                if wanted_of(route) <= basic and at % 10:  # open to everybody: asked for every tenth
                    continue
                if await refused(client, route) == opens:
                    wrong.append((permission, route.path, opens))
    assert wrong == []


async def test_no_permission_opens_only_what_everybody_may(whole: World) -> None:
    basic = whole.runtime.catalogue.basic_permissions()
    wrong = []
    nobody = whole.user("nobody", whole.role("nothing", ()))
    for route in api_routes(whole):
        async with whole.client(whole.key(nobody)) as client:
            opens = wanted_of(route) <= basic
            if await refused(client, route) == opens:
                wrong.append((route.path, opens))
    assert wrong == []


async def test_an_expired_or_revoked_key_opens_nothing(whole: World) -> None:
    late = whole.key(whole.user("late", all_groups=True), life_sec=-1)
    wrong = []
    async with whole.client(late) as client:
        for route in api_routes(whole):
            answer = await client.request(method_of(route), asked(route))
            if route.target.permissions and answer.status_code != 401:
                wrong.append((route.path, answer.status_code))
    assert wrong == []


async def test_a_cross_auth_key_opens_exactly_what_billing_needs(whole: World) -> None:
    key = whole.key(whole.user("operator", all_groups=True), scope="billing", kind="cross")
    wrong = []
    async with whole.client(key) as client:
        for route in api_routes(whole):
            opens = route.target.billing or not route.target.permissions
            if await refused(client, route) == opens:
                wrong.append((route.path, opens))
    assert wrong == []


async def test_a_foreign_device_is_there_for_nobody(whole: World) -> None:
    ours, theirs = add_device(whole.runtime.db, "127.0.0.8"), add_device(whole.runtime.db, "127.0.0.9")
    with whole.runtime.db.write() as session:
        mine, other = add_group(session, "mine", [ours]), add_group(session, "theirs", [theirs])
        foreign = add_interface(session, theirs, "7", "epon0/1:1", "ONU", ident="785C72010001", ident_type="MAC")
    key = whole.member("limited", *whole.runtime.catalogue.permissions(), groups=[mine])
    ids = {"device_id": str(theirs), "interface_id": str(foreign), "interface": "7", "group_id": str(other)}
    bodies = {"device_id": theirs, "interface_id": foreign, "router": theirs, "ip": "10.0.0.1", "mac": "785C72010001"}
    bodies |= {"devices": [theirs], "action": "x", "state": "up", "description": "x", "num": 1, "speed": "auto", "id": 5}
    bodies |= {"type": "tagged", "name": "x"}
    wrong, tried = [], 0
    async with whole.client(key) as client:
        for route in api_routes(whole):
            if not {"{device_id}", "{interface_id}", "{group_id}"} & set(route.path.split("/")):
                continue
            body = {**bodies, "action": "add" if "vlan" in route.path else "x"}
            options: dict[str, Any] = {} if method_of(route) == "GET" else {"json": body}
            answer = await client.request(method_of(route), asked(route, **ids), **options)
            tried += 1
            if answer.status_code != 404:
                wrong.append((method_of(route), route.path, answer.status_code, answer.text[:100]))
        for method, path in (
            ("PUT", "/device-interface/ont-list"), ("POST", "/component/diagnostic/arp-ping"), ("POST", "/poller/run"),
            ("POST", "/component/search_device/search-mac"), ("POST", "/component/search_device/search-ip"),
            ("POST", "/logs/action"),
        ):  # fmt: skip
            answer = await client.request(method, f"/api/v1{path}", json=bodies)
            if answer.status_code != 404:
                wrong.append((method, path, answer.status_code, answer.text[:100]))
        for path in ("/device", "/device-interface", "/device-interface/search?ont_ident=785C72010001", "/device-interface/stat"):
            rows = (await client.get(f"/api/v1{path}")).json()["data"]
            wrong += [("GET", path, 200, str(row)[:100]) for row in rows if theirs in (row["id"], row.get("device_id"))]
            if "search" in path and rows:
                wrong.append(("GET", path, 200, "found"))
    assert wrong == []
    assert tried > 40


@pytest.mark.parametrize("permission", [None, (), "device_show", ("device_show",)])
def test_a_route_without_a_declared_permission_cannot_exist(permission: Iterable[str] | None) -> None:
    with pytest.raises(TypeError, match="needs a Permission"):
        Component(key="x", title="x", api=(Route("GET", "/x", print, permission),))  # type: ignore[arg-type]
