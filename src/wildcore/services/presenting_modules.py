"""JSON of what device modules answer, under the field names that existing clients know (switcher-core's, and the diagnosis's)."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import asdict, dataclass
from typing import Any

from wildcore.model.device import Resources, System
from wildcore.model.ident import IdentType, ident_text, mac_text
from wildcore.model.interface import ArpEntry, Counters, FdbEntry, Interface, InterfaceType, LinkInfo, Neighbour, Vlan
from wildcore.model.olt import Card
from wildcore.model.onu import (
    OnuDescription,
    OnuIdent,
    OnuOptical,
    OnuReasons,
    OnuStatus,
    OnuUni,
    OnuVendor,
    PonPort,
)
from wildcore.services.presenting import uptime_text
from wildcore.services.presenting_onus import moment_text, optical_json, reasons_json, status_json, uni_json, vendor_json


@dataclass(frozen=True, slots=True)
class InterfaceRef:
    """What answers tell of an interface they are about."""

    id: int
    bind_key: str
    name: str
    type: str
    parent_bind_key: str = ""
    port_num: int | None = None


@dataclass(frozen=True, slots=True)
class Names:
    """The stored interfaces of one device, by bind key and by ifIndex, and the time that ages are counted from."""

    by_key: Mapping[str, InterfaceRef]
    by_index: Mapping[int, InterfaceRef]
    now: int

    def json(self, bind_key: str | None, if_index: int | None = None) -> dict[str, Any] | None:
        """The `interface` of a row; null when it names none."""
        if bind_key is None:
            ref = self.by_index.get(if_index) if if_index is not None else None
            return None if ref is None else interface_ref_json(ref)
        ref = self.by_key.get(bind_key)
        return interface_ref_json(ref or InterfaceRef(0, bind_key, bind_key, InterfaceType.UNKNOWN.value))


def interface_ref_json(ref: InterfaceRef) -> dict[str, Any]:
    """`id` is the bind key (a number where it is one), as the devices' own modules tell it; `interface_id` is ours."""
    return {
        "id": key_json(ref.bind_key),
        "name": ref.name,
        "parent": key_json(ref.parent_bind_key) if ref.parent_bind_key else None,
        "type": ref.type,
        "onu_num": ref.port_num if ref.type == InterfaceType.ONU.value else None,
        "bind_key": ref.bind_key,
        "interface_id": ref.id or None,
    }


def key_json(bind_key: str) -> int | str:
    """A bind key as clients read it: a number where it is one."""
    return int(bind_key) if bind_key.isascii() and bind_key.isdigit() else bind_key


def rows_json(rows: Iterable[Any], names: Names) -> list[dict[str, Any]]:
    """Rows of one module."""
    return [row_json(row, names) for row in rows]


def row_json(row: Any, names: Names) -> dict[str, Any]:
    """One row of any module; rows that are about an interface carry it as `interface`."""
    if isinstance(row, System):
        return system_json(row)
    present = _PRESENT.get(type(row))
    body = present(row, names) if present is not None else asdict(row)
    bind_key = getattr(row, "bind_key", None)
    if isinstance(row, FdbEntry | Neighbour | ArpEntry):
        return {"interface": names.json(bind_key, row.if_index), **body}
    if bind_key is None or isinstance(row, Interface):
        return body
    return {"interface": names.json(bind_key), **body}


def system_json(system: System) -> dict[str, Any]:
    """Answer of `system`, also `device_status.data` of a diagnosis."""
    return {
        "descr": system.descr,
        "uptime": uptime_text(system.uptime_sec),
        "uptime_sec": system.uptime_sec,
        "contact": system.contact,
        "name": system.name,
        "location": system.location,
        "mac_addr": mac_text(system.mac) if system.mac else None,
        "serial_num": system.serial or None,
        "object_id": system.object_id,
        "board_software_ver": system.sw_version or None,
        "board_hardware_ver": system.hw_version or None,
    }


def _resources(row: Resources, _names: Names) -> dict[str, Any]:
    return {"cpu": row.cpu_pct, "memory": row.memory_pct, "temperature": row.temperature_c}


