"""`system:configuration` and `system:check`: settings read, changed and tried. Secret values go in and never come out."""

from __future__ import annotations

import os
import sys
from enum import StrEnum
from typing import Annotated, Any

import typer

from wildcore.errors import BadRequest, NotAllowed, NotFound
from wildcore.kit.command import Command
from wildcore.kit.console import Console, Output, OutputOption, console
from wildcore.services import checks, configuration
from wildcore.services.pages_settings import text_of
from wildcore.services.settings import Setting


class Action(StrEnum):
    """What `system:configuration` does."""

    LIST = "list"
    GET = "get"
    SET = "set"
    RESET = "reset"


def system_configuration(
    action: Annotated[Action, typer.Argument(help="list, get KEY, set KEY VALUE, reset KEY (back to the default)")] = Action.LIST,
    key: Annotated[str, typer.Argument(help="Key of a setting; with list a part of it")] = "",
    value: Annotated[
        str | None, typer.Argument(help="The new value; without it, it is asked for or read from standard input")
    ] = None,
    text: Annotated[
        str, typer.Option("-f", "--filter", help="List only settings whose key, section or words hold this text")
    ] = "",
    changed: Annotated[bool, typer.Option("--changed", help="List only settings that differ from their default")] = False,
    output: OutputOption = Output.TABLE,
) -> None:
    """Read and write the settings. A secret is never shown, and better not typed into the command line either."""
    out = console()
    if action is Action.LIST:
        _list(out, text or key, changed, output)
        return
    spec = _spec(out, key)
    if action is Action.GET:
        _get(out, spec, output)
        return
    if action is Action.RESET:
        wanted: Any = None
    else:
        wanted = _typed(spec) if value is None else value
        if spec.secret and value is not None:
            sys.stderr.write("Others on this machine may have seen the secret in the list of processes: leave the value out\n")
    if f"WILDCORE_{spec.key}" in os.environ:
        raise NotAllowed(f"{spec.key} is set by the environment variable WILDCORE_{spec.key}: change it there")
    done = out.ask_server("PUT", "/system/configuration", {spec.key: wanted})
    if done is None:
        with out.runtime.db.write() as session:
            done = {"changed": configuration.change(session, out.runtime, out.actor, {spec.key: wanted})}
    if spec.key in done["changed"]:
        out.say(f"{spec.key} is back to its default" if wanted is None else f"{spec.key} is saved")
    else:
        out.say(f"{spec.key} was so already")


def system_check(
    key: Annotated[str, typer.Argument(help="Key of a check; without it all of them are listed")] = "",
    output: OutputOption = Output.TABLE,
) -> None:
    """Try the saved settings step by step, changing nothing. Exit code 1 when a step fails."""
    out = console()
    if not key:
        found = out.runtime.catalogue.checks().values()
        rows = [{"key": one.key, "title": str(one.title), "settings": ", ".join(one.settings)} for one in found]
        out.show(rows, {"key": "Key", "title": "Check", "settings": "Settings"}, output)
        return
    run = out.run(checks.run_check(out.runtime, out.actor, key))
    rows = [{"key": one.key, "step": str(one.title), "state": one.state, "text": one.text} for one in run.steps]
    out.show(rows, {"step": "Step", "state": "State", "text": "Found"}, output)
    if not run.ok:
        raise typer.Exit(1)


def _list(out: Console, text: str, changed: bool, output: Output) -> None:
    wanted = text.strip().lower()
    rows = []
    for one in configuration.describe(out.runtime):
        words = " ".join(str(one[name]) for name in ("key", "section", "label", "help")).lower()
        differs = one["is_set"] and (one["secret"] or one["value"] != one["default"])
        if wanted in words and (differs or not changed):
            shown = ("stored" if one["is_set"] else "not set") if one["secret"] else text_of(one["value"])
            rows.append({**one, "shown": shown, "standard": "" if one["secret"] else text_of(one["default"])})
    if output is not Output.TABLE:
        out.dump([{name: value for name, value in row.items() if name not in ("shown", "standard")} for row in rows], output)
        return
    heads = {"section": "Section", "key": "Key", "shown": "Value", "standard": "Default", "label": "Meaning"}
    out.show(rows, heads, output, empty="No setting is like this")


def _get(out: Console, spec: Setting, output: Output) -> None:
    one = next(one for one in configuration.describe(out.runtime) if one["key"] == spec.key)
    if output is not Output.TABLE:
        out.dump(one, output)
    elif spec.secret:
        out.say("stored" if one["is_set"] else "not set")
    else:
        out.say(text_of(one["value"]))


def _spec(out: Console, key: str) -> Setting:
    if not key:
        raise BadRequest("Name the setting: wca system:configuration lists them", field="key")
    wanted = key.strip().upper()
    found = next((one for one in configuration.visible_settings(out.runtime) if one.key == wanted), None)
    if found is None:
        raise NotFound(f"There is no setting {wanted}, or its component is off: wca system:configuration lists them", field="key")
    return found


def _typed(spec: Setting) -> str:
    if sys.stdin.isatty():
        return str(typer.prompt(spec.key, hide_input=spec.secret, default="", show_default=False))
    return sys.stdin.read(100_000).strip("\r\n")


COMMANDS = (Command("system:configuration", system_configuration), Command("system:check", system_check))
