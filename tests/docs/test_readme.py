"""The README's lines are typed into a shell, as they stand, beside a running server, a device and a billing stand-in."""

from __future__ import annotations

import asyncio
import json
import os
import re
import shutil
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.docs.recipes import ROOT, blocks
from wildcore.lab.billing import Billing, BillingServer
from wildcore.lab.district import district
from wildcore.transport.replay import ReplayAgent, parse_snmprec

pytestmark = [pytest.mark.system, pytest.mark.timeout(300)]

README = (ROOT / "README.md").read_text(encoding="utf-8")
CONNECT = [one.body for one in blocks(README) if one.heading == "Connect MikBill" and one.language == "console"]
DEVICES = next(one.body for one in blocks(README) if one.heading == "Install" and "device-access:add" in one.body)
CAPTURE = next(one.body for one in blocks((ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")) if one.language == "snmprec")


@dataclass(frozen=True, slots=True)
class Outside:
    """What stands around the server: billing's site and a device's SNMP port."""

    billing: Billing
    billing_url: str
    snmp_port: int


@contextmanager
def outside() -> Iterator[Outside]:
    """A billing stand-in and an SNMP agent on 127.0.0.1, in an event loop of their own."""
    loop = asyncio.new_event_loop()
    runner = threading.Thread(target=loop.run_forever, daemon=True)
    runner.start()
    billing = Billing(district().subscribers)
    server, agent = BillingServer(billing), ReplayAgent(parse_snmprec(CAPTURE))

    def run(work: Any) -> None:
        asyncio.run_coroutine_threadsafe(work, loop).result(30)

    run(server.start())
    run(agent.start())
    try:
        yield Outside(billing, server.url, agent.port)
    finally:
        run(agent.stop())
        run(server.stop())
        loop.call_soon_threadsafe(loop.stop)
        runner.join(10)
        loop.close()


@dataclass(slots=True)
class Shell:
    """A shell with `wca` in its path; `head` is typed before every line."""

    environment: dict[str, str]
    replaced: dict[str, str]
    head: str = ""

    def type(self, text: str) -> str:
        """What the lines print; they must all succeed."""
        for old, new in self.replaced.items():
            text = text.replace(old, new)
        script = f"set -eu -o pipefail\n{self.head}\n{text}"
        done = subprocess.run(
            ["bash", "-c", script], env=self.environment, cwd=ROOT, capture_output=True, text=True, check=False, timeout=100
        )
        assert done.returncode == 0, f"{text}\n{done.stdout}{done.stderr}"
        return done.stdout

    def answers(self, text: str) -> list[Any]:
        """The data of every API answer among the lines' output."""
        found = [json.loads(line) for line in self.type(text).splitlines() if line.startswith("{")]
        assert found
        assert all(one["statusCode"] == 200 and "error" not in one for one in found), found
        return [one["data"] for one in found]


@contextmanager
def server(environment: dict[str, str]) -> Iterator[tuple[str, str]]:
    """`wca run` as a process: its address, and the owner's password."""
    process = subprocess.Popen(
        ["wca", "run", "--listen", "127.0.0.1:0"],
        env=environment, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
    )  # fmt: skip
    assert process.stdout is not None
    try:
        said: dict[str, str] = {}
        for line in process.stdout:
            head, colon, rest = line.strip().partition(": ")
            said[head if colon else line.strip()] = rest
            if head == "Listening":
                break
        assert "Listening" in said, said
        login, _, password = said["Sign in"].partition(" / ")
        assert login == "admin"
        yield said["Listening"], password
        process.terminate()
        rest = process.communicate(timeout=30)[0]
        assert process.returncode == 0, rest
    finally:
        if process.poll() is None:
            process.kill()
        process.communicate()


def test_devices_are_added_and_mikbill_is_connected(tmp_path: Path) -> None:
    if shutil.which("curl") is None:
        pytest.skip("no curl")
    with outside() as around:
        environment = {
            **os.environ,
            "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
            "WILDCORE_DATA": str(tmp_path / "data"),
            "WILDCORE_SWC_SNMP_PORT": str(around.snmp_port),
        }
        with server(environment) as (url, password):
            shell = Shell(
                environment,
                {"http://127.0.0.1:8088": url, '"..."': f'"{password}"', "192.0.2.10": "127.0.0.1",
                 "https://billing.example": around.billing_url},
            )  # fmt: skip
            connect(shell, around.billing)
        assert password not in (tmp_path / "data" / "wildcore.sqlite3").read_bytes().decode("latin-1")


def connect(shell: Shell, billing: Billing) -> None:
    """Everything that the README says of devices and of MikBill, in its order."""
    assert "olt-4" in shell.type(DEVICES)
    head, people, key, component, schedule = CONNECT
    shell.head = head
    for old, new in shell.replaced.items():
        shell.head = shell.head.replace(old, new)

    groups, user = shell.answers(people)
    assert 1 in [group["id"] for group in groups], "the README puts the user into this group"
    assert (user["login"], user["group_ids"], user["role"]["name"]) == ("mikbill", [1], "mb_dms")

    printed = shell.type(key)
    issued = re.search(r"[0-9a-f]{8}-[0-9a-f-]{27}", printed)
    assert issued is not None
    assert "Login: mikbill" in printed
    billing.api_key = issued[0]

    shell.replaced["the key of step 2"] = issued[0]
    printed = shell.type(component)
    assert "MIKBILL_API_ADDR" in printed
    assert "Sync finished" in printed
    received = re.search(r"Received\s*\|\s*(\d+)", printed)
    assert received is not None
    assert int(received[1]) == len({one.uid for one in billing.subscribers})

    changed, listed = shell.answers(schedule)
    assert changed["enabled"] is True
    assert [one["next_run"] != "" for one in listed if one["key"] == "mikbill_sync_clients"] == [True]
