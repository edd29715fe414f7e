"""The ONU tree of an OLT: PON ports with their counts, and the ONUs of one of them or of a filter, page by page.

Each function costs a constant number of SQL statements, so that a tree of 4096 ONUs opens like one of 64.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace
from typing import Any

from sqlalchemy import ColumnElement, func, or_, select
from sqlalchemy.orm import Session

from wildcore.model.ident import ident_key, mac_key
from wildcore.model.onu import PonPort
from wildcore.services import stored, subscribers
from wildcore.services.actor import Actor
from wildcore.services.device_views import DeviceView
from wildcore.services.devices import get_device
from wildcore.services.pages_device import mac_counts
from wildcore.services.pages_devices import beyond
from wildcore.services.pages_interface import Limits, limits
from wildcore.services.runtime import Runtime
from wildcore.services.subscribers import SubscriberView
from wildcore.store import search as find
from wildcore.store.tables import Binding, FdbHistory, Interface, OnuValues, Subscriber

PON_MODULES = ("pon_ports_list", "pon_ports_optical")
PON_TYPES = ("PON", "EPON", "GPON")
PAGE_ROWS = 256
FOUND_ROWS = 200
_SLOT = re.compile(r"(\d+/\d+)/\d+\Z|[A-Za-z]+(\d+)/\d+\Z")


@dataclass(frozen=True, slots=True)
class OnuFilter:
    """What the tree is narrowed to: a text (name, ident, description, MAC, subscriber), a status, bad signals only."""

    text: str = ""
    status: str = ""
    bad_signal: bool = False

    @property
    def empty(self) -> bool:
        """Whether everything is shown."""
        return not (self.text or self.status or self.bad_signal)


@dataclass(frozen=True, slots=True)
class OnuRow:
    """One ONU in the tree; levels in dBm, distance in metres. Times are Unix seconds."""

    id: int
    name: str
    port_num: int | None
    parent_bind_key: str
    status: str
    status_changed_at: int | None
    ident: str | None
    ident_type: str
    description: str
    gone_at: int | None
    admin: str | None
    rx_dbm: float | None
    olt_rx_dbm: float | None
    distance_m: int | None
    optical_at: int | None
    last_down_reason: str | None
    macs: int = 0
    subscribers: tuple[SubscriberView, ...] = ()


@dataclass(frozen=True, slots=True)
class PonBranch:
    """One PON port of the tree; `states` counts its ONUs by status (gone ones apart). `found` are rows of a filter."""

    id: int
    bind_key: str
    name: str
    status: str
    description: str
    slot: str
    states: dict[str, int] = field(default_factory=dict)
    gone: int = 0
    module: PonPort | None = None
    found: tuple[OnuRow, ...] = ()

    @property
    def total(self) -> int:
        """ONUs that are not gone."""
        return sum(self.states.values())


@dataclass(frozen=True, slots=True)
class OnuTree:
    """PON ports by slot; with a filter only those that have found ONUs, `found_total` of them in all."""

    device: DeviceView
    branches: tuple[PonBranch, ...]
    limits: Limits
    filter: OnuFilter
    states: dict[str, int]
    optical_at: int | None
    status_at: int | None
    found_total: int = 0
    found_shown: int = 0


@dataclass(frozen=True, slots=True)
class OnuRows:
    """ONUs of one PON port, one page of them."""

    rows: tuple[OnuRow, ...]
    limits: Limits
    page: int
    pages: int
    total: int


def onu_tree(session: Session, runtime: Runtime, actor: Actor, device_id: int, wanted: OnuFilter) -> OnuTree:
    """PON ports with the counts of their ONUs: five statements, and five more with a filter."""
    device = get_device(session, actor, device_id)
    ports = session.execute(
        select(Interface.id, Interface.bind_key, Interface.name, Interface.status, Interface.description)
        .where(Interface.device_id == device_id, Interface.type.in_(PON_TYPES), Interface.gone_at.is_(None))
        .order_by(Interface.id)
    ).all()
    states, gone = _states(session, device_id)
    answers = stored.load_answers(session, device_id, modules=PON_MODULES)
    times = stored.load_answers(session, device_id, modules=("pon_onts_status", "pon_onts_optical"))
    modules = {
        row.bind_key: row for name in ("pon_ports_list", "pon_ports_optical") for row in stored.of_device(name, answers).rows
    }
    known = {row.bind_key for row in ports}
    branches = [
        PonBranch(*row, slot_of(row.name), states.get(row.bind_key, {}), gone.get(row.bind_key, 0), modules.get(row.bind_key))
        for row in ports
    ]
    # ONUs whose PON port is not listed must not be lost.
    for key in sorted(set(states) - known):
        branches += [PonBranch(0, key, key or "–", "Unknown", "", "", states[key], gone.get(key, 0))]
    branches.sort(key=lambda one: natural(one.name))
    sums: dict[str, int] = {}
    for counts in states.values():
        for status, count in counts.items():
            sums[status] = sums.get(status, 0) + count
    tree = OnuTree(
        device=device,
        branches=tuple(branches),
        limits=limits(runtime),
        filter=wanted,
        states=sums,
        optical_at=_at(times.get((0, "pon_onts_optical"))),
        status_at=_at(times.get((0, "pon_onts_status"))),
    )
    return tree if wanted.empty else _narrowed(session, runtime, tree)


def onus_of_port(session: Session, runtime: Runtime, actor: Actor, device_id: int, bind_key: str, page: int = 1) -> OnuRows:
    """ONUs of one PON port by number, gone ones last: six statements."""
    get_device(session, actor, device_id)
    conditions = [Interface.device_id == device_id, Interface.parent_bind_key == bind_key, Interface.type == "ONU"]
    total = session.scalar(select(func.count(Interface.id)).where(*conditions)) or 0
    pages = max(1, -(-total // PAGE_ROWS))
    page = min(max(1, page), pages)
    rows = _rows(session, runtime, device_id, conditions, PAGE_ROWS, (page - 1) * PAGE_ROWS)
    return OnuRows(rows, limits(runtime), page, pages, total)


def slot_of(name: str) -> str:
    """The card that a PON port's name tells: `gpon-olt_1/2/1` is on `1/2`, `epon0/1` on `0`; "" when it tells none."""
    match = _SLOT.search(name.rsplit("_", 1)[-1] if "_" in name else name)
    return next((part for part in match.groups() if part), "") if match else ""


