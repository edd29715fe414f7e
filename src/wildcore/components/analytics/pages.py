"""Signals and duplicate MAC addresses, and the way into analytics."""

from __future__ import annotations

from functools import partial
from typing import Annotated, Any, Literal
from urllib.parse import urlencode

from fastapi import Query
from sqlalchemy.orm import Session

from wildcore.components.analytics import pages_onus
from wildcore.i18n import gettext
from wildcore.kit import Ctx, Page, Redirect, Template
from wildcore.kit.forms import number
from wildcore.kit.listing import listing
from wildcore.kit.permissions import ANALYTICS_SHOW
from wildcore.model.ident import mac_text
from wildcore.services import duplicate_macs, duplicates, signals
from wildcore.services.duplicate_macs import DuplicateMac, MacPlace
from wildcore.services.edges import uplink_macs
from wildcore.services.pages_interface import limits
from wildcore.services.signals import OnuSignal, SignalFilter
from wildcore.services.times import time_text

SIGNALS = "/analytics/signals"
MACS = "/analytics/duplicate-macs"
SHOWN = 100
Word = Annotated[str, Query(max_length=100)]
Level = Annotated[Literal["rx", "olt_rx"], Query()]
PageNumber = Annotated[int, Query(ge=1, le=100_000)]


def index(ctx: Ctx) -> Redirect:
    """The first report."""
    return Redirect(SIGNALS)


def onu_signals(
    ctx: Ctx,
    level: Level = "rx",
    device: Word = "",
    group: Word = "",
    show: Word = "bad",
    bar: Word = "",
    page: PageNumber = 1,
) -> Template:
    """How levels are spread, and the ONUs with the worst ones; a bar chosen shows its ONUs, bad or not."""
    wanted = _wanted(level, device, group, show, bar)
    session, runtime, actor = ctx.session, ctx.runtime, ctx.actor
    found = signals.worst(session, runtime, actor, wanted, limit=SHOWN, offset=(page - 1) * SHOWN)
    typed = {"level": level, "device": device, "group": group, "show": show}
    values = {
        "found": found,
        "bars": signals.histogram(session, runtime, actor, wanted),
        "olts": signals.by_device(session, runtime, actor, wanted),
        "choices": duplicates.choices(session, actor),
        "limits": limits(runtime),
        "typed": typed,
        "bar": wanted.bar,
        "query": urlencode({name: text for name, text in {**typed, "bar": bar}.items() if text}),
        "without_bar": urlencode({name: text for name, text in typed.items() if text}),
        "page": page,
        "pages": max(1, -(-found.total // SHOWN)),
    }
    return Template("analytics/signal_rows.html" if ctx.request.fragment else "analytics/signals.html", values)


def export_signals(ctx: Ctx, level: Level = "rx", device: Word = "", group: Word = "", show: Word = "bad", bar: Word = "") -> Any:
    """The ONUs that fit as CSV."""
    ids = signals.ids(ctx.session, ctx.runtime, ctx.actor, _wanted(level, device, group, show, bar))
    heads = [
        "ONU",
        gettext("Device"),
        "IP",
        gettext("Description"),
        gettext("RX, dBm"),
        gettext("OLT RX, dBm"),
        gettext("Distance, m"),
        gettext("Read at"),
        gettext("Contract"),
        gettext("Login"),
        gettext("Address"),
    ]

    def rows(session: Session, ids: Any) -> list[list[Any]]:
        return [_signal_line(one) for one in signals.by_ids(session, ctx.runtime, ctx.actor, ids)]

    return _csv(ctx, ids, rows, heads, "signals")


def macs(ctx: Ctx, page: PageNumber = 1) -> Template:
    """Addresses that stand at several ports."""
    found = duplicate_macs.report(ctx.session, ctx.runtime, ctx.actor, limit=SHOWN, offset=(page - 1) * SHOWN)
    settings = ctx.runtime.settings
    values = {
        "found": found,
        "most": uplink_macs(ctx.runtime),
        "lasting_sec": int(settings.get("ANALYTICS_SHOW_ACTIVE_MORE_THAN")),
        "page": page,
        "pages": max(1, -(-found.total // SHOWN)),
    }
    return Template("analytics/duplicate_macs.html", values)


def export_macs(ctx: Ctx) -> Any:
    """All of them as CSV."""
    found = duplicate_macs.report(ctx.session, ctx.runtime, ctx.actor).rows
    heads = [
        "MAC",
        gettext("Place"),
        gettext("Device"),
        "IP",
        "VLAN",
        gettext("First seen"),
        gettext("Last seen"),
        gettext("Contract"),
    ]
    lines = [_mac_line(one, place) for one in found for place in one.places]
    return _csv(ctx, range(len(lines)), lambda _session, ids: [lines[at] for at in ids], heads, "duplicate-macs")


def _wanted(level: Literal["rx", "olt_rx"], device: str, group: str, show: str, bar: str) -> SignalFilter:
    chosen = number(bar)
    return SignalFilter(level, number(device), number(group), show == "bad" and chosen is None, chosen)


def _csv(ctx: Ctx, ids: Any, rows: Any, heads: list[str], name: str) -> Any:
    columns = {head: partial(_cell, at) for at, head in enumerate(heads)}
    return listing(ctx, ids, len(ids), rows, columns=columns, name=name, form="csv")


def _cell(at: int, row: list[Any]) -> Any:
    return row[at]


def _signal_line(one: OnuSignal) -> list[Any]:
    owners = one.subscribers
    return [
        one.name,
        one.device_name,
        one.device_ip,
        one.description,
        one.rx_dbm,
        one.olt_rx_dbm,
        one.distance_m,
        time_text(one.optical_at),
        ", ".join(each.agreement for each in owners if each.agreement),
        ", ".join(each.login for each in owners if each.login),
        "; ".join(each.address_full for each in owners if each.address_full),
    ]


def _mac_line(one: DuplicateMac, place: MacPlace) -> list[Any]:
    view = place.interface
    return [
        mac_text(one.mac),
        view.name,
        view.device.name,
        view.device.ip,
        ", ".join(map(str, place.vlans)),
        time_text(place.first_seen_at),
        time_text(place.last_seen_at),
        ", ".join(each.agreement for each in view.subscribers if each.agreement),
    ]


PAGES: tuple[Page, ...] = (
    Page("/analytics", index, ANALYTICS_SHOW),
    Page(SIGNALS, onu_signals, ANALYTICS_SHOW),
    Page(f"{SIGNALS}/export.csv", export_signals, ANALYTICS_SHOW),
    Page(MACS, macs, ANALYTICS_SHOW),
    Page(f"{MACS}/export.csv", export_macs, ANALYTICS_SHOW),
    *pages_onus.PAGES,
)
