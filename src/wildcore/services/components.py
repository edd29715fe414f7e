"""What each component brings, what it needs, and what would disappear if it were switched off."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from wildcore.i18n import Text
from wildcore.services.catalogue import ComponentInfo, Part
from wildcore.services.runtime import Runtime
from wildcore.store.tables import OWNER_ROLE_ID, SYSTEM_ROLE_ID, Role, ScheduleRow


@dataclass(frozen=True, slots=True)
class Neighbour:
    """A component that this one needs, or that needs this one."""

    key: str
    title: Text
    enabled: bool


@dataclass(frozen=True, slots=True)
class ComponentView:
    """One component; what it brings in parts: pages, paths, permissions, settings, schedules, commands (name, words)."""

    key: str
    title: Text
    description: Text
    core: bool
    enabled: bool
    needs: tuple[Neighbour, ...]
    needed_by: tuple[Neighbour, ...]
    pages: tuple[Part, ...]
    api: tuple[Part, ...]
    permissions: tuple[Part, ...]
    settings: tuple[Part, ...]
    schedules: tuple[Part, ...]
    commands: tuple[Part, ...]


@dataclass(frozen=True, slots=True)
class RoleLoss:
    """A role that would lose rights: its name and their labels."""

    role: str
    rights: tuple[Text, ...]


@dataclass(frozen=True, slots=True)
class Losses:
    """What disappears while a component is off; its data stays, and all of this comes back with it."""

    pages: tuple[Part, ...]
    schedules: tuple[Text, ...]
    roles: tuple[RoleLoss, ...]
    settings: int
    commands: tuple[str, ...]
    paths: int


def component_views(runtime: Runtime) -> list[ComponentView]:
    """Every component, core ones first. No SQL while the states are fresh."""
    return [_view(runtime, one) for one in runtime.catalogue.components()]


def component_view(runtime: Runtime, key: str) -> ComponentView:
    """One component; NotFound names it."""
    return _view(runtime, runtime.catalogue.component(key))


def losses(session: Session, runtime: Runtime, key: str) -> Losses:
    """What would disappear if this component were switched off. Two statements."""
    one = runtime.catalogue.component(key)
    stored = {row.key: row.enabled for row in session.scalars(select(ScheduleRow))}
    running = tuple(s.title for s in one.schedules if stored.get(s.key, s.enabled))
    labels = {p.key: p.label for p in one.permissions if not p.basic}
    named = session.execute(
        select(Role.name, Role.permissions).where(Role.id.not_in((OWNER_ROLE_ID, SYSTEM_ROLE_ID))).order_by(Role.name)
    )
    roles = [
        RoleLoss(name, tuple(labels[p] for p in labels if p in granted))
        for name, granted in named
        if labels.keys() & set(granted)
    ]
    return Losses(
        pages=one.menu,
        schedules=running,
        roles=tuple(roles),
        settings=sum(runtime.settings.is_set(setting) for setting in one.settings),
        commands=tuple(part.name for part in one.commands),
        paths=len(one.api),
    )


def _view(runtime: Runtime, one: ComponentInfo) -> ComponentView:
    catalogue, specs = runtime.catalogue, runtime.settings.specs()
    menu = {part.name: part.title for part in one.menu}
    return ComponentView(
        key=one.key,
        title=one.title,
        description=one.description,
        core=one.core,
        enabled=catalogue.enabled(one.key),
        needs=_neighbours(runtime, (catalogue.component(need) for need in one.depends)),
        needed_by=_neighbours(runtime, catalogue.needed_by(one.key)),
        pages=tuple(Part(part.name, menu.get(part.name, "")) for part in one.pages),
        api=one.api,
        permissions=tuple(Part(p.key, p.label) for p in one.permissions),
        settings=tuple(Part(key, specs[key].label) for key in one.settings if key in specs),
        schedules=tuple(Part(s.key, s.title) for s in one.schedules),
        commands=one.commands,
    )


def _neighbours(runtime: Runtime, found: Iterable[ComponentInfo]) -> tuple[Neighbour, ...]:
    return tuple(Neighbour(one.key, one.title, runtime.catalogue.enabled(one.key)) for one in found)
