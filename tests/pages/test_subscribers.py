"""Subscribers in a browser, on the demo: the list, the reports with their fixes, the sync started and watched in place."""

from __future__ import annotations

import csv
import json
import time
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import expect

from tests.pages.conftest import OpenTab, Site

pytestmark = pytest.mark.browser
SLOW_MS = 20_000
PATHS = ("/subscribers", "/subscribers/unmatched", "/subscribers/shared", "/subscribers/elsewhere", "/subscribers/sync")


@pytest.fixture(scope="module")
def strayed(site: Site) -> dict[str, Any]:
    """A subscriber whose serial lost its order, one whose ONU is elsewhere; what the demo's own have is left alone."""
    row = site.sql(
        "select i.id, i.ident, i.name, d.name from interfaces i join devices d on d.id = i.device_id "
        "where i.ident_type = 'SN' and i.gone_at is null and substr(i.ident, 10, 1) <> substr(i.ident, 11, 1) "
        "and i.id not in (select interface_id from bindings) "
        "and i.ident not in (select ident from interfaces where ident is not null group by ident having count(*) > 1) "
        "order by i.id limit 1"
    )
    interface_id, ident, name, device = row[0]
    ident = str(ident)
    swapped = ident[:9] + ident[10] + ident[9] + ident[11:]
    subscriber = (
        "insert into subscribers (source, uid, agreement, login, billing_link, address_full, settlement, lane, house, app, "
        "updated_at) values ('mikbill', ?, ?, ?, '/#clientcard/1001', 'Гоща, Тестова вулиця 7', '', '', '', '', 1)"
    )
    claim = (
        "insert into subscriber_claims (subscriber_id, ident, switch_ip, port, mac, unmatched) "
        "select id, ?, ?, ?, '', ? from subscribers where uid = ?"
    )
    for uid in ("910001", "910002"):
        site.sql(subscriber, uid, f"T-{uid}", f"login{uid}")
    site.sql(claim, swapped, "", "", "ident_unseen", "910001")
    site.sql(claim, ident, "198.51.100.7", "3", "", "910002")
    binding = (
        "insert into bindings (claim_id, subscriber_id, interface_id, strength) select c.id, s.id, ?, 1 "
        "from subscriber_claims c join subscribers s on s.id = c.subscriber_id where s.uid = '910002'"
    )
    site.sql(binding, interface_id)
    return {"interface": interface_id, "ident": ident, "swapped": swapped, "name": name, "device": device}


def test_the_list_finds_as_one_types(site: Site, open_tab: OpenTab, strayed: dict[str, Any]) -> None:
    page = open_tab("/subscribers").page
    expect(page.locator("#t-subscribers tbody tr")).to_have_count(50)
    page.fill("input[name=q]", "Тестова")
    expect(page.locator("#t-subscribers tbody tr")).to_have_count(2)
    assert "q=" in page.url
    page.select_option("select[name=state]", "placed")
    row = page.locator("#t-subscribers tbody tr")
    expect(row).to_have_count(1)
    expect(row).to_contain_text(str(strayed["name"]))
    card = row.locator("a[target=_blank]")
    assert card.get_attribute("rel") == "noopener noreferrer"
    assert str(card.get_attribute("href")).endswith("/#clientcard/1001")
    row.locator("td").nth(1).click()
    page.wait_for_url(f"**/interface/{strayed['interface']}")
    expect(page.locator("#billing")).to_contain_text("T-910002")


def test_a_wrong_serial_is_led_to_the_right_one(open_tab: OpenTab, strayed: dict[str, Any], tmp_path: Path) -> None:
    page = open_tab("/subscribers/unmatched").page
    row = page.locator("#t-unmatched tr", has_text=str(strayed["swapped"]))
    expect(row).to_contain_text(str(strayed["ident"]))
    expect(row).to_contain_text("переставлено два сусідні символи")
    assert row.locator(f"a[href='/interface/{strayed['interface']}']").count() == 1
    page.select_option("select[name=reason]", "ident_unseen")
    page.wait_for_url("**reason=ident_unseen**")
    with page.expect_download() as download:
        page.click("#unmatched a[download]")
    path = tmp_path / "unmatched.csv"
    download.value.save_as(path)
    with path.open(encoding="utf-8-sig", newline="") as file:
        rows = list(csv.DictReader(file))
    assert str(strayed["swapped"]) in {one["ONU в білінгу"] for one in rows}
    assert all(one["Чому"] == "ONU ніколи не бачили" for one in rows)