def natural(name: str) -> list[tuple[int, int | str]]:
    """Sort key in which 2 comes before 10."""
    return [(0, int(part)) if part.isdigit() else (1, part) for part in re.split(r"(\d+)", name.lower()) if part]


def _at(answer: stored.AnswerRow | None) -> int | None:
    return answer.at if answer is not None else None


def _states(session: Session, device_id: int) -> tuple[dict[str, dict[str, int]], dict[str, int]]:
    gone = Interface.gone_at.is_not(None)
    query = (
        select(Interface.parent_bind_key, Interface.status, gone, func.count(Interface.id))
        .where(Interface.device_id == device_id, Interface.type == "ONU")
        .group_by(Interface.parent_bind_key, Interface.status, gone)
    )
    states: dict[str, dict[str, int]] = {}
    lost: dict[str, int] = {}
    for key, status, is_gone, count in session.execute(query):
        if is_gone:
            lost[key] = lost.get(key, 0) + count
            states.setdefault(key, {})
        else:
            states.setdefault(key, {})[status] = count
    return states, lost


def _narrowed(session: Session, runtime: Runtime, tree: OnuTree) -> OnuTree:
    conditions = [Interface.device_id == tree.device.id, Interface.type == "ONU", *_conditions(session, tree.filter, tree.limits)]
    query = select(func.count(Interface.id)).outerjoin(OnuValues, OnuValues.interface_id == Interface.id).where(*conditions)
    total = session.scalar(query) or 0
    by_port: dict[str, list[OnuRow]] = {}
    rows = _rows(session, runtime, tree.device.id, conditions, FOUND_ROWS, 0)
    for row in rows:
        by_port.setdefault(row.parent_bind_key, []).append(row)
    branches = [replace(one, found=tuple(by_port[one.bind_key])) for one in tree.branches if one.bind_key in by_port]
    return replace(tree, branches=tuple(branches), found_total=total, found_shown=len(rows))


