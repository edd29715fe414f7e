"""Pages: the session's cookie, CSRF, sign-in and out, language, pages inside billing."""

from __future__ import annotations

import re

import httpx
import pytest

from wildcore.kit.http import LANGUAGE_COOKIE, SESSION_COOKIE

from .conftest import PASSWORD, World

DENIED = "Wildcore iframe permission denied"


async def sign_in(
    client: httpx.AsyncClient, login: str = "owner", password: str = PASSWORD, place: str = "/sample"
) -> httpx.Response:
    return await client.post("/sign-in", data={"login": login, "password": password, "next": place})


async def token_of(client: httpx.AsyncClient) -> str:
    found = re.search(r'id="token">([0-9a-f]{64})<', (await client.get("/sample")).text)
    assert found is not None
    return found[1]


async def test_people_sign_in_and_come_back_where_they_were(world: World) -> None:
    world.user("owner", language="en")
    async with world.client() as client:
        answer = await client.get("/sample?a=1&x-auth-key=zzz")
        assert (answer.status_code, answer.headers["location"]) == (303, "/sign-in?next=%2Fsample%3Fa%3D1")
        assert "password" in (await client.get("/sign-in")).text
        answer = await sign_in(client, password="wrong")
        assert answer.status_code == 401
        assert SESSION_COOKIE not in answer.cookies
        answer = await sign_in(client, place="/sample?a=1")
        assert (answer.status_code, answer.headers["location"]) == (303, "/sample?a=1")
        cookie = answer.headers["set-cookie"].lower()
        assert "httponly" in cookie
        assert "samesite=lax" in cookie
        assert "secure" not in cookie
        assert (await client.get("/sample")).status_code == 200
        assert (await client.get("/sign-in")).status_code == 303


async def test_the_cookie_is_secure_behind_https(world: World) -> None:
    world.user("owner")
    async with world.client(peer="127.0.0.1", X_Forwarded_Proto="https", X_Real_IP="203.0.113.9") as client:
        assert "secure" in (await sign_in(client)).headers["set-cookie"].lower()


@pytest.mark.parametrize(
    "place", ["https://evil.test", "//evil.test", "/\\evil.test", "javascript:alert(1)", "\\\\evil", "/%0d%0ax:y\r\n"]
)
async def test_nobody_is_sent_to_another_host(world: World, place: str) -> None:
    world.user("owner")
    async with world.client() as client:
        location = (await sign_in(client, place=place)).headers["location"]
    assert location.startswith("/")
    assert not location.startswith(("//", "/\\"))
    assert "evil" not in location


async def test_what_changes_something_needs_the_token(world: World) -> None:
    world.user("owner")
    async with world.client() as client:
        await sign_in(client)
        token = await token_of(client)
        assert (await client.post("/sample", data={"word": "x"})).status_code == 403
        assert (await client.post("/sample", data={"word": "x", "csrf_token": "0" * 64})).status_code == 403
        answer = await client.post("/sample", data={"word": "x", "csrf_token": token})
        assert (answer.status_code, answer.headers["location"]) == (303, "/sample?word=x")
        assert (await client.post("/api/v1/sample", json={"name": "n"})).status_code == 403
        answer = await client.post("/api/v1/sample", json={"name": "n"}, headers={"X-CSRF-Token": token})
        assert answer.status_code == 200, answer.text


