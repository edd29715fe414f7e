"""The set-up script: what it trusts, and the one line it says when it cannot go on."""

import hashlib
import http.server
import io
import json
import os
import shutil
import subprocess
import sys
import threading
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from scripts import bootstrap

ROOT = Path(__file__).resolve().parents[2]
WHEEL = "uv-0-py3-none-any.whl"


class Index(http.server.ThreadingHTTPServer):
    """A package index on 127.0.0.1 that serves `pages` (path -> body) and remembers Authorization headers."""

    def __init__(self) -> None:
        self.pages: dict[str, bytes] = {}
        self.authorizations: list[str | None] = []
        super().__init__(("127.0.0.1", 0), Handler)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}/simple"


class Handler(http.server.BaseHTTPRequestHandler):
    server: Index

    def do_GET(self) -> None:
        self.server.authorizations.append(self.headers["Authorization"])
        body = self.server.pages.get(self.path)
        self.send_response(404 if body is None else 200)
        self.send_header("Content-Length", str(len(body or b"")))
        self.end_headers()
        self.wfile.write(body or b"")

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 (the base class names it so)
        """Keep the tests' output quiet."""


@pytest.fixture
def index() -> Iterator[Index]:
    server = Index()
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield server
    server.shutdown()
    thread.join()
    server.server_close()


def run_in_fresh_checkout(folder: Path, index_url: str) -> subprocess.CompletedProcess[str]:
    for name in ("scripts/bootstrap.py", *bootstrap.STAMPED):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(ROOT / name, folder / name)
    env = {"PATH": os.environ["PATH"], "UV_DEFAULT_INDEX": index_url}
    return subprocess.run(
        [sys.executable, "-I", str(folder / "scripts/bootstrap.py")],
        env=env, capture_output=True, text=True, check=False,
    )  # fmt: skip


def uv_wheel(binary: bytes) -> bytes:
    blob = io.BytesIO()
    with zipfile.ZipFile(blob, "w") as wheel:
        wheel.writestr(f"uv-{bootstrap.UV_VERSION}.data/scripts/uv", binary)
    return blob.getvalue()


def test_no_network_is_one_line(tmp_path: Path) -> None:
    done = run_in_fresh_checkout(tmp_path, "http://127.0.0.1:1/simple")
    assert done.returncode == 1
    assert done.stderr.splitlines() == ["setup: cannot reach the package index 127.0.0.1: [Errno 111] Connection refused"]


def test_a_wheel_with_another_sha_is_not_used(tmp_path: Path, index: Index) -> None:
    files = [name for name, _ in bootstrap.UV_WHEELS.values()]
    index.pages["/simple/uv/"] = json.dumps(
        {"files": [{"filename": name, "url": f"../../files/{name}"} for name in files]}
    ).encode()
    index.pages.update({f"/files/{name}": uv_wheel(b"#!/bin/sh\n") for name in files})
    done = run_in_fresh_checkout(tmp_path, index.url)
    assert done.returncode == 1
    (line,) = done.stderr.splitlines()
    assert line.endswith(": not used")
    assert "has SHA-256" in line
    assert not (tmp_path / ".tools").exists()


def test_the_right_sha_gives_the_binary() -> None:
    wheel = uv_wheel(b"binary")
    assert bootstrap.unpack(wheel, WHEEL, hashlib.sha256(wheel).hexdigest()) == b"binary"


def test_index_without_the_pinned_version_is_named(index: Index) -> None:
    index.pages["/simple/uv/"] = b'{"files": []}'
    with pytest.raises(bootstrap.SetupError, match=r"the package index 127\.0\.0\.1 has no uv-0"):
        bootstrap.wheel_url(index.url, WHEEL)
    index.pages.clear()
    with pytest.raises(bootstrap.SetupError, match="answered 404"):
        bootstrap.wheel_url(index.url, WHEEL)


@pytest.mark.parametrize(
    "page",
    [
        json.dumps({"files": [{"filename": WHEEL, "url": f"/files/{WHEEL}"}]}),
        f'<a href="../../files/{WHEEL}#sha256=00">{WHEEL}</a>',
    ],
)
def test_json_and_html_indexes_are_read(index: Index, page: str) -> None:
    index.pages["/simple/uv/"] = page.encode()
    assert bootstrap.wheel_url(index.url, WHEEL) == index.url.replace("/simple", f"/files/{WHEEL}")


def test_login_of_an_index_goes_into_the_header_and_no_message(index: Index) -> None:
    address = index.url.replace("http://", "http://me:secret%21@")
    with pytest.raises(bootstrap.SetupError) as caught:
        bootstrap.wheel_url(address, WHEEL)
    assert "secret" not in str(caught.value)
    assert index.authorizations == ["Basic bWU6c2VjcmV0IQ=="]


def test_index_comes_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("UV_DEFAULT_INDEX", raising=False)
    monkeypatch.setenv("PIP_INDEX_URL", "https://pip.example/simple/")
    assert bootstrap.index_url() == "https://pip.example/simple"
    monkeypatch.setenv("UV_DEFAULT_INDEX", "https://uv.example/simple")
    assert bootstrap.index_url() == "https://uv.example/simple"


@pytest.mark.parametrize("machine", ["x86_64", "aarch64", "arm64"])
@pytest.mark.parametrize("libc", ["glibc", "musl"])
def test_wheels_are_pinned_for_linux(machine: str, libc: str) -> None:
    name, sha256 = bootstrap.pick_wheel(machine, libc)
    assert name.startswith(f"uv-{bootstrap.UV_VERSION}-py3-none-")
    assert len(bytes.fromhex(sha256)) == 32


def test_an_unknown_machine_is_told_what_to_do() -> None:
    with pytest.raises(bootstrap.SetupError, match=r"no pinned uv for linux riscv64 \(glibc\)"):
        bootstrap.pick_wheel("riscv64", "glibc")


def test_a_python_too_old_is_told_what_is_needed(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.delenv("WILDCORE_PYTHON", raising=False)
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(bootstrap.SetupError, match=r"^needs Python 3\.11, 3\.12 or 3\.13; .* no other"):
        bootstrap.find_python((3, 9))
    newer = tmp_path / "python3.12"
    newer.touch(mode=0o755)
    assert bootstrap.find_python((3, 9)) == str(newer)


def test_nothing_to_do_when_nothing_changed(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(bootstrap, "VENV", tmp_path)
    monkeypatch.setattr(bootstrap, "STAMP", tmp_path / "stamp")
    monkeypatch.setattr(bootstrap, "VENDOR_STAMP", tmp_path / "vendor")
    (tmp_path / "bin").mkdir()
    for name in ("bin/python", "vendor"):
        (tmp_path / name).touch()
    wanted = bootstrap.stamp()
    assert not bootstrap.is_current(wanted)
    (tmp_path / "stamp").write_text(wanted + "\n", encoding="utf-8")
    assert bootstrap.is_current(wanted)
    assert not bootstrap.is_current("0" * 64)
    (tmp_path / "vendor").unlink()
    assert not bootstrap.is_current(wanted)
