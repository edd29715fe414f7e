"""Any device that answers SNMP: IF-MIB, BRIDGE/Q-BRIDGE, LLDP, HOST-RESOURCES/ENTITY-SENSOR, nothing of its own.

The model is named after what sysDescr and sysObjectID tell (enterprise numbers: IANA).
"""

from __future__ import annotations

import re
from typing import ClassVar, Final

from wildcore.drivers.base import Match
from wildcore.drivers.device import Switch
from wildcore.model.device import DeviceType, System

ENTERPRISES: Final = {
    9: "Cisco", 11: "HP", 43: "3Com", 89: "Radlan", 171: "D-Link", 207: "Allied Telesis", 259: "Edge-Core", 637: "Nokia",
    674: "Dell", 890: "ZyXEL", 1916: "Extreme", 1991: "Brocade", 2011: "Huawei", 2636: "Juniper", 3320: "BDCOM",
    3902: "ZTE", 4413: "Ubiquiti", 4526: "Netgear", 5875: "FiberHome", 6027: "Dell", 6321: "Calix", 6486: "Alcatel",
    6527: "Nokia", 7800: "Ubiquoss", 8072: "Net-SNMP", 8886: "Raisecom", 11863: "TP-Link", 13464: "GCOM",
    14988: "MikroTik", 17409: "C-Data", 25506: "H3C", 30065: "Arista", 34592: "C-Data", 35265: "Eltex",
    37950: "V-Solution", 40418: "SNR", 41112: "Ubiquiti", 47196: "Aruba", 52642: "FS",
}  # fmt: skip

_NOISE: Final = re.compile(
    r"v?\d+[rvbp]\d|[rv]\d+[.\d]|\d+(st|nd|rd|th|g|gt|w|bit|port|-port)?\Z|[\d./]+\Z|[\d.]+-|port\d*\Z|layer|l[23]\Z|"
    r"ieee|ipv[46]|10/100|(19|20)\d\d\Z|\d+:\d+",
    re.IGNORECASE,
)
_KNOWN: Final = (
    re.compile(r"\bRouterOS (\S+)"),
    re.compile(r"\bHP (J\w+ \S+) Switch"),
    re.compile(r"\bjunos|juniper networks, inc\. (\S+)", re.IGNORECASE),
    re.compile(r"\bSeries: (\S+)"),
    re.compile(r"\brunning on an? .*? (\S+)\Z"),
    re.compile(r"\bC(?:isco )?IOS Software.*?, (?:C|Cat)(\S+) Software"),
    re.compile(r"\bExtremeXOS \((\S+)\)"),
    re.compile(r"\bSoftware \[?[^(]*\(([A-Z0-9]{3,})[-_]"),
    re.compile(r"\bROS_\.?([A-Z]+\d+[^.]*)"),
    re.compile(r"\bZXR10_(\w+)"),
    re.compile(r"\b(NFX\S+ \S+) NOKIA"),
)


class GenericSwitch(Switch):
    """The driver of last resort; its modules are what the standard MIBs offer."""

    family: ClassVar[str] = "generic_switch"
    vendor: ClassVar[str] = ""
    match: ClassVar[tuple[Match, ...]] = (Match(),)


def vendor_of(system: System) -> str:
    """The maker by enterprise number, "" when unknown."""
    parts = system.object_id.split(".")
    if len(parts) > 6 and parts[:6] == ["1", "3", "6", "1", "4", "1"] and parts[6].isdigit():
        return ENTERPRISES.get(int(parts[6]), "")
    return ""


def model_of(system: System) -> str:
    """The model's name as far as sysDescr tells it, else sysDescr's beginning, "" when there is neither."""
    for pattern in _KNOWN:
        found = pattern.search(system.descr)
        if found is not None and found.lastindex:
            return found[1].strip(",;()")
    words = [word.strip('",;:()') for word in system.descr.split()]
    for word in words:
        if len(word) > 2 and any(map(str.isdigit, word)) and any(map(str.isalpha, word)) and not _NOISE.match(word):
            return word.removeprefix(f"{vendor_of(system)}-")[:40]
    vendor = {part.casefold() for part in vendor_of(system).split()}
    return " ".join([word for word in words if word.casefold() not in vendor][:2])[:40]


def type_of(system: System) -> DeviceType:
    """Switch, but for RouterOS, which clients know as a type of its own."""
    return DeviceType.ROUTEROS if f"{system.object_id}.".startswith("1.3.6.1.4.1.14988.1.") else DeviceType.SWITCH
