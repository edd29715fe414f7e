"""The metric store: what goes in comes out, also of closed days; two processes never share a file by accident."""

from __future__ import annotations

import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import duckdb
import pytest

from wildcore.errors import ConfigurationError
from wildcore.store.metrics import Batch, MetricStore, NullMetrics, Point, SeriesKey
from wildcore.store.metrics.duckdb import CLOSE_AFTER_SEC, DuckMetrics

DAY = 86_400
T0 = 20_000 * DAY  # a midnight, UTC
RX = "onu_rx_dbm"


@pytest.fixture
def metrics(tmp_path: Path) -> Iterator[DuckMetrics]:
    store = DuckMetrics(tmp_path, write_sec=3600)
    yield store
    store.close()


def fill(store: MetricStore, start: int, count: int, step: int = 600) -> None:
    store.put([Batch(RX, start + at * step, [1, 2], [-20.0 - at, -10.0]) for at in range(count)])
    store.flush()


@pytest.fixture(params=["duckdb", "memory"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[MetricStore]:
    made: MetricStore = DuckMetrics(tmp_path) if request.param == "duckdb" else NullMetrics()
    yield made
    made.close()


def test_a_series_comes_back_in_order(store: MetricStore) -> None:
    fill(store, T0, 3)
    store.put([Batch("onu_tx_dbm", T0, [1], [2.0])])
    store.flush()
    assert store.series(SeriesKey(RX, 1), T0, T0 + 1200) == [(T0, -20.0), (T0 + 600, -21.0), (T0 + 1200, -22.0)]
    assert store.series(SeriesKey(RX, 1), T0 + 1, T0 + 1199) == [Point(T0 + 600, -21.0)]
    assert store.series(SeriesKey(RX, 3), T0, T0 + 1200) == []


def test_steps_are_averages(store: MetricStore) -> None:
    fill(store, T0, 4)
    assert store.series(SeriesKey(RX, 1), T0, T0 + DAY, 1200) == [(T0, -20.5), (T0 + 1200, -22.5)]


def test_what_is_no_number_is_left_out(metrics: DuckMetrics) -> None:
    metrics.put([Batch(RX, T0, [1, 2, 3], [float("nan"), float("inf"), -3.25]), Batch(RX, T0 + 1, [], [])])
    metrics.put([Batch("iface_in_octets", T0, [1], [float(2**63)])])
    metrics.flush()
    assert [metrics.series(SeriesKey(RX, one), T0, T0 + 9) for one in (1, 2, 3)] == [[], [], [(T0, -3.25)]]
    assert metrics.series(SeriesKey("iface_in_octets", 1), T0, T0) == [(T0, 2.0**63)]


def test_closed_days_become_sorted_files_and_stay_readable(metrics: DuckMetrics, tmp_path: Path) -> None:
    fill(metrics, T0, 288)  # two days
    before = metrics.series(SeriesKey(RX, 1), T0, T0 + 3 * DAY)
    assert metrics.close_days(T0 + DAY + CLOSE_AFTER_SEC - 1) == []
    made = metrics.close_days(T0 + DAY + CLOSE_AFTER_SEC)
    assert [path.name for path in made] == ["2024-10-04.parquet"]
    rows = duckdb.execute(f"SELECT metric, object_id, ts FROM '{made[0]}'").fetchall()
    assert len(rows) == 288
    assert rows == sorted(rows)
    assert metrics.series(SeriesKey(RX, 1), T0, T0 + 3 * DAY) == before

    metrics.put([Batch(RX, T0 + 5, [9], [1.0])])  # late for a closed day
    metrics.flush()
    assert [path.name for path in metrics.close_days(T0 + 3 * DAY)] == ["2024-10-04.2.parquet", "2024-10-05.parquet"]
    assert metrics.series(SeriesKey(RX, 9), T0, T0 + DAY) == [(T0 + 5, 1.0)]
    assert metrics.series(SeriesKey(RX, 1), T0, T0 + 3 * DAY) == before

    assert metrics.expire(T0 + DAY - 1) == 0
    assert metrics.expire(T0 + DAY) == 2
    assert metrics.series(SeriesKey(RX, 1), T0, T0 + 3 * DAY) == before[144:]
    assert list((tmp_path / "days").glob("*.part")) == []


def test_history_survives_a_restart(tmp_path: Path) -> None:
    first = DuckMetrics(tmp_path)
    first.put([Batch(RX, T0, [1], [-20.0])])
    first.close()  # writes what waits
    second = DuckMetrics(tmp_path)
    assert second.series(SeriesKey(RX, 1), T0, T0) == [(T0, -20.0)]
    second.close()


def test_values_are_written_without_being_asked(tmp_path: Path) -> None:
    store = DuckMetrics(tmp_path, write_sec=0.01)
    store.put([Batch(RX, T0, [1], [-20.0])])
    seen = threading.Event()

    def look() -> None:
        while not store.series(SeriesKey(RX, 1), T0, T0):
            pass
        seen.set()

    looking = threading.Thread(target=look, daemon=True)
    looking.start()
    assert seen.wait(20)
    looking.join()
    store.close()


def test_a_second_process_is_told_and_one_that_needs_no_history_is_not_hindered(metrics: DuckMetrics, tmp_path: Path) -> None:
    fill(metrics, T0, 1)
    code = f"""
import logging; logging.basicConfig()
from pathlib import Path
from wildcore.errors import ConfigurationError
from wildcore.store.metrics import Batch, SeriesKey
from wildcore.store.metrics.duckdb import DuckMetrics
store = DuckMetrics(Path({str(tmp_path)!r}))
try:
    store.series(SeriesKey("x", 1), 0, 1)
except ConfigurationError as error:
    print(error.description)
store.put([Batch("x", 1, [1], [1.0])])
store.close()
print("went on")
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    first, second = done.stdout.splitlines()
    assert first.startswith(f"Metric history in {tmp_path} cannot be opened: ")
    assert second == "went on"


def test_a_directory_that_cannot_be_made_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    store = DuckMetrics(tmp_path / "file")
    with pytest.raises(ConfigurationError, match="cannot be opened"):
        store.flush()
    store.close()
