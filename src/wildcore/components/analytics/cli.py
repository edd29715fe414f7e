"""Console commands of analytics."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from wildcore.kit.command import Command
from wildcore.kit.console import Output, OutputOption, console
from wildcore.model.ident import mac_text
from wildcore.services import duplicate_macs, duplicates
from wildcore.services.interface_search import InterfaceView
from wildcore.services.times import time_text

_HEADS = {
    "ident": "ONU",
    "state": "State",
    "device": "Device",
    "interface": "Interface",
    "status": "Status",
    "last_online": "Last online",
    "interface_id": "ID",
}
_MAC_HEADS = {
    "mac": "MAC",
    "device": "Device",
    "interface": "Interface",
    "vlans": "VLAN",
    "first_seen": "First seen",
    "last_seen": "Last seen",
    "interface_id": "ID",
}


def duplicated_ont_idents(
    output: OutputOption = Output.TABLE,
    limit: Annotated[int | None, typer.Option("--limit", min=1, help="Idents at most")] = None,
) -> None:
    """List ONU idents that stand at several places: the current place first, then the stale ones."""
    out = console()
    with out.runtime.db.read() as session:
        found = duplicates.report(session, out.runtime, out.actor, limit=limit)
    rows: list[dict[str, Any]] = []
    for one in found.rows:
        for place in one.places:
            current = place is one.current
            why = one.why if current else duplicates.state_of(place)
            state = f"current, {why.value}" if current else f"stale, {why.value}"
            rows.append(
                {
                    "ident": one.ident,
                    "state": state.replace("_", " "),
                    "current": current,
                    "device": _device(place),
                    "device_id": place.device_id,
                    "interface": place.name,
                    "interface_id": place.id,
                    "status": place.status,
                    "last_online": time_text(place.last_online_at),
                    "gone": time_text(place.gone_at),
                }
            )
    out.show(rows, _HEADS, output, empty="Every ONU stands at one place")


def duplicated_mac_addresses(
    output: OutputOption = Output.TABLE,
    limit: Annotated[int | None, typer.Option("--limit", min=1, help="Addresses at most")] = None,
) -> None:
    """List MAC addresses that stand at several ports at once; uplinks do not count."""
    out = console()
    with out.runtime.db.read() as session:
        found = duplicate_macs.report(session, out.runtime, out.actor, limit=limit)
    rows = [
        {
            "mac": mac_text(one.mac),
            "device": _device(place.interface),
            "device_id": place.interface.device_id,
            "interface": place.interface.name,
            "interface_id": place.interface.id,
            "vlans": ", ".join(map(str, place.vlans)),
            "first_seen": time_text(place.first_seen_at),
            "last_seen": time_text(place.last_seen_at),
        }
        for one in found.rows
        for place in one.places
    ]
    out.show(rows, _MAC_HEADS, output, empty="Every MAC address stands at one port")


def _device(place: InterfaceView) -> str:
    return f"{place.device.name} ({place.device.ip})" if place.device.name else place.device.ip


COMMANDS = (
    Command("analytics:duplicated-ont-idents", duplicated_ont_idents),
    Command("analytics:duplicated-mac-addresses", duplicated_mac_addresses),
)
