"""OLT chassis: what stands in the slots."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Card:
    """One row of `cards`: a line, control or power card. `name` like `1/2`; `state` is the vendor's word."""

    name: str
    type: str = ""
    state: str = ""
    ports: int | None = None
    cpu_pct: float | None = None
    memory_pct: float | None = None
    temperature_c: float | None = None
    serial: str = ""
    hw_version: str = ""
    sw_version: str = ""
