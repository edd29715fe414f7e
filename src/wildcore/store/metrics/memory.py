"""A metric store that keeps what it is given in memory: for tests and for console commands that need no history."""

from __future__ import annotations

import threading
from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path

from wildcore.store.metrics.base import Batch, Point, SeriesKey, averages


class NullMetrics:
    """Keeps the last `keep` points of each series, 0 for none at all; nothing is ever written to disk."""

    def __init__(self, keep: int = 1000) -> None:
        self._keep = keep
        self._lock = threading.Lock()
        self._points: dict[SeriesKey, list[Point]] = defaultdict(list)

    def put(self, batches: Sequence[Batch]) -> None:
        """Take values."""
        if not self._keep:
            return
        with self._lock:
            for batch in batches:
                for object_id, value in zip(batch.object_ids, batch.values, strict=True):
                    points = self._points[SeriesKey(batch.metric, object_id)]
                    points.append(Point(batch.at, value))
                    del points[: -self._keep]

    def series(self, key: SeriesKey, start: int, end: int, step_sec: int = 0) -> list[Point]:
        """Points from `start` to `end`, oldest first; with a step, averages of each step."""
        with self._lock:
            found = sorted(point for point in self._points.get(key, ()) if start <= point.at <= end)
        return averages(found, step_sec) if step_sec else found

    def flush(self) -> None:
        """Nothing waits."""

    def expire(self, before: int) -> int:
        """Forget what is older."""
        with self._lock:
            for key, points in self._points.items():
                self._points[key] = [point for point in points if point.at >= before]
        return 0

    def snapshot(self, directory: Path) -> None:
        """Nothing is kept beyond the process."""

    def close(self) -> None:
        """Nothing is open."""
