"""Pages of the logs of pollers and of questions to devices: lines with names, in a constant number of SQL statements."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from wildcore.drivers.capabilities import MODULES
from wildcore.i18n import Text, _
from wildcore.services import call_log
from wildcore.services.actor import Actor
from wildcore.services.call_log import LogQuery
from wildcore.services.pollers import POLLERS
from wildcore.services.scope import visible_devices
from wildcore.store.tables import Device, DeviceCall, PollRun, User

PAGE_ROWS = 100
SOURCES: dict[str, Text] = {
    "person": _("a person or program asked"),
    "control": _("the device was changed"),
    "poller": _("a poller asked"),
}


@dataclass(frozen=True, slots=True)
class CallsPage:
    """One page of a log; `rows` are those of `call_log.read`. `names` are the pollers or modules that the filter offers.

    `users`: whom it offers where people ask.
    """

    rows: tuple[Mapping[str, Any], ...]
    found: int
    page: int
    pages: int
    devices: tuple[tuple[int, str], ...]
    names: tuple[tuple[str, str], ...]
    users: tuple[tuple[int, str], ...] = ()


def poller_page(session: Session, actor: Actor, wanted: LogQuery, page: int = 1) -> CallsPage:
    """The newest runs of pollers that fit, in four statements."""
    actor.require("log_poller")
    names = tuple((key, str(one.title)) for key, one in POLLERS.items())
    return _page(session, actor, wanted, page, call_log.poll_runs, PollRun, names)


def calls_page(session: Session, actor: Actor, wanted: LogQuery, page: int = 1) -> CallsPage:
    """The newest questions to devices that fit, in five statements."""
    actor.require("log_switcher_core_actions")
    users = tuple((row[0], row[1]) for row in session.execute(select(User.id, User.login).order_by(User.login)))
    names = tuple((one.name, one.name) for one in sorted(MODULES, key=lambda module: module.name))
    found = _page(session, actor, wanted, page, call_log.device_calls, DeviceCall, names)
    return replace(found, users=users)


def _page(
    session: Session,
    actor: Actor,
    wanted: LogQuery,
    page: int,
    find: Callable[..., tuple[list[int], int]],
    model: type[PollRun | DeviceCall],
    names: tuple[tuple[str, str], ...],
) -> CallsPage:
    page = max(1, page)
    ids, found = find(session, actor, wanted, limit=PAGE_ROWS, offset=(page - 1) * PAGE_ROWS)
    pages = max(1, -(-found // PAGE_ROWS))
    if page > pages:  # lines were forgotten meanwhile
        page = pages
        ids, found = find(session, actor, wanted, limit=PAGE_ROWS, offset=(page - 1) * PAGE_ROWS)
    devices = session.execute(select(Device.id, Device.name, Device.ip).where(visible_devices(actor)).order_by(Device.name))
    return CallsPage(
        rows=tuple(call_log.read(session, model, ids)),
        found=found,
        page=page,
        pages=pages,
        devices=tuple((row[0], row[1] or row[2]) for row in devices),
        names=names,
    )
