"""What an employee does inside billing's frame, by a key that billing got for them: asked twice, told, refreshed, logged."""

from __future__ import annotations

import re
from typing import Any

import httpx
import pytest
from playwright.sync_api import Page, Request, expect

from tests.pages.conftest import OpenTab, Site

pytestmark = [pytest.mark.browser, pytest.mark.system, pytest.mark.timeout(180)]

FRAME = (900, 600)
LATEST = "select action, success, message from action_log order by id desc limit 1"


def key_of(site: Site, login: str) -> str:
    """A key that billing gets for an employee."""
    answer = httpx.post(f"{site.url}/api/v1/system/cross-auth", json={"login": login}, headers={"X-Auth-Key": site.key})
    return str(answer.json()["data"]["auth_key"])


def onu_of(site: Site, family: str, skip: int = 0) -> tuple[int, str]:
    """An online ONU of an OLT of this family: id and name."""
    query = (
        "select i.id, i.name from interfaces i join devices d on d.id = i.device_id join device_models m on m.id = d.model_id"
        " where m.family = ? and i.type = 'ONU' and i.status = 'Online' and i.gone_at is null order by i.id limit 1 offset ?"
    )
    found, name = site.sql(query, family, skip)[0]
    return int(str(found)), str(name)


def frame(open_tab: OpenTab, path: str, key: str, size: tuple[int, int] = FRAME) -> Page:
    page = open_tab(f"{path}?x-auth-key={key}", size=size, signed_in=False).page
    page.wait_for_selector("#iface[data-live=done]", timeout=30_000)
    return page


def answer(page: Page, text: str) -> None:
    """Press the dialog's button of this name."""
    page.locator("#wc-confirm").get_by_role("button", name=text, exact=True).click()


@pytest.mark.parametrize("size", [FRAME, (390, 800)])
def test_an_onu_is_rebooted_after_two_questions(site: Site, open_tab: OpenTab, size: tuple[int, int]) -> None:
    onu, name = onu_of(site, "bdcom_epon", skip=3 + size[0] % 2)
    page = frame(open_tab, f"/iframe/interface/{onu}", key_of(site, "operator"), size)
    asked: list[Request] = []
    page.on("request", lambda one: asked.append(one) if "/api/" in one.url else None)
    before = site.sql("select max(id) from action_log")[0][0]
    page.click(".wc-menu summary")
    page.get_by_role("button", name="Перезавантажити").click()
    question = page.locator("#wc-confirm h2")
    expect(question).to_have_text(f"Перезавантажити {name}?")
    answer(page, "Перезавантажити")
    expect(question).to_have_text(f"Справді перезавантажити {name} зараз?")
    answer(page, "Скасувати")
    assert not asked
    page.click(".wc-menu summary")
    page.get_by_role("button", name="Перезавантажити").click()
    answer(page, "Перезавантажити")
    answer(page, "Так, перезавантажити")
    expect(page.locator(".wc-toast")).to_contain_text(f"{name} перезавантажується")
    expect(page.locator(".wc-strip-state b")).not_to_have_text("в мережі", timeout=30_000)  # fresh from the OLT
    assert [one.method for one in asked] == ["PUT"]
    logged = site.sql("select action, success, login from action_log where id > ? and action like 'olts:%'", before)
    assert logged == [("olts:ctrl_ont_reboot", 1, "operator")]


def test_a_description_is_written_and_shown(site: Site, open_tab: OpenTab) -> None:
    onu, name = onu_of(site, "bdcom_epon")
    page = frame(open_tab, f"/iframe/interface/{onu}", key_of(site, "operator"))
    page.locator(".wc-kv").get_by_role("button", name="Змінити опис").click()
    expect(page.locator("#wc-confirm h2")).to_contain_text(name)
    page.fill("[data-answer]", "Довгань, двір")
    answer(page, "Зберегти")
    expect(page.locator(".wc-toast")).to_contain_text(f"Опис {name} записано")
    expect(page.locator("h1")).to_contain_text("Довгань, двір")
    assert site.sql(LATEST)[0][:2] == ("olts:ctrl_ont_descr", 1)


def test_what_a_family_cannot_or_an_employee_may_not_is_not_there(site: Site, open_tab: OpenTab) -> None:
    onu, _name = onu_of(site, "zte_c3xx")
    page = frame(open_tab, f"/iframe/interface/{onu}", key_of(site, "operator"))
    expect(page.locator(".wc-menu")).to_have_count(0)
    onu, _name = onu_of(site, "bdcom_epon")
    page = frame(open_tab, f"/iframe/interface/{onu}", site.key)
    expect(page.locator(".wc-menu, [data-put]")).to_have_count(0)


