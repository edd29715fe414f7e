"""The house rules that a machine can check: licence, layers, module lengths, locks, set-up."""

import ast
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from packaging.requirements import Requirement

ROOT = Path(__file__).resolve().parents[2]
MAX_LINES = 300
PROJECT: dict[str, Any] = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
CONTRACTS: list[str] = [contract["name"] for contract in PROJECT["tool"]["importlinter"]["contracts"]]

# One import for each contract that it must refuse: file below src/wildcore -> its text.
FORBIDDEN_IMPORTS = {
    "model/upwards.py": "import wildcore.services",
    "services/laboratory.py": "import wildcore.lab",
    "lab/featured.py": "import wildcore.components",
    "drivers/vendors/first_family.py": "import wildcore.drivers.vendors.second_family",
    "drivers/vendors/second_family.py": "",
    "components/first/__init__.py": "import wildcore.components.second",
    "components/second/__init__.py": "",
}


def lint_imports(config: Path, source: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [str(Path(sys.executable).parent / "lint-imports"), "--no-cache", "--config", str(config)],
        env={"PYTHONPATH": str(source), "PATH": ""},
        capture_output=True,
        text=True,
        check=False,
    )


def verdicts(output: str) -> dict[str, str]:
    """Contract name -> KEPT or BROKEN."""
    lines = (line.rpartition(" ") for line in output.splitlines())
    return {name: verdict for name, _, verdict in lines if name in CONTRACTS}


def test_imports_go_down_only() -> None:
    done = lint_imports(ROOT / "pyproject.toml", ROOT / "src")
    assert done.returncode == 0, done.stdout + done.stderr
    assert verdicts(done.stdout) == dict.fromkeys(CONTRACTS, "KEPT")


def test_every_import_contract_bites(tmp_path: Path) -> None:
    for package in (ROOT / "src/wildcore").rglob("__init__.py"):
        copy = tmp_path / "src" / package.parent.relative_to(ROOT / "src") / "__init__.py"
        copy.parent.mkdir(parents=True, exist_ok=True)
        copy.write_text("", encoding="utf-8")
    (tmp_path / "src/wildcore/errors.py").write_text("", encoding="utf-8")
    for name, text in FORBIDDEN_IMPORTS.items():
        path = tmp_path / "src/wildcore" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text + "\n", encoding="utf-8")
    shutil.copy(ROOT / "pyproject.toml", tmp_path)

    done = lint_imports(tmp_path / "pyproject.toml", tmp_path / "src")

    assert done.returncode == 1, done.stdout + done.stderr
    assert verdicts(done.stdout) == dict.fromkeys(CONTRACTS, "BROKEN")


def test_modules_are_short_or_say_why_not() -> None:
    reasons: dict[str, str] = PROJECT["tool"]["wildcore"]["long-modules"]
    lengths = {
        str(path.relative_to(ROOT)): len(path.read_text(encoding="utf-8").splitlines())
        for folder in ("src", "tests", "bench", "scripts")
        for path in (ROOT / folder).rglob("*.py")
    }
    too_long = {name: lines for name, lines in lengths.items() if lines > MAX_LINES and name not in reasons}
    assert not too_long, "split these, or give a reason in pyproject.toml [tool.wildcore.long-modules]"
    assert not [name for name in reasons if lengths.get(name, 0) <= MAX_LINES], "no longer long, or gone"
    assert all(len(reason.split()) > 2 for reason in reasons.values())


def test_every_module_says_what_it_is_for() -> None:
    silent = [
        str(path.relative_to(ROOT))
        for path in (ROOT / "src").rglob("*.py")
        if not ast.get_docstring(ast.parse(path.read_text(encoding="utf-8")))
    ]
    assert not silent


def test_licence_is_apache_2() -> None:
    text = (ROOT / "LICENSE").read_text(encoding="utf-8")
    assert "Apache License" in text
    assert "Version 2.0, January 2004" in text
    assert PROJECT["project"]["license"] == "Apache-2.0"


def test_python_lock_comes_from_the_public_index_with_hashes() -> None:
    lock = tomllib.loads((ROOT / "uv.lock").read_text(encoding="utf-8"))
    packages = [package for package in lock["package"] if package["source"] != {"editable": "."}]
    assert len(packages) == len(lock["package"]) - 1
    registries = {package["source"]["registry"] for package in packages}
    assert len(registries) == 1
    for package in packages:
        for file in [*package.get("wheels", []), *([package["sdist"]] if "sdist" in package else [])]:
            address = urlsplit(file["url"])
            assert (address.scheme, address.port, address.username) == ("https", None, None)
            assert file["hash"].startswith("sha256:")
    assert lock["requires-python"].replace(" ", "") == PROJECT["project"]["requires-python"]


def test_python_lock_is_of_these_dependencies() -> None:
    lock = tomllib.loads((ROOT / "uv.lock").read_text(encoding="utf-8"))
    (locked,) = [package["metadata"] for package in lock["package"] if package["source"] == {"editable": "."}]
    for asked, found in (
        (PROJECT["project"]["dependencies"], locked["requires-dist"]),
        (PROJECT["dependency-groups"]["dev"], locked["requires-dev"]["dev"]),
    ):
        wanted = {(name.name, str(name.specifier)) for name in map(Requirement, asked)}
        assert wanted == {(entry["name"], entry.get("specifier", "")) for entry in found}, "run uv lock"


def test_python_lock_pins_what_builds_the_assets() -> None:
    pins = PROJECT["tool"]["uv"]["build-constraint-dependencies"]
    assert {pin.partition("==")[0] for pin in pins} == {
        requirement.partition(">=")[0] for requirement in PROJECT["build-system"]["requires"]
    }


@pytest.mark.parametrize("pattern", ["*.min.js", "*.min.css", "*.mo"])
def test_no_built_file_is_committed(pattern: str) -> None:
    if not (ROOT / ".git").exists():
        pytest.skip("not a git checkout")
    tracked = subprocess.run(
        ["git", "ls-files", "--", pattern], cwd=ROOT, capture_output=True, text=True, check=True
    ).stdout.splitlines()
    assert not tracked
