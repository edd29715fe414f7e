"""The page of the system's settings: sections with titles, each setting with its value in effect. No SQL for fresh values."""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import Any

from wildcore.errors import NotFound
from wildcore.i18n import Text, gettext
from wildcore.services.configuration import visible_settings
from wildcore.services.core_settings import CORE_SECTIONS
from wildcore.services.runtime import Runtime
from wildcore.services.settings import Setting


@dataclass(frozen=True, slots=True)
class SettingView:
    """A setting as its form shows it. `text` is the value as typed ("" for a secret), `kind` decides the field.

    `fixed`: the environment of the process sets it, so that the page cannot.
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


@dataclass(frozen=True, slots=True)
class Section:
    """Settings that stand together."""

    key: str
    title: Text
    settings: tuple[SettingView, ...]


def sections(runtime: Runtime) -> tuple[Section, ...]:
    """Sections of the core and of the components that are on, in their order."""
    titles: dict[str, Text] = dict(CORE_SECTIONS)
    for one in runtime.catalogue.components():
        if runtime.catalogue.enabled(one.key):
            titles.update(one.sections)
    found: dict[str, list[SettingView]] = {key: [] for key in titles}
    for spec in visible_settings(runtime):
        found.setdefault(spec.section, []).append(_view(runtime, spec))
    return tuple(Section(key, titles.get(key, key), tuple(rows)) for key, rows in found.items() if rows)


def setting(runtime: Runtime, key: str, typed: str | None = None, value: Any = None) -> SettingView:
    """One setting; `typed` is shown instead of the value in effect (a refused entry), `value` instead of a stale one."""
    spec = next((one for one in visible_settings(runtime) if one.key == key), None)
    if spec is None:
        raise NotFound(gettext("There is no setting {key}", key=key), field=key)
    return _view(runtime, spec, typed, value)


def _view(runtime: Runtime, spec: Setting, typed: str | None = None, value: Any = None) -> SettingView:
    shown = "" if spec.secret else text_of(runtime.settings.get(spec.key) if value is None else value)
    return SettingView(
        key=spec.key,
        label=spec.label,
        help=spec.help,
        kind="secret" if spec.secret else ("choice" if spec.choices else spec.type.__name__),
        text=shown if typed is None else typed,
        default="" if spec.secret else text_of(spec.default),
        choices=spec.choices,
        minimum=spec.minimum,
        maximum=spec.maximum,
        is_set=runtime.settings.is_set(spec.key) if value is None else value != spec.default,
        fixed=f"WILDCORE_{spec.key}" in os.environ,
    )


def text_of(value: Any) -> str:
    """A value as it is typed: yes or no, numbers without a useless fraction, lists with commas between."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float):
        return f"{value:g}"
    if isinstance(value, list | tuple):
        return ", ".join(str(one) for one in value)
    return str(value)
