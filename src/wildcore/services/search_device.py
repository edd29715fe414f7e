"""Finding a subscriber's port by MAC or IP: first where polls saw it, then by asking the devices (SEARCH_DEVICE_*)."""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from ipaddress import IPv4Address, ip_address

from sqlalchemy import ColumnElement, func, select
from sqlalchemy.orm import Session

from wildcore.errors import Unsupported, ValidationFailed, WildcoreError
from wildcore.i18n import gettext
from wildcore.model.device import DeviceType
from wildcore.model.ident import mac_key
from wildcore.model.interface import ArpEntry, InterfaceType, Vlan
from wildcore.services import calls
from wildcore.services.actor import Actor
from wildcore.services.calls import CallResult
from wildcore.services.device_sessions import modules_of
from wildcore.services.edges import uplink_macs
from wildcore.services.runtime import Runtime
from wildcore.services.scope import require_device, visible_devices
from wildcore.services.stored_rows import records
from wildcore.store.tables import Device, DeviceModel, FdbHistory, Interface, ModuleAnswer

LONGEST_SEC = 30.0
"""Devices that did not answer by then are named as such; their answers still come into the history."""
HISTORY, DEVICE = "history", "device"


@dataclass(frozen=True, slots=True)
class MacHit:
    """An interface behind which an address was seen. `source`: history, or device when it was asked now."""

    interface_id: int
    device_id: int
    mac: str
    vlan_id: int | None
    last_seen_at: int
    active: bool
    source: str


@dataclass(frozen=True, slots=True)
class ArpHit:
    """An entry of a router's ARP table; `at` is when the table was read, `interface` the router's own, where it is known."""

    device_id: int
    ip: str
    mac: str
    interface: str | None
    static: bool
    at: int | None
    source: str


@dataclass(slots=True)
class Found:
    """Hits, the nearest port first, and what kept devices from being asked (device id -> why)."""

    macs: list[MacHit] = field(default_factory=list)
    arps: list[ArpHit] = field(default_factory=list)
    errors: dict[int, str] = field(default_factory=dict)


async def by_mac(runtime: Runtime, actor: Actor, mac: str, device_ids: Collection[int] = ()) -> Found:
    """Where a MAC (any notation) is, on these devices or on all. ValidationFailed: it is none, NotFound: no such device."""
    key = mac_key(mac)
    if key is None:
        raise ValidationFailed(gettext("{text} is not a MAC address", text=mac[:64]), field="mac")
    await runtime.db.run_read(lambda session: _require(session, actor, device_ids))
    found = Found()
    for source in _sources(runtime):
        asked: set[int] | None = None
        if source == DEVICE:
            asked = await _ask_all(runtime, actor, "fdb", device_ids, found)
        seen = await runtime.db.run_read(lambda session, asked=asked: _seen(session, runtime, actor, key, device_ids, asked))  # type: ignore[misc]
        known = {(one.interface_id, one.vlan_id) for one in seen}
        found.macs = seen + [one for one in found.macs if (one.interface_id, one.vlan_id) not in known]
        if found.macs and not runtime.settings.get("SEARCH_DEVICE_CHECK_ALL_SOURCES"):
            break
    return found


async def by_ip(runtime: Runtime, actor: Actor, ip: str, router_ids: Collection[int] = ()) -> Found:
    """The MAC of an IPv4 address in the ARP tables of these routers, or of all. Failures as in `by_mac`."""
    wanted = address(ip)
    routers = await runtime.db.run_read(lambda session: _routers(session, actor, router_ids))
    found = Found()
    for source in _sources(runtime):
        from_: calls.Source = "store" if source == HISTORY else "device"
        for result in await _call_all(runtime, actor, "arp_info", routers, from_, found):
            found.arps += [one for one in _arps(result[0], result[1], source) if one.ip == wanted and one not in found.arps]
        if found.arps and not runtime.settings.get("SEARCH_DEVICE_CHECK_ALL_SOURCES"):
            break
    return found


async def by_ip_with_fdb(
    runtime: Runtime, actor: Actor, ip: str, router_ids: Collection[int] = (), device_ids: Collection[int] = ()
) -> Found:
    """The port of an IPv4 address: its MAC in the routers' ARP tables, then that MAC in the devices' forwarding tables."""
    found = await by_ip(runtime, actor, ip, router_ids)
    for mac in dict.fromkeys(one.mac for one in found.arps):
        there = await by_mac(runtime, actor, mac, device_ids)
        found.macs += there.macs
        found.errors |= there.errors
    return found


