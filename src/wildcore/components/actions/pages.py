"""The page of the action log, and its export."""

from __future__ import annotations

import csv
import io
from collections.abc import AsyncIterator, Iterable
from datetime import UTC, datetime
from typing import Annotated
from urllib.parse import urlencode

from fastapi import Query
from starlette.responses import StreamingResponse

from wildcore.i18n import gettext
from wildcore.kit import Ctx, Page, Template
from wildcore.kit.forms import number
from wildcore.kit.permissions import SYSTEM_LOGS_ACTIONS
from wildcore.services.action_words import action_text
from wildcore.services.pages_actions import ActionFilter, action_lines, actions_page
from wildcore.services.times import time_text

URL = "/logs/actions"
EXPORT_ROWS = 1000
RESULTS = {"done": True, "failed": False}
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
        "filtered": wanted != ActionFilter(),
    }
    return Template("actions/action_rows.html" if ctx.request.fragment else "actions/actions.html", values)


async def export(
    ctx: Ctx,
    user: Word = "",
    device: Word = "",
    action: Word = "",
    result: Word = "",
    since: Word = "",
    until: Word = "",
    tz: Word = "",
    q: Word = "",
) -> StreamingResponse:
    """All lines that fit, as CSV; read a piece at a time."""
    wanted = _wanted(user, device, action, result, since, until, tz, q)
    heads = [
        gettext("Time"),
        gettext("User"),
        gettext("Address"),
        gettext("Action"),
        gettext("Key"),
        gettext("Result"),
        gettext("Device"),
        gettext("Interface"),
        gettext("Message"),
    ]
    words = {True: gettext("done"), False: gettext("failed")}

    async def parts() -> AsyncIterator[str]:
        yield "\ufeff" + _csv([heads])
        last: int | None = None
        while True:
            before = last
            rows = await ctx.runtime.db.run_read(
                lambda session: action_lines(session, ctx.actor, wanted, before, EXPORT_ROWS)  # noqa: B023
            )
            if not rows:
                return
            last = rows[-1].id
            yield _csv(
                (
                    time_text(row.at) or "",
                    row.login,
                    row.ip,
                    action_text(row.action),
                    row.action,
                    words[row.success],
                    row.device_name or "",
                    row.interface_name or "",
                    row.message,
                )
                for row in rows
            )

    disposition = {"Content-Disposition": 'attachment; filename="actions.csv"', "Cache-Control": "no-store"}
    return StreamingResponse(parts(), media_type="text/csv; charset=utf-8", headers=disposition)


def _wanted(user: str, device: str, action: str, result: str, since: str, until: str, tz: str, q: str) -> ActionFilter:
    return ActionFilter(
        action=action,
        user_id=number(user),
        device_id=number(device),
        since=_moment(since, tz),
        until=_moment(until, tz),
        success=RESULTS.get(result),
        text=q.strip(),
    )


def _moment(text: str, tz: str) -> int | None:
    try:
        west_min = number(tz) or 0
        return int(datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp()) + west_min * 60
    except (ValueError, OverflowError):
        return None


def _csv(rows: Iterable[Iterable[str]]) -> str:
    made = io.StringIO()
    csv.writer(made).writerows([[_plain(cell) for cell in row] for row in rows])
    return made.getvalue()


def _plain(cell: str) -> str:
    return f"'{cell}" if cell[:1] in ("=", "+", "@", "-", "\t", "\r") else cell  # no formulas


PAGES: tuple[Page, ...] = (
    Page(URL, actions, SYSTEM_LOGS_ACTIONS),
    Page(f"{URL}/export.csv", export, SYSTEM_LOGS_ACTIONS),
)
