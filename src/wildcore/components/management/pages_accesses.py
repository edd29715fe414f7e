"""Pages of device accesses: how devices are spoken to. Secrets go in and never come out."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import Form
from pydantic import BaseModel
from sqlalchemy.orm import Session

from wildcore.errors import WildcoreError
from wildcore.kit import Ctx, Page, Redirect, Template
from wildcore.kit.forms import REFUSED, Line, Outcome, Secret, Ticks, attempt
from wildcore.kit.params import Id
from wildcore.kit.permissions import DEVICE_ACCESS_MANAGEMENT
from wildcore.services import action_log, detection, device_accesses
from wildcore.services.device_accesses import SECRETS, AccessInput
from wildcore.services.device_sessions import CONNECTION
from wildcore.services.device_views import AccessView
from wildcore.services.pages_manage import access_page, accesses_page

LIST = "/management/accesses"
TYPED = (
    "snmp_version",
    "snmp_port",
    "snmp_timeout_sec",
    "snmp_repeats",
    "snmp_max_repetitions",
    "console_connection_type",
    "console_port",
    "console_timeout_sec",
)


class AccessForm(BaseModel):
    """An access as its form sends it; an empty secret leaves the stored one, `forget` names those to clear."""

    name: Line = ""
    snmp_version: Line = ""
    snmp_port: Line = ""
    snmp_timeout_sec: Line = ""
    snmp_repeats: Line = ""
    snmp_max_repetitions: Line = ""
    console_connection_type: Line = ""
    console_port: Line = ""
    console_timeout_sec: Line = ""
    public_community: Secret = ""
    private_community: Secret = ""
    login: Secret = ""
    password: Secret = ""
    v3_user: Secret = ""
    v3_auth_protocol: Line = ""
    v3_auth_password: Secret = ""
    v3_priv_protocol: Line = ""
    v3_priv_password: Secret = ""
    v3_context: Secret = ""
    forget: Ticks = []


def access_list(ctx: Ctx) -> Template:
    """All accesses."""
    return Template("management/accesses.html", {"accesses": accesses_page(ctx.session, ctx.runtime), "connection": CONNECTION})


def new(ctx: Ctx) -> Template:
    """The form of a new access."""
    return Template("management/access.html", _values(ctx, ctx.session, None))


def access(ctx: Ctx, access_id: Id) -> Template:
    """One access."""
    return Template("management/access.html", _values(ctx, ctx.session, access_id))


async def add(ctx: Ctx, form: Annotated[AccessForm, Form()]) -> Template:
    """Make an access."""

    def work(session: Session) -> AccessView:
        made = device_accesses.add_access(session, ctx.runtime, _input(form, {}))
        action_log.log(session, ctx.actor, "device-access:added", message=made.name)
        return made

    return await _answer(ctx, None, form, await attempt(ctx, work))


async def save(ctx: Ctx, access_id: Id, form: Annotated[AccessForm, Form()]) -> Template:
    """Change an access."""

    def work(session: Session) -> AccessView:
        before = device_accesses.get_access(session, ctx.runtime, access_id)
        saved = device_accesses.update_access(session, ctx.runtime, access_id, _input(form, dict(before.params)))
        action_log.log(session, ctx.actor, "device-access:updated", message=saved.name)
        return saved

    return await _answer(ctx, access_id, form, await attempt(ctx, work))


def delete(ctx: Ctx, access_id: Id) -> Redirect:
    """Delete an access that no device uses."""
    gone = device_accesses.get_access(ctx.session, ctx.runtime, access_id)
    device_accesses.delete_access(ctx.session, access_id)
    action_log.log(ctx.session, ctx.actor, "device-access:deleted", message=gone.name)
    return Redirect(LIST)


async def try_it(ctx: Ctx, access_id: Id, ip: Annotated[Line, Form()] = "") -> Template:
    """Ask what stands at an address with this access, as it is stored."""
    values: dict[str, Any] = {"found": None, "problem": ""}
    try:
        values["found"] = await detection.detect(ctx.runtime, ip, access_id)
    except WildcoreError as refused:
        values["problem"] = refused.description
    return Template("management/access_tested.html", values, REFUSED if values["problem"] else 200)


def _input(form: AccessForm, params: dict[str, Any]) -> AccessInput:
    connection = dict(params.get(CONNECTION) or {})
    for key in TYPED:
        text = getattr(form, key).strip().replace(",", ".")
        connection.pop(key, None)
        if text:
            connection[key] = text
    params.pop(CONNECTION, None)
    if connection:
        params[CONNECTION] = connection
    secrets: dict[str, str | None] = {key: getattr(form, key) for key in SECRETS if getattr(form, key)}
    secrets.update({key: "" for key in form.forget if key in SECRETS and key not in secrets})
    return AccessInput(form.name, params, secrets)


async def _answer(ctx: Ctx, access_id: int | None, form: AccessForm, outcome: Outcome[AccessView]) -> Template:
    shown = outcome.value.id if outcome.value is not None else access_id
    typed = form if outcome.errors else None
    values = await ctx.runtime.db.run_read(lambda session: _values(ctx, session, shown, typed))
    values |= {"errors": outcome.errors, "saved": outcome.value is not None}
    return Template("management/access_body.html", values, outcome.status)


def _values(ctx: Ctx, session: Session, access_id: int | None, typed: AccessForm | None = None) -> dict[str, Any]:
    page = access_page(session, ctx.runtime, ctx.actor, access_id)
    settings = ctx.runtime.settings
    stored = page.access.params.get(CONNECTION, {}) if page.access is not None else {}
    texts = {key: str(stored.get(key, "")) for key in TYPED}
    return {
        "page": page,
        "stored": page.access.secrets if page.access is not None else (),
        "form": typed or AccessForm(name=page.access.name if page.access else "", **texts),
        "version": (typed.snmp_version if typed else texts["snmp_version"]) or str(settings.get("SWC_SNMP_VERSION")),
        "defaults": {
            "snmp_version": settings.get("SWC_SNMP_VERSION"),
            "snmp_port": settings.get("SWC_SNMP_PORT"),
            "snmp_timeout_sec": settings.get("SWC_SNMP_TIMEOUT_SEC"),
            "snmp_repeats": settings.get("SWC_SNMP_REPEATS"),
            "snmp_max_repetitions": settings.get("SWC_SNMP_MAX_REPETITIONS"),
        },
        "errors": {},
        "saved": False,
        "found": None,
        "problem": "",
    }


PAGES: tuple[Page, ...] = (
    Page(LIST, access_list, DEVICE_ACCESS_MANAGEMENT),
    Page(f"{LIST}/new", new, DEVICE_ACCESS_MANAGEMENT),
    Page(f"{LIST}/new", add, DEVICE_ACCESS_MANAGEMENT, methods="POST"),
    Page(f"{LIST}/{{access_id}}", access, DEVICE_ACCESS_MANAGEMENT),
    Page(f"{LIST}/{{access_id}}", save, DEVICE_ACCESS_MANAGEMENT, methods="POST"),
    Page(f"{LIST}/{{access_id}}/delete", delete, DEVICE_ACCESS_MANAGEMENT, methods="POST"),
    Page(f"{LIST}/{{access_id}}/test", try_it, DEVICE_ACCESS_MANAGEMENT, methods="POST"),
)
