"""The page of the action log, and its export."""

from __future__ import annotations

from typing import Any

from wildcore.i18n import gettext
from wildcore.kit import Ctx, Page, Template
from wildcore.kit.filters import Filter, PageNumber, filter_of
from wildcore.kit.listing import Columns, listing
from wildcore.kit.permissions import SYSTEM_LOGS_ACTIONS
from wildcore.services import action_log
from wildcore.services.action_log import ActionQuery
from wildcore.services.action_words import action_text
from wildcore.services.pages_actions import action_lines, actions_page
from wildcore.services.times import time_text

URL = "/logs/actions"
RESULTS = {"done": "success", "failed": "failed"}
NAMES = ("user", "device", "action", "result", "since", "until", "tz", "q")


def actions(ctx: Ctx, page: PageNumber = 1) -> Template:
    """Lines of the log, the newest first."""
    given = filter_of(ctx, NAMES)
    values = {
        "page": actions_page(ctx.session, ctx.actor, _wanted(given), page),
        "typed": given.typed,
        "query": given.query,
        "filtered": given.is_set,
    }
    return Template("actions/action_rows.html" if ctx.request.fragment else "actions/actions.html", values)


def export(ctx: Ctx) -> Any:
    """All lines that fit, as CSV; read a piece at a time."""
    ctx.actor.require(SYSTEM_LOGS_ACTIONS.key)
    ids, total = action_log.ids(ctx.session, ctx.actor, _wanted(filter_of(ctx, NAMES)))
    done, failed = gettext("done"), gettext("failed")
    columns: Columns = {
        gettext("Time"): lambda row: time_text(row.at),
        gettext("User"): lambda row: row.login,
        gettext("Address"): lambda row: row.ip,
        gettext("Action"): lambda row: action_text(row.action),
        gettext("Key"): lambda row: row.action,
        gettext("Result"): lambda row: done if row.success else failed,
        gettext("Device"): lambda row: row.device_name,
        gettext("Interface"): lambda row: row.interface_name,
        gettext("Message"): lambda row: row.message,
    }
    return listing(ctx, ids, total, action_lines, columns=columns, name="actions", form="csv")


def _wanted(given: Filter) -> ActionQuery:
    return ActionQuery(
        action=given.typed["action"],
        user_id=given.number("user"),
        device_id=given.number("device"),
        since=given.moment("since"),
        until=given.moment("until"),
        status=RESULTS.get(given.typed["result"]),
        text=given.typed["q"].strip(),
    )


PAGES: tuple[Page, ...] = (
    Page(URL, actions, SYSTEM_LOGS_ACTIONS),
    Page(f"{URL}/export.csv", export, SYSTEM_LOGS_ACTIONS),
)
