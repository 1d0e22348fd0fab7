"""The line that a pen has drawn, from the stroke that it has left."""

import numpy as np

MOVE_COST = 0.4
OFF_CENTRE_COST = 0.05
"""What a row up or down costs, and a row off the middle of the limits, against a row of stroke left unexplained."""
SLACK_PX, WIDE_PX = 0.2, 3.5
CLOSE_PX, MARGIN = 0.6, 3
"""Limits closer together than this leave no choice, but within so many columns of others."""


def drawn(high, low, pen_px):
    """The rows (w,) of the curve for which a pen `pen_px` wide has left a stroke between `high` and `low` (w,).

    What the pen has touched in one column it may have drawn in the next: so the curve keeps within the limits of all columns
    that the pen covers at once, and must reach the limits of a column in one of them. On slopes there is but little choice; at the
    tips of narrow waves the curve goes to the one limit or the other.
    """
    from scipy import ndimage

    whole = 2 * int((pen_px + SLACK_PX - 1) / 2) + 1  # the columns that it covers for certain
    upper, lower = ndimage.maximum_filter1d(high, whole), ndimage.minimum_filter1d(low, whole)
    middle = 0.5 * (upper + lower)
    crossed = upper > lower
    upper[crossed] = lower[crossed] = middle[crossed]
    open_ = ndimage.maximum_filter1d((lower - upper > CLOSE_PX).astype(np.int8), 2 * MARGIN + 1)
    edges = np.flatnonzero(np.diff(open_, prepend=0, append=0))
    for start, stop in zip(edges[::2], edges[1::2], strict=True):
        middle[start:stop] = _chosen(upper[start:stop], lower[start:stop], wide=pen_px > WIDE_PX)
    return middle


def _chosen(upper, lower, wide):
    """The rows (w,) of a curve between two limits for a pen of three columns, or a `wide` one of five.

    Of all curves through the upper limit, the lower, or the middle of each column, the one that leaves least of the stroke
    unexplained and moves least up and down, by dynamic programming.
    """
    from scipy import ndimage

    w, each = upper.size, (-1, 1, 1, 1, 1, 1)
    rows = np.stack([upper, 0.5 * (upper + lower), lower], 1).astype(np.float32)
    rows = np.concatenate([rows[:1], rows[:1], rows, rows[-1:], rows[-1:]])
    high = ndimage.minimum_filter1d(upper, 3).astype(np.float32)
    low = ndimage.maximum_filter1d(lower, 3).astype(np.float32)
    weight = 1.0 if wide else 0.5
    # With its middle on column c the pen has drawn from a to e, or from half way between a and b to half way between d and e.
    a, b, c, d, e = (rows[k : k + w].reshape(w, *(3 if j == k else 1 for j in range(5))) for k in range(5))
    cost = MOVE_COST * np.abs(d - c) + OFF_CENTRE_COST * np.abs(c - rows[2:-2, 1].reshape(each))
    cost = cost + np.maximum(_reach(np.minimum, a, b, c, d, e, weight) - high.reshape(each), 0)
    cost += np.maximum(low.reshape(each) - _reach(np.maximum, a, b, c, d, e, weight), 0)
    best, came = np.zeros((3, 3, 3, 3), np.float32), np.empty((w, 3, 3, 3, 3), np.int8)
    for x, step in enumerate(cost):
        total = best[..., None] + step
        came[x] = total.argmin(axis=0)
        best = total.min(axis=0)
    states = list(np.unravel_index(best.argmin(), best.shape))  # of the last columns b, c, d, e
    y = np.empty(w)
    for x in range(w - 1, -1, -1):
        y[x] = rows[x + 2, states[1]]
        states = [came[(x, *states)], *states[:3]]
    return y


def _reach(furthest, a, b, c, d, e, weight):
    """The furthest row of a polyline from a to e, or from so far between a and b to so far between d and e."""
    return furthest(furthest(furthest(weight * a + (1 - weight) * b, b), c), furthest(d, weight * e + (1 - weight) * d))
