"""API of devices: list, look up, detect, add, change, delete, import."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Annotated, Any

from fastapi import Query
from sqlalchemy.orm import Session

from wildcore.components.devices.bodies import DetectBody, DeviceBody, ImportBody
from wildcore.kit import Ctx
from wildcore.kit.listing import Columns, Format, listing, unchanged
from wildcore.kit.params import Id, IdQuery, Offset, Rows, UpdatedSince
from wildcore.model.device import DeviceType
from wildcore.services import action_log, detection, device_accesses, device_groups, device_models, devices, list_state
from wildcore.services.devices import DeviceFilter, DeviceInput
from wildcore.services.presenting import device_json, group_json, model_json, uptime_text

Words = Annotated[str | None, Query(max_length=200)]
Status = Annotated[str | None, Query(pattern=r"(?i)^\s*(up|down|unknown)?\s*$", max_length=20, description="Up, Down, Unknown")]
Type = Annotated[
    str | None,
    Query(pattern=rf"(?i)^\s*({'|'.join(DeviceType)})?\s*$", max_length=20, description=", ".join(DeviceType)),
]
COLUMNS: Columns = {
    "id": lambda row: row["id"],
    "ip": lambda row: row["ip"],
    "name": lambda row: row["name"],
    "model": lambda row: row["model"]["name"],
    "type": lambda row: row["model"]["type"],
    "status": lambda row: row["status"],
    "status_changed": lambda row: row["status_changed"],
    "enabled": lambda row: row["enabled"],
    "location": lambda row: row["location"],
    "description": lambda row: row["description"],
    "mac": lambda row: row["mac"],
    "serial": lambda row: row["serial"],
    "groups": lambda row: ", ".join(group["name"] for group in row["groups"]),
}


def list_devices(
    ctx: Ctx,
    ip: Words = None,
    status: Status = None,
    group_id: IdQuery | None = None,
    model_id: IdQuery | None = None,
    type: Type = None,  # noqa: A002 - the clients' name
    enabled: bool | None = None,
    query: Words = None,
    updated_since: UpdatedSince = None,
    form: Format = None,
    limit: Rows = None,
    offset: Offset = 0,
) -> Any:
    """Devices that the caller may see. With `ip` the one device of that address, 404 if there is none."""
    if ip is not None:
        return device_json(devices.device_by_ip(ctx.session, ctx.actor, ip))
    wanted = DeviceFilter(status=status, group_id=group_id, model_id=model_id, type=type, enabled=enabled, text=query)
    if (same := unchanged(ctx, *list_state.of_devices(ctx.session))) is not None:
        return same
    ids, total = devices.ids(ctx.session, ctx.actor, wanted, updated_since=updated_since, limit=limit, offset=offset)

    def page(session: Session, ids: Sequence[int]) -> list[Any]:
        return [device_json(one) for one in devices.by_ids(session, ctx.actor, ids)]

    return listing(ctx, ids, total, page, columns=COLUMNS, name="devices", form=form)


def get_device(ctx: Ctx, device_id: Id) -> Any:
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


def update_device(ctx: Ctx, device_id: Id, body: DeviceBody) -> Any:
    """Change a device."""
    device = devices.update_device(ctx.session, ctx.runtime, ctx.actor, device_id, body.wanted())
    meta = {"fields": sorted(body.model_fields_set)}
    action_log.log(ctx.session, ctx.actor, "device:updated", device_id=device.id, message=f"{device.ip} {device.name}", meta=meta)
    return device_json(device)


def delete_device(ctx: Ctx, device_id: Id) -> Any:
    """Delete a device with its interfaces and history."""
    device = devices.delete_device(ctx.session, ctx.runtime, ctx.actor, device_id)
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
