"""The seed's whole story over real UDP, HTTP, console and browser: from an empty installation to the subscriber in billing.

The product runs as `wca run` in a process of its own; the district's devices and the billing stand-in run here.
"""

from __future__ import annotations

import json
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from playwright.async_api import Browser, Frame, Page, async_playwright, expect

from tests.browser import CHROMIUM, FLAGS
from tests.system.product import Product, eventually, running
from wildcore.lab.agents import UNPRIVILEGED, Agents
from wildcore.lab.billing import Billing, BillingServer
from wildcore.lab.district import HOUSE_PORT, SHOWCASE_SERIAL, District, district

pytestmark = [pytest.mark.system, pytest.mark.timeout(300)]

READ = "r-5ecret"
DENIED = "Wildcore iframe permission denied"
# The seed's tick boxes: System, Users (two), Diagnostic, OLTs, Switches.
MB_DMS = ("system_cross_auth_user", "user_display", "user_self_control", "diag_interface", "olts_info", "switches_info")
OPERATOR = ("user_self_control", "olts_info", "switches_info", "diag_interface")


@asynccontextmanager
async def browser() -> AsyncIterator[Browser]:
    async with async_playwright() as playwright:
        opened = await playwright.chromium.launch(executable_path=CHROMIUM, args=list(FLAGS))
        yield opened
        await opened.close()


@pytest.mark.skipif(not Path(CHROMIUM).exists(), reason=f"no browser at {CHROMIUM}: apt-get install chromium")
async def test_from_an_empty_installation_to_the_subscriber_in_billing(tmp_path: Path) -> None:
    place = district()
    agents = Agents(port=UNPRIVILEGED)
    for site in place.sites:
        agents.add(site.host, site.device, read_community=READ, write_community="w-5ecret")
    billing = Billing(place.subscribers)
    async with agents, BillingServer(billing) as server, running(tmp_path / "data") as product:
        signed_in = await product.api("POST", "/auth", {"login": product.login, "password": product.password})
        product.key = signed_in["key"]
        group_id = await add_network(product, place, agents.port)
        await add_people(product, group_id)
        billing.api_key = await the_seeds_key(product)
        billing.wildcore = product.url
        await billing_finds_the_onu(product, place, billing.api_key)
        await switched_on_and_synchronised(product, server.url, billing.api_key)
        await the_onu_has_its_subscriber(product, place, server.url, billing.api_key)
        await search_finds_the_subscriber_by_each_field(product, place)
        await a_duplicate_shows_the_working_place_first(product, place, billing.api_key)
        await a_foreign_group_knows_nothing(product, place)
        async with browser() as opened:
            await employees_open_the_tabs(opened, server.url, place)


async def add_network(product: Product, place: District, snmp_port: int) -> int:
    """Group, access, and every device by what it says of itself."""
    group = await product.api("POST", "/device-group", {"name": "Гощанський район"})
    access = await product.api(
        "POST",
        "/device-access",
        {
            "name": "district",
            "params": {"sw_core_connection": {"snmp_port": snmp_port, "snmp_timeout_sec": 2, "snmp_repeats": 2}},
            "secrets": {"public_community": READ, "private_community": "w-5ecret"},
        },
    )
    assert READ not in json.dumps(access)
    for site in place.sites:
        found = await product.api("POST", "/device-detect", {"ip": site.host, "access_id": access["id"]})
        added = await product.api(
            "POST",
            "/device",
            {
                "ip": site.host,
                "access_id": access["id"],
                "model_id": found["model"]["id"],
                "name": found["name"],
                "group_ids": [group["id"]],
            },
        )
        assert added["group"]["id"] == group["id"]
    assert await eventually(lambda: _all_polled(product))
    return int(group["id"])


async def _all_polled(product: Product) -> bool:
    for device in await product.api("GET", "/device"):
        polls = await product.api("GET", f"/poller/{device['id']}")
        if not polls or not all(poll["last_at"] for poll in polls if poll["interval_sec"]):
            return False
        assert not [poll for poll in polls if poll["result"] == "error"], polls
    return True


