"""Pages of the logs of pollers and of questions to devices, and their exports."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy.orm import Session

from wildcore.i18n import gettext
from wildcore.kit import Ctx, Page, Template
from wildcore.kit.filters import Filter, PageNumber, filter_of
from wildcore.kit.listing import Columns, listing
from wildcore.kit.permissions import LOG_POLLER, LOG_SWITCHER_CORE_ACTIONS
from wildcore.services import call_log
from wildcore.services.call_log import LogQuery
from wildcore.services.pages_calls import SOURCES, CallsPage, calls_page, poller_page
from wildcore.services.times import time_text
from wildcore.store.tables import DeviceCall, PollRun

CALLS, POLLER = "/logs/device-calls", "/logs/poller"
RESULTS = {"done": False, "failed": True}
NAMES = ("device", "name", "result", "since", "until", "tz")


def poller(ctx: Ctx, page: PageNumber = 1) -> Template:
    """Runs of pollers, the newest first."""
    typed = filter_of(ctx, NAMES)
    return _template(ctx, POLLER, typed, poller_page(ctx.session, ctx.actor, _wanted(typed), page))


def calls(ctx: Ctx, page: PageNumber = 1) -> Template:
    """Questions to devices, the newest first."""
    typed = filter_of(ctx, ("user", *NAMES))
    return _template(ctx, CALLS, typed, calls_page(ctx.session, ctx.actor, _wanted(typed), page))


def poller_export(ctx: Ctx) -> Any:
    """All runs of pollers that fit, as CSV."""
    ids, total = call_log.poll_runs(ctx.session, ctx.actor, _wanted(filter_of(ctx, NAMES)))
    columns: Columns = {
        gettext("Time"): lambda row: time_text(row["at"]),
        gettext("Device"): lambda row: row["device_name"] or row["ip"],
        gettext("IP"): lambda row: row["ip"],
        gettext("Poller"): lambda row: row["poller"],
        gettext("Result"): lambda row: row["result"],
        gettext("Rows"): lambda row: row["rows"],
        gettext("Duration, ms"): lambda row: row["duration_ms"],
        gettext("Error"): lambda row: row["error"],
    }

    def page(session: Session, ids: Sequence[int]) -> list[Any]:
        return call_log.read(session, PollRun, list(ids))

    return listing(ctx, ids, total, page, columns=columns, name="poller-log", form="csv")


def calls_export(ctx: Ctx) -> Any:
    """All questions to devices that fit, as CSV."""
    ids, total = call_log.device_calls(ctx.session, ctx.actor, _wanted(filter_of(ctx, ("user", *NAMES))))
    columns: Columns = {
        gettext("Time"): lambda row: time_text(row["at"]),
        gettext("User"): lambda row: row["login"],
        gettext("Device"): lambda row: row["device_name"] or row["ip"],
        gettext("IP"): lambda row: row["ip"],
        gettext("Interface"): lambda row: row["interface_name"],
        gettext("Module"): lambda row: row["module"],
        gettext("Source"): lambda row: row["source"],
        gettext("Rows"): lambda row: row["rows"],
        gettext("Duration, ms"): lambda row: row["duration_ms"],
        gettext("Error"): lambda row: row["error"],
    }

    def page(session: Session, ids: Sequence[int]) -> list[Any]:
        return call_log.read(session, DeviceCall, list(ids))

    return listing(ctx, ids, total, page, columns=columns, name="device-calls", form="csv")


def _wanted(given: Filter) -> LogQuery:
    return LogQuery(
        device_id=given.number("device"),
        name=given.typed["name"].strip(),
        failed=RESULTS.get(given.typed["result"]),
        since=given.moment("since"),
        until=given.moment("until"),
        user_id=given.number("user") if "user" in given.typed else None,
    )


def _template(ctx: Ctx, url: str, given: Filter, found: CallsPage) -> Template:
    values = {
        "log": found,
        "typed": given.typed,
        "url": url,
        "query": given.query,
        "filtered": given.is_set,
        "is_poller": url == POLLER,
        "sources": SOURCES,
    }
    return Template("logs/call_rows.html" if ctx.request.fragment else "logs/calls.html", values)


PAGES: tuple[Page, ...] = (
    Page(POLLER, poller, LOG_POLLER),
    Page(f"{POLLER}/export.csv", poller_export, LOG_POLLER),
    Page(CALLS, calls, LOG_SWITCHER_CORE_ACTIONS),
    Page(f"{CALLS}/export.csv", calls_export, LOG_SWITCHER_CORE_ACTIONS),
)
