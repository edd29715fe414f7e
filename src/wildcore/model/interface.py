"""Interfaces of a device: physical ports, PON ports, ONUs; and what is read of them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class InterfaceType(StrEnum):
    """Types as clients know them."""

    ONU = "ONU"
    PON = "PON"
    EPON = "EPON"
    GPON = "GPON"
    FE = "FE"
    GE = "GE"
    TGE = "TGE"
    ETH = "ETH"
    SFP_1G = "1G-SFP"
    SFP_10G = "10G-SFP"
    UNKNOWN = "UNKNOWN"

    @property
    def is_pon(self) -> bool:
        """Whether ONUs hang below it."""
        return self in (InterfaceType.PON, InterfaceType.EPON, InterfaceType.GPON)


class LinkStatus(StrEnum):
    """Operational status of a port."""

    UP = "Up"
    DOWN = "Down"
    UNKNOWN = "Unknown"


class AdminState(StrEnum):
    """Administrative state of a port or an ONU."""

    ENABLED = "Enabled"
    DISABLED = "Disabled"
    UNKNOWN = "Unknown"


@dataclass(frozen=True, slots=True)
class Interface:
    """One row of `interfaces_list`.

    `bind_key` names the interface on its device for good (switch: port number; OLT: the vendor's own index);
    `parent_bind_key` is the PON port of an ONU, else "". `if_index` is IF-MIB's, where the device has one for it.
    """

    bind_key: str
    name: str
    type: InterfaceType = InterfaceType.UNKNOWN
    parent_bind_key: str = ""
    if_index: int | None = None
    description: str = ""


@dataclass(frozen=True, slots=True)
class LinkInfo:
    """One row of `link_info`: state of one physical or PON port. Speed in Mbit/s; `nway_status` like `100-Full`, `Down`."""

    bind_key: str
    oper: LinkStatus = LinkStatus.UNKNOWN
    admin: AdminState = AdminState.UNKNOWN
    speed_mbps: int | None = None
    nway_status: str = ""
    last_change: datetime | None = None
    description: str = ""
    mtu: int | None = None
    mac: str | None = None


@dataclass(frozen=True, slots=True)
class Counters:
    """One row of `counters`: IF-MIB counters, 64-bit where the device has them, None where it has none."""

    bind_key: str
    in_octets: int | None = None
    out_octets: int | None = None
    in_unicast_pkts: int | None = None
    out_unicast_pkts: int | None = None
    in_multicast_pkts: int | None = None
    out_multicast_pkts: int | None = None
    in_broadcast_pkts: int | None = None
    out_broadcast_pkts: int | None = None
    in_errors: int | None = None
    out_errors: int | None = None
    in_discards: int | None = None
    out_discards: int | None = None


@dataclass(frozen=True, slots=True)
class FdbEntry:
    """One learned address. `mac` is 12 upper-case hex digits; `vlan_id` is None when the device does not tell it."""

    mac: str
    vlan_id: int | None = None
    bind_key: str | None = None
    if_index: int | None = None
    status: str = "LEARNED"
    uni: int | None = None


@dataclass(frozen=True, slots=True)
class Vlan:
    """One VLAN of a device with its member ports (bind keys)."""

    id: int
    name: str = ""
    tagged: tuple[str, ...] = ()
    untagged: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Neighbour:
    """One LLDP neighbour (IEEE 802.1AB): what is heard on a local port."""

    bind_key: str | None
    if_index: int | None
    chassis_id: str
    port_id: str
    port_description: str = ""
    system_name: str = ""


@dataclass(frozen=True, slots=True)
class ArpEntry:
    """One row of a router's ARP table. `mac` is 12 upper-case hex digits; the interface is the router's own."""

    ip: str
    mac: str
    if_index: int | None = None
    bind_key: str | None = None
    static: bool = False
