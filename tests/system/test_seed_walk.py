"""Every step of MikBill's document as a person walks it: from an empty installation to the subscriber found by contract.

All is clicked in a browser, in Ukrainian, but what the document itself types on the console. Each step leaves a screenshot in
`test-artifacts/seed-walk` (the folder is WILDCORE_TEST_ARTIFACTS).
"""

from __future__ import annotations

import asyncio
import os
import re
import shutil
import threading
from collections.abc import Coroutine, Iterator
from contextlib import AsyncExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import BrowserContext, Frame, Page, expect, sync_playwright

from tests.browser import CHROMIUM, FLAGS
from tests.nginx import NAME, seed_nginx
from tests.pages.conftest import Site
from tests.pages.test_management import SEED_TICKS, make_role, make_user
from tests.system.product import Product, running
from wildcore.lab.agents import UNPRIVILEGED, Agents
from wildcore.lab.billing import Billing, BillingServer
from wildcore.lab.district import HOUSE_PORT, SHOWCASE_SERIAL, District, district

pytestmark = [pytest.mark.system, pytest.mark.browser, pytest.mark.timeout(300)]

T = TypeVar("T")
ARTIFACTS = Path(os.environ.get("WILDCORE_TEST_ARTIFACTS") or Path(__file__).parents[2] / "test-artifacts") / "seed-walk"
GROUP = "Гощанський район"
DENIED = "Wildcore iframe permission denied"
DEVICES = ("127.10.0.11", "127.10.1.1")
"""The OLT of the showcase subscriber, and the switch of the house."""
WAIT_MS = 20_000
SETTINGS = re.compile(r"^(Налаштування|Конфігурація) системи$")


@dataclass
class Walk:
    """What is being walked: the browser's tab, the product, billing, and the number of the next screenshot."""

    page: Page
    product: Product
    billing: Billing
    billing_url: str
    place: District
    shots: int = 0

    def shot(self, name: str, page: Page | None = None) -> None:
        """Keep what is on the screen, once it has settled."""
        shown = page or self.page
        shown.evaluate("document.fonts.ready")
        self.shots += 1
        shown.screenshot(path=ARTIFACTS / f"{self.shots:02}-{name}.png", animations="disabled")

    def menu(self, *names: str | re.Pattern[str]) -> None:
        """Go where the menu leads, and on by tabs."""
        for name in names:
            self.page.get_by_role("link", name=name, exact=True).first.click()

    def told(self, text: str) -> None:
        """Wait for the note in the corner."""
        expect(self.page.locator(".wc-toast", has_text=text).first).to_be_visible()


class Background:
    """An event loop of its own for what runs beside the browser: devices, billing, the product."""

    def __init__(self) -> None:
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._thread.start()

    def run(self, work: Coroutine[Any, Any, T]) -> T:
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(120)

    def close(self) -> None:
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(30)
        self._loop.close()


@contextmanager
def surroundings(folder: Path) -> Iterator[tuple[Background, Product, Billing, str, District, int]]:
    """The district's devices, billing without settings, and `wca run` on an empty directory."""
    background, stack = Background(), AsyncExitStack()
    place = district()
    agents = Agents(port=UNPRIVILEGED)
    for site in place.sites:
        if site.host in DEVICES:
            agents.add(site.host, site.device, read_community="r-5ecret", write_community="w-5ecret")
    billing = Billing(place.subscribers)

    async def start() -> tuple[str, Product]:
        await stack.enter_async_context(agents)
        server = await stack.enter_async_context(BillingServer(billing))
        return server.url, await stack.enter_async_context(running(folder / "data"))

    try:
        url, product = background.run(start())
        yield background, product, billing, url, place, agents.port
    finally:
        background.run(stack.aclose())
        background.close()


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


def watched(context: BrowserContext) -> list[str]:
    """What the consoles of all pages complain of, but chromium's own word for a page that is refused on purpose."""
    problems: list[str] = []

    def watch(page: Page) -> None:
        page.set_default_timeout(WAIT_MS)
        page.on("console", lambda m: problems.append(m.text) if m.type == "error" and "status of 403" not in m.text else None)
        page.on("pageerror", lambda error: problems.append(str(error)))

    context.on("page", watch)
    return problems


def sign_in(walk: Walk, url: str, password: str) -> None:
    page = walk.page
    page.goto(f"{url}/")
    page.get_by_label("Логін", exact=True).fill(walk.product.login)
    page.get_by_label("Пароль", exact=True).fill(password)
    page.get_by_role("button", name="Увійти").click()
    expect(page.get_by_role("link", name="Обладнання", exact=True).first).to_be_visible()


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


def wait_for_polls(walk: Walk) -> None:
    """Reload until every device responds and its ONUs or ports are counted."""
    rows = walk.page.locator("#t-devices tbody tr")
    for _ in range(60):
        told = rows.all_inner_texts()
        if all("на звʼязку" in text and re.search(r"\d+\s*/\s*[1-9]", text) for text in told):
            return
        walk.page.wait_for_timeout(500)
        walk.page.reload()
    raise AssertionError(told)


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


def tab_of_billing(walk: Walk, uid: int, tab: str, employee: str = "operator") -> Frame:
    walk.page.request.post(f"{walk.billing_url}/employee", form={"login": employee, "back": "/"})
    walk.page.goto(f"{walk.billing_url}/client/{uid}")
    walk.page.get_by_role("link", name={"onu": "Wildcore ONU", "port": "Wildcore порт"}[tab]).click()
    element = walk.page.wait_for_selector("iframe")
    assert element
    frame = element.content_frame()
    assert frame
    frame.wait_for_load_state()
    return frame


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


def fill_settings(walk: Walk, values: dict[str, str]) -> None:
    """Type or choose by label; saved by the section's button where there is one, else as soon as a field is left."""
    page = walk.page
    for label, value in values.items():
        field = page.get_by_label(label, exact=True)
        if field.evaluate("one => one.tagName") == "SELECT":
            field.select_option(value)
        else:
            field.fill(value)
            field.press("Tab")
        section = page.locator("form", has=page.get_by_label(label, exact=True))
        save = section.get_by_role("button", name="Зберегти", exact=True)
        if label == list(values)[-1] and save.count() and save.first.is_visible():
            save.first.click()
    walk.told("Збережено")
    page.wait_for_load_state("networkidle")


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


def search(walk: Walk, text: str, shot: str = "") -> None:
    """Type into the search at the top and take the first hit."""
    page = walk.page
    page.get_by_role("combobox", name="Пошук").press_sequentially(text)
    hit = page.get_by_role("option").first
    expect(hit).to_contain_text(text)
    if shot:
        walk.shot(shot)
    hit.click()
    expect(page.locator(".wc-strip")).to_be_visible()
