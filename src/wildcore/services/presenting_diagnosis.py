"""JSON of a diagnosis, exactly as billing systems read it: every known key is there, null where nothing is known."""

from __future__ import annotations

from typing import Any

from wildcore.model.interface import Counters, LinkInfo
from wildcore.model.onu import OnuOptical, OnuReasons, OnuVendor
from wildcore.services.diagnosis import Diagnosis
from wildcore.services.presenting import ident_json, interface_json
from wildcore.services.presenting_modules import (
    InterfaceRef,
    Names,
    counters_json,
    errors_json,
    interface_ref_json,
    port_vlans_json,
    row_json,
    rows_json,
)
from wildcore.services.presenting_onus import optical_json, reasons_json, status_json, uni_json, vendor_json


def diagnosis_json(found: Diagnosis) -> dict[str, Any]:
    """`{iface, device_status, diagnostic: {data, meta}}`."""
    system = found.system
    data = onu_data(found) if found.is_onu else port_data(found)
    return {
        "iface": interface_json(found.interface),
        "device_status": {
            "data": system.data if system is not None else None,
            "error": system.meta.error if system is not None else None,
        },
        "diagnostic": {"data": data, "meta": {name: result.meta.json() for name, result in found.results.items()}},
    }


def onu_data(found: Diagnosis) -> dict[str, Any]:
    """`diagnostic.data` of an ONU."""
    view, key = found.interface, found.interface.bind_key
    status = found.row("pon_onts_status")
    description = found.row("pon_onts_descr")
    return {
        "interface": interface_ref_json(_ref(found)),
        "name": view.name,
        "status": status_json(status) if status else {"online": view.status, "status": view.status, "bind": None, "admin": None},
        "ident": ident_json(view.ident, view.ident_type) or {"value": None, "type": None},
        "optical": optical_json(found.row("pon_onts_optical") or OnuOptical(key)),
        "vendor": vendor_json(found.row("pon_onts_vendor") or OnuVendor(key)),
        "reasons": reasons_json(found.row("pon_onts_reasons") or OnuReasons(key), found.at),
        "uni": [uni_json(row) for row in found.rows("pon_onts_uni")],
        "fdb": _fdb(found),
        "counters": counters_json(found.row("pon_onts_counters") or found.row("counters") or Counters(key)),
        "description": description.description if description else view.description,
    }


def port_data(found: Diagnosis) -> dict[str, Any]:
    """`diagnostic.data` of a switch port or an OLT's own port."""
    view, names = found.interface, _names(found)
    links = rows_json(found.rows("link_info"), names)
    if not links:
        links = [row_json(LinkInfo(view.bind_key), names) | {"oper_status": view.status}]
    counters = found.row("counters") or Counters(view.bind_key)
    vlans = found.results.get("vlans")
    return {
        "interface": interface_ref_json(_ref(found)),
        "name": view.name,
        "link_info": links,
        "errors": errors_json(counters),
        "counters": counters_json(counters),
        "fdb": _fdb(found),
        "vlans": port_vlans_json(vlans.rows, view.bind_key) if vlans is not None else [],
        "cable_diag": {"pairs": []},
        "pon_port": _pon_port(found, names),
        "description": links[0]["description"] or view.description,
    }


def _pon_port(found: Diagnosis, names: Names) -> dict[str, Any] | None:
    rows = [*found.rows("pon_ports_list"), *found.rows("pon_ports_optical")]
    merged: dict[str, Any] = {}
    for row in rows_json(rows, names):
        merged.update({name: value for name, value in row.items() if value is not None or name not in merged})
    return merged or None


def _fdb(found: Diagnosis) -> list[dict[str, Any]]:
    view = found.interface
    result = found.results.get("fdb")
    here = [
        row
        for row in (result.rows if result is not None else [])
        if row.bind_key == view.bind_key or (row.bind_key is None and row.if_index is not None and row.if_index == view.if_index)
    ]
    rows = rows_json(here, _names(found))
    return [{name: value for name, value in row.items() if name != "interface"} for row in rows]


def _ref(found: Diagnosis) -> InterfaceRef:
    view = found.interface
    return InterfaceRef(view.id, view.bind_key, view.name, view.type, view.parent_bind_key, view.port_num)


def _names(found: Diagnosis) -> Names:
    ref, index = _ref(found), found.interface.if_index
    return Names({ref.bind_key: ref}, {index: ref} if index is not None else {}, found.at)
