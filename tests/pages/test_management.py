"""Managing users, roles and devices on pages, in a browser: the seed's first steps by ticking, and what is refused in words."""

from __future__ import annotations

import os
import re
import subprocess
import uuid
from collections.abc import Sequence

import httpx
import pytest
from playwright.sync_api import Page, expect

from tests.pages.conftest import WCA, OpenTab, Site, Tab

pytestmark = [pytest.mark.browser, pytest.mark.system, pytest.mark.timeout(180)]

PHONE = (390, 844)
# Component and label of every tick that the seed names.
SEED_TICKS = (
    ("Система", "Дозволити авторизацію інших користувачів (генерувати ключі)", "system_cross_auth_user"),
    ("Користувачі", "Список користувачів", "user_display"),
    ("Користувачі", "Оновлення інформації про себе", "user_self_control"),
    ("Діагностика", "Діагностика інтерфейсу (для білінгу)", "diag_interface"),
    ("ОЛТ'и", "Інфо з ОЛТів", "olts_info"),
    ("Світчі", "Інфо зі світчів", "switches_info"),
)


def forgive(tab: Tab) -> None:
    """Chromium reports every refused form (422) itself."""
    tab.problems[:] = [text for text in tab.problems if "422" not in text and "403" not in text]


def submit(page: Page) -> None:
    page.click(".wc-page-head [type=submit]")


def make_role(page: Page, site: Site, name: str, ticks: Sequence[tuple[str, str, str]] = SEED_TICKS) -> None:
    page.goto(f"{site.url}/management/roles")
    page.click("text=Створити нову роль")
    page.fill("[name=name]", name)
    for group, label, _key in ticks:
        page.locator("fieldset[data-group]", has=page.locator("h2", has_text=group)).get_by_label(label).check()
    submit(page)
    expect(page.locator(".wc-toast")).to_contain_text(name)
    expect(page).to_have_url(re.compile(r"/management/roles/\d+$"))


def make_user(page: Page, site: Site, login: str, role: str) -> None:
    page.goto(f"{site.url}/management/users")
    page.click("text=Створити користувача")
    page.fill("[name=login]", login)
    page.fill("[name=name]", "Биллинг")
    page.fill("[name=email]", "billing@isp.test")
    page.select_option("[name=role_id]", label=role)
    page.get_by_label("Гощанський район").check()
    submit(page)
    expect(page.locator(".wc-toast")).to_contain_text(login)
    expect(page).to_have_url(re.compile(r"/management/users/\d+$"))


def new_name(kind: str) -> str:
    return f"{kind}_{uuid.uuid4().hex[:8]}"


def test_the_seeds_role_user_and_key_by_ticking(site: Site, open_tab: OpenTab) -> None:
    role, login = new_name("mb_dms"), new_name("mikbill")
    page = open_tab("/").page
    make_role(page, site, role)
    stored = str(site.sql("select permissions from roles where name = ?", role)[0][0])
    assert sorted(re.findall(r'"(\w+)"', stored)) == sorted(key for _group, _label, key in SEED_TICKS)
    make_user(page, site, login, role)
    password = page.locator(".wc-note .wc-once").inner_text()
    assert len(password) >= 12
    page.fill("#keys [name=description]", "MikBill")
    page.select_option("#keys [name=term]", "365d")
    page.click("#keys [type=submit]")
    key = page.locator("#issued-key").inner_text()
    expect(page.locator("#t-keys tbody tr")).to_contain_text("MikBill")
    days = site.sql("select (expires_at - created_at) / 86400 from auth_keys where description = 'MikBill' order by id desc")
    assert days[0][0] == 365
    # The key does what billing needs of it, and what it may not it does not.
    with httpx.Client(base_url=f"{site.url}/api/v1", headers={"X-Auth-Key": key}) as api:
        assert api.get("/user/self").json()["data"]["login"] == login
        assert api.post("/system/cross-auth", json={"login": "operator"}).status_code == 200
        assert api.get("/system/configuration").status_code == 403
    page.reload()
    assert key not in page.content()
    assert password not in page.content()
    # The same by console, and revoked on the page.
    done = subprocess.run(
        [*WCA, "user:generate-key", login, "30d"],
        env={**os.environ, "WILDCORE_DATA": str(site.database.parent)},
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )
    assert f"Login: {login}" in done.stdout
    page.reload()
    rows = page.locator("#t-keys tbody tr")
    expect(rows).to_have_count(2)
    rows.filter(has_text="MikBill").locator("button").click()
    page.click("#wc-confirm [data-yes]")
    expect(rows).to_have_count(1)
    assert httpx.get(f"{site.url}/api/v1/user/self", headers={"X-Auth-Key": key}).status_code == 401


def test_a_group_box_stands_for_its_boxes(site: Site, open_tab: OpenTab) -> None:
    page = open_tab("/management/roles/new").page
    group = page.locator("[data-group=users]")
    head, boxes = group.locator("[data-group-box]"), group.locator("[name=permissions]:not([disabled])")
    state = "box => [box.checked, box.indeterminate]"
    assert head.evaluate(state) == [False, False]
    boxes.first.check()
    assert head.evaluate(state) == [False, True]
    head.check()
    assert [box.is_checked() for box in boxes.all()] == [True] * boxes.count()
    assert head.evaluate(state) == [True, False]
    boxes.last.uncheck()
    assert head.evaluate(state) == [False, True]
    basic = group.locator("[name=permissions][disabled]")
    expect(basic).to_be_checked()
    expect(page.locator("[data-group=devices] [data-group-count]")).to_contain_text("1 /")


