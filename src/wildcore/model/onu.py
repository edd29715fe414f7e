"""ONUs: what an OLT tells of its subscribers' units. Every row is keyed by the bind key of the ONU's interface."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from wildcore.model.ident import IdentType
from wildcore.model.interface import AdminState, LinkStatus


class OnuState(StrEnum):
    """State of an ONU in the words that clients compare with."""

    ONLINE = "Online"
    OFFLINE = "Offline"
    LOS = "LOS"
    POWER_OFF = "PowerOff"
    UNKNOWN = "Unknown"

    @property
    def metric(self) -> int | None:
        """Number in the metric store: Online 1, Offline 0, PowerOff -1, LOS -2."""
        return {"Online": 1, "Offline": 0, "PowerOff": -1, "LOS": -2}.get(self.value)


@dataclass(frozen=True, slots=True)
class OnuStatus:
    """One row of `pon_onts_status`. `bind_raw` is the vendor's own word for the state (`working`, `DyingGasp`, `42` ...)."""

    bind_key: str
    state: OnuState = OnuState.UNKNOWN
    admin: AdminState = AdminState.UNKNOWN
    bind_raw: str = ""


@dataclass(frozen=True, slots=True)
class OnuIdent:
    """One row of `pon_onts_serial` / `pon_onts_mac_addr`; `ident` is the canonical key (see `model.ident`)."""

    bind_key: str
    ident: str
    type: IdentType


@dataclass(frozen=True, slots=True)
class OnuOptical:
    """One row of `pon_onts_optical`: dBm, °C, V, metres; None where unknown or impossible.

    `rx_dbm`/`tx_dbm` are measured by the ONU, `olt_rx_dbm` by the OLT for this ONU.
    """

    bind_key: str
    rx_dbm: float | None = None
    tx_dbm: float | None = None
    olt_rx_dbm: float | None = None
    olt_tx_dbm: float | None = None
    temperature_c: float | None = None
    voltage_v: float | None = None
    distance_m: int | None = None


@dataclass(frozen=True, slots=True)
class OnuDescription:
    """One row of `pon_onts_descr`: the description kept on the OLT."""

    bind_key: str
    description: str


@dataclass(frozen=True, slots=True)
class OnuReasons:
    """One row of `pon_onts_reasons`: when and why the ONU came and went, in the OLT's clock."""

    bind_key: str
    last_down_reason: str = ""
    last_reg: datetime | None = None
    last_dereg: datetime | None = None
    online_sec: int | None = None


@dataclass(frozen=True, slots=True)
class OnuVendor:
    """One row of `pon_onts_vendor`."""

    bind_key: str
    vendor: str = ""
    model: str = ""
    equipment_id: str = ""
    hw_version: str = ""
    sw_version: str = ""
    omcc_version: str = ""


@dataclass(frozen=True, slots=True)
class OnuUni:
    """One row of `pon_onts_uni_ports`: one subscriber-side port of an ONU. Speed like `1000-Full`."""

    bind_key: str
    num: int
    oper: LinkStatus = LinkStatus.UNKNOWN
    admin: AdminState = AdminState.UNKNOWN
    speed: str = ""
    mode: str = ""
    pvid: int | None = None
    trunk_vlans: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class PonPort:
    """One row of `pon_ports_optical`/`pon_ports_list`: ONU counts and the values of the port's optical module."""

    bind_key: str
    onus_total: int | None = None
    onus_online: int | None = None
    max_onus: int | None = None
    tx_dbm: float | None = None
    temperature_c: float | None = None
    voltage_v: float | None = None
    bias_ma: float | None = None
