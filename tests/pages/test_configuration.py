"""The configuration pages as people use them: settings, checks, components, the scheduler and its reports."""

from __future__ import annotations

import re

import httpx
import pytest
from playwright.sync_api import expect

from .conftest import OpenTab, Site

pytestmark = pytest.mark.browser


def stored(site: Site, key: str) -> list[tuple[object, ...]]:
    return site.sql("select value from settings where key = ?", key)


def test_the_seeds_way_leads_to_all_three_tabs(open_tab: OpenTab) -> None:
    page = open_tab("/").page
    page.click(".wc-side a:has-text('Конфігурація системи')")
    for tab, title in (
        ("Компоненти", "Білінг MikBill"),
        ("Планувальник", "Запустити зараз"),
        ("Конфігурація системи", "MikBill"),
    ):
        page.click(f".wc-tabs a:has-text('{tab}')")
        expect(page.locator(".wc-tabs [aria-current]")).to_have_text(tab)
        expect(page.locator("main")).to_contain_text(title)


def test_a_section_is_saved_as_a_whole_or_not_at_all(site: Site, open_tab: OpenTab) -> None:
    tab = open_tab("/configuration/system")
    page = tab.page
    save = page.locator("#section-web [type=submit]")
    expect(save).to_be_hidden()
    page.fill("#f-APP_NAME", "Провайдер")
    page.fill("#f-WEB_ZOOM_IFRAME", "50")
    save.click()
    expect(page.locator("#setting-WEB_ZOOM_IFRAME .wc-error")).to_contain_text("0.3")
    tab.problems.clear()  # chromium reports the refusal itself
    assert stored(site, "APP_NAME") == []
    page.fill("#f-WEB_ZOOM_IFRAME", "0.9")
    save.click()
    expect(page.locator(".wc-toast")).to_contain_text("Збережено: 2 зміни")
    assert stored(site, "APP_NAME") == [('"Провайдер"',)]
    expect(page.locator("#setting-WEB_ZOOM_IFRAME")).to_contain_text("типово 1")
    page.fill("#f-APP_NAME", "Інша назва")
    page.click("#section-web button:has-text('Скасувати')")
    expect(page.locator("#f-APP_NAME")).to_have_value("Провайдер")
    page.click("#setting-APP_NAME [data-default]")
    page.click("#setting-WEB_ZOOM_IFRAME [data-default]")
    expect(page.locator("#f-APP_NAME")).to_have_value("Wildcore DMS")
    save.click()
    expect(page.locator("#section-web.wc-dirty")).to_have_count(0)
    assert stored(site, "APP_NAME") == stored(site, "WEB_ZOOM_IFRAME") == []


def test_secrets_are_kept_and_never_shown(site: Site, open_tab: OpenTab) -> None:
    page = open_tab("/configuration/system").page
    expect(page.locator("#f-MIKBILL_AUTH_KEY")).to_have_value("")
    expect(page.locator("#f-MIKBILL_AUTH_KEY")).to_have_attribute("placeholder", re.compile("збережено"))
    assert site.key not in page.content()
    before = stored(site, "MIKBILL_AUTH_KEY")
    page.fill("#f-MIKBILL_MAX_REMOVAL_PERCENT", "30")
    page.click("#section-mikbill [type=submit]")
    expect(page.locator(".wc-toast")).to_contain_text("Збережено: 1 зміна")
    page.click("#setting-MIKBILL_MAX_REMOVAL_PERCENT [data-default]")
    page.click("#section-mikbill [type=submit]")
    expect(page.locator("#section-mikbill.wc-dirty")).to_have_count(0)
    assert stored(site, "MIKBILL_AUTH_KEY") == before != []


def test_the_filter_leaves_what_is_called_so(open_tab: OpenTab) -> None:
    page = open_tab("/configuration/system").page
    page.fill("[data-item-filter]", "білінгу масштаб")
    expect(page.locator("#settings .wc-setting:visible")).to_have_count(1)
    expect(page.locator("#f-WEB_ZOOM_IFRAME")).to_be_visible()
    page.fill("[data-item-filter]", "нема такого")
    expect(page.locator("[data-item-none]")).to_be_visible()
    page.fill("[data-item-filter]", "")
    page.check("[data-item-changed]")
    expect(page.locator("#f-MIKBILL_API_ADDR")).to_be_visible()
    expect(page.locator("#f-APP_NAME")).to_be_hidden()


