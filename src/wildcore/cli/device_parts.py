"""`device-access:*` and `device-model:*`: what devices refer to."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from wildcore.cli import device_input as given
from wildcore.cli.device_input import Params, Pollers
from wildcore.cli.devices import find_access, model_of
from wildcore.errors import BadRequest
from wildcore.kit.command import Command
from wildcore.kit.console import Output, OutputOption, console
from wildcore.services import device_accesses, device_models, pollers
from wildcore.services.action_log import log
from wildcore.services.device_accesses import AccessInput
from wildcore.services.device_sessions import CONNECTION
from wildcore.services.params import shown

_SECRET = "; - asks for it, or reads a line of the standard input"  # noqa: S105 - words of a help
Public = Annotated[str | None, typer.Option("--public", help=f"Community for reading{_SECRET}")]
Private = Annotated[str | None, typer.Option("--private", help=f"Community for writing{_SECRET}")]
Login = Annotated[str | None, typer.Option("--login", help="Console login")]
Password = Annotated[str | None, typer.Option("--password", help=f"Console password{_SECRET}")]
SnmpVersion = Annotated[str | None, typer.Option("--snmp-version", help="1, 2c or 3")]
SnmpPort = Annotated[int | None, typer.Option("--snmp-port", help="UDP port of SNMP", min=1, max=65535)]
V3User = Annotated[str | None, typer.Option("--v3-user", help="SNMPv3 user")]
V3Auth = Annotated[str | None, typer.Option("--v3-auth", help="SNMPv3 authentication: MD5, SHA, SHA256 ...")]
V3AuthPassword = Annotated[str | None, typer.Option("--v3-auth-password", help=f"SNMPv3 authentication password{_SECRET}")]
V3Priv = Annotated[str | None, typer.Option("--v3-priv", help="SNMPv3 privacy: DES or AES")]
V3PrivPassword = Annotated[str | None, typer.Option("--v3-priv-password", help=f"SNMPv3 privacy password{_SECRET}")]


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
    public: Public = None,
    private: Private = None,
    login: Login = None,
    password: Password = None,
    snmp_version: SnmpVersion = None,
    snmp_port: SnmpPort = None,
    v3_user: V3User = None,
    v3_auth: V3Auth = None,
    v3_auth_password: V3AuthPassword = None,
    v3_priv: V3Priv = None,
    v3_priv_password: V3PrivPassword = None,
    params: Params = None,
) -> None:
    """Add a device access."""
    out = console()
    secrets = _secrets(public, private, login, password, v3_user, v3_auth, v3_auth_password, v3_priv, v3_priv_password)
    values = {**(given.json_object(params) or {})}
    wanted = device_accesses.access_input({"params": _connected(values, snmp_version, snmp_port), "secrets": secrets})
    with out.runtime.db.write() as session:
        added = device_accesses.add_access(session, out.runtime, AccessInput(name, wanted.params, wanted.secrets))
        log(session, out.actor, "device-access:added", message=added.name)
    out.say(f"Added: ID {added.id}, {added.name}")


def access_edit(
    access: Annotated[str, typer.Argument(help="Id or name of the access")],
    name: Annotated[str | None, typer.Option("-n", "--name", help="Another name")] = None,
    public: Public = None,
    private: Private = None,
    login: Login = None,
    password: Password = None,
    snmp_version: SnmpVersion = None,
    snmp_port: SnmpPort = None,
    v3_user: V3User = None,
    v3_auth: V3Auth = None,
    v3_auth_password: V3AuthPassword = None,
    v3_priv: V3Priv = None,
    v3_priv_password: V3PrivPassword = None,
    params: Params = None,
) -> None:
    """Change a device access; what is not given stays, an empty secret is cleared."""
    out = console()
    found = find_access(out, access)
    secrets = _secrets(public, private, login, password, v3_user, v3_auth, v3_auth_password, v3_priv, v3_priv_password)
    values: dict[str, Any] | None = given.json_object(params)
    if snmp_version is not None or snmp_port is not None:
        values = _connected(dict(found.params) if values is None else values, snmp_version, snmp_port)
    wanted = device_accesses.access_input({"params": values, "secrets": secrets})
    wanted = AccessInput(name, wanted.params, wanted.secrets)
    if wanted == AccessInput():
        raise BadRequest("Nothing to change: see wca device-access:edit --help")
    with out.runtime.db.write() as session:
        changed = device_accesses.update_access(session, out.runtime, found.id, wanted)
        log(session, out.actor, "device-access:updated", message=changed.name)
    out.say(f"Changed: ID {changed.id}, {changed.name}; secrets set: {', '.join(changed.secrets) or 'none'}")


def access_delete(access: Annotated[str, typer.Argument(help="Id or name of the access")]) -> None:
    """Delete a device access that no device uses."""
    out = console()
    found = find_access(out, access)
    with out.runtime.db.write() as session:
        device_accesses.delete_access(session, found.id)
        log(session, out.actor, "device-access:deleted", message=found.name)
    out.say(f"Deleted: ID {found.id}, {found.name}")


def model_list(
    text: Annotated[str, typer.Option("--filter", help="Part of the key, name or vendor")] = "",
    output: OutputOption = Output.TABLE,
) -> None:
    """List the device models with the intervals of their pollers in seconds."""
    out = console()
    with out.runtime.db.read() as session:
        found = device_models.list_models(session).rows
    rows: list[dict[str, Any]] = [
        {
            "id": one.id,
            "key": one.key,
            "name": one.name,
            "vendor": one.vendor,
            "type": one.type,
            "pollers": {**one.defaults, **one.pollers},
            "params": shown(one.params),
        }
        for one in found
        if text.lower() in f"{one.key} {one.name} {one.vendor}".lower()
    ]
    if output is Output.TABLE:
        for row in rows:
            row["pollers"] = ", ".join(f"{name}={seconds or 'off'}" for name, seconds in row["pollers"].items())
    out.show(rows, {"id": "ID", "key": "Key", "name": "Name", "type": "Type", "pollers": "Intervals, s"}, output)


def model_update(
    model: Annotated[str, typer.Argument(help="Id or key of the model, see device-model:list")],
    name: Annotated[str | None, typer.Option("-n", "--name", help="Another name")] = None,
    poller: Pollers = None,
    params: Params = None,
) -> None:
    """Change a model: its name, the intervals of its pollers, its parameters. Its devices are polled accordingly at once."""
    out = console()
    model_id = model_of(out, model)
    wanted_params = given.json_object(params)
    if (name, poller, wanted_params) == (None, None, None):
        raise BadRequest("Nothing to change: see wca device-model:update --help")
    with out.runtime.db.write() as session:
        before = device_models.get_model(session, model_id)
        wanted = given.intervals(before.pollers, poller)
        changed = device_models.update_model(session, model_id, name=name, pollers=wanted, params=wanted_params)
        pollers.sync_polls(session, out.runtime)
        log(session, out.actor, "device-model:updated", message=changed.name)
    out.say(f"Changed: ID {changed.id}, {changed.name}")


def _secrets(*values: str | None) -> dict[str, str]:
    """The secrets that were given, by the names under which accesses keep them."""
    labels = {
        "public_community": "Community for reading",
        "private_community": "Community for writing",
        "login": "Console login",
        "password": "Console password",
        "v3_user": "SNMPv3 user",
        "v3_auth_protocol": "SNMPv3 authentication",
        "v3_auth_password": "SNMPv3 authentication password",
        "v3_priv_protocol": "SNMPv3 privacy",
        "v3_priv_password": "SNMPv3 privacy password",
    }
    read = {key: given.secret(value, label) for (key, label), value in zip(labels.items(), values, strict=True)}
    return {key: value for key, value in read.items() if value is not None}


def _connected(params: dict[str, Any], snmp_version: str | None, snmp_port: int | None) -> dict[str, Any]:
    connection = {key: value for key, value in (("snmp_version", snmp_version), ("snmp_port", snmp_port)) if value}
    before = params.get(CONNECTION)
    return {**params, CONNECTION: {**(before if isinstance(before, dict) else {}), **connection}} if connection else params


COMMANDS = (
    Command("device-access:list", access_list),
    Command("device-access:add", access_add),
    Command("device-access:edit", access_edit),
    Command("device-access:delete", access_delete),
    Command("device-model:list", model_list),
    Command("device-model:update", model_update),
)
