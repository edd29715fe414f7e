"""`device:*` and `device-access:*`."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Annotated

import typer

from wildcore.errors import NotFound, ValidationFailed
from wildcore.i18n import gettext
from wildcore.kit.console import Console, Output, OutputOption, console
from wildcore.kit.manifest import Command
from wildcore.services import detection, device_accesses, device_models, devices
from wildcore.services.action_log import log
from wildcore.services.device_accesses import AccessInput
from wildcore.services.device_views import AccessView, DeviceView
from wildcore.services.devices import DeviceFilter, DeviceInput
from wildcore.services.presenting import time_text

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
        access_id = _access(out, session_access=access).id
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
        devices.delete_device(session, out.actor, found.id)
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


def access_list(output: OutputOption = Output.TABLE) -> None:
    """List the device accesses; secrets are never shown."""
    out = console()
    with out.runtime.db.read() as session:
        found = device_accesses.list_accesses(session, out.runtime)
    rows = [{"id": one.id, "name": one.name, "params": dict(one.params), "secrets": ", ".join(one.secrets)} for one in found.rows]
    out.show(
        rows,
        {"id": "ID", "name": "Name", "params": "Parameters", "secrets": "Secrets set"},
        output,
        empty="No accesses. Add one: wca device-access:add NAME --public COMMUNITY",
    )


def access_add(
    name: Annotated[str, typer.Argument(help="Name of the access")],
    public: Annotated[str, typer.Option("--public", help="Community for reading")] = "",
    private: Annotated[str, typer.Option("--private", help="Community for writing")] = "",
    login: Annotated[str, typer.Option("--login", help="Console login")] = "",
    password: Annotated[str, typer.Option("--password", help="Console password")] = "",
    snmp_version: Annotated[str, typer.Option("--snmp-version", help="1, 2c or 3")] = "",
    snmp_port: Annotated[int, typer.Option("--snmp-port", help="UDP port of SNMP", min=0, max=65535)] = 0,
    v3_user: Annotated[str, typer.Option("--v3-user", help="SNMPv3 user")] = "",
    v3_auth: Annotated[str, typer.Option("--v3-auth", help="SNMPv3 authentication: MD5, SHA, SHA256 ...")] = "",
    v3_auth_password: Annotated[str, typer.Option("--v3-auth-password", help="SNMPv3 authentication password")] = "",
    v3_priv: Annotated[str, typer.Option("--v3-priv", help="SNMPv3 privacy: DES or AES")] = "",
    v3_priv_password: Annotated[str, typer.Option("--v3-priv-password", help="SNMPv3 privacy password")] = "",
) -> None:
    """Add a device access."""
    out = console()
    secrets: dict[str, str | None] = {
        "public_community": public,
        "private_community": private,
        "login": login,
        "password": password,
        "v3_user": v3_user,
        "v3_auth_protocol": v3_auth,
        "v3_auth_password": v3_auth_password,
        "v3_priv_protocol": v3_priv,
        "v3_priv_password": v3_priv_password,
    }
    connection = {key: value for key, value in (("snmp_version", snmp_version), ("snmp_port", snmp_port)) if value}
    wanted = AccessInput(
        name=name,
        params={"sw_core_connection": connection} if connection else {},
        secrets={key: value for key, value in secrets.items() if value},
    )
    with out.runtime.db.write() as session:
        added = device_accesses.add_access(session, out.runtime, wanted)
        log(session, out.actor, "device-access:added", message=added.name)
    out.say(f"Added: ID {added.id}, {added.name}")


def _access(out: Console, session_access: str) -> AccessView:
    with out.runtime.db.read() as session:
        if session_access.isascii() and session_access.isdigit():
            return device_accesses.get_access(session, out.runtime, int(session_access))
        return device_accesses.access_by_name(session, out.runtime, session_access)


COMMANDS = (
    Command("device:list", device_list),
    Command("device:add", device_add),
    Command("device:delete", device_delete),
    Command("device:import", device_import_csv),
    Command("device-access:list", access_list),
    Command("device-access:add", access_add),
)
