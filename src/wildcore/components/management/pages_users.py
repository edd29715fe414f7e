"""Pages of users: the list with its filter, and one user with role, device groups, sessions and keys."""

from __future__ import annotations

from dataclasses import replace
from typing import Annotated, Any

from fastapi import Form, Query
from pydantic import BaseModel
from sqlalchemy.orm import Session

from wildcore.errors import WildcoreError
from wildcore.i18n import LANGUAGES, gettext
from wildcore.kit import Ctx, Page, Redirect, Template
from wildcore.kit.forms import Line, Lines, Outcome, Secret, Tick, Ticks, attempt, errors_of, number
from wildcore.kit.params import Id
from wildcore.kit.permissions import USER_DISPLAY, USER_MANAGEMENT, USER_STRICT_IP
from wildcore.services import accounts, keys, passwords, twofa, users
from wildcore.services.pages_users import UserFilter, UserPage, user_page, users_page
from wildcore.services.users import UserFields, UserInfo

LIST = "/management/users"
Word = Annotated[str, Query(max_length=100)]


class UserForm(BaseModel):
    """A user as the form sends it. `generate`: a random password is made and shown once."""

    login: Line = ""
    name: Line = ""
    email: Line = ""
    role_id: Line = ""
    enabled: Tick = ""
    all_groups: Tick = ""
    group_ids: Ticks = []
    language: Line = ""
    generate: Tick = ""
    password: Secret = ""
    allowed_networks: Lines = ""


def user_list(
    ctx: Ctx,
    q: Word = "",
    role: Word = "",
    group: Word = "",
    status: Word = "",
    page: Annotated[int, Query(ge=1, le=100_000)] = 1,
) -> Template:
    """Users that fit the filter."""
    enabled = {"enabled": True, "disabled": False}.get(status)
    wanted = UserFilter(q.strip(), number(role), number(group), enabled)
    values = {"page": users_page(ctx.session, ctx.actor, wanted, page), "wanted": wanted, "status": status}
    return Template("management/user_rows.html" if ctx.request.fragment else "management/users.html", values)


def new(ctx: Ctx) -> Template:
    """The form of a new user."""
    return Template("management/user.html", _values(ctx, ctx.session, None))


def user(ctx: Ctx, user_id: Id) -> Template:
    """One user."""
    return Template("management/user.html", _values(ctx, ctx.session, user_id))


async def add(ctx: Ctx, form: Annotated[UserForm, Form()]) -> Template:
    """Make a user; its own page comes back, with the password when one was generated."""
    return await _save(ctx, None, form)


async def save(ctx: Ctx, user_id: Id, form: Annotated[UserForm, Form()]) -> Template:
    """Change a user."""
    return await _save(ctx, user_id, form)


def delete(ctx: Ctx, user_id: Id) -> Redirect:
    """Delete a user with all keys."""
    users.user_delete(ctx.session, ctx.runtime, ctx.actor, user_id)
    return Redirect(LIST)


async def generate_key(
    ctx: Ctx,
    user_id: Id,
    term: Annotated[str, Form(max_length=20)] = "",
    custom: Annotated[str, Form(max_length=20)] = "",
    description: Annotated[str, Form(max_length=300)] = "",
) -> Template:
    """A new API key of the user, shown this once, above the list that has it."""
    wanted = custom if term == "custom" else term

    def work(session: Session) -> keys.IssuedKey:
        login = accounts.require_user(session, ctx.actor, user_id).login
        return keys.generate_key(session, ctx.runtime, ctx.actor, login, wanted.strip() or "-", description.strip())

    outcome = await attempt(ctx, work)
    typed = {"term": term, "custom": custom, "description": description}
    return await _keys(
        ctx, user_id, outcome.status, issued=outcome.value, errors=outcome.errors, typed=typed if outcome.errors else {}
    )


async def close_key(ctx: Ctx, user_id: Id, key_id: Id) -> Template:
    """Close a session or key of the user."""
    outcome = await attempt(ctx, lambda session: keys.revoke(session, ctx.runtime, ctx.actor, key_id, user_id=user_id))
    return await _keys(ctx, user_id, outcome.status, errors=outcome.errors, closed=not outcome.errors)


async def close_others(ctx: Ctx, user_id: Id) -> Template:
    """Close all sessions of the user (of oneself: all but this one); API keys stay."""
    outcome = await attempt(ctx, lambda session: keys.revoke_others(session, ctx.runtime, ctx.actor, user_id))
    return await _keys(ctx, user_id, outcome.status, errors=outcome.errors, closed=not outcome.errors)


def two_factor_off(ctx: Ctx, user_id: Id) -> Redirect:
    """Switch the second factor off for somebody who lost the authenticator."""
    twofa.disable_for(ctx.session, ctx.runtime, ctx.actor, user_id)
    return Redirect(f"{LIST}/{user_id}")


