"""API of marks on interfaces: favourites and tags."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Any

from fastapi import Query
from pydantic import BaseModel, Field
from sqlalchemy.orm import Session

from wildcore.kit import Ctx
from wildcore.kit.listing import listing
from wildcore.kit.params import Id, Offset, Rows
from wildcore.services import action_log, interface_search, marks
from wildcore.services.marks import Marks
from wildcore.services.presenting import interfaces_json


class MarksBody(BaseModel):
    """The star and the tags; what is absent stays as it is."""

    favorite: bool | None = None
    tags: list[Annotated[str, Field(max_length=100)]] | None = Field(None, max_length=100)


def marks_json(found: Marks) -> dict[str, Any]:
    """Marks as clients read them."""
    return {"interface_id": found.interface_id, "favorite": found.favorite, "tags": list(found.tags)}


def marked(
    ctx: Ctx,
    favorite: bool | None = None,
    tag: Annotated[str, Query(max_length=100)] = "",
    limit: Rows = None,
    offset: Offset = 0,
) -> Any:
    """Interfaces that are favourites or have tags, each with its `marks`."""
    ids, total = marks.marked(ctx.session, ctx.actor, favorite=favorite, tag=tag, limit=limit, offset=offset)

    def page(session: Session, ids: Sequence[int]) -> list[Any]:
        views = interface_search.by_ids(session, ctx.runtime, ctx.actor, list(ids))
        there = [one for one in ids if one in views]
        found = marks.read(session, there)
        rows = interfaces_json([views[one] for one in there])
        return [{**row, "marks": marks_json(found[one])} for one, row in zip(there, rows, strict=True)]

    return listing(ctx, ids, total, page)


def tags(ctx: Ctx) -> Any:
    """All tags with the number of interfaces that bear them."""
    found = marks.tags(ctx.session, ctx.actor)
    ctx.meta = {"total": len(found)}
    return [{"tag": tag, "interfaces": count} for tag, count in found.items()]


def get_marks(ctx: Ctx, interface_id: Id) -> Any:
    """The marks of one interface."""
    return marks_json(marks.marks_of(ctx.session, ctx.actor, interface_id))


def set_marks(ctx: Ctx, interface_id: Id, body: MarksBody) -> Any:
    """Set the star and the tags of an interface."""
    return _set(ctx, interface_id, body.favorite, body.tags)


def clear_marks(ctx: Ctx, interface_id: Id) -> Any:
    """Take the star and all tags from an interface."""
    return _set(ctx, interface_id, False, [])


def _set(ctx: Ctx, interface_id: int, favorite: bool | None, tags: list[str] | None) -> Any:
    found = marks.set_marks(ctx.session, ctx.actor, interface_id, favorite=favorite, tags=tags, at=ctx.runtime.now())
    meta = {"favorite": found.favorite, "tags": list(found.tags)}
    action_log.log(ctx.session, ctx.actor, "interface:marked", interface_id=interface_id, meta=meta)
    return marks_json(found)