async def arp_of(runtime: Runtime, actor: Actor, router_id: int, ip: str) -> tuple[list[ArpHit], CallResult]:
    """What a router says of an address right now. Raises Unsupported when it tells no ARP table."""
    wanted = address(ip)
    result = await calls.call(runtime, actor, router_id, "arp_info", {}, "device", wait_sec=LONGEST_SEC)
    return [one for one in _arps(router_id, result, DEVICE) if one.ip == wanted], result


def address(text: str) -> str:
    """An IPv4 address as devices write it; ValidationFailed for anything else."""
    try:
        return str(IPv4Address(text.strip()))
    except ValueError:
        raise ValidationFailed(gettext("{text} is not an IPv4 address", text=text[:64]), field="ip") from None


def router_id_of(session: Session, actor: Actor, router: int | str) -> int:
    """A router by id or address; NotFound when the actor may not see it."""
    text = str(router).strip()
    if text.isascii() and text.isdigit():
        return require_device(session, actor, int(text)).id
    try:
        ip = str(ip_address(text))
    except ValueError:
        raise ValidationFailed(gettext("{field}: the id or the address of a device", field="router"), field="router") from None
    found = session.scalar(select(Device.id).where(Device.ip == ip, visible_devices(actor)))
    return require_device(session, actor, found or 0).id


def _sources(runtime: Runtime) -> list[str]:
    named = [str(one).strip().lower() for one in runtime.settings.get("SEARCH_DEVICE_SOURCES")]
    return [one for one in dict.fromkeys(named) if one in (HISTORY, DEVICE)] or [HISTORY, DEVICE]


def _require(session: Session, actor: Actor, device_ids: Collection[int]) -> None:
    for device_id in device_ids:
        require_device(session, actor, device_id)


def _seen(
    session: Session, runtime: Runtime, actor: Actor, mac: str, device_ids: Collection[int], asked: set[int] | None
) -> list[MacHit]:
    """From the history; `asked` are devices that were asked now (None: none was, so only the history speaks)."""
    table = FdbHistory
    where: list[ColumnElement[bool]] = [table.mac == mac, visible_devices(actor, table.device_id)]
    if device_ids:
        where.append(table.device_id.in_(list(device_ids)))
    if asked is not None or runtime.settings.get("SEARCH_DEVICE_HISTORY_ONLY_ACTIVE"):
        where.append(table.active.is_(True))
    columns = (table.interface_id, table.device_id, table.vlan_id, table.last_seen_at, table.active)
    query = select(*columns, Interface.bind_key, Interface.type).join(Interface, Interface.id == table.interface_id)
    rows = session.execute(query.where(*where)).all()
    if asked is not None:
        rows = [row for row in rows if row[1] in asked]
    if runtime.settings.get("SEARCH_DEVICE_IGNORE_TAG_PORTS"):
        trunks = _trunks(session, {row[1] for row in rows})
        rows = [row for row in rows if row[6] == InterfaceType.ONU.value or not trunks.get(row[1], _NONE).carries(row[5], row[2])]
    crowd, most = _crowd(session, {row[0] for row in rows}), uplink_macs(runtime)
    rows = sorted(rows, key=lambda row: (crowd.get(row[0], 0) > most, not row[4], crowd.get(row[0], 0), -row[3], row[0]))
    source = HISTORY if asked is None else DEVICE
    return [MacHit(row[0], row[1], mac, row[2] or None, row[3], row[4], source) for row in rows]


@dataclass(frozen=True, slots=True)
class _Trunks:
    """Which ports of a device carry which VLANs tagged, as it was last read."""

    tagged: frozenset[tuple[str, int]] = frozenset()
    untagged: frozenset[str] = frozenset()

    def carries(self, bind_key: str, vlan_id: int) -> bool:
        if vlan_id:
            return (bind_key, vlan_id) in self.tagged
        return bind_key not in self.untagged and any(key == bind_key for key, _vlan in self.tagged)


_NONE = _Trunks()