async def add_people(product: Product, group_id: int) -> None:
    """The seed's role and user, an operator with rights, a trainee without, and one who sees another group."""
    other = await product.api("POST", "/device-group", {"name": "Чужий район"})
    people: tuple[tuple[str, str, tuple[str, ...], int], ...] = (
        ("mb_dms", "mikbill", MB_DMS, group_id),
        ("operators", "operator", OPERATOR, group_id),
        ("trainees", "trainee", (), group_id),
        ("strangers", "stranger", OPERATOR, int(other["id"])),
    )
    for role_name, login, permissions, group in people:
        role = await product.api("POST", "/user-role", {"name": role_name, "permissions": list(permissions)})
        assert sorted(role["permissions"]) == sorted(permissions)
        user = {"login": login, "name": login.title(), "password": f"Pass-of-{login}-1", "role_id": role["id"]}
        await product.api("POST", "/user", {**user, "group_ids": [group]})


async def the_seeds_key(product: Product) -> str:
    """`wca user:generate-key mikbill 365d` prints the seed's table."""
    code, out, errors = await product.wca("user:generate-key", "mikbill", "365d")
    assert (code, errors) == (0, "")
    lines = out.splitlines()
    assert re.fullmatch(r"(\+-+){4}\+", lines[0])
    assert [cell.strip() for cell in lines[1].strip("|").split("|")] == ["ID", "User", "Key", "Expired At"]
    cells = [[cell.strip() for cell in line.strip("|").split("|")] for line in lines[3:6]]
    assert [row[1].partition(":")[0] for row in cells] == ["ID", "Login", "Name"]
    assert cells[1][1] == "Login: mikbill"
    assert re.fullmatch(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d", cells[0][3])
    key = cells[0][2]
    assert re.fullmatch(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", key)
    return key


async def billing_finds_the_onu(product: Product, place: District, key: str) -> None:
    """Three notations of one serial; then RX, TX and status fresh from the device, as they really are."""
    ids = set()
    for text in ("ZTEGC69EF036", "zteg:c69ef036", "5A544547C69EF036"):
        found = await product.api("GET", "/device-interface/search", key=key, ont_ident=text)
        ids.add(found[0]["id"])
    assert len(ids) == 1
    diag = await product.api("GET", f"/component/diagnostic/interface/{ids.pop()}/diag", key=key, **{"from": "device"})
    data, meta = diag["diagnostic"]["data"], diag["diagnostic"]["meta"]
    onu = place.sites[0].device.onus[0]
    assert data["ident"] == {"value": SHOWCASE_SERIAL, "type": "SN"}
    assert data["status"]["online"] == "Online" or data["status"]["bind"] == "Online"
    assert data["optical"]["rx"] == pytest.approx(onu.rx_dbm, abs=0.6)
    assert data["optical"]["tx"] == pytest.approx(onu.tx_dbm, abs=0.6)
    assert data["optical"]["olt_rx"] == pytest.approx(onu.olt_rx_dbm, abs=0.6)
    assert {meta[name]["source"] for name in ("pon_onts_status", "pon_onts_optical")} == {"device"}
    assert not [one["error"] for one in meta.values() if one["error"]]
    port = await product.api(
        "GET", "/device-interface/search", key=key, device_ip=place.house.switch, interface_name=str(HOUSE_PORT)
    )
    assert port[0]["bind_key"] == str(HOUSE_PORT)
    diag = await product.api("GET", f"/component/diagnostic/interface/{port[0]['id']}/diag", key=key, **{"from": "device"})
    assert diag["diagnostic"]["data"]["link_info"][0]["oper_status"] in ("Up", "Down")


async def switched_on_and_synchronised(product: Product, billing_url: str, key: str) -> None:
    """Nothing of the component exists before; then switch on, settings, and the console's sync."""
    code, _out, errors = await product.wca("mikbill_integration:sync-clients")
    assert code == 1
    assert "component:control mikbill_integration enable" in errors
    code, out, _errors = await product.wca("component:control", "mikbill_integration", "enable")
    assert (code, out) == (0, "Component mikbill_integration is on\n")
    wanted = {"MIKBILL_API_ADDR": billing_url, "MIKBILL_AUTH_KEY": key, "MIKBILL_GLOBAL_SEARCH_FIELD": "agreement"}
    await eventually(lambda: _configured(product, wanted), 15)
    assert key not in (await product.raw("GET", "/system/configuration")).text
    code, out, errors = await product.wca("mikbill_integration:sync-clients")
    assert code == 0, errors
    assert key not in out + errors
    counts = dict(re.findall(r"\| (\w[\w ]*?) +\| (\d+)", out))
    assert int(counts["Received"]) == int(counts["Added"]) > 200
    assert int(counts["Bound by ONU ident"]) > 200
    assert int(counts["Unmatched"]) > 0


async def _configured(product: Product, wanted: dict[str, str]) -> bool:
    """The running server sees a component that another process switched on within seconds."""
    answer = await product.raw("PUT", "/system/configuration", wanted)
    return answer.status_code == 200


async def the_onu_has_its_subscriber(product: Product, place: District, billing_url: str, key: str) -> None:
    found = (await product.api("GET", "/device-interface/search", key=key, ont_ident=SHOWCASE_SERIAL))[0]
    card = found["params"]["billing"]["mikbill"]
    assert str(card["uid"]) == str(place.showcase.uid)
    assert (card["agreement"], card["login"]) == (place.showcase.agreement, place.showcase.login)
    assert card["address"]["full"]
    assert found["agreement"] == place.showcase.agreement
    assert found["billing_link"] == f"{billing_url}/#clientcard/{place.showcase.uid}"


async def search_finds_the_subscriber_by_each_field(product: Product, place: District) -> None:
    for setting, text in (
        ("uid", str(place.showcase.uid)),
        ("agreement", place.showcase.agreement),
        ("login", place.showcase.login),
    ):
        await product.api("PUT", "/system/configuration", {"MIKBILL_GLOBAL_SEARCH_FIELD": setting})
        hits = json.dumps(await product.api("GET", "/portal/search", query=text), ensure_ascii=False)
        assert text in hits
        assert place.sites[0].host in hits, (setting, hits)


async def a_duplicate_shows_the_working_place_first(product: Product, place: District, key: str) -> None:
    found = await product.api("GET", "/device-interface/search", key=key, ont_ident=place.moved.ident)
    assert len(found) == 2
    assert found[0]["status"] == "Online"
    assert found[1]["status"] != "Online"
    assert str(found[0]["params"]["billing"]["mikbill"]["uid"]) == str(place.moved.uid)


async def a_foreign_group_knows_nothing(product: Product, place: District) -> None:
    stranger = (await product.api("POST", "/auth", {"login": "stranger", "password": "Pass-of-stranger-1"}))["key"]
    assert await product.api("GET", "/device-interface/search", key=stranger, ont_ident=SHOWCASE_SERIAL) == []
    assert await product.api("GET", "/device", key=stranger) == []
    page = await product.http.get(f"{product.url}/iframe/ont/{SHOWCASE_SERIAL}", headers={"X-Auth-Key": stranger})
    unknown = await product.http.get(f"{product.url}/iframe/ont/ZTEG00000000", headers={"X-Auth-Key": stranger})
    assert page.status_code == unknown.status_code
    assert place.showcase.agreement not in page.text


async def employees_open_the_tabs(opened: Browser, billing_url: str, place: District) -> None:
    """The card of a subscriber in billing, as the operator with rights and as the trainee without."""
    page = await opened.new_page()
    await work_as(page, billing_url, "operator")
    await page.goto(f"{billing_url}/client/{place.showcase.uid}")
    await expect(page.locator("body")).to_contain_text("Online", timeout=20_000)
    frame = await wildcore_frame(page, billing_url, place.showcase.uid, "onu")
    await expect(frame.locator("body")).to_contain_text(SHOWCASE_SERIAL, timeout=20_000)
    text = await frame.locator("body").inner_text()
    shown = [float(value.replace("−", "-").replace(",", ".")) for value in re.findall(r"[-−]\d+[.,]\d+", text)]
    onu = place.sites[0].device.onus[0]
    assert [value for value in shown if abs(value - onu.rx_dbm) < 0.7], text
    assert place.showcase.agreement in text
    assert "x-auth-key" not in frame.url.lower()
    frame = await wildcore_frame(page, billing_url, place.house.uid, "port")
    await expect(frame.locator("body")).to_contain_text(place.house.agreement, timeout=20_000)
    await work_as(page, billing_url, "trainee")
    frame = await wildcore_frame(page, billing_url, place.showcase.uid, "onu")
    await expect(frame.locator("body")).to_have_text(DENIED)
    await page.close()


async def work_as(page: Page, billing_url: str, login: str) -> None:
    await page.request.post(f"{billing_url}/employee", form={"login": login, "back": "/"})


async def wildcore_frame(page: Page, billing_url: str, uid: int, tab: str) -> Frame:
    await page.goto(f"{billing_url}/client/{uid}/{tab}")
    element = await page.wait_for_selector("iframe")
    assert element is not None
    frame = await element.content_frame()
    assert frame is not None
    await frame.wait_for_load_state()
    return frame
