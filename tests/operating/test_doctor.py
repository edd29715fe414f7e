"""`wca doctor`: every failure is brought about for real, and each says its fix."""

from __future__ import annotations

import http.server
import json
import os
import socket
import sqlite3
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from email.utils import formatdate
from pathlib import Path
from typing import Any

import pytest
from cryptography.fernet import Fernet

from tests.conftest import postgres_database
from tests.operating.support import fill, installation, wca
from tests.poller.support import add_agent_device
from tests.services.support import agent_of, capture
from tests.system.product import running
from wildcore.services import doctor, doctor_database, doctor_devices, doctor_proxy
from wildcore.services.doctor import FAIL, OK, WARN, Finding
from wildcore.services.runtime import Runtime
from wildcore.services.secretbox import SecretBox
from wildcore.transport.icmp import Pinger


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """An installation with one of everything."""
    with installation(tmp_path / "data") as built:
        fill(built.runtime, interfaces=5)
    return tmp_path / "data"


def found(data: Path, *options: str, code: int | None = None, **environment: str) -> dict[str, tuple[str, str, str]]:
    """Check -> level, text and fix."""
    done = wca(data, "doctor", "-o", "json", *options, **{"WILDCORE_LISTEN": "127.0.0.1:0", **environment})
    rows = json.loads(done.stdout)
    failed = any(row["level"] == FAIL for row in rows)
    assert done.returncode == (1 if failed else 0), done.stderr
    assert all(row["fix"] for row in rows if row["level"] == FAIL), "every failure says its fix"
    assert code is None or done.returncode == code, rows
    return {row["check"]: (row["level"], row["text"], row["fix"]) for row in rows}


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


@contextmanager
def site(answer: Callable[[str, dict[str, str]], tuple[int, dict[str, str], bytes]]) -> Iterator[str]:
    """A web server that answers as it is told; its address."""

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            status, headers, body = answer(self.path, {name.lower(): value for name, value in self.headers.items()})
            self.send_response_only(status)
            for name, value in {"Content-Length": str(len(body)), **headers}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - its name in the standard library
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join(10)


def test_a_token_is_good_for_two_minutes_and_for_its_key_only() -> None:
    box, other = SecretBox(Fernet.generate_key()), SecretBox(Fernet.generate_key())
    token = doctor_proxy.token(box, 1000)
    assert doctor_proxy.token_is_good(box, token, 1100)
    assert not doctor_proxy.token_is_good(box, token, 1200)
    assert not doctor_proxy.token_is_good(other, token, 1000)
    assert not doctor_proxy.token_is_good(box, box.seal("something else 1000"), 1000)
    assert not any(doctor_proxy.token_is_good(box, text, 1000) for text in ("", "x", "ї" * 9, "x" * 9999))


@pytest.mark.system
async def test_what_a_proxy_in_front_of_the_running_server_passes_on(tmp_path: Path) -> None:
    async with running(tmp_path / "data") as product:
        data = tmp_path / "data"
        listen = product.url.removeprefix("http://")

        def proxy(*headers: str) -> Callable[[str, dict[str, str]], tuple[int, dict[str, str], bytes]]:
            """Passes a request on with these headers set, as nginx would."""

            def answer(path: str, given: dict[str, str]) -> tuple[int, dict[str, str], bytes]:
                import httpx

                sent = {"x-wildcore-doctor": given.get("x-wildcore-doctor", ""), "Host": given["host"]}
                sent |= dict(header.split(": ", 1) for header in headers)
                reply = httpx.get(f"{product.url}{path}", headers=sent, trust_env=False)
                return reply.status_code, {"Content-Type": "application/json"}, reply.content

            return answer

        def levels(*headers: str) -> dict[str, str]:
            with site(proxy(*headers)) as url:
                rows = found(data, "--devices", "0", "--url", url, WILDCORE_LISTEN=listen)
            return {check: level for check, (level, _text, _fix) in rows.items() if check.startswith("proxy")}

        right = ("X-Real-IP: 127.0.0.1", "X-Forwarded-Proto: http")
        assert levels(*right) == {"proxy address": OK, "proxy scheme": OK, "proxy host": OK}
        assert levels("X-Real-IP: 198.51.100.7", right[1])["proxy address"] == WARN
        assert levels(right[0], "X-Forwarded-Proto: https")["proxy scheme"] == FAIL
        assert levels(*right, "Host: upstream")["proxy host"] == WARN
        # The header named by the settings is another one than the proxy sets: nobody is believed.
        row = found(data, "--devices", "0", "--url", product.url, WILDCORE_LISTEN=listen)
        assert row["listen"] == (OK, f"The server listens on {listen}", "")
        assert row["proxy address"][0] == OK, "without a proxy"
        with site(lambda _path, _headers: (200, {}, b"hello")) as url:
            assert found(data, "--url", url, code=1, WILDCORE_LISTEN=listen)["proxy"][0] == FAIL
        assert found(data, "--url", "http://127.0.0.1:1", code=1, WILDCORE_LISTEN=listen)["proxy"][0] == FAIL
        answer = await product.http.get(f"{product.url}/api/v1/system/request-seen")
        assert answer.status_code == 404, "others learn nothing"
        key = (await product.api("POST", "/auth", {"login": product.login, "password": product.password}))["key"]
        refused = await product.raw("POST", "/system/metrics-snapshot", {"directory": ".backup-abcdefgh"}, key=key)
        assert refused.status_code == 404, "not even an owner, by HTTP"


def test_what_the_headers_say() -> None:
    sent = doctor_proxy.Sent("https://dms.example", "203.0.113.5")
    seen = {"ip": "127.0.0.1", "real_ip_header": "X-Real-IP", "real_ip": None, "forwarded_for": None, "forwarded_proto": None,
            "host": "dms.example", "forwarded_host": None}  # fmt: skip
    address, scheme, host = doctor_proxy.judge(sent, seen)
    assert (address.level, scheme.level, host.level) == (FAIL, FAIL, OK)
    assert address.fix == "nginx: proxy_set_header X-Real-IP $remote_addr;"
    assert scheme.fix == "nginx: proxy_set_header X-Forwarded-Proto $scheme;"
    untrusted = doctor_proxy.judge(sent, {**seen, "ip": "10.0.0.2", "real_ip": "203.0.113.5"})[0]
    assert (untrusted.level, untrusted.fix) == (FAIL, "add 10.0.0.2 to TRUSTED_PROXY_LIST")
    right = doctor_proxy.judge(sent, {**seen, "ip": "203.0.113.5", "real_ip": "203.0.113.5", "forwarded_proto": "https"})
    assert [one.level for one in right] == [OK, OK, OK]


def change(data: Path, statement: str) -> None:
    """Change the database behind the program's back."""
    with closing(sqlite3.connect(data / "wildcore.sqlite3")) as connection, connection:
        connection.execute(statement)
