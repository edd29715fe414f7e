"""A sync with billing over HTTP to the committed rows, beside parsing the same JSON alone (`json.loads`) in the same run.

    python bench/sync.py [--subscribers 1000 10000 100000] [--postgres URL] [--profile]

The network has 1 000 devices with 120 000 interfaces. Of the subscribers nine in ten are matched by their ONU, the others by
switch and port, by MAC, or not at all. Billing answers from a process of its own. "first" finds no subscriber, "again" the same
list, "1 %" a list in which one of a hundred changed: half of them their login, half their place. Each size runs in a process of
its own: the memory is the most that it took beyond what it had before the sync. Lock: how long the longest write transaction
took. Without --postgres only SQLite is measured. Never fails on a time.
"""

from __future__ import annotations

import argparse
import asyncio
import cProfile
import json
import pstats
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from _billing import DEVICES, ONUS, Memory, serve, subscriber_list
from _fill import fill
from sqlalchemy import create_engine, event
from sqlalchemy.engine import make_url
from sqlalchemy.orm import Session

from wildcore.app.build import Installation, build
from wildcore.app.config import Config
from wildcore.components.mikbill_integration.billing import MikbillBilling
from wildcore.services import subscriber_jobs
from wildcore.worker import calm_collector


def fill_network(config: Config) -> None:
    """The network without a subscriber."""
    installation = build(config)
    try:
        fill(installation, ONUS, DEVICES, people=False)
    finally:
        installation.close()


class Meter:
    """Counts and times of one sync."""

    def __init__(self, installation: Installation) -> None:
        self.statements, self.lock, self.lock_cpu = 0, 0.0, 0.0
        db = installation.runtime.db
        event.listen(db.engine, "before_cursor_execute", self._count)
        whole = db.write

        @contextmanager
        def write() -> Iterator[Session]:
            begun, cpu = time.perf_counter(), time.process_time()
            with whole() as session:
                yield session
            self.lock = max(self.lock, time.perf_counter() - begun)
            self.lock_cpu = max(self.lock_cpu, time.process_time() - cpu)

        db.write = write  # type: ignore[method-assign]

    def _count(self, *_arguments: Any) -> None:
        self.statements += 1


async def one_sync(installation: Installation, url: str, meter: Meter) -> dict[str, Any]:
    """Seconds, CPU seconds, memory, statements and lock of one sync."""
    runtime = installation.runtime
    with runtime.db.write() as session:
        runtime.settings.set(session, {"MIKBILL_API_ADDR": url, "MIKBILL_AUTH_KEY": "bench"})
    runtime.settings.forget()
    meter.statements, meter.lock, meter.lock_cpu = 0, 0.0, 0.0
    with Memory() as memory:
        begun, cpu = time.perf_counter(), time.process_time()
        report = await subscriber_jobs.synchronise(runtime, MikbillBilling(runtime), lambda *_: None, trigger="bench")
        seconds, cpu = time.perf_counter() - begun, time.process_time() - cpu
    return {
        "seconds": seconds,
        "cpu": cpu,
        "memory": memory.more,
        "statements": meter.statements,
        "lock": meter.lock,
        "lock_cpu": meter.lock_cpu,
        "summary": repr(report.summary),
    }


def measure(data: str, database: str, url: str, size: int, directory: str, *, profile: bool) -> None:
    """The measured process: prints one JSON object."""
    installation = build(Config(data=Path(data), database_url=database))
    meter = Meter(installation)
    calm_collector()
    found = {}
    profiler = cProfile.Profile()
    for name, file in (("first", "list"), ("again", "list"), ("1 %", "changed")):
        if profile:
            profiler.enable()
        found[name] = asyncio.run(one_sync(installation, f"{url}/{file}-{size}", meter))
        profiler.disable()
    if profile:
        pstats.Stats(profiler, stream=sys.stderr).sort_stats("tottime").print_stats(30)
    installation.close()
    text = (Path(directory) / f"list-{size}").read_text(encoding="utf-8")
    with Memory() as memory:
        begun, cpu = time.perf_counter(), time.process_time()
        kept = json.loads(text)
        found["parse"] = {"seconds": time.perf_counter() - begun, "cpu": time.process_time() - cpu, "count": len(kept)}
    found["parse"]["memory"] = memory.more
    print(json.dumps(found))


