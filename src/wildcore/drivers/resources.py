"""CPU, memory and temperature: where each enterprise keeps them, as data; else HOST-RESOURCES and ENTITY-SENSOR.

Every OID is a column or a scalar without its last `.0`: both are walked. Sources: vendor MIBs, LibreNMS discovery
definitions, captures.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from statistics import fmean
from typing import Final

from wildcore.drivers import decode
from wildcore.drivers.base import Driver
from wildcore.drivers.table import Findings
from wildcore.model.answer import Answer
from wildcore.model.device import Resources
from wildcore.transport.snmp.types import Value, oid

E: Final = "1.3.6.1.4.1"
HR_LOAD: Final = "1.3.6.1.2.1.25.3.3.1.2"
HR_STORAGE: Final = "1.3.6.1.2.1.25.2.3.1"
HR_RAM: Final = oid("1.3.6.1.2.1.25.2.1.2")
SENSOR: Final = "1.3.6.1.2.1.99.1.1.1"
SENSOR_CELSIUS: Final = 8

PERCENT: Final = decode.units(decode.PERCENT)
CELSIUS: Final = decode.units((1, 120))
MILLI_CELSIUS: Final = decode.thousandths((1, 120))


@dataclass(frozen=True, slots=True)
class Memory:
    """Where the share of used memory comes from: `pct` itself, or two of `used`, `free` and `total` in one unit."""

    pct: str = ""
    used: str = ""
    free: str = ""
    total: str = ""
    inverse: bool = False  # `pct` is the free share


@dataclass(frozen=True, slots=True)
class Source:
    """Places of one enterprise subtree. `cpu` of several processors is their mean, of `peak` ones the busiest (tables
    that list all entities, most of them with 0); temperature is the hottest sensor."""

    object_id: str
    cpu: str = ""
    peak: bool = False
    memory: Memory = Memory()
    temperature: str = ""
    celsius: decode.Decoder[float] = CELSIUS


def _bdcom(enterprise: str) -> Source:
    base = f"{E}.{enterprise}.3.6.10.1"
    return Source(f"{E}.{enterprise}", f"{base}.11", memory=Memory(f"{base}.12"), temperature=f"{base}.13")


def _edge_core(model: str) -> Source:
    base = f"{E}.259.{model}.1"
    memory = Memory(f"{base}.39.3.4", inverse=True)
    return Source(f"{E}.259.{model}", f"{base}.39.2.1", memory=memory, temperature=f"{base}.1.11.1.3")


def _cdata_celsius(value: Value) -> float | None:
    """Whole degrees on V3, tenths on V4 (captures of both)."""
    degrees = decode.integer(value)
    return None if degrees is None else CELSIUS(degrees) if degrees < 100 else decode.tenths((1, 120))(degrees)


_VRP: Final = f"{E}.2011.5.25.31.1.1.1.1"
_COMWARE: Final = f"{E}.25506.2.6.1.1.1.1"
_HP_MEMORY: Final = f"{E}.11.2.14.11.5.1.1.2.1.1.1"
_JUNIPER: Final = f"{E}.2636.3.1.13.1"
_SNR: Final = f"{E}.40418.7.100.1.8.1"
_MIKROTIK: Final = f"{E}.14988.1.1.3.100.1"

SOURCES: Final = (
    _bdcom("3320"),
    _bdcom("52642"),
    *(_edge_core(model) for model in (
        "10.1.43", "10.1.27", "10.1.46", "10.1.39", "10.1.45", "10.1.42.101", "10.1.24", "10.1.5", "8.1.11", "6.10.94",
    )),
    Source(f"{E}.171.10.165", f"{E}.171.11.165.1000.5.1.7.1.5", temperature=f"{E}.171.11.165.1000.5.1.1.1.4"),
    Source(f"{E}.171", f"{E}.171.12.1.1.6.1", memory=Memory(f"{E}.171.12.1.1.9.1.4"),
           temperature=f"{E}.171.12.11.1.8.1.2"),
    Source(f"{E}.171", f"{E}.171.14.5.1.7.1.4", temperature=f"{E}.171.14.5.1.1.1.1.4"),
    Source(f"{E}.2011.2.115", f"{E}.2011.2.6.7.1.1.2.1.5", temperature=f"{E}.2011.2.6.7.1.1.2.1.10"),
    Source(f"{E}.2011.2.123", f"{E}.2011.2.6.7.1.1.2.1.5", temperature=f"{E}.2011.2.6.7.1.1.2.1.10"),
    Source(f"{E}.2011", f"{_VRP}.5", peak=True, memory=Memory(f"{_VRP}.7"), temperature=f"{_VRP}.11"),
    Source(f"{E}.25506", f"{_COMWARE}.6", peak=True, memory=Memory(f"{_COMWARE}.8"), temperature=f"{_COMWARE}.12"),
    Source(f"{E}.11", f"{E}.11.2.14.11.5.1.9.6.1", memory=Memory(free=f"{_HP_MEMORY}.6", total=f"{_HP_MEMORY}.5"),
           temperature=f"{E}.11.2.14.11.5.1.55.1.1.1.4"),
    Source(f"{E}.47196", temperature=f"{E}.47196.4.1.1.3.11.3.1.1.7", celsius=MILLI_CELSIUS),
    Source(f"{E}.11863", f"{E}.11863.6.4.1.1.1.1.2", memory=Memory(f"{E}.11863.6.4.1.2.1.1.2")),
    Source(f"{E}.2636", f"{_JUNIPER}.8", peak=True, memory=Memory(f"{_JUNIPER}.11"), temperature=f"{_JUNIPER}.7"),
    Source(f"{E}.35265.1.139", f"{E}.35265.1.139.6.1.1.2.2", temperature=f"{E}.2076.81.1.66"),
    Source(f"{E}.35265.1.24", f"{E}.89.1.9", temperature=f"{E}.89.53.15.1.9"),
    Source(f"{E}.35265", f"{E}.89.1.9", temperature=f"{E}.89.53.15.1.10",
           memory=Memory(free=f"{E}.35265.41.1.2.1.1.7", total=f"{E}.35265.41.1.2.1.1.3")),
    Source(f"{E}.9.6.1", f"{E}.9.6.1.101.1.9", temperature=f"{E}.9.6.1.101.53.15.1.10"),
    Source(f"{E}.9", f"{E}.9.9.109.1.1.1.1.8", temperature=f"{E}.9.9.13.1.3.1.3",
           memory=Memory(used=f"{E}.9.9.48.1.1.1.5", free=f"{E}.9.9.48.1.1.1.6")),
    Source(f"{E}.1916", f"{E}.1916.1.32.1.2", temperature=f"{E}.1916.1.1.1.8",
           memory=Memory(free=f"{E}.1916.1.32.2.2.1.3", total=f"{E}.1916.1.32.2.2.1.2")),
    Source(f"{E}.6027", f"{E}.6027.3.26.1.4.4.1.4", temperature=f"{E}.6027.3.26.1.3.4.1.13"),
    Source(f"{E}.674.11000", temperature=f"{E}.674.11000.5000.100.4.1.1.3.1.11"),
    Source(f"{E}.674.10895", temperature=f"{E}.89.53.15.1.9", memory=Memory(
        free=f"{E}.674.10895.5000.2.6132.1.1.1.1.4.1", total=f"{E}.674.10895.5000.2.6132.1.1.1.1.4.2")),
    Source(f"{E}.207", f"{E}.207.8.4.4.3.3.8.1.4", temperature=f"{E}.207.8.4.4.3.12.3.1.5"),
    Source(f"{E}.4413", f"{E}.4413.1.1.1.1.4.9", temperature=f"{E}.4413.1.1.43.1.8.1.5",
           memory=Memory(free=f"{E}.4413.1.1.1.1.4.1", total=f"{E}.4413.1.1.1.1.4.2")),
    Source(f"{E}.8886", f"{E}.8886.1.1.1.3.1.2.1.2", temperature=f"{E}.8886.1.1.4.2.1"),
    Source(f"{E}.40418", f"{_SNR}.11", memory=Memory(used=f"{_SNR}.8", total=f"{_SNR}.7"), temperature=f"{_SNR}.10"),
    Source(f"{E}.2011", temperature=f"{E}.2011.6.3.3.2.1.13"),
    Source(f"{E}.3320", temperature=f"{E}.3320.9.181.1.1.7"),
    Source(f"{E}.52642", temperature=f"{E}.52642.9.181.1.1.7"),
    Source(f"{E}.3902.1082.1001", f"{E}.3902.3.6002.2.1.1.8", memory=Memory(f"{E}.3902.3.6002.2.1.1.6"),
           temperature=f"{E}.3902.3.6002.2.5.1.9"),
    Source(f"{E}.37950", f"{E}.37950.1.1.5.10.12.3", memory=Memory(f"{E}.37950.1.1.5.10.12.4"),
           temperature=f"{E}.37950.1.1.5.10.12.5.9"),
    Source(f"{E}.3902.1082", f"{E}.3902.1082.10.1.2.4.1.9", peak=True, memory=Memory(f"{E}.3902.1082.10.1.2.4.1.11"),
           temperature=f"{E}.3902.1082.10.10.2.1.6.1.2"),
    Source(f"{E}.3902.1015", f"{E}.3902.1015.2.1.1.3.1.9", peak=True, memory=Memory(f"{E}.3902.1015.2.1.1.3.1.11"),
           temperature=f"{E}.3902.1015.2.1.3.2"),
    Source(f"{E}.17409", f"{E}.34592.1.3.100.1.8.1", memory=Memory(
        total=f"{E}.34592.1.3.100.1.8.2", free=f"{E}.34592.1.3.100.1.8.3"),
        temperature=f"{E}.34592.1.3.100.1.8.6", celsius=_cdata_celsius),
)  # fmt: skip


async def read(driver: Driver, object_id: str) -> Answer[Resources]:
    """One row: the enterprise's own objects first, then the standard MIBs for what is still unknown."""
    findings = Findings()
    cpu = memory = temperature = None
    for source in SOURCES:
        if not f"{object_id}.".startswith(f"{source.object_id}."):
            continue
        if cpu is None and source.cpu:
            loads = await _values(driver, findings, source.cpu, _text_percent)
            cpu = _load(loads, peak=source.peak)
        if memory is None:
            memory = await _memory(driver, findings, source.memory)
        if temperature is None and source.temperature:
            temperature = max(await _values(driver, findings, source.temperature, source.celsius), default=None)
        if None not in (cpu, memory, temperature):
            break
    if cpu is None:
        loads = await _values(driver, findings, HR_LOAD, PERCENT)
        cpu = round(fmean(loads), 1) if loads else None
    if memory is None:
        memory = await _hr_memory(driver, findings)
    if temperature is None:
        temperature = await _gauge(driver, findings) if object_id.startswith(f"{E}.14988") else None
    if temperature is None:
        temperature = await _hottest(driver, findings)
    if cpu is None and memory is None and temperature is None:
        findings.add(False, ["no CPU, memory or temperature known of this device"])
    return findings.answer([Resources(cpu, memory, temperature)])


