"""The tables of docs/hardware.md as drivers and recorded devices have them. `python -m tests.docs.hardware` prints one."""

from __future__ import annotations

import asyncio
import re
import sys
from pathlib import Path

from wildcore.drivers.base import Driver
from wildcore.drivers.capabilities import MODULES
from wildcore.drivers.registry import families
from wildcore.services.captures import show

ROOT = Path(__file__).resolve().parents[2]
CAPTURES = ROOT.parent / "shared" / "captures"
# Recorded devices by family; of the many switches, two that between them have every table.
RECORDED = {
    "vsol_v1600d": ("vsolution_v1600d",),
    "zte_c3xx": ("zxa10_c320",),
    "zte_c6xx": ("zxa10_c620_partial",),
    "generic_switch": ("dlink_dgs-3420-28tc", "snr"),
}
# Where `capture:show` keeps the rows of modules that it gives a place of their own.
PLACES = {
    "interfaces_list": "interfaces", "fdb": "fdb", "vlans": "vlans", "lldp_info": "neighbours", "system": "system",
}  # fmt: skip


def family_rows() -> list[list[str]]:
    """Family, vendor, type and models, as the first table of the page has them."""
    return [
        [
            f"`{family.family}`",
            family.vendor or "any",
            str(family.type),
            ", ".join(model.model for model in family.models) or "named after sysDescr",
        ]
        for family in families()
    ]


def has(family: type[Driver], method: str) -> bool:
    """Whether the family has the capability."""
    return hasattr(family, method)


def confirmed() -> dict[str, set[str]]:
    """Family -> modules of which a recorded device gave rows."""
    return {family: set().union(*(_answered(name) for name in names)) for family, names in RECORDED.items()}


def _answered(name: str) -> set[str]:
    shown = asyncio.run(show(CAPTURES / f"{name}.snmprec"))
    found = {module for module, rows in shown["modules"].items() if rows}
    found |= {module for module, place in PLACES.items() if shown[place]}
    if any(row["status"] in ("Up", "Down") for row in shown["interfaces"]):
        found.add("link_info")
    if any(value is not None for value in (shown["resources"] or {}).values()):
        found.add("sys_resources")
    return found


def module_table(seen: dict[str, set[str]]) -> str:
    """The second table: module by family."""
    all_families = families()
    lines = [
        "| module | " + " | ".join(f"`{family.family}`" for family in all_families) + " |",
        "| --- |" + " --- |" * len(all_families),
    ]
    for module in MODULES:
        cells = [
            ("capture" if module.name in seen.get(family.family, ()) else "tables") if has(family, module.method) else ""
            for family in all_families
        ]
        if any(cells):
            lines.append(f"| `{module.name}` | " + " | ".join(cells) + " |")
    return "\n".join(line.replace("|  |", "| |").replace("|  |", "| |") for line in lines)


def page_modules(page: str) -> str:
    """The module table as the page has it."""
    found = re.search(r"<!-- modules -->\n(.*?)\n?<!-- /modules -->", page, re.DOTALL)
    return found[1].strip() if found else ""


def page_families(page: str) -> list[list[str]]:
    """The rows of the families' table as the page has them."""
    section = page.partition("## Families")[2].partition("\n## ")[0]
    rows = [line for line in section.splitlines() if line.startswith("| `")]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in rows]


if __name__ == "__main__":
    sys.stdout.write(module_table(confirmed()) + "\n")
