"""Below a path of a host that exists already: links, redirects, cookies, assets, scripts, pages inside billing, API."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from html.parser import HTMLParser
from pathlib import Path

import httpx
import pytest
from playwright.sync_api import sync_playwright

from tests.browser import CHROMIUM, FLAGS
from tests.docs.recipes import ROOT, blocks
from tests.nginx import NAME, Site, certificate, configuration, free_port, nginx
from tests.proxy.conftest import PREFIX, Behind, ident_of
from wildcore.web.prefix import html_with_root, with_root, without_root

pytestmark = [pytest.mark.system, pytest.mark.timeout(180)]

SHARED = """
server {{
    listen 127.0.0.1:{port} {tls};
    server_name {name};
    location / {{ return 404 "the other site\\n"; }}
    {location}
}}
"""
DOCUMENT = (ROOT / "docs" / "operating.md").read_text(encoding="utf-8")
DOCUMENTED = next(one.body for one in blocks(DOCUMENT) if one.heading.startswith("Below a path"))
WITHOUT_HEADER = DOCUMENTED.replace(f"proxy_set_header X-Forwarded-Prefix {PREFIX};", "")
PATH_PASSED_ON = WITHOUT_HEADER.replace(":8088/;", ":8088;")
assert len({DOCUMENTED, WITHOUT_HEADER, PATH_PASSED_ON}) == 3
ADDRESSES = re.compile(r"href|src|action|formaction|hx-(get|post|put|patch|delete|push-url|replace-url)|data-.+")


class Addresses(HTMLParser):
    """Every attribute's value that is a path."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.found: list[tuple[str, str]] = []
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found += [(name, value) for name, value in attrs if value and ADDRESSES.fullmatch(name) and value.startswith("/")]


@contextmanager
def shared_host(folder: Path, behind: int, location: str) -> Iterator[Site]:
    """nginx with something else at `/` and the product below the prefix, on http and https."""
    plain, secure = free_port(), free_port()
    chain, private = certificate(folder, NAME)
    certificates = f"ssl; ssl_certificate {chain}; ssl_certificate_key {private}"
    both = ((plain, ""), (secure, certificates))
    location = location.replace("localhost:8088", f"localhost:{behind}")
    http = "".join(SHARED.format(port=port, tls=tls, name=NAME, location=location) for port, tls in both)
    with nginx(configuration(folder, http), plain, secure):
        yield Site(plain, secure, chain, folder)


@pytest.fixture(params=["header", "setting", "setting, path passed on"])
def below(behind: Behind, tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Site]:
    """The ways to say it: nginx names its prefix, or the operator sets the address; nginx takes the prefix off, or not."""
    with ExitStack() as stack:
        if request.param != "header":
            stack.enter_context(behind.settings(EXTERNAL_HTTP_ADDRESS=f"https://{NAME}{PREFIX}"))
        location = {"header": DOCUMENTED, "setting": WITHOUT_HEADER}.get(request.param, PATH_PASSED_ON)
        yield stack.enter_context(shared_host(tmp_path / "nginx", behind.port, location))


