"""Devices: what is known of one from storage, and what it says of itself."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum


class DeviceType(StrEnum):
    """What kind of device it is; decides pages and capabilities."""

    OLT = "OLT"
    SWITCH = "SWITCH"
    ROUTER = "ROUTER"
    ROUTEROS = "ROUTEROS"
    ICMP = "ICMP"


@dataclass(frozen=True, slots=True)
class System:
    """Answer of `system` (SNMPv2-MIB system group plus the vendor's identity objects). `uptime_sec` wraps after 497 days."""

    descr: str = ""
    object_id: str = ""
    uptime_sec: int | None = None
    contact: str = ""
    name: str = ""
    location: str = ""
    mac: str | None = None
    serial: str = ""
    hw_version: str = ""
    sw_version: str = ""


@dataclass(frozen=True, slots=True)
class Resources:
    """Answer of `sys_resources`: percent and °C, None where the device does not tell."""

    cpu_pct: float | None = None
    memory_pct: float | None = None
    temperature_c: float | None = None


@dataclass(frozen=True, slots=True)
class ModelInfo:
    """One device model of the catalogue: `key` is stable (`zte_c320`), `family` names the driver."""

    key: str
    name: str
    vendor: str
    model: str
    type: DeviceType
    family: str
    pollers: dict[str, int] = field(default_factory=dict)
