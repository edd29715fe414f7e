"""What `wca run` says of an environment in which it cannot work: one line, exit code 1, nothing half-started."""

from __future__ import annotations

import os
import socket
import stat
import subprocess
from pathlib import Path

import pytest

from tests.system.product import WCA

pytestmark = pytest.mark.system


def wca(tmp_path: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    given = {**os.environ, "WILDCORE_DATA": str(tmp_path / "data"), "WILDCORE_LISTEN": "127.0.0.1:0", **environment}
    return subprocess.run([*WCA, "run"], env=given, capture_output=True, text=True, timeout=60, check=False)


@pytest.mark.parametrize(
    ("environment", "said"),
    [
        ({"WILDCORE_POLLER_COUNT_PROCS": "-5"}, "WILDCORE_POLLER_COUNT_PROCS: must be from 1 to 1000"),
        ({"WILDCORE_WEB_ZOOM_IFRAME": "abc"}, "WILDCORE_WEB_ZOOM_IFRAME: abc is not a valid number"),
        ({"WILDCORE_LISTEN": "8088"}, "'8088' is not an address to listen on"),
        ({"WILDCORE_DATA": "/proc/nowhere"}, "Cannot make the data directory /proc/nowhere"),
        ({"WILDCORE_DATABASE_URL": "foo"}, "WILDCORE_DATABASE_URL is not an address of a database"),
        ({"WILDCORE_DATABASE_URL": "nosuch://x/y"}, "WILDCORE_DATABASE_URL is not an address of a database"),
    ],
)
def test_a_bad_environment_is_refused_in_one_line(tmp_path: Path, environment: dict[str, str], said: str) -> None:
    ended = wca(tmp_path, **environment)
    assert (ended.returncode, ended.stdout) == (1, "")
    assert ended.stderr.startswith(said)
    assert len(ended.stderr.splitlines()) == 1


def test_a_taken_address_is_told_before_anything_is_written(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        ended = wca(tmp_path, WILDCORE_LISTEN=f"127.0.0.1:{taken.getsockname()[1]}")
    assert (ended.returncode, ended.stdout) == (1, "")
    assert "Address already in use" in ended.stderr
    assert not (tmp_path / "data").exists()


def test_what_lies_in_the_data_directory_is_for_its_owner_alone(tmp_path: Path) -> None:
    given = {**os.environ, "WILDCORE_DATA": str(tmp_path / "data")}
    listed = subprocess.run([*WCA, "device:list"], env=given, capture_output=True, text=True, timeout=60, check=False)
    assert listed.returncode == 0, listed.stderr
    files = [tmp_path / "data", *(tmp_path / "data").iterdir()]
    assert len(files) >= 3
    assert not [path for path in files if stat.S_IMODE(path.stat().st_mode) & 0o077 and not path.is_socket()]
