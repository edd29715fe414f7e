"""Interfaces one by one and by device, their history, and what people may change of them."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import delete, func, select, update
from sqlalchemy.orm import Session

from wildcore.errors import NotFound, ValidationFailed
from wildcore.i18n import gettext
from wildcore.services import bindings
from wildcore.services.actor import Actor
from wildcore.services.applying.work import ANSWERS, INTERFACES
from wildcore.services.device_views import Listing
from wildcore.services.edges import uplink_macs
from wildcore.services.interface_search import InterfaceQuery, InterfaceView, by_ids, search
from wildcore.services.pollers import request_polls
from wildcore.services.runtime import Runtime
from wildcore.services.scope import require_device, visible_devices
from wildcore.store.bulk import among
from wildcore.store.tables import Binding, Device, FdbHistory, GeocodedInterface, Interface, InterfaceHistory

ONLINE = ("Online", "Up")
CONFIRMING = ("interfaces_list", "interfaces_status", "ont_ident")
"""Pollers that tell whether something is still on its device."""


@dataclass(frozen=True, slots=True)
class HistoryEntry:
    """One change of an interface's status; `until` is when the next one came, None while it lasts."""

    at: int
    status: str
    reason: str
    until: int | None


@dataclass(frozen=True, slots=True)
class MacSeen:
    """An address seen behind an interface; `mac` is the 12-digit key, `vlan_id` None when the device did not tell it."""

    mac: str
    vlan_id: int | None
    first_seen_at: int
    last_seen_at: int
    active: bool


@dataclass(frozen=True, slots=True)
class DeviceCounts:
    """Interfaces of one device that are not gone: ONUs and ports, in all and working, and ONUs by state."""

    device_id: int
    onus: int = 0
    onus_online: int = 0
    ports: int = 0
    ports_up: int = 0
    states: Mapping[str, int] | None = None


def get_interface(session: Session, runtime: Runtime, actor: Actor, interface_id: int) -> InterfaceView:
    """One interface, in four statements; NotFound also when the actor may not see its device."""
    found = by_ids(session, runtime, actor, [interface_id]).get(interface_id)
    if found is None:
        raise NotFound(gettext("There is no interface {id}", id=interface_id), field="interface_id")
    return found


def by_device(
    session: Session, runtime: Runtime, actor: Actor, device_id: int, *, limit: int | None = None, offset: int = 0
) -> Listing[InterfaceView]:
    """All interfaces of a device, gone ones last."""
    require_device(session, actor, device_id)
    return search(session, runtime, actor, InterfaceQuery(device_id=device_id), limit=limit, offset=offset)


def onus_of(
    session: Session, runtime: Runtime, actor: Actor, device_id: int, *, limit: int | None = None, offset: int = 0
) -> Listing[InterfaceView]:
    """All ONUs of an OLT."""
    require_device(session, actor, device_id)
    return search(session, runtime, actor, InterfaceQuery(device_id=device_id, type="ONU"), limit=limit, offset=offset)


def resolve(session: Session, device_id: int, text: str) -> tuple[int, str]:
    """Id and bind key of what clients call an interface of a device: bind key, else name, else our id. NotFound otherwise."""
    wanted = text.strip()
    columns = (Interface.id, Interface.bind_key)
    here = (
        select(*columns).where(Interface.device_id == device_id).order_by(Interface.gone_at.is_not(None), Interface.id).limit(1)
    )
    for condition in (Interface.bind_key == wanted, func.lower(Interface.name) == wanted.lower()):
        row = session.execute(here.where(condition)).first()
        if row is not None:
            return row[0], row[1]
    if wanted.isascii() and wanted.isdigit() and len(wanted) < 19:
        row = session.execute(here.where(Interface.id == int(wanted))).first()
        if row is not None:
            return row[0], row[1]
    raise NotFound(gettext("The device has no interface {name}", name=wanted[:64]), field="interface")


def history(
    session: Session, actor: Actor, interface_id: int, *, limit: int | None = None, offset: int = 0
) -> Listing[HistoryEntry]:
    """Up and down history of an interface, newest first."""
    _require(session, actor, interface_id)
    table = InterfaceHistory
    later = func.lead(table.at).over(order_by=(table.at, table.id))
    query = (
        select(table.at, table.status, table.reason, later)
        .where(table.interface_id == interface_id)
        .order_by(table.at.desc(), table.id.desc())
        .limit(limit)
        .offset(offset or None)
    )
    total = session.scalar(select(func.count(table.id)).where(table.interface_id == interface_id)) or 0
    return Listing([HistoryEntry(*row) for row in session.execute(query)], total)


def macs(session: Session, actor: Actor, interface_id: int, *, limit: int | None = None) -> list[MacSeen]:
    """Addresses seen behind an interface: active ones first, then the latest."""
    _require(session, actor, interface_id)
    table = FdbHistory
    query = (
        select(table.mac, table.vlan_id, table.first_seen_at, table.last_seen_at, table.active)
        .where(table.interface_id == interface_id)
        .order_by(table.active.desc(), table.last_seen_at.desc(), table.mac)
        .limit(limit)
    )
    return [MacSeen(mac, vlan or None, first, last, active) for mac, vlan, first, last, active in session.execute(query)]