def _trunks(session: Session, device_ids: Collection[int]) -> dict[int, _Trunks]:
    query = select(ModuleAnswer.device_id, ModuleAnswer.data).where(
        ModuleAnswer.device_id.in_(list(device_ids)), ModuleAnswer.interface_id == 0, ModuleAnswer.module == "vlans"
    )
    found = {}
    for device_id, data in session.execute(query):
        vlans: list[Vlan] = records("vlans", data)
        tagged = frozenset((key, vlan.id) for vlan in vlans for key in vlan.tagged)
        found[device_id] = _Trunks(tagged, frozenset(key for vlan in vlans for key in vlan.untagged))
    return found


def _crowd(session: Session, interface_ids: Collection[int]) -> dict[int, int]:
    """How many addresses are behind each port: the fewer, the nearer to the subscriber."""
    query = (
        select(FdbHistory.interface_id, func.count(FdbHistory.mac.distinct()))
        .where(FdbHistory.interface_id.in_(list(interface_ids)), FdbHistory.active)
        .group_by(FdbHistory.interface_id)
    )
    return {row[0]: row[1] for row in session.execute(query)}


def _routers(session: Session, actor: Actor, router_ids: Collection[int]) -> list[int]:
    """The named ones; else routers, and whatever told an ARP table before."""
    if router_ids:
        _require(session, actor, router_ids)
        return list(dict.fromkeys(router_ids))
    told = select(ModuleAnswer.device_id).where(ModuleAnswer.module == "arp_info", ModuleAnswer.data.is_not(None))
    kinds = (DeviceType.ROUTER.value, DeviceType.ROUTEROS.value)
    query = select(Device.id).join(DeviceModel, DeviceModel.id == Device.model_id)
    query = query.where(visible_devices(actor), Device.enabled, DeviceModel.type.in_(kinds) | Device.id.in_(told))
    return list(session.scalars(query.order_by(Device.id)))


async def _ask_all(runtime: Runtime, actor: Actor, module: str, device_ids: Collection[int], found: Found) -> set[int]:
    def those(session: Session) -> list[int]:
        query = select(Device.id, DeviceModel.key, DeviceModel.family).join(DeviceModel, DeviceModel.id == Device.model_id)
        query = query.where(visible_devices(actor), Device.enabled, Device.status != "Down")
        if device_ids:
            query = query.where(Device.id.in_(list(device_ids)))
        rows = session.execute(query.order_by(Device.id)).all()
        return [row[0] for row in rows if module in {one.name for one in modules_of(row[1], row[2])}]

    targets = await runtime.db.run_read(those)
    return {device_id for device_id, _result in await _call_all(runtime, actor, module, targets, "device", found)}


async def _call_all(
    runtime: Runtime, actor: Actor, module: str, device_ids: Sequence[int], source: calls.Source, found: Found
) -> list[tuple[int, CallResult]]:
    """Answers of the devices, some at once; failures go to `found.errors`."""
    slots = asyncio.Semaphore(int(runtime.settings.get("SEARCH_DEVICE_REQUEST_CONCURRENCY")))

    async def one(device_id: int) -> CallResult:
        async with slots:
            return await calls.call(runtime, actor, device_id, module, {}, source, wait_sec=LONGEST_SEC)

    tasks = {asyncio.create_task(one(device_id)): device_id for device_id in device_ids}
    if not tasks:
        return []
    done, waiting = await asyncio.wait(tasks, timeout=LONGEST_SEC)
    for task in waiting:
        task.cancel()
        found.errors[tasks[task]] = gettext("No answer from the device within {seconds} s", seconds=f"{LONGEST_SEC:g}")
    answered = []
    for task in sorted(done, key=lambda one: tasks[one]):
        device_id = tasks[task]
        try:
            result = task.result()
        except Unsupported:
            continue
        except WildcoreError as error:
            found.errors[device_id] = error.description
            continue
        if result.meta.error is not None and source != "store":
            found.errors[device_id] = result.meta.error
        answered.append((device_id, result))
    return answered


def _arps(device_id: int, result: CallResult, source: str) -> list[ArpHit]:
    at = result.meta.time
    rows: list[ArpEntry] = result.rows
    names = {key: ref.name for key, ref in result.names.by_key.items()}
    return [ArpHit(device_id, row.ip, row.mac, names.get(row.bind_key or ""), row.static, at, source) for row in rows]
