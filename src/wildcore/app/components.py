"""Finds the components: every package below `wildcore.components` with a module `component` that holds `component`.

Nothing else has to be touched to add one. An error while importing a component is an error of the program and is not swallowed.
"""

from __future__ import annotations

import pkgutil
from collections.abc import Callable
from functools import cache
from importlib import import_module
from importlib.util import find_spec
from typing import Any

import wildcore.components
from wildcore.kit import Component
from wildcore.services.catalogue import ComponentInfo, Part


@cache
def all_components() -> tuple[Component, ...]:
    """Every installed component, core ones first, by key."""
    found = []
    for module in pkgutil.iter_modules(wildcore.components.__path__, "wildcore.components."):
        if module.ispkg and find_spec(f"{module.name}.component") is not None:
            component = import_module(f"{module.name}.component").component
            if not isinstance(component, Component):
                raise TypeError(f"{module.name}.component.component is not a Component")
            found.append(component)
    return tuple(sorted(found, key=lambda one: (not one.core, one.key)))


def info(component: Component) -> ComponentInfo:
    """What services need to know of a component."""
    return ComponentInfo(
        key=component.key,
        title=component.title,
        description=component.description,
        core=component.core,
        enabled=component.enabled,
        depends=component.depends,
        permissions=component.permissions,
        schedules=component.schedules,
        settings=tuple(setting.key for setting in component.settings),
        sections=component.sections,
        menu=tuple(Part(item.path, item.title) for item in component.menu),
        pages=tuple(Part(page.path) for page in component.pages if page.methods == "GET"),
        api=tuple(
            Part(
                f"{route.methods.replace('|', ', ')} /api/v1{route.path.replace(':path', '')}",
                route.summary or _first_line(route.handler),
            )
            for route in component.api
        ),
        commands=tuple(Part(f"wca {command.name}", _first_line(command.function)) for command in component.commands),
        checks=component.checks,
    )


def _first_line(function: Callable[..., Any]) -> str:
    return (function.__doc__ or "").strip().partition("\n")[0].rstrip(".")
