"""Varbinds per CPU second of a v2c walk: ours beside net-snmp's snmpbulkwalk, same tables, same agent, same run.

    python bench/transport.py [--onus 2048] [--runs 5]

The agent runs in a process of its own. CPU is user + system of the walking process alone; medians of interleaved runs. A ratio
is to snmpbulkwalk's rate without its start-up, which is the harder comparison. Never fails on a time.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import resource
import shutil
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Coroutine
from typing import Any

from wildcore.transport.gate import Priority
from wildcore.transport.hub import DeviceHub
from wildcore.transport.replay import ReplayAgent, StaticMib
from wildcore.transport.snmp import Oid, SnmpTarget, Tag, Value, Varbind, oid, oid_text

ENTRY = oid("1.3.6.1.4.1.3320.101.10.1.1")
COLUMNS = 10  # ident, name, state, distance and optics of an ONU, as a poll of an EPON OLT reads them
REPETITIONS = 25


def table(onus: int) -> list[Varbind]:
    """An ONU table: strings, MAC addresses, small and large and negative numbers, counters."""
    rows: list[Varbind] = []
    for onu in range(onus):
        index = 100 + onu
        cells: list[tuple[Tag, Value]] = [
            (Tag.OCTET_STRING, f"EPON0/{onu // 64 + 1}:{onu % 64 + 1}".encode()),
            (Tag.OCTET_STRING, bytes((0xE0, 0x67, 0xB3, onu >> 16 & 255, onu >> 8 & 255, onu & 255))),
            (Tag.INTEGER, 3),
            (Tag.INTEGER, 500 + onu % 15000),
            (Tag.INTEGER, -(150 + onu % 120)),
            (Tag.INTEGER, 20 + onu % 10),
            (Tag.INTEGER, -(170 + onu % 130)),
            (Tag.GAUGE32, 33 + onu % 20),
            (Tag.TIMETICKS, 8_640_000 + onu),
            (Tag.COUNTER64, (1 << 40) + onu * 7919),
        ]
        rows += [Varbind((*ENTRY, column, index), tag, value) for column, (tag, value) in enumerate(cells, 1)]
    return rows


async def serve(onus: int) -> None:
    """The agent's process: prints its port, ends with its input."""
    async with ReplayAgent(StaticMib(table(onus))) as agent:
        print(agent.port, flush=True)
        await asyncio.get_running_loop().run_in_executor(None, sys.stdin.read)


async def walk(port: int, bases: list[Oid], expected: int) -> float:
    """CPU seconds of our walks."""
    async with DeviceHub() as hub:
        session = hub.session(SnmpTarget("127.0.0.1", port, max_repetitions=REPETITIONS), Priority.POLL)
        await session.get("1.3.6.1.2.1.1.1.0")
        start = time.process_time()
        rows = 0
        for base in bases:
            result = await session.walk(base)
            assert result.complete, result.problem
            rows += len(result.rows)
        used = time.process_time() - start
        assert rows == expected
        return used


def children() -> float:
    """CPU seconds of ended child processes so far."""
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime


def snmpbulkwalk(program: str, port: int, base: Oid) -> float:
    """CPU seconds of one run of net-snmp's program."""
    before = children()
    subprocess.run(
        [program, "-v2c", "-cpublic", f"-Cr{REPETITIONS}", "-Onq", "-m", "", f"127.0.0.1:{port}", oid_text(base)],
        check=True, stdout=subprocess.DEVNULL, env={"PATH": os.environ["PATH"], "MIBS": ""},
    )  # fmt: skip
    return children() - before


def uvloop_runner() -> Callable[[Coroutine[Any, Any, float]], float] | None:
    """asyncio.run on uvloop, where installed."""
    try:
        import uvloop
    except ImportError:
        return None
    return uvloop.run


def main() -> None:
    """Prints one line per figure."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--onus", type=int, default=2048)
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--serve", action="store_true", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.serve:
        asyncio.run(serve(options.onus))
        return
    expected = options.onus * COLUMNS
    columns = [(*ENTRY, column) for column in range(1, COLUMNS + 1)]
    command = [sys.executable, __file__, "--serve", "--onus", str(options.onus)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as agent:
        assert agent.stdout is not None
        port = int(agent.stdout.readline())
        kinds: dict[str, Callable[[], float]] = {
            "ours, column by column": lambda: asyncio.run(walk(port, columns, expected)),
            "ours, table in one walk": lambda: asyncio.run(walk(port, [ENTRY], expected)),
        }
        if fast := uvloop_runner():
            kinds["ours on uvloop, column by column"] = lambda: fast(walk(port, columns, expected))
        program = shutil.which("snmpbulkwalk")
        if program:
            kinds["snmpbulkwalk"] = lambda: snmpbulkwalk(program, port, ENTRY)
            kinds["snmpbulkwalk, start-up alone"] = lambda: snmpbulkwalk(program, port, (1, 3, 9))
        else:
            print("snmpbulkwalk: not installed, no baseline")
        used: dict[str, list[float]] = {name: [] for name in kinds}
        for _ in range(options.runs):
            for name, run in kinds.items():
                used[name].append(run())
        agent.communicate()
    report({name: statistics.median(times) for name, times in used.items()}, expected)


def report(seconds: dict[str, float], varbinds: int) -> None:
    """One line per figure."""
    start_up = seconds.pop("snmpbulkwalk, start-up alone", 0.0)
    base = varbinds / (seconds["snmpbulkwalk"] - start_up) if "snmpbulkwalk" in seconds else 0.0
    for name, used in seconds.items():
        rate = varbinds / used
        print(f"{name}: {rate:,.0f} varbinds per CPU second ({used / varbinds * 1e6:.2f} us each)", end="")
        print(f", ratio {rate / base:.2f}" if base else "")
    if base:
        print(f"snmpbulkwalk without its start-up: {base:,.0f} varbinds per CPU second, ratio 1.00")


if __name__ == "__main__":
    main()
