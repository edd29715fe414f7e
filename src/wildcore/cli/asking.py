"""Commands that ask devices: `switcher-core:*`, `test:snmpwalk`, `poller:poll`, `capture:show`."""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path
from typing import Annotated

import typer

from wildcore.cli.devices import DeviceArgument, find_device
from wildcore.errors import BadRequest
from wildcore.i18n import gettext
from wildcore.kit.command import Command
from wildcore.kit.console import Output, OutputOption, console
from wildcore.services import calls, captures, polling
from wildcore.services.device_sessions import load_target
from wildcore.services.times import time_text
from wildcore.transport.gate import Priority
from wildcore.transport.snmp.types import Tag, Value, oid, oid_text

MIB_2 = "1.3.6.1.2.1"
WAIT_SEC = 600.0  # at a console somebody may wait for a large walk


def modules(device: DeviceArgument, output: OutputOption = Output.TABLE) -> None:
    """List the modules that a device supports."""
    out = console()
    found = find_device(out, device)
    with out.runtime.db.read() as session:
        supported = calls.modules(session, out.actor, found.id)
    rows = [
        {"name": one.name, "arguments": ", ".join(f"{a}!" if a in one.required else a for a in one.args), "control": one.control}
        for one in supported
    ]
    out.show(rows, {"name": "Module", "arguments": "Arguments", "control": "Changes the device"}, output)


def call(
    device: DeviceArgument,
    module: Annotated[str, typer.Argument(help="Name of the module, see switcher-core:modules")],
    arguments: Annotated[list[str] | None, typer.Argument(help="Arguments as name=value")] = None,
    source: Annotated[str, typer.Option("-s", "--source", help="device, cache or store")] = "device",
    meta: Annotated[bool, typer.Option("-m", "--meta", help="Also show where the answer is from and how old it is")] = False,
    timing: Annotated[bool, typer.Option("-t", "--time", help="Also show how long it took")] = False,
    output: Annotated[Output, typer.Option("-o", "--output", help="json or yaml")] = Output.JSON,
) -> None:
    """Call a module of a device and print its answer."""
    out = console()
    found = find_device(out, device)
    values = dict(_pair(text) for text in arguments or [])
    wanted = calls.parse_source(source)

    async def ask() -> tuple[calls.CallResult, float]:
        started = asyncio.get_running_loop().time()
        result = await calls.call(out.runtime, out.actor, found.id, module, values, wanted, WAIT_SEC)
        return result, asyncio.get_running_loop().time() - started

    result, seconds = out.run(ask())
    if result.meta.error:
        age = time_text(result.meta.time)
        sys.stderr.write(f"{result.meta.error}" + (f". Last known answer of {age}:\n" if age else "\n"))
    out.dump({"data": result.data, "meta": result.meta.json()} if meta else result.data, output)
    if timing:
        sys.stderr.write(f"{seconds:.3f} s\n")
    if result.meta.error:
        raise typer.Exit(1)


def snmpwalk(
    device: DeviceArgument,
    base: Annotated[str, typer.Argument(metavar="OID", help="Where to walk")] = MIB_2,
) -> None:
    """Walk a device with the access that Wildcore uses for it."""
    out = console()
    found = find_device(out, device)
    try:
        where = oid(base)
    except ValueError:
        raise BadRequest(gettext("{text} is not an OID", text=base), field="oid") from None
    with out.runtime.db.read() as session:
        target = load_target(session, out.runtime, found.id).target

    async def walk() -> str | None:
        rows = await out.runtime.hub.session(target, Priority.PERSON).varbinds(where)
        for row in rows:
            sys.stdout.write(f".{oid_text(row.oid)} = {Tag(row.tag).name}: {_shown(row.value)}\n")
        return rows.problem

    problem = out.run(walk())
    if problem:
        sys.stderr.write(f"The walk broke off: {problem}\n")
        raise typer.Exit(1)


def poll(
    device: DeviceArgument,
    poller: Annotated[str, typer.Option("-p", "--poller", help="Only this poller")] = "",
    debug: Annotated[bool, typer.Option("-d", "--debug", help="Also show problems of each poller")] = False,
) -> None:
    """Poll a device now, out of turn."""
    out = console()
    found = find_device(out, device)
    rows = out.ask_server("POST", "/poller/run", {"device_id": found.id, "poller": poller or None})
    if rows is None:  # no server runs here: do it ourselves
        outcomes = out.run(polling.poll_now(out.runtime, found.id, (poller,) if poller else ()))
        rows = [outcome.json() for outcome in outcomes]
    heads = {"poller": "Poller", "result": "Result", "rows": "Rows", "duration_ms": "ms"}
    out.show(rows, {**heads, "error": "Problems"} if debug else heads)
    if any(row["result"] in ("error", "down") for row in rows):
        for row in rows:
            if row["error"] and not debug:
                sys.stderr.write(f"{row['poller']}: {row['error']}\n")
        raise typer.Exit(1)


def capture_show(
    file: Annotated[Path, typer.Argument(help="A capture in snmprec format")],
    output: Annotated[Output, typer.Option("-o", "--output", help="json or yaml")] = Output.JSON,
) -> None:
    """Serve a capture as a device, detect it, ask everything of it over UDP and print what is understood."""
    out = console()
    out.dump(asyncio.run(captures.show(file)), output)


def _pair(text: str) -> tuple[str, str]:
    name, equals, value = text.partition("=")
    if not equals or not name:
        raise BadRequest(gettext("Write arguments as name=value, not {text}", text=text), field="arguments")
    return name, value


def _shown(value: Value) -> str:
    if isinstance(value, bytes):
        text = value.decode("utf-8", "replace")
        return f'"{text}"' if text.isprintable() else value.hex(" ").upper()
    if isinstance(value, tuple):
        return oid_text(value)
    return str(value)


COMMANDS = (
    Command("switcher-core:modules", modules),
    Command("switcher-core:call", call),
    Command("test:snmpwalk", snmpwalk),
    Command("poller:poll", poll),
    Command("capture:show", capture_show),
)
