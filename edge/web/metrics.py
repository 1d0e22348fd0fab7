"""What is counted of the page, for Prometheus (text exposition format 0.0.4, by prometheus-client)."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping

from prometheus_client import CollectorRegistry, Counter, Histogram, disable_created_metrics, generate_latest
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from ..system import board

BUCKETS_S = (0.25, 0.5, 1, 2, 5, 10, 20, 60, 120)
"""Upper ends of the histogram of readings."""
COUNTERS = {
    "ecg_edge_requests_total": ("Requests that were answered.", ("status",)),
    "ecg_edge_pages_total": ("Pictures, by what came of them; lost where the reading process ended.", ("status",)),
    "ecg_edge_turned_away_total": ("Pictures that found no place in the queue.", ()),
}
"""What is counted: what it is, and its labels."""
GAUGES = {
    "ecg_edge_resident_bytes": "Memory of the serving process.",
    "ecg_edge_reader_resident_bytes": "Memory of the reading process.",
    "ecg_edge_queue": "Pictures that wait or are read.",
    "ecg_edge_held_results": "Results of sessions in memory.",
    "ecg_edge_held_bytes": "Memory of these.",
}
"""What is measured as it is now; others say nothing of themselves."""


class Metrics:
    """Counts since the start. `gauges` is a function that gives {name: value} of what is now."""

    def __init__(self, gauges: Callable[[], Mapping[str, float]]) -> None:
        # When each count began is known: the process's start.
        disable_created_metrics()
        self._registry = CollectorRegistry()
        self._counters = {
            name: Counter(name, about, labels, registry=self._registry) for name, (about, labels) in COUNTERS.items()
        }
        self._seconds = Histogram(
            "ecg_edge_reading_seconds", "Readings, by how long they took.", buckets=BUCKETS_S, registry=self._registry
        )
        self._registry.register(_Gauges(gauges))

    def count(self, name: str, **labels: str | int) -> None:
        """One more of one of `COUNTERS`."""
        counter = self._counters[name]
        (counter.labels(**labels) if labels else counter).inc()

    def count_reading(self, seconds: float) -> None:
        """One more picture was read, in so many seconds."""
        self._seconds.observe(seconds)

    def to_text(self) -> str:
        """The exposition."""
        return generate_latest(self._registry).decode()


class _Gauges(Collector):
    """What is now, asked when it is told."""

    def __init__(self, gauges: Callable[[], Mapping[str, float]]) -> None:
        self._gauges = gauges

    def describe(self) -> Iterable[Metric]:
        """Nothing: what is asked for may not be there yet when this is made."""
        return ()

    def collect(self) -> Iterable[Metric]:
        """The gauges."""
        known = {"ecg_edge_resident_bytes": round((board.resident_mb() or 0) * 1e6), **self._gauges()}
        for name, value in known.items():
            yield GaugeMetricFamily(name, GAUGES.get(name, name), value)