def report(engine: str, size: int, megabytes: float, found: dict[str, Any]) -> None:
    """One line per figure."""
    parse = found.pop("parse")
    head = f"{engine}, {size} subscribers"
    print(f"{head}, json.loads alone of {megabytes:.1f} MB: {parse['seconds']:.2f} s, {parse['memory']:.0f} MB more, ratio 1.0")
    for name, one in found.items():
        each = one["statements"] * 500 / size
        print(
            f"{head}, {name}: {one['seconds']:.2f} s ({one['cpu']:.2f} CPU s), {one['memory']:.0f} MB more, "
            f"{one['statements']} statements ({each:.2f} of subscribers/500), "
            f"lock {one['lock']:.2f} s ({one['lock_cpu']:.2f} CPU s), "
            f"ratio to json.loads {one['cpu'] / parse['cpu']:.1f}",
            flush=True,
        )


@contextmanager
def database_of(server: str, template: str, name: str) -> Iterator[str]:
    """A PostgreSQL database of one's own, copied from another."""
    address = make_url(server)
    admin = create_engine(address, isolation_level="AUTOCOMMIT")
    try:
        with admin.connect() as connection:
            connection.exec_driver_sql(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')
            connection.exec_driver_sql(f'CREATE DATABASE "{name}" TEMPLATE "{template}"')
        yield address.set(database=name).render_as_string(hide_password=False)
    finally:
        with admin.connect() as connection:
            connection.exec_driver_sql(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')
        admin.dispose()


def run(options: argparse.Namespace, directory: Path) -> None:
    """All engines and sizes."""
    for size in options.subscribers:
        for file, changed in (("list", False), ("changed", True)):
            text = json.dumps(subscriber_list(size, changed=changed), ensure_ascii=False)
            (directory / f"{file}-{size}").write_text(text, encoding="utf-8")
    with subprocess.Popen([sys.executable, __file__, "--serve", str(directory)], stdout=subprocess.PIPE, text=True) as billing:
        assert billing.stdout is not None
        url = f"http://127.0.0.1:{int(billing.stdout.readline())}"
        try:
            fill_network(Config(data=directory / "network"))
            for size in options.subscribers:
                shutil.copytree(directory / "network", directory / "now")
                measured("SQLite", size, directory, "", url, options)
                shutil.rmtree(directory / "now")
            if options.postgres:
                with database_of(options.postgres, "template1", "wildcore_bench_network") as network:
                    fill_network(Config(data=directory / "network-pg", database_url=network))
                    for size in options.subscribers:
                        shutil.copytree(directory / "network-pg", directory / "now")
                        with database_of(options.postgres, "wildcore_bench_network", "wildcore_bench_now") as now:
                            measured("PostgreSQL", size, directory, now, url, options)
                        shutil.rmtree(directory / "now")
        finally:
            billing.kill()


def measured(engine: str, size: int, directory: Path, database: str, url: str, options: argparse.Namespace) -> None:
    """One size in a process of its own."""
    command = [sys.executable, __file__, "--measure", str(directory / "now"), database, url, str(size), str(directory)]
    command += ["--profile"] if options.profile else []
    out = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout
    found = json.loads(out.splitlines()[-1])
    if options.verbose:
        print(found["first"].get("summary"), found["1 %"].get("summary"))
    report(engine, size, (directory / f"list-{size}").stat().st_size / 1e6, found)


def main() -> None:
    """Prints one line per figure."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--subscribers", type=int, nargs="+", default=[1000, 10_000, 100_000])
    parser.add_argument(
        "--postgres", default="", help="a server on which databases may be made: postgresql+psycopg://user@host/postgres"
    )
    parser.add_argument("--profile", action="store_true")
    parser.add_argument("--verbose", action="store_true", help="the counts of the syncs, too")
    parser.add_argument("--serve", help=argparse.SUPPRESS)
    parser.add_argument("--measure", nargs=5, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.serve:
        serve(options.serve)
    elif options.measure:
        data, database, url, size, directory = options.measure
        measure(data, database, url, int(size), directory, profile=options.profile)
    else:
        with tempfile.TemporaryDirectory() as directory:
            run(options, Path(directory))


if __name__ == "__main__":
    main()
