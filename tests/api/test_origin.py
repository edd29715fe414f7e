"""Where a request comes from: proxies, and networks that need no key."""

from __future__ import annotations

from typing import Any

import pytest

from .conftest import World

WHO = "/api/v1/sample/whoami"
PUBLIC = "/api/v1/sample/public"


def setting(world: World, **values: Any) -> None:
    with world.runtime.db.write() as session:
        world.runtime.settings.set(session, values)
    world.runtime.settings.forget()


async def seen(world: World, peer: str, base: str = "http://dms.test", **headers: str) -> tuple[str, str]:
    async with world.client(peer=peer, base=base, **headers) as client:
        data = (await client.get(PUBLIC)).json()["data"]
    return data["ip"], data["base_url"]


async def test_the_seeds_nginx_needs_no_setting(world: World) -> None:
    headers = {
        "X_Real_IP": "203.0.113.9",
        "X_Forwarded_Proto": "https",
        "X_Forwarded_Host": "dms.ispnet.demo",
        "X_Forwarded_Server": "dms.ispnet.demo",
    }
    assert await seen(world, "127.0.0.1", **headers) == ("203.0.113.9", "https://dms.ispnet.demo")
    assert await seen(world, "::1", **headers) == ("203.0.113.9", "https://dms.ispnet.demo")
    assert await seen(world, "203.0.113.1", **headers) == ("203.0.113.1", "http://dms.test")


@pytest.mark.parametrize(
    ("headers", "ip"),
    [
        ({"X_Forwarded_For": "203.0.113.9"}, "203.0.113.9"),
        ({"X_Forwarded_For": "1.1.1.1, 203.0.113.9, 127.0.0.5"}, "203.0.113.9"),
        ({"X_Forwarded_For": "1.1.1.1, rubbish"}, "127.0.0.1"),
        ({"X_Real_IP": "rubbish", "X_Forwarded_For": "203.0.113.9"}, "203.0.113.9"),
        ({"X_Real_IP": "203.0.113.9", "X_Forwarded_For": "1.1.1.1"}, "203.0.113.9"),
        ({"X_Real_IP": "::ffff:203.0.113.9"}, "203.0.113.9"),
        ({"X_Real_IP": "[2001:db8::1]:443"}, "2001:db8::1"),
        ({"X_Real_IP": "203.0.113.9:5555"}, "203.0.113.9"),
        ({"X_Real_IP": ""}, "127.0.0.1"),
    ],
)
async def test_addresses_from_a_trusted_proxy(world: World, headers: dict[str, str], ip: str) -> None:
    assert (await seen(world, "127.0.0.1", **headers))[0] == ip


async def test_duplicate_and_garbage_headers_are_safe(world: World) -> None:
    async with world.client(peer="127.0.0.1") as client:
        twice = [
            ("X-Real-IP", "203.0.113.9"),
            ("X-Real-IP", "203.0.113.10"),
            ("X-Forwarded-Host", "a.test"),
            ("X-Forwarded-Host", "b"),
        ]
        data = (await client.get(PUBLIC, headers=twice)).json()["data"]
        assert (data["ip"], data["base_url"]) == ("127.0.0.1", "http://dms.test")
        for host in ("evil.test/path", "a b", "<x>", "-", ":80", "x" * 300):
            data = (await client.get(PUBLIC, headers={"X-Forwarded-Host": host, "X-Forwarded-Proto": "javascript"})).json()[
                "data"
            ]
            assert data["base_url"] == "http://dms.test"


async def test_links_follow_the_external_address_when_set(world: World) -> None:
    setting(world, EXTERNAL_HTTP_ADDRESS="https://dms.example/wildcore/")
    assert (await seen(world, "203.0.113.1"))[1] == "https://dms.example/wildcore"


async def test_another_real_ip_header(world: World) -> None:
    setting(world, PROXY_REAL_IP_HEADER="X-Forwarded-For", TRUSTED_PROXY_LIST=["10.0.0.0/8"])
    assert (await seen(world, "10.1.1.1", X_Real_IP="1.1.1.1", X_Forwarded_For="203.0.113.9"))[0] == "203.0.113.9"
    assert (await seen(world, "127.0.0.1", X_Forwarded_For="203.0.113.9"))[0] == "127.0.0.1"


async def test_a_trusted_network_acts_as_sys(world: World) -> None:
    setting(world, TRUSTED_HOST_NETWORK_LIST=["198.51.100.0/24"])
    key = world.member("reader", "sample_read")

    async def login(peer: str = "198.51.100.5", base: str = "http://192.0.2.1:8088", key: str = "", **headers: str) -> str | int:
        async with world.client(key, peer=peer, base=base, **headers) as client:
            answer = await client.get(WHO)
        return str(answer.json()["data"]["login"]) if answer.status_code == 200 else answer.status_code

    assert await login() == "sys"
    assert await login(base="http://localhost") == "sys"
    assert await login(origin="http://192.0.2.1:8088", sec_fetch_site="same-origin") == "sys"
    assert await login(key=key) == "reader"
    assert await login(key="bad") == 401
    assert await login(peer="198.51.101.5") == 401
    assert await login(origin="http://evil.test") == 401
    assert await login(origin="http://192.0.2.1:9999") == 401
    assert await login(origin="null") == 401
    assert await login(sec_fetch_site="cross-site") == 401
    assert await login(base="http://rebound.test") == 401
    for header in ("X_Real_IP", "X_Forwarded_For", "X_Forwarded_Host", "Forwarded"):
        assert await login(**{header: "198.51.100.5"}) == 401
    assert await login(peer="127.0.0.1", X_Real_IP="198.51.100.5") == "sys"
    assert await login(peer="127.0.0.1", X_Real_IP="203.0.113.5") == 401
    setting(world, EXTERNAL_HTTP_ADDRESS="https://dms.example")
    assert await login(base="http://dms.example") == "sys"


async def test_frame_ancestors_follow_the_settings(world: World) -> None:
    setting(
        world,
        IFRAME_ALLOWED_ORIGINS=["https://billing.example:443/admin", "ftp://x", "http://10.0.0.1:8080", "'self'; script-src *"],
    )
    async with world.client() as client:
        policy = (await client.get("/iframe/sample/X")).headers["content-security-policy"]
        assert policy.endswith("frame-ancestors https://billing.example http://10.0.0.1:8080")
        assert "'none'" in (await client.get("/sign-in")).headers["content-security-policy"].rpartition("frame-ancestors")[2]