async def _save(ctx: Ctx, user_id: int | None, form: UserForm) -> Template:
    password = passwords.random_password() if form.generate else form.password
    outcome: Outcome[UserInfo]
    try:
        hashed = await passwords.new_hash_async(ctx.runtime.settings, password) if password else None
        fields = _fields(ctx, form, hashed)
        outcome = await attempt(ctx, lambda session: _write(session, ctx, user_id, fields))
    except WildcoreError as refused:
        outcome = Outcome(errors=errors_of(refused))
    shown = outcome.value.id if outcome.value is not None else user_id
    typed = form if outcome.errors else None
    values = await ctx.runtime.db.run_read(lambda session: _values(ctx, session, shown, typed))
    made = password if form.generate and outcome.value is not None else ""
    values |= {"errors": outcome.errors, "saved": outcome.value is not None, "generated": made, "is_new": user_id is None}
    return Template("management/user_body.html", values, outcome.status)


def _write(session: Session, ctx: Ctx, user_id: int | None, fields: UserFields) -> UserInfo:
    if user_id is None:
        return users.user_create(session, ctx.runtime, ctx.actor, fields)
    page = user_page(session, ctx.runtime, ctx.actor, user_id)
    if page.own:  # what one cannot change of oneself is not in the form
        fields = replace(fields, role_id=None, enabled=None)
    if page.user is not None and fields.group_ids is not None:  # groups that the actor does not see stay
        known = {group_id for group_id, _name in page.groups}
        fields = replace(fields, group_ids={*fields.group_ids, *(one for one in page.user.group_ids if one not in known)})
    return users.user_update(session, ctx.runtime, ctx.actor, user_id, fields)


def _fields(ctx: Ctx, form: UserForm, password_hash: str | None) -> UserFields:
    return UserFields(
        login=form.login,
        name=form.name,
        email=form.email,
        role_id=number(form.role_id),
        enabled=bool(form.enabled),
        all_groups=bool(form.all_groups),
        group_ids={one for text in form.group_ids if (one := number(text)) is not None},
        language=form.language,
        password_hash=password_hash,
        allowed_networks=form.allowed_networks.replace(",", " ").split() if ctx.actor.may(USER_STRICT_IP.key) else None,
    )


async def _keys(ctx: Ctx, user_id: int, status: int, **values: Any) -> Template:
    page = await ctx.runtime.db.run_read(lambda session: user_page(session, ctx.runtime, ctx.actor, user_id))
    return Template("people/keys.html", {**_key_values(page), **values}, status)


def _key_values(page: UserPage) -> dict[str, Any]:
    return {
        "keys": page.keys,
        "keys_url": f"{LIST}/{page.user.id if page.user else 0}/keys",
        "with_password": False,
        "may_generate": page.user is not None and page.user.enabled,
        "issued": None,
        "errors": {},
        "typed": {},
        "closed": False,
    }


def _values(ctx: Ctx, session: Session, user_id: int | None, typed: UserForm | None = None) -> dict[str, Any]:
    page = user_page(session, ctx.runtime, ctx.actor, user_id)
    return {
        **_key_values(page),
        "page": page,
        "form": typed or _form(page),
        "languages": [("", gettext("as the system")), *LANGUAGES.items()],
        "saved": False,
        "generated": "",
        "is_new": False,
    }


def _form(page: UserPage) -> UserForm:
    one = page.user
    if one is None:
        return UserForm(enabled="yes", generate="yes")
    return UserForm(
        login=one.login,
        name=one.name,
        email=one.email,
        role_id=str(one.role_id),
        enabled="yes" if one.enabled else "",
        all_groups="yes" if one.all_groups else "",
        group_ids=[str(group) for group in one.group_ids],
        language=one.language,
        allowed_networks="\n".join(one.allowed_networks),
    )


PAGES: tuple[Page, ...] = (
    Page(LIST, user_list, USER_DISPLAY),
    Page(f"{LIST}/new", new, USER_MANAGEMENT),
    Page(f"{LIST}/new", add, USER_MANAGEMENT, methods="POST"),
    Page(f"{LIST}/{{user_id}}", user, USER_DISPLAY),
    Page(f"{LIST}/{{user_id}}", save, USER_MANAGEMENT, methods="POST"),
    Page(f"{LIST}/{{user_id}}/delete", delete, USER_MANAGEMENT, methods="POST"),
    Page(f"{LIST}/{{user_id}}/keys", generate_key, USER_MANAGEMENT, methods="POST"),
    Page(f"{LIST}/{{user_id}}/two-factor-off", two_factor_off, USER_MANAGEMENT, methods="POST"),
    Page(f"{LIST}/{{user_id}}/keys/close-others", close_others, USER_MANAGEMENT, methods="POST"),
    Page(f"{LIST}/{{user_id}}/keys/{{key_id}}/close", close_key, USER_MANAGEMENT, methods="POST"),
)
