"""Answers that are lists: whole, streamed when long, as CSV, or not at all when the client has them already.

A list is read in two steps: the ids of its rows in order, then the rows by id, a page at a time, so that memory does not grow
with the list. Rows that vanish meanwhile are left out. Long lists end early only with the connection: broken JSON is no answer.
"""

from __future__ import annotations

import csv
import hashlib
import io
import json
from array import array
from collections.abc import AsyncIterator, Callable, Iterable, Mapping, Sequence
from functools import partial
from typing import Annotated, Any, Literal, Protocol

from fastapi import Query
from sqlalchemy.orm import Session
from starlette.responses import Response

from wildcore.kit.http import Context, Stream

PAGE = 500
"""Rows read at once; a list of at most so many is answered in one piece."""

Format = Annotated[
    Literal["json", "csv"] | None, Query(alias="format", description="csv makes it a download; so does Accept: text/csv")
]
Columns = Mapping[str, Callable[[Any], Any]]
"""Title of a CSV column -> its value in a row's JSON."""


class Page(Protocol):
    """Rows as JSON by id, in the order of the ids."""

    def __call__(self, session: Session, ids: Sequence[int]) -> list[Any]: ...


_FORMULA = ("=", "+", "-", "@", "\t", "\r")


def listing(
    ctx: Context,
    ids: Iterable[int],
    total: int,
    page: Page,
    *,
    columns: Columns | None = None,
    name: str = "",
    form: str | None = None,
) -> Any:
    """The rows of these ids, of `total` that there are; sets `ctx.meta`. `columns` make it exportable as `<name>.csv`."""
    wanted = array("q", ids)
    ctx.meta = {**(ctx.meta or {}), "total": total}
    if columns is not None and wants_csv(ctx, form):
        return Stream(_csv(ctx, wanted, page, columns), "text/csv; charset=utf-8", f"{name}.csv")
    if len(wanted) <= PAGE:
        return page(ctx.session, wanted)
    return Stream(_json(ctx, wanted, page), "application/json")


def wants_csv(ctx: Context, form: str | None) -> bool:
    """Whether the caller asks for CSV, by the query or by its Accept header."""
    if form is not None:
        return form == "csv"
    accept = {name.lower(): value for name, value in ctx.request.headers.items()}.get("accept", "")
    return accept.partition(",")[0].partition(";")[0].strip().lower() == "text/csv"


def unchanged(ctx: Context, newest: int | None, *state: object) -> Response | None:
    """Tell the client the state of a list as a weak ETag; 304 when it has that state already.

    `newest` is the time of the latest change of any of its rows, `state` what else changes with the list (the number of rows).
    The question itself and who may see what belong to the tag too. While the latest change is of this very second there is no
    tag: another change may follow within it.
    """
    if newest is not None and newest >= ctx.runtime.now():
        return None
    actor, asked = ctx.actor, ctx.request
    groups = None if actor.group_ids is None else sorted(actor.group_ids)
    parts = [asked.path, sorted(asked.query.items()), groups, newest, *state]
    digest = hashlib.sha256(json.dumps(parts, default=str).encode("utf-8", "replace")).hexdigest()
    tag = f'W/"{digest[:32]}"'
    known = {name.lower(): value for name, value in asked.headers.items()}.get("if-none-match", "")
    ctx.headers["ETag"] = tag
    ctx.headers["Cache-Control"] = "private, no-cache"
    if tag in {one.strip() for one in known.split(",")}:
        return Response(status_code=304, headers=dict(ctx.headers))
    return None


async def _json(ctx: Context, ids: Sequence[int], page: Page) -> AsyncIterator[str]:
    yield f'{{"statusCode":200,"meta":{_dump(ctx.meta)},"data":['
    first = True
    async for rows in _pages(ctx, ids, page):
        text = ",".join(_dump(row) for row in rows)
        if text:
            yield text if first else f",{text}"
            first = False
    yield "]}"


async def _csv(ctx: Context, ids: Sequence[int], page: Page, columns: Columns) -> AsyncIterator[str]:
    yield "\ufeff" + _line(columns)
    async for rows in _pages(ctx, ids, page):
        yield "".join(_line(cell(read(row)) for read in columns.values()) for row in rows)


async def _pages(ctx: Context, ids: Sequence[int], page: Page) -> AsyncIterator[list[Any]]:
    for start in range(0, len(ids), PAGE):
        yield await ctx.runtime.db.run_read(partial(page, ids=ids[start : start + PAGE]))


def cell(value: Any) -> str:
    """A value of a CSV cell. What a spreadsheet would take for a formula gets an apostrophe in front; numbers are numbers."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, int | float):
        return str(value)
    text = str(value).replace("\x00", "")
    return f"'{text}" if text.startswith(_FORMULA) else text


def csv_text(values: Iterable[Any]) -> str:
    """One line of a CSV file."""
    return _line(map(cell, values))


def _line(cells: Iterable[str]) -> str:
    out = io.StringIO()
    csv.writer(out).writerow(list(cells))
    return out.getvalue()


def _dump(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))