def _load(loads: list[float], *, peak: bool) -> float | None:
    if not loads:
        return None
    # In a table of all entities 0 stands for "no processor"; all zeros (ZTE C620) tell nothing.
    return (max(loads) or None) if peak else round(fmean(loads), 1)


def _text_percent(value: Value) -> float | None:
    """A percentage; FASTPATH writes `5 Secs ( 31.1134%)   60 Secs ( 30.2%) ...`: the last is the steadiest."""
    if isinstance(value, bytes) and b"%" in value:
        parts = [part.rsplit(b"(", 1)[-1] for part in value.split(b"%")[:-1]]
        return PERCENT(parts[-1]) if parts else None
    return PERCENT(value)


async def _values(driver: Driver, findings: Findings, where: str, read_value: Callable[[Value], float | None]) -> list[float]:
    walk = await driver.walk(oid(where), findings, needed=False)
    return [value for _, raw in walk.rows if (value := read_value(raw)) is not None]


async def _memory(driver: Driver, findings: Findings, memory: Memory) -> float | None:
    if memory.pct:
        shares = [share for share in await _values(driver, findings, memory.pct, PERCENT) if share > 0]
        share = max(shares, default=None)
        return round(100 - share, 1) if share is not None and memory.inverse else share
    sizes = {
        name: await _first_size(driver, findings, where) for name in ("used", "free", "total") if (where := getattr(memory, name))
    }
    return _share(sizes.get("used"), sizes.get("free"), sizes.get("total"))


