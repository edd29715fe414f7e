"""Pages of roles: the list, and one role with its permissions as tick boxes."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import Form
from pydantic import BaseModel
from sqlalchemy.orm import Session

from wildcore.kit import Ctx, Page, Redirect, Template
from wildcore.kit.forms import Line, Lines, Outcome, Tick, Ticks, attempt
from wildcore.kit.params import Id
from wildcore.kit.permissions import USER_DISPLAY, USER_MANAGEMENT
from wildcore.services import roles
from wildcore.services.pages_roles import permissions_of, role_page
from wildcore.services.roles import RoleInfo

LIST = "/management/roles"


class RoleForm(BaseModel):
    """A role as its form sends it."""

    name: Line = ""
    description: Lines = ""
    display: Tick = ""
    permissions: Ticks = []


def role_list(ctx: Ctx) -> Template:
    """All roles but the hidden one."""
    return Template("management/roles.html", {"roles": roles.role_list(ctx.session)})


def new(ctx: Ctx) -> Template:
    """The form of a new role."""
    return Template("management/role.html", _values(ctx, ctx.session, None, None, Outcome()))


def role(ctx: Ctx, role_id: Id) -> Template:
    """One role."""
    return Template("management/role.html", _values(ctx, ctx.session, role_id, None, Outcome()))


async def add(ctx: Ctx, form: Annotated[RoleForm, Form()]) -> Template:
    """Make a role; its own page comes back."""

    def work(session: Session) -> RoleInfo:
        return roles.role_create(
            session, ctx.runtime, ctx.actor, form.name, form.permissions, form.description.strip(), bool(form.display)
        )

    return await _answer(ctx, None, form, await attempt(ctx, work))


async def save(ctx: Ctx, role_id: Id, form: Annotated[RoleForm, Form()]) -> Template:
    """Change a role."""

    def work(session: Session) -> RoleInfo:
        wanted = permissions_of(role_page(session, ctx.runtime, ctx.actor, role_id), form.permissions)
        return roles.role_update(
            session,
            ctx.runtime,
            ctx.actor,
            role_id,
            name=form.name,
            permissions=wanted,
            description=form.description.strip(),
            display=bool(form.display),
        )

    return await _answer(ctx, role_id, form, await attempt(ctx, work))


def delete(ctx: Ctx, role_id: Id) -> Redirect:
    """Delete a role that nobody has."""
    roles.role_delete(ctx.session, ctx.runtime, ctx.actor, role_id)
    return Redirect(LIST)


async def _answer(ctx: Ctx, role_id: int | None, form: RoleForm, outcome: Outcome[RoleInfo]) -> Template:
    shown = outcome.value.id if outcome.value is not None else role_id
    typed = None if outcome.value is not None else form
    values = await ctx.runtime.db.run_read(lambda session: _values(ctx, session, shown, typed, outcome))
    return Template("management/role_body.html", values, outcome.status)


def _values(
    ctx: Ctx, session: Session, role_id: int | None, typed: RoleForm | None, outcome: Outcome[RoleInfo]
) -> dict[str, Any]:
    page = role_page(session, ctx.runtime, ctx.actor, role_id, typed.permissions if typed else None)
    own = page.role
    return {
        "page": page,
        "form": typed
        or RoleForm(
            name=own.name if own else "",
            description=own.description if own else "",
            display="yes" if own is None or own.display else "",
        ),
        "errors": outcome.errors,
        "saved": outcome.value is not None,
    }


PAGES: tuple[Page, ...] = (
    Page(LIST, role_list, USER_DISPLAY),
    Page(f"{LIST}/new", new, USER_MANAGEMENT),
    Page(f"{LIST}/new", add, USER_MANAGEMENT, methods="POST"),
    Page(f"{LIST}/{{role_id}}", role, USER_DISPLAY),
    Page(f"{LIST}/{{role_id}}", save, USER_MANAGEMENT, methods="POST"),
    Page(f"{LIST}/{{role_id}}/delete", delete, USER_MANAGEMENT, methods="POST"),
)
