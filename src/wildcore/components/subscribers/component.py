"""The manifest of the subscribers' pages and API."""

from __future__ import annotations

from pathlib import Path

from wildcore.components.subscribers import api, pages
from wildcore.components.subscribers.permissions import SHOW, SYNC, UNPLACED
from wildcore.i18n import _
from wildcore.kit import Component, MenuItem, Route

component = Component(
    key="subscribers",
    title=_("Subscribers"),
    description=_("Subscribers of every billing: where they are, who has no place and why, what the last sync did"),
    permissions=(SHOW, UNPLACED, SYNC),
    api=(
        Route("GET", "/subscriber", api.subscribers, SHOW),
        Route("GET", "/subscriber/unmatched", api.unmatched, SHOW),
        Route("GET", "/subscriber/shared", api.shared, SHOW),
        Route("GET", "/subscriber/elsewhere", api.elsewhere, SHOW),
        Route("GET", "/subscriber/sync", api.syncs, SHOW),
        Route("GET", "/subscriber/{subscriber_id}", api.subscriber, SHOW),
    ),
    pages=pages.PAGES,
    menu=(MenuItem(_("Subscribers"), pages.LIST, "address-book", SHOW, order=30),),
    templates=str(Path(__file__).parent / "templates"),
)
