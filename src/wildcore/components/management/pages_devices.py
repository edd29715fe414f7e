"""Pages on which devices are added, changed, switched off, deleted."""

from __future__ import annotations

from dataclasses import replace
from typing import Annotated, Any

from fastapi import Form
from pydantic import BaseModel
from sqlalchemy.orm import Session

from wildcore.components.management.pages_models import intervals
from wildcore.errors import ValidationFailed, WildcoreError
from wildcore.i18n import gettext
from wildcore.kit import Ctx, Page, Redirect, Template
from wildcore.kit.forms import Line, Lines, Outcome, Tick, Ticks, attempt, errors_of, number
from wildcore.kit.params import Id
from wildcore.kit.permissions import DEVICE_MANAGEMENT
from wildcore.model.ident import mac_text
from wildcore.services import action_log, detection, devices, params
from wildcore.services.device_views import DeviceView
from wildcore.services.devices import DeviceInput
from wildcore.services.pages_manage import device_form_page

LIST = "/management/devices"
_COMPARED = ("params", "ip", "name", "enabled", "location", "description", "mac", "serial", "latitude", "longitude", "pollers")


class DeviceForm(BaseModel):
    """A device as its form sends it; `device_id` is empty for a new one."""

    device_id: Line = ""
    ip: Line = ""
    access_id: Line = ""
    model_id: Line = ""
    name: Line = ""
    location: Line = ""
    description: Lines = ""
    mac: Line = ""
    serial: Line = ""
    coordinates: Line = ""
    enabled: Tick = ""
    group_ids: Ticks = []
    params: Lines | None = None
    poller: list[Line] = []
    interval: list[Line] = []


def device_list(ctx: Ctx) -> Template:
    """All devices of the person's groups, with a switch each."""
    return Template("management/devices.html", {"devices": devices.list_devices(ctx.session, ctx.actor).rows})


def new(ctx: Ctx) -> Template:
    """The form of a new device."""
    return Template("management/device.html", _values(ctx, ctx.session, None))


def device(ctx: Ctx, device_id: Id) -> Template:
    """The form of a device."""
    return Template("management/device.html", _values(ctx, ctx.session, device_id))


async def detect(ctx: Ctx, form: Annotated[DeviceForm, Form()]) -> Template:
    """The form, filled with what the device says of itself; what was typed stays where the device tells nothing."""
    outcome: Outcome[DeviceView] = Outcome()
    found = None
    try:
        found = await _ask(ctx, form)
        form = _filled(form, found, over=True)
    except WildcoreError as refused:
        outcome = Outcome(errors=errors_of(refused))
    values = await ctx.runtime.db.run_read(lambda session: _values(ctx, session, number(form.device_id), form))
    values |= {"errors": outcome.errors, "found": found}
    return Template("management/device_body.html", values, outcome.status)


async def add(ctx: Ctx, form: Annotated[DeviceForm, Form()]) -> Template | Redirect:
    """Add a device; without a model it is asked what it is."""
    try:
        wanted = _input(form)
        if wanted.model_id is None and wanted.access_id is not None and form.ip.strip():
            wanted = _input(_filled(form, await _ask(ctx, form), over=False))
    except WildcoreError as refused:
        return await _answer(ctx, None, form, Outcome(errors=errors_of(refused)))

    def work(session: Session) -> DeviceView:
        made = devices.add_device(session, ctx.runtime, ctx.actor, wanted)
        action_log.log(session, ctx.actor, "device:added", device_id=made.id, message=f"{made.ip} {made.name}")
        return made

    outcome = await attempt(ctx, work)
    if outcome.value is not None:
        return Redirect(f"/device/{outcome.value.id}?tab=info")
    return await _answer(ctx, None, form, outcome)


async def save(ctx: Ctx, device_id: Id, form: Annotated[DeviceForm, Form()]) -> Template:
    """Change a device."""

    def work(session: Session) -> DeviceView:
        before = devices.get_device(session, ctx.actor, device_id)
        wanted = replace(_input(form), pollers=intervals(form.poller, form.interval))
        saved = devices.update_device(session, ctx.runtime, ctx.actor, device_id, wanted)
        _log_change(session, ctx, before, saved)
        return saved

    return await _answer(ctx, device_id, form, await attempt(ctx, work))


async def switch(ctx: Ctx, device_id: Id, enabled: Annotated[Tick, Form()] = "") -> Template:
    """Switch the polling of a device on or off; its row comes back."""

    def work(session: Session) -> DeviceView:
        before = devices.get_device(session, ctx.actor, device_id)
        saved = devices.update_device(session, ctx.runtime, ctx.actor, device_id, DeviceInput(enabled=enabled == "yes"))
        _log_change(session, ctx, before, saved)
        return saved

    saved = await ctx.runtime.db.run_write(work)
    return Template("management/device_row.html", {"one": saved, "switched": True})