async def test_the_cookie_does_not_count_for_other_sites(world: World) -> None:
    world.user("owner")
    async with world.client() as client:
        await sign_in(client)
        token = {"X-CSRF-Token": await token_of(client)}
        assert (await client.get("/api/v1/sample")).status_code == 200
        for foreign in ({"Sec-Fetch-Site": "cross-site"}, {"Sec-Fetch-Site": "same-site"}):
            assert (await client.get("/api/v1/sample", headers=foreign)).status_code == 401
            assert (await client.post("/api/v1/sample", json={"name": "n"}, headers={**foreign, **token})).status_code == 401
        answer = await client.post("/api/v1/sample", json={"name": "n"}, headers={"Origin": "https://evil.test", **token})
        assert answer.status_code == 401
        followed = {"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "navigate", "Sec-Fetch-Dest": "document"}
        assert (await client.get("/sample", headers=followed)).status_code == 200
        assert (await client.get("/sample", headers={**followed, "Sec-Fetch-Dest": "iframe"})).status_code == 303


async def test_signing_in_by_another_sites_form_is_refused(world: World) -> None:
    world.user("owner")
    async with world.client(sec_fetch_site="cross-site") as client:
        assert (await sign_in(client)).status_code == 403


async def test_signing_out_ends_the_key(world: World) -> None:
    world.user("owner")
    async with world.client() as client:
        await sign_in(client)
        key = client.cookies[SESSION_COOKIE]
        answer = await client.post("/sign-out", data={"csrf_token": await token_of(client)})
        assert answer.headers["location"] == "/sign-in"
        assert SESSION_COOKIE not in client.cookies
    async with world.client(key) as client:
        assert (await client.get("/api/v1/user/self")).status_code == 401


async def test_fragments_lead_the_whole_page_to_sign_in(world: World) -> None:
    async with world.client(hx_request="true", hx_current_url="http://dms.test/sample?tab=2") as client:
        answer = await client.get("/sample")
    assert (answer.status_code, answer.headers["hx-redirect"]) == (401, "/sign-in?next=%2Fsample%3Ftab%3D2")


async def test_missing_rights_are_a_page(world: World) -> None:
    async with world.client(world.member("nobody")) as client:
        answer = await client.get("/sample")
        missing = await client.get("/no/such/page")
    for refused, status in ((answer, 403), (missing, 404)):
        assert refused.status_code == status
        assert refused.headers["content-type"].startswith("text/html")
        assert "<main" in refused.text
        assert 'href="/"' in refused.text


async def test_language_by_user_cookie_browser_and_default(world: World) -> None:
    plain, english = world.member("plain", "sample_read"), world.key(world.user("owner", language="en"))

    async def shown(key: str, **headers: str) -> str:
        async with world.client(key, **headers) as client:
            found = re.findall(r"<p>(uk|en)</p>", (await client.get("/sample")).text)
            return str(found[0])

    assert await shown(plain) == "uk"
    assert await shown(plain, accept_language="de, en;q=0.8, uk;q=0.7") == "en"
    assert await shown(plain, accept_language="en", cookie=f"{LANGUAGE_COOKIE}=uk") == "uk"
    assert await shown(english, cookie=f"{LANGUAGE_COOKIE}=uk", accept_language="uk") == "en"
    async with world.client() as client:
        answer = await client.post("/account/language", data={"language": "en", "back": "/sign-in"})
        assert answer.headers["location"] == "/sign-in"
        assert 'lang="en"' in (await client.get("/sign-in")).text


async def test_pages_inside_billing_open_with_the_key_only(world: World) -> None:
    right = world.member("operator", "olts_info", "user_self_control")
    lacking = world.member("lacking", "olts_info")
    async with world.client() as client:
        for way in ({"headers": {"X-Auth-Key": right}}, {"params": {"X-AUTH-KEY": right}}):
            answer = await client.get("/iframe/sample/ZTEG", **way)  # type: ignore[arg-type]
            assert (answer.status_code, answer.text) == (200, "ONU ZTEG for operator")
            assert "set-cookie" not in answer.headers
        for key in ("", lacking, "unknown", right[:-1]):
            answer = await client.get("/iframe/sample/ZTEG", params={"x-auth-key": key})
            assert (answer.status_code, answer.text) == (403, DENIED)
        answer = await client.get("/iframe/sample/ZTEG", headers={"Cookie": f"{SESSION_COOKIE}={right}"})
        assert (answer.status_code, answer.text) == (403, DENIED)
    world.clock.ahead = 7200
    async with world.client(right) as client:
        assert (await client.get("/iframe/sample/ZTEG")).text == DENIED


async def test_an_unknown_iframe_page(world: World) -> None:
    async with world.client() as client:
        answer = await client.get("/iframe/unheard/of")
        assert (answer.status_code, answer.text) == (403, DENIED)
    async with world.client(world.key(world.user("owner"))) as client:
        assert (await client.get("/iframe/unheard/of")).status_code == 404


async def test_trusted_networks_open_no_pages(world: World) -> None:
    with world.runtime.db.write() as session:
        world.runtime.settings.set(session, {"TRUSTED_HOST_NETWORK_LIST": ["198.51.100.0/24"]})
    world.runtime.settings.forget()
    async with world.client(peer="198.51.100.5", base="http://192.0.2.1") as client:
        assert (await client.get("/api/v1/sample")).status_code == 200
        assert (await client.get("/sample")).status_code == 303
        assert (await client.get("/iframe/sample/X")).text == DENIED


async def test_too_many_failures_block_this_login_from_this_address(world: World) -> None:
    world.user("owner")
    world.user("other")
    async with world.client() as client:
        for _ in range(3):
            assert (await sign_in(client, password="wrong")).status_code == 401
        assert (await sign_in(client)).status_code == 429
        blocked = await client.post("/api/v1/auth", json={"login": "owner", "password": PASSWORD})
        assert (blocked.status_code, blocked.json()["error"]["type"]) == (403, "NOT_ALLOWED")
        assert (await sign_in(client, login="other")).status_code == 303
    async with world.client(peer="203.0.113.8") as client:
        assert (await sign_in(client)).status_code == 303
