"""The staff site: subscriber list and subscriber card, whose tabs open Wildcore as MikBill's do.

`/` is the list (`/#clientcard/1` leads to a card, as links kept elsewhere do), `/client/{uid}` the card with its tabs.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import jinja2
from fastapi import Cookie, FastAPI, Form, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response
from fastapi.staticfiles import StaticFiles

from wildcore.lab.billing.api import Billing, Employee, api_router
from wildcore.lab.billing.wildcore_client import WildcoreClient, WildcoreError
from wildcore.lab.district import Subscriber
from wildcore.model.ident import ident_key

HERE = Path(__file__).parent
EMPLOYEE_COOKIE = "employee"
PAGE_SIZE = 50

Chosen = Annotated[str, Cookie(alias=EMPLOYEE_COOKIE)]


def create_app(billing: Billing) -> FastAPI:
    """The whole stand-in: API, list, cards."""
    app = FastAPI(title="Billing stand-in", docs_url=None, redoc_url=None, openapi_url=None)
    app.include_router(api_router(billing))
    app.mount("/static", StaticFiles(directory=HERE / "static"))
    site = _Site(billing)
    app.get("/", response_class=HTMLResponse)(site.listing)
    app.get("/client/{uid}", response_class=HTMLResponse)(site.card)
    app.get("/client/{uid}/signals", response_class=HTMLResponse)(site.signals)
    app.get("/client/{uid}/onu", response_class=HTMLResponse)(site.onu)
    app.get("/client/{uid}/port", response_class=HTMLResponse)(site.port)
    app.post("/employee")(site.choose_employee)
    return app


class _Site:
    def __init__(self, billing: Billing) -> None:
        self._billing = billing
        self._templates = jinja2.Environment(
            loader=jinja2.FileSystemLoader(HERE / "templates"), autoescape=True, trim_blocks=True, lstrip_blocks=True
        )

    async def listing(self, employee: Chosen = "", q: str = "", page: int = 1) -> HTMLResponse:
        words = q.strip().lower()
        found = [one for one in self._billing.subscribers if not words or _matches(one, words)]
        pages = max(1, -(-len(found) // PAGE_SIZE))
        page = min(max(page, 1), pages)
        shown = found[(page - 1) * PAGE_SIZE : page * PAGE_SIZE]
        return self._page("list.html", employee, q=q, found=shown, total=len(found), page=page, pages=pages)

    async def card(self, uid: int, employee: Chosen = "") -> HTMLResponse:
        return self._card(uid, employee, "client")

    async def onu(self, request: Request, uid: int, employee: Chosen = "") -> HTMLResponse:
        one = self._billing.subscriber(uid)
        if one is None or not one.ident:
            return self._card(uid, employee, "onu", note="Абоненту не додано пристрій типу onu/ont.")
        return await self._frame(request, one, employee, "onu")

    async def port(self, request: Request, uid: int, employee: Chosen = "") -> HTMLResponse:
        one = self._billing.subscriber(uid)
        if one is None or not one.switch or one.port is None:
            return self._card(uid, employee, "port", note="Абоненту не вказано свіч і порт.")
        return await self._frame(request, one, employee, "port")

    async def signals(self, uid: int) -> HTMLResponse:
        """The card's table of signals: found by ident (else by switch and port), then asked fresh from the device."""
        one = self._billing.subscriber(uid)
        if one is None:
            return self._bare("signals.html", note="Такого абонента немає.")
        wildcore = self._wildcore()
        try:
            if one.ident:
                places = await wildcore.find_onu(one.ident)
            elif one.switch and one.port is not None:
                places = await wildcore.find_port(one.switch, one.port)
            else:
                return self._bare("signals.html", note="В обліковому записі немає ні ONU, ні порту комутатора.")
            if not places:
                return self._bare("signals.html", note=f"У Wildcore нема {one.ident or f'порту {one.port} на {one.switch}'}.")
            found = await wildcore.diagnosis(places[0].id)
        except WildcoreError as error:
            return self._bare("signals.html", note=str(error))
        return self._bare("signals.html", interface=places[0].interface, rows=_rows(found), more=len(places) - 1)

    async def choose_employee(self, login: Annotated[str, Form()], back: Annotated[str, Form()] = "/") -> Response:
        known = {one.login for one in self._billing.employees}
        answer = RedirectResponse(back if back.startswith("/") and not back.startswith("//") else "/", status_code=303)
        if login in known:
            answer.set_cookie(EMPLOYEE_COOKIE, login, samesite="lax", httponly=True)
        return answer

    def _wildcore(self) -> WildcoreClient:
        return WildcoreClient(self._billing.wildcore, self._billing.api_key)

    async def _frame(self, request: Request, one: Subscriber, employee: str, tab: str) -> HTMLResponse:
        wildcore = self._wildcore()
        user_ip = request.client.host if request.client else ""
        try:
            key = await wildcore.employee_key(self._employee(employee).login, user_ip)
        except WildcoreError as error:
            return self._card(one.uid, employee, tab, note=str(error))
        page = wildcore.onu_page(one.ident, key) if tab == "onu" else wildcore.port_page(one.switch, one.port or 0, key)
        return self._card(one.uid, employee, tab, frame=page)

    def _employee(self, login: str) -> Employee:
        return next((one for one in self._billing.employees if one.login == login), self._billing.employees[0])

    def _card(self, uid: int, employee: str, tab: str, **values: Any) -> HTMLResponse:
        one = self._billing.subscriber(uid)
        if one is None:
            return self._page("missing.html", employee, status=404, uid=uid)
        return self._page("card.html", employee, one=one, tab=tab, serial=ident_key(one.ident) if one.ident else "", **values)

    def _page(self, name: str, employee: str, *, status: int = 200, **values: Any) -> HTMLResponse:
        chosen = self._employee(employee)
        page = self._templates.get_template(name).render(employees=self._billing.employees, employee=chosen, **values)
        headers = {"Referrer-Policy": "no-referrer", "Cache-Control": "no-store"}
        return HTMLResponse(page, status_code=status, headers=headers)

    def _bare(self, name: str, **values: Any) -> HTMLResponse:
        return HTMLResponse(self._templates.get_template(name).render(**values), headers={"Cache-Control": "no-store"})


