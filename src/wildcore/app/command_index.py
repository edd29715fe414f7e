"""Which console commands there are and where, read from the source without running it: `wca --help` loads nothing of them.

Commands are declared as `Command("thing:action", function)` in the modules of `wildcore.cli`, in a component's `cli.py`, in
`app` and in the modules that extensions name. A test holds that nothing is declared elsewhere.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.metadata import entry_points
from importlib.util import find_spec
from pathlib import Path

import wildcore

ROOT = Path(wildcore.__file__).parent
EXTENSIONS = "wildcore.commands"


@dataclass(frozen=True, slots=True)
class Entry:
    """One command: its name, the function behind it, the help's first lines, and the component that it belongs to, if any."""

    name: str
    module: str
    function: str
    help: str
    component: str = ""


def entries() -> dict[str, Entry]:
    """All commands by name: those of one word first."""
    found = [entry for path, module, component in _modules() for entry in _declared(path, module, component)]
    return {one.name: one for one in sorted(found, key=lambda one: (":" in one.name, one.name))}


def _modules() -> Iterator[tuple[Path, str, str]]:
    for path in sorted((ROOT / "app").glob("*.py")):
        yield path, f"wildcore.app.{path.stem}", ""
    for path in sorted((ROOT / "cli").glob("*.py")):
        yield path, f"wildcore.cli.{path.stem}", ""
    for path in sorted((ROOT / "components").glob("*/cli.py")):
        yield path, f"wildcore.components.{path.parent.name}.cli", path.parent.name
    for extension in entry_points(group=EXTENSIONS):
        spec = find_spec(extension.module)
        if spec is not None and spec.origin is not None:
            yield Path(spec.origin), extension.module, ""


def _declared(path: Path, module: str, component: str) -> Iterator[Entry]:
    source = path.read_text(encoding="utf-8")
    if "Command(" not in source:
        return
    body = ast.parse(source).body
    functions = {one.name: one for one in body if isinstance(one, ast.FunctionDef)}
    for statement in body:
        if not isinstance(statement, ast.Assign | ast.AnnAssign) or statement.value is None:
            continue
        for call in ast.walk(statement.value):
            match call:
                case ast.Call(func=ast.Name(id="Command"), args=[ast.Constant(value=str(name)), ast.Name(id=function)]):
                    yield Entry(name, module, function, ast.get_docstring(functions[function]) or "", component)
                case _:
                    continue
