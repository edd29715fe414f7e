"""What a component is made of. See `manifest.Component`.

Names are taken from their modules when they are used: a console command needs none of what pages and routes need.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

from wildcore.i18n import _

if TYPE_CHECKING:
    from wildcore.kit.command import Command
    from wildcore.kit.http import Context, Ctx, Html, Redirect, Request, Stream, Template
    from wildcore.kit.manifest import (
        PUBLIC,
        Component,
        MenuItem,
        Page,
        Permission,
        PermissionGroup,
        Public,
        Route,
        Schedule,
        Setting,
        SettingsCheck,
    )

_HTTP = {"Context", "Ctx", "Html", "Redirect", "Request", "Stream", "Template"}

__all__ = [
    "PUBLIC",
    "Command",
    "Component",
    "Context",
    "Ctx",
    "Html",
    "MenuItem",
    "Page",
    "Permission",
    "PermissionGroup",
    "Public",
    "Redirect",
    "Request",
    "Route",
    "Schedule",
    "Setting",
    "SettingsCheck",
    "Stream",
    "Template",
    "_",
]


def __getattr__(name: str) -> Any:
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    module = "command" if name == "Command" else "http" if name in _HTTP else "manifest"
    return getattr(import_module(f"{__name__}.{module}"), name)
