"""A console command of the core or of a component. Light: `wca` loads it for every command."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Command:
    """One console command: `name` like `device:list`, `function` a Typer command function.

    Write it down as `Command("device:list", device_list)`: names are read from the source too (`app.command_index`).
    """

    name: str
    function: Callable[..., Any]
