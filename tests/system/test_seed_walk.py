"""Every step of MikBill's document as a person walks it: from an empty installation to the subscriber found by contract.

All is clicked in a browser, in Ukrainian, but what the document itself types on the console. Each step leaves a screenshot in
`test-artifacts/seed-walk` (the folder is WILDCORE_TEST_ARTIFACTS).
"""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import expect, sync_playwright

from tests.browser import CHROMIUM, FLAGS
from tests.nginx import NAME, seed_nginx
from tests.pages.conftest import Site
from tests.pages.test_management import SEED_TICKS, make_role, make_user
from tests.system.product import Product
from tests.system.walking import (
    ARTIFACTS,
    DEVICES,
    WAIT_MS,
    Background,
    Walk,
    fill_settings,
    search,
    sign_in,
    surroundings,
    tab_of_billing,
    wait_for_polls,
    watched,
)
from wildcore.lab.district import HOUSE_PORT, SHOWCASE_SERIAL

pytestmark = [pytest.mark.system, pytest.mark.browser, pytest.mark.timeout(300)]

GROUP = "Гощанський район"
DENIED = "Wildcore iframe permission denied"
SETTINGS = re.compile(r"^(Налаштування|Конфігурація) системи$")


@pytest.fixture(autouse=True)
def patience() -> Iterator[None]:
    """A machine that also runs the rest of the suite may be slow."""
    expect.set_options(timeout=WAIT_MS)
    yield
    expect.set_options(timeout=5000)


@pytest.mark.skipif(not Path(CHROMIUM).exists(), reason=f"no browser at {CHROMIUM}: apt-get install chromium")
def test_every_step_of_the_document_in_a_browser(tmp_path: Path) -> None:
    shutil.rmtree(ARTIFACTS, ignore_errors=True)
    ARTIFACTS.mkdir(parents=True)
    with surroundings(tmp_path) as (background, product, billing, billing_url, place, snmp_port):
        listens = urlsplit(product.url).port
        assert listens
        with seed_nginx(tmp_path / "nginx", listens) as site, sync_playwright() as playwright:
            rules = f"--host-resolver-rules=MAP {NAME}:80 127.0.0.1:{site.http}, MAP {NAME}:443 127.0.0.1:{site.https}"
            browser = playwright.chromium.launch(executable_path=CHROMIUM, args=[*FLAGS, rules])
            context = browser.new_context(
                locale="uk-UA", viewport={"width": 1400, "height": 900}, ignore_https_errors=True, accept_downloads=False
            )
            problems = watched(context)
            walk = Walk(context.new_page(), product, billing, billing_url, place)
            first_sign_in(walk)
            password_changed(walk)
            group_access_devices(walk, snmp_port)
            role_and_user(walk)
            employees(walk)
            billing.api_key = key_by_console(background, product)
            # Step 3: behind nginx with the document's own file; from here on everything goes through it.
            behind_nginx(walk)
            billing.wildcore = f"http://127.0.0.1:{site.http}"
            signals_in_the_card(walk)
            tabs_of_billing(walk)
            denied_without_rights(walk)
            scale_of_the_frame(walk)
            component_switched_on(walk)
            settings_filled(walk)
            schedule_switched_on(walk)
            sync_by_console(background, product, billing.api_key)
            card_shows_the_subscriber(walk)
            found_by_contract(walk)
            assert problems == []
            browser.close()
    assert len(list(ARTIFACTS.glob("*.png"))) == walk.shots


def first_sign_in(walk: Walk) -> None:
    """As the administrator that `wca run` printed; everything is empty and says what to do next."""
    walk.page.goto(walk.product.url)
    walk.shot("sign-in")
    sign_in(walk, walk.product.url, walk.product.password)
    walk.shot("empty-dashboard")
    walk.menu("Обладнання")
    expect(walk.page.locator("main")).to_contain_text("Додати пристрій")
    walk.shot("no-devices-yet")


def password_changed(walk: Walk) -> None:
    page, fresh = walk.page, "Новий-Пароль-1!"
    page.get_by_label("Обліковий запис").first.click()
    page.get_by_role("link", name="Мій обліковий запис").click()
    page.get_by_label("Поточний пароль").fill(walk.product.password)
    page.get_by_label("Новий пароль").fill(fresh)
    page.get_by_role("button", name="Змінити пароль").click()
    walk.told("Пароль")
    walk.product.password = fresh
    walk.shot("password-changed")


