"""The protocol of metric stores."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple, Protocol


class SeriesKey(NamedTuple):
    """Metric name (`onu_rx_dbm`, `iface_in_octets`, `device_cpu_pct` ...) and the id of its interface or device."""

    metric: str
    object_id: int


class Point(NamedTuple):
    """One value of a series at a time (Unix seconds, UTC)."""

    at: int
    value: float


@dataclass(frozen=True, slots=True)
class Batch:
    """Values of one metric read at one time, columnar: `values[i]` belongs to `object_ids[i]`."""

    metric: str
    at: int
    object_ids: Sequence[int]
    values: Sequence[float]


class MetricStore(Protocol):
    """Where history goes. All methods may be called from any thread."""

    def put(self, batches: Sequence[Batch]) -> None:
        """Take values; returns at once, they are written within seconds."""
        ...

    def series(self, key: SeriesKey, start: int, end: int, step_sec: int = 0) -> list[Point]:
        """Points of one series from `start` to `end`, oldest first; with a step, averages of each step."""
        ...

    def flush(self) -> None:
        """Write what was taken, and return when it can be read."""
        ...

    def expire(self, before: int) -> int:
        """Forget what is older than this time (Unix seconds), in steps of a day; returns how many stored days went."""
        ...

    def snapshot(self, directory: Path) -> None:
        """Write all that was taken so far into an empty directory, from which a store of the same kind can be opened."""
        ...

    def close(self) -> None:
        """Flush and release everything."""
        ...


def averages(points: Sequence[Point], step_sec: int) -> list[Point]:
    """One point per step that has any: the mean of its values, at the step's beginning."""
    steps: dict[int, list[float]] = {}
    for point in points:
        steps.setdefault(point.at - point.at % step_sec, []).append(point.value)
    return [Point(at, sum(values) / len(values)) for at, values in sorted(steps.items())]
