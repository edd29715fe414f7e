"""The ports of a switch as a part of its page."""

from __future__ import annotations

from wildcore.kit import Ctx, Page, Template
from wildcore.kit.params import Id
from wildcore.kit.permissions import SWITCHES_INFO
from wildcore.services.pages_device import ports_page


def ports(ctx: Ctx, device_id: Id) -> Template:
    """The table of ports, from storage."""
    return Template("switches/ports.html", {"ports": ports_page(ctx.session, ctx.runtime, ctx.actor, device_id)})


PAGES: tuple[Page, ...] = (Page("/device/{device_id}/ports", ports, SWITCHES_INFO),)
