"""The device list and the start page, each in a constant number of SQL statements."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from sqlalchemy import and_, func, or_, select
from sqlalchemy.orm import Session

from wildcore.services.action_log import ActionRecord, actions
from wildcore.services.actor import Actor
from wildcore.services.device_views import DeviceView
from wildcore.services.devices import DeviceFilter, list_devices
from wildcore.services.interfaces import DeviceCounts, counts
from wildcore.services.pages_interface import Limits, limits
from wildcore.services.runtime import Runtime
from wildcore.services.scope import visible_devices
from wildcore.store.tables import Device, Interface, OnuValues, Poll

WORST_ROWS = 12
LATE_ROWS = 10
ACTION_ROWS = 8
LATE_FACTOR = 2


@dataclass(frozen=True, slots=True)
class GroupBlock:
    """Devices of one group (0: without a group) with sums over them."""

    id: int
    name: str
    devices: tuple[DeviceView, ...]
    up: int
    down: int
    onus: int
    onus_online: int


@dataclass(frozen=True, slots=True)
class DeviceListPage:
    """Devices, flat and by group, with their interface counts. `kinds` and `models` are what the filters offer."""

    devices: tuple[DeviceView, ...]
    groups: tuple[GroupBlock, ...]
    counts: Mapping[int, DeviceCounts]
    total: int
    kinds: tuple[str, ...]
    models: tuple[tuple[int, str], ...]
    all_groups: tuple[tuple[int, str], ...]
    silent: frozenset[int] = frozenset()

    def state(self, device: DeviceView) -> str:
        """Status as shown: `Silent` for a device that answers ping, but whose SNMP brings nothing."""
        if not device.enabled:
            return "Disabled"
        return "Silent" if device.status == "Up" and device.id in self.silent else device.status


@dataclass(frozen=True, slots=True)
class WeakOnu:
    """An ONU whose level is beyond a limit."""

    id: int
    name: str
    description: str
    device_name: str
    device_ip: str
    rx_dbm: float | None
    olt_rx_dbm: float | None


@dataclass(frozen=True, slots=True)
class LatePoll:
    """A poll that is overdue, or whose last run failed."""

    device_id: int
    device_name: str
    device_ip: str
    poller: str
    next_at: int
    last_at: int | None
    result: str
    error: str | None


@dataclass(frozen=True, slots=True)
class Dashboard:
    """What the start page shows. `onu_states` counts ONUs by status."""

    devices: int
    devices_up: int
    devices_down: int
    onus: int
    onu_states: Mapping[str, int]
    ports: int
    ports_up: int
    limits: Limits
    weak: tuple[WeakOnu, ...] = ()
    weak_total: int = 0
    late: tuple[LatePoll, ...] = ()
    down: tuple[DeviceView, ...] = ()
    actions: tuple[ActionRecord, ...] = field(default=())


def device_list(session: Session, actor: Actor, wanted: DeviceFilter) -> DeviceListPage:
    """Devices that fit, in six statements. What the filters offer comes from all devices that the actor may see."""
    everything = list_devices(session, actor).rows
    rows = everything if wanted == DeviceFilter() else list_devices(session, actor, wanted).rows
    rows = sorted(rows, key=lambda one: (one.status != "Down", (one.name or one.ip).lower()))
    sums = counts(session, actor)
    return DeviceListPage(
        devices=tuple(rows),
        groups=_blocks(rows, sums),
        counts=sums,
        total=len(everything),
        kinds=tuple(sorted({one.model.type for one in everything})),
        models=tuple(sorted({(one.model.id, one.model.name) for one in everything}, key=lambda pair: pair[1])),
        all_groups=tuple(
            sorted({(group.id, group.name) for one in everything for group in one.groups}, key=lambda pair: pair[1])
        ),
        silent=frozenset(session.scalars(select(Poll.device_id).where(Poll.poller == "system", Poll.result == "error"))),
    )


def _blocks(rows: list[DeviceView], sums: Mapping[int, DeviceCounts]) -> tuple[GroupBlock, ...]:
    by_group: dict[tuple[str, int], list[DeviceView]] = {}
    for one in rows:
        for name, group_id in [(group.name, group.id) for group in one.groups] or [("", 0)]:
            by_group.setdefault((name, group_id), []).append(one)
    made = []
    for (name, group_id), devices in sorted(by_group.items(), key=lambda item: (item[0][1] == 0, item[0][0].lower())):
        own = [sums[one.id] for one in devices if one.id in sums]
        made.append(
            GroupBlock(
                id=group_id,
                name=name,
                devices=tuple(devices),
                up=sum(one.status == "Up" for one in devices),
                down=sum(one.status == "Down" for one in devices),
                onus=sum(one.onus for one in own),
                onus_online=sum(one.onus_online for one in own),
            )
        )
    return tuple(made)


def dashboard(session: Session, runtime: Runtime, actor: Actor) -> Dashboard:
    """The start page, in at most eight statements."""
    devices = list_devices(session, actor).rows
    sums = counts(session, actor).values()
    states: dict[str, int] = {}
    for one in sums:
        for status, count in (one.states or {}).items():
            states[status] = states.get(status, 0) + count
    known = limits(runtime)
    weak, weak_total = _weak(session, actor, known)
    may_log = actor.may("system_logs_actions")
    return Dashboard(
        devices=len(devices),
        devices_up=sum(one.status == "Up" for one in devices),
        devices_down=sum(one.status == "Down" for one in devices),
        onus=sum(one.onus for one in sums),
        onu_states=states,
        ports=sum(one.ports for one in sums),
        ports_up=sum(one.ports_up for one in sums),
        limits=known,
        weak=weak,
        weak_total=weak_total,
        late=_late(session, actor, runtime.now()) if actor.may("poller_info_by_device") else (),
        down=tuple(one for one in devices if one.status == "Down"),
        actions=tuple(actions(session, actor, limit=ACTION_ROWS)[0]) if may_log else (),
    )


def beyond(known: Limits) -> tuple[object, ...]:
    """Conditions on `onu_values`: a level is beyond a limit."""
    return (
        OnuValues.rx_dbm < known.rx[0],
        OnuValues.rx_dbm > known.rx[1],
        OnuValues.olt_rx_dbm < known.olt_rx[0],
        OnuValues.olt_rx_dbm > known.olt_rx[1],
    )


def _weak(session: Session, actor: Actor, known: Limits) -> tuple[tuple[WeakOnu, ...], int]:
    level = func.coalesce(OnuValues.rx_dbm, OnuValues.olt_rx_dbm)
    query = (
        select(
            Interface.id, Interface.name, Interface.description, Device.name, Device.ip, OnuValues.rx_dbm, OnuValues.olt_rx_dbm,
            func.count().over(),
        )
        .join(OnuValues, OnuValues.interface_id == Interface.id)
        .join(Device, Device.id == Interface.device_id)
        .where(
            Interface.status == "Online", Interface.gone_at.is_(None), or_(*beyond(known)), visible_devices(actor),  # type: ignore[arg-type]
        )
        .order_by(level, Interface.id)
        .limit(WORST_ROWS)
    )  # fmt: skip
    rows = session.execute(query).all()
    return tuple(WeakOnu(*row[:7]) for row in rows), rows[0][7] if rows else 0


def _late(session: Session, actor: Actor, now: int) -> tuple[LatePoll, ...]:
    overdue = and_(Poll.interval_sec > 0, Poll.next_at + Poll.interval_sec * (LATE_FACTOR - 1) < now)
    query = (
        select(Device.id, Device.name, Device.ip, Poll.poller, Poll.next_at, Poll.last_at, Poll.result, Poll.error)
        .join(Device, Device.id == Poll.device_id)
        .where(Device.enabled, Device.status != "Down", or_(overdue, Poll.result == "error"), visible_devices(actor))
        .order_by(Poll.next_at)
        .limit(LATE_ROWS)
    )
    return tuple(LatePoll(*row) for row in session.execute(query))
