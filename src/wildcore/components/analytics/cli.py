"""Console commands of analytics."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from wildcore.kit import Command
from wildcore.kit.console import Output, OutputOption, console
from wildcore.services import duplicates
from wildcore.services.presenting import time_text

_HEADS = {
    "ident": "ONU",
    "state": "State",
    "device": "Device",
    "interface": "Interface",
    "status": "Status",
    "last_online": "Last online",
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
                    "device": f"{place.device.name} ({place.device.ip})" if place.device.name else place.device.ip,
                    "device_id": place.device_id,
                    "interface": place.name,
                    "interface_id": place.id,
                    "status": place.status,
                    "last_online": time_text(place.last_online_at),
                    "gone": time_text(place.gone_at),
                }
            )
    out.show(rows, _HEADS, output, empty="Every ONU stands at one place")


COMMANDS = (Command("analytics:duplicated-ont-idents", duplicated_ont_idents),)
