"""The demo as people start it: a process, its lines, its pages, its end."""

from __future__ import annotations

import json
import os
import re
import shlex
import shutil
import signal
import socket
import sqlite3
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO

import httpx
import pytest

from wildcore.lab.district import HOUSE_PORT, SHOWCASE_SERIAL, district

pytestmark = [pytest.mark.system, pytest.mark.timeout(240)]

READY_SEC = 60
WCA = [sys.executable, "-c", "from wildcore.app.main import main; main()"]


@dataclass
class Demo:
    """A running demo and all that it has printed so far."""

    process: subprocess.Popen[str]
    lines: list[str] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)
    changed: threading.Condition = field(default_factory=threading.Condition)
    readers: list[threading.Thread] = field(default_factory=list)

    def read(self) -> None:
        for stream, lines in ((self.process.stdout, self.lines), (self.process.stderr, self.errors)):
            assert stream is not None
            self.readers.append(threading.Thread(target=self._pump, args=(stream, lines), daemon=True))
            self.readers[-1].start()

    def _pump(self, stream: IO[str], lines: list[str]) -> None:
        with stream:
            for line in stream:
                with self.changed:
                    lines.append(line.rstrip("\n"))
                    self.changed.notify_all()

    def wait_for(self, beginning: str, seconds: float = READY_SEC) -> str:
        """The first line that begins so; fails with everything printed so far."""
        until = time.monotonic() + seconds
        with self.changed:
            while True:
                found = next((line for line in self.lines if line.startswith(beginning)), None)
                if found is not None:
                    return found.removeprefix(beginning)
                left = until - time.monotonic()
                if left <= 0 or self.process.poll() is not None:
                    pytest.fail(f"no line {beginning!r}\n" + "\n".join([*self.lines, "--", *self.errors]))
                self.changed.wait(min(left, 0.5))

    @property
    def curls(self) -> list[str]:
        return [line.strip() for line in self.lines if line.strip().startswith("curl ")]


def free_port() -> int:
    """A TCP port whose successor is free too."""
    while True:
        with socket.socket() as one, socket.socket() as two:
            one.bind(("127.0.0.1", 0))
            port = int(one.getsockname()[1])
            try:
                two.bind(("127.0.0.1", port + 1))
            except (OSError, OverflowError):
                continue
            return port


