"""The seed's questions 1 and 2: an ONU stands on two OLTs, the stale place is deleted, and billing has the right one at once.

Both OLTs are real SNMP agents; the product runs in a process of its own and polls them; the deletion is clicked in a browser.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest
from playwright.async_api import Page, async_playwright, expect

from tests.browser import CHROMIUM, FLAGS
from tests.system.product import Product, eventually, running
from wildcore.lab.agents import UNPRIVILEGED, Agents
from wildcore.lab.billing.wildcore_client import WildcoreClient
from wildcore.lab.captures import FAMILIES
from wildcore.lab.captures.device import Spec
from wildcore.lab.captures.onu import SimOnu, make_onus
from wildcore.model.onu import OnuState
from wildcore.transport.replay import MibRow, MibView
from wildcore.transport.snmp.types import Oid

pytestmark = [pytest.mark.system, pytest.mark.browser, pytest.mark.timeout(180)]

OLD, NEW = "127.10.9.11", "127.10.9.12"
STAYS = "Досі зареєстрована на OLT: повернеться з наступним опитуванням, видаліть її там."


class Olt:
    """An OLT whose ONUs can be taken away while it runs."""

    def __init__(self, name: str, onus: list[SimOnu]) -> None:
        self._name = name
        self.has(onus)

    def has(self, onus: list[SimOnu]) -> None:
        spec = Spec("", 1, onus, self._name, "вузол зв'язку", 5)
        self._view: MibView = FAMILIES["zte_c3xx"][0].build(spec).mib()

    def get(self, oid: Oid) -> MibRow | None:
        return self._view.get(oid)

    def range_after(self, oid: Oid, count: int) -> Sequence[MibRow]:
        return self._view.range_after(oid, count)


@pytest.mark.skipif(not Path(CHROMIUM).exists(), reason=f"no browser at {CHROMIUM}: apt-get install chromium")
async def test_a_stale_place_is_deleted_and_billing_has_the_right_one_at_once(tmp_path: Path) -> None:
    left, moved = make_onus(FAMILIES["zte_c3xx"][1], 1, 4, seed=1), make_onus(FAMILIES["zte_c3xx"][1], 1, 4, seed=2)
    for onu in (*left, *moved):
        onu.at_start, onu.flap_sec = OnuState.ONLINE, 0.0
    ident = moved[1].ident
    left[2] = replace(left[2], ident=ident, at_start=OnuState.OFFLINE)
    old, new = Olt("olt-old", left), Olt("olt-new", moved)
    agents = Agents(port=UNPRIVILEGED)
    agents.add(OLD, old)
    agents.add(NEW, new)
    async with agents, running(tmp_path / "data") as product, async_playwright() as playwright:
        product.key = (await product.api("POST", "/auth", {"login": product.login, "password": product.password}))["key"]
        olts = await add_olts(product, agents.port)
        billing = WildcoreClient(product.url, product.key)
        browser = await playwright.chromium.launch(executable_path=CHROMIUM, args=list(FLAGS))
        page = await browser.new_page(locale="uk-UA")
        await sign_in(page, product)

        async def places() -> list[tuple[str, bool]]:
            found = [one.interface for one in await billing.find_onu(ident)]
            return [(one["device"]["ip"], one["stale"]) for one in found]

        assert await places() == [(NEW, False), (OLD, True)]
        code, out, _errors = await product.wca("analytics:duplicated-ont-idents")
        told = [[cell.strip() for cell in line.strip("|").split("|")] for line in out.splitlines() if ident in line]
        assert (code, [row[1] for row in told]) == (0, ["current, online", "stale, registered"])
        await the_list_says_why(page, product, ident)

        await delete_the_stale_place(page, ident, STAYS)
        assert await places() == [(NEW, False)], "at once, whatever the poller does later"
        assert await eventually(lambda: _are(places, [(NEW, False), (OLD, True)])), "it is registered still, as the page said"

        old.has([onu for onu in left if onu.ident != ident])
        await polled_again(product, olts[OLD])
        await delete_the_stale_place(page, ident, "На OLT її вже немає: не повернеться.")
        assert await places() == [(NEW, False)]
        await polled_again(product, olts[OLD])
        assert await places() == [(NEW, False)], "the poller confirms it"
        assert await product.api("GET", "/device-interface/duplicates") == []
        hits = await product.api("GET", "/portal/search", query=ident)
        assert OLD not in str(hits)
        assert NEW in str(hits)
        opened = await product.http.get(f"{product.url}/iframe/ont/{ident}", headers={"X-Auth-Key": product.key})
        assert "olt-new" in opened.text
        lines = await product.api("GET", "/logs/actions", action="interface:deleted")
        assert [ident in line["message"] and "olt-old" in line["message"] for line in lines] == [True, True]
        await browser.close()


async def add_olts(product: Product, snmp_port: int) -> dict[str, int]:
    """Both OLTs, polled once; their ids by address."""
    connection = {"snmp_port": snmp_port, "snmp_timeout_sec": 2}
    body = {"name": "two", "params": {"sw_core_connection": connection}, "secrets": {"public_community": "public"}}
    access = await product.api("POST", "/device-access", body)
    ids = {}
    for ip in (OLD, NEW):
        found = await product.api("POST", "/device-detect", {"ip": ip, "access_id": access["id"]})
        device = {"ip": ip, "access_id": access["id"], "model_id": found["model"]["id"], "name": found["name"]}
        ids[ip] = int((await product.api("POST", "/device", device))["id"])

    async def polled() -> bool:
        told = [poll for one in ids.values() for poll in await polls(product, one) if poll["interval_sec"]]
        return all(poll["last_at"] for poll in told)

    assert await eventually(polled)
    return ids


async def polls(product: Product, device_id: int) -> list[dict[str, str]]:
    found: list[dict[str, str]] = await product.api("GET", f"/poller/{device_id}")
    return found


async def polled_again(product: Product, device_id: int) -> None:
    """The poller's next round, asked for by hand so that nobody waits minutes for it."""
    await product.api("POST", "/poller/run", {"device_id": device_id})