def group_access_devices(walk: Walk, snmp_port: int) -> None:
    """A group, an access, and devices by what they say of themselves."""
    page = walk.page
    walk.menu("Групи пристроїв", "Створити групу")
    page.get_by_label("Назва", exact=True).fill(GROUP)
    page.get_by_role("button", name="Створити", exact=True).click()
    walk.told(GROUP)
    walk.shot("group")
    walk.menu("Доступи до пристроїв", "Створити доступ")
    page.get_by_label("Назва", exact=True).fill("район")
    page.get_by_label("Порт UDP").fill(str(snmp_port))
    page.get_by_label("Community для читання").fill("r-5ecret")
    page.get_by_role("button", name="Створити", exact=True).click()
    walk.told("район")
    assert "r-5ecret" not in page.content()
    walk.shot("access")
    for ip in DEVICES:
        walk.menu("Облік пристроїв", "Додати пристрій")
        page.get_by_label("IP-адреса").fill(ip)
        page.get_by_label("Доступ", exact=True).select_option(label="район")
        page.get_by_label(GROUP).check()
        page.get_by_role("button", name="Отримати інформацію з пристрою").click()
        expect(page.locator("main")).to_contain_text("Відповів")
        walk.shot(f"detected-{ip}")
        page.get_by_role("button", name="Додати", exact=True).click()
        expect(page).to_have_url(re.compile(r"/device/\d+"))
    walk.menu("Обладнання")
    expect(page.locator("#t-devices tbody tr")).to_have_count(len(DEVICES))
    wait_for_polls(walk)
    walk.shot("devices")
    page.get_by_role("link", name="olt-hoshcha-1").click()
    expect(page.locator("h1")).to_contain_text("olt-hoshcha-1")
    walk.shot("olt")


def role_and_user(walk: Walk) -> None:
    """Step 1 of the document."""
    site = Site(walk.product.url, walk.product.login, walk.product.password, "", Path())
    make_role(walk.page, site, "mb_dms")
    walk.shot("role-mb_dms")
    make_user(walk.page, site, "mikbill", "mb_dms")
    walk.shot("user-mikbill")


def employees(walk: Walk) -> None:
    """People of billing with the same logins: the operator has the rights that the document names, the trainee none."""
    site = Site(walk.product.url, walk.product.login, walk.product.password, "", Path())
    rights = ("user_self_control", "olts_info", "switches_info")
    make_role(walk.page, site, "operators", [tick for tick in SEED_TICKS if tick[2] in rights])
    make_user(walk.page, site, "operator", "operators")
    make_role(walk.page, site, "trainees", [])
    make_user(walk.page, site, "trainee", "trainees")
    walk.menu("Користувачі")
    expect(walk.page.locator("main")).to_contain_text("trainee")
    walk.shot("users")


