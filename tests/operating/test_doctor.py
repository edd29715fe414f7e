"""`wca doctor`: every failure is brought about for real, and each says its fix."""

from __future__ import annotations

import os
import socket
import sqlite3
import subprocess
import sys
import time
from contextlib import closing
from email.utils import formatdate
from pathlib import Path
from typing import Any

import pytest
from cryptography.fernet import Fernet

from tests.conftest import postgres_database
from tests.operating.doctor_support import found, site
from tests.operating.support import fill, installation, wca
from tests.poller.support import add_agent_device
from tests.services.support import agent_of, capture
from wildcore.services import doctor, doctor_database, doctor_devices
from wildcore.services.doctor import FAIL, OK, WARN, Finding
from wildcore.services.runtime import Runtime
from wildcore.transport.icmp import Pinger


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """An installation with one of everything."""
    with installation(tmp_path / "data") as built:
        fill(built.runtime, interfaces=5)
    return tmp_path / "data"


def test_a_sound_installation_has_no_failures(data: Path) -> None:
    rows = found(data, "--devices", "0", code=0)
    for check in (
        "data",
        "listen",
        "database schema",
        "database writable",
        "database integrity",
        "key file",
        "secrets",
        "assets",
    ):
        assert rows[check][0] == OK, rows[check]
    plain = wca(data, "doctor", "--devices", "0", WILDCORE_LISTEN="127.0.0.1:0")
    assert "OK    key file: " in plain.stdout


def test_an_empty_directory_is_no_failure_and_stays_empty(tmp_path: Path) -> None:
    rows = found(tmp_path / "none", code=0)
    assert rows["database"][0] == WARN
    assert not (tmp_path / "none").exists()


def test_an_address_in_use(data: Path) -> None:
    with closing(socket.socket()) as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        rows = found(data, "--devices", "0", code=1, WILDCORE_LISTEN=f"127.0.0.1:{taken.getsockname()[1]}")
    assert rows["listen"][0] == FAIL
    assert "Address already in use" in rows["listen"][1]
    assert doctor.listen_address("256.1.1.1", 80, running=False).level == FAIL
    assert doctor.listen_address("203.0.113.1", 8088, running=False).level == FAIL, "an address of another machine"


def test_the_time_zone(tmp_path: Path) -> None:
    assert doctor.time_zone(tmp_path / "missing", "").level == WARN
    assert doctor.time_zone(tmp_path / "missing", "Europe/Kyiv").level == OK
    assert doctor.time_zone(tmp_path / "missing", "Europe/Atlantis").level == FAIL


@pytest.mark.parametrize(("offset_sec", "level"), [(0, OK), (-12, WARN), (12, WARN), (-300, FAIL)])
def test_billings_clock(offset_sec: int, level: str) -> None:
    with site(lambda _path, _headers: (200, {"Date": formatdate(time.time() + offset_sec, usegmt=True)}, b"")) as url:
        billing, clock = doctor.billing("MikBill", url)
    assert (billing.level, clock.level) == (OK, level)


def test_billing_that_does_not_answer(data: Path) -> None:
    with installation(data) as built, built.runtime.db.write() as session:
        built.runtime.catalogue.switch(session, "mikbill_integration", True)
        built.runtime.settings.set(session, {"MIKBILL_API_ADDR": "http://127.0.0.1:1"})
    rows = found(data, "--devices", "0", code=1)
    assert "does not answer" in rows["billing"][1]
    with site(lambda _path, _headers: (502, {}, b"")) as url:
        assert doctor.billing("MikBill", url)[0].level == FAIL
    assert doctor.billing("MikBill", "")[0].level == FAIL


def test_a_database_of_another_version(data: Path) -> None:
    change(data, "UPDATE alembic_version SET version_num = '9999'")
    assert "newer version" in found(data, code=1)["database schema"][1]
    change(data, "UPDATE alembic_version SET version_num = '0001'")
    rows = found(data, code=0)
    assert rows["database schema"][0] == WARN
    assert rows["rest"][0] == WARN
    with closing(sqlite3.connect(data / "wildcore.sqlite3")) as connection:
        assert connection.execute("SELECT version_num FROM alembic_version").fetchone() == ("0001",), "it only looks"


def test_a_damaged_database(data: Path) -> None:
    file = data / "wildcore.sqlite3"
    content = bytearray(file.read_bytes())
    half = len(content) // 2
    content[half : half + 40_000] = b"\xff" * 40_000
    file.write_bytes(content)
    rows = found(data, code=1)
    assert any(level == FAIL for check, (level, _text, _fix) in rows.items() if check.startswith("database"))


