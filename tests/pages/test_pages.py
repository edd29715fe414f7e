"""What people see and do on the pages, in a browser."""

from __future__ import annotations

import re
from functools import partial

import pytest
from playwright.sync_api import Dialog, expect

from tests.pages.conftest import OpenTab, Site

pytestmark = [pytest.mark.browser, pytest.mark.system, pytest.mark.timeout(180)]

PHONE = (390, 844)


def test_sign_in_says_what_is_wrong_and_leads_on(site: Site, open_tab: OpenTab) -> None:
    tab = open_tab("/devices", signed_in=False)
    page = tab.page
    expect(page).to_have_url(re.compile("/sign-in"))
    page.fill("[name=login]", site.login)
    page.fill("[name=password]", "wrong")
    page.click("button[type=submit]")
    expect(page.locator(".wc-error")).to_contain_text("Неправильний логін")
    tab.problems.clear()  # chromium reports the 401 itself
    page.fill("[name=password]", site.password)
    page.click("button[type=submit]")
    expect(page).to_have_url(f"{site.url}/devices")


def test_start_page_counts_what_the_store_has(site: Site, open_tab: OpenTab) -> None:
    total = site.sql("select count(*) from interfaces where type = 'ONU' and gone_at is null")[0][0]
    page = open_tab("/").page
    expect(page.locator(".wc-tile").nth(1)).to_contain_text(f"/ {total}")
    expect(page.locator(".wc-side a[aria-current=page]")).to_have_text("Огляд")


def test_device_list_filters_without_a_reload(site: Site, open_tab: OpenTab) -> None:
    page = open_tab("/devices").page
    rows = page.locator("#t-devices tbody tr")
    count = rows.count()
    page.select_option("[name=type]", "OLT")
    expect(rows).not_to_have_count(count)
    page.goto(f"{site.url}/devices")
    expect(page.locator("[name=type]")).to_have_value("OLT")  # the filter is remembered
    page.fill("[name=q]", "nothing has this name")
    expect(page.locator(".wc-empty")).to_contain_text("не підходить під фільтр")
    page.click(".wc-empty .wc-btn")
    expect(rows).to_have_count(count)


def test_sorting_puts_missing_values_last_and_is_remembered(site: Site, open_tab: OpenTab) -> None:
    page = open_tab(f"/device/{site.device('OLT')}").page
    page.locator("details[data-branch] summary").first.click()
    page.wait_for_selector("details[open] .wc-table")
    page.locator("details[open] th", has_text="RX, дБм").first.locator("button").click()
    texts = page.locator("details[open] .wc-table").first.locator("tbody tr td:nth-child(5)").all_inner_texts()
    levels = [None if text.strip() == "–" else float(text) for text in texts]
    known = [level for level in levels if level is not None]
    assert known == sorted(known)
    assert len(known) > 2
    assert None not in levels[: len(known)]
    page.reload()
    expect(page.locator("details[open] th[aria-sort=ascending]").first).to_contain_text("RX")


def test_tree_opens_one_level_and_search_opens_what_it_finds(site: Site, open_tab: OpenTab) -> None:
    ident = site.sql(
        "select ident from interfaces where type = 'ONU' and device_id = ? and ident is not null", site.device("OLT")
    )
    page = open_tab(f"/device/{site.device('OLT')}").page
    expect(page.locator("details[data-branch]").first).to_be_visible()
    expect(page.locator(".wc-tree .wc-table")).to_have_count(0)
    page.fill("[name=q]", str(ident[3][0]).lower())
    expect(page.locator(".wc-tree details[open]")).to_have_count(1)
    expect(page.locator(".wc-tree tbody tr")).to_have_count(1)
    page.locator(".wc-tree tbody tr td").nth(4).click()  # anywhere in the row
    expect(page).to_have_url(re.compile(r"/interface/\d+$"))


def test_onu_page_is_stored_first_and_then_from_the_device(site: Site, open_tab: OpenTab) -> None:
    page = open_tab(f"/interface/{site.onu()}").page
    expect(page.locator("[data-status=Online] .wc-strip-state b")).to_have_text("в мережі")
    expect(page.locator("#iface[data-live=done]")).to_be_visible(timeout=20_000)
    expect(page.locator(".wc-live")).to_contain_text("з обладнання")
    level = page.locator(".wc-strip-signals .wc-signal").first.inner_text()
    assert -40 < float(level) < 0
    expect(page.locator("[id^=chart-levels] .u-legend, [id^=chart-levels] .wc-chart-msg").first).to_be_visible()


def test_refreshing_a_device_keeps_its_tree_open(site: Site, open_tab: OpenTab) -> None:
    page = open_tab(f"/device/{site.device('OLT')}").page
    page.locator("details[data-branch] summary").nth(1).click()
    expect(page.locator("details[open] .wc-table")).to_have_count(1)
    page.click(".wc-actions button")
    expect(page.locator(".wc-live")).to_contain_text("з обладнання", timeout=20_000)
    expect(page.locator("details[open] .wc-table")).to_have_count(1)


