"""Behind the nginx file of MikBill's documentation, as it is: everything that names us or the caller is right with no setting."""

from __future__ import annotations

import re
import secrets

import httpx
import pytest

from tests.nginx import NAME
from tests.proxy.conftest import Behind, ident_of

pytestmark = [pytest.mark.system, pytest.mark.timeout(180)]

SCHEMES = pytest.mark.parametrize("scheme", ["http", "https"])
OWN_LINKS = re.compile(r"""(?:href|src|action|hx-get|hx-post|data-put|data-href)=["']([^"'#][^"']*)["']""")


@SCHEMES
def test_signing_in(behind: Behind, scheme: str) -> None:
    with behind.nginx.client(scheme) as client:
        start = client.get("/devices")
        assert (start.status_code, start.headers["location"]) == (303, "/sign-in?next=%2Fdevices")
        form = {"login": behind.product.login, "password": behind.product.password, "next": "/devices"}
        browser = {"Origin": f"{scheme}://{NAME}", "Sec-Fetch-Site": "same-origin", "Sec-Fetch-Mode": "navigate"}
        signed_in = client.post("/sign-in", data=form, headers=browser)
        assert (signed_in.status_code, signed_in.headers["location"]) == (303, "/devices")
        cookie = signed_in.headers["set-cookie"]
        assert cookie.startswith("wildcore_session=")
        parts = {part.strip().lower() for part in cookie.split(";")[1:]}
        assert {"httponly", "samesite=lax", "path=/"} <= parts
        assert ("secure" in parts) == (scheme == "https")
        assert not any(part.startswith("domain=") for part in parts)
        page = client.get("/devices", headers={"Cookie": cookie.partition(";")[0]})
        assert page.status_code == 200
        assert "frame-ancestors 'none'" in page.headers["content-security-policy"]
        assert page.headers["x-frame-options"] == "DENY"
        links = OWN_LINKS.findall(page.text)
        assert len(links) > 20
        assert [link for link in links if not re.match(r"/(?!/)", link)] == []
        token = re.search(r'name="csrf-token" content="([^"]+)"', page.text)
        assert token
        out = client.post(
            "/sign-out", headers={"Cookie": cookie.partition(";")[0], "X-CSRF-Token": token[1], "Origin": f"{scheme}://{NAME}"}
        )
        assert (out.status_code, out.headers["location"]) == (303, "/sign-in")
        assert ("secure" in out.headers["set-cookie"].lower()) == (scheme == "https")


@SCHEMES
def test_addresses_in_answers(behind: Behind, scheme: str) -> None:
    onu, ident = ident_of(behind.product)
    base = f"{scheme}://{NAME}"
    diagnostic = f"/api/v1/component/diagnostic/interface/{onu}"
    with behind.nginx.client(scheme, headers={"X-Auth-Key": behind.product.key}) as client:
        links = client.get(f"{diagnostic}/links").json()["data"]
        assert links["iframe"] == f"{base}/iframe/ont/{ident}"
        assert all(link.startswith(f"{base}/") for link in links.values())
        card = client.get(f"{diagnostic}/diag/html").text
        assert f'{base}/interface/{onu}"' in card
        card = re.sub(r'href="[^"]*#clientcard/[^"]*"', "", card)  # billing's own address
        assert "localhost" not in card
        assert "127.0.0.1" not in re.sub(r"127\.0\.\d+\.\d+(?!:)", "", card)
        description = client.get("/swagger/openapi.json").json()
        assert description["servers"] == [{"url": "/"}]
        assert 'url: "/swagger/openapi.json"' in client.get("/swagger/").text
        assert "servers:\n- url: /\n" in client.get("/swagger/openapi.yaml").text


@SCHEMES
def test_iframe_page(behind: Behind, scheme: str) -> None:
    _onu, ident = ident_of(behind.product)
    with (
        behind.settings(IFRAME_ALLOWED_ORIGINS=["https://billing.provider.example"]),
        behind.nginx.client(scheme, headers={"Referer": "https://billing.provider.example/card"}) as client,
    ):
        page = client.get(f"/iframe/ont/{ident}", params={"x-auth-key": behind.product.key})
        assert page.status_code == 200
        ancestors = page.headers["content-security-policy"].rpartition("frame-ancestors ")[2].split()
        assert "https://billing.provider.example" in ancestors
        assert "x-frame-options" not in page.headers
        assert page.headers["referrer-policy"] == "no-referrer"
        assert "set-cookie" not in page.headers
        assert page.headers["cache-control"] == "no-store"
        denied = client.get(f"/iframe/ont/{ident}")
        assert (denied.status_code, denied.text) == (403, "Wildcore iframe permission denied")


def test_the_log_names_the_real_client_and_no_key(behind: Behind) -> None:
    mark = secrets.token_hex(6)
    with behind.nginx.client("https", headers={"X-Forwarded-For": "198.51.100.77"}) as client:
        client.get(f"/iframe/ont/{mark}", params={"x-auth-key": behind.product.key})
    # X-Real-IP, which nginx sets, before what the caller sent
    assert f'127.0.0.1 "GET /iframe/ont/{mark}"' in behind.logged(mark)
    assert behind.product.key not in behind.log.partition("Ready")[2]