def delete(ctx: Ctx, device_id: Id) -> Redirect:
    """Delete a device with its interfaces and history."""
    gone = devices.delete_device(ctx.session, ctx.runtime, ctx.actor, device_id)
    action_log.log(ctx.session, ctx.actor, "device:deleted", device_id=gone.id, message=f"{gone.ip} {gone.name}")
    return Redirect(LIST)


async def _ask(ctx: Ctx, form: DeviceForm) -> detection.Detection:
    access_id = number(form.access_id)
    if access_id is None:
        raise ValidationFailed(gettext("Choose an access"), field="access_id")
    return await detection.detect(ctx.runtime, form.ip, access_id)


def _filled(form: DeviceForm, found: detection.Detection, *, over: bool) -> DeviceForm:
    said = {
        "model_id": str(found.model.id),
        "name": found.system.name,
        "location": found.system.location,
        "description": found.system.descr,
        "mac": found.mac,
        "serial": found.system.serial,
    }
    return form.model_copy(update={key: text for key, text in said.items() if text and (over or not getattr(form, key).strip())})


def _input(form: DeviceForm) -> DeviceInput:
    latitude, longitude = _place(form.coordinates)
    return DeviceInput(
        ip=form.ip,
        name=form.name,
        model_id=number(form.model_id),
        access_id=number(form.access_id),
        group_ids=tuple(one for text in form.group_ids if (one := number(text)) is not None),
        enabled=bool(form.enabled),
        location=form.location,
        description=form.description,
        mac=form.mac,
        serial=form.serial,
        latitude=latitude,
        longitude=longitude,
        clear_coordinates=latitude is None,
        params=None if form.params is None else params.parse(form.params),
    )


def _place(text: str) -> tuple[float | None, float | None]:
    if not text.strip():
        return None, None
    try:
        latitude, longitude = (float(part) for part in text.replace(",", " ").split())
    except ValueError:
        raise ValidationFailed(gettext("Write latitude and longitude: 50.4431, 30.5168"), field="coordinates") from None
    return latitude, longitude


def _log_change(session: Session, ctx: Ctx, before: DeviceView, saved: DeviceView) -> None:
    changed = [name for name in _COMPARED if getattr(before, name) != getattr(saved, name)]
    changed += [name for name in ("model", "access") if getattr(before, name).id != getattr(saved, name).id]
    changed += ["groups"] if {one.id for one in before.groups} != {one.id for one in saved.groups} else []
    action_log.log(
        session, ctx.actor, "device:updated", device_id=saved.id, message=f"{saved.ip} {saved.name}", meta={"fields": changed}
    )


async def _answer(ctx: Ctx, device_id: int | None, form: DeviceForm, outcome: Outcome[DeviceView]) -> Template:
    typed = form if outcome.errors else None
    values = await ctx.runtime.db.run_read(lambda session: _values(ctx, session, device_id, typed))
    values |= {"errors": outcome.errors, "saved": outcome.value is not None}
    return Template("management/device_body.html", values, outcome.status)


def _values(ctx: Ctx, session: Session, device_id: int | None, typed: DeviceForm | None = None) -> dict[str, Any]:
    page = device_form_page(session, ctx.runtime, ctx.actor, device_id)
    return {
        "page": page,
        "form": typed or _form(page.device),
        "intervals": page.intervals,
        "typed": dict(zip(typed.poller, typed.interval, strict=False)) if typed else {},
        "errors": {},
        "saved": False,
        "found": None,
    }


def _form(one: DeviceView | None) -> DeviceForm:
    if one is None:
        return DeviceForm(enabled="yes")
    place = "" if one.latitude is None or one.longitude is None else f"{one.latitude:g}, {one.longitude:g}"
    return DeviceForm(
        device_id=str(one.id),
        ip=one.ip,
        access_id=str(one.access.id),
        model_id=str(one.model.id),
        name=one.name,
        location=one.location,
        description=one.description,
        mac=mac_text(one.mac),
        serial=one.serial,
        coordinates=place,
        enabled="yes" if one.enabled else "",
        group_ids=[str(group.id) for group in one.groups],
        params=params.text(one.params),
    )


PAGES: tuple[Page, ...] = (
    Page(LIST, device_list, DEVICE_MANAGEMENT),
    Page(f"{LIST}/new", new, DEVICE_MANAGEMENT),
    Page(f"{LIST}/new", add, DEVICE_MANAGEMENT, methods="POST"),
    Page(f"{LIST}/detect", detect, DEVICE_MANAGEMENT, methods="POST"),
    Page(f"{LIST}/{{device_id}}", device, DEVICE_MANAGEMENT),
    Page(f"{LIST}/{{device_id}}", save, DEVICE_MANAGEMENT, methods="POST"),
    Page(f"{LIST}/{{device_id}}/enabled", switch, DEVICE_MANAGEMENT, methods="POST"),
    Page(f"{LIST}/{{device_id}}/delete", delete, DEVICE_MANAGEMENT, methods="POST"),
)
