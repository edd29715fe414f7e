"""Analytics on pages, in a browser: duplicates shown, filtered, exported, and deletion asked by name."""

from __future__ import annotations

import csv
import io
import re

import pytest
from playwright.sync_api import expect

from tests.pages.conftest import OpenTab, Site

pytestmark = [pytest.mark.browser, pytest.mark.system, pytest.mark.timeout(180)]

PHONE = (390, 844)
LIST = "/analytics/duplicate-onus"


def doubled(site: Site) -> list[str]:
    """Idents that the demo has at two places."""
    rows = site.sql("select ident from interfaces where ident is not null group by ident having count(*) > 1 order by ident")
    return [str(row[0]) for row in rows]


def test_duplicates_are_listed_filtered_and_exported(site: Site, open_tab: OpenTab) -> None:
    page = open_tab("/").page
    page.get_by_role("link", name="Аналітика").click()
    page.get_by_role("link", name="Дублікати ONU").click()
    groups = page.locator("#t-duplicates tbody")
    expect(groups).to_have_count(len(doubled(site)))
    serial = next(one for one in doubled(site) if one.startswith("ZTEG"))
    moved = page.locator("#t-duplicates tbody", has_text=serial)
    expect(moved.locator("tr").nth(1)).to_contain_text("olt-syniv-1")
    expect(moved.locator("tr").nth(1)).to_contain_text("поточне")
    expect(moved.locator("tr").nth(2)).to_contain_text("olt-hoshcha-1")
    expect(moved.locator("tr").nth(2)).to_contain_text("досі на OLT")
    expect(moved).to_contain_text("Синів")  # whose it is, by billing
    page.get_by_label("OLT", exact=True).select_option(label="olt-hoshcha-1")
    expect(groups).to_have_count(1)
    page.get_by_label("Серійний номер або MAC повністю").fill("AA:BB:CC:DD:EE:FF")
    expect(page.locator("#duplicates")).to_contain_text("Жодна ONU не підходить під фільтр")
    page.get_by_role("link", name="Показати все").click()
    expect(groups).to_have_count(len(doubled(site)))
    with page.expect_download() as download:
        page.get_by_role("link", name="Зберегти як CSV").click()
    lines = list(csv.reader(io.StringIO(download.value.path().read_text(encoding="utf-8-sig"))))
    assert (lines[0][:2], len(lines)) == (["ONU", "Місце"], 1 + 2 * len(doubled(site)))
    assert {line[5] for line in lines[1:]} == {"yes", "no"}
    assert all(line[9] and line[11] for line in lines[1:]), "contract and address stand beside every place"


def test_nothing_is_deleted_before_it_was_asked_twice(site: Site, open_tab: OpenTab) -> None:
    before = site.sql("select count(*) from interfaces")
    page = open_tab(LIST).page
    page.get_by_role("button", name="Видалити позначені").click()
    expect(page.locator("main")).to_contain_text("Не вибрано жодного застарілого місця")
    page.get_by_role("main").get_by_role("link", name="Назад").first.click()
    page.get_by_role("button", name="Видалити лише gpon-onu_1/1/1:6").click()
    expect(page.locator("#t-delete tbody tr")).to_have_count(1)
    expect(page.locator("#t-delete")).to_contain_text("Досі зареєстрована на OLT")
    page.get_by_role("button", name="Видалити 1 місце").click()
    dialog = page.get_by_role("dialog")
    expect(dialog).to_contain_text("Видалити gpon-onu_1/1/1:6 на olt-hoshcha-1?")
    dialog.get_by_role("button", name="Скасувати").click()
    expect(dialog).to_be_hidden()
    page.goto(site.url + LIST)
    page.get_by_role("checkbox", name="Усі застарілі місця").first.check()
    page.get_by_role("checkbox", name="Усі застарілі місця").last.check()
    page.get_by_role("button", name="Видалити позначені").click()
    expect(page.locator("#t-delete tbody tr")).to_have_count(2)
    page.get_by_role("button", name="Видалити 2 місця").click()
    expect(page.get_by_role("dialog")).to_contain_text(doubled(site)[1])
    assert site.sql("select count(*) from interfaces") == before


def test_a_bar_of_the_histogram_shows_its_onus(site: Site, open_tab: OpenTab) -> None:
    page = open_tab("/analytics/signals").page
    rows = page.locator("#t-signals tbody tr")
    online = "onu_values v join interfaces i on i.id = v.interface_id where i.status = 'Online'"
    bad = f"select count(*) from {online} and v.rx_dbm < -28"
    assert rows.count() == site.sql(bad)[0][0]
    page.get_by_role("link", name="-22 дБм").click()
    expect(page.locator("#signals")).to_contain_text("від -22 до -21 дБм")
    expect(page.get_by_role("link", name="-22 дБм")).to_have_attribute("aria-current", "true")
    levels = [float(text) for text in page.locator("#t-signals tbody td:nth-child(3)").all_inner_texts()]
    assert levels
    assert all(-22 <= level <= -21 for level in levels), levels  # as shown, which is rounded
    page.get_by_role("link", name="усі стовпчики").click()
    page.get_by_label("Рівень", exact=True).select_option("olt_rx")
    expect(page).to_have_url(re.compile("level=olt_rx"))
    with page.expect_download() as download:
        page.get_by_role("link", name="Зберегти як CSV").click()
    lines = list(csv.reader(io.StringIO(download.value.path().read_text(encoding="utf-8-sig"))))
    assert len(lines) == 1 + rows.count() > 1


def test_no_mac_stands_at_two_ports_of_the_demo(open_tab: OpenTab) -> None:
    page = open_tab("/analytics/duplicate-macs").page
    expect(page.locator("main")).to_contain_text("Кожна адреса стоїть на одному порту")


@pytest.mark.parametrize("path", [LIST, "/analytics/signals", "/analytics/duplicate-macs"])
@pytest.mark.parametrize("size", [PHONE, (1400, 900)], ids=["phone", "desktop"])
def test_pages_fit_their_window(open_tab: OpenTab, path: str, size: tuple[int, int]) -> None:
    for language in ("uk", "en") if size == PHONE else ("uk",):
        tab = open_tab(path, size=size, language=language)
        expect(tab.page.locator("h1")).to_be_visible()
        assert tab.too_wide <= 0
