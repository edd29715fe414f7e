"""One poll of an OLT through the whole stack, SNMP to committed rows, beside our transport alone and net-snmp's snmpbulkwalk.

    python bench/poll.py [--onus 64 256 1024 4096] [--runs 5] [--database URL] [--profile]

A poll is interfaces_list, pon_onts_status, pon_onts_mac_addr and pon_onts_optical of a generated BDCOM EPON OLT, whose agent
runs in a process of its own. All kinds walk exactly the columns that the driver walks. CPU is user + system of the polling
process with all its threads; the least of interleaved runs, since other work on the machine only adds to it. "first poll"
finds an empty database, "poll" one where only the optics changed. Never fails on a time.
"""

from __future__ import annotations

import argparse
import asyncio
import cProfile
import os
import pstats
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path

from sqlalchemy import func, select

from wildcore.drivers.base import Driver, Session
from wildcore.drivers.registry import call
from wildcore.lab.captures import frozen, mib, olt
from wildcore.services.applying.answers import TABLED
from wildcore.services.catalogue import Catalogue
from wildcore.services.core_settings import CORE_SETTINGS
from wildcore.services.device_sessions import DeviceTarget, load_target, open_driver
from wildcore.services.polling import ask_module
from wildcore.services.runtime import Runtime
from wildcore.services.secretbox import SecretBox
from wildcore.services.settings import Settings
from wildcore.store.db import Database
from wildcore.store.metrics.duckdb import DuckMetrics
from wildcore.store.migrate import migrate
from wildcore.store.tables import Device, DeviceAccess, DeviceModel, OnuValues
from wildcore.transport.gate import Priority
from wildcore.transport.hub import DeviceHub
from wildcore.transport.icmp import Pinger
from wildcore.transport.replay import ReplayAgent
from wildcore.transport.snmp import Oid, Walk, oid_text
from wildcore.worker import calm_collector

MODULES = ("interfaces_list", "pon_onts_status", "pon_onts_mac_addr", "pon_onts_optical")
PER_PON = 64
Measured = Callable[[], Awaitable[float]]