def test_marks_comment_polling_and_place_by_a_key_of_billing(site: Site, open_tab: OpenTab) -> None:
    onu, _name = onu_of(site, "bdcom_epon", skip=1)
    page = frame(open_tab, f"/iframe/interface/{onu}", key_of(site, site.login))

    def stored(columns: str) -> tuple[Any, ...]:
        return site.sql(f"select {columns} from interfaces where id = ?", onu)[0]

    page.get_by_role("button", name="Обране").click()
    expect(page.get_by_role("button", name="Обране")).to_have_attribute("aria-pressed", "true")
    page.get_by_role("button", name="Змінити теги").click()
    page.fill("[data-answer]", "#vip двір-5")
    answer(page, "Зберегти")
    expect(page.locator("#iface")).to_contain_text("#vip")
    assert sorted(site.sql("select tag from interface_marks where interface_id = ?", onu)) == [("",), ("vip",), ("двір-5",)]

    page.locator(".wc-switch").click()
    expect(page.locator(".wc-toast").last).to_contain_text("Опитування вимкнено")
    expect(page.locator("input[name=poll_enabled]")).not_to_be_checked()
    page.locator(".wc-switch").click()  # at once, whether the page was drawn anew or not
    expect(page.locator(".wc-toast").last).to_contain_text("Опитування ввімкнено")
    expect(page.locator("input[name=poll_enabled]")).to_be_checked()

    page.get_by_role("button", name="Змінити коментар").click()
    page.fill("[data-answer]", "ключ у <b>сусідки</b>")
    answer(page, "Зберегти")
    expect(page.locator("#iface")).to_contain_text("ключ у <b>сусідки</b>")

    page.get_by_role("button", name="Змінити координати").click()
    page.fill("[data-answer]", "десь тут")
    answer(page, "Зберегти")
    expect(page.locator(".wc-toast").last).to_contain_text("50.4431, 30.5168")
    page.get_by_role("button", name="Змінити координати").click()
    page.fill("[data-answer]", "50.6199, 26.2516")
    answer(page, "Зберегти")
    link = page.get_by_role("link", name=re.compile("На мапі"))
    expect(link).to_have_attribute("href", re.compile(r"^https://www\.openstreetmap\.org/\?mlat=50\.619900&mlon=26\.251600"))
    assert stored("latitude, longitude, poll_enabled") == (50.6199, 26.2516, 1)


def test_a_refusal_is_told_in_the_persons_language_and_changes_nothing(site: Site, open_tab: OpenTab) -> None:
    onu, _name = onu_of(site, "bdcom_epon", skip=2)
    tab = open_tab(f"/iframe/interface/{onu}?x-auth-key={key_of(site, site.login)}", size=FRAME, signed_in=False)
    page = tab.page
    page.wait_for_selector("#iface[data-live=done]", timeout=30_000)
    page.get_by_role("button", name="Змінити теги").click()
    page.fill("[data-answer]", "!?")
    answer(page, "Зберегти")
    expect(page.locator(".wc-toast.tone-bad")).to_contain_text("літери")
    assert site.sql("select tag from interface_marks where interface_id = ?", onu) == []
    tab.problems.clear()  # the browser says of itself that the answer was 400


def test_what_a_chart_shows_is_chosen_and_stays(site: Site, open_tab: OpenTab) -> None:
    onu, _name = onu_of(site, "zte_c3xx")
    page = frame(open_tab, f"/iframe/interface/{onu}", key_of(site, "operator"))
    card = page.locator(".wc-card", has_text="Лічильники")
    with page.expect_response(lambda one: "iface_in_errors" in one.url and one.ok):
        card.get_by_role("button", name="Помилки").click()
    with page.expect_response(lambda one: "iface_in_errors" in one.url and "hours=168" in one.url):
        card.get_by_role("button", name="тиждень").click()
    page.click("[data-refresh]")
    page.wait_for_selector("#iface[data-live=done] [data-refresh]:not([disabled])")
    expect(card.get_by_role("button", name="Помилки")).to_have_attribute("aria-pressed", "true")
    expect(card.get_by_role("button", name="тиждень")).to_have_attribute("aria-pressed", "true")


def test_billing_is_asked_whose_an_onu_is_behind_the_page(site: Site, open_tab: OpenTab) -> None:
    onu, _name = onu_of(site, "bdcom_epon", skip=5)
    site.sql(
        "delete from subscribers where id in (select subscriber_id from bindings where interface_id = ?)", onu
    )  # as if it came to billing a moment ago
    site.sql("delete from subscriber_claims where subscriber_id not in (select id from subscribers)")
    site.sql("delete from bindings where subscriber_id not in (select id from subscribers)")
    page = open_tab(f"/iframe/interface/{onu}?x-auth-key={key_of(site, 'operator')}", size=FRAME, signed_in=False).page
    expect(page.locator("#billing")).to_contain_text("за ідентифікатором ONU", timeout=20_000)
    expect(page.locator("#who")).to_contain_text("договір")
    page.wait_for_selector("#iface[data-live=done]", timeout=30_000)
    expect(page.locator("#who")).to_contain_text("договір")
