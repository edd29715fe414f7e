"""Metric history: signals, counters and resources over time, behind one small protocol.

A series is a metric name and an object id: an interface id for signals and counters, a device id for resources and counts.
"""

from wildcore.store.metrics.base import Batch, MetricStore, Point, SeriesKey
from wildcore.store.metrics.memory import NullMetrics

__all__ = ["Batch", "MetricStore", "NullMetrics", "Point", "SeriesKey"]
