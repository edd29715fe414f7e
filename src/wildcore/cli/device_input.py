"""What commands on devices, accesses and models take: intervals, parameters, secrets that no process list shows."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Annotated, Any

import typer

from wildcore.errors import BadRequest

Pollers = Annotated[
    list[str] | None,
    typer.Option("--poller", help="NAME=SECONDS, NAME=off, or NAME= for the usual interval; again for more"),
]
Params = Annotated[str | None, typer.Option("--params", help="Additional parameters as JSON, or @FILE; {} for none")]


def secret(value: str | None, label: str) -> str | None:
    """A secret as given; `-` asks for it at a terminal without showing it, or reads a line from the standard input."""
    if value != "-":
        return value
    if sys.stdin.isatty():
        return str(typer.prompt(label, hide_input=True, default="", show_default=False))
    return sys.stdin.readline().rstrip("\r\n")


def json_object(text: str | None) -> dict[str, Any] | None:
    """Parameters that were given as JSON or as a file of it."""
    if text is None:
        return None
    if text.startswith("@"):
        try:
            text = Path(text[1:]).expanduser().read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError) as error:
            raise BadRequest(f"params: cannot read {text[1:]}: {getattr(error, 'strerror', None) or 'not UTF-8'}") from None
    try:
        parsed = json.loads(text)
    except (ValueError, RecursionError):
        raise BadRequest("params: not valid JSON", field="params") from None
    if not isinstance(parsed, dict):
        raise BadRequest("params: a JSON object is expected", field="params")
    return parsed


def intervals(before: Mapping[str, Any] | None, texts: Iterable[str] | None) -> dict[str, Any] | None:
    """The intervals as they were, changed by `NAME=SECONDS`, `NAME=off` (0) and `NAME=` (the usual one)."""
    if not texts:
        return None
    changed = dict(before or {})
    for text in texts:
        name, equals, value = text.partition("=")
        if not equals or not name:
            raise BadRequest(f"poller: write NAME=SECONDS, not {text}", field="poller")
        if value.strip() == "":
            changed.pop(name, None)
        else:
            changed[name] = "0" if value.strip().lower() == "off" else value.strip()
    return changed


def place(text: str | None) -> tuple[float | None, float | None]:
    """A latitude and a longitude."""
    if not text:
        return None, None
    try:
        latitude, longitude = (float(part) for part in text.split(","))
    except ValueError:
        raise BadRequest("coordinates: write LATITUDE,LONGITUDE in degrees", field="coordinates") from None
    return latitude, longitude
