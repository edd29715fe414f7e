"""The pages inside billing: opened with a key and no cookie, scaled, denied in one sentence."""

from __future__ import annotations

import re

import httpx
import pytest
from playwright.sync_api import Request, expect

from tests.pages.conftest import OpenTab, Site

pytestmark = [pytest.mark.browser, pytest.mark.system, pytest.mark.timeout(180)]

DENIED = "Wildcore iframe permission denied"
FRAME = (900, 600)


def ident_of(site: Site, onu: int) -> str:
    return str(site.sql("select ident from interfaces where id = ?", onu)[0][0])


def test_onu_page_with_a_key(site: Site, open_tab: OpenTab) -> None:
    tab = open_tab("/iframe/ont/" + ident_of(site, site.onu()) + f"?x-auth-key={site.key}", size=FRAME, signed_in=False)
    page = tab.page
    assert "auth-key" not in page.url
    assert page.evaluate("sessionStorage.getItem('wc-key')") == site.key
    asked: list[Request] = []
    page.on("request", lambda request: asked.append(request))
    expect(page.locator("#iface[data-live=done]")).to_be_visible(timeout=20_000)
    expect(page.locator(".wc-head, .wc-side")).to_have_count(0)
    expect(page.locator(".wc-strip-state b")).to_have_text("в мережі")
    page.click("[data-refresh]")
    page.wait_for_selector("#iface[data-live=done]")
    ours = [request for request in asked if "/iframe/" in request.url]
    assert ours
    assert all(request.headers.get("x-auth-key") == site.key and site.key not in request.url for request in ours)
    assert page.context.cookies() == []
    assert tab.too_wide <= 0
    assert site.key not in page.content()


def test_links_inside_keep_the_key(site: Site, open_tab: OpenTab) -> None:
    onu = site.onu()
    page = open_tab(f"/iframe/interface/{onu}?X-Auth-Key={site.key}", size=FRAME, signed_in=False).page
    page.wait_for_selector("#iface[data-live=done]", timeout=20_000)
    page.locator("a[href^='/iframe/interface/']").first.click()
    expect(page).not_to_have_url(re.compile(f"/iframe/interface/{onu}$"))
    expect(page.locator(".wc-strip")).to_be_visible()
    expect(page.locator("#iface[data-live=done]")).to_be_visible(timeout=20_000)
    page.go_back()
    expect(page).to_have_url(re.compile(f"/iframe/interface/{onu}$"))
    expect(page.locator("#iface .wc-strip-signals .wc-signal").first).to_be_visible()


def test_port_page_by_address_and_number(site: Site, open_tab: OpenTab) -> None:
    ip, name, num = site.sql(
        "select d.ip, i.name, i.port_num from interfaces i join devices d on d.id = i.device_id"
        " where d.id = ? and i.status = 'Up' and i.port_num is not null limit 1",
        site.device("SWITCH"),
    )[0]
    page = open_tab(f"/iframe/port/{ip}/{num}?x-auth-key={site.key}", size=FRAME, signed_in=False).page
    expect(page.locator("h1")).to_contain_text(str(name))
    expect(page.locator(".wc-strip-state b")).to_have_text("лінк є")


@pytest.mark.parametrize("path", ["/iframe/ont/ZTEGFFFFFFFF", "/iframe/port/192.0.2.1/3", "/iframe/interface/987654321"])
def test_unknown_place_says_so_in_one_line(site: Site, path: str) -> None:
    answer = httpx.get(site.url + path, headers={"X-Auth-Key": site.key})
    assert answer.status_code == 404
    text = re.sub(r"<[^>]+>", "", answer.text[answer.text.index("<main") : answer.text.index("</main>")]).split()
    assert 2 < len(text) < 12


@pytest.mark.parametrize("key", ["", "00000000-0000-4000-8000-000000000000"])
def test_without_a_good_key_one_sentence_and_nothing_else(site: Site, session_state: object, key: str) -> None:
    assert isinstance(session_state, dict)
    cookies = {one["name"]: one["value"] for one in session_state["cookies"]}  # a cookie must not help
    headers = {"X-Auth-Key": key} if key else {}
    for path in (f"/iframe/interface/{site.onu()}", "/iframe/ont/ZTEGFFFFFFFF", "/iframe/interface/1/live"):
        answer = httpx.get(site.url + path, headers=headers, cookies=cookies)
        assert (answer.status_code, answer.text) == (403, DENIED)


def test_scale_of_the_pages_inside_billing(site: Site, open_tab: OpenTab) -> None:
    admin = open_tab("/configuration/system")
    admin.page.fill("#f-WEB_ZOOM_IFRAME", "0.75")
    admin.page.click("#section-web [type=submit]")
    expect(admin.page.locator(".wc-toast")).to_be_visible()
    try:
        page = open_tab(f"/iframe/interface/{site.onu()}?x-auth-key={site.key}", size=FRAME, signed_in=False).page
        assert page.evaluate("document.documentElement.style.zoom") == "0.75"
    finally:
        admin.page.click("#setting-WEB_ZOOM_IFRAME [data-default]")
        admin.page.click("#section-web [type=submit]")
        expect(admin.page.locator("#section-web.wc-dirty")).to_have_count(0)
