"""What the installed components brought together: permissions, schedules, and which components are on."""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from wildcore.errors import NotAllowed, NotFound
from wildcore.i18n import Text, gettext
from wildcore.services.rights import Permission
from wildcore.store.db import Database
from wildcore.store.tables import ComponentRow

if TYPE_CHECKING:
    from wildcore.services.checks import SettingsCheck

REFRESH_SEC = 5.0
Progress = Callable[[str, int, int], None]


@dataclass(frozen=True, slots=True)
class Schedule:
    """Work at times of a crontab expression in the server's zone.

    `job(runtime, progress)` returns a closing summary. The runtime holds the catalogue, so its type cannot be named here.
    `progress(stage, done, total)` may be called from any thread.
    `command` is the console command that does the same.
    """

    key: str
    crontab: str
    job: Callable[[Any, Progress], Awaitable[str]]
    title: Text
    command: str = ""
    enabled: bool = False


@dataclass(frozen=True, slots=True)
class Part:
    """One thing that a component brings: its name (a path, a command) and what it is in words."""

    name: str
    title: Text = ""


@dataclass(frozen=True, slots=True)
class ComponentInfo:
    """What services need of a component's manifest. `menu` are its pages that stand in the menu."""

    key: str
    title: Text
    description: Text
    core: bool
    enabled: bool
    depends: tuple[str, ...]
    permissions: tuple[Permission, ...]
    schedules: tuple[Schedule, ...]
    settings: tuple[str, ...] = ()
    sections: Mapping[str, Text] = field(default_factory=dict)
    menu: tuple[Part, ...] = ()
    pages: tuple[Part, ...] = ()
    api: tuple[Part, ...] = ()
    commands: tuple[Part, ...] = ()
    checks: tuple[SettingsCheck, ...] = ()


class Catalogue:
    """All components of this installation. `enabled` is cached for `REFRESH_SEC`; `forget` after a change."""

    def __init__(self, db: Database, components: Iterable[ComponentInfo]) -> None:
        self._db = db
        self._components = {one.key: one for one in components}
        self._on: dict[str, bool] = {}
        self._read_at = float("-inf")

    def components(self) -> list[ComponentInfo]:
        """Every component, core ones first, as installed."""
        return list(self._components.values())

    def component(self, key: str) -> ComponentInfo:
        """One component; NotFound names it."""
        found = self._components.get(key)
        if found is None:
            raise NotFound(gettext("There is no component {key}", key=key), field="component")
        return found

    def enabled(self, key: str) -> bool:
        """Whether the component is on now."""
        one = self._components.get(key)
        if one is None:
            return False
        return one.core or self._states().get(key, one.enabled)

    def permissions(self) -> dict[str, Permission]:
        """Permissions of the components that are on, by key."""
        return {p.key: p for one in self._components.values() if self.enabled(one.key) for p in one.permissions}

    def basic_permissions(self) -> frozenset[str]:
        """What everybody who signs in may."""
        return frozenset(key for key, permission in self.permissions().items() if permission.basic)

    def hidden_settings(self) -> frozenset[str]:
        """Keys of the settings that belong to components that are off."""
        return frozenset(key for one in self._components.values() if not self.enabled(one.key) for key in one.settings)

    def schedules(self) -> dict[str, tuple[str, Schedule]]:
        """Schedules of the components that are on: key -> (component key, schedule)."""
        return {s.key: (one.key, s) for one in self._components.values() if self.enabled(one.key) for s in one.schedules}

    def checks(self) -> dict[str, SettingsCheck]:
        """Checks of settings of the components that are on, by key."""
        return {c.key: c for one in self._components.values() if self.enabled(one.key) for c in one.checks}

    def needed_by(self, key: str) -> list[ComponentInfo]:
        """The components that need this one, on or off."""
        return [other for other in self._components.values() if key in other.depends]

    def switch(self, session: Session, key: str, on: bool) -> None:
        """Switch a component within the caller's transaction; its data stays. Call `forget` after the commit."""
        one = self.component(key)
        if one.core:
            raise NotAllowed(gettext("Component {key} is part of the core and cannot be switched off", key=key))
        if on:
            missing = [need for need in one.depends if not self.enabled(need)]
            if missing:
                raise NotAllowed(gettext("Switch on {keys} first: {key} needs it", keys=", ".join(missing), key=key))
        else:
            users = [other.key for other in self.needed_by(key) if self.enabled(other.key)]
            if users:
                raise NotAllowed(gettext("Switch off {keys} first: it needs {key}", keys=", ".join(users), key=key))
        session.merge(ComponentRow(key=key, enabled=on, updated_at=int(time.time())))

    def forget(self) -> None:
        """Read the states again at the next question."""
        self._read_at = float("-inf")

    def _states(self) -> dict[str, bool]:
        if time.monotonic() - self._read_at > REFRESH_SEC:
            with self._db.read() as session:
                self._on = {str(key): on for key, on in session.execute(select(ComponentRow.key, ComponentRow.enabled))}
            self._read_at = time.monotonic()
        return self._on
