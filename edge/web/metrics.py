"""What is counted of the page, as text for Prometheus (exposition format 0.0.4)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping

from ..system import board

BUCKETS_S = (0.25, 0.5, 1, 2, 5, 10, 20, 60, 120)
"""Upper ends of the histogram of readings."""


Labels = tuple[tuple[str, str | int], ...]
"""The labels of a counter, sorted by their names."""


class Metrics:
    """Counts since the start. `gauges` is a function that gives {name: value} of what is now."""

    def __init__(self, gauges: Callable[[], Mapping[str, float]]) -> None:
        self._gauges = gauges
        self._counts: Counter[tuple[str, Labels]] = Counter()
        self._buckets, self._seconds, self._readings = [0] * len(BUCKETS_S), 0.0, 0

    def count(self, name: str, **labels: str | int) -> None:
        """One more of it."""
        self._counts[name, tuple(sorted(labels.items()))] += 1

    def count_reading(self, seconds: float) -> None:
        """One more picture was read, in so many seconds."""
        self._readings += 1
        self._seconds += seconds
        for number, end in enumerate(BUCKETS_S):
            self._buckets[number] += seconds <= end

    def to_text(self) -> str:
        """The exposition."""
        lines: list[str] = []
        for (name, labels), value in sorted(self._counts.items()):
            lines += [] if f"# TYPE {name} counter" in lines else [f"# TYPE {name} counter"]
            lines.append(f"{name}{_labels(labels)} {value}")
        lines.append("# TYPE ecg_edge_reading_seconds histogram")
        for end, value in zip(BUCKETS_S, self._buckets, strict=True):
            lines.append(f'ecg_edge_reading_seconds_bucket{{le="{end:g}"}} {value}')
        lines.append(f'ecg_edge_reading_seconds_bucket{{le="+Inf"}} {self._readings}')
        lines += [
            f"ecg_edge_reading_seconds_sum {self._seconds:.3f}",
            f"ecg_edge_reading_seconds_count {self._readings}",
        ]
        gauges = {"ecg_edge_resident_bytes": round((board.resident_mb() or 0) * 1e6), **self._gauges()}
        for name, gauge in gauges.items():
            lines += [f"# TYPE {name} gauge", f"{name} {gauge}"]
        return "\n".join(lines) + "\n"


def _labels(labels: Labels) -> str:
    return "{" + ",".join(f'{name}="{value}"' for name, value in labels) + "}" if labels else ""
