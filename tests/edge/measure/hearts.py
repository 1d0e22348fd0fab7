"""Leads to measure: simulated hearts, as simultaneous leads or as a page shows them."""

import numpy as np

from ecg_edge.layout import LEADS_12
from ecg_edge.signals import Signals
from ecg_edge.simulator.heart import PATTERNS, simulate

RATE_HZ = 500


def heart(name, seconds=10.0, seed=None):
    """(12, n) mV of the pattern of that name."""
    kind, number = next(
        (kind, number)
        for kind, patterns in PATTERNS.items()
        for number, pattern in enumerate(patterns)
        if pattern.name == name
    )
    return simulate(
        kind, seconds=seconds, rate_hz=RATE_HZ, seed=number if seed is None else number + seed * len(PATTERNS[kind])
    )


def all_at_once(mv, names=LEADS_12, begin_s=0.0):
    """`Signals` of leads (k, n) that are all shown all the time."""
    stop_s = begin_s + mv.shape[1] / RATE_HZ
    times = dict.fromkeys(names, begin_s), dict.fromkeys(names, stop_s)
    return Signals(np.ascontiguousarray(mv.T, np.float32), tuple(names), tuple(names), *times, RATE_HZ, begin_s)


def in_columns(mv, strip="II"):
    """`Signals` as a 3x4+1 page shows them: four columns of three leads, and a strip of one; none where `strip` is None."""
    part = mv.shape[1] // 4
    leads = {name: mv[number, number // 3 * part : (number // 3 + 1) * part] for number, name in enumerate(LEADS_12)}
    starts = {name: number // 3 * part / RATE_HZ for number, name in enumerate(LEADS_12)}
    if strip:
        leads["rhythm"], starts["rhythm"] = mv[LEADS_12.index(strip)], 0.0
    return Signals.on_one_clock(leads, starts, {"rhythm": strip}, RATE_HZ)