def _matches(one: Subscriber, words: str) -> bool:
    fields = (str(one.uid), one.agreement, one.login, one.person.full, one.address.full, one.ident, one.switch, one.mac)
    return any(words in field.lower() for field in fields)


def _rows(diagnosis: dict[str, Any]) -> list[tuple[str, str, str]]:
    """Rows of the table: label, value, CSS class. An ONU's signals, or a switch port's link."""
    part = diagnosis.get("diagnostic") or {}
    data, meta = part.get("data") or {}, part.get("meta") or {}
    rows: list[tuple[str, str, str]] = []
    if data.get("status"):
        state = str(data["status"].get("online") or "")
        rows.append(("Стан", state, "good" if state == "Online" else "bad"))
    optical = data.get("optical") or {}
    for key, label, unit in (
        ("rx", "RX ONU", "dBm"), ("tx", "TX ONU", "dBm"), ("olt_rx", "RX OLT", "dBm"), ("distance", "Відстань", "м"),
        ("temp", "Температура", "°C"),
    ):  # fmt: skip
        value = optical.get(key)
        if value is not None:
            weak = key in ("rx", "olt_rx") and float(value) < -28
            rows.append((label, f"{value} {unit}", "bad" if weak else ""))
    vendor = data.get("vendor") or {}
    if vendor.get("model"):
        maker = str(vendor.get("vendor") or "")
        model = str(vendor["model"])
        rows.append(("Модель", model if model.startswith(maker) else f"{maker} {model}", ""))
    for link in data.get("link_info") or []:
        up = link.get("oper_status") == "Up"
        rows.append(("Порт", f"{link.get('oper_status', '')} {link.get('nway_status', '')}".strip(), "good" if up else "bad"))
    if data.get("fdb"):
        rows.append(("MAC", ", ".join(str(one.get("mac_address", "")) for one in data["fdb"][:3]), ""))
    reason = (data.get("reasons") or {}).get("last_down_reason")
    if reason:
        rows.append(("Остання причина", str(reason), ""))
    problems = [str(one["error"]) for one in meta.values() if isinstance(one, dict) and one.get("error")]
    if problems:
        rows.append(("Пристрій", problems[0], "bad"))
    return rows
