"""What tests of `wca doctor` share: running it, and a site that answers as told."""

from __future__ import annotations

import http.server
import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.operating.support import wca
from wildcore.services.doctor import FAIL


def found(data: Path, *options: str, code: int | None = None, **environment: str) -> dict[str, tuple[str, str, str]]:
    """Check -> level, text and fix."""
    done = wca(data, "doctor", "-o", "json", *options, **{"WILDCORE_LISTEN": "127.0.0.1:0", **environment})
    rows = json.loads(done.stdout)
    failed = any(row["level"] == FAIL for row in rows)
    assert done.returncode == (1 if failed else 0), done.stderr
    assert all(row["fix"] for row in rows if row["level"] == FAIL), "every failure says its fix"
    assert code is None or done.returncode == code, rows
    return {row["check"]: (row["level"], row["text"], row["fix"]) for row in rows}


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