def update_interface(
    session: Session,
    runtime: Runtime,
    actor: Actor,
    interface_id: int,
    *,
    comment: str | None = None,
    poll_enabled: bool | None = None,
    save_fdb: bool | None = None,
    coordinates: tuple[float | None, float | None] | None = None,
) -> InterfaceView:
    """Change what is ours of an interface; what the device says of it comes from the device only."""
    _require(session, actor, interface_id)
    values: dict[str, Any] = {"updated_at": runtime.now()}
    if comment is not None:
        if len(comment) > 10_000:
            raise ValidationFailed(
                gettext("{field}: at most {longest} characters", field="comment", longest=10_000), field="comment"
            )
        values["comment"] = comment.strip()
    if poll_enabled is not None:
        values["poll_enabled"] = poll_enabled
    if save_fdb is not None:
        values["save_fdb"] = save_fdb
    if coordinates is not None:
        values["latitude"], values["longitude"] = coordinates
        session.execute(delete(GeocodedInterface).where(GeocodedInterface.interface_id == interface_id))  # by hand now
    session.execute(update(Interface).where(Interface.id == interface_id).values(**values))
    return get_interface(session, runtime, actor, interface_id)


def delete_interface(session: Session, runtime: Runtime, actor: Actor, interface_id: int) -> InterfaceView:
    """Delete a stale interface with its history; it is away at once, and the device is asked at once to confirm it (S19).

    One that is still on its device comes back with that poll.
    """
    view = get_interface(session, runtime, actor, interface_id)
    delete_interfaces(session, runtime, [view])
    return view


def delete_interfaces(session: Session, runtime: Runtime, views: Collection[InterfaceView]) -> None:
    """Delete interfaces that the caller has found, with all that is known of them, in a constant number of statements.

    Their subscribers look for their place anew, and their devices are asked at once.
    """
    ids = [one.id for one in views]
    bound = select(Binding.claim_id).where(among(session, Binding.__table__.c.interface_id, ids))
    claims = session.scalars(bound).all()
    # A number may be given again, and what the device answered of the old interface would then be told of the new one.
    session.execute(delete(ANSWERS).where(among(session, ANSWERS.c.interface_id, ids)))
    session.execute(delete(INTERFACES).where(among(session, INTERFACES.c.id, ids)))
    if claims:
        bindings.rebind(session, claim_ids=claims, uplink_macs=uplink_macs(runtime))
    request_polls(session, runtime, {one.device_id for one in views}, CONFIRMING)


def counts(session: Session, actor: Actor, device_id: int | None = None) -> dict[int, DeviceCounts]:
    """Interfaces of each visible device by kind and state, in one statement; gone ones do not count."""
    onu = Interface.type == "ONU"  # one object: PostgreSQL groups by an expression only when its parameter is the same one
    query = (
        select(Interface.device_id, onu, Interface.status, func.count(Interface.id))
        .join(Device, Device.id == Interface.device_id)
        .where(Interface.gone_at.is_(None), visible_devices(actor))
        .group_by(Interface.device_id, onu, Interface.status)
    )
    if device_id is not None:
        query = query.where(Interface.device_id == device_id)
    sums: dict[int, dict[str, Any]] = {}
    for device, is_onu, status, count in session.execute(query):
        one = sums.setdefault(device, {"onus": 0, "onus_online": 0, "ports": 0, "ports_up": 0, "states": {}})
        one["onus" if is_onu else "ports"] += count
        if is_onu:
            one["states"][status] = one["states"].get(status, 0) + count
        if status in ONLINE:
            one["onus_online" if is_onu else "ports_up"] += count
    return {device: DeviceCounts(device, **values) for device, values in sums.items()}


def onus_by_port(session: Session, device_id: int) -> dict[str, tuple[int, int]]:
    """Bind key of a PON port -> its ONUs in all and those online; gone ones do not count."""
    here = (Interface.device_id == device_id, Interface.type == "ONU", Interface.gone_at.is_(None))
    query = select(Interface.parent_bind_key, Interface.status, func.count(Interface.id)).where(*here)
    sums: dict[str, tuple[int, int]] = {}
    for port, status, count in session.execute(query.group_by(Interface.parent_bind_key, Interface.status)):
        total, online = sums.get(port, (0, 0))
        sums[port] = (total + count, online + (count if status == "Online" else 0))
    return sums


def _require(session: Session, actor: Actor, interface_id: int) -> None:
    query = select(Interface.id).join(Device, Device.id == Interface.device_id)
    if session.scalar(query.where(Interface.id == interface_id, visible_devices(actor))) is None:
        raise NotFound(gettext("There is no interface {id}", id=interface_id), field="interface_id")
