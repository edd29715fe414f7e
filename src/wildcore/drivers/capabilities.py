"""The names under which clients know what a driver can do: those of switcher-core's module list.

`MODULES` is the one list; `drivers/registry.py` says which of them a model has.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

from wildcore.model.device import Resources, System
from wildcore.model.interface import ArpEntry, Counters, FdbEntry, Interface, LinkInfo, Neighbour, Vlan
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


@dataclass(frozen=True, slots=True)
class Module:
    """One module: its public `name`, the driver's `method`, the `record` it returns rows of, its arguments.

    `per_interface`: takes `interface` (bind key or name) and then asks the device for that one alone. `control`: changes
    the device. `aliases` are older public names of the same thing.
    """

    name: str
    method: str
    record: type[Any]
    args: tuple[str, ...] = ()
    required: tuple[str, ...] = ()
    per_interface: bool = False
    control: bool = False
    aliases: tuple[str, ...] = ()


def _read(name: str, method: str, record: type[Any], *args: str, aliases: tuple[str, ...] = ()) -> Module:
    return Module(name, method, record, args, per_interface="interface" in args, aliases=aliases)


def _control(name: str, method: str, record: type[Any], *args: str) -> Module:
    return Module(name, method, record, args, required=args, per_interface="interface" in args, control=True)


MODULES: Final = (
    _read("system", "system", System),
    _read("sys_resources", "resources", Resources),
    _read("interfaces_list", "interfaces", Interface),
    _read("link_info", "link_info", LinkInfo, "interface", aliases=("interfaces_status",)),
    _read("counters", "counters", Counters, "interface"),
    _read("fdb", "fdb", FdbEntry, "interface", "mac", "vlan_id"),
    _read("vlans", "vlans", Vlan, "vlan_id"),
    _read("lldp_info", "neighbours", Neighbour),
    _read("arp_info", "arp", ArpEntry, "ip", "mac", aliases=("arp_table",)),
    _read("pon_onts_status", "onu_status", OnuStatus, "interface"),
    _read("pon_onts_optical", "onu_optical", OnuOptical, "interface"),
    _read("pon_onts_serial", "onu_serials", OnuIdent, "interface"),
    _read("pon_onts_mac_addr", "onu_macs", OnuIdent, "interface"),
    _read("pon_onts_descr", "onu_descriptions", OnuDescription, "interface", aliases=("pon_onts_description",)),
    _read("pon_onts_reasons", "onu_reasons", OnuReasons, "interface"),
    _read("pon_onts_vendor", "onu_vendors", OnuVendor, "interface"),
    _read("pon_onts_uni", "onu_unis", OnuUni, "interface", aliases=("pon_onts_uni_ports", "pon_onts_uni_ports_status")),
    _read("pon_onts_counters", "onu_counters", Counters, "interface"),
    _read("pon_ports_list", "pon_ports", PonPort),
    _read("pon_ports_optical", "pon_ports_optical", PonPort),
    _read("cards", "cards", Card, aliases=("card_list", "zte_card_list")),
    _control("ctrl_ont_reboot", "reboot_onu", OnuStatus, "interface"),
    _control("ctrl_ont_descr", "describe_onu", OnuDescription, "interface", "description"),
    _control("ctrl_port_descr", "describe_port", LinkInfo, "interface", "description"),
    _control("ctrl_port_state", "switch_port", LinkInfo, "interface", "state"),
)

BY_NAME: Final = {name: module for module in MODULES for name in (module.name, *module.aliases)}
