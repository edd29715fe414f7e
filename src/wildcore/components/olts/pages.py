"""Parts of an OLT's page that come when they are asked for: the tree narrowed by a filter, the ONUs of one PON port."""

from __future__ import annotations

from typing import Annotated

from fastapi import Query

from wildcore.kit import Ctx, Page, Template
from wildcore.kit.params import Id
from wildcore.kit.permissions import OLTS_INFO
from wildcore.services.pages_olt import OnuFilter, onu_tree, onus_of_port

Word = Annotated[str, Query(max_length=100)]


def onus(ctx: Ctx, device_id: Id, q: Word = "", status: Word = "", bad: Word = "") -> Template:
    """The tree; with a filter its branches stand open with what was found."""
    tree = onu_tree(ctx.session, ctx.runtime, ctx.actor, device_id, OnuFilter(q.strip(), status, bool(bad)))
    return Template("olts/tree.html", {"tree": tree})


def pon(ctx: Ctx, device_id: Id, port: Word, page: Annotated[int, Query(ge=1, le=10_000)] = 1, short: Word = "") -> Template:
    """ONUs of one PON port."""
    rows = onus_of_port(ctx.session, ctx.runtime, ctx.actor, device_id, port, page)
    return Template("olts/pon.html", {"onus": rows, "device_id": device_id, "port": port, "short": bool(short)})


PAGES: tuple[Page, ...] = (
    Page("/device/{device_id}/onus", onus, OLTS_INFO),
    Page("/device/{device_id}/pon", pon, OLTS_INFO),
)
