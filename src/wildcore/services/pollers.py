"""Which pollers there are, how often each runs on a device, and the rows of `polls` that make them run.

Intervals (seconds), later wins: the drivers' catalogue, the model's override, the device's override; 0 is off, but
`interfaces_list` cannot be switched off. A poller that needs a module which the family lacks does not exist for the device.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any
from zlib import crc32

from sqlalchemy import delete, insert, select, update
from sqlalchemy.orm import Session

from wildcore.drivers.registry import OLT_POLLERS, SWITCH_POLLERS, catalogue
from wildcore.i18n import Text, _
from wildcore.model.device import DeviceType
from wildcore.services.device_sessions import modules_of
from wildcore.services.runtime import Runtime
from wildcore.store.tables import Device, DeviceModel, Poll

SHORTEST_SEC = 10


@dataclass(frozen=True, slots=True)
class Poller:
    """One poller: the modules it asks for, in this order. `default_sec` is for families whose catalogue does not name it."""

    name: str
    title: Text
    modules: tuple[str, ...]
    default_sec: int = 0
    always: bool = False


POLLERS: dict[str, Poller] = {
    poller.name: poller
    for poller in (
        Poller("system", _("System"), ("system",), 300),
        Poller("interfaces_list", _("List of interfaces"), ("interfaces_list",), 1800, always=True),
        Poller("interfaces_status", _("Status of interfaces"), ("pon_onts_status", "link_info"), 180),
        Poller(
            "ont_ident",
            _("ONU idents and descriptions"),
            ("pon_onts_serial", "pon_onts_mac_addr", "pon_onts_descr", "pon_onts_reasons"),
        ),
        Poller("optical_strength", _("ONU signals"), ("pon_onts_optical",)),
        Poller("fdb_table", _("MAC addresses"), ("fdb",), 900),
        Poller("pon_port_loading", _("Load of PON ports"), ("pon_ports_list",)),
        Poller("sfp_optical_strength", _("Optical modules"), ("pon_ports_optical",), 1800),
        Poller("counters", _("Counters"), ("counters",), 180),
        Poller("sys_resources", _("Resources"), ("sys_resources",), 180),
        Poller("topology", _("VLANs and neighbours"), ("vlans", "lldp_info"), 3600),
    )
}
"""By name, in the order in which a device that was just added is asked."""

ORDER = {name: at for at, name in enumerate(POLLERS)}


@dataclass(frozen=True, slots=True)
class PollView:
    """One poller of a device: its interval and how its last run ended (times in Unix seconds; `running` now)."""

    poller: str
    title: Text
    interval_sec: int
    next_at: int
    last_at: int | None
    duration_ms: int | None
    result: str
    rows: int | None
    error: str | None
    running: bool


def base_intervals(model_key: str, type_: str) -> Mapping[str, int]:
    """Intervals of the drivers' catalogue; a model that it does not list has those of its type."""
    info = next((model for model in catalogue() if model.key == model_key), None)
    if info is not None and info.pollers:
        return info.pollers
    return OLT_POLLERS if type_ == DeviceType.OLT else SWITCH_POLLERS


def intervals(
    model_key: str, family: str, type_: str, of_model: Mapping[str, Any] | None = None, of_device: Mapping[str, Any] | None = None
) -> dict[str, int]:
    """Intervals in effect (seconds, none of them 0) of the pollers that the device has."""
    if type_ == DeviceType.ICMP:
        return {}
    can = {module.name for module in modules_of(model_key, family)}
    base = base_intervals(model_key, type_)
    found: dict[str, int] = {}
    for name, poller in POLLERS.items():
        if not can.intersection(poller.modules):
            continue
        default = base.get(name, poller.default_sec)
        wanted = (of_device or {}).get(name, (of_model or {}).get(name, default))
        seconds = int(wanted) if isinstance(wanted, int | float) and wanted >= 0 else default
        if seconds == 0 and poller.always:
            seconds = default or poller.default_sec
        if seconds:
            found[name] = max(SHORTEST_SEC, seconds)
    return found


def next_time(device_id: int, poller: str, interval_sec: int, after: int) -> int:
    """The next turn: every device and poller has a phase of its own, so that work is spread evenly over the interval.

    It is half an interval away at least: a poll that ran late is not followed by the next at once.
    """
    phase = crc32(f"{device_id}:{poller}".encode()) % interval_sec
    earliest = after + max(1, interval_sec // 2)
    return earliest + (phase - earliest) % interval_sec


def polls_of(session: Session, device_id: int, now: int) -> list[PollView]:
    """The pollers of a device in their order. One statement."""
    rows = session.scalars(select(Poll).where(Poll.device_id == device_id)).all()
    views = [
        PollView(
            poller=row.poller,
            title=POLLERS[row.poller].title,
            interval_sec=row.interval_sec,
            next_at=row.next_at,
            last_at=row.last_at,
            duration_ms=row.duration_ms,
            result=row.result,
            rows=row.rows,
            error=row.error,
            running=row.lease_until is not None and row.lease_until > now,
        )
        for row in rows
        if row.poller in POLLERS
    ]
    return sorted(views, key=lambda view: ORDER[view.poller])


def sync_polls(session: Session, runtime: Runtime, device_ids: Collection[int] | None = None) -> int:
    """Bring the rows of `polls` to what devices and models say now (None: of all devices); returns how many changed.

    New pollers are due at once. To be called when a device or model is added or its pollers change; the worker also does it
    every minute. At most five statements, however many devices.
    """
    devices = select(Device.id, Device.pollers, DeviceModel.key, DeviceModel.family, DeviceModel.type, DeviceModel.pollers)
    devices = devices.join(DeviceModel, DeviceModel.id == Device.model_id)
    polls = select(Poll.id, Poll.device_id, Poll.poller, Poll.interval_sec)
    if device_ids is not None:
        devices = devices.where(Device.id.in_(list(device_ids)))
        polls = polls.where(Poll.device_id.in_(list(device_ids)))
    stored = {(device_id, name): (row_id, seconds) for row_id, device_id, name, seconds in session.execute(polls)}
    now = runtime.now()
    new: list[dict[str, Any]] = []
    changed: list[dict[str, Any]] = []
    for device_id, of_device, key, family, type_, of_model in session.execute(devices):
        for name, seconds in intervals(key, family, type_, of_model, of_device).items():
            row_id, before = stored.pop((device_id, name), (None, None))
            if row_id is None:
                new.append({"device_id": device_id, "poller": name, "interval_sec": seconds, "next_at": now, "result": ""})
            elif before != seconds:
                at = next_time(device_id, name, seconds, now)
                changed.append({"id": row_id, "interval_sec": seconds, "next_at": at})
    if new:
        session.execute(insert(Poll), new)
    if changed:
        session.execute(update(Poll), changed)
    if stored:
        session.execute(delete(Poll).where(Poll.id.in_([row_id for row_id, _seconds in stored.values()])))
    return len(new) + len(changed) + len(stored)


def request_polls(session: Session, runtime: Runtime, device_ids: int | Collection[int], pollers: Collection[str] = ()) -> int:
    """Let a worker run pollers of a device, or of several, at once, all of them without a choice; returns how many."""
    wanted = [device_ids] if isinstance(device_ids, int) else list(device_ids)
    query = update(Poll).where(Poll.device_id.in_(wanted)).values(next_at=runtime.now())
    if pollers:
        query = query.where(Poll.poller.in_(list(pollers)))
    return len(session.scalars(query.returning(Poll.id)).all())