def test_an_onu_elsewhere_and_several_at_one_place(open_tab: OpenTab, strayed: dict[str, Any]) -> None:
    page = open_tab("/subscribers/elsewhere").page
    row = page.locator("#t-elsewhere tr", has_text="T-910002")
    expect(row).to_contain_text("198.51.100.7")
    expect(row).to_contain_text(str(strayed["name"]))
    page.click("nav.wc-tabs a[href='/subscribers/shared']")
    house = page.locator("#t-shared tbody tr", has_text="звично для комутатора").first
    count = int(house.locator("td.wc-corner").inner_text())
    assert count > 1
    house.locator("td.wc-corner a").click()
    expect(page.locator("#t-subscribers tbody tr")).to_have_count(count)


def test_a_sync_is_started_and_watched_in_place(site: Site, open_tab: OpenTab) -> None:
    change = [{"what": "changed", "uid": "7", "agreement": "T-7", "login": "seven", "fields": {"login": ["<i>six</i>", "seven"]}}]
    now = int(time.time())
    site.sql(
        "insert into subscriber_syncs (source, trigger, started_at, finished_at, result, error, summary, changes) "
        "values ('mikbill', 'console', ?, ?, 'ok', '', ?, ?)",
        now - 100, now - 90, json.dumps({"received": 12345, "unmatched": 6}), json.dumps(change),
    )  # fmt: skip
    before = site.sql("select count(*) from schedule_runs where trigger = ?", site.login)
    page = open_tab("/subscribers/sync").page
    expect(page.locator("#syncs")).to_contain_text("12\u202f345")
    expect(page.locator("#syncs")).to_contain_text("<i>six</i>")
    page.click("#syncs button[hx-post='/subscribers/sync/mikbill']")
    expect(page.locator("#syncs [role=status]")).to_be_visible()
    # It asks seldom again when the sync has ended.
    expect(page.locator("#syncs[hx-trigger='every 12s, wc:seen']")).to_have_count(1, timeout=SLOW_MS)
    expect(page.locator("#syncs button[hx-post='/subscribers/sync/mikbill']")).to_be_enabled()
    after = site.sql("select count(*) from schedule_runs where trigger = ? and result = 'ok'", site.login)
    assert after[0][0] == int(str(before[0][0])) + 1


def test_an_idle_page_notices_a_sync_unless_nobody_looks(site: Site, open_tab: OpenTab) -> None:
    page = open_tab("/subscribers/sync").page
    page.clock.install()
    page.reload()
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url) if "seen=" in request.url else None)
    with page.expect_response(lambda answer: "seen=" in answer.url) as unchanged:
        page.clock.fast_forward(13_000)
    assert unchanged.value.status == 204
    page.evaluate("Object.defineProperty(document, 'hidden', { get: () => window.away, configurable: true }); window.away = true")
    asked.clear()
    site.sql(
        "insert into subscriber_syncs (source, trigger, started_at, finished_at, result, error, summary, changes) "
        "values ('mikbill', 'cron', ?, ?, 'ok', '', '{\"received\": 54321}', '[]')",
        int(time.time()) - 9, int(time.time()),
    )  # fmt: skip
    page.clock.fast_forward(40_000)
    expect(page.locator("#syncs[data-missed]")).to_have_count(1)
    assert asked == []
    page.evaluate("window.away = false; document.dispatchEvent(new Event('visibilitychange'))")
    expect(page.locator("#syncs")).to_contain_text("54\u202f321")


@pytest.mark.parametrize("size", [(390, 844), (900, 600)])
def test_the_pages_fit_a_phone(open_tab: OpenTab, size: tuple[int, int]) -> None:
    for path in PATHS:
        tab = open_tab(path, size=size)
        expect(tab.page.locator("h1")).to_be_visible()
        assert tab.too_wide <= 0, path
        parts = "[...document.querySelectorAll('.wc-card table, .wc-card form')]"
        cut = f"{parts}.filter(e => e.getBoundingClientRect().right > e.parentElement.getBoundingClientRect().right + 1).length"
        assert tab.page.evaluate(cut) == 0, path