def test_pages(behind: Behind, below: Site) -> None:
    with below.client() as client:
        start = client.get(f"{PREFIX}/devices?q=x")
        assert start.headers["location"] == f"{PREFIX}/sign-in?next=%2Fdevices%3Fq%3Dx"
        form = {"login": behind.product.login, "password": behind.product.password, "next": "/devices?q=x"}
        signed_in = client.post(f"{PREFIX}/sign-in", data=form, headers={"Origin": f"https://{NAME}"})
        assert signed_in.status_code == 303, signed_in.text
        assert signed_in.headers["location"] == f"{PREFIX}/devices?q=x"
        cookie = signed_in.headers["set-cookie"]
        assert f"; path={PREFIX};" in f"{cookie.lower()};"
        assert "; secure" in cookie.lower()
        headers = {"Cookie": cookie.partition(";")[0]}
        onu, _ident = ident_of(behind.product)
        olt, switch = behind.product.device("OLT"), behind.product.device("SWITCH")
        seen, waiting = set[str](), ["/", f"/interface/{onu}", f"/device/{olt}", f"/device/{switch}", "/configuration/system"]
        waiting = [f"{PREFIX}{path}" for path in waiting]
        while waiting and len(seen) < 60:
            path = waiting.pop(0)
            seen.add(path)
            answer = client.get(path, headers=headers)
            if answer.status_code == 303:
                assert answer.headers["location"].startswith(f"{PREFIX}/"), path
                waiting.append(answer.headers["location"])
                continue
            assert answer.status_code == 200, path
            assert "the other site" not in answer.text
            if not answer.headers["content-type"].startswith("text/html"):
                continue
            found = Addresses(answer.text).found
            wrong = [(name, value) for name, value in found if not value.startswith(f"{PREFIX}/") and value != PREFIX]
            assert wrong == [], path
            kinds = {re.sub(r"\d+", "1", one) for one in seen} | {re.sub(r"\d+", "1", one) for one in waiting}
            for name, value in found:
                kind = re.sub(r"\d+", "1", value)
                if name in ("href", "src", "hx-get") and "/live" not in value and kind not in kinds:
                    kinds.add(kind)
                    waiting.append(value)
        assert len(seen) > 15
        token = re.search(r'name="csrf-token" content="([^"]+)"', client.get(f"{PREFIX}/", headers=headers).text)
        assert token
        posted = {**headers, "X-CSRF-Token": token[1]}
        back = {"language": "uk", "back": f"{PREFIX}/devices?type=OLT"}
        chosen = client.post(f"{PREFIX}/account/language", data=back, headers=posted)
        assert chosen.headers["location"] == f"{PREFIX}/devices?type=OLT"
        client.cookies.clear()
        gone = client.get(
            f"{PREFIX}/devices", headers={"HX-Request": "true", "HX-Current-URL": f"https://{NAME}{PREFIX}/devices?q=1"}
        )
        assert gone.headers["hx-redirect"] == f"{PREFIX}/sign-in?next=%2Fdevices%3Fq%3D1"
        out = client.post(f"{PREFIX}/sign-out", headers=posted)
        assert out.headers["location"] == f"{PREFIX}/sign-in"
        assert f"; path={PREFIX};" in f"{out.headers['set-cookie'].lower()};"


def test_api_and_pages_inside_billing(behind: Behind, below: Site) -> None:
    onu, ident = ident_of(behind.product)
    base = f"https://{NAME}{PREFIX}"
    with below.client(headers={"X-Auth-Key": behind.product.key}) as client:
        diagnostic = f"{PREFIX}/api/v1/component/diagnostic/interface/{onu}"
        links = client.get(f"{diagnostic}/links").json()["data"]
        assert links["iframe"] == f"{base}/iframe/ont/{ident}"
        for link in links.values():
            path = link.removeprefix(f"https://{NAME}")
            assert path.startswith(f"{PREFIX}/")
            assert client.get(path).status_code in ((200,) if "/iframe/" in path or "/api/" in path else (200, 403)), path
        assert f'{base}/interface/{onu}"' in client.get(f"{diagnostic}/diag/html").text
        frame = client.get(f"{PREFIX}/iframe/ont/{ident}")
        assert "frame-ancestors 'none'" not in frame.headers["content-security-policy"]
        assert [value for _name, value in Addresses(frame.text).found if not value.startswith(f"{PREFIX}/")] == []
        assert "/iframe/interface/" in frame.text
        description = client.get(f"{PREFIX}/swagger/openapi.json").json()
        assert description["servers"] == [{"url": PREFIX}]
        page = client.get(f"{PREFIX}/swagger/").text
        assert f'url: "{PREFIX}/swagger/openapi.json"' in page
        for _name, asset in Addresses(page).found:
            assert client.get(asset).status_code == 200
        trailing = client.get(f"{PREFIX}/api/v1/device/")
        assert trailing.status_code in (200, 403)


