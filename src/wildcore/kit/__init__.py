"""What a component is made of. See `manifest.Component`."""

from wildcore.i18n import _
from wildcore.kit.http import Context, Ctx, Html, Redirect, Request, Stream, Template
from wildcore.kit.manifest import (
    PUBLIC,
    Command,
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
