"""Movement that one lead shows while the heart rests in all others: handwriting, a name or a neighbour's trace was followed there."""

import numpy as np

from .page_clock import KEPT_HZ, LEAST_STEEP_MV, STEEP_SHARE, PageClock

LEAST_MV, LEAST_SHARE = 0.25, 0.5
"""A lead moves so far within `page_clock.STEEP_S`, and by such a share of what it moves in its beats."""
REST_SHARE, REST_S, LEAST_OTHERS = 0.25, 0.06, 3
"""The heart rests in a lead that moves by no more than such a share of what it moves in its beats, so long before and after. So many leads must be shown at the time."""
LEAST_S, GAP_S = 0.04, 0.15
"""It moves back and forth, so long altogether, as letters do, or goes over to something before or behind what is lost, no farther from that: an electrode that is moved makes one step."""
MOST = 2
"""Where a lead moves alone more often, these are its own beats, which others do not show at that time."""
AROUND_S = 0.1
"""So much is lost before and after."""


def lone_movement(clock: PageClock, rate_hz: int) -> dict[str, list[slice]]:
    """{name: the stretches of (n,) samples at `rate_hz` from its first one on in which a lead moves alone}."""
    from scipy import ndimage

    if len(clock.names) <= LEAST_OTHERS:
        return {}
    known = np.isfinite(clock.moved)
    steep = np.array([_steepest(lead[shown]) for lead, shown in zip(clock.moved, known, strict=True)])
    share = np.where(known, clock.moved, 0.0) / steep[:, None]
    most = ndimage.maximum_filter1d(share, 2 * round(REST_S * KEPT_HZ) + 1, axis=1)
    rests = known & (most <= REST_SHARE)
    found: dict[str, list[slice]] = {}
    every = rate_hz // KEPT_HZ
    least, near, around = (round(seconds * KEPT_HZ) for seconds in (LEAST_S, GAP_S, AROUND_S))
    for lead, name in enumerate(clock.names):
        others = np.arange(len(clock.names)) != lead
        alone = (np.where(known[lead], clock.moved[lead], 0.0) >= LEAST_MV) & (share[lead] >= LEAST_SHARE)
        alone &= (known[others].sum(axis=0) >= LEAST_OTHERS) & (rests | ~known)[others].all(axis=0)
        samples = np.flatnonzero(alone)
        if not samples.size:
            continue
        runs = np.split(samples, np.flatnonzero(np.diff(samples) > 2 * around) + 1)
        shown = np.isfinite(clock.leads[lead])
        inside = slice(*np.flatnonzero(shown)[[0, -1]])
        lost = [
            (run[0], run[-1])
            for run in runs
            if len(run) >= least or not shown[max(run[0] - near, inside.start) : min(run[-1] + near, inside.stop)].all()
        ]
        if lost and len(runs) <= MOST:
            start = clock.starts[lead]
            ends = [(first - around - start, last + around + 1 - start) for first, last in lost]
            found[name] = [slice(max(first, 0) * every, last * every) for first, last in ends]
    return found


def _steepest(moved: np.ndarray) -> float:
    """How far a lead moves in its beats, from what is known of (n,) mV by which it moves."""
    return max(float(np.quantile(moved, STEEP_SHARE)), LEAST_STEEP_MV) if moved.size else LEAST_STEEP_MV