def test_billing_is_tried_with_what_is_typed(site: Site, open_tab: OpenTab) -> None:
    page = open_tab("/configuration/system").page
    check = page.locator("#section-mikbill header button")
    check.click()
    result = page.locator("#check-mikbill")
    expect(result).to_contain_text(re.compile(r"Працює: \d+ абонент"), timeout=30_000)
    address = page.input_value("#f-MIKBILL_API_ADDR")
    page.fill("#f-MIKBILL_API_ADDR", "http://127.0.0.1:1")
    check.click()
    expect(result).to_contain_text("відхиляє з'єднання", timeout=30_000)
    assert stored(site, "MIKBILL_API_ADDR") == [(f'"{address}"',)]
    page.click("#section-mikbill button:has-text('Скасувати')")
    expect(page.locator("#f-MIKBILL_API_ADDR")).to_have_value(address)


def test_steps_of_a_check_come_one_by_one(site: Site, open_tab: OpenTab) -> None:
    page = open_tab("/configuration/system").page
    billing = page.input_value("#f-MIKBILL_API_ADDR")
    httpx.post(f"{billing}/lab/fault", json={"fault": "slow", "slow_sec": 4})
    try:
        page.click("#section-mikbill header button")
        result = page.locator("#check-mikbill")
        expect(result.locator(".wc-spin")).to_be_visible()
        expect(result.locator(".wc-step-ok").first).to_be_visible()
        assert result.locator(".wc-badge").count() == 0, "billing has answered already"
    finally:
        httpx.post(f"{billing}/lab/fault", json={"fault": "none"})
    expect(result.locator(".wc-badge")).to_be_visible(timeout=30_000)
    expect(result.locator(".wc-spin")).to_have_count(0)
    expect(page.locator("#check-mikbill")).to_have_count(1)


def test_switching_a_component_off_is_asked_with_what_disappears(site: Site, open_tab: OpenTab) -> None:
    page = open_tab("/configuration/components").page
    row = page.locator("#component-mikbill_integration")
    row.locator(".wc-switch").click()
    expect(row.locator(".wc-ask")).to_contain_text("Синхронізація абонентів MikBill")
    row.locator("button:has-text('Скасувати')").click()
    expect(row.locator(".wc-ask")).to_have_count(0)
    expect(row.locator("[role=switch]")).to_be_checked()
    other = page.locator("#component-styleguide")
    other.locator(".wc-switch").click()
    other.locator(".wc-ask button:has-text('Вимкнути')").click()
    expect(page.locator(".wc-toast")).to_contain_text("вимкнено")
    assert site.sql("select enabled from components where key = 'styleguide'") == [(0,)]
    other.locator(".wc-switch").click()
    expect(other.locator("[role=switch]")).to_be_checked()
    expect(other).to_contain_text("увімкнено")


def test_what_a_component_brings_unfolds(open_tab: OpenTab) -> None:
    page = open_tab("/configuration/components").page
    row = page.locator("#component-mikbill_integration")
    row.locator("summary").click()
    for text in ("MIKBILL_API_ADDR", "mikbill_sync_clients", "wca mikbill_integration:sync-clients", "mikbill_sync"):
        expect(row.locator("dl")).to_contain_text(text)


def test_a_crontab_is_previewed_while_it_is_typed_and_saved(site: Site, open_tab: OpenTab) -> None:
    tab = open_tab("/configuration/schedule")
    page = tab.page
    field, preview = page.locator("[name=crontab]").first, page.locator(".wc-preview").first
    expect(preview.locator("li")).to_have_count(5)
    before = field.input_value()
    field.fill("30 5 * * *")
    expect(preview.locator("li").first).to_contain_text("05:30")
    field.fill("61 5 * * *")
    expect(preview.locator(".wc-error")).to_contain_text("хвилина")
    field.press("Enter")
    expect(page.locator("[name=crontab][aria-invalid]")).to_have_count(1)
    tab.problems.clear()  # chromium reports the refusal itself
    field.fill("30 5 * * *")
    field.press("Enter")
    expect(page.locator(".wc-toast").first).to_contain_text("збережено")
    assert site.sql("select crontab from schedules where key = 'mikbill_sync_clients'") == [("30 5 * * *",)]
    field.fill(before)
    field.press("Enter")
    expect(page.locator("form.wc-dirty")).to_have_count(0)


def test_a_run_by_hand_is_watched_in_place_and_reported(open_tab: OpenTab) -> None:
    page = open_tab("/configuration/schedule").page
    state = page.locator(".wc-schedule-state").first
    page.click("button:has-text('Запустити зараз')")
    expect(state).to_contain_text("admin", timeout=20_000)
    expect(state).to_contain_text("виконано", timeout=20_000)
    page.click("a:has-text('Звіти'):not(.wc-tabs a)")
    rows = page.locator(".wc-table tbody tr:visible")
    expect(rows.first).to_contain_text("admin")
    expect(rows.first).to_contain_text("виконано")
    page.select_option("[name=key]", "")
    expect(page).to_have_url(re.compile(r"reports\?key=$"))
    expect(rows.first).to_contain_text("admin")
