"""API of the diagnosis: JSON, the card that billing shows, and the addresses of an interface's pages."""

from __future__ import annotations

from typing import Annotated, Any
from urllib.parse import quote

from fastapi import Query

from wildcore.components.diagnostic import card
from wildcore.i18n import LANGUAGES, use_language
from wildcore.kit import Ctx, Html
from wildcore.model.interface import InterfaceType
from wildcore.services import diagnosis, interfaces
from wildcore.services.calls import parse_source
from wildcore.services.interface_search import InterfaceView
from wildcore.services.presenting_diagnosis import diagnosis_json

From = Annotated[str | None, Query(alias="from", description="device, cache (the default) or store")]


async def diag(ctx: Ctx, interface_id: int, source: From = None) -> Any:
    """All that is known of a subscriber's line. A silent device yields what was last known, with `error` in `meta`."""
    return diagnosis_json(await diagnosis.diagnose(ctx.runtime, ctx.actor, interface_id, parse_source(source)))


async def diag_html(ctx: Ctx, interface_id: int, source: From = None, lang: str = "") -> Html:
    """The same as a card: one piece of HTML that needs nothing else, in the caller's language or `lang`."""
    found = await diagnosis.diagnose(ctx.runtime, ctx.actor, interface_id, parse_source(source))
    spoken = lang or ctx.actor.language or str(ctx.runtime.settings.get("DEFAULT_LANGUAGE"))
    with use_language(spoken if spoken in LANGUAGES else "en"):
        return Html(card.render(found, ctx.runtime.settings, links_of(ctx, found.interface)))


def links(ctx: Ctx, interface_id: int) -> Any:
    """Addresses of an interface's pages, the iframe pages included."""
    return links_of(ctx, interfaces.get_interface(ctx.session, ctx.runtime, ctx.actor, interface_id))


def links_of(ctx: Ctx, view: InterfaceView) -> dict[str, str]:
    """`iframe` is the page that fits: by ident for an ONU, by switch address and port otherwise."""
    base = ctx.request.base_url.rstrip("/")
    by_interface = f"{base}/iframe/interface/{view.id}"
    if view.type == InterfaceType.ONU.value:
        iframe = f"{base}/iframe/ont/{quote(view.ident, safe='')}" if view.ident and not view.stale else by_interface
    else:
        iframe = f"{base}/iframe/port/{quote(view.device.ip, safe='')}/{quote(view.bind_key, safe='')}"
    diag = f"{base}/api/v1/component/diagnostic/interface/{view.id}"
    return {
        "interface": f"{base}/interface/{view.id}",
        "device": f"{base}/device/{view.device_id}",
        "iframe": iframe,
        "iframe_interface": by_interface,
        "diag": f"{diag}/diag",
        "diag_html": f"{diag}/diag/html",
    }
