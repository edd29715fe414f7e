"""Pages of device groups."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import Form
from sqlalchemy.orm import Session

from wildcore.kit import Ctx, Page, Redirect, Template
from wildcore.kit.forms import Line, Lines, Outcome, attempt
from wildcore.kit.params import Id
from wildcore.kit.permissions import DEVICE_GROUPS_MANAGEMENT
from wildcore.services import action_log, device_groups
from wildcore.services.device_views import GroupView
from wildcore.services.pages_manage import groups_page, user_names

LIST = "/management/groups"
Name = Annotated[Line, Form()]
Text = Annotated[Lines, Form()]


def group_list(ctx: Ctx) -> Template:
    """The groups that the person sees."""
    return Template("management/groups.html", {"groups": groups_page(ctx.session, ctx.actor)})


def new(ctx: Ctx) -> Template:
    """The form of a new group."""
    return Template("management/group.html", _values(ctx, ctx.session, None, Outcome()))


def group(ctx: Ctx, group_id: Id) -> Template:
    """One group."""
    return Template("management/group.html", _values(ctx, ctx.session, group_id, Outcome()))


async def add(ctx: Ctx, name: Name = "", description: Text = "") -> Template:
    """Make a group."""

    def work(session: Session) -> GroupView:
        made = device_groups.add_group(session, ctx.runtime, name, description)
        action_log.log(session, ctx.actor, "device-group:added", message=made.name)
        return made

    return await _answer(ctx, None, await attempt(ctx, work), name, description)


async def save(ctx: Ctx, group_id: Id, name: Name = "", description: Text = "") -> Template:
    """Change a group."""

    def work(session: Session) -> GroupView:
        saved = device_groups.update_group(session, ctx.actor, group_id, name=name, description=description)
        action_log.log(session, ctx.actor, "device-group:updated", message=saved.name)
        return saved

    return await _answer(ctx, group_id, await attempt(ctx, work), name, description)


def delete(ctx: Ctx, group_id: Id) -> Redirect:
    """Delete a group; its devices stay."""
    gone = device_groups.get_group(ctx.session, ctx.actor, group_id)
    device_groups.delete_group(ctx.session, ctx.actor, group_id)
    ctx.runtime.auth.keys.clear_after_commit(ctx.session)
    action_log.log(ctx.session, ctx.actor, "device-group:deleted", message=gone.name)
    return Redirect(LIST)


async def _answer(ctx: Ctx, group_id: int | None, outcome: Outcome[GroupView], name: str, description: str) -> Template:
    if outcome.value is not None and (ctx.actor.group_ids is None or outcome.value.id in ctx.actor.group_ids):
        group_id = outcome.value.id
    values = await ctx.runtime.db.run_read(lambda session: _values(ctx, session, group_id, outcome))
    if outcome.errors:
        values["form"] = {"name": name, "description": description}
    return Template("management/group_body.html", values, outcome.status)


def _values(ctx: Ctx, session: Session, group_id: int | None, outcome: Outcome[GroupView]) -> dict[str, Any]:
    own = device_groups.get_group(session, ctx.actor, group_id) if group_id is not None else None
    return {
        "group": own,
        "users": user_names(session, own.id) if own is not None and ctx.actor.may("user_display") else (),
        "form": {"name": own.name if own else "", "description": own.description if own else ""},
        "errors": outcome.errors,
        "saved": outcome.value.name if outcome.value is not None else "",
    }


PAGES: tuple[Page, ...] = (
    Page(LIST, group_list, DEVICE_GROUPS_MANAGEMENT),
    Page(f"{LIST}/new", new, DEVICE_GROUPS_MANAGEMENT),
    Page(f"{LIST}/new", add, DEVICE_GROUPS_MANAGEMENT, methods="POST"),
    Page(f"{LIST}/{{group_id}}", group, DEVICE_GROUPS_MANAGEMENT),
    Page(f"{LIST}/{{group_id}}", save, DEVICE_GROUPS_MANAGEMENT, methods="POST"),
    Page(f"{LIST}/{{group_id}}/delete", delete, DEVICE_GROUPS_MANAGEMENT, methods="POST"),
)
