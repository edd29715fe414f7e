"""A billing for the benchmark of the sync: lists of subscribers of `_fill`'s network, and a server that answers with them."""

from __future__ import annotations

import gc
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, Self

from _fill_sql import SWITCH_PORTS

ONUS, DEVICES = 100_000, 1000


def subscriber_list(count: int, *, changed: bool) -> list[dict[str, Any]]:
    """Billing's list; `changed` is the same a day later."""
    onus_of_olt = ONUS // (DEVICES // 2)
    found = []
    for number in range(count):
        # every tenth ONU of the network is one that was moved, without an ident of its own
        onu, kind, step = number * 10 // 9, number % 10, ONUS // count
        onu = (onu * step) % ONUS
        onu -= onu % 10 == 9
        search: dict[str, Any] = {"switch": "", "port": None, "client_mac": "", "onu_ident": ""}
        device = DEVICES // 2 + 1 + number % (DEVICES // 2)
        if kind < 9:
            gpon = (onu // onus_of_olt + 1) % 2 == 0
            search["onu_ident"] = f"ZTEG:C{onu:07X}" if gpon else f"{0xE067B3000000 + onu:012x}"
        elif number % 100 < 90:
            search |= {
                "switch": f"10.{device // 65536 + 50}.{device // 256 % 256}.{device % 256}",
                "port": str(number // 100 % SWITCH_PORTS + 1),
            }
        else:
            search["client_mac"] = f"{0xA4F33B000000 + number:012X}"
        login = f"client{number}"
        if changed and number % 200 == 100:
            login += "x"
        if changed and number % 200 == 0:
            search = {"switch": address_of(device), "port": 3}
        street, house, flat = f"вулиця Євгенія Борового {number % 300}", str(number % 150), str(number % 90)
        address = {"full": f"Рівне, {street}, {house}/{flat}", "settlement": "Рівне", "lane": street, "house": house, "app": flat}
        data = {
            "uid": number + 1,
            "billing_link": f"/#clientcard/{number + 1}",
            "agreement": f"{700000 + number}",
            "login": login,
        }
        found.append({"search": search, "data": {**data, "address": address}})
    return found


def address_of(device: int) -> str:
    """The address that `_fill` gave the device."""
    return f"10.{device // 65536 + 50}.{device // 256 % 256}.{device % 256}"


class _Handler(BaseHTTPRequestHandler):
    directory: Path

    def do_GET(self) -> None:
        body = (self.directory / self.path.split("/")[1]).read_bytes()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_arguments: Any) -> None:
        """Print nothing."""


def serve(directory: str) -> None:
    """Billing's process: prints its port; `/<file>/api/...` answers with the file."""
    _Handler.directory = Path(directory)
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Handler)
    print(server.server_port, flush=True)
    server.serve_forever()


class Memory:
    """The most memory of its own that this process has within the block, beyond what it had before, in MB.

    Of its own: without what is mapped of files, which the database's own size would count towards.
    """

    def __init__(self) -> None:
        self.more = 0.0
        self._end = threading.Event()
        self._watch = threading.Thread(target=self._look)

    def __enter__(self) -> Self:
        gc.collect()
        self._before = self._now()
        self._watch.start()
        return self

    def __exit__(self, *_error: object) -> None:
        self.more = max(self.more, self._now() - self._before)
        self._end.set()
        self._watch.join()

    def _look(self) -> None:
        while not self._end.wait(0.01):
            self.more = max(self.more, self._now() - self._before)

    def _now(self) -> float:
        lines = Path("/proc/self/status").read_text().splitlines()
        return next(int(line.split()[1]) for line in lines if line.startswith("RssAnon")) / 1024
