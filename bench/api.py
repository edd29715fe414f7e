"""What billing asks most, over HTTP: requests per second, p50 and p99 with 16 clients, beside a bare endpoint of the same server.

    python bench/api.py [--onus 10000 100000 1000000] [--most-postgresql 300000] [--seconds 1] [--database URL] [--keep DIRECTORY]

The server is the product's own (uvicorn, pages, pollers) in a process of its own over a filled database (`_fill.py`); the clients
are 16 kept-alive connections of this process. "hello" is a plain FastAPI endpoint in the same process, beside the product's
application: nothing of ours runs for it. Each figure is measured between two hellos, so that other work on the machine
weighs on both. CPU is what the server's process used for each request. SQL statements are counted in requests of their own.
Memory is what the server's process has of its own, without the files that it maps, at first and after 2 000 requests of all kinds
by turns. PostgreSQL takes long to fill, so its greatest size is `--most-postgresql`.
`--database` names a PostgreSQL server to measure besides SQLite (by default WILDCORE_BENCH_POSTGRES), whose user may make
databases: each size gets one, which is dropped at the end. Never fails on a time.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import random
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from contextlib import nullcontext
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

import uvloop
from _clients import Client, ask, request_of
from _fill import fill
from _postgres import postgres_database
from _serve import HELLO, STATEMENTS, serve
from sqlalchemy import select

from wildcore.app.build import Installation, build
from wildcore.app.config import Config
from wildcore.store.tables import Device, Interface, ModuleAnswer, Subscriber

CLIENTS = 16
COUNTED = 50
MIXED = 2000
_TICKS = os.sysconf("SC_CLK_TCK")


@dataclass(frozen=True, slots=True)
class Figure:
    """One endpoint's measurement. Times in milliseconds, CPU of the server in microseconds for each request."""

    rate: float
    p50_ms: float
    p99_ms: float
    cpu_us: float


@dataclass(frozen=True, slots=True)
class Line:
    """An endpoint beside the hello that was measured before and after it."""

    own: Figure
    hello: Figure
    statements: float


