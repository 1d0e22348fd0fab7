"""The line that a pen has drawn, from the stroke that it has left."""

import numpy as np

MOVE_COST = 0.4
OFF_CENTRE_COST = 0.05
"""What a row up or down costs, and a row off the middle of the limits, against a row of stroke left unexplained."""


def drawn(high, low, pen_px):
    """The rows (w,) of the curve for which a pen of `pen_px` columns has left a stroke between `high` and `low` (w,).

    What the pen has touched in one column it may have drawn in the next: so the curve keeps within the limits of all columns
    that the pen covers at once, and must reach the limits of a column in one of them. On slopes there is but little choice; at the
    tips of narrow waves the curve goes to the one limit or the other: of all such curves the one that leaves least of the
    stroke unexplained and moves least up and down (dynamic programming over three rows a column).
    """
    from scipy import ndimage

    upper, lower = ndimage.maximum_filter1d(high, pen_px), ndimage.minimum_filter1d(low, pen_px)
    crossed = upper > lower
    upper[crossed] = lower[crossed] = 0.5 * (upper[crossed] + lower[crossed])
    rows = np.stack([upper, 0.5 * (upper + lower), lower], 1).astype(np.float32)
    rows = np.concatenate([rows[:1], rows[:1], rows, rows[-1:], rows[-1:]])
    high, low = ndimage.minimum_filter1d(upper, 3), ndimage.maximum_filter1d(lower, 3)
    # A pen of three columns on column c has drawn from half way between a and b to half way between d and e.
    w = upper.size
    a, b, c, d, e = (rows[k : k + w].reshape(w, *(3 if j == k else 1 for j in range(5))) for k in range(5))
    cost = MOVE_COST * np.abs(d - c) + OFF_CENTRE_COST * np.abs(c - 0.5 * (upper + lower).reshape(w, 1, 1, 1, 1, 1))
    cost = cost + np.maximum(_reach(np.minimum, a, b, c, d, e) - high.reshape(w, 1, 1, 1, 1, 1), 0)
    cost = cost + np.maximum(low.reshape(w, 1, 1, 1, 1, 1) - _reach(np.maximum, a, b, c, d, e), 0)
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


def _reach(furthest, a, b, c, d, e):
    """The furthest row of a polyline from half way between a and b to half way between d and e."""
    return furthest(furthest(furthest(0.5 * (a + b), b), c), furthest(d, 0.5 * (d + e)))
