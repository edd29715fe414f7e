"""Every recipe of CONTRIBUTING.md is carried out, in order, in a copy of the source tree, and must do what it says."""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import dataclass
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


@dataclass(frozen=True, slots=True)
class Typed:
    """What a command line of `wca` did."""

    code: int
    out: str
    complaint: str

    @property
    def json(self) -> Any:
        """The JSON that it printed."""
        assert self.code == 0, self.complaint
        return json.loads(self.out)


@dataclass(frozen=True, slots=True)
class Found:
    """What the web shell answered (name of the question -> [status, body], see probe.py), and what the commands did."""

    web: dict[str, Any]
    vendor: Typed
    listed: tuple[Typed, Typed, Typed]
    refused: Typed
    outages: Typed


@pytest.fixture(scope="module")
def found(tree: Tree, tmp_path_factory: pytest.TempPathFactory) -> Found:
    """The recipes' own commands, typed in one process, after the web shell was asked."""
    data = str(tmp_path_factory.mktemp("data"))
    (vendor,) = commands("Add a vendor")
    listing, off, on = commands("Add a component")
    (outages,) = commands("Add a console command")
    lines = [
        vendor,
        [*listing, "-o", "json"],
        outages,
        off,
        listing,
        [*listing, "-o", "json"],
        outages,
        on,
        [*listing, "-o", "json"],
    ]
    done = tree.python(str(PROBE), data, json.dumps(lines), WILDCORE_DATA=data)
    assert done.returncode == 0, done.stdout + done.stderr
    printed = json.loads(done.stdout)
    typed = [Typed(*one) for one in printed["wca"]]
    assert "outages" in typed[4].out, "the table has the component too"
    return Found(printed["web"], typed[0], (typed[1], typed[5], typed[8]), typed[6], typed[2])


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


def test_the_vendor_is_detected_and_yields_onus_over_udp(found: Found) -> None:
    shown = found.vendor.json
    assert (shown["family"], shown["model"]["key"], shown["model"]["vendor"]) == ("example_epon", "example_olt4", "Example")
    onus = {onu["name"]: onu for onu in shown["onus"]}
    assert set(onus) == {"epon0/1:1", "epon0/1:2"}
    first, second = onus["epon0/1:1"], onus["epon0/1:2"]
    assert (first["ident"], first["state"], first["rx_dbm"], first["distance_m"]) == ("00:00:5E:00:53:01", "Online", -21.4, 1250)
    assert (second["state"], second["rx_dbm"], second["distance_m"]) == ("LOS", None, None)
    assert {"pon_onts_status", "pon_onts_mac_addr", "pon_onts_optical"} <= set(shown["modules"])
    assert "pon_onts_reasons" not in shown["modules"], "a capability that the family lacks does not exist"


def test_the_component_is_listed_and_switched(found: Found) -> None:
    enabled = [next(row for row in listed.json if row["key"] == "outages")["enabled"] for listed in found.listed]
    assert enabled == [True, False, True]


def test_the_endpoint_answers_in_the_envelope(found: Found) -> None:
    status, body = found.web["api"]
    assert status == 200
    assert body["statusCode"] == 200
    assert "error" not in body
    assert body["meta"]["total"] == 1, "the device of a foreign group is not seen"
    assert [(one["ip"], one["since"]) for one in body["data"]] == [("127.0.0.2", found.web["since"])]


def test_the_endpoint_enforces_its_permission(found: Found) -> None:
    status, body = found.web["api_without_permission"]
    assert (status, body["statusCode"], body["error"]["type"]) == (403, 403, "INSUFFICIENT_PRIVILEGES")
    status, body = found.web["api_without_key"]
    assert (status, body["error"]["type"]) == (401, "UNAUTHENTICATED")


def test_the_page_renders_and_enforces_its_permission(found: Found) -> None:
    status, html = found.web["page"]
    assert status == 200
    assert "<td>127.0.0.2</td>" in html
    assert "127.0.0.3" not in html
    assert 'href="/outages"' in html, "the menu has the page"
    status, html = found.web["page_without_permission"]
    assert status == 403
    assert "127.0.0.2" not in html


def test_what_is_switched_off_is_gone(found: Found) -> None:
    assert found.web["api_while_off"][0] == 404
    assert found.web["page_while_off"][0] == 404
    assert found.refused == Typed(1, "", "Switch the component on first: wca component:control outages enable\n")


def test_the_command_runs(found: Found) -> None:
    rows = found.outages.json
    assert [row["ip"] for row in rows] == ["127.0.0.3", "127.0.0.2"], "the console sees every device, longest first"
