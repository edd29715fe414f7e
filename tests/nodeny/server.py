"""The MariaDB that tests make databases on: one that answers already, else one of our own in a temporary directory."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pymysql
import pytest

GIVEN = os.environ.get("WILDCORE_TEST_MARIADB", "root@127.0.0.1:3306")
SBIN = f"{os.environ.get('PATH', '')}:/usr/sbin:/sbin"
SMALL = ("--no-defaults", "--innodb-log-file-size=4M", "--innodb-buffer-pool-size=8M")


@dataclass(frozen=True)
class Server:
    """Where a server is, and who may do everything there."""

    host: str
    port: int
    user: str
    password: str = ""

    def connect(self) -> Any:
        """A connection that may do everything."""
        return pymysql.connect(
            host=self.host,
            port=self.port,
            user=self.user,
            password=self.password,
            autocommit=True,
            connect_timeout=3,
            ssl_disabled=True,
        )

    def refusal(self) -> str:
        """Why it cannot be used, "" when it can."""
        try:
            self.connect().close()
        except pymysql.MySQLError as error:
            return str(error.args[-1])
        return ""


@contextmanager
def any_server(directory: Path) -> Iterator[Server]:
    """The server of WILDCORE_TEST_MARIADB (`user:password@host:port`), else a new one; skips with the reason without both."""
    login, _at, address = GIVEN.rpartition("@")
    user, _colon, password = login.partition(":")
    host, _colon, port = address.partition(":")
    given = Server(host, int(port or 3306), user, password)
    reason = given.refusal()
    if not reason:
        yield given
        return
    with own_server(directory, reason) as server:
        yield server


@contextmanager
def own_server(directory: Path, reason: str = "", *options: str) -> Iterator[Server]:
    """A server of our own, with these options, as whoever runs the tests; skips when MariaDB is not installed."""
    program, installer = shutil.which("mariadbd", path=SBIN), shutil.which("mariadb-install-db", path=SBIN)
    if program is None or installer is None:
        pytest.skip(f"no MariaDB: install mariadb-server, or set WILDCORE_TEST_MARIADB=user:password@host:port ({reason})")
    data = f"--datadir={directory / 'data'}"
    made = subprocess.run(
        [installer, *SMALL, data, "--skip-test-db", "--auth-root-authentication-method=normal"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert made.returncode == 0, made.stdout + made.stderr
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    own = [f"--port={port}", "--bind-address=127.0.0.1", f"--socket={directory / 's'}", f"--pid-file={directory / 'pid'}"]
    with (directory / "log").open("wb") as log:
        process = subprocess.Popen([program, *SMALL, data, *own, "--user=root", *options], stdout=log, stderr=log)
    server, deadline = Server("127.0.0.1", port, "root"), time.monotonic() + 60
    try:
        while server.refusal():
            assert process.poll() is None, (directory / "log").read_text(errors="replace")[-2000:]
            assert time.monotonic() < deadline, "MariaDB did not start"
            time.sleep(0.05)
        yield server
    finally:
        process.terminate()
        process.wait(30)
