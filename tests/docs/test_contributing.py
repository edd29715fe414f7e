"""Every recipe of CONTRIBUTING.md is carried out, in order, in a copy of the source tree, and must do what it says."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.docs.recipes import ROOT, Tree, blocks

PROBE = Path(__file__).parent / "probe.py"
BLOCKS = blocks((ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8"))
RECIPES = ["Add a vendor", "Add a component", "Add an endpoint", "Add a page", "Add a console command"]


@pytest.fixture(scope="module")
def tree(tmp_path_factory: pytest.TempPathFactory) -> Tree:
    """The source tree with all recipes carried out."""
    made = Tree.copy(tmp_path_factory.mktemp("recipes"))
    for block in BLOCKS:
        if block.heading in RECIPES:
            made.carry_out(block)
    return made


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The data directory of the installation that the recipes are tried on."""
    return tmp_path_factory.mktemp("data")


@pytest.fixture(scope="module")
def answers(tree: Tree, data: Path) -> dict[str, Any]:
    """What the web shell answers about the component: see probe.py."""
    found: dict[str, Any] = output(tree.python(str(PROBE), str(data)))
    return found


def output(done: subprocess.CompletedProcess[str]) -> Any:
    """The JSON that a program printed."""
    assert done.returncode == 0, done.stdout + done.stderr
    return json.loads(done.stdout)


def commands(heading: str) -> list[list[str]]:
    """The `wca` lines of a recipe."""
    lines = [line for one in BLOCKS if one.heading == heading and one.language == "console" for line in one.body.splitlines()]
    return [line.split()[1:] for line in lines if line.startswith("wca ")]


def test_all_recipes_are_there() -> None:
    assert [name for name in RECIPES if any(one.heading == name and one.title for one in BLOCKS)] == RECIPES


def test_the_code_passes_the_checks_of_the_house(tree: Tree) -> None:
    python = [name for name in tree.written if name.endswith(".py")]
    tools = Path(sys.executable).parent
    for command in (["ruff", "check", *python], ["ruff", "format", "--check", *python], ["lint-imports", "--no-cache"]):
        env = {"PYTHONPATH": str(tree.root / "src"), "PATH": ""}
        done = subprocess.run(
            [str(tools / command[0]), *command[1:]], cwd=tree.root, env=env, capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stdout + done.stderr


def test_the_code_passes_mypy(tree: Tree) -> None:
    python = [name for name in tree.written if name.endswith(".py")]
    cache = ROOT / ".mypy_cache" / "recipes"
    done = tree.python("-m", "mypy", "--follow-imports=silent", f"--cache-dir={cache}", *python)
    assert done.returncode == 0, done.stdout + done.stderr


def test_the_vendor_is_detected_and_yields_onus_over_udp(tree: Tree) -> None:
    (command,) = commands("Add a vendor")
    shown = output(tree.wca(*command))
    assert (shown["family"], shown["model"]["key"], shown["model"]["vendor"]) == ("example_epon", "example_olt4", "Example")
    onus = {onu["name"]: onu for onu in shown["onus"]}
    assert set(onus) == {"epon0/1:1", "epon0/1:2"}
    first, second = onus["epon0/1:1"], onus["epon0/1:2"]
    assert (first["ident"], first["state"], first["rx_dbm"], first["distance_m"]) == ("00:00:5E:00:53:01", "Online", -21.4, 1250)
    assert (second["state"], second["rx_dbm"], second["distance_m"]) == ("LOS", None, None)
    assert {"pon_onts_status", "pon_onts_mac_addr", "pon_onts_optical"} <= set(shown["modules"])
    assert "pon_onts_reasons" not in shown["modules"], "a capability that the family lacks does not exist"


def test_the_component_is_listed_and_switched(tree: Tree, data: Path) -> None:
    listing, off, on = commands("Add a component")

    def enabled() -> bool:
        rows = output(tree.wca(*listing, "-o", "json", data=data))
        return bool(next(row for row in rows if row["key"] == "outages")["enabled"])

    assert enabled()
    assert tree.wca(*off, data=data).returncode == 0
    assert "outages" in tree.wca(*listing, data=data).stdout
    assert not enabled()
    (command,) = commands("Add a console command")
    refused = tree.wca(*command, data=data)
    assert (refused.returncode, refused.stdout) == (1, "")
    assert refused.stderr == "Switch the component on first: wca component:control outages enable\n"
    assert tree.wca(*on, data=data).returncode == 0  # whether it is on now is told by what the endpoint answers


def test_the_endpoint_answers_in_the_envelope(answers: dict[str, Any]) -> None:
    status, body = answers["api"]
    assert status == 200
    assert body["statusCode"] == 200
    assert "error" not in body
    assert body["meta"]["total"] == 1, "the device of a foreign group is not seen"
    assert [(one["ip"], one["since"]) for one in body["data"]] == [("127.0.0.2", answers["since"])]


def test_the_endpoint_enforces_its_permission(answers: dict[str, Any]) -> None:
    status, body = answers["api_without_permission"]
    assert (status, body["statusCode"], body["error"]["type"]) == (403, 403, "INSUFFICIENT_PRIVILEGES")
    status, body = answers["api_without_key"]
    assert (status, body["error"]["type"]) == (401, "UNAUTHENTICATED")


def test_the_page_renders_and_enforces_its_permission(answers: dict[str, Any]) -> None:
    status, html = answers["page"]
    assert status == 200
    assert "<td>127.0.0.2</td>" in html
    assert "127.0.0.3" not in html
    assert 'href="/outages"' in html, "the menu has the page"
    status, html = answers["page_without_permission"]
    assert status == 403
    assert "127.0.0.2" not in html


def test_what_is_switched_off_is_gone(answers: dict[str, Any]) -> None:
    assert answers["api_while_off"][0] == 404
    assert answers["page_while_off"][0] == 404


def test_the_command_runs(tree: Tree, answers: dict[str, Any], data: Path) -> None:
    (command,) = commands("Add a console command")
    assert answers["api"][0] == 200, "the devices are there"
    rows = output(tree.wca(*command, data=data))
    assert [row["ip"] for row in rows] == ["127.0.0.3", "127.0.0.2"], "the console sees every device, longest first"
