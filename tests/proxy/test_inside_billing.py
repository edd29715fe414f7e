"""Our pages inside billing's page: another site, https on both, third-party cookies blocked; nothing of ours needs one."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest
from playwright.sync_api import Frame, Page, Request, expect, sync_playwright

from tests.browser import CHROMIUM, FLAGS
from tests.nginx import NAME, certificate, free_port, need_nginx, seed_nginx
from tests.proxy.conftest import BILLING, Behind, ident_of

pytestmark = [pytest.mark.system, pytest.mark.browser, pytest.mark.timeout(180)]

PARENT = """
server {{
    listen 127.0.0.1:{port} ssl;
    server_name {name};
    ssl_certificate {chain};
    ssl_certificate_key {private};
    root {folder};
    location = /tracker.html {{ add_header Set-Cookie "probe=1; Secure; SameSite=None; Path=/"; }}
}}
"""
TRACKER = "tracker.example"
BLOCK_THIRD_PARTY = {"profile": {"block_third_party_cookies": True, "cookie_controls_mode": 1}}


@contextmanager
def billing_page(behind: Behind, folder: Path, frame: str, referrer: str = "") -> Iterator[Page]:
    """Billing's page in a browser: our page in a frame of it, and a third site that would like to set a cookie."""
    need_nginx()
    if not Path(CHROMIUM).exists():
        pytest.skip("chromium is not installed")
    (folder / "site").mkdir()
    (folder / "site" / "card.html").write_text(
        f'<!doctype html><title>card</title><iframe name="ours" width="900" height="600" src="{frame}" {referrer}></iframe>'
        f'<iframe name="probe" src="https://{TRACKER}/tracker.html"></iframe>'
    )
    (folder / "site" / "tracker.html").write_text("<!doctype html><title>tracker</title>")
    other = free_port()
    chain, private = certificate(folder / "other", BILLING, TRACKER)
    parents = "".join(
        PARENT.format(port=other, name=name, chain=chain, private=private, folder=folder / "site") for name in (BILLING, TRACKER)
    )
    profile = folder / "profile" / "Default"
    profile.mkdir(parents=True)
    (profile / "Preferences").write_text(json.dumps(BLOCK_THIRD_PARTY))
    with seed_nginx(folder / "nginx", behind.port, more=parents) as site, sync_playwright() as playwright:
        rules = ", ".join(
            [f"MAP {NAME}:443 127.0.0.1:{site.https}", *(f"MAP {n}:443 127.0.0.1:{other}" for n in (BILLING, TRACKER))]
        )
        context = playwright.chromium.launch_persistent_context(
            str(folder / "profile"),
            executable_path=CHROMIUM,
            args=[*FLAGS, f"--host-resolver-rules={rules}"],
            ignore_https_errors=True,
            locale="uk-UA",
        )
        try:
            yield context.new_page()
        finally:
            context.close()


def show(behind: Behind, folder: Path, path: str, act: Callable[[Page, Frame], None]) -> None:
    """Open the card and see our page in it: filled, refreshed from the device, without cookies and without the key anywhere.

    `act` goes on in the frame: what it asks for is checked as well.
    """
    key = employee_key(behind)
    frame = f"https://{NAME}{path}?x-auth-key={key}"
    with (
        behind.settings(IFRAME_ALLOWED_ORIGINS=[f"https://{BILLING}"]),
        billing_page(behind, folder, frame) as page,
    ):
        asked: list[Request] = []
        page.on("request", lambda request: asked.append(request))
        page.goto(f"https://{BILLING}/card.html")
        ours = page.frame("ours")
        assert ours
        ours.wait_for_selector("#iface[data-live=done]", timeout=40_000)
        assert "auth-key" not in ours.url
        assert ours.url.startswith(f"https://{NAME}/iframe/")
        ours.click("[data-refresh]")
        ours.wait_for_selector("#iface[data-live=asking], #iface .wc-busy:visible, #iface[data-live=done]")
        ours.wait_for_selector("#iface[data-live=done]", timeout=40_000)
        act(page, ours)
        probe = page.frame("probe")
        assert probe
        probe.wait_for_load_state()
        assert page.context.cookies() == []  # ours wants none, the third site's was refused
        mine = [request for request in asked if NAME in request.url]
        live = [request for request in mine if "/live" in request.url]
        assert live
        assert all(key not in request.url and request.headers["x-auth-key"] == key for request in live)
        assert all("cookie" not in request.all_headers() for request in mine)
        own = [one for one in mine if "/iframe/" in one.url or "/api/" in one.url]
        assert all(one.headers["x-auth-key"] == key for one in own if one.url != frame)
        # a request given up when a link was pressed has only the headers it would have had
        within = [request for request in mine if request.url != frame and not request.failure]
        assert within
        assert all("referer" not in request.all_headers() for request in within)
        assert key not in ours.content()
    assert key not in behind.log.partition("Ready")[2]
    assert re.search(r'"GET /iframe/', behind.log)


