"""JSON of what OLTs tell of one ONU, under the field names of the diagnosis."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from wildcore.model.onu import OnuOptical, OnuReasons, OnuStatus, OnuUni, OnuVendor
from wildcore.services.presenting import age_text
from wildcore.services.times import time_text


def status_json(row: OnuStatus) -> dict[str, Any]:
    """`online` is the state in the clients' words (Online, Offline, LOS, PowerOff), `bind` the vendor's own word."""
    return {"online": row.state.value, "status": row.state.value, "bind": row.bind_raw or None, "admin": row.admin.value}


def optical_json(row: OnuOptical) -> dict[str, Any]:
    """dBm, V, °C, m; null where unknown."""
    return {
        "rx": row.rx_dbm,
        "tx": row.tx_dbm,
        "olt_rx": row.olt_rx_dbm,
        "olt_tx": row.olt_tx_dbm,
        "voltage": row.voltage_v,
        "temp": row.temperature_c,
        "distance": row.distance_m,
    }


def vendor_json(row: OnuVendor) -> dict[str, Any]:
    """Who made the ONU and what runs on it."""
    return {
        "vendor": row.vendor or None,
        "model": row.model or row.equipment_id or None,
        "model_id": row.equipment_id or None,
        "omcc_version": row.omcc_version or None,
        "ver_software": row.sw_version or None,
        "ver_hardware": row.hw_version or None,
        "versions": [],
    }


def reasons_json(row: OnuReasons, now: int) -> dict[str, Any]:
    """When and why the ONU came and went. `*_since` are ages like `1 d, 6 h, 14 m, 47 s`."""
    reg, dereg = moment(row.last_reg), moment(row.last_dereg)
    if reg is None and row.online_sec is not None:
        reg = now - row.online_sec
    change = max((at for at in (reg, dereg) if at is not None), default=None)
    return {
        "last_down_reason": row.last_down_reason or None,
        "last_reg": time_text(reg),
        "last_reg_since": _since(reg, now),
        "last_dereg": time_text(dereg),
        "last_dereg_since": _since(dereg, now),
        "last_change": time_text(change),
        "last_change_since": _since(change, now),
        "history_table": [],
    }


def uni_json(row: OnuUni) -> dict[str, Any]:
    """One subscriber-side port of an ONU."""
    return {
        "num": row.num,
        "name": f"eth{row.num}",
        "status": row.oper.value,
        "admin_state": row.admin.value,
        "speed": row.speed or None,
        "mode": row.mode or None,
        "pvid": row.pvid,
        "trunk_vlans": list(row.trunk_vlans),
    }


def moment(at: datetime | None) -> int | None:
    """Unix seconds of a device's clock; a time without a zone is in the server's."""
    return None if at is None else int(at.timestamp())


def moment_text(at: datetime | None) -> str | None:
    """The time as clients read it."""
    return time_text(moment(at))


def _since(at: int | None, now: int) -> str | None:
    return None if at is None or at > now else age_text(now - at)
