"""The page of the system's settings: sections with checks, each setting with its value in effect. No SQL for fresh values."""

from __future__ import annotations

import os
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy.orm import Session

from wildcore.errors import NotFound, ValidationFailed
from wildcore.i18n import Text, gettext
from wildcore.services import configuration
from wildcore.services.actor import Actor
from wildcore.services.configuration import visible_settings
from wildcore.services.core_settings import CORE_SECTIONS
from wildcore.services.runtime import Runtime
from wildcore.services.settings import Setting


@dataclass(frozen=True, slots=True)
class SettingView:
    """A setting as its form shows it. `text` is the value as typed ("" for a secret), `kind` decides the field.

    `fixed`: the environment of the process sets it, so that the page cannot. `changed`: it differs from its default.
    """

    key: str
    label: Text
    help: Text
    kind: str
    text: str
    default: str
    choices: tuple[str, ...]
    minimum: float | None
    maximum: float | None
    is_set: bool
    fixed: bool
    changed: bool


@dataclass(frozen=True, slots=True)
class CheckView:
    """A check that a section offers."""

    key: str
    title: Text
    help: Text


@dataclass(frozen=True, slots=True)
class Section:
    """Settings that stand together."""

    key: str
    title: Text
    settings: tuple[SettingView, ...]
    checks: tuple[CheckView, ...] = ()

    @property
    def changed(self) -> int:
        """How many of them differ from their default."""
        return sum(one.changed for one in self.settings)


@dataclass(frozen=True, slots=True)
class Saved:
    """What came of a section's form: the keys that changed, or what is wrong by key; and the section as it is shown then."""

    section: Section
    changed: tuple[str, ...] = ()
    errors: Mapping[str, str] | None = None


def sections(runtime: Runtime, actor: Actor) -> tuple[Section, ...]:
    """Sections of the core and of the components that are on, in their order."""
    found: dict[str, list[SettingView]] = {key: [] for key in _titles(runtime)}
    for spec in visible_settings(runtime):
        found.setdefault(spec.section, []).append(_view(runtime, spec))
    return tuple(_section(runtime, actor, key, tuple(rows)) for key, rows in found.items() if rows)


def save_section(
    session: Session, runtime: Runtime, actor: Actor, section: str, typed: Mapping[str, str], forget: Collection[str] = ()
) -> Saved:
    """Store a section as its form gives it: all of it or, when a value is refused, nothing.

    An absent switch is off, an empty secret stays as it is, `forget` are secrets to delete.
    """
    specs = [one for one in visible_settings(runtime) if one.section == section]
    if not specs:
        raise NotFound(gettext("There is no section {key}", key=section), field="section")
    wanted: dict[str, Any] = {}
    errors: dict[str, str] = {}
    for spec in specs:
        given = typed.get(spec.key)
        if _fixed(spec):
            continue
        if spec.secret and not (given or "").strip():
            if spec.key in forget:
                wanted[spec.key] = None
            continue
        if given is None and spec.type is not bool:
            continue
        try:
            wanted[spec.key] = spec.parse("no" if given is None else given)
        except ValidationFailed as refused:
            said = refused.description.removeprefix(f"{spec.key}: ")
            errors[spec.key] = said[:1].upper() + said[1:]
    if errors:
        shown = {spec.key: typed.get(spec.key, "no" if spec.type is bool else "") for spec in specs if not spec.secret}
        views = tuple(_view(runtime, spec, typed=None if _fixed(spec) else shown.get(spec.key)) for spec in specs)
        return Saved(_section(runtime, actor, section, views), errors=errors)
    changed = configuration.change(session, runtime, actor, wanted)
    # In effect for everybody once the request is committed; the page shows it as it will be then.
    views = tuple(_view(runtime, spec, stored=wanted) if spec.key in wanted else _view(runtime, spec) for spec in specs)
    return Saved(_section(runtime, actor, section, views), tuple(changed))


def _titles(runtime: Runtime) -> dict[str, Text]:
    titles: dict[str, Text] = dict(CORE_SECTIONS)
    for one in runtime.catalogue.components():
        if runtime.catalogue.enabled(one.key):
            titles.update(one.sections)
    return titles


def _section(runtime: Runtime, actor: Actor, key: str, rows: tuple[SettingView, ...]) -> Section:
    checks = runtime.catalogue.checks().values()
    offered = (CheckView(c.key, c.title, c.help) for c in checks if c.section == key and actor.may(c.permission.key))
    return Section(key, _titles(runtime).get(key, key), rows, tuple(offered))


def _view(runtime: Runtime, spec: Setting, *, typed: str | None = None, stored: Mapping[str, Any] | None = None) -> SettingView:
    settings = runtime.settings
    if stored is None:
        value, is_set = settings.get(spec.key), settings.is_set(spec.key)
    else:
        value = spec.default if stored[spec.key] is None else stored[spec.key]
        is_set = value != spec.default
    return SettingView(
        key=spec.key,
        label=spec.label,
        help=spec.help,
        kind="secret" if spec.secret else ("choice" if spec.choices else spec.type.__name__),
        text="" if spec.secret else text_of(value) if typed is None else typed,
        default="" if spec.secret else text_of(spec.default),
        choices=spec.choices,
        minimum=spec.minimum,
        maximum=spec.maximum,
        is_set=is_set,
        fixed=_fixed(spec),
        changed=is_set if spec.secret else value != spec.default,
    )


def _fixed(spec: Setting) -> bool:
    return f"WILDCORE_{spec.key}" in os.environ


def text_of(value: Any) -> str:
    """A value as it is typed: yes or no, numbers without a useless fraction, lists with commas between."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float):
        return f"{value:g}"
    if isinstance(value, list | tuple):
        return ", ".join(str(one) for one in value)
    return str(value)
