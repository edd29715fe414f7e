"""History of one interface for charts: levels as they are, counters as rates."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

from wildcore.errors import ValidationFailed
from wildcore.i18n import Text, _, gettext
from wildcore.services.runtime import Runtime
from wildcore.store.metrics import Point, SeriesKey

MAX_HOURS = 24 * 366
POINTS = 400

# metric -> label, and of counters what one of it in a second is (bit/s, packets/s, errors a minute)
METRICS: dict[str, tuple[Text, float]] = {
    "onu_rx_dbm": (_("RX of the ONU"), 0),
    "onu_olt_rx_dbm": (_("RX at the OLT"), 0),
    "onu_tx_dbm": (_("TX of the ONU"), 0),
    "onu_temperature_c": (_("Temperature"), 0),
    "onu_voltage_v": (_("Voltage"), 0),
    "iface_in_octets": (_("In"), 8),
    "iface_out_octets": (_("Out"), 8),
    "iface_in_errors": (_("Errors in"), 60),
    "iface_out_errors": (_("Errors out"), 60),
    "iface_in_discards": (_("Discards in"), 60),
    "iface_out_discards": (_("Discards out"), 60),
    "iface_in_multicast_pkts": (_("Multicast in"), 1),
    "iface_out_multicast_pkts": (_("Multicast out"), 1),
    "iface_in_broadcast_pkts": (_("Broadcast in"), 1),
    "iface_out_broadcast_pkts": (_("Broadcast out"), 1),
}


@dataclass(frozen=True, slots=True)
class Series:
    """One line of a chart: `values[i]` belongs to the chart's `times[i]`, None where there is a hole."""

    metric: str
    label: str
    values: list[float | None]


@dataclass(frozen=True, slots=True)
class Chart:
    """Lines over the same times (Unix seconds, rising) from `start` to `end`."""

    start: int
    end: int
    times: list[int]
    series: list[Series]


def interface_chart(runtime: Runtime, interface_id: int, metrics: list[str], hours: int) -> Chart:
    """The last hours of some metrics of an interface; the caller has checked that it may be seen."""
    if not 1 <= hours <= MAX_HOURS:
        raise ValidationFailed(gettext("{key}: must be from {low} to {high}", key="hours", low=1, high=MAX_HOURS), field="hours")
    unknown = [name for name in metrics if name not in METRICS]
    if unknown or not metrics:
        raise ValidationFailed(gettext("There is no metric {name}", name=", ".join(unknown)), field="metric")
    end = runtime.now()
    start = end - hours * 3600
    step = max(0, hours * 3600 // POINTS) if hours > 24 else 0
    lines: list[tuple[str, dict[int, float]]] = []
    for name in metrics:
        points = runtime.metrics.series(SeriesKey(name, interface_id), start, end, step)
        lines.append((name, rates(points, METRICS[name][1]) if METRICS[name][1] else {p.at: round(p.value, 2) for p in points}))
    times = sorted({at for _name, values in lines for at in values})
    return Chart(
        start,
        end,
        times,
        [Series(name, str(METRICS[name][0]), [values.get(at) for at in times]) for name, values in lines if values],
    )


def rates(points: list[Point], scale: float = 8) -> dict[int, float]:
    """What a counter counted in a second between its points, times `scale`; one that fell (restart) gives no rate."""
    made: dict[int, float] = {}
    for before, after in pairwise(points):
        passed, counted = after.at - before.at, after.value - before.value
        if passed > 0 and counted >= 0:
            made[after.at] = round(counted * scale / passed, 2)
    return made