def key_by_console(background: Background, product: Product) -> str:
    """Step 2: the document's table."""
    code, out, errors = background.run(product.wca("user:generate-key", "mikbill", "365d"))
    assert (code, errors) == (0, "")
    assert [cell.strip() for cell in out.splitlines()[1].strip("|").split("|")] == ["ID", "User", "Key", "Expired At"]
    found = re.search(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", out)
    assert found
    return found[0]


def behind_nginx(walk: Walk) -> None:
    """Step 3: https by name; the sign-in page says nothing of the port behind."""
    walk.page.goto(f"http://{NAME}/")
    expect(walk.page).to_have_url(re.compile(rf"^http://{re.escape(NAME)}/sign-in"))
    sign_in(walk, f"https://{NAME}", walk.product.password)
    expect(walk.page).to_have_url(f"https://{NAME}/")
    walk.shot("behind-nginx")


def signals_in_the_card(walk: Walk) -> None:
    """Step 4: billing has address and key, and shows the signals."""
    page = walk.page
    page.goto(f"{walk.billing_url}/client/{walk.place.showcase.uid}")
    expect(page.locator("#signals")).to_contain_text("Online")
    expect(page.locator("#signals")).to_contain_text("dBm")
    walk.shot("billing-signals")


def tabs_of_billing(walk: Walk) -> None:
    """The tab Wildcore opens the ONU's page and the port's page as the employee."""
    frame = tab_of_billing(walk, walk.place.showcase.uid, "onu")
    expect(frame.locator("body")).to_contain_text(SHOWCASE_SERIAL)
    expect(frame.locator("[data-live=done]")).to_be_visible()
    walk.shot("billing-onu")
    frame = tab_of_billing(walk, walk.place.house.uid, "port")
    expect(frame.locator("h1")).to_contain_text(str(HOUSE_PORT))
    expect(frame.locator("[data-live=done]")).to_be_visible()
    walk.shot("billing-port")


def denied_without_rights(walk: Walk) -> None:
    frame = tab_of_billing(walk, walk.place.showcase.uid, "onu", "trainee")
    expect(frame.locator("body")).to_have_text(DENIED)
    walk.shot("billing-denied")


def scale_of_the_frame(walk: Walk) -> None:
    """WEB_ZOOM_IFRAME in System configuration; the next opened frame has it."""
    walk.page.goto(f"https://{NAME}/")
    walk.menu(SETTINGS)
    fill_settings(walk, {"Масштаб сторінок у білінгу": "0.75"})
    walk.page.get_by_label("Масштаб сторінок у білінгу", exact=True).scroll_into_view_if_needed()
    walk.shot("zoom-set")
    frame = tab_of_billing(walk, walk.place.showcase.uid, "onu")
    expect(frame.locator("[data-live=done]")).to_be_visible()
    assert float(frame.evaluate("getComputedStyle(document.documentElement).zoom")) == 0.75
    walk.shot("billing-onu-at-75")


def component_switched_on(walk: Walk) -> None:
    page = walk.page
    page.goto(f"https://{NAME}/")
    walk.menu(SETTINGS, "Компоненти")
    expect(page.locator("main")).to_contain_text("mikbill_integration")
    page.get_by_role("switch", name="Білінг MikBill").check(force=True)
    walk.told("MikBill")
    page.get_by_role("switch", name="Білінг MikBill").scroll_into_view_if_needed()
    walk.shot("component-on")


def settings_filled(walk: Walk) -> None:
    """Only now there is a section MikBill: address, key, and the field of the global search."""
    walk.menu(SETTINGS)
    page = walk.page
    wanted = {
        "Адреса білінгу": walk.billing_url,
        "Ключ API": walk.billing.api_key,
        "Поле, яке показує загальний пошук": "agreement",
    }
    if page.get_by_label("Поле, яке показує загальний пошук", exact=True).input_value() == "agreement":
        wanted.popitem()  # nothing to change
    fill_settings(walk, wanted)
    page.reload()
    expect(page.get_by_label("Адреса білінгу", exact=True)).to_have_value(walk.billing_url)
    expect(page.get_by_label("Ключ API", exact=True)).to_have_value("")
    assert walk.billing.api_key not in page.content()
    page.get_by_label("Адреса білінгу", exact=True).scroll_into_view_if_needed()
    walk.shot("mikbill-settings")


def schedule_switched_on(walk: Walk) -> None:
    if not walk.page.get_by_role("link", name="Планувальник", exact=True).count():
        walk.menu(SETTINGS)
    walk.menu("Планувальник")
    page = walk.page
    title = "Синхронізація абонентів MikBill"
    page.get_by_role("switch", name=title).check(force=True)
    expect(page.locator(".wc-toast").first).to_be_visible()
    crontab = page.locator("input[name=crontab]").first
    crontab.fill("0 4,12 * * *")
    crontab.press("Enter")
    walk.told("Розклад збережено")
    page.reload()
    expect(page.get_by_role("switch", name=title)).to_be_checked()
    expect(page.locator("input[name=crontab]").first).to_have_value("0 4,12 * * *")
    expect(page.locator("main")).to_contain_text(re.compile(r"\b(04|12):00"))
    walk.shot("schedule-on")


def sync_by_console(background: Background, product: Product, key: str) -> None:
    code, out, errors = background.run(product.wca("mikbill_integration:sync-clients"))
    assert code == 0, errors
    assert key not in out + errors
    counts = dict(re.findall(r"\| (\w[\w ]*?) +\| (\d+)", out))
    assert int(counts["Received"]) == int(counts["Added"]) > 200
    assert int(counts["Bound by ONU ident"]) > 100


def card_shows_the_subscriber(walk: Walk) -> None:
    """The cards of the ONU and of the port have billing's data, and the link opens billing's card in a new tab."""
    page, place = walk.page, walk.place
    page.goto(f"https://{NAME}/")
    search(walk, SHOWCASE_SERIAL)
    for text in (place.showcase.agreement, place.showcase.login, place.showcase.address.full):
        expect(page.locator("main")).to_contain_text(text)
    walk.shot("onu-with-subscriber")
    with page.context.expect_page() as opened:
        page.get_by_role("link", name="Відкрити в білінгу").first.click()
    card = opened.value
    expect(card).to_have_url(re.compile(rf"^{re.escape(walk.billing_url)}/.*{place.showcase.uid}$"))
    expect(card.locator("body")).to_contain_text(place.showcase.agreement)
    walk.shot("billing-card-in-a-new-tab", card)
    card.close()
    walk.menu("Обладнання")
    page.get_by_role("link", name="sw-nezalezhnosti-12").click()
    page.get_by_role("link", name=re.compile(rf"(^|\D){HOUSE_PORT}$")).first.click()
    expect(page.locator("main")).to_contain_text(place.house.agreement)
    expect(page.locator("main")).to_contain_text(place.house.address.full)
    walk.shot("port-with-subscribers")


def found_by_contract(walk: Walk) -> None:
    search(walk, walk.place.showcase.agreement, shot="search-by-contract")
    expect(walk.page.locator("main")).to_contain_text(SHOWCASE_SERIAL)
    expect(walk.page.locator("[data-live=done]")).to_be_visible()
    walk.shot("found-by-contract")
