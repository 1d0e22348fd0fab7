"""Measurements that are repeated, and the confidence interval of their median."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Mapping, Sequence
from typing import TypeVar

WARM_UP, LEAST = 3, 15
"""Runs that are not counted, and runs that are counted at least."""
NARROW = 0.05
"""Runs are repeated until the interval of the median is so narrow, as a share of it, or the time is up."""
Run = TypeVar("Run", bound=Mapping[str, float])


def repeated(
    function: Callable[[int], Run],
    most_s: float = 20.0,
    warm_up: int = WARM_UP,
    least: int = LEAST,
    narrow: float = NARROW,
) -> list[Run]:
    """[what `function` of the number of the run returns] of as many runs as it takes; each returns a dict with its `total` in milliseconds.

    It ends when the 95 % interval of the median of `total` is `narrow`, or after `most_s` seconds and `least` runs.
    """
    for number in range(warm_up):
        function(number)
    done: list[Run] = []
    start = time.monotonic()
    while True:
        done.append(function(len(done)))
        if len(done) < least:
            continue
        found = summary([run["total"] for run in done])
        if found["high"] - found["low"] <= narrow * found["median"] or time.monotonic() - start >= most_s:
            return done


def summary(samples: Sequence[float]) -> dict[str, float]:
    """{n, median, low, high, p90, p99} of numbers: `low` and `high` hold the median with 95 % confidence, whatever its distribution.

    References
    ----------
    Conover W. J., "Practical Nonparametric Statistics", 3rd ed., 1999, section 3.2: the interval of a quantile by ranks.
    """
    ordered, n = sorted(samples), len(samples)
    if not n:
        raise ValueError("no samples")
    half = 0.98 * math.sqrt(n)
    low, high = max(math.floor(n / 2 - half) - 1, 0), min(math.ceil(n / 2 + half), n - 1)
    return {
        "n": n,
        "median": round(_quantile(ordered, 0.5), 4),
        "low": round(ordered[low], 4),
        "high": round(ordered[high], 4),
        "p90": round(_quantile(ordered, 0.9), 4),
        "p99": round(_quantile(ordered, 0.99), 4),
    }


def _quantile(ordered: Sequence[float], share: float) -> float:
    """The quantile of sorted numbers, between neighbours where it falls between them."""
    at = share * (len(ordered) - 1)
    below = math.floor(at)
    above = min(below + 1, len(ordered) - 1)
    return ordered[below] + (at - below) * (ordered[above] - ordered[below])
