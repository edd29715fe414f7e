"""ONUs per CPU second that a driver decodes and joins: BDCOM EPON status, idents and optics, walks answered from memory.

    python bench/drivers.py [--runs 5]

The session hands out rows at no cost, so that only the driver's own work is measured; the baseline is a bare loop over the
same rows. The cost of SNMP itself is measured by bench/transport.py. Never fails on a time.
"""

from __future__ import annotations

import argparse
import asyncio
import statistics
import time

from wildcore.drivers.base import Driver
from wildcore.drivers.registry import call
from wildcore.drivers.vendors.bdcom_epon import BdcomEpon
from wildcore.transport.snmp.types import Index, Oid, Tag, Value, Walk, oid

SIZES = (64, 1024, 4096)
EPON = "1.3.6.1.4.1.3320.101"
MODULES = ("pon_onts_status", "pon_onts_mac_addr", "pon_onts_optical")


def columns(onus: int) -> dict[Oid, list[tuple[Index, Value]]]:
    """The columns that the three modules read of an OLT with so many ONUs, all online."""
    cells: dict[str, Value] = {
        "10.1.1.26": 3, "10.5.1.2": 45 * 256, "10.5.1.3": 33_120, "10.5.1.5": -213, "10.5.1.6": 22, "108.1.3": -241,
        "10.1.1.27": 901,
    }  # fmt: skip
    rows = range(100, 100 + onus)
    found: dict[Oid, list[tuple[Index, Value]]] = {
        oid(f"{EPON}.{where}"): [((index,), value) for index in rows] for where, value in cells.items()
    }
    found[oid("1.3.6.1.2.1.2.2.1.7")] = [((index,), 1) for index in rows]
    found[oid(f"{EPON}.10.1.1.3")] = [((index,), b"\x78\x5c\x72\x00" + index.to_bytes(2, "big")) for index in rows]
    return found


class Memory:
    """A session whose walks cost nothing."""

    def __init__(self, rows: dict[Oid, list[tuple[Index, Value]]]) -> None:
        self.rows = rows

    async def get(self, *oids: Oid) -> dict[Oid, Value]:
        """Nothing is there."""
        return {}

    async def column(self, base: Oid, /) -> Walk:
        """The rows of a column."""
        return Walk(self.rows.get(base, []), complete=True)

    async def set(self, *values: tuple[Oid, Tag, Value]) -> None:
        """Nothing is kept."""


async def poll(driver: Driver) -> int:
    """One poll; how many records came."""
    return sum([len((await call(driver, module)).rows) for module in MODULES])


def bare(rows: dict[Oid, list[tuple[Index, Value]]]) -> int:
    """The least that any decoder must do: look at every cell once and keep it by its row."""
    kept: dict[Index, list[Value]] = {}
    for column in rows.values():
        for index, value in column:
            kept.setdefault(index, []).append(value)
    return len(kept)


def main() -> None:
    """Print one line per size."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--runs", type=int, default=5)
    runs = parser.parse_args().runs
    for onus in SIZES:
        rows = columns(onus)
        ours, baseline = [], []
        for _ in range(runs):
            start = time.process_time()
            assert bare(rows) == onus
            baseline.append(time.process_time() - start)
            start = time.process_time()
            assert asyncio.run(poll(BdcomEpon(Memory(rows)))) == onus * len(MODULES)
            ours.append(time.process_time() - start)
        took, least = statistics.median(ours), statistics.median(baseline)
        print(
            f"drivers decode {onus:5} ONUs: {onus / took:9,.0f} ONUs per CPU s, {took / onus * 1e6:5.1f} us an ONU, "
            f"{took / least:4.1f} x a bare loop over {len(rows) * onus} cells"
        )


if __name__ == "__main__":
    main()
