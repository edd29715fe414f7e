"""`device:*`."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Annotated

import typer

from wildcore.cli import device_input as given
from wildcore.cli.device_input import Params, Pollers
from wildcore.errors import BadRequest, NotAllowed, NotFound, ValidationFailed
from wildcore.i18n import gettext
from wildcore.kit.command import Command
from wildcore.kit.console import Console, Output, OutputOption, console
from wildcore.services import detection, device_accesses, device_groups, device_models, devices
from wildcore.services.action_log import log
from wildcore.services.device_views import AccessView, DeviceView
from wildcore.services.devices import DeviceFilter, DeviceInput
from wildcore.services.times import time_text

DeviceArgument = Annotated[str, typer.Argument(help="Id or IP address of the device")]


def find_device(out: Console, text: str) -> DeviceView:
    """A device by its id or its IP address."""
    with out.runtime.db.read() as session:
        if text.isascii() and text.isdigit():
            return devices.get_device(session, out.actor, int(text))
        return devices.device_by_ip(session, out.actor, text)


def device_list(
    text: Annotated[str, typer.Option("--filter", help="Part of the IP, name or location")] = "",
    status: Annotated[str, typer.Option("--status", help="Up, Down or Unknown")] = "",
    group: Annotated[int, typer.Option("-g", "--group", help="Id of a device group")] = 0,
    output: OutputOption = Output.TABLE,
) -> None:
    """List the devices."""
    out = console()
    wanted = DeviceFilter(text=text or None, status=status or None, group_id=group or None)
    with out.runtime.db.read() as session:
        found = devices.list_devices(session, out.actor, wanted)
    rows = [
        {
            "id": one.id,
            "ip": one.ip,
            "name": one.name,
            "model": one.model.name,
            "status": one.status,
            "enabled": one.enabled,
            "access": one.access.name,
            "groups": ", ".join(group.name for group in one.groups),
            "location": one.location,
            "updated": time_text(one.updated_at),
        }
        for one in found.rows
    ]
    heads = {
        "id": "ID",
        "ip": "IP",
        "name": "Name",
        "model": "Model",
        "status": "Status",
        "enabled": "Enabled",
        "access": "Access",
        "groups": "Groups",
        "location": "Location",
    }
    out.show(rows, heads, output, empty="No devices. Add one: wca device:add IP --access NAME")


def device_add(
    ip: Annotated[str, typer.Argument(help="IP address of the device")],
    access: Annotated[str, typer.Option("-a", "--access", help="Id or name of the device access")],
    name: Annotated[str, typer.Option("--name", help="Name; without it the device's own")] = "",
    model: Annotated[str, typer.Option("--model", help="Model key; without it the device is asked")] = "",
    group: Annotated[list[int] | None, typer.Option("-g", "--group", help="Id of a device group; may be repeated")] = None,
    location: Annotated[str, typer.Option("--location", help="Where it stands")] = "",
) -> None:
    """Add a device; its model, name and serial are asked from the device itself."""
    out = console()
    runtime = out.runtime
    with runtime.db.read() as session:
        access_id = find_access(out, access).id
        model_id = device_models.model_by_key(session, model).id if model else None
    wanted = DeviceInput(
        ip=ip,
        name=name or None,
        access_id=access_id,
        model_id=model_id,
        group_ids=tuple(group or (1,)),
        location=location or None,
    )
    if model_id is None:
        wanted = filled(wanted, out.run(detection.detect(runtime, ip, access_id)))
    with runtime.db.write() as session:
        added = devices.add_device(session, runtime, out.actor, wanted)
        log(session, out.actor, "device:added", device_id=added.id, message=f"{added.ip} {added.name}")
    out.say(f"Added: ID {added.id}, {added.ip}, {added.model.name}, {added.name or 'no name'}")


def filled(wanted: DeviceInput, found: detection.Detection) -> DeviceInput:
    """What a person gave, completed by what the device says of itself."""
    return replace(
        wanted,
        model_id=found.model.id,
        name=wanted.name or found.system.name or None,
        location=wanted.location or found.system.location or None,
        mac=wanted.mac or found.mac or None,
        serial=wanted.serial or found.system.serial or None,
    )


def device_delete(device: DeviceArgument) -> None:
    """Delete a device with its interfaces and history."""
    out = console()
    found = find_device(out, device)
    with out.runtime.db.write() as session:
        devices.delete_device(session, out.runtime, out.actor, found.id)
        log(session, out.actor, "device:deleted", message=f"{found.ip} {found.name}")
    out.say(f"Deleted: ID {found.id}, {found.ip}")


def device_import_csv(
    file: Annotated[Path, typer.Argument(help="IP,Login,Password,Public community,Private community,Name,model_key")],
    group: Annotated[int, typer.Option("-g", "--group", help="Id of the device group to put them into; -1: none")] = -1,
    separator: Annotated[str, typer.Option("-s", "--separator", help="Column separator")] = ",",
) -> None:
    """Import devices from a CSV file; accesses are made as needed."""
    out = console()
    try:
        text = file.read_text(encoding="utf-8-sig")
    except OSError as error:
        raise NotFound(gettext("Cannot read {file}: {reason}", file=str(file), reason=error.strerror or "?")) from None
    except UnicodeDecodeError:
        raise ValidationFailed(gettext("{file} is not UTF-8 text", file=str(file)), field="file") from None
    report = out.run(
        detection.import_csv(out.runtime, out.actor, text, group_id=None if group < 0 else group, delimiter=separator)
    )
    rows = [
        {"line": row.line, "ip": row.ip, "name": row.name, "result": row.result.value, "reason": row.reason}
        for row in report.rows
    ]
    out.show(rows, {"line": "Line", "ip": "IP", "name": "Name", "result": "Result", "reason": "Reason"})
    out.say(f"Added {report.added} of {len(report.rows)}")


def device_update(
    device: DeviceArgument,
    ip: Annotated[str | None, typer.Option("--ip", help="Another IP address")] = None,
    name: Annotated[str | None, typer.Option("--name", help="Name")] = None,
    access: Annotated[str | None, typer.Option("-a", "--access", help="Id or name of the device access")] = None,
    model: Annotated[str | None, typer.Option("--model", help="Model key, see device-model:list")] = None,
    group: Annotated[
        list[int] | None, typer.Option("-g", "--group", help="Id of a device group; again for more, 0 for none")
    ] = None,
    enabled: Annotated[bool | None, typer.Option("--enable/--disable", help="Polled, or kept without being polled")] = None,
    location: Annotated[str | None, typer.Option("--location", help="Where it stands")] = None,
    description: Annotated[str | None, typer.Option("--description", help="Description")] = None,
    mac: Annotated[str | None, typer.Option("--mac", help="MAC address")] = None,
    serial: Annotated[str | None, typer.Option("--serial", help="Serial number")] = None,
    coordinates: Annotated[str | None, typer.Option("--coordinates", help="LATITUDE,LONGITUDE; '' for none")] = None,
    poller: Pollers = None,
    params: Params = None,
) -> None:
    """Change a device; what is not given stays."""
    out = console()
    found = find_device(out, device)
    latitude, longitude = given.place(coordinates)
    wanted = DeviceInput(
        ip=ip,
        name=name,
        enabled=enabled,
        location=location,
        description=description,
        mac=mac,
        serial=serial,
        latitude=latitude,
        longitude=longitude,
        clear_coordinates=coordinates == "",
        group_ids=None if group is None else tuple(one for one in group if one),
        access_id=None if access is None else find_access(out, access).id,
        model_id=None if model is None else model_of(out, model),
        params=given.json_object(params),
        pollers=given.intervals(found.pollers, poller),
    )
    if wanted == DeviceInput():
        raise BadRequest("Nothing to change: see wca device:update --help")
    with out.runtime.db.write() as session:
        changed = devices.update_device(session, out.runtime, out.actor, found.id, wanted)
        log(session, out.actor, "device:updated", device_id=changed.id, message=f"{changed.ip} {changed.name}")
    out.say(f"Changed: ID {changed.id}, {changed.ip}, {changed.name or 'no name'}")


def device_delete_in_group(
    group_id: Annotated[int, typer.Argument(help="Id of the device group")],
    yes: Annotated[bool, typer.Option("-y", "--yes", help="Do not ask")] = False,
) -> None:
    """Delete all devices of a group, with their interfaces and history. The group stays. Asks twice."""
    out = console()
    with out.runtime.db.read() as session:
        group = device_groups.get_group(session, out.actor, group_id)
        found = devices.list_devices(session, out.actor, DeviceFilter(group_id=group_id)).rows
    if not found:
        out.say(f"No devices in the group {group.name}")
        return
    if not yes:
        typer.confirm(f"Delete {len(found)} devices of the group {group.name} with their history?", abort=True)
        if typer.prompt("Write the group's name to go on").strip() != group.name:
            raise NotAllowed(gettext("The name is another one: nothing was deleted"))
    with out.runtime.db.write() as session:
        for one in found:
            devices.delete_device(session, out.runtime, out.actor, one.id)
            log(session, out.actor, "device:deleted", message=f"{one.ip} {one.name}")
    out.say(f"Deleted: {len(found)} devices of the group {group.name}")


def model_of(out: Console, key: str) -> int:
    """Id of a model by its key or id."""
    with out.runtime.db.read() as session:
        if key.isascii() and key.isdigit():
            return device_models.get_model(session, int(key)).id
        return device_models.model_by_key(session, key).id


def find_access(out: Console, text: str) -> AccessView:
    """An access by its id or name."""
    with out.runtime.db.read() as session:
        if text.isascii() and text.isdigit():
            return device_accesses.get_access(session, out.runtime, int(text))
        return device_accesses.access_by_name(session, out.runtime, text)


COMMANDS = (
    Command("device:list", device_list),
    Command("device:add", device_add),
    Command("device:delete", device_delete),
    Command("device:import", device_import_csv),
    Command("device:update", device_update),
    Command("device:delete-in-group", device_delete_in_group),
)
