"""Columns of the exports. The API's have names that stay the same, the pages' are in the person's language."""

from __future__ import annotations

from typing import Any

from wildcore.i18n import gettext
from wildcore.kit.listing import Columns

Row = dict[str, Any]


def _claims(name: str) -> Any:
    return lambda row: "; ".join(str(one[name]) for one in row["claims"] if one[name] is not None)


def _first(row: Row, name: str) -> Any:
    place = row["places"][0] if row["places"] else None
    return place[name] if place else None


def _device(row: Row, name: str) -> Any:
    device = _first(row, "device")
    return device[name] if device else None


SUBSCRIBER_COLUMNS: Columns = {
    "id": lambda row: row["id"],
    "source": lambda row: row["source"],
    "uid": lambda row: row["uid"],
    "agreement": lambda row: row["agreement"],
    "login": lambda row: row["login"],
    "address": lambda row: row["address"]["full"],
    "link": lambda row: row["link"],
    "matched": lambda row: row["matched"],
    "interface_id": lambda row: _first(row, "interface_id"),
    "interface": lambda row: _first(row, "name"),
    "device_ip": lambda row: _device(row, "ip"),
    "device_name": lambda row: _device(row, "name"),
    "status": lambda row: _first(row, "status"),
    "rx": lambda row: _first(row, "rx"),
    "olt_rx": lambda row: _first(row, "olt_rx"),
    "claimed_ident": _claims("ident"),
    "claimed_switch_ip": _claims("switch_ip"),
    "claimed_port": _claims("port"),
    "claimed_mac": _claims("mac_address"),
    "updated_at": lambda row: row["updated_at"],
}
_WHO: Columns = {
    "source": lambda row: row["subscriber"]["source"],
    "uid": lambda row: row["subscriber"]["uid"],
    "agreement": lambda row: row["subscriber"]["agreement"],
    "login": lambda row: row["subscriber"]["login"],
    "address": lambda row: row["subscriber"]["address"]["full"],
    "link": lambda row: row["subscriber"]["link"],
    "claimed_ident": lambda row: row["claim"]["ident"],
    "claimed_switch_ip": lambda row: row["claim"]["switch_ip"],
    "claimed_port": lambda row: row["claim"]["port"],
    "claimed_mac": lambda row: row["claim"]["mac_address"],
}
UNMATCHED_COLUMNS: Columns = {
    **_WHO,
    "reason": lambda row: row["reason"],
    "reason_text": lambda row: row["reason_text"],
    "fixes": lambda row: "; ".join(": ".join(p for p in (one["place"], one["text"]) if p) for one in row["fixes"]),
    "advice": lambda row: row["advice"],
}
SHARED_COLUMNS: Columns = {
    "interface_id": lambda row: row["interface"]["interface_id"],
    "interface": lambda row: row["interface"]["name"],
    "type": lambda row: row["interface"]["type"],
    "device_ip": lambda row: row["interface"]["device"]["ip"],
    "device_name": lambda row: row["interface"]["device"]["name"],
    "count": lambda row: row["count"],
    "agreements": lambda row: "; ".join(one["agreement"] or one["login"] or str(one["uid"]) for one in row["subscribers"]),
    "addresses": lambda row: "; ".join(one["address"]["full"] for one in row["subscribers"]),
}
ELSEWHERE_COLUMNS: Columns = {
    **_WHO,
    "differs": lambda row: row["differs"],
    "interface_id": lambda row: row["seen_at"]["interface_id"],
    "interface": lambda row: row["seen_at"]["name"],
    "device_ip": lambda row: row["seen_at"]["device"]["ip"],
    "device_name": lambda row: row["seen_at"]["device"]["name"],
    "status": lambda row: row["seen_at"]["status"],
}


def in_words(columns: Columns) -> Columns:
    """The same columns under titles in the person's language."""
    titles = {
        "id": gettext("Id"),
        "source": gettext("Billing"),
        "uid": gettext("UID"),
        "agreement": gettext("Contract"),
        "login": gettext("Login"),
        "address": gettext("Address"),
        "link": gettext("Card in billing"),
        "matched": gettext("Has a place"),
        "interface_id": gettext("Id of the interface"),
        "interface": gettext("Interface"),
        "type": gettext("Type"),
        "device_ip": gettext("IP of the device"),
        "device_name": gettext("Device"),
        "status": gettext("State"),
        "rx": gettext("RX, dBm"),
        "olt_rx": gettext("OLT RX, dBm"),
        "claimed_ident": gettext("ONU in billing"),
        "claimed_switch_ip": gettext("Switch in billing"),
        "claimed_port": gettext("Port in billing"),
        "claimed_mac": gettext("MAC in billing"),
        "updated_at": gettext("Changed"),
        "reason": gettext("Key of the reason"),
        "reason_text": gettext("Why"),
        "fixes": gettext("Likely fix"),
        "advice": gettext("What to do"),
        "count": gettext("Subscribers"),
        "agreements": gettext("Contracts"),
        "addresses": gettext("Addresses"),
        "differs": gettext("What differs"),
    }
    return {titles[name]: read for name, read in columns.items()}