@pytest.mark.browser
def test_in_a_browser(behind: Behind, tmp_path: Path) -> None:
    """Signing in, htmx requests, the search, charts and a change of settings: nothing asks above the prefix."""
    if not Path(CHROMIUM).exists():
        pytest.skip("chromium is not installed")
    with shared_host(tmp_path / "nginx", behind.port, DOCUMENTED) as site, sync_playwright() as playwright:
        rules = f"--host-resolver-rules=MAP {NAME}:443 127.0.0.1:{site.https}"
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=[*FLAGS, rules])
        page = browser.new_context(ignore_https_errors=True, locale="uk-UA").new_page()
        asked: list[str] = []
        problems: list[str] = []
        page.on("request", lambda request: asked.append(request.url))
        page.on("console", lambda said: problems.append(said.text) if said.type == "error" else None)
        page.on("pageerror", lambda error: problems.append(str(error)))
        page.goto(f"https://{NAME}{PREFIX}/devices")
        page.fill("[name=login]", behind.product.login)
        page.fill("[name=password]", behind.product.password)
        page.click("button[type=submit]")
        page.wait_for_url(f"https://{NAME}{PREFIX}/devices")
        page.select_option("[name=type]", "OLT")
        page.wait_for_url(re.compile("type=OLT"))
        page.click("a.wc-rowlink >> nth=0")
        page.wait_for_url(re.compile(rf"{PREFIX}/device/\d+"))
        page.locator("details[data-branch] summary").first.click()
        page.click("details[open] a.wc-rowlink >> nth=0")
        page.wait_for_url(re.compile(rf"{PREFIX}/interface/\d+"))
        page.wait_for_selector("#iface[data-live=done]", timeout=30_000)
        page.wait_for_selector("[id^=chart-] .u-legend, [id^=chart-] .wc-chart-msg")
        page.fill("#wc-search", "onu")
        page.wait_for_selector(".wc-hit")
        page.fill("#wc-search", "zzzz")
        page.locator(".wc-hit").first.wait_for(state="detached")
        page.keyboard.press("Enter")
        page.wait_for_url(re.compile(rf"{PREFIX}/search\?q=zzzz"))
        browser.close()
        assert [url for url in asked if not url.startswith((f"https://{NAME}{PREFIX}/", "data:"))] == []
        assert problems == []


def test_a_prefix_that_somebody_else_sends_is_not_believed(behind: Behind) -> None:
    bad = ("//evil.example", '/a"onload=x', "/../x", "evil", "/a b", "/" + "x/" * 50, "/%2e%2e", "https://evil.example/")
    for prefix in bad:
        answer = httpx.get(f"{behind.product.url}/devices", headers={"X-Forwarded-Prefix": prefix}, timeout=30)
        assert answer.headers["location"] == "/sign-in?next=%2Fdevices", prefix
    with behind.settings(TRUSTED_PROXY_LIST=["192.0.2.1"]):
        answer = httpx.get(f"{behind.product.url}/devices", headers={"X-Forwarded-Prefix": "/wildcore"}, timeout=30)
        assert answer.headers["location"] == "/sign-in?next=%2Fdevices"


def test_a_prefix_in_a_header_opens_no_other_path(behind: Behind) -> None:
    """nginx may close /api/ to outsiders: a header must not make another path mean it."""
    answer = httpx.get(f"{behind.product.url}/x/api/v1/auth/info", headers={"X-Forwarded-Prefix": "/x"}, timeout=30)
    assert answer.status_code == 404


def test_pages_asked_directly_work_beside_an_external_address(behind: Behind) -> None:
    with behind.settings(EXTERNAL_HTTP_ADDRESS=f"https://{NAME}{PREFIX}"):
        form = {"login": behind.product.login, "password": behind.product.password}
        with httpx.Client(base_url=behind.product.url, timeout=30, follow_redirects=True) as client:
            page = client.post("/sign-in", data=form)
            assert page.status_code == 200
            assert page.url.path == f"{PREFIX}/"
            assert client.get(f"{PREFIX}/devices").url.path == f"{PREFIX}/devices"


def test_paths_and_markup() -> None:
    assert with_root("/w", "/devices?x=/") == "/w/devices?x=/"
    assert with_root("/w", "/w") == "/w"
    assert with_root("/w", "/w/devices") == "/w/devices"
    assert with_root("/w", "/wide") == "/w/wide"
    assert with_root("/w", "//evil") == "//evil"
    assert with_root("", "/devices") == "/devices"
    assert without_root("/w", "/w/devices") == "/devices"
    assert without_root("/w", "/w?x") == "/?x"
    assert without_root("/w", "/wide") == "/wide"
    html = '<a href="/x?a=1&amp;b=2" title="/x" data-href=\'/y\'><img src="//cdn/x"><input value="/z">'
    html += ' href=&#34;/q&#34; <a href="#a">'
    assert html_with_root("/w", html) == html.replace('href="/x', 'href="/w/x').replace("'/y", "'/w/y")
    assert html_with_root("", html) == html
