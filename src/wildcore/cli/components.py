"""`component:*`: what is installed, and what of it is on."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated
from urllib.parse import quote

import typer

from wildcore.kit.command import Command
from wildcore.kit.console import Output, OutputOption, console
from wildcore.services.configuration import switch_component


class Action(StrEnum):
    """What `component:control` does. `install` and `uninstall` are older names of `enable` and `disable`: data always stays."""

    ENABLE = "enable"
    DISABLE = "disable"
    INSTALL = "install"
    UNINSTALL = "uninstall"


def component_list(output: OutputOption = Output.TABLE) -> None:
    """List the components."""
    out = console()
    rows = [
        {
            "key": one.key,
            "description": str(one.description or one.title),
            "enabled": out.runtime.catalogue.enabled(one.key),
            "installed": True,
            "has_installer": False,
            "has_controller": not one.core,
        }
        for one in out.runtime.catalogue.components()
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


def component_control(
    component: Annotated[str, typer.Argument(help="Key of the component, see component:list")],
    action: Annotated[Action, typer.Argument(help="enable or disable; data is kept")],
) -> None:
    """Switch a component on or off."""
    out = console()
    on = action in (Action.ENABLE, Action.INSTALL)
    # A running server does it itself, so that the settings and routes it brings are there with the next request.
    if out.ask_server("PUT", f"/system-components/{quote(component, safe='')}", {"enabled": on}) is None:
        with out.runtime.db.write() as session:
            switch_component(session, out.runtime, out.actor, component, on)
    out.say(f"Component {component} is {'on' if on else 'off'}")


COMMANDS = (Command("component:list", component_list), Command("component:control", component_control))
