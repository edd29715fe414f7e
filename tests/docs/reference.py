"""What the documents may name, as the program has it: commands, settings, paths, permissions; and the table of settings.

`python -m tests.docs.reference` prints the table for docs/operating.md.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Mapping
from dataclasses import fields
from functools import cache
from pathlib import Path
from typing import Any

from wildcore.app.components import all_components
from wildcore.app.config import Config
from wildcore.app.program import build_program
from wildcore.services.core_settings import CORE_SECTIONS, CORE_SETTINGS
from wildcore.services.settings import Setting

ROOT = Path(__file__).resolve().parents[2]
# Programs that read environment variables of their own: the set-up and the tests.
READERS = ("scripts/bootstrap.py", "tests/conftest.py", ".ci/run")


def documents() -> dict[str, str]:
    """Every document of the project by its path."""
    paths = [*sorted(ROOT.glob("*.md")), *sorted((ROOT / "docs").rglob("*.md"))]
    return {str(path.relative_to(ROOT)): path.read_text(encoding="utf-8") for path in paths}


@cache
def commands() -> Mapping[str, Any]:
    """The commands of `wca`, by name (Click commands)."""
    return build_program().commands


def options(command: Any) -> set[str]:
    """Every option that a command takes."""
    return {name for parameter in command.params for name in (*parameter.opts, *parameter.secondary_opts)} | {"-h", "--help"}


@cache
def settings() -> dict[str, Setting]:
    """Every setting of the core and of the components."""
    return {one.key: one for one in (*CORE_SETTINGS, *(s for component in all_components() for s in component.settings))}


def environment() -> set[str]:
    """Every environment variable that something reads."""
    prefix = "WILDCORE_"
    own = {prefix + name.upper() for name in (one.name for one in fields(Config))}
    read = {name for path in READERS for name in re.findall(r"\bWILDCORE_[A-Z_]+\b", (ROOT / path).read_text(encoding="utf-8"))}
    return own | read | {prefix + key for key in settings()}


def api_paths() -> set[str]:
    """Every path of the API with its parameters as `{}`."""
    return {_plain(f"/api/v1{route.path}") for component in all_components() for route in component.api}


def page_paths() -> set[str]:
    """Every page with its parameters as `{}`."""
    return {_plain(page.path) for component in all_components() for page in component.pages}


def permissions() -> set[str]:
    """Every permission key."""
    return {one.key for component in all_components() for one in component.permissions}


def _plain(path: str) -> str:
    return re.sub(r"\{[^}]*\}", "{}", path)


def settings_table() -> str:
    """The core's settings by section, as docs/operating.md has them."""
    lines = ["| setting | default | meaning |", "| --- | --- | --- |"]
    for section in CORE_SECTIONS:
        lines += [_row(one) for one in CORE_SETTINGS if one.section == section]
    return "\n".join(lines)


def _row(one: Setting) -> str:
    meaning = str(one.label) + (f". {one.help}" if str(one.help) else "")
    if one.choices:
        meaning += f" ({', '.join(one.choices)})"
    return f"| `{one.key}` | {_shown(one.default)} | {meaning.replace('|', '/')} |"


def _shown(value: Any) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, list):
        return ", ".join(value) or "empty"
    return f"{value:g}" if isinstance(value, float) else str(value) or "empty"


if __name__ == "__main__":
    sys.stdout.write(settings_table() + "\n")
