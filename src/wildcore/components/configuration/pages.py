"""Configuration pages: settings by section with their checks, components on and off."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping
from typing import Annotated

from fastapi import Form, Path
from pydantic import BaseModel, ConfigDict, Field

from wildcore.components.configuration.pages_schedules import PAGES as SCHEDULES
from wildcore.errors import NotAllowed, NotFound, WildcoreError
from wildcore.i18n import gettext
from wildcore.kit import Ctx, Page, Stream, Template
from wildcore.kit.forms import REFUSED, Line, Tick
from wildcore.kit.permissions import SYSTEM_CONFIGURATION
from wildcore.services import checks, configuration
from wildcore.services.checks import CheckStep
from wildcore.services.components import component_view, component_views, losses
from wildcore.services.pages_settings import save_section, sections

Key = Annotated[str, Path(max_length=100)]
NEXT = "<!--next-->"
"""Stands behind each state of an answer that grows but the last; js/growing.js looks for it."""


class SettingsForm(BaseModel):
    """The fields of a section, by the keys of its settings; `forget` names secrets to delete."""

    model_config = ConfigDict(extra="allow")

    forget: Annotated[list[Line], Field(max_length=100)] = []

    def typed(self) -> dict[str, str]:
        """Texts by key; whatever else was sent is dropped."""
        return {key: value[:10_000] for key, value in (self.model_extra or {}).items() if isinstance(value, str)}


def components(ctx: Ctx) -> Template:
    """Every component with its switch."""
    return Template("configuration/components.html", {"components": component_views(ctx.runtime)})


def switch_component(ctx: Ctx, key: Key, enabled: Annotated[Tick, Form()] = "", sure: Annotated[Tick, Form()] = "") -> Template:
    """Switch a component; its row comes back as it is then. Switching off is asked first, with what disappears."""
    on, values = enabled == "yes", {"error": "", "changed": False, "loss": None}
    was = component_view(ctx.runtime, key)
    if not on and was.enabled and not was.core and sure != "yes":
        blocked = [one.title for one in was.needed_by if one.enabled]
        if not blocked:
            values["loss"] = losses(ctx.session, ctx.runtime, key)
            return Template("configuration/component_row.html", {"one": was, "on": True, **values})
    try:
        configuration.switch_component(ctx.session, ctx.runtime, ctx.actor, key, on)
    except NotAllowed as refused:
        return Template(
            "configuration/component_row.html", {"one": was, "on": was.enabled, **values, "error": refused.description}
        )
    # In effect for everybody once this request is committed.
    return Template("configuration/component_row.html", {"one": was, "on": on, **values, "changed": True})


def component_row(ctx: Ctx, key: Key) -> Template:
    """One component as it is: what `no` to the question brings back."""
    one = component_view(ctx.runtime, key)
    values = {"one": one, "on": one.enabled, "error": "", "changed": False, "loss": None}
    return Template("configuration/component_row.html", values)


def system(ctx: Ctx) -> Template:
    """Settings of the core and of the components that are on, by section."""
    return Template("configuration/system.html", {"sections": sections(ctx.runtime, ctx.actor)})


def section(ctx: Ctx, section: Key) -> Template:
    """One section as it is stored: what undoing what was typed brings back."""
    found = next((one for one in sections(ctx.runtime, ctx.actor) if one.key == section), None)
    if found is None:
        raise NotFound(gettext("There is no section {key}", key=section), field="section")
    return Template("configuration/section.html", {"section": found, "errors": {}, "changed": (), "saved": False})


def save(ctx: Ctx, section: Key, form: Annotated[SettingsForm, Form()]) -> Template:
    """Store a section; refused values come back with the reason beside them, and then nothing is stored."""
    done = save_section(ctx.session, ctx.runtime, ctx.actor, section, form.typed(), form.forget)
    values = {"section": done.section, "errors": done.errors or {}, "changed": done.changed, "saved": not done.errors}
    return Template("configuration/section.html", values, REFUSED if done.errors else 200)


async def check(ctx: Ctx, key: Key, form: Annotated[SettingsForm, Form()]) -> Stream:
    """Try settings as they are typed, saved or not; what has been found so far is sent with each step."""
    found = checks.check_of(ctx.runtime, ctx.actor, key)
    specs = ctx.runtime.settings.specs()
    given = form.typed()
    switches = {one: "no" for one in found.settings if specs[one].type is bool and specs[one].section == found.section}
    return Stream(_steps(ctx, key, {**switches, **given}), "text/html; charset=utf-8")


async def _steps(ctx: Ctx, key: str, typed: Mapping[str, str]) -> AsyncIterator[str | bytes | Template]:
    """The result as it grows, whole each time: the script shows the last one that has come, and nothing else of the answer."""
    came: asyncio.Queue[CheckStep | None] = asyncio.Queue()
    work = asyncio.create_task(checks.run_check(ctx.runtime, ctx.actor, key, typed, came.put_nowait))
    work.add_done_callback(lambda _done: came.put_nowait(None))
    steps: list[CheckStep] = []
    values = {"key": key, "run": None, "error": "", "steps": steps}
    try:
        while True:
            yield Template("configuration/check.html", values)
            yield NEXT
            step = await came.get()
            if step is None:
                break
            steps.append(step)
        try:
            yield Template("configuration/check.html", {**values, "run": work.result()})
        except WildcoreError as refused:
            yield Template("configuration/check.html", {**values, "error": refused.description})
    finally:
        work.cancel()


PAGES: tuple[Page, ...] = (
    Page("/configuration/components", components, SYSTEM_CONFIGURATION),
    Page("/configuration/components/{key}", component_row, SYSTEM_CONFIGURATION),
    Page("/configuration/components/{key}", switch_component, SYSTEM_CONFIGURATION, methods="POST"),
    Page("/configuration/system", system, SYSTEM_CONFIGURATION),
    Page("/configuration/system/{section}", section, SYSTEM_CONFIGURATION),
    Page("/configuration/system/{section}", save, SYSTEM_CONFIGURATION, methods="POST"),
    Page("/configuration/check/{key}", check, SYSTEM_CONFIGURATION, methods="POST"),
    *SCHEDULES,
)