async def serve(onus: int) -> None:
    """The agent's process: prints its port, ends with its input."""
    rows = frozen(olt("bdcom_epon", min(onus, PER_PON), max(1, onus // PER_PON)).list())
    async with ReplayAgent(mib(rows)) as agent:
        print(agent.port, flush=True)
        await asyncio.get_running_loop().run_in_executor(None, sys.stdin.read)


class Bench:
    """One OLT as it is stored, and the ways to walk it."""

    def __init__(self, runtime: Runtime, port: int, onus: int) -> None:
        self.runtime = runtime
        self.onus = onus
        self.port = port
        self.device = self._add(port)
        self.columns: list[Oid] = []
        self.varbinds = 0

    def _add(self, port: int) -> DeviceTarget:
        with self.runtime.db.write() as session:
            model = DeviceModel(
                key=f"bench{port}", name="", vendor="", model="", type="OLT", family="bdcom_epon", pollers={}, params={}
            )
            access = DeviceAccess(name=f"bench{port}", params={}, secrets="", created_at=0, updated_at=0)
            session.add_all([model, access])
            session.flush()
            params = {"sw_core_connection": {"snmp_port": port}}
            times = {"created_at": 0, "updated_at": 0}
            device = Device(ip="127.0.0.1", model_id=model.id, access_id=access.id, params=params, pollers={}, **times)
            session.query(Device).delete()
            session.add(device)
            session.flush()
            return load_target(session, self.runtime, device.id)

    def driver(self) -> Driver:
        """A fresh driver, as every poll has it."""
        return open_driver(self.runtime, self.device, Priority.POLL)

    async def learn_columns(self) -> None:
        """Note which columns the driver walks."""
        driver = self.driver()
        driver.session = _Noting(driver.session, self.columns)
        for module in MODULES:
            await call(driver, module)

    async def transport(self) -> float:
        """Our walks alone."""
        session = self.runtime.hub.session(self.device.target, Priority.POLL)
        start = time.process_time()
        varbinds = 0
        for base in self.columns:
            varbinds += len((await session.column(base)).rows)
        self.varbinds = varbinds
        return time.process_time() - start

    async def decoded(self) -> float:
        """Walks and records, nothing stored."""
        start = time.process_time()
        driver = self.driver()
        for module in MODULES:
            answer = await call(driver, module)
            assert answer.complete, answer.problems
        return time.process_time() - start

    async def stored(self) -> float:
        """The whole stack, with the metric store's write."""
        start = time.process_time()
        driver = self.driver()
        for module in MODULES:
            applied = await ask_module(self.runtime, self.device, driver, module)
            assert applied.complete, applied.problems
        self.runtime.metrics.flush()
        return time.process_time() - start

    async def snmpbulkwalk(self, program: str, columns: Sequence[Oid]) -> float:
        """net-snmp's program, once for each column."""
        before = children()
        for base in columns:
            subprocess.run(  # noqa: ASYNC221 - nothing else is to run meanwhile
                [program, "-v2c", "-cpublic", "-Cr25", "-Onq", "-m", "", f"127.0.0.1:{self.port}", oid_text(base)],
                check=True, stdout=subprocess.DEVNULL, env={"PATH": os.environ["PATH"], "MIBS": ""},
            )  # fmt: skip
        return children() - before


class _Noting:
    """A session that notes which columns are walked."""

    def __init__(self, session: Session, columns: list[Oid]) -> None:
        self._session, self._columns = session, columns
        self.get, self.set = session.get, session.set

    async def column(self, base: Oid, /) -> Walk:
        """One column."""
        self._columns.append(base)
        return await self._session.column(base)


def children() -> float:
    """CPU seconds of ended child processes so far."""
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime


def memory_mb() -> float:
    """Most memory this process has ever had."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


async def measure(bench: Bench, runs: int, *, profile: bool) -> dict[str, float]:
    """Least CPU seconds of each kind."""
    await bench.learn_columns()
    first = await bench.stored()
    kinds: dict[str, Measured] = {"transport": bench.transport, "decoded": bench.decoded, "poll": bench.stored}
    program = shutil.which("snmpbulkwalk")
    if program:
        kinds["snmpbulkwalk"] = lambda: bench.snmpbulkwalk(program, bench.columns)
        kinds["start-up"] = lambda: bench.snmpbulkwalk(program, [(1, 3, 9)] * len(bench.columns))
    else:
        print("snmpbulkwalk: not installed, no baseline")
    used: dict[str, list[float]] = {name: [] for name in kinds}
    for _ in range(runs):
        for name, run in kinds.items():
            used[name].append(await run())
    if profile:
        profiler = cProfile.Profile()
        profiler.enable()
        for _ in range(5):
            await bench.stored()
        profiler.disable()
        pstats.Stats(profiler).sort_stats("tottime").print_stats(35)
    with bench.runtime.db.read() as session:
        stored = session.scalar(select(func.count()).select_from(OnuValues).where(OnuValues.device_id == bench.device.device_id))
    assert stored == bench.onus, f"{stored} of {bench.onus} ONUs are stored"
    return {"first poll": first, **{name: min(times) for name, times in used.items()}}


def report(bench: Bench, seconds: dict[str, float], smallest: float | None) -> float:
    """One line per figure; returns the CPU seconds of a poll per ONU."""
    varbinds, onus = bench.varbinds, bench.onus
    base = seconds["transport"]
    start_up = seconds.pop("start-up", 0.0)
    if "snmpbulkwalk" in seconds:
        seconds["snmpbulkwalk"] -= start_up
        if seconds["snmpbulkwalk"] < start_up / 5:
            print(f"{onus} ONUs, snmpbulkwalk: too little beside its start-up to be told from it")
            del seconds["snmpbulkwalk"]
    names = {"transport": "transport alone", "snmpbulkwalk": "snmpbulkwalk without its start-up"}
    for name, used in seconds.items():
        text = f"{onus} ONUs, {names.get(name, name)}: {used:.3f} CPU s, {varbinds / used:,.0f} varbinds/CPU s"
        if name in ("decoded", "poll", "first poll"):
            text += f", {onus / used:,.0f} ONUs/CPU s"
        print(f"{text}, ratio to the transport {base / used:.2f}")
    each = seconds["poll"] / onus
    growth = "" if smallest is None else f", {each / smallest:.2f} of the smallest OLT's"
    print(f"{onus} ONUs, a poll costs {each * 1e6:.0f} us for each ONU{growth}; {memory_mb():.0f} MB at most so far", flush=True)
    return each


async def run(options: argparse.Namespace, directory: Path) -> None:
    """All sizes, one after the other."""
    db = Database(options.database or f"sqlite:///{directory}/wildcore.db", threads=4)
    migrate(db)
    calm_collector()
    box = SecretBox.from_directory(directory)
    metrics = DuckMetrics(directory / "metrics", write_sec=3600)
    smallest: float | None = None
    async with DeviceHub() as hub:
        runtime = Runtime(directory, db, Settings(db, box, CORE_SETTINGS), box, metrics, hub, Pinger(), Catalogue(db, ()))
        for onus in options.onus:
            command = [sys.executable, __file__, "--serve", str(onus)]
            with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as agent:  # noqa: ASYNC220
                assert agent.stdout is not None
                bench = Bench(runtime, int(agent.stdout.readline()), onus)
                seconds = await measure(bench, options.runs, profile=options.profile)
                agent.communicate()
            each = report(bench, seconds, smallest)
            smallest = smallest or each
    metrics.close()
    db.close()


def main() -> None:
    """Prints one line per figure."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--onus", type=int, nargs="+", default=[64, 256, 1024, 4096])
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--database", default="", help="an empty PostgreSQL database instead of SQLite")
    parser.add_argument("--profile", action="store_true")
    parser.add_argument("--serve", type=int, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.serve:
        asyncio.run(serve(options.serve))
        return
    assert set(MODULES) <= TABLED
    with tempfile.TemporaryDirectory() as directory:
        asyncio.run(run(options, Path(directory)))


if __name__ == "__main__":
    main()
