"""What docs/operating.md says of nginx and PostgreSQL is done with the real ones."""

from __future__ import annotations

import http.server
import json
import os
import secrets
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import psycopg
import pytest
from sqlalchemy.engine import URL

from tests.docs.recipes import ROOT, blocks
from tests.nginx import configuration as nginx_configuration
from tests.nginx import free_port, need_nginx, nginx

pytestmark = pytest.mark.system

BLOCKS = blocks((ROOT / "docs" / "operating.md").read_text(encoding="utf-8"))
KEY = "3f0f8f3c-5a0e-4a5b-9c57-0d8a8b9f6f11"


class Echo(http.server.BaseHTTPRequestHandler):
    """Answers with the headers that it got."""

    def do_GET(self) -> None:
        body = json.dumps({name.lower(): value for name, value in self.headers.items()}).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - its name in the standard library
        pass


@contextmanager
def upstream() -> Iterator[int]:
    """What stands for Wildcore behind nginx: its port."""
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Echo)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield server.server_address[1]
    finally:
        server.shutdown()
        server.server_close()
        thread.join(10)


def configuration(folder: Path, port: int, behind: int) -> Path:
    """The documented pieces put together, with this test's ports and files."""
    log_format, access_log = (one.body for one in BLOCKS if one.heading.startswith("Keys stay out"))
    site = next(one.body for one in BLOCKS if one.heading == "nginx")
    site = site.replace("listen 80;", f"listen 127.0.0.1:{port};").replace("http://localhost:8088", f"http://127.0.0.1:{behind}")
    site = site.replace("    location /", access_log.replace("/var/log/nginx/", f"{folder}/") + "    location /", 1)
    return nginx_configuration(folder, log_format + site)


def test_nginx_passes_on_who_asks_and_keeps_keys_out_of_its_log(tmp_path: Path) -> None:
    need_nginx()
    port = free_port()
    with upstream() as behind, nginx(configuration(tmp_path, port, behind), port):
        headers = {"Host": "dms.ispnet.demo", "Referer": f"http://billing.example/?x-auth-key={KEY}"}
        page = f"http://127.0.0.1:{port}/iframe/ont/ZTEGC69EF036?x-auth-key={KEY}"
        seen = httpx.get(page, headers=headers, timeout=30, trust_env=False).json()
    assert (seen["x-real-ip"], seen["host"], seen["x-forwarded-proto"]) == ("127.0.0.1", "dms.ispnet.demo", "http")
    log = (tmp_path / "wildcore.log").read_text(encoding="utf-8")
    assert "GET /iframe/ont/ZTEGC69EF036 HTTP/1.1" in log
    assert KEY not in log


@pytest.mark.postgres
def test_a_postgresql_database_made_as_documented_works(postgres_server: URL, tmp_path: Path) -> None:
    name = f"wildcore_docs_{secrets.token_hex(4)}"
    heading = "PostgreSQL"
    sql = next(one.body for one in BLOCKS if one.heading == heading and one.language == "sql").replace("wildcore", name)
    command = next(one.body for one in BLOCKS if one.heading == heading and one.language == "console")
    address = command.partition("'")[2].partition("'")[0].replace("wildcore", name)
    address = address.replace("127.0.0.1:5432", f"{postgres_server.host}:{postgres_server.port or 5432}")
    admin = postgres_server.set(drivername="postgresql").render_as_string(hide_password=False)
    with psycopg.connect(admin, autocommit=True) as connection:
        try:
            for statement in filter(str.strip, sql.split(";")):
                connection.execute(statement.encode())
            done = subprocess.run(
                [str(Path(sys.executable).parent / "wca"), "user:list"],
                env={**os.environ, "WILDCORE_DATABASE_URL": address, "WILDCORE_DATA": str(tmp_path)},
                capture_output=True, text=True, check=False, timeout=100,
            )  # fmt: skip
            assert done.returncode == 0, done.stderr
            assert not (tmp_path / "wildcore.sqlite3").exists()
            tables = connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", (name,)).fetchall()
            assert tables == [(1,)]
        finally:
            connection.execute(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)'.encode())
            connection.execute(f'DROP ROLE IF EXISTS "{name}"'.encode())