async def _first_size(driver: Driver, findings: Findings, where: str) -> int | None:
    walk = await driver.walk(oid(where), findings, needed=False)
    return next((size for _, raw in walk.rows if (size := decode.integer(raw)) is not None and size >= 0), None)


def _share(used: int | None, free: int | None, total: int | None) -> float | None:
    if used is None and free is not None and total is not None:
        used = total - free
    if total is None and used is not None and free is not None:
        total = used + free
    if used is None or not total or not 0 <= used <= total:
        return None
    return round(used * 100 / total, 1)


async def _hr_memory(driver: Driver, findings: Findings) -> float | None:
    kinds = await driver.walk(oid(f"{HR_STORAGE}.2"), findings, needed=False)
    for index, kind in kinds.rows:
        if kind == HR_RAM:
            size, used = oid(f"{HR_STORAGE}.5") + index, oid(f"{HR_STORAGE}.6") + index
            got = await driver.session.get(size, used)
            return _share(decode.counter(got.get(used)), None, decode.counter(got.get(size)))
    return None


async def _gauge(driver: Driver, findings: Findings) -> float | None:
    """MikroTik health table: name, value, unit (1 is °C)."""
    units = await driver.walk(oid(f"{_MIKROTIK}.4"), findings, needed=False)
    if not units.rows:
        return None
    values = dict((await driver.walk(oid(f"{_MIKROTIK}.3"), findings, needed=False)).rows)
    return _hot(CELSIUS(values.get(index)) for index, unit in units.rows if unit == 1)


async def _hottest(driver: Driver, findings: Findings) -> float | None:
    """ENTITY-SENSOR-MIB: value * 10^(3*(scale-9) - precision) of the sensors in °C."""
    kinds = await driver.walk(oid(f"{SENSOR}.1"), findings, needed=False)
    wanted = [index for index, kind in kinds.rows if kind == SENSOR_CELSIUS]
    if not wanted:
        return None
    columns = [dict((await driver.walk(oid(f"{SENSOR}.{number}"), findings, needed=False)).rows) for number in (2, 3, 4)]
    return _hot(_sensor(*(column.get(index) for column in columns)) for index in wanted)


def _sensor(scale: Value, precision: Value, value: Value) -> float | None:
    if not isinstance(value, int) or not isinstance(scale, int) or not 1 <= scale <= 17:
        return None
    digits = precision if isinstance(precision, int) and -8 <= precision <= 9 else 0
    return decode.scaled(10.0 ** (3 * (scale - 9) - digits), 1, 120)(value)


def _hot(values: Iterable[float | None]) -> float | None:
    return max((value for value in values if value is not None), default=None)
