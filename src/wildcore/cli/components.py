"""`component:*`: what is installed, and what of it is on."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

import typer

from wildcore.kit.console import Output, OutputOption, console
from wildcore.kit.manifest import Command
from wildcore.services.action_log import log


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
    with out.runtime.db.write() as session:
        out.runtime.catalogue.switch(session, component, on)
        log(session, out.actor, "component:enabled" if on else "component:disabled", message=component)
    out.runtime.catalogue.forget()
    out.say(f"Component {component} is {'on' if on else 'off'}")


COMMANDS = (Command("component:list", component_list), Command("component:control", component_control))