def employee_key(behind: Behind) -> str:
    """What billing gets for its employee before it opens the frame."""
    answer = httpx.post(
        f"{behind.product.url}/api/v1/system/cross-auth", json={"login": "operator"}, headers={"X-Auth-Key": behind.product.key}
    )
    return str(answer.json()["data"]["auth_key"])


def use_onu(page: Page, ours: Frame) -> None:
    """Follow a link and come back, describe the ONU, take a table along, look at another chart."""
    name = ours.locator("h1 button").inner_text()
    ours.locator("a[href^='/iframe/interface/']").first.click()
    expect(ours.locator("h1 button")).not_to_have_text(name)
    ours.wait_for_url("**/iframe/interface/**")  # the address is written after the page: back before that would leave billing
    expect(ours.locator("#iface[data-live=done]")).to_be_visible(timeout=40_000)
    ours.evaluate("history.back()")
    expect(ours.locator("h1 button")).to_have_text(name)
    expect(ours.locator("#iface[data-live=done]")).to_be_visible(timeout=40_000)
    with page.expect_download() as download:
        ours.locator("button[data-export]").first.click()
    assert download.value.suggested_filename.endswith(".csv")
    with page.expect_response(lambda one: "history.json" in one.url and "onu_tx_dbm" in one.url and one.ok):
        ours.get_by_role("button", name="TX", exact=True).click()
    ours.locator(".wc-kv").get_by_role("button", name="Змінити опис").click()
    ours.fill("[data-answer]", "У рамці")
    ours.locator("#wc-confirm").get_by_role("button", name="Зберегти").click()
    expect(ours.locator(".wc-toast")).to_contain_text("записано")
    expect(ours.locator("h1")).to_contain_text("У рамці")


def use_port(page: Page, ours: Frame) -> None:
    """Take a table along."""
    with page.expect_download() as download:
        ours.locator("button[data-export]").first.click()
    assert download.value.suggested_filename.endswith(".csv")


def test_onu(behind: Behind, tmp_path: Path) -> None:
    query = (
        "select i.ident from interfaces i join devices d on d.id = i.device_id join device_models m on m.id = d.model_id"
        " where m.family = 'bdcom_epon' and i.type = 'ONU' and i.status = 'Online' order by i.id limit 1"
    )
    show(behind, tmp_path, f"/iframe/ont/{behind.product.sql(query)[0][0]}", use_onu)


def test_port(behind: Behind, tmp_path: Path) -> None:
    ip, number = behind.product.sql(
        "select d.ip, i.port_num from interfaces i join devices d on d.id = i.device_id"
        " where d.id = ? and i.status = 'Up' and i.port_num is not null limit 1",
        behind.product.device("SWITCH"),
    )[0]
    show(behind, tmp_path, f"/iframe/port/{ip}/{number}", use_port)


def test_another_site_may_not_show_it(behind: Behind, tmp_path: Path) -> None:
    frame = f"https://{NAME}/iframe/ont/{ident_of(behind.product)[1]}?x-auth-key={behind.product.key}"
    with (
        behind.settings(IFRAME_ALLOWED_ORIGINS=["https://somebody.else.example"]),
        billing_page(behind, tmp_path, frame) as page,
    ):
        said: list[str] = []
        page.on("console", lambda message: said.append(message.text))
        with page.expect_event("console", lambda message: "frame-ancestors" in message.text):
            page.goto(f"https://{BILLING}/card.html")
        assert not [text for text in said if behind.product.key in text and "frame-ancestors" not in text]