class Server:
    """The product in a process of its own."""

    def __init__(self, config: Config) -> None:
        command = [sys.executable, __file__, "--serve"]
        environment = {**os.environ, "WILDCORE_DATA": str(config.data), "WILDCORE_DATABASE_URL": config.database_url}
        self._process = subprocess.Popen(command, env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        assert self._process.stdout is not None
        self.port = int(self._process.stdout.readline())

    def cpu_sec(self) -> float:
        """CPU seconds of the process so far, with all its threads."""
        fields = Path(f"/proc/{self._process.pid}/stat").read_text(encoding="ascii").rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / _TICKS

    def memory_mb(self) -> float:
        """Memory of the process' own now: SQLite maps its file, which would count what is cached of it."""
        text = Path(f"/proc/{self._process.pid}/status").read_text(encoding="ascii")
        return int(text.partition("RssAnon:")[2].split()[0]) / 1024

    def close(self) -> None:
        """Stop it and wait for its end."""
        self._process.terminate()
        self._process.communicate()


async def measure(server: Server, requests: Sequence[bytes], seconds: float) -> Figure:
    """Ask with all clients for some seconds."""
    loop = asyncio.get_running_loop()
    times: list[float] = []
    cpu, start = server.cpu_sec(), time.perf_counter()
    clients = [
        (await loop.create_connection(lambda: Client(requests, times, start + seconds), "127.0.0.1", server.port))[1]
        for _ in range(CLIENTS)
    ]
    await asyncio.gather(*(one.done for one in clients))
    spent = time.perf_counter() - start
    times.sort()
    return Figure(
        len(times) / spent, times[len(times) // 2] * 1000, times[len(times) * 99 // 100] * 1000,
        (server.cpu_sec() - cpu) / len(times) * 1e6,
    )  # fmt: skip


def paths(installation: Installation) -> dict[str, list[str]]:
    """What is asked, by the name of the figure."""
    with installation.runtime.db.read() as session:
        sampled = select(ModuleAnswer.interface_id).where(ModuleAnswer.interface_id > 0, ModuleAnswer.module == "pon_onts_vendor")
        onus = session.execute(select(Interface.id, Interface.ident).where(Interface.id.in_(sampled))).all()
        ports = session.execute(
            select(Device.ip, Interface.bind_key)
            .join(Interface, Interface.device_id == Device.id)
            .where(Interface.type == "FE", Interface.bind_key == "7")
            .limit(500)
        ).all()
        people = session.execute(select(Subscriber.login, Subscriber.agreement, Subscriber.address_full).limit(2000)).all()
    random.Random(1).shuffle(onus)
    search = "/api/v1/device-interface/search"
    texts = [text for person in random.Random(1).sample(people, 200) for text in person]
    texts += [ident for _id, ident in onus[:200]] + [ident[-6:] for _id, ident in onus[:200]]
    random.Random(2).shuffle(texts)
    return {
        "search by ident": [f"{search}?ont_ident={ident}" for _id, ident in onus],
        "search by IP and port": [f"{search}?device_ip={ip}&interface_bind_key={key}" for ip, key in ports],
        "diagnosis from cache": [f"/api/v1/component/diagnostic/interface/{one}/diag?from=cache" for one, _ident in onus],
        "ONU page in billing": [f"/iframe/ont/{ident}" for _id, ident in onus],
        "global search": [f"/api/v1/portal/search?query={quote(text)}" for text in texts],
    }


async def measure_all(server: Server, asked: dict[str, list[str]], key: str, seconds: float) -> dict[str, Line]:
    """Every endpoint, each between two hellos."""
    hello = [request_of(HELLO, key, server.port)]
    counter = request_of(STATEMENTS, key, server.port)
    found = {}
    for name, some in asked.items():
        requests = [request_of(path, key, server.port) for path in some]
        await measure(server, requests, seconds / 4)  # caches, prepared statements
        counted = requests[:COUNTED]
        await ask(server.port, counter)
        for request in counted:
            await ask(server.port, request)
        statements = int(await ask(server.port, counter)) / len(counted)
        before = await measure(server, hello, seconds / 2)
        own = await measure(server, requests, seconds)
        after = await measure(server, hello, seconds / 2)
        found[name] = Line(own, mean(before, after), statements)
    return found


def mean(one: Figure, other: Figure) -> Figure:
    """The middle of two measurements."""
    return Figure(*((getattr(one, name) + getattr(other, name)) / 2 for name in ("rate", "p50_ms", "p99_ms", "cpu_us")))


async def ask_mixed(server: Server, asked: dict[str, list[str]], key: str) -> None:
    """Requests of all kinds by turns, one after the other."""
    kinds = list(asked.values())
    for at in range(MIXED):
        kind = kinds[at % len(kinds)]
        await ask(server.port, request_of(kind[at // len(kinds) % len(kind)], key, server.port))


def one_size(onus: int, database: str, seconds: float, keep: Path) -> dict[str, Line]:
    """Fill a database unless it is there, and measure it."""
    engine = "PostgreSQL" if database else "SQLite"
    data = keep / f"{engine.lower()}-{onus}"
    key_file = data / "bench.key"
    config = Config(data=data, database_url=database)
    installation = build(config)
    try:
        if not key_file.exists():
            started = time.monotonic()
            key = fill(installation, onus)
            key_file.write_text(key, encoding="ascii")
            print(f"{engine}, {onus} ONUs: filled in {time.monotonic() - started:.0f} s", flush=True)
        asked = paths(installation)
    finally:
        installation.close()
    server = Server(config)
    try:
        idle = server.memory_mb()
        key = key_file.read_text(encoding="ascii")
        uvloop.run(ask_mixed(server, asked, key))
        mixed = server.memory_mb()
        found = uvloop.run(measure_all(server, asked, key, seconds))
        print(
            f"{engine}, {onus} ONUs: memory {idle:.0f} MB at first, {mixed:.0f} MB after {MIXED} mixed requests, "
            f"{server.memory_mb():.0f} MB after all; ratio {mixed / idle:.2f}"
        )
    finally:
        server.close()
    for name, line in found.items():
        own, base = line.own, line.hello
        print(
            f"{engine}, {onus} ONUs, {name}: {own.rate:,.0f}/s, p50 {own.p50_ms:.1f} ms, p99 {own.p99_ms:.1f} ms, "
            f"{own.cpu_us:.0f} us CPU, {line.statements:.1f} SQL; hello {base.rate:,.0f}/s, {base.cpu_us:.0f} us CPU; "
            f"ratio 1/{base.rate / own.rate:.1f}, by CPU 1/{own.cpu_us / base.cpu_us:.1f}",
            flush=True,
        )
    return found


def main() -> None:
    """Prints one line per figure."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--onus", type=int, nargs="+", default=[10_000, 100_000, 1_000_000])
    parser.add_argument("--most-postgresql", type=int, default=300_000)
    parser.add_argument("--seconds", type=float, default=1)
    parser.add_argument("--database", default=os.environ.get("WILDCORE_BENCH_POSTGRES", ""))
    parser.add_argument("--only", choices=["sqlite", "postgresql"], help="measure one engine")
    parser.add_argument("--keep", type=Path, help="where filled databases are kept and found again")
    parser.add_argument("--serve", action="store_true", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.serve:
        installation = build(Config())
        try:
            uvloop.run(serve(installation))
        finally:
            installation.close()
        return
    if options.only == "postgresql" and not options.database:
        parser.error("--database is needed")
    engines = [url for url in dict.fromkeys(("", options.database)) if options.only in (None, "postgresql" if url else "sqlite")]
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # so that databases are dropped
    started = time.monotonic()
    with tempfile.TemporaryDirectory() as directory:
        for database in engines:
            found = {}
            for onus in sizes_of(options.onus, options.most_postgresql if database else 0):
                own = postgres_database(database, onus, keep=bool(options.keep)) if database else nullcontext("")
                with own as address:
                    found[onus] = one_size(onus, address, options.seconds, options.keep or Path(directory))
            if len(found) > 1:
                print_growth("PostgreSQL" if database else "SQLite", found)
    print(f"all of it took {time.monotonic() - started:.0f} s")


def sizes_of(wanted: Sequence[int], most: int) -> list[int]:
    """The sizes to measure, none of them above `most`."""
    sizes = list(dict.fromkeys(min(onus, most or onus) for onus in wanted))
    if sizes != list(wanted):
        print(f"PostgreSQL: up to {most} ONUs only, --most-postgresql {max(wanted)} measures all")
    return sizes


def print_growth(engine: str, sizes: dict[int, dict[str, Line]]) -> None:
    """How much more the greatest size takes than the smallest."""
    small, great = min(sizes), max(sizes)
    for name in sizes[small]:
        first, last = sizes[small][name], sizes[great][name]
        growth = (last.own.p50_ms / last.hello.p50_ms) / (first.own.p50_ms / first.hello.p50_ms)
        print(
            f"{engine}, {name}: from {small} to {great} ONUs p50 grows {last.own.p50_ms / first.own.p50_ms:.2f} times, "
            f"{growth:.2f} beside hello's, CPU {last.own.cpu_us / first.own.cpu_us:.2f} times",
            flush=True,
        )


if __name__ == "__main__":
    main()
