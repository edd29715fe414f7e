"""API of the system itself."""

from __future__ import annotations

import platform
import sys
from typing import Annotated, Any

from fastapi import Body
from pydantic import BaseModel, ConfigDict, Field
from starlette.responses import PlainTextResponse

from wildcore import __version__
from wildcore.i18n import LANGUAGES
from wildcore.kit import Ctx
from wildcore.kit.params import BodyNumber
from wildcore.services import auth, configuration
from wildcore.services.catalogue import Part
from wildcore.services.components import ComponentView, Losses, component_view, component_views, losses
from wildcore.services.times import time_text


class CrossAuthBody(BaseModel):
    """What billing sends: the employee's login, and optionally how long the key lives and from which address it is used."""

    model_config = ConfigDict(coerce_numbers_to_str=True)

    login: str | None = Field(None, max_length=100)
    expire_sec: Annotated[int, BodyNumber, Field(ge=1, le=2**31 - 1)] | None = None
    user_ip: str | None = Field(None, max_length=64)


class SwitchBody(BaseModel):
    """Whether a component is to be on."""

    enabled: bool


def cross_auth(ctx: Ctx, body: CrossAuthBody | None = None) -> dict[str, Any]:
    """A key that acts as another user, for billing to open our pages with."""
    asked = body or CrossAuthBody(login=None, expire_sec=None, user_ip=None)
    issued = auth.cross_auth(ctx.session, ctx.runtime, ctx.actor, asked.login, asked.expire_sec, asked.user_ip)
    return {
        "user": {"id": issued.user_id, "login": issued.login, "name": issued.name},
        "expired_at": time_text(issued.expires_at),
        "auth_key": issued.key,
    }


def info(ctx: Ctx) -> dict[str, Any]:
    """Name, version and languages of this system."""
    return {
        "name": ctx.runtime.settings.get("APP_NAME"),
        "version": __version__,
        "python": platform.python_version(),
        "platform": sys.platform,
        "database": "sqlite" if ctx.runtime.db.is_sqlite else "postgresql",
        "languages": LANGUAGES,
        "time": time_text(ctx.runtime.now()),
        "components": [one.key for one in ctx.runtime.catalogue.components() if ctx.runtime.catalogue.enabled(one.key)],
    }


def settings_public(ctx: Ctx) -> dict[str, Any]:
    """Settings that every client may need."""
    keys = ("APP_NAME", "DEFAULT_LANGUAGE", "EXTERNAL_HTTP_ADDRESS", "WEB_ZOOM_MAIN", "WEB_ZOOM_IFRAME")
    return {key: ctx.runtime.settings.get(key) for key in keys}


def configuration_get(ctx: Ctx) -> list[dict[str, Any]]:
    """All settings with their ranges; a secret one only says whether it is set."""
    return configuration.describe(ctx.runtime)


def configuration_put(ctx: Ctx, body: Annotated[dict[str, Any], Body()]) -> dict[str, Any]:
    """Change settings: `{KEY: value}`; null takes the default again. All values are checked before any is kept."""
    return {"changed": configuration.change(ctx.session, ctx.runtime, ctx.actor, body)}


def components_list(ctx: Ctx) -> list[dict[str, Any]]:
    """All components: whether they are on, what they need and what they bring."""
    return [_component(one) for one in component_views(ctx.runtime)]


def component_get(ctx: Ctx, key: str) -> dict[str, Any]:
    """One component, and what would disappear if it were switched off."""
    found = component_view(ctx.runtime, key)
    return {**_component(found), "disappears": _losses(losses(ctx.session, ctx.runtime, key))}


def component_switch(ctx: Ctx, key: str, body: SwitchBody) -> dict[str, Any]:
    """Switch a component on or off; its data stays."""
    configuration.switch_component(ctx.session, ctx.runtime, ctx.actor, key, body.enabled)
    return {"key": key, "enabled": body.enabled}


def metrics(ctx: Ctx) -> PlainTextResponse:
    """Counts in Prometheus' text format."""
    return PlainTextResponse(configuration.metrics_text(ctx.session), media_type="text/plain; version=0.0.4")


def _component(one: ComponentView) -> dict[str, Any]:
    return {
        "key": one.key,
        "title": str(one.title),
        "description": str(one.description),
        "core": one.core,
        "enabled": one.enabled,
        "depends": [need.key for need in one.needs],
        "needed_by": [other.key for other in one.needed_by],
        "brings": {
            "pages": _parts(one.pages),
            "api": _parts(one.api),
            "permissions": _parts(one.permissions),
            "settings": _parts(one.settings),
            "schedules": _parts(one.schedules),
            "commands": _parts(one.commands),
        },
    }


def _parts(parts: tuple[Part, ...]) -> list[dict[str, str]]:
    return [{"name": part.name, "title": str(part.title)} for part in parts]


def _losses(found: Losses) -> dict[str, Any]:
    return {
        "pages": _parts(found.pages),
        "schedules": [str(title) for title in found.schedules],
        "roles": [{"role": one.role, "permissions": [str(label) for label in one.rights]} for one in found.roles],
        "stored_settings": found.settings,
        "commands": list(found.commands),
        "paths": found.paths,
    }
