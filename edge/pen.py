"""The line that a pen has drawn, from the stroke that it has left."""

import numpy as np

MOVE_COST = 0.6
OFF_CENTRE_COST = 0.05
"""What a row up or down costs, and a row off the middle of the limits, against a row of stroke left unexplained."""
LEEWAY_PX = 0.5
"""Within half a column of the pen's ends it is not certain to have left one dark."""
LEAST_PX, MOST_PX = 0.5, 2.0
"""How far from its middle a pen has drawn at least and at most: two columns on either side are looked at."""
CLOSE_PX, MARGIN = 0.6, 3
"""Limits closer together than this leave no choice, but within so many columns of others."""


def drawn(high, low, pen_px):
    """The rows (w,) of the curve for which a pen `pen_px` wide has left a stroke between `high` and `low` (w,).

    What the pen has touched in one column it may have drawn in the next: so the curve keeps within the limits of all columns
    that the pen covers at once, and must reach the limits of a column in one of them. On slopes there is but little choice; at the
    tips of narrow waves the curve goes to the one limit or the other.
    """
    from scipy import ndimage

    reach = 0.5 * pen_px
    upper, lower = _furthest(np.maximum, high, reach - LEEWAY_PX), _furthest(np.minimum, low, reach - LEEWAY_PX)
    middle = 0.5 * (upper + lower)
    crossed = upper > lower
    upper[crossed] = lower[crossed] = middle[crossed]
    open_ = ndimage.maximum_filter1d((lower - upper > CLOSE_PX).astype(np.int8), 2 * MARGIN + 1)
    edges = np.flatnonzero(np.diff(open_, prepend=0, append=0))
    for start, stop in zip(edges[::2], edges[1::2], strict=True):
        part = slice(start, stop)
        middle[part] = _chosen(
            upper[part], lower[part], high[part], low[part], float(np.clip(reach, LEAST_PX, MOST_PX))
        )
    return middle


def _furthest(furthest, rows, reach):
    """(w,) the furthest of `rows` (w,) within `reach` columns of each, between columns too."""
    columns = np.arange(rows.size)
    found = rows
    for offset in (*range(1, int(reach) + 1), max(reach, 0.0)):
        for way in (-offset, offset):
            found = furthest(found, np.interp(columns + way, columns, rows))
    return found.copy()


def _chosen(upper, lower, high, low, reach):
    """The rows (w,) of a curve between two limits for a pen that draws `reach` columns to either side of its middle.

    Of all curves through the upper limit, the lower, or the middle of each column, the one that leaves least of the stroke between
    `high` and `low` unexplained and moves least up and down, by dynamic programming.
    """
    w, each = upper.size, (-1, 1, 1, 1, 1, 1)
    rows = np.stack([upper, 0.5 * (upper + lower), lower], 1).astype(np.float32)
    rows = np.concatenate([rows[:1], rows[:1], rows, rows[-1:], rows[-1:]])
    high, low = (edge.astype(np.float32).reshape(each) for edge in (high, low))
    # With its middle on column c the pen has drawn from b to d at most, or beyond them towards a and e.
    a, b, c, d, e = (rows[k : k + w].reshape(w, *(3 if j == k else 1 for j in range(5))) for k in range(5))
    cost = MOVE_COST * np.abs(d - c) + OFF_CENTRE_COST * np.abs(c - rows[2:-2, 1].reshape(each))
    cost = cost + np.maximum(_reached(np.minimum, a, b, c, d, e, reach) - high, 0)
    cost += np.maximum(low - _reached(np.maximum, a, b, c, d, e, reach), 0)
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


def _reached(furthest, a, b, c, d, e, reach):
    """The furthest row of a polyline through five columns within `reach`, at most 2, of the middle one."""
    part = reach % 1.0 if reach < MOST_PX else 1.0
    if reach < 1:
        return furthest(c, furthest(part * b + (1 - part) * c, part * d + (1 - part) * c))
    return furthest(furthest(furthest(part * a + (1 - part) * b, b), c), furthest(d, part * e + (1 - part) * d))