def _interface(row: Interface, names: Names) -> dict[str, Any]:
    known = names.by_key.get(row.bind_key)
    return {
        "id": key_json(row.bind_key),
        "name": row.name,
        "type": row.type.value,
        "parent": key_json(row.parent_bind_key) if row.parent_bind_key else None,
        "bind_key": row.bind_key,
        "if_index": row.if_index,
        "description": row.description,
        "interface_id": known.id if known else None,
    }


def _link(row: LinkInfo, names: Names) -> dict[str, Any]:
    known = names.by_key.get(row.bind_key)
    return {
        "type": known.type if known else InterfaceType.UNKNOWN.value,
        "medium_type": None,
        "oper_status": row.oper.value,
        "admin_state": row.admin.value,
        "nway_status": row.nway_status,
        "speed": row.speed_mbps,
        "last_change": moment_text(row.last_change),
        "description": row.description,
        "mtu": row.mtu,
        "mac_address": mac_text(row.mac) if row.mac else None,
    }


def counters_json(row: Counters) -> dict[str, Any]:
    """All counters, null where the device has none."""
    return {name: value for name, value in asdict(row).items() if name != "bind_key"}


def errors_json(row: Counters) -> dict[str, Any]:
    """The error counters alone."""
    return {
        "in_errors": row.in_errors,
        "out_errors": row.out_errors,
        "in_discards": row.in_discards,
        "out_discards": row.out_discards,
    }


def _counters(row: Counters, _names: Names) -> dict[str, Any]:
    return counters_json(row)


def _fdb(row: FdbEntry, _names: Names) -> dict[str, Any]:
    mac = mac_text(row.mac)
    return {"vlan_id": row.vlan_id, "mac_address": mac, "mac": mac, "uni": row.uni, "status": row.status}


def _arp(row: ArpEntry, _names: Names) -> dict[str, Any]:
    mac = mac_text(row.mac)
    return {"ip": row.ip, "mac_address": mac, "mac": mac, "static": row.static}


def _vlan(row: Vlan, names: Names) -> dict[str, Any]:
    return {
        "id": row.id,
        "name": row.name,
        "ports": {
            "tagged": [names.json(key) for key in row.tagged],
            "untagged": [names.json(key) for key in row.untagged],
            "egress": [names.json(key) for key in (*row.tagged, *row.untagged)],
        },
    }


def port_vlans_json(vlans: Iterable[Vlan], bind_key: str) -> list[dict[str, Any]]:
    """`[{id, name, type: tagged|untagged}]` of one port."""
    found = []
    for vlan in vlans:
        kind = "untagged" if bind_key in vlan.untagged else "tagged" if bind_key in vlan.tagged else ""
        if kind:
            found.append({"id": vlan.id, "name": vlan.name, "type": kind})
    return found


def _neighbour(row: Neighbour, _names: Names) -> dict[str, Any]:
    return {
        "chassis_id": row.chassis_id,
        "port_id": row.port_id,
        "port_description": row.port_description,
        "system_name": row.system_name,
    }


def _ident(row: OnuIdent, _names: Names) -> dict[str, Any]:
    value = ident_text(row.ident, row.type)
    name = "mac_address" if row.type is IdentType.MAC else "serial"
    return {name: value, "ident": value, "type": row.type.value}


def _pon_port(row: PonPort, _names: Names) -> dict[str, Any]:
    return {
        "onus_total": row.onus_total,
        "onus_online": row.onus_online,
        "max_onus": row.max_onus,
        "tx": row.tx_dbm,
        "temp": row.temperature_c,
        "voltage": row.voltage_v,
        "bias": row.bias_ma,
    }


_PRESENT: dict[type[Any], Callable[[Any, Names], dict[str, Any]]] = {
    Resources: _resources,
    Interface: _interface,
    LinkInfo: _link,
    Counters: _counters,
    FdbEntry: _fdb,
    ArpEntry: _arp,
    Vlan: _vlan,
    Neighbour: _neighbour,
    OnuStatus: lambda row, _names: status_json(row),
    OnuOptical: lambda row, _names: optical_json(row),
    OnuIdent: _ident,
    OnuDescription: lambda row, _names: {"description": row.description},
    OnuReasons: lambda row, names: reasons_json(row, names.now),
    OnuVendor: lambda row, _names: vendor_json(row),
    OnuUni: lambda row, _names: uni_json(row),
    PonPort: _pon_port,
    Card: lambda row, _names: asdict(row),
}