@contextmanager
def running(data: Path, port: int) -> Iterator[Demo]:
    environment = {**os.environ, "WILDCORE_LISTEN": f"127.0.0.1:{port}", "PYTHONUNBUFFERED": "1"}
    process = subprocess.Popen(
        [*WCA, "demo", "--data", str(data)], env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    demo = Demo(process)
    demo.read()
    try:
        yield demo
    finally:
        if process.poll() is None:
            process.terminate()
        process.wait(30)
        for reader in demo.readers:
            reader.join(10)


def asked(line: str) -> dict[str, object]:
    """What a printed curl line answers: by curl itself, where there is one."""
    words = shlex.split(line)
    if shutil.which("curl"):
        return dict(json.loads(subprocess.run(words, check=True, capture_output=True, text=True).stdout))
    name, _, value = words[words.index("-H") + 1].partition(": ")
    return dict(httpx.get(words[-1], headers={name: value}).json())


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("demo") / "var"


@pytest.fixture(scope="module")
def demo(data: Path) -> Iterator[Demo]:
    with running(data, free_port()) as found:
        found.wait_for("Ready")
        yield found


def test_lines_for_scripts(demo: Demo, data: Path) -> None:
    assert re.fullmatch(r"http://127\.0\.0\.1:\d+", demo.wait_for("Listening: "))
    assert re.fullmatch(r"admin / \S{12,}", demo.wait_for("Sign in: "))
    assert re.fullmatch(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", demo.wait_for("API key: "))
    assert re.fullmatch(r"http://127\.0\.0\.1:\d+", demo.wait_for("Billing: "))
    assert not [line for line in demo.lines if line.startswith("Problem")]
    assert (data / "demo.json").stat().st_mode & 0o777 == 0o600


def test_curl_lines_work_when_pasted(demo: Demo) -> None:
    search, diagnosis, portal = (asked(line) for line in demo.curls)
    assert SHOWCASE_SERIAL in json.dumps(search)
    data = diagnosis["data"]
    assert isinstance(data, dict)
    assert data["diagnostic"]["data"]["status"]["online"] == "Online"
    assert -30 < data["diagnostic"]["data"]["optical"]["rx"] < -15
    assert district().showcase.agreement in json.dumps(portal)


def test_owner_and_employees_sign_in(demo: Demo) -> None:
    base = demo.wait_for("Listening: ")
    login, password = demo.wait_for("Sign in: ").split(" / ")
    assert httpx.post(f"{base}/api/v1/auth", json={"login": login, "password": password}).json()["data"]["key"]
    employees = next(line for line in demo.lines if "employees there" in line)
    for login in ("operator", "trainee"):
        found = re.search(rf"{login} / (\S+?)[, ]", employees + " ")
        assert found is not None
        answer = httpx.post(f"{base}/api/v1/auth", json={"login": login, "password": found[1]})
        assert answer.status_code == 200, answer.text


def test_billing_opens_our_pages(demo: Demo) -> None:
    place = district()
    with httpx.Client(base_url=demo.wait_for("Billing: "), timeout=30) as billing:
        signals = billing.get(f"/client/{place.showcase.uid}/signals").text
        assert "Online" in signals
        assert "dBm" in signals
        for uid, tab, word in ((place.showcase.uid, "onu", SHOWCASE_SERIAL), (place.house.uid, "port", str(HOUSE_PORT))):
            card = billing.get(f"/client/{uid}/{tab}").text
            frame = re.search(r'<iframe[^>]* src="([^"]+)"', card)
            assert frame is not None, card
            page = httpx.get(frame[1].replace("&amp;", "&"), timeout=30)
            assert page.status_code == 200
            assert word in page.text
        moved = billing.get(f"/client/{place.moved.uid}/signals").text
        assert "Online" in moved
        assert "ще місць: 1" in moved
        billing.post("/employee", data={"login": "trainee"})
        card = billing.get(f"/client/{place.showcase.uid}/onu").text
        frame = re.search(r'<iframe[^>]* src="([^"]+)"', card)
        assert frame is not None, card
        refused = httpx.get(frame[1].replace("&amp;", "&"))
        assert refused.status_code == 403
        assert "Wildcore iframe permission denied" in refused.text


def test_a_second_one_is_refused_in_one_line(demo: Demo, data: Path, tmp_path: Path) -> None:
    taken = demo.wait_for("Listening: ").removeprefix("http://")
    for listen, directory, word in (
        (taken, tmp_path / "other", "Cannot listen"),
        (f"127.0.0.1:{free_port()}", data, "runs already"),
    ):
        command = [*WCA, "demo", "--listen", listen, "--data", str(directory)]
        ended = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
        assert ended.returncode == 1
        assert word in ended.stderr
        assert len(ended.stderr.strip().splitlines()) == 1


def test_unwritable_directory_is_refused_in_one_line(tmp_path: Path) -> None:
    blocked = tmp_path / "file"
    blocked.write_text("")
    command = [*WCA, "demo", "--listen", f"127.0.0.1:{free_port()}", "--data", str(blocked / "var")]
    ended = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert ended.returncode == 1
    assert len(ended.stderr.strip().splitlines()) == 1


def test_database_of_a_newer_version_is_refused_in_one_line(tmp_path: Path) -> None:
    with sqlite3.connect(tmp_path / "wildcore.sqlite3") as database:
        database.execute("CREATE TABLE alembic_version (version_num VARCHAR(32) NOT NULL)")
        database.execute("INSERT INTO alembic_version VALUES ('9999_from_the_future')")
    database.close()
    command = [*WCA, "demo", "--listen", f"127.0.0.1:{free_port()}", "--data", str(tmp_path)]
    ended = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert ended.returncode == 1
    assert len(ended.stderr.strip().splitlines()) == 1
    assert "newer" in ended.stderr


@pytest.mark.parametrize("order", [signal.SIGTERM, signal.SIGINT])
def test_it_ends_cleanly_and_starts_again_with_its_data(demo: Demo, data: Path, order: signal.Signals) -> None:
    before = demo.wait_for("Sign in: "), demo.wait_for("API key: ")
    if demo.process.poll() is None:
        demo.process.send_signal(signal.SIGTERM)
        demo.process.wait(30)
    started = time.monotonic()
    with running(data, free_port()) as again:
        again.wait_for("Ready")
        assert time.monotonic() - started < READY_SEC / 2
        assert (again.wait_for("Sign in: "), again.wait_for("API key: ")) == before
        assert SHOWCASE_SERIAL in json.dumps(asked(again.curls[0]))
        again.process.send_signal(order)
        assert again.process.wait(30) in (0, 128 + order)
        assert not [line for line in again.errors + again.lines if "Traceback" in line]
        url = again.wait_for("Listening: ")
    with pytest.raises(httpx.ConnectError):
        httpx.get(url)
    assert not [line for line in demo.errors if "Traceback" in line]
