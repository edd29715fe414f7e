"""Templates: one Jinja environment over the shell's templates and those of every component.

A template of a component is known as `<component key>/<file>`; the shell's own by their path below `web/templates`.
Every template knows: `actor`, `may(permission key)`, `menu` (sections with `title` and `items`: path, icon, title, active),
`language`, `csrf_token`, `base_url`, `zoom`, `app_name`, `asset(path)`, `nonce`, `iframe`, `fragment`, `request`,
`component_on(key)`, and the filters and functions of `presentation.install`. Paths of ours are written from our own root;
`web.prefix` sets them below the path of a shared host.
"""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from jinja2 import ChoiceLoader, FileSystemLoader, PrefixLoader, StrictUndefined

from wildcore.i18n import Text, _
from wildcore.kit.http import Context, Template
from wildcore.kit.manifest import Component, MenuItem, Permission
from wildcore.services.runtime import Runtime
from wildcore.web import presentation
from wildcore.web.prefix import html_with_root
from wildcore.web.quick_templates import QuickEnvironment

HERE = Path(__file__).parent
STATIC = HERE / "static"
STATIC_URL = "/static/"
ASSET_CHECK_SEC = 1.0

SECTIONS: dict[str, Text] = {
    "network": "",
    "tools": _("Tools"),
    "management": _("Management"),
    "configuration": _("Configuration"),
    "logs": _("Logs"),
}


@dataclass(frozen=True, slots=True)
class Frame:
    """What a page needs of the request besides the handler's context."""

    language: str
    nonce: str = ""
    csrf_token: str = ""


class Templates:
    """Renders what page handlers return."""

    def __init__(self, runtime: Runtime, components: Sequence[Component]) -> None:
        self._runtime = runtime
        self._components = components
        folders = {one.key: FileSystemLoader(one.templates) for one in components if one.templates}
        self.environment = QuickEnvironment(
            loader=ChoiceLoader([FileSystemLoader(HERE / "templates"), PrefixLoader(folders)]),
            autoescape=True,
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
        )
        presentation.install(self.environment)
        self.environment.globals.update(asset=Assets(STATIC).url, component_on=runtime.catalogue.enabled)

    def render(self, template: Template, ctx: Context, frame: Frame) -> str:
        """The template's HTML; its own values win over the base ones."""
        base = self._base(ctx, frame)
        text = self.environment.spoken().get_template(template.name).render({**base, **template.values})
        return html_with_root(ctx.request.root, text)

    def _base(self, ctx: Context, frame: Frame) -> dict[str, Any]:
        settings = self._runtime.settings
        return {
            "actor": ctx.actor,
            "may": ctx.actor.may,
            "menu": self._menu(ctx),
            "language": frame.language,
            "csrf_token": frame.csrf_token,
            "nonce": frame.nonce,
            "base_url": ctx.request.base_url,
            "zoom": settings.get("WEB_ZOOM_IFRAME" if ctx.request.iframe else "WEB_ZOOM_MAIN"),
            "app_name": settings.get("APP_NAME"),
            "iframe": ctx.request.iframe,
            "fragment": ctx.request.fragment,
            "request": ctx.request,
        }

    def _menu(self, ctx: Context) -> list[dict[str, Any]]:
        if ctx.request.iframe or ctx.request.fragment or not ctx.actor.login:
            return []
        items = [
            item
            for one in self._components
            if self._runtime.catalogue.enabled(one.key)
            for item in one.menu
            if not isinstance(item.permission, Permission) or ctx.actor.may(item.permission.key)
        ]
        path = ctx.request.path
        active = max((i.path for i in items if path == i.path or path.startswith(i.path + "/")), key=len, default="")
        return [
            {"title": title, "items": [_shown(item, active) for item in sorted(found, key=lambda i: i.order)]}
            for key, title in SECTIONS.items()
            if (found := [item for item in items if item.section == key])
        ]


class Assets:
    """Addresses of static files with a version taken from their content, so that browsers may keep them for good.

    A file is looked at once in `ASSET_CHECK_SEC`: a page names its icons dozens of times.
    """

    def __init__(self, folder: Path, clock: Callable[[], float] = time.monotonic) -> None:
        self._folder = folder
        self._clock = clock
        self._versions: dict[str, tuple[int, str]] = {}
        self._urls: dict[str, tuple[float, str]] = {}

    def url(self, path: str) -> str:
        """`/static/<path>?v=<version>`; a file that is not there has no version."""
        now = self._clock()
        looked = self._urls.get(path)
        if looked is None or now - looked[0] > ASSET_CHECK_SEC:
            looked = self._urls[path] = (now, self._look(path))
        return looked[1]

    def _look(self, path: str) -> str:
        try:
            changed = (self._folder / path).stat().st_mtime_ns
        except OSError:
            return STATIC_URL + path
        known = self._versions.get(path)
        if known is None or known[0] != changed:
            digest = hashlib.sha256((self._folder / path).read_bytes()).hexdigest()[:12]
            known = self._versions[path] = (changed, digest)
        return f"{STATIC_URL}{path}?v={known[1]}"


def _shown(item: MenuItem, active: str) -> dict[str, Any]:
    return {"path": item.path, "icon": item.icon, "title": item.title, "active": item.path == active}
