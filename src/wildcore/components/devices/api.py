"""API of devices: list, look up, detect, add, change, delete, import."""

from __future__ import annotations

from dataclasses import replace
from typing import Annotated, Any

from fastapi import Query
from sqlalchemy.orm import Session

from wildcore.components.devices.bodies import DetectBody, DeviceBody, ImportBody
from wildcore.kit import Ctx
from wildcore.model.device import DeviceType
from wildcore.services import action_log, detection, device_accesses, device_groups, device_models, devices
from wildcore.services.devices import DeviceFilter, DeviceInput
from wildcore.services.presenting import device_json, group_json, model_json, uptime_text

Limit = Annotated[int | None, Query(ge=1, description="Rows at most; all of them without it")]
Offset = Annotated[int, Query(ge=0)]


def list_devices(
    ctx: Ctx,
    ip: str | None = None,
    status: str | None = None,
    group_id: int | None = None,
    model_id: int | None = None,
    type: str | None = None,  # noqa: A002 - the clients' name
    enabled: bool | None = None,
    query: str | None = None,
    limit: Limit = None,
    offset: Offset = 0,
) -> Any:
    """Devices that the caller may see. With `ip` the one device of that address, 404 if there is none."""
    if ip is not None:
        return device_json(devices.device_by_ip(ctx.session, ctx.actor, ip))
    wanted = DeviceFilter(status=status, group_id=group_id, model_id=model_id, type=type, enabled=enabled, text=query)
    found = devices.list_devices(ctx.session, ctx.actor, wanted, limit=limit, offset=offset)
    ctx.meta = {"total": found.total}
    return [device_json(one) for one in found.rows]


def get_device(ctx: Ctx, device_id: int) -> Any:
    """One device."""
    return device_json(devices.get_device(ctx.session, ctx.actor, device_id))


async def add_device(ctx: Ctx, body: DeviceBody) -> Any:
    """Add a device. Without a model the device is asked what it is, and its own name and serial fill what is absent."""
    wanted = body.wanted()
    if wanted.model_id is None and wanted.ip is not None and wanted.access_id is not None:
        wanted = _filled(wanted, await detection.detect(ctx.runtime, wanted.ip, wanted.access_id))

    def work(session: Session) -> Any:
        device = devices.add_device(session, ctx.runtime, ctx.actor, wanted)
        action_log.log(session, ctx.actor, "device:added", device_id=device.id, message=f"{device.ip} {device.name}")
        return device_json(device)

    return await ctx.runtime.db.run_write(work)


def update_device(ctx: Ctx, device_id: int, body: DeviceBody) -> Any:
    """Change a device."""
    device = devices.update_device(ctx.session, ctx.runtime, ctx.actor, device_id, body.wanted())
    meta = {"fields": sorted(body.model_fields_set)}
    action_log.log(ctx.session, ctx.actor, "device:updated", device_id=device.id, message=f"{device.ip} {device.name}", meta=meta)
    return device_json(device)


def delete_device(ctx: Ctx, device_id: int) -> Any:
    """Delete a device with its interfaces and history."""
    device = devices.delete_device(ctx.session, ctx.actor, device_id)
    action_log.log(ctx.session, ctx.actor, "device:deleted", device_id=device.id, message=f"{device.ip} {device.name}")
    return {"id": device.id}


async def detect_device(ctx: Ctx, body: DetectBody) -> Any:
    """Ask what stands at an address."""
    found = await detection.detect(ctx.runtime, body.ip, body.access_id)
    system = found.system
    return {
        "ip": found.ip,
        "access_id": found.access_id,
        "model": model_json(found.model),
        "name": system.name,
        "location": system.location,
        "description": system.descr,
        "contact": system.contact,
        "mac": found.mac,
        "serial": system.serial,
        "object_id": system.object_id,
        "uptime": uptime_text(system.uptime_sec),
        "uptime_sec": system.uptime_sec,
    }


async def import_devices(ctx: Ctx, body: ImportBody) -> Any:
    """Add the devices of a CSV file; `data` has one object per row with what became of it."""
    report = await detection.import_csv(ctx.runtime, ctx.actor, body.csv, group_id=body.group_id, delimiter=body.delimiter)
    text = f"{report.added} added, {report.skipped} skipped"
    await ctx.runtime.db.run_write(lambda session: action_log.log(session, ctx.actor, "device:imported", message=text))
    ctx.meta = {"total": len(report.rows), "added": report.added, "skipped": report.skipped}
    return report.rows


def device_options(ctx: Ctx) -> Any:
    """What a form for a device offers: models, groups, accesses, types."""
    accesses = device_accesses.list_accesses(ctx.session, ctx.runtime).rows
    return {
        "models": [model_json(one) for one in device_models.list_models(ctx.session).rows],
        "groups": [group_json(one) for one in device_groups.list_groups(ctx.session, ctx.actor).rows],
        "accesses": [{"id": one.id, "name": one.name} for one in accesses],
        "types": [one.value for one in DeviceType],
    }


def _filled(wanted: DeviceInput, found: detection.Detection) -> DeviceInput:
    system = found.system
    return replace(
        wanted,
        model_id=found.model.id,
        name=wanted.name or system.name,
        location=wanted.location or system.location,
        description=wanted.description or system.descr,
        mac=wanted.mac or system.mac,
        serial=wanted.serial or system.serial,
    )
