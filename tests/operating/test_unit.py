"""The systemd unit and what stands beside it: read as systemd reads it, and held against the document that installs it."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from collections import defaultdict
from pathlib import Path

import pytest

from tests.docs.recipes import ROOT, blocks
from tests.docs.reference import environment

UNIT = ROOT / "deploy" / "wildcore.service"
ENVIRONMENT = ROOT / "deploy" / "wildcore.env"
INSTALL = next(one.body for one in blocks((ROOT / "docs/operating.md").read_text(encoding="utf-8")) if one.heading == "systemd")


def parsed() -> dict[str, dict[str, list[str]]]:
    """Section -> name -> values, as systemd.syntax(7) says."""
    found: dict[str, dict[str, list[str]]] = defaultdict(lambda: defaultdict(list))
    section = ""
    for line in UNIT.read_text(encoding="utf-8").splitlines():
        if line.startswith("["):
            section = line.strip("[]")
        elif line and not line.startswith(("#", ";")):
            name, sign, value = line.partition("=")
            assert sign, line
            found[section][name].append(value)
    return found


def test_the_service_runs_as_its_own_user_and_may_only_ping() -> None:
    service = parsed()["Service"]
    assert service["User"] == ["wildcore"]
    assert service["AmbientCapabilities"] == service["CapabilityBoundingSet"] == ["CAP_NET_RAW"]
    assert service["NoNewPrivileges"] == ["yes"]
    assert service["ProtectSystem"] == ["strict"]
    assert service["Restart"] == ["on-failure"]
    assert service["EnvironmentFile"] == ["-/etc/wildcore/wildcore.env"]
    assert service["UMask"] == ["0077"]
    assert {"AF_UNIX", "AF_INET", "AF_INET6"} <= set(service["RestrictAddressFamilies"][0].split())


def test_the_documented_installation_makes_what_the_unit_needs() -> None:
    service = parsed()["Service"]
    for path in (service["ExecStart"][0].partition("/.venv")[0], service["EnvironmentFile"][0].lstrip("-")):
        assert path in INSTALL
    assert f"useradd --system --home-dir {service['WorkingDirectory'][0]}" in INSTALL
    for name in re.findall(r"/opt/wildcore/(deploy/\S+)", INSTALL):
        assert (ROOT / name).is_file(), name
    assert service["Environment"] == ["WILDCORE_DATA=/var/lib/wildcore"]
    console = (ROOT / "deploy/wca").read_text(encoding="utf-8")
    assert service["ExecStart"][0].removesuffix(" run") in console
    assert "WILDCORE_DATA=/var/lib/wildcore" in console


def test_the_environment_file_names_only_what_is_read() -> None:
    named = set(re.findall(r"^#?([A-Z_]+)=", ENVIRONMENT.read_text(encoding="utf-8"), re.MULTILINE))
    assert named - {"TZ"} <= environment()


def test_systemd_finds_nothing_wrong(tmp_path: Path) -> None:
    analyze = shutil.which("systemd-analyze")
    if analyze is None:
        pytest.skip("no systemd-analyze: apt-get install systemd")
    # The program is not installed where the unit expects it, so here the one of the tests stands in its place.
    installed = str(Path(sys.executable).parent / "wca")
    unit = tmp_path / UNIT.name
    text = UNIT.read_text(encoding="utf-8").replace("/opt/wildcore/.venv/bin/wca", installed)
    unit.write_text(text, encoding="utf-8")
    done = subprocess.run([analyze, "verify", str(unit)], capture_output=True, text=True, check=False, timeout=60)
    complaints = [line for line in done.stderr.splitlines() if UNIT.name in line]
    assert complaints == []


def test_the_console_script_is_a_clean_shell_script() -> None:
    done = subprocess.run(["sh", "-n", str(ROOT / "deploy/wca")], capture_output=True, text=True, check=False, timeout=30)
    assert (done.returncode, done.stderr) == (0, "")
