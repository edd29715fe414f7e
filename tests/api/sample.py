"""A component with one of each kind of handler, to see how the shell treats them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Annotated, Any

from fastapi import Form, Query
from pydantic import BaseModel, Field
from sqlalchemy import select

from wildcore.errors import DeviceUnreachable, Unsupported
from wildcore.kit import PUBLIC, Component, Ctx, Html, MenuItem, Page, Permission, PermissionGroup, Redirect, Route, Template
from wildcore.kit.params import Id
from wildcore.kit.permissions import OLTS_INFO, SWITCHES_INFO, USER_SELF_CONTROL
from wildcore.services import scope
from wildcore.store.tables import Device, DeviceGroup

GROUP = PermissionGroup("sample", "Sample")
READ = Permission("sample_read", "Read samples", GROUP)
WRITE = Permission("sample_write", "Write samples", GROUP)


@dataclass(frozen=True, slots=True)
class Sample:
    name: str
    level_dbm: float
    at: datetime


class NewGroup(BaseModel):
    name: str = Field(max_length=20)
    fail: bool = False


def read(ctx: Ctx) -> list[Sample]:
    ctx.meta = {"total": 1}
    return [Sample("лінія", float("nan"), datetime(2024, 11, 14, 12, 37, 4, tzinfo=UTC))]


def write(ctx: Ctx, body: NewGroup) -> dict[str, Any]:
    ctx.session.add(DeviceGroup(name=body.name, created_at=0))
    ctx.session.flush()
    if body.fail:
        raise Unsupported("not with this one")
    return {"name": body.name}


def groups(ctx: Ctx) -> list[str]:
    return list(ctx.session.scalars(select(DeviceGroup.name).order_by(DeviceGroup.name)))


def write_on_get(ctx: Ctx) -> None:
    ctx.session.add(DeviceGroup(name="written on GET", created_at=0))
    ctx.session.flush()


def devices(ctx: Ctx) -> list[str]:
    return list(ctx.session.scalars(select(Device.ip).where(scope.visible_devices(ctx.actor)).order_by(Device.ip)))


def device(ctx: Ctx, device_id: Id) -> str:
    return scope.require_device(ctx.session, ctx.actor, device_id).ip


async def asynchronous(ctx: Ctx, mac: str, devices: Annotated[list[int] | None, Query()] = None) -> dict[str, Any]:
    count = await ctx.runtime.db.run_read(lambda session: len(session.scalars(select(DeviceGroup)).all()))
    return {"mac": mac, "devices": devices, "groups": count, "ip": ctx.request.ip, "base_url": ctx.request.base_url}


async def whoami(ctx: Ctx) -> dict[str, Any]:
    return {
        "login": ctx.actor.login,
        "ip": ctx.request.ip,
        "base_url": ctx.request.base_url,
        "query": dict(ctx.request.query),
        "headers": sorted(ctx.request.headers),
    }


def broken(_ctx: Ctx) -> None:
    raise RuntimeError("community=secret")


def unreachable(_ctx: Ctx) -> None:
    raise DeviceUnreachable("192.0.2.1 does not answer")


def page(_ctx: Ctx) -> Template:
    return Template("sample/page.html", {"word": "<b>"})


def page_form(_ctx: Ctx, word: Annotated[str, Form()]) -> Redirect:
    return Redirect(f"/sample?word={word}")


def frame(ctx: Ctx, ident: str) -> Html:
    return Html(f"ONU {ident} for {ctx.actor.login}")


TEMPLATES = __file__.rpartition("/")[0] + "/templates"

sample = Component(
    key="sample",
    title="Sample",
    core=False,
    permissions=(READ, WRITE, OLTS_INFO, SWITCHES_INFO),
    api=(
        Route("GET", "/sample", read, READ, billing=True),
        Route("POST", "/sample", write, WRITE),
        Route("GET", "/sample/groups", groups, READ),
        Route("GET", "/sample/write-on-get", write_on_get, READ),
        Route("GET", "/sample/devices", devices, READ),
        Route("GET", "/sample/devices/{device_id}", device, READ),
        Route("GET|POST", "/sample/search", asynchronous, READ, reads=True),
        Route("GET", "/sample/whoami", whoami, READ),
        Route("GET", "/sample/both", read, (READ, WRITE)),
        Route("GET", "/sample/public", whoami, PUBLIC),
        Route("GET", "/sample/broken", broken, READ),
        Route("GET", "/sample/unreachable", unreachable, READ),
    ),
    pages=(
        Page("/sample", page, READ),
        Page("/sample", page_form, WRITE, methods="POST"),
        Page("/iframe/sample/{ident}", frame, (OLTS_INFO, USER_SELF_CONTROL), iframe=True),
    ),
    menu=(MenuItem("Samples", "/sample", "list", READ),),
    templates=TEMPLATES,
)
