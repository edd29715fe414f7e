"""Small parts of the shell."""

from __future__ import annotations

import json
from dataclasses import dataclass
from enum import Enum
from typing import Any

import pytest
from fastapi.routing import APIRoute
from starlette.routing import Match

from wildcore.services.action_log import _scrub, redact
from wildcore.services.passwords import hash_password, random_password, verify_password
from wildcore.web.answers import own_path, sign_in_address
from wildcore.web.language import choose
from wildcore.web.payload import envelope
from wildcore.web.proxy import known_host, origin_of
from wildcore.web.routing import Dispatcher, specificity
from wildcore.web.security import clean_path, clean_query, frame_ancestors

KEY = "cd1f08c1-dcea-4603-934d-471deb7c9387"


class Colour(Enum):
    RED = "red"


@dataclass(frozen=True, slots=True)
class Row:
    name: str
    level: float | None
    colour: Colour


def test_data_to_json() -> None:
    rows = [Row("лінія", float("inf"), Colour.RED), {"ids": frozenset({2, 1}), "pair": (1, 2.5)}]
    assert json.loads(envelope(rows, {"total": 2})) == {
        "statusCode": 200,
        "meta": {"total": 2},
        "data": [{"name": "лінія", "level": None, "colour": "red"}, {"ids": [1, 2], "pair": [1, 2.5]}],
    }
    assert "лінія".encode() in envelope(rows)


def test_fixed_parts_of_a_path_come_before_parameters() -> None:
    paths = [
        "/device/{id}",
        "/{all:path}",
        "/device/options",
        "/device/{id}/history",
        "/iframe/{rest:path}",
        "/iframe/ont/{ident}",
    ]
    assert sorted(paths, key=specificity).index("/device/options") < sorted(paths, key=specificity).index("/device/{id}")
    assert max(paths, key=specificity) == "/{all:path}"
    assert sorted(paths, key=specificity).index("/iframe/ont/{ident}") < sorted(paths, key=specificity).index(
        "/iframe/{rest:path}"
    )


def test_the_dispatcher_finds_what_trying_all_routes_in_turn_finds() -> None:
    async def endpoint() -> None: ...

    declared = [
        ("GET", "/"), ("GET", "/device/{id}"), ("PUT", "/device/{id}"), ("GET", "/device/options"), ("GET", "/{any}/options"),
        ("GET", "/api/v1/component/a/b/{id}/c"), ("GET", "/api/v1/component/a/{x}/1/c"), ("GET", "/iframe/{rest:path}"),
        ("GET", "/iframe/ont/{ident:path}"), ("POST", "/device"), ("GET", "/device"),
    ]  # fmt: skip
    routes = [APIRoute(path, endpoint, methods=[method]) for method, path in declared]
    dispatcher = Dispatcher(routes)
    in_turn = sorted(routes, key=lambda route: specificity(route.path))
    paths = ["", "/", "/device", "/device/", "/device/7", "/device/options", "/x/options", "/x", "/api/v1/component/a/b/1/c"]
    paths += [
        "/api/v1/component/a/z/1/c",
        "/api/v1/component/a/b/1",
        "/iframe/ont/x/y",
        "/iframe/x",
        "/iframe/",
        "//",
        "/device//",
    ]
    for method in ("GET", "PUT", "POST"):
        for path in paths:
            scope: dict[str, Any] = {"type": "http", "method": method, "path": path, "root_path": "", "headers": []}
            found = [(match, child) for match, child in (one.matches(scope) for one in in_turn) if match is not Match.NONE]
            expected = next((one for one in found if one[0] is Match.FULL), found[0] if found else (Match.NONE, {}))
            match, child = dispatcher.matches(scope)
            assert (match, child.get("route")) == (expected[0], expected[1].get("route")), (method, path)


@pytest.mark.parametrize(
    ("wishes", "accept", "language"),
    [
        (("", ""), "", "uk"),
        (("en", "uk"), "uk", "en"),
        (("xx", "en"), "uk", "en"),
        (("", ""), "en-GB,en;q=0.9", "en"),
        (("", ""), "fr, ua", "uk"),
        (("", ""), "en;q=0, uk;q=0.1", "uk"),
        (("", ""), "*;;;q=x,,en;q=9", "uk"),
    ],
)
def test_language(wishes: tuple[str, ...], accept: str, language: str) -> None:
    assert choose(*wishes, accept=accept, default="uk") == language


def test_only_own_paths_are_followed() -> None:
    assert own_path("/device/1?tab=2#x") == "/device/1?tab=2#x"
    for foreign in ("", "device", "//x", "/\\x", "https://x", " //x", "/a\nb", "\\/x"):
        assert own_path(foreign) == "/"
    assert sign_in_address("/a?b=c&d") == "/sign-in?next=%2Fa%3Fb%3Dc%26d"


def test_keys_never_stand_in_logs() -> None:
    assert KEY not in clean_path(f"/iframe/{KEY}/x\r\n")
    assert clean_path("/a\r\nb") == "/a??b"
    for query in (f"x-auth-key={KEY}", f"token={KEY[:9]}", f"a={KEY}", f"A-KEY={KEY}&b=1"):
        assert KEY[:9] not in clean_query(query)
    assert clean_query("ident=ZTEG&port=") == "ident=ZTEG&port="
    assert KEY not in redact(f"key {KEY} given")
    meta = {"password": "p", "nested": [{"snmp_community": "c", "name": "n"}], "text": KEY, "auth_key": "k"}
    assert _scrub(meta) == {
        "password": "***",
        "nested": [{"snmp_community": "***", "name": "n"}],
        "text": "***",
        "auth_key": "***",
    }


@pytest.mark.parametrize(
    ("address", "origin"),
    [
        ("https://Billing.Example:443/admin?x#y", "https://billing.example"),
        ("http://10.0.0.1:8080/", "http://10.0.0.1:8080"),
        ("http://[2001:db8::1]:80", "http://[2001:db8::1]"),
        ("http://a b", ""),
        ("http://a:99999", ""),
        ("https://x;script-src *", ""),
        ("javascript:alert(1)", ""),
        ("", ""),
    ],
)
def test_origins(address: str, origin: str) -> None:
    assert origin_of(address) == origin


def test_frames() -> None:
    assert frame_ancestors([]) == "*"
    assert frame_ancestors(["", " "]) == "*"
    assert frame_ancestors(["", "rubbish"]) == "'none'"
    assert frame_ancestors(["http://a/x", "http://a/y", "https://b"]) == "http://a https://b"


def test_hosts_that_are_ours() -> None:
    for host in ("127.0.0.1:8088", "[::1]:8088", "192.0.2.1", "localhost", "dms", "DMS.example:80"):
        assert known_host(host, "https://dms.example", ["dms"]), host
    for host in ("", "evil.test", "127.0.0.1.evil.test", "dms.example.evil.test"):
        assert not known_host(host, "https://dms.example", ["dms"]), host


def test_passwords() -> None:
    password = random_password()
    stored = hash_password(password)
    assert stored.startswith("$argon2id$")
    assert verify_password(stored, password)
    assert not verify_password(stored, password + "x")
    assert not verify_password("", password)
    assert not verify_password("no hash at all", password)
    assert len({random_password() for _ in range(50)}) == 50
