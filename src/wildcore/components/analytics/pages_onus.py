"""The report of ONUs that stand at several places, its export, and the deletion of stale places in two steps."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Annotated, Any
from urllib.parse import parse_qsl, urlencode

from fastapi import Form, Query

from wildcore.components.analytics import words
from wildcore.i18n import gettext, ngettext
from wildcore.kit import Ctx, Page, Redirect, Template
from wildcore.kit.forms import number
from wildcore.kit.listing import listing
from wildcore.kit.params import MAX_INT
from wildcore.kit.permissions import ANALYTICS_SHOW, DEVICE_IFACE_MANAGEMENT
from wildcore.services import duplicates
from wildcore.services.duplicates import DuplicateIdent, ReportFilter
from wildcore.services.interface_search import InterfaceView
from wildcore.services.times import time_text

LIST = "/analytics/duplicate-onus"
SHOWN = 50
NAMED = 3
NAMES = ("ident", "device", "group", "subscriber")
Word = Annotated[str, Query(max_length=100)]
PageNumber = Annotated[int, Query(ge=1, le=100_000)]
Ids = Annotated[list[Annotated[int, Query(ge=1, le=MAX_INT)]], Form(max_length=2000)]
Only = Annotated[str, Form(max_length=20_000)]
Back = Annotated[str, Form(max_length=500)]


def onus(
    ctx: Ctx,
    ident: Word = "",
    device: Word = "",
    group: Word = "",
    subscriber: Word = "",
    page: PageNumber = 1,
    deleted: Word = "",
) -> Template:
    """Idents with several places, by ident; `deleted` is how many places were just deleted."""
    wanted = _wanted(ident, device, group, subscriber)
    found = duplicates.report(ctx.session, ctx.runtime, ctx.actor, wanted, limit=SHOWN, offset=(page - 1) * SHOWN)
    query = _query(ident, device, group, subscriber)
    values = {
        "found": found,
        "choices": duplicates.choices(ctx.session, ctx.actor),
        "typed": {"ident": ident, "device": device, "group": group, "subscriber": subscriber},
        "query": query,
        "filtered": wanted != ReportFilter(),
        "page": page,
        "pages": max(1, -(-found.total // SHOWN)),
        "deleted": number(deleted) or 0,
        **_words(),
    }
    return Template("analytics/duplicate_rows.html" if ctx.request.fragment else "analytics/duplicate_onus.html", values)


def export(ctx: Ctx, ident: Word = "", device: Word = "", group: Word = "", subscriber: Word = "") -> Any:
    """All places of the report as CSV."""
    ids = duplicates.place_ids(ctx.session, ctx.runtime, ctx.actor, _wanted(ident, device, group, subscriber))
    columns = {name: partial(_cell, at) for at, name in enumerate(_heads())}
    return listing(ctx, ids, len(ids), partial(_lines, ctx), columns=columns, name="duplicate-onus", form="csv")


def ask(ctx: Ctx, ids: Ids = [], only: Only = "", back: Back = "") -> Template:  # noqa: B006 - FastAPI copies it
    """What would be deleted, by name, and what becomes of each place; nothing is changed yet. `only` leaves ticked ones alone."""
    chosen = {one for text in only.split(",") if (one := number(text)) is not None} if only else set(ids)
    found = duplicates.places_by_ids(ctx.session, ctx.runtime, ctx.actor, chosen)
    picked = [(one, [place for place in one.stale if place.id in chosen]) for one in found]
    picked = [(one, places) for one, places in picked if places]
    values = {
        "picked": picked,
        "ids": [place.id for _one, places in picked for place in places],
        "removable": {place.id: duplicates.can_deregister(place) for _one, places in picked for place in places},
        "question": _question(picked),
        "back": _back(back),
        **_words(),
    }
    return Template("analytics/delete.html", values)


def delete(ctx: Ctx, ids: Ids = [], back: Back = "") -> Redirect:  # noqa: B006
    """Delete stale places; they are away at once, and their OLTs are asked to confirm it."""
    gone = duplicates.delete_stale(ctx.session, ctx.runtime, ctx.actor, ids)
    return Redirect(f"{LIST}?{urlencode([*parse_qsl(_back(back)), ('deleted', len(gone))])}")


def _question(picked: Sequence[tuple[DuplicateIdent, Sequence[InterfaceView]]]) -> str:
    places = [place for _one, found in picked for place in found]
    if len(places) == 1:
        return gettext("Delete {name} on {device}?", name=places[0].name, device=duplicates.device_name(places[0]))
    idents = ", ".join(one.ident for one, _found in picked[:NAMED]) + (", …" if len(picked) > NAMED else "")
    return ngettext("Delete {n} stale place of {idents}?", "Delete {n} stale places of {idents}?", len(places), idents=idents)


def _wanted(ident: str, device: str, group: str, subscriber: str) -> ReportFilter:
    return ReportFilter(number(device), number(group), subscriber == "yes", ident.strip())


def _query(*typed: str) -> str:
    return urlencode([(name, text) for name, text in zip(NAMES, typed, strict=True) if text])


def _back(text: str) -> str:
    """The filter to go back to: nothing but its own names."""
    return urlencode([(name, value) for name, value in parse_qsl(text) if name in (*NAMES, "page")])


def _words() -> dict[str, Any]:
    return {
        "current_words": {why.value: text for why, text in words.CURRENT.items()},
        "stale_words": {why.value: text for why, text in words.STALE.items()},
        "afterwards": {why.value: text for why, text in words.AFTERWARDS.items()},
        "state_of": duplicates.state_of,
    }


def _heads() -> list[str]:
    return [
        "ONU",
        gettext("Place"),
        gettext("Device"),
        "IP",
        gettext("State"),
        gettext("Current"),
        gettext("Why"),
        gettext("Last online"),
        gettext("Last seen"),
        gettext("Contract"),
        gettext("Login"),
        gettext("Address"),
    ]


def _cell(at: int, row: list[Any]) -> Any:
    return row[at]


def _lines(ctx: Ctx, session: Any, ids: Any) -> list[list[Any]]:
    chosen = set(ids)
    found = duplicates.places_by_ids(session, ctx.runtime, ctx.actor, chosen)
    return [_line(one, place) for one in found for place in one.places if place.id in chosen]


def _line(one: DuplicateIdent, place: InterfaceView) -> list[Any]:
    current = place is one.current
    why = words.CURRENT[one.why] if current else words.STALE[duplicates.state_of(place)]
    owners = one.subscribers
    return [
        one.ident,
        place.name,
        place.device.name,
        place.device.ip,
        place.status,
        current,
        str(why),
        time_text(place.last_online_at),
        time_text(place.last_seen_at),
        ", ".join(each.agreement for each in owners if each.agreement),
        ", ".join(each.login for each in owners if each.login),
        "; ".join(each.address_full for each in owners if each.address_full),
    ]


PAGES: tuple[Page, ...] = (
    Page(LIST, onus, ANALYTICS_SHOW),
    Page(f"{LIST}/export.csv", export, ANALYTICS_SHOW),
    Page(f"{LIST}/ask", ask, (ANALYTICS_SHOW, DEVICE_IFACE_MANAGEMENT), methods="POST", reads=True),
    Page(f"{LIST}/delete", delete, (ANALYTICS_SHOW, DEVICE_IFACE_MANAGEMENT), methods="POST"),
)
