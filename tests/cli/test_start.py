"""How quickly `wca` starts: what is loaded for a command, not how long it takes on the machine of the moment."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from alembic.script import ScriptDirectory

from wildcore.app.command_index import entries
from wildcore.app.commands import commands as app_commands
from wildcore.app.components import all_components
from wildcore.app.program import build_program
from wildcore.cli import core_commands
from wildcore.lab.commands import commands as lab_commands
from wildcore.store import migrate

HEAVY = frozenset(
    {"fastapi", "starlette", "uvicorn", "duckdb", "alembic", "httpx", "authlib", "jinja2", "snmp", "gufo", "pyotp", "scrapli"}
)


def loaded(tmp_path: Path, *arguments: str) -> set[str]:
    """The packages that a command loads, each run in a process of its own."""
    script = (
        "import sys; sys.argv[0] = 'wca'\n"
        "from wildcore.app.main import main\n"
        "try:\n    main()\nexcept SystemExit as ended:\n    assert not ended.code, ended.code\n"
        "sys.stderr.write(' '.join({name.partition('.')[0] for name in sys.modules}))\n"
    )
    environment = {**os.environ, "WILDCORE_DATA": str(tmp_path / "data"), "WILDCORE_DATABASE_URL": ""}
    done = subprocess.run([sys.executable, "-c", script, *arguments], capture_output=True, text=True, env=environment, check=True)
    assert done.stdout
    return set(done.stderr.split())


@pytest.mark.parametrize("arguments", [("--help",), ("--version",), ("-V",)])
def test_help_and_version_load_nothing_heavy(tmp_path: Path, arguments: tuple[str, ...]) -> None:
    assert loaded(tmp_path, *arguments) & (HEAVY | {"sqlalchemy", "pydantic", "yaml"}) == set()


def test_a_command_on_users_loads_neither_the_web_nor_devices(tmp_path: Path) -> None:
    loaded(tmp_path, "user:list")  # makes the database
    assert loaded(tmp_path, "user:list") & HEAVY == set()


def test_the_help_of_a_command_is_that_of_its_function() -> None:
    group = build_program()
    for name, entry in entries().items():
        command = group.commands[name]
        assert command.name == name
        assert (command.help or "").split() == entry.help.split()


def test_every_declared_command_is_in_the_index() -> None:
    declared = {one.name: one.function for one in (*app_commands, *core_commands(), *lab_commands)}
    for component in all_components():
        declared |= {one.name: one.function for one in component.commands}
    index = entries()
    assert set(index) == set(declared)
    assert {name: one.function for name, one in index.items()} == {name: one.__name__ for name, one in declared.items()}
    for component in all_components():
        assert {index[one.name].component for one in component.commands} <= {component.key}


def test_the_newest_migration_is_known_without_alembic() -> None:
    assert migrate.newest() == ScriptDirectory(str(migrate.MIGRATIONS)).get_current_head()