def test_owner_is_locked_and_system_is_hidden(site: Site, open_tab: OpenTab) -> None:
    tab = open_tab("/management/roles")
    expect(tab.page.locator("#t-roles")).to_contain_text("Owner")
    expect(tab.page.locator("#t-roles")).not_to_contain_text("System")
    tab.page.goto(f"{site.url}/management/roles/-2")
    expect(tab.page.locator(".wc-note")).to_contain_text("закріплено")
    expect(tab.page.locator("[name=permissions]:not(:disabled)")).to_have_count(0)
    expect(tab.page.locator(".wc-page-head [type=submit]")).to_have_count(0)
    assert tab.page.goto(f"{site.url}/management/roles/-1").status == 404  # type: ignore[union-attr]
    tab.problems.clear()


def test_guards_speak_in_words(site: Site, open_tab: OpenTab) -> None:
    own = int(str(site.sql("select id from users where login = ?", site.login)[0][0]))
    tab = open_tab(f"/management/users/{own}")
    page = tab.page
    expect(page.locator(".wc-note")).to_contain_text("останній власник")
    expect(page.locator("[name=role_id]:visible")).to_be_disabled()
    expect(page.locator(".wc-page-head .wc-btn-danger")).to_have_count(0)
    page.fill("[name=login]", "sys")
    submit(page)
    expect(page.locator("#e-login")).to_contain_text("не sys")
    expect(page.locator("[name=login]")).to_have_value("sys")
    forgive(tab)
    page.goto(f"{site.url}/management/users/new")
    page.fill("[name=login]", site.login)
    page.select_option("[name=role_id]", index=1)
    submit(page)
    expect(page.locator("#e-login")).to_contain_text("уже є")
    page.get_by_label("Згенерувати пароль").uncheck()
    page.fill("[name=login]", new_name("weak"))
    page.fill("[name=password]", "short")
    submit(page)
    expect(page.locator("#e-password")).to_be_visible()
    forgive(tab)


def test_deleting_a_user_needs_its_name_typed(site: Site, open_tab: OpenTab) -> None:
    login = new_name("leaver")
    page = open_tab("/").page
    make_user(page, site, login, "Оператор")
    page.click(".wc-page-head .wc-btn-danger")
    yes = page.locator("#wc-confirm [data-yes]")
    expect(yes).to_be_disabled()
    page.fill("#wc-confirm [data-answer]", "somebody else")
    expect(yes).to_be_disabled()
    page.fill("#wc-confirm [data-answer]", login)
    yes.click()
    expect(page).to_have_url(f"{site.url}/management/users")
    assert site.sql("select count(*) from users where login = ?", login) == [(0,)]
    page.goto(f"{site.url}/logs/actions")
    expect(page.locator("#t-actions tbody tr", has_text=login).first).to_contain_text("Видалено користувача")


def test_who_lacks_rights_sees_neither_buttons_nor_menu(site: Site, open_tab: OpenTab) -> None:
    role, login = new_name("reader"), new_name("reader")
    page = open_tab("/").page
    make_role(page, site, role)
    make_user(page, site, login, role)
    password = page.locator(".wc-note .wc-once").inner_text()
    tab = open_tab("/sign-in", signed_in=False)
    other = tab.page
    other.fill("[name=login]", login)
    other.fill("[name=password]", password)
    other.click("button[type=submit]")
    other.wait_for_url(f"{site.url}/")
    menu = other.locator(".wc-side")
    expect(menu).to_contain_text("Користувачі")
    for hidden in ("Облік пристроїв", "Доступи", "Журнал дій", "Планувальник"):
        expect(menu).not_to_contain_text(hidden)
    other.goto(f"{site.url}/management/users")
    expect(other.locator("text=Створити користувача")).to_have_count(0)
    other.locator("#t-users tbody tr", has_text=site.login).first.locator("a").first.click()
    expect(other.locator("[name=login]")).to_be_disabled()
    expect(other.locator("#keys")).to_have_count(0)
    assert other.goto(f"{site.url}/management/users/new").status == 403  # type: ignore[union-attr]
    assert other.goto(f"{site.url}/management/accesses").status == 403  # type: ignore[union-attr]
    tab.problems.clear()


@pytest.mark.parametrize("size", [PHONE, (1400, 900)], ids=["phone", "desktop"])
@pytest.mark.parametrize(
    "path",
    [
        "/management/users", "/management/users/new", "/management/users/1", "/management/roles", "/management/roles/new",
        "/management/groups", "/management/groups/1", "/management/accesses", "/management/accesses/1", "/management/models",
        "/management/models/1", "/management/devices", "/management/devices/new", "/management/devices/1",
        "/management/device-import", "/account", "/logs/actions",
    ],
)  # fmt: skip
def test_pages_fit_their_window(site: Site, open_tab: OpenTab, path: str, size: tuple[int, int]) -> None:
    for language in ("uk", "en") if size == PHONE else ("uk",):
        tab = open_tab(path, size=size, language=language)
        expect(tab.page.locator("h1")).to_be_visible()
        assert tab.too_wide <= 0
        tables = "[...document.querySelectorAll('.wc-card .wc-table')]"
        cut = tab.page.evaluate(f"{tables}.filter(t => t.offsetWidth > t.parentElement.clientWidth + 1).map(t => t.id)")
        assert cut == []
