"""One device's page: what stands above its tabs, and the ports of a switch or an OLT, in a constant number of SQL statements."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from wildcore.model.device import Resources, System
from wildcore.model.interface import Counters, LinkInfo, Vlan
from wildcore.services import interfaces, stored, subscribers
from wildcore.services.actor import Actor
from wildcore.services.device_views import DeviceView
from wildcore.services.devices import get_device
from wildcore.services.interfaces import DeviceCounts
from wildcore.services.pages_interface import PortVlan
from wildcore.services.runtime import Runtime
from wildcore.services.stored import AnswerRow, Stored
from wildcore.services.subscribers import SubscriberView
from wildcore.store.tables import FdbHistory, Interface, ModuleAnswer, Poll


@dataclass(frozen=True, slots=True)
class PollRow:
    """One poller of the device. Times are Unix seconds."""

    poller: str
    interval_sec: int
    next_at: int
    last_at: int | None
    duration_ms: int | None
    result: str
    rows: int | None
    error: str | None


@dataclass(frozen=True, slots=True)
class Call:
    """The last answer of a module of the device."""

    module: str
    at: int | None
    complete: bool
    error: str | None
    error_at: int | None
    duration_ms: int | None


@dataclass(frozen=True, slots=True)
class DevicePage:
    """The device, what it says of itself, and how it is polled."""

    device: DeviceView
    counts: DeviceCounts
    system: System | None
    system_state: Stored
    resources: Resources | None
    resources_state: Stored
    polls: tuple[PollRow, ...]
    calls: tuple[Call, ...]

    @property
    def polled_at(self) -> int | None:
        """When a poll last brought something; a failed one does not count."""
        return max(
            (one.last_at for one in self.polls if one.last_at is not None and one.result in ("ok", "partial")), default=None
        )

    @property
    def silence(self) -> str:
        """Why SNMP brings nothing although the device answers ping; "" while it brings something."""
        if self.device.status != "Up":
            return ""
        return next((one.error or "" for one in self.polls if one.poller == "system" and one.result == "error"), "")


@dataclass(frozen=True, slots=True)
class PortRow:
    """One port in a table. `link` and `counters` are the device's last words on it, None without any."""

    id: int
    name: str
    bind_key: str
    type: str
    status: str
    status_changed_at: int | None
    description: str
    gone_at: int | None
    link: LinkInfo | None
    counters: Counters | None
    vlans: tuple[PortVlan, ...]
    macs: int
    subscribers: tuple[SubscriberView, ...]


@dataclass(frozen=True, slots=True)
class PortsPage:
    """Ports of a device with the age of what is said of them."""

    ports: tuple[PortRow, ...]
    link_state: Stored
    counters_state: Stored


def device_page(session: Session, actor: Actor, device_id: int) -> DevicePage:
    """The page of a device, in six statements. NotFound when there is none or the actor may not see it."""
    device = get_device(session, actor, device_id)
    answers = stored.load_answers(session, device_id, modules=("system", "sys_resources"))
    system = stored.of_device("system", answers)
    resources = stored.of_device("sys_resources", answers)
    polls = select(
        Poll.poller, Poll.interval_sec, Poll.next_at, Poll.last_at, Poll.duration_ms, Poll.result, Poll.rows, Poll.error
    ).where(Poll.device_id == device_id)
    calls = select(
        ModuleAnswer.module, ModuleAnswer.at, ModuleAnswer.complete, ModuleAnswer.error, ModuleAnswer.error_at,
        ModuleAnswer.duration_ms,
    ).where(ModuleAnswer.device_id == device_id, ModuleAnswer.interface_id == 0)  # fmt: skip
    return DevicePage(
        device=device,
        counts=interfaces.counts(session, actor, device_id).get(device_id, DeviceCounts(device_id)),
        system=system.rows[0] if system.rows else None,
        system_state=system,
        resources=resources.rows[0] if resources.rows else None,
        resources_state=resources,
        polls=tuple(PollRow(*row) for row in session.execute(polls.order_by(Poll.poller))),
        calls=tuple(Call(*row) for row in session.execute(calls.order_by(ModuleAnswer.module))),
    )


def ports_page(session: Session, runtime: Runtime, actor: Actor, device_id: int) -> PortsPage:
    """Ports of a device the actor may see (without ONUs), by number. Four statements after the look at the device."""
    get_device(session, actor, device_id)
    answers = stored.load_answers(session, device_id, modules=("link_info", "counters", "vlans"))
    link, traffic = stored.of_device("link_info", answers), stored.of_device("counters", answers)
    by_key = {row.bind_key: row for row in link.rows}
    counted = {row.bind_key: row for row in traffic.rows}
    tables = _vlans_by_port(answers)
    rows = session.execute(
        select(
            Interface.id, Interface.name, Interface.bind_key, Interface.type, Interface.status, Interface.status_changed_at,
            Interface.description, Interface.gone_at,
        )
        .where(Interface.device_id == device_id, Interface.type != "ONU")
        .order_by(Interface.gone_at.is_not(None), Interface.id)
    ).all()  # fmt: skip
    macs = mac_counts(session, device_id)
    owners = subscribers.of_interfaces(session, runtime, [row.id for row in rows])
    ports = [
        PortRow(
            *row,
            link=by_key.get(row.bind_key),
            counters=counted.get(row.bind_key),
            vlans=tables.get(row.bind_key, ()),
            macs=macs.get(row.id, 0),
            subscribers=tuple(owners.get(row.id, ())),
        )
        for row in rows
    ]
    return PortsPage(tuple(ports), link, traffic)


def mac_counts(session: Session, device_id: int) -> dict[int, int]:
    """Active addresses behind each interface of a device."""
    query = (
        select(FdbHistory.interface_id, func.count(FdbHistory.id))
        .where(FdbHistory.device_id == device_id, FdbHistory.active)
        .group_by(FdbHistory.interface_id)
    )
    return {row[0]: row[1] for row in session.execute(query)}


def last_change(link: LinkInfo | None) -> int | None:
    """When the port's state changed by the device's own clock, Unix seconds."""
    if link is None or link.last_change is None:
        return None
    moment = link.last_change if link.last_change.tzinfo else link.last_change.replace(tzinfo=UTC)
    return int(moment.timestamp())


def _vlans_by_port(answers: dict[tuple[int, str], AnswerRow]) -> dict[str, tuple[PortVlan, ...]]:
    found: dict[str, list[PortVlan]] = {}
    row: Vlan
    for row in stored.of_device("vlans", answers).rows:
        for keys, tagged in ((row.untagged, False), (row.tagged, True)):
            for key in keys:
                if not tagged or key not in row.untagged:
                    found.setdefault(key, []).append(PortVlan(row.id, row.name, tagged))
    return {key: tuple(sorted(vlans, key=lambda one: (one.tagged, one.id))) for key, vlans in found.items()}
