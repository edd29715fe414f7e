"""What the families share: the description of a device to simulate, and the device with its rows and its reactions to SET."""

from __future__ import annotations

import math
import time
from collections import defaultdict
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

from wildcore.lab.captures import mibs
from wildcore.lab.captures.onu import Clock, SimOnu, Uni, noise
from wildcore.lab.captures.rows import Live, Row, Rows, mib, snmprec
from wildcore.transport.replay import StaticMib
from wildcore.transport.snmp.types import Oid, Varbind, oid


@dataclass(slots=True)
class Spec:
    """Which device to make. `model` picks among the family's models; `name`, `location` are what the system group says.

    `since` is when its story begins (now, if not given): uptime and counters grow from there, so that a device made again with
    the same `since` goes on where it was.
    """

    model: str = ""
    pon_ports: int = 0
    onus: list[SimOnu] = field(default_factory=list)
    name: str = ""
    location: str = ""
    seed: int = 1
    clock: Clock = time.time
    up_since: float = 0.0
    since: float = 0.0

    def __post_init__(self) -> None:
        self.since = self.since or self.clock()
        if not self.up_since:
            self.up_since = self.since - (3 + self.seed * 37 % 90) * 86400 - self.seed * 7919 % 86400

    def mac(self, number: int) -> str:
        """A MAC of the device itself, 12 hex digits."""
        return f"D4F5{self.seed & 0xFFFF:04X}{number & 0xFFFF:04X}"

    @property
    def serial(self) -> str:
        """The serial number of the device."""
        return f"{40217700000 + self.seed * 7919 % 100000}"


class Device:
    """A simulated device: its rows, its ONUs, and what happens when somebody writes to it."""

    def __init__(self, spec: Spec, *, descr: str, object_id: str) -> None:
        self.spec = spec
        self.rows = Rows()
        self._reactions: dict[Oid, tuple[int, Callable[[bytes], None] | Callable[[int], None] | None]] = {}
        self._view: StaticMib | None = None
        mibs.system(
            self.rows, descr=descr, object_id=object_id, name=spec.name, location=spec.location,
            clock=spec.clock, up_since=spec.up_since,
        )  # fmt: skip

    @property
    def onus(self) -> list[SimOnu]:
        """The ONUs behind it, in the order of PON port and number."""
        return self.spec.onus

    def by_pon(self) -> dict[int, list[SimOnu]]:
        """The ONUs by PON port."""
        found: dict[int, list[SimOnu]] = defaultdict(list)
        for onu in self.spec.onus:
            found[onu.pon].append(onu)
        return found

    def on_write(self, where: str, tag: int, react: Callable[[bytes], None] | Callable[[int], None]) -> None:
        """Let an object be written with this type, and do something then."""
        self._reactions[oid(where)] = (tag, react)

    def writable(self, where: str, tag: int) -> None:
        """Let an object be written; nothing but the value changes."""
        self._reactions[oid(where)] = (tag, None)

    def accepts(self, row: Varbind) -> bool:
        """Whether the object may be written with this type: what an agent asks before SET."""
        found = self._reactions.get(row.oid)
        return found is not None and found[0] == row.tag

    def written(self, row: Varbind) -> None:
        """Do what the written value asks for: what an agent tells after SET."""
        found = self._reactions.get(row.oid)
        if found is not None and found[1] is not None:
            found[1](row.value)  # type: ignore[arg-type]

    def list(self) -> list[Row]:
        """All rows in order; functions among the values are live."""
        return self.rows.list()

    def mib(self) -> StaticMib:
        """What an agent serves; built once."""
        if self._view is None:
            self._view = mib(self.rows.list())
        return self._view

    def snmprec(self) -> str:
        """The device at this instant as a capture file."""
        return snmprec(self.rows.list())

    def growing(self, rate: float) -> Live:
        """A 64-bit counter that grows with `rate` per second, since three days before the device's story begins."""
        if rate <= 0:
            return 0
        clock, started = self.spec.clock, self.spec.since
        base = int(rate * 86400 * 3)
        return lambda: base + int(rate * (clock() - started))


def uni_rows(onus: Iterable[tuple[Oid, SimOnu]]) -> list[tuple[Oid, tuple[SimOnu, Uni]]]:
    """Rows of a UNI table: the ONU's index and the port's number, from 1."""
    return [((*index, n), (onu, uni)) for index, onu in onus for n, uni in enumerate(onu.unis, 1)]


def uni_up(found: tuple[SimOnu, Uni]) -> bool:
    """Whether a UNI has link now: only an ONU that works knows."""
    onu, uni = found
    return uni.up and onu.online


def drift(spec: Spec, middle: int, swing: int, phase: int) -> Callable[[], int]:
    """A whole number that wanders around `middle` by at most `swing`, deterministic by seed and time."""
    clock, seed = spec.clock, spec.seed * 131 + phase

    def value() -> int:
        now = clock()
        wave = 0.7 * math.sin(2 * math.pi * now / 3600 + seed % 628 / 100) + 0.3 * noise(seed, now)
        return middle + round(swing * wave)

    return value