def _conditions(session: Session, wanted: OnuFilter, known: Limits) -> list[Any]:
    made: list[Any] = []
    if wanted.status == "gone":
        made.append(Interface.gone_at.is_not(None))
    elif wanted.status:
        statuses = {"down": ["Offline", "LOS", "PowerOff", "Unknown"]}.get(wanted.status, [wanted.status])
        made += [Interface.status.in_(statuses), Interface.gone_at.is_(None)]
    if wanted.bad_signal:
        made += [or_(*beyond(known)), Interface.status == "Online", Interface.gone_at.is_(None)]  # type: ignore[arg-type]
    text = wanted.text.strip()
    if text:
        made.append(_text(session, text))
    return made


def _text(session: Session, text: str) -> ColumnElement[bool]:
    """Name, description and comment, ident, MAC behind it, or a subscriber at it; from three characters anywhere in them."""
    found: list[ColumnElement[bool]] = [find.starts_with(session, Interface.name, text)]
    bound = select(Binding.interface_id).join(Subscriber, Subscriber.id == Binding.subscriber_id)
    people: list[ColumnElement[bool]] = [Subscriber.uid == text]
    people += [find.starts_with(session, column, text) for column in (Subscriber.agreement, Subscriber.login)]
    if len(text) >= find.FULL_TEXT_FROM:
        own = ("name", "description", "comment")
        found.append(Interface.id.in_(find.containing(session, select(Interface.id), Interface, text, own)))
        people.append(Subscriber.id.in_(find.containing(session, select(Subscriber.id), Subscriber, text)))
        people.append(find.among_queued(session, text))
    key = ident_key(text)
    if len(key) >= find.FULL_TEXT_FROM and key.isascii():
        found.append(Interface.ident.contains(key, autoescape=True))
    mac = mac_key(text)
    if mac is not None:
        found.append(Interface.id.in_(select(FdbHistory.interface_id).where(FdbHistory.mac == mac)))
    return or_(*found, Interface.id.in_(bound.where(or_(*people))))


def _rows(
    session: Session, runtime: Runtime, device_id: int, conditions: list[Any], limit: int, offset: int
) -> tuple[OnuRow, ...]:
    query = (
        select(
            Interface.id, Interface.name, Interface.port_num, Interface.parent_bind_key, Interface.status,
            Interface.status_changed_at, Interface.ident, Interface.ident_type, Interface.description, Interface.gone_at,
            OnuValues.admin, OnuValues.rx_dbm, OnuValues.olt_rx_dbm, OnuValues.distance_m, OnuValues.optical_at,
            OnuValues.last_down_reason,
        )
        .outerjoin(OnuValues, OnuValues.interface_id == Interface.id)
        .where(*conditions)
        .order_by(Interface.parent_bind_key, Interface.gone_at.is_not(None), Interface.port_num, Interface.id)
        .limit(limit)
        .offset(offset)
    )  # fmt: skip
    rows = session.execute(query).all()
    macs = mac_counts(session, device_id)
    owners = subscribers.of_interfaces(session, runtime, [row.id for row in rows])
    made: list[tuple[Any, ...]] = [(*row, macs.get(row.id, 0), tuple(owners.get(row.id, ()))) for row in rows]
    return tuple(OnuRow(*values) for values in made)