def direct(behind: Behind, mark: str, headers: list[tuple[str, str]]) -> str:
    """The address that our log shows for a request to the product itself."""
    httpx.get(f"{behind.product.url}/api/v1/nothing/{mark}", headers=headers, timeout=30)
    line = behind.logged(mark)
    found = re.search(r'(\S+) "GET ', line)
    assert found, line
    return found[1]


@pytest.mark.parametrize(
    ("headers", "address"),
    [
        ([("X-Real-IP", "203.0.113.9"), ("X-Forwarded-For", "198.51.100.1")], "203.0.113.9"),
        ([("X-Forwarded-For", "198.51.100.1, 203.0.113.9, 127.0.0.7")], "203.0.113.9"),
        ([("X-Forwarded-For", "198.51.100.1"), ("X-Forwarded-For", "203.0.113.9, 127.0.0.7")], "203.0.113.9"),
        ([("X-Real-IP", "2001:db8::17")], "2001:db8::17"),
        ([("X-Forwarded-For", '198.51.100.1, "[2001:db8::17]:4711"')], "127.0.0.1"),
        ([("X-Forwarded-For", "198.51.100.1, [2001:db8::17]:4711")], "2001:db8::17"),
        ([("X-Real-IP", "[2001:db8::17"), ("X-Forwarded-For", "unknown")], "127.0.0.1"),
        ([("X-Real-IP", "::ffff:203.0.113.9")], "203.0.113.9"),
        ([("X-Real-IP", "<script>, 1.2.3.4"), ("X-Forwarded-For", ", ,")], "127.0.0.1"),
        ([("X-Real-IP", "9" * 5000)], "127.0.0.1"),
    ],
)
def test_addresses_that_a_trusted_proxy_may_send(behind: Behind, headers: list[tuple[str, str]], address: str) -> None:
    mark = secrets.token_hex(6)
    assert direct(behind, mark, headers) == address
    with behind.settings(TRUSTED_PROXY_LIST=["192.0.2.0/24"]):
        assert direct(behind, secrets.token_hex(6), headers) == "127.0.0.1"


def test_headers_of_a_peer_that_is_no_proxy_count_for_nothing(behind: Behind) -> None:
    onu, _ident = ident_of(behind.product)
    path = f"/api/v1/component/diagnostic/interface/{onu}/links"
    with (
        behind.settings(TRUSTED_PROXY_LIST=["192.0.2.0/24"]),
        behind.nginx.client("https", headers={"X-Auth-Key": behind.product.key, "X-Forwarded-Prefix": "/evil"}) as client,
    ):
        links = client.get(path).json()["data"]
        assert all(link.startswith(f"http://{NAME}/") for link in links.values())
        unsigned = client.get("/devices", headers={"X-Auth-Key": ""})
        assert unsigned.headers["location"].startswith("/sign-in")


@pytest.mark.parametrize(
    ("address", "base"),
    [
        ("https://dms.example:8443/", "https://dms.example:8443"),
        ("https://dms.example/a/b/?x#y", "https://dms.example/a/b"),
        ("https://dms.example/a b", "https://dms.example"),
    ],
)
def test_an_external_address_is_used_when_it_is_one(behind: Behind, address: str, base: str) -> None:
    onu, _ident = ident_of(behind.product)
    path = f"/api/v1/component/diagnostic/interface/{onu}/links"
    with (
        behind.settings(EXTERNAL_HTTP_ADDRESS=address),
        behind.nginx.client("https", headers={"X-Auth-Key": behind.product.key}) as client,
    ):
        assert client.get(path).json()["data"]["interface"] == f"{base}/interface/{onu}"


@pytest.mark.parametrize("address", ["dms.example", "javascript:alert(1)", "https://[::1"])
def test_an_external_address_that_is_none_is_refused_and_links_follow_the_request(behind: Behind, address: str) -> None:
    onu, _ident = ident_of(behind.product)
    with behind.nginx.client("https", headers={"X-Auth-Key": behind.product.key}) as client:
        owner = {"X-Auth-Key": behind.owner_key()}
        refused = client.put("/api/v1/system/configuration", json={"EXTERNAL_HTTP_ADDRESS": address}, headers=owner)
        assert refused.status_code == 400
        assert "EXTERNAL_HTTP_ADDRESS" in refused.json()["error"]["description"]
        links = client.get(f"/api/v1/component/diagnostic/interface/{onu}/links").json()["data"]
        assert links["interface"] == f"https://{NAME}/interface/{onu}"


def test_the_session_cookie_fits_how_the_person_came(behind: Behind) -> None:
    form = {"login": behind.product.login, "password": behind.product.password}
    with behind.settings(EXTERNAL_HTTP_ADDRESS=f"https://{NAME}"):
        # Directly by http, beside the external address: a Secure cookie would be lost, and nobody could sign in.
        plain = httpx.post(f"{behind.product.url}/sign-in", data=form, timeout=30)
        assert "secure" not in plain.headers["set-cookie"].lower()
        # A proxy that passes on the name but not the scheme.
        named = httpx.post(f"{behind.product.url}/sign-in", data=form, headers={"Host": NAME}, timeout=30)
        assert "secure" in named.headers["set-cookie"].lower()