def test_a_database_that_is_none_or_cannot_be_written(data: Path, tmp_path: Path) -> None:
    file = data / "wildcore.sqlite3"
    with closing(sqlite3.connect(file, isolation_level=None)) as holder:
        holder.execute("PRAGMA journal_mode=DELETE")
    file.chmod(0o400)
    if os.geteuid() != 0:
        assert found(data, code=1)["database writable"][0] == FAIL
    (tmp_path / "text").write_text("no database " * 500)
    (finding,) = doctor_database.database(f"sqlite:///{tmp_path}/text")
    assert finding.level == FAIL
    assert doctor_database.database("postgresql+psycopg://nobody:x@127.0.0.1:1/none")[0].level == FAIL


@pytest.mark.postgres
def test_a_postgresql_database_that_may_only_be_read(postgres_server: Any) -> None:
    with postgres_database(postgres_server) as url:
        address = url.render_as_string(hide_password=False)
        levels = {
            one.check: one.level for one in doctor_database.database(f"{address}?options=-cdefault_transaction_read_only%3Don")
        }
        assert levels["database writable"] == FAIL
        levels = {one.check: one.level for one in doctor_database.database(address)}
        assert (levels["database writable"], levels["database schema"]) == (OK, WARN)
        (clock,) = doctor_database.database_clock(address)
        assert clock.level == OK


def test_a_disk_with_too_little_room(tmp_path: Path) -> None:
    free = os.statvfs(tmp_path).f_bavail * os.statvfs(tmp_path).f_frsize
    assert doctor.disk(tmp_path, fail_bytes=free * 2).level == FAIL
    assert doctor.disk(tmp_path, fail_bytes=0, warn_bytes=free * 2).level == WARN
    assert doctor.disk(tmp_path, fail_bytes=0, warn_bytes=0).level == OK


def test_the_key_file(data: Path) -> None:
    key = data / "secret.key"
    key.chmod(0o644)
    rows = found(data, code=1)
    assert rows["key file"] == (FAIL, f"{key} can be read by others (mode 0644)", f"chmod 600 {key}")
    key.chmod(0o600)
    own = key.read_bytes()
    key.write_bytes(Fernet.generate_key())
    rows = found(data, code=1)
    assert "access default" in rows["secrets"][1]
    assert "MIKBILL_AUTH_KEY" in rows["secrets"][1]
    key.write_bytes(b"nonsense")
    assert "holds no key" in found(data, code=1)["key file"][1]
    key.unlink()
    assert "is missing" in found(data, code=1)["key file"][1]
    assert not key.exists(), "no new key is made beside an old database"
    key.write_bytes(own)
    key.chmod(0o600)
    assert found(data, "--devices", "0", code=0)["secrets"][0] == OK


def test_browser_files_that_are_missing(tmp_path: Path) -> None:
    assert doctor.assets(tmp_path).level == FAIL
    (tmp_path / "vendor").mkdir()
    assert doctor.assets(tmp_path) == Finding("assets", FAIL, doctor.assets(tmp_path).text, "make setup")


def test_a_process_that_may_not_ping() -> None:
    """In a child without the right, where a group range does not give it back."""
    lines = (
        "from wildcore.transport.icmp import Pinger",
        "from wildcore.services.doctor import ping",
        "one = ping(Pinger(), wanted=True); print(one.level, one.fix)",
    )
    command = [sys.executable, "-c", "\n".join(lines)]
    if os.geteuid() == 0:
        command = [
            "setpriv",
            "--reuid=65534",
            "--regid=65534",
            "--clear-groups",
            "--bounding-set=-net_raw",
            "--inh-caps=-all",
            *command,
        ]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)
    if done.returncode and os.geteuid() == 0:
        pytest.skip(f"another user cannot run the interpreter here: {done.stderr.splitlines()[-1:]}")
    low, high = (int(one) for one in Path("/proc/sys/net/ipv4/ping_group_range").read_text().split())
    allowed = low <= (65534 if os.geteuid() == 0 else os.getegid()) <= high
    assert done.stdout.startswith("OK" if allowed else "WARN"), done.stderr
    assert allowed or "CAP_NET_RAW" in done.stdout
    assert doctor.ping(Pinger("no ping possible"), wanted=True).check == "ping"


async def test_devices_that_do_not_answer(runtime: Runtime) -> None:
    assert (await doctor_devices.snmp(runtime, 5)).level == OK, "no devices are no failure"
    async with agent_of(capture("zte_c3xx")) as agent:
        add_agent_device(runtime.db, agent)
        assert (await doctor_devices.snmp(runtime, 5)).level == OK
    silent = await doctor_devices.snmp(runtime, 5)
    assert silent.level == FAIL
    assert "silent" in silent.text
    assert "test:snmpwalk" in silent.fix


def change(data: Path, statement: str) -> None:
    """Change the database behind the program's back."""
    with closing(sqlite3.connect(data / "wildcore.sqlite3")) as connection, connection:
        connection.execute(statement)
