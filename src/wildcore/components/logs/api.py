"""API of the logs: newest first, with filters, totals and export."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Any, Literal

from fastapi import Query
from pydantic import BaseModel, Field
from sqlalchemy.orm import Session

from wildcore.kit import Ctx
from wildcore.kit.listing import Columns, Format, listing
from wildcore.kit.params import BodyId, BodyLimit, BodyOffset, IdQuery, Limit, Offset, Rows, Since, Until
from wildcore.services import action_log, call_log
from wildcore.services.action_log import ActionQuery
from wildcore.services.call_log import LogQuery
from wildcore.services.presenting_people import action_json
from wildcore.services.scope import require_device, require_interface
from wildcore.services.times import time_text
from wildcore.store.tables import DeviceCall, PollRun

Words = Annotated[str, Query(max_length=200)]
Result = Annotated[Literal["success", "failed"] | None, Query(description="success or failed")]
LOGGED_BY_CLIENTS = "client:"

ACTION_COLUMNS: Columns = {
    "id": lambda row: row["id"],
    "time": lambda row: row["time"],
    "login": lambda row: row["user"]["login"],
    "ip": lambda row: row["ip"],
    "action": lambda row: row["action"],
    "device_id": lambda row: row["device_id"],
    "interface_id": lambda row: row["interface_id"],
    "result": lambda row: row["status"],
    "message": lambda row: row["message"],
}
_RUN_COLUMNS = ("id", "time", "device_id", "device_ip", "device_name", "poller", "result", "rows", "duration_ms", "error")
_CALL_COLUMNS = (
    "id", "time", "user_id", "login", "device_id", "device_ip", "device_name", "interface_id", "module", "source", "rows",
    "duration_ms", "error",
)  # fmt: skip


class ActionsBody(BaseModel):
    """Filters of the action log, as some clients post them."""

    action: str = Field("", max_length=200)
    user_id: BodyId | None = None
    login: str = Field("", max_length=200)
    device_id: BodyId | None = None
    interface_id: BodyId | None = None
    status: Literal["success", "failed"] | None = None
    limit: BodyLimit = 100
    offset: BodyOffset = 0


class NewAction(BaseModel):
    """What a client did for its user, for the action log."""

    action: Annotated[str, Field(min_length=1, max_length=50, pattern=r"^[A-Za-z0-9_.:-]+$")]
    message: str = Field("", max_length=2000)
    device_id: BodyId | None = None
    interface_id: BodyId | None = None
    status: Literal["success", "failed"] = "success"
    meta: dict[str, Any] = Field(default_factory=dict, max_length=50)


def actions_list(
    ctx: Ctx,
    action: Words = "",
    user_id: IdQuery | None = None,
    login: Words = "",
    device_id: IdQuery | None = None,
    interface_id: IdQuery | None = None,
    status: Result = None,
    since: Since = None,
    until: Until = None,
    form: Format = None,
    limit: Limit = 100,
    offset: Offset = 0,
) -> Any:
    """The action log, newest first. `action` is a key, or its beginning with `*`. CSV has no limit unless one is given."""
    if form == "csv" and "limit" not in ctx.request.query:
        limit = 0
    wanted = ActionQuery(action, user_id, login, device_id, interface_id, status, since, until)
    return _actions(ctx, wanted, form, limit or None, offset)


def actions_by_body(ctx: Ctx, body: ActionsBody | None = None) -> Any:
    """The action log, newest first; the filters stand in the body."""
    asked = body or ActionsBody.model_validate({})
    wanted = ActionQuery(asked.action, asked.user_id, asked.login, asked.device_id, asked.interface_id, asked.status)
    return _actions(ctx, wanted, "json", asked.limit, asked.offset)


def action_names(ctx: Ctx) -> Any:
    """All actions that stand in the log, for a filter."""
    names = action_log.names(ctx.session)
    ctx.meta = {"total": len(names)}
    return names


def add_action(ctx: Ctx, body: NewAction) -> Any:
    """Write what a client did for its user; the action is kept as `client:<action>`, so that nobody passes it for ours."""
    device_id = body.device_id
    if body.interface_id is not None:
        device_id = require_interface(ctx.session, ctx.actor, body.interface_id).device_id
    if device_id is not None:
        require_device(ctx.session, ctx.actor, device_id)
    name = LOGGED_BY_CLIENTS + body.action.removeprefix(LOGGED_BY_CLIENTS)
    action_log.log(
        ctx.session,
        ctx.actor,
        name,
        device_id=device_id,
        interface_id=body.interface_id,
        success=body.status == "success",
        message=body.message,
        meta=body.meta,
    )
    return {"action": name}


def poller_log(
    ctx: Ctx,
    device_id: IdQuery | None = None,
    poller: Words = "",
    status: Result = None,
    since: Since = None,
    until: Until = None,
    form: Format = None,
    limit: Rows = 100,
    offset: Offset = 0,
) -> Any:
    """Runs of pollers, newest first."""
    wanted = LogQuery(device_id, poller, _failed(status), since, until)
    ids, total = call_log.poll_runs(ctx.session, ctx.actor, wanted, limit=_export(ctx, form, limit), offset=offset)

    def page(session: Session, ids: Sequence[int]) -> list[Any]:
        return [_line(row, _RUN_COLUMNS) for row in call_log.read(session, PollRun, list(ids))]

    return listing(ctx, ids, total, page, columns=_columns(_RUN_COLUMNS), name="poller-log", form=form)


def device_calls(
    ctx: Ctx,
    device_id: IdQuery | None = None,
    user_id: IdQuery | None = None,
    module: Words = "",
    status: Result = None,
    since: Since = None,
    until: Until = None,
    form: Format = None,
    limit: Rows = 100,
    offset: Offset = 0,
) -> Any:
    """Questions to devices and what changed them, newest first; of pollers only what failed."""
    wanted = LogQuery(device_id, module, _failed(status), since, until, user_id)
    ids, total = call_log.device_calls(ctx.session, ctx.actor, wanted, limit=_export(ctx, form, limit), offset=offset)

    def page(session: Session, ids: Sequence[int]) -> list[Any]:
        return [_line(row, _CALL_COLUMNS) for row in call_log.read(session, DeviceCall, list(ids))]

    return listing(ctx, ids, total, page, columns=_columns(_CALL_COLUMNS), name="device-calls", form=form)


def _actions(ctx: Ctx, wanted: ActionQuery, form: str | None, limit: int | None, offset: int) -> Any:
    ids, total = action_log.ids(ctx.session, ctx.actor, wanted, limit=limit, offset=offset)

    def page(session: Session, ids: Sequence[int]) -> list[Any]:
        return [action_json(one) for one in action_log.read(session, list(ids))]

    ctx.meta = {"limit": limit, "offset": offset}
    return listing(ctx, ids, total, page, columns=ACTION_COLUMNS, name="actions", form=form)


def _failed(status: str | None) -> bool | None:
    return None if status is None else status == "failed"


def _export(ctx: Ctx, form: str | None, limit: int | None) -> int | None:
    """An export is whole unless a limit was asked for."""
    return None if form == "csv" and "limit" not in ctx.request.query else limit


def _line(row: dict[str, Any], names: tuple[str, ...]) -> dict[str, Any]:
    told = {**row, "time": time_text(row["at"]), "device_ip": row["ip"]}
    return {name: told[name] for name in names}


def _columns(names: tuple[str, ...]) -> Columns:
    return {name: lambda row, name=name: row[name] for name in names}  # type: ignore[misc]
