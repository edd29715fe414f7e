"""`component:*`: what is installed, what of it is on, and what needs what."""

from __future__ import annotations

import sys
from enum import StrEnum
from typing import Annotated
from urllib.parse import quote

import typer

from wildcore.kit.command import Command
from wildcore.kit.console import Console, Output, OutputOption, console
from wildcore.services.components import component_views, losses
from wildcore.services.configuration import switch_component


class Action(StrEnum):
    """What `component:control` does. `install` and `uninstall` are older names of `enable` and `disable`: data always stays."""

    ENABLE = "enable"
    DISABLE = "disable"
    INSTALL = "install"
    UNINSTALL = "uninstall"


def component_list(output: OutputOption = Output.TABLE) -> None:
    """List the components. Has installer: never, all of them are installed. Has controller: it answers the API or has pages."""
    out = console()
    rows = [
        {
            "key": one.key,
            "description": str(one.description or one.title),
            "enabled": one.enabled,
            "installed": True,
            "has_installer": False,
            "has_controller": bool(one.api or one.pages),
            "core": one.core,
            "depends": [need.key for need in one.needs],
        }
        for one in component_views(out.runtime)
    ]
    heads = {
        "key": "Key",
        "description": "Description",
        "enabled": "Enabled",
        "installed": "Installed",
        "has_installer": "Has installer",
        "has_controller": "Has controller",
    }
    out.show(rows, heads, output)


def component_dependencies(output: OutputOption = Output.TABLE) -> None:
    """List what components need others, and what needs them."""
    out = console()
    rows = [
        {
            "key": one.key,
            "enabled": one.enabled,
            "needs": [need.key for need in one.needs],
            "needed_by": [other.key for other in one.needed_by],
        }
        for one in component_views(out.runtime)
        if one.needs or one.needed_by
    ]
    if output is Output.TABLE:
        rows = [{name: ", ".join(value) if isinstance(value, list) else value for name, value in row.items()} for row in rows]
    heads = {"key": "Key", "enabled": "Enabled", "needs": "Needs", "needed_by": "Needed by"}
    out.show(rows, heads, output, empty="No component needs another one")


def component_control(
    component: Annotated[str, typer.Argument(help="Key of the component, see component:list")],
    action: Annotated[Action, typer.Argument(help="enable or disable; data is kept")],
) -> None:
    """Switch a component on or off; its data stays, and switching it off says what disappears."""
    out = console()
    on = action in (Action.ENABLE, Action.INSTALL)
    if action in (Action.INSTALL, Action.UNINSTALL):
        sys.stderr.write("Components are installed with the product and keep their data: it is only switched on or off\n")
    gone = [] if on else _disappears(out, component)
    # A running server does it itself, so that the settings and routes it brings are there with the next request.
    if out.ask_server("PUT", f"/system-components/{quote(component, safe='')}", {"enabled": on}) is None:
        with out.runtime.db.write() as session:
            switch_component(session, out.runtime, out.actor, component, on)
    out.say(f"Component {component} is {'on' if on else 'off'}")
    if gone:
        out.say("Gone until it is on again, nothing is deleted: " + "; ".join(gone))


def _disappears(out: Console, key: str) -> list[str]:
    if not out.runtime.catalogue.enabled(key):
        return []
    with out.runtime.db.read() as session:
        found = losses(session, out.runtime, key)
    parts = [("pages", [str(one.title) for one in found.pages]), ("schedules", [str(title) for title in found.schedules])]
    parts += [(f"rights of role {one.role}", [str(label) for label in one.rights]) for one in found.roles]
    parts += [("commands", list(found.commands))]
    return [f"{name} {', '.join(values)}" for name, values in parts if values]


COMMANDS = (
    Command("component:list", component_list),
    Command("component:control", component_control),
    Command("component:dependencies", component_dependencies),
)