def test_actions_ask_with_the_name_and_leave_a_trace(site: Site, open_tab: OpenTab) -> None:
    made = "select i.id from interfaces i join devices d on d.id = i.device_id join device_models m on m.id = d.model_id"
    onu = int(str(site.sql(f"{made} where m.key like 'bdcom%' and i.type = 'ONU' and i.status = 'Online' limit 1")[0][0]))
    name = str(site.sql("select name from interfaces where id = ?", onu)[0][0])
    page = open_tab(f"/interface/{onu}").page
    page.wait_for_selector("#iface[data-live=done]", timeout=20_000)
    page.click(".wc-actions summary")
    page.click("[role=menu] button:has-text('Змінити опис')")
    page.fill("#wc-confirm input", "Опис від перевірки")
    page.keyboard.press("Enter")
    expect(page.locator(".wc-toast")).to_contain_text(name)
    expect(page.locator("h1")).to_contain_text("Опис від перевірки")
    logged = site.sql("select action, login from action_log where interface_id = ? order by id desc limit 1", onu)
    assert logged
    assert logged[0][1] == site.login


def test_a_silent_device_shows_the_error_beside_the_last_known_values(site: Site, open_tab: OpenTab) -> None:
    made = "select i.id, d.id, d.ip, v.rx_dbm from interfaces i join devices d on d.id = i.device_id"
    made += " join device_models m on m.id = d.model_id join onu_values v on v.interface_id = i.id"
    onu, device, ip, rx = site.sql(f"{made} where m.key like 'vsol%' and i.status = 'Online' and v.rx_dbm < 0 limit 1")[0]
    site.sql("update devices set ip = '127.99.99.99' where id = ?", device)
    try:
        page = open_tab(f"/interface/{onu}").page
        expect(page.locator(".wc-note.tone-warn")).to_contain_text("не дало свіжих значень", timeout=40_000)
        assert abs(float(page.locator(".wc-strip-signals .wc-signal").first.inner_text()) - float(str(rx))) < 3
        expect(page.locator(".wc-live")).to_contain_text("не оновлено")
    finally:
        site.sql("update devices set ip = ? where id = ?", ip, device)


def test_port_page_names_every_subscriber_of_the_place(site: Site, open_tab: OpenTab) -> None:
    many = "select interface_id, count(*) from bindings group by interface_id order by 2 desc limit 1"
    interface_id, count = site.sql(many)[0]
    page = open_tab(f"/interface/{interface_id}").page
    expect(page.locator("#t-billing tbody tr")).to_have_count(int(str(count)))
    link = page.locator("#t-billing a").first
    expect(link).to_have_attribute("target", "_blank")
    assert str(link.get_attribute("href")).startswith("http")


def test_old_place_points_to_the_current_one(site: Site, open_tab: OpenTab) -> None:
    twins = site.sql(
        "select i.id from interfaces i join interfaces o on o.ident = i.ident and o.id != i.id and o.status = 'Online'"
        " where i.status != 'Online' limit 1"
    )
    assert twins, "the demo has an ONU that once stood elsewhere"
    page = open_tab(f"/interface/{twins[0][0]}").page
    page.locator(".wc-note a").first.click()
    expect(page.locator(".wc-strip-state b")).to_have_text("в мережі")


def test_global_search_by_keyboard(site: Site, open_tab: OpenTab) -> None:
    agreement = str(site.sql("select agreement from subscribers order by id limit 1")[0][0])
    page = open_tab("/devices").page
    page.keyboard.press("/")
    page.keyboard.type(agreement)
    expect(page.locator(".wc-hit[aria-selected=true]")).to_contain_text(agreement)
    page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowUp")
    page.keyboard.press("Enter")
    expect(page).to_have_url(re.compile(r"/interface/\d+$"))
    expect(page.locator(".wc-who")).to_contain_text(agreement)


def test_language_and_theme_are_kept(site: Site, open_tab: OpenTab) -> None:
    page = open_tab("/devices").page
    try:
        page.click("summary[title='Мова']")
        page.click("button[lang=en]")
        expect(page.locator("h1")).to_have_text("Devices")
        expect(page.locator("html")).to_have_attribute("lang", "en")
        page.click("summary[title='Appearance']")
        page.click("[data-theme-set=dark]")
        expect(page.locator("html")).to_have_attribute("data-bs-theme", "dark")
        page.reload()
        expect(page.locator("html")).to_have_attribute("data-bs-theme", "dark")
    finally:
        page.click("summary[title='Language']")
        page.click("button[lang=uk]")
    expect(page.locator("h1")).to_have_text("Обладнання")


