"""Captures that this project makes itself, from the vendors' tables: OLTs of any size and switches, alive or as files."""

from __future__ import annotations

import time
from collections.abc import Mapping
from types import ModuleType

from wildcore.lab.captures import bdcom, switches, vsol, zte
from wildcore.lab.captures.device import Device, Spec
from wildcore.lab.captures.onu import EPON_KINDS, GPON_KINDS, Clock, Kind, SimOnu, Uni, make_onus
from wildcore.lab.captures.rows import Live, Row, Rows, frozen, mib, overlay, snmprec
from wildcore.lab.captures.switches import PortUse

FAMILIES: Mapping[str, tuple[ModuleType, tuple[Kind, ...]]] = {
    "bdcom_epon": (bdcom, EPON_KINDS),
    "zte_c3xx": (zte, GPON_KINDS),
    "vsol_v1600d": (vsol, EPON_KINDS),
}
"""OLT families by name: who writes their tables, and what ONUs they take."""

SWITCH_MODELS = tuple(switches.MODELS)


def olt(
    family: str,
    onus_per_pon: int = 16,
    pon_ports: int = 4,
    *,
    seed: int = 1,
    model: str = "",
    name: str = "",
    location: str = "",
    clock: Clock = time.time,
) -> Device:
    """An OLT of a family (`FAMILIES`) with so many ONUs on each of its PON ports; the same seed makes the same OLT.

    About 86 % of the ONUs are online; the rest is dark, without power or gone. Raises KeyError for an unknown family.
    """
    module, kinds = FAMILIES[family]
    onus = make_onus(kinds, pon_ports, onus_per_pon, seed=seed, clock=clock)
    spec = Spec(model, pon_ports, onus, name or f"olt-{seed}", location, seed, clock)
    return olt_of(family, spec, module)


def olt_of(family: str, spec: Spec, module: ModuleType | None = None) -> Device:
    """An OLT with exactly the ONUs of the specification."""
    made: Device = (module or FAMILIES[family][0]).build(spec)
    return made


def switch(model: str, *, seed: int = 1, name: str = "", location: str = "", clock: Clock = time.time) -> Device:
    """A switch of a model (`SWITCH_MODELS`) as it might hang in any house."""
    spec = Spec(model, 0, [], name or f"sw-{seed}", location, seed, clock)
    return switches.build(spec, switches.some_uses(switches.MODELS[model].access, seed))


__all__ = [
    "FAMILIES",
    "SWITCH_MODELS",
    "Device",
    "Kind",
    "Live",
    "PortUse",
    "Row",
    "Rows",
    "SimOnu",
    "Spec",
    "Uni",
    "frozen",
    "make_onus",
    "mib",
    "olt",
    "olt_of",
    "overlay",
    "snmprec",
    "switch",
]
