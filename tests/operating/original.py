"""A server that speaks the documented public API as an original does, with the oddities of its versions."""

from __future__ import annotations

import http.server
import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs, urlsplit

KEY = "8a6f8d40-0f38-4b1a-9d5e-6c0f5f1a2b3c"
MODEL = {"id": 24, "name": "ZTE C320", "key": "zte_c320", "vendor": "ZTE", "model": "C320", "type": "OLT", "params": [],
         "controller": "", "icon": "", "pollers": {"system": 600, "counters": 180, "unheard_of": 30}}  # fmt: skip
STRANGE = {**MODEL, "id": 25, "name": "D-Link DES-1228/ME", "key": "dlink_des_1228_me", "type": "SWITCH", "pollers": []}
ACCESS = {"id": 6, "name": "zte", "params": {"sw_core_connection": {"snmp_port": 1161}}}
GROUP = {"id": 5, "name": "North", "description": "beyond the river", "created_at": "2024-01-01 00:00:00"}


def device(number: int, **values: Any) -> dict[str, Any]:
    """A device as api.md shows it."""
    return {
        "id": 400 + number, "ip": f"192.0.2.{number}", "name": f"olt-{number}", "location": "Kyiv", "description": "", "mac": "",
        "serial": "", "enabled": True, "coordinates": None, "params": [], "pollers": None, "created_at": "2024-01-01 00:00:00",
        "model": MODEL, "access": {"id": 6, "name": "zte", "params": []}, "group": GROUP, **values,
    }  # fmt: skip


def lists() -> dict[str, list[dict[str, Any]]]:
    """Path -> objects."""
    return {
        "/device-group": [{"id": 1, "name": "All", "description": ""}, GROUP],
        "/device-model": [MODEL, STRANGE],
        "/device-access": [ACCESS, {"id": 7, "name": "old switches", "params": []}],
        "/device": [
            device(1, mac="00:1b:21:aa:bb:cc", serial="ZX1", coordinates="50.45,30.52", pollers={"system": 900}),
            device(2, enabled=0, groups=[GROUP, {"id": 1, "name": "All"}], coordinates={"lat": 49.1, "lon": 24.5}),
            device(3, model=STRANGE),
            device(4, mac="not a mac", coordinates="0,0", group={"id": 99, "name": "Gone"}),
            device(5, ip="nonsense"),
        ],
        "/user-role": [
            {"id": -2, "name": "Owner", "permissions": []},
            {"id": 3, "name": "Operators", "permissions": ["olts_info", "user_self_control", "grafana_show"], "display": True},
        ],
        "/user": [
            {"id": 1, "login": "admin", "name": "Admin", "role": {"id": -2, "name": "Owner"}, "status": "ENABLED", "groups": []},
            {"id": 2, "login": "olena", "name": "Олена", "email": "", "role": {"id": 3, "name": "Operators"}, "status": "ENABLED",
             "language": "ua", "groups": [{"id": 5, "name": "North"}]},
            {"id": 3, "login": "gone", "name": "", "role": {"id": 3}, "status": "DISABLED", "groups": []},
            {"id": 4, "login": "lost", "name": "", "role": {"id": 77, "name": "Night"}, "status": "ENABLED", "groups": []},
        ],
    }  # fmt: skip


@dataclass
class Original:
    """What it answers, and what was asked of it."""

    lists: dict[str, list[dict[str, Any]]] = field(default_factory=lists)
    paging: str = "honest"
    refused: frozenset[str] = frozenset()
    asked: list[tuple[str, str]] = field(default_factory=list)
    url: str = ""

    def answer(self, method: str, target: str, key: str) -> tuple[int, Any]:
        """Status and body of a request."""
        parts = urlsplit(target)
        path = parts.path.removeprefix("/api/v1")
        self.asked.append((method, path))
        if key != KEY:
            return 401, _failed(401, "UNAUTHENTICATED", "Incorrect key")
        if path in self.refused:
            return 403, _failed(403, "INSUFFICIENT_PRIVILEGES", "No rights")
        rows: Any = self.lists.get(path)
        if rows is None:
            return 404, _failed(404, "RESOURCE_NOT_FOUND", "Not found")
        query = {name: int(values[0]) for name, values in parse_qs(parts.query).items()}
        total, offset = len(rows), query.get("offset", 0)
        limit = min(query.get("limit", 500), 2) if self.paging == "capped" else query.get("limit", 500)
        if self.paging != "none":
            rows = rows[offset : offset + limit]
        meta = None if self.paging == "none" else {"total": total}
        if self.paging == "by id":
            rows = {str(row["id"]): row for row in rows}
        return 200, {"statusCode": 200, "meta": meta, "data": rows}


def _failed(status: int, kind: str, text: str) -> dict[str, Any]:
    return {"statusCode": status, "error": {"type": kind, "description": text}}


@contextmanager
def serving(original: Original) -> Iterator[Original]:
    """The server on a free port."""

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            status, body = original.answer(self.command, self.path, self.headers.get("X-Auth-Key", ""))
            content = json.dumps(body).encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - its name in the standard library
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    original.url = f"http://127.0.0.1:{server.server_address[1]}"
    try:
        yield original
    finally:
        server.shutdown()
        server.server_close()
        thread.join(10)