async def _are(places: object, wanted: list[tuple[str, bool]]) -> bool:
    return bool(await places() == wanted)  # type: ignore[operator]


async def sign_in(page: Page, product: Product) -> None:
    await page.goto(f"{product.url}/sign-in")
    await page.get_by_label("Логін").fill(product.login)
    await page.get_by_label("Пароль").fill(product.password)
    await page.get_by_role("button", name="Увійти").click()
    await page.wait_for_url(f"{product.url}/")


async def the_list_says_why(page: Page, product: Product, ident: str) -> None:
    await page.get_by_role("link", name="Аналітика").click()
    await page.get_by_role("link", name="Дублікати ONU").click()
    rows = page.locator("tbody", has_text=ident).locator("tr")
    await expect(rows.nth(1)).to_contain_text("olt-new")
    await expect(rows.nth(1)).to_contain_text("зараз у мережі")
    await expect(rows.nth(2)).to_contain_text("olt-old")
    await expect(rows.nth(2)).to_contain_text("досі на OLT")


async def delete_the_stale_place(page: Page, ident: str, afterwards: str) -> None:
    """Tick, ask, confirm; the list is empty afterwards."""
    await page.goto(page.url.split("/analytics")[0] + "/analytics/duplicate-onus")
    await page.get_by_label(f"Усі застарілі місця {ident}").check()
    await page.get_by_role("button", name="Видалити позначені").click()
    await expect(page.get_by_role("heading", name="Видалення застарілих місць")).to_be_visible()
    await expect(page.locator("main")).to_contain_text(afterwards)
    await page.get_by_role("button", name="Видалити 1 місце").click()
    dialog = page.get_by_role("dialog")
    await expect(dialog).to_contain_text("olt-old")
    await dialog.get_by_role("button", name="Видалити").click()
    await expect(page.locator("main")).to_contain_text("Кожна ONU стоїть в одному місці")
    await expect(page.locator(".wc-toast")).to_contain_text("1 місце видалено")
