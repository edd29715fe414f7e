"""How a person walks the product in a browser: the tab, the screenshots, what runs beside, and the moves that many steps make."""

from __future__ import annotations

import asyncio
import os
import re
import threading
from collections.abc import Coroutine, Iterator
from contextlib import AsyncExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

from playwright.sync_api import BrowserContext, Frame, Page, expect

from tests.system.product import Product, running
from wildcore.lab.agents import UNPRIVILEGED, Agents
from wildcore.lab.billing import Billing, BillingServer
from wildcore.lab.district import District, district

T = TypeVar("T")
ARTIFACTS = Path(os.environ.get("WILDCORE_TEST_ARTIFACTS") or Path(__file__).parents[2] / "test-artifacts") / "seed-walk"
DEVICES = ("127.10.0.11", "127.10.1.1")
"""The OLT of the showcase subscriber, and the switch of the house."""
WAIT_MS = 20_000


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
