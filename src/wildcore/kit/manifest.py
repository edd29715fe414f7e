"""The manifest of a component: one frozen object that says all it brings.

Switching a component off removes its routes, pages, permissions, settings with their checks, commands and schedules. A route
or page without a permission cannot be built: pass a `Permission`, several of them (all needed), or the explicit `PUBLIC`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from wildcore.i18n import Text
from wildcore.kit.command import Command
from wildcore.services.catalogue import Schedule
from wildcore.services.checks import SettingsCheck
from wildcore.services.rights import Permission, PermissionGroup
from wildcore.services.settings import Setting

__all__ = [
    "PUBLIC",
    "Command",
    "Component",
    "MenuItem",
    "Page",
    "Permission",
    "PermissionGroup",
    "Permissions",
    "Public",
    "Route",
    "Schedule",
    "Setting",
    "SettingsCheck",
]


class Public:
    """Marker: the route needs no sign-in."""


PUBLIC = Public()

Quick = Callable[[Mapping[str, str]], bool]
Permissions = Permission | tuple[Permission, ...] | Public


@dataclass(frozen=True, slots=True)
class Route:
    """One API path below `/api/v1`. `methods` like `GET` or `GET|POST`; `billing` lets cross-auth keys in.

    `reads`: its handler only reads whatever the method, so that no write transaction is opened.
    `quick` tells (by the query) whether a GET reads only a few rows by an index: see `Database.run_quick`.
    """

    methods: str
    path: str
    handler: Callable[..., Any]
    permission: Permissions
    summary: str = ""
    billing: bool = False
    reads: bool = False
    quick: Quick | bool = False

    def __post_init__(self) -> None:
        _check(self.permission, self.path)


@dataclass(frozen=True, slots=True)
class Page:
    """One page below `/`. `billing` pages open with a cross-auth key; `iframe` ones have no head or menu and honour no cookie.

    `quick` as of a route.
    """

    path: str
    handler: Callable[..., Any]
    permission: Permissions
    methods: str = "GET"
    billing: bool = False
    iframe: bool = False
    reads: bool = False
    quick: Quick | bool = False

    def __post_init__(self) -> None:
        _check(self.permission, self.path)


@dataclass(frozen=True, slots=True)
class MenuItem:
    """One entry of the pages' menu; `section` is network, tools, management, configuration or logs."""

    title: Text
    path: str
    icon: str
    permission: Permission | Public
    section: str = "network"
    order: int = 50


@dataclass(frozen=True, slots=True)
class Component:
    """All that one component brings. `core` ones cannot be switched off; `enabled` is the default of the others.

    `provides` maps a protocol of `services.ports` to a factory `(runtime) -> implementation`.
    `templates` is the folder of its templates, known under the name `key/`.
    """

    key: str
    title: Text
    description: Text = ""
    core: bool = True
    enabled: bool = True
    depends: tuple[str, ...] = ()
    permissions: tuple[Permission, ...] = ()
    settings: tuple[Setting, ...] = ()
    sections: Mapping[str, Text] = field(default_factory=dict)
    api: tuple[Route, ...] = ()
    pages: tuple[Page, ...] = ()
    commands: tuple[Command, ...] = ()
    schedules: tuple[Schedule, ...] = ()
    checks: tuple[SettingsCheck, ...] = ()
    menu: tuple[MenuItem, ...] = ()
    provides: Mapping[type, Callable[..., Any]] = field(default_factory=dict)
    templates: str | None = None


def _check(permission: object, path: str) -> None:
    if isinstance(permission, Permission | Public):
        return
    if isinstance(permission, tuple) and permission and all(isinstance(one, Permission) for one in permission):
        return
    raise TypeError(f"{path}: a route needs a Permission, a tuple of them, or PUBLIC")