def _note(problems: list[str], dialog: Dialog) -> None:
    problems.append(f"dialog: {dialog.message}")


def test_hostile_texts_are_only_texts(site: Site, open_tab: OpenTab) -> None:
    hostile = "<script>alert(1)</script><img src=x onerror=alert(2)>'\"{{7*7}}"
    onu = site.onu()
    device = site.sql("select device_id, description from interfaces where id = ?", onu)[0]
    planned = site.sql("select id, next_at from polls where device_id = ?", device[0])
    site.sql("update polls set next_at = next_at + 3600 where device_id = ?", device[0])  # a poll would set the text right again
    site.sql("update interfaces set description = ? where id = ?", hostile, onu)
    try:
        for path in (f"/interface/{onu}", f"/device/{device[0]}?q=script", "/search?q=onerror"):
            tab = open_tab(path)
            tab.page.on("dialog", partial(_note, tab.problems))
            if path.startswith("/device"):
                tab.page.fill("[name=q]", "alert")
                tab.page.wait_for_selector("#tree[data-found]")
            expect(tab.page.locator("body")).to_contain_text("onerror=alert(2)")
            expect(tab.page.locator("main script, main img")).to_have_count(0)
    finally:
        site.sql("update interfaces set description = ? where id = ?", device[1], onu)
        for poll, next_at in planned:
            site.sql("update polls set next_at = ? where id = ?", next_at, poll)


def test_gone_interface_is_marked_and_can_be_deleted(site: Site, open_tab: OpenTab) -> None:
    onu = site.onu("Offline")
    name = str(site.sql("select name from interfaces where id = ?", onu)[0][0])
    site.sql("update interfaces set gone_at = 1700000000 where id = ?", onu)
    page = open_tab(f"/interface/{onu}").page
    expect(page.locator(".wc-strip-state b")).to_have_text("зникла")
    page.wait_for_selector("#iface:not([data-live=asking])", timeout=20_000)
    page.click(".wc-actions summary")
    page.click("[role=menu] .wc-danger:has-text('Видалити')")
    expect(page.locator("#wc-confirm")).to_contain_text(name)
    page.click("#wc-confirm [data-yes]")
    expect(page.locator("#wc-confirm")).to_contain_text(f"Справді видалити {name}")
    assert site.sql("select id from interfaces where id = ?", onu) == [(onu,)]
    page.click("#wc-confirm [data-yes]")
    expect(page).to_have_url(re.compile(r"/device/\d+$"))
    assert site.sql("select id from interfaces where id = ?", onu) == []


@pytest.mark.parametrize(
    ("status", "title", "weight"), [("Online", "Остання причина", "400"), ("PowerOff", "Причина", "600")], ids=["online", "off"]
)
def test_the_last_reason_is_loud_only_while_it_holds(site: Site, open_tab: OpenTab, status: str, title: str, weight: str) -> None:
    query = (
        "select i.id from interfaces i join onu_values v on v.interface_id = i.id where i.name like 'gpon-onu%' and i.status = ?"
        " and i.gone_at is null and v.last_down_reason <> '' and v.last_dereg_at is not null limit 1"
    )
    ((onu,),) = site.sql(query, status)
    tab = open_tab(f"/interface/{onu}", size=(900, 600))
    tab.page.wait_for_selector("#iface:not([data-live=asking])", timeout=20_000)
    cell = tab.page.locator(".wc-strip > div").filter(has=tab.page.locator("small", has_text=re.compile(f"^{title}$")))
    expect(cell.locator(".wc-strip-text")).to_have_css("font-weight", weight)
    expect(cell.locator("time")).to_contain_text("тому")
    assert tab.too_wide <= 0


@pytest.mark.parametrize(
    "path", ["/", "/devices", "/device/{OLT}", "/device/{SWITCH}", "/interface/{ONU}", "/search?q=00", "/styleguide",
             "/configuration/system", "/configuration/components", "/configuration/schedule", "/configuration/schedule/reports",
             "/device/{OLT}?tab=info"]
)  # fmt: skip
@pytest.mark.parametrize("size", [PHONE, (1400, 900)], ids=["phone", "desktop"])
def test_no_page_is_wider_than_its_window(site: Site, open_tab: OpenTab, path: str, size: tuple[int, int]) -> None:
    filled = path.format(OLT=site.device("OLT"), SWITCH=site.device("SWITCH"), ONU=site.onu())
    tab = open_tab(filled, size=size)
    for branch in tab.page.locator("details[data-branch] summary").all()[:2]:
        branch.click()
        tab.page.wait_for_selector("details[open] .wc-table")
    assert tab.too_wide <= 0
    if size == PHONE:
        small = tab.page.evaluate(
            "[...document.querySelectorAll('.wc-btn:not(summary)')].filter(b => b.offsetParent && b.offsetHeight < 44).length"
        )
        assert small == 0
