"""What is counted of the page, as text for Prometheus (exposition format 0.0.4)."""

from collections import Counter

from ..system import board

SECONDS = (0.25, 0.5, 1, 2, 5, 10, 20, 60, 120)
"""Upper ends of the histogram of readings."""


class Metrics:
    """Counts since the start. `gauges` is a function that gives {name: value} of what is now."""

    def __init__(self, gauges):
        self._gauges, self._counts = gauges, Counter()
        self._buckets, self._seconds, self._readings = [0] * len(SECONDS), 0.0, 0

    def count(self, name, **labels):
        """One more of it."""
        self._counts[name, tuple(sorted(labels.items()))] += 1

    def reading(self, seconds):
        """One more picture was looked at, so long."""
        self._readings += 1
        self._seconds += seconds
        for number, end in enumerate(SECONDS):
            self._buckets[number] += seconds <= end

    def to_text(self):
        """The exposition."""
        lines = []
        for (name, labels), value in sorted(self._counts.items()):
            lines += [] if f"# TYPE {name} counter" in lines else [f"# TYPE {name} counter"]
            lines.append(f"{name}{_labels(labels)} {value}")
        lines.append("# TYPE ecg_edge_reading_seconds histogram")
        for end, value in zip(SECONDS, self._buckets, strict=True):
            lines.append(f'ecg_edge_reading_seconds_bucket{{le="{end:g}"}} {value}')
        lines.append(f'ecg_edge_reading_seconds_bucket{{le="+Inf"}} {self._readings}')
        lines += [
            f"ecg_edge_reading_seconds_sum {self._seconds:.3f}",
            f"ecg_edge_reading_seconds_count {self._readings}",
        ]
        gauges = {"ecg_edge_resident_bytes": round((board.resident_mb() or 0) * 1e6), **self._gauges()}
        for name, value in gauges.items():
            lines += [f"# TYPE {name} gauge", f"{name} {value}"]
        return "\n".join(lines) + "\n"


def _labels(labels):
    return "{" + ",".join(f'{name}="{value}"' for name, value in labels) + "}" if labels else ""
