"""The page of the action log, and its export."""

from __future__ import annotations

from typing import Annotated, Any
from urllib.parse import urlencode

from fastapi import Query

from wildcore.i18n import gettext
from wildcore.kit import Ctx, Page, Template
from wildcore.kit.forms import browser_moment, number
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
Word = Annotated[str, Query(max_length=100)]
PageNumber = Annotated[int, Query(ge=1, le=100_000)]


def actions(
    ctx: Ctx,
    user: Word = "",
    device: Word = "",
    action: Word = "",
    result: Word = "",
    since: Word = "",
    until: Word = "",
    tz: Word = "",
    q: Word = "",
    page: PageNumber = 1,
) -> Template:
    """Lines of the log, the newest first; `since` and `until` are in the browser's zone, `tz` minutes west of UTC."""
    wanted = _wanted(user, device, action, result, since, until, tz, q)
    typed = dict(zip(NAMES, (user, device, action, result, since, until, tz, q), strict=True))
    values = {
        "page": actions_page(ctx.session, ctx.actor, wanted, page),
        "typed": typed,
        "query": urlencode({name: text for name, text in typed.items() if text}),
        "filtered": wanted != ActionQuery(),
    }
    return Template("actions/action_rows.html" if ctx.request.fragment else "actions/actions.html", values)


def export(
    ctx: Ctx,
    user: Word = "",
    device: Word = "",
    action: Word = "",
    result: Word = "",
    since: Word = "",
    until: Word = "",
    tz: Word = "",
    q: Word = "",
) -> Any:
    """All lines that fit, as CSV; read a piece at a time."""
    ctx.actor.require(SYSTEM_LOGS_ACTIONS.key)
    ids, total = action_log.ids(ctx.session, ctx.actor, _wanted(user, device, action, result, since, until, tz, q))
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


def _wanted(user: str, device: str, action: str, result: str, since: str, until: str, tz: str, q: str) -> ActionQuery:
    return ActionQuery(
        action=action,
        user_id=number(user),
        device_id=number(device),
        since=browser_moment(since, tz),
        until=browser_moment(until, tz),
        status=RESULTS.get(result),
        text=q.strip(),
    )


PAGES: tuple[Page, ...] = (
    Page(URL, actions, SYSTEM_LOGS_ACTIONS),
    Page(f"{URL}/export.csv", export, SYSTEM_LOGS_ACTIONS),
)
