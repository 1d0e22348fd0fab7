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
STATES = (3, 3, 3, 3)
"""A curve goes through three rows of each column, and four columns at once tell what the next one costs."""
BLOCK = 256
"""About so many columns are looked at together."""


def drawn(high, low, pen_px):
    """The rows (w,) of the curve for which a pen `pen_px` wide has left a stroke between `high` and `low` (w,).

    What the pen has touched in one column it may have drawn in the next: so the curve keeps within the limits of all columns
    that the pen covers at once, and must reach the limits of a column in one of them. On slopes there is but little choice; at the
    tips of narrow waves the curve goes to the one limit or the other.
    """
    return drawn_together([(high, low)], pen_px)[0]


def drawn_together(edges, pen_px):
    """As `drawn`, of many strokes at once, which takes less time: a list of (w,) rows for a list of (`high`, `low`)."""
    reach = 0.5 * pen_px
    curves, open_ = [], []
    for number, (high, low) in enumerate(edges):
        upper, middle, lower, parts = _limits(high, low, reach)
        curves.append(middle)
        open_ += [(number, part, (upper[part], lower[part], high[part], low[part])) for part in parts]
    # The longest first: as columns go on, those that are left stand together.
    open_.sort(key=lambda item: item[1].start - item[1].stop)
    chosen = _chosen([limits for *_, limits in open_], float(np.clip(reach, LEAST_PX, MOST_PX)))
    for (number, part, _), rows in zip(open_, chosen, strict=True):
        curves[number][part] = rows
    return curves


def _limits(high, low, reach):
    """(w,) the upper limit, the middle and the lower limit of a curve, and slices of the columns in which these leave a choice."""
    from scipy import ndimage

    upper, lower = _furthest(np.maximum, high, reach - LEEWAY_PX), _furthest(np.minimum, low, reach - LEEWAY_PX)
    middle = 0.5 * (upper + lower)
    crossed = upper > lower
    upper[crossed] = lower[crossed] = middle[crossed]
    open_ = ndimage.maximum_filter1d((lower - upper > CLOSE_PX).astype(np.int8), 2 * MARGIN + 1)
    ends = np.flatnonzero(np.diff(open_, prepend=0, append=0))
    return upper, middle, lower, [slice(*pair) for pair in zip(ends[::2], ends[1::2], strict=True)]


def _furthest(furthest, rows, reach):
    """(w,) the furthest of `rows` (w,) within `reach` columns of each, between columns too."""
    columns = np.arange(rows.size)
    found = rows
    for offset in (*range(1, int(reach) + 1), max(reach, 0.0)):
        for way in (-offset, offset):
            found = furthest(found, np.interp(columns + way, columns, rows))
    return found.copy()


def _chosen(strokes, reach):
    """The rows (w,) of curves between two limits each, for a pen that draws `reach` columns to either side of its middle.

    Of all curves through the upper limit, the lower, or the middle of each column, the one that leaves least of the stroke between
    `high` and `low` unexplained and moves least up and down, by dynamic programming; all strokes at once, column after column.

    Parameters
    ----------
    strokes : list of (upper, lower, high, low), each (w,), the longest first
    """
    if not strokes:
        return []
    lengths = np.array([len(upper) for upper, *_ in strokes])
    starts = np.concatenate([[0], np.cumsum(lengths)])
    upper, lower, high, low = (np.concatenate(parts) for parts in zip(*strokes, strict=True))
    rows = np.stack([upper, 0.5 * (upper + lower), lower], 1).astype(np.float32)
    edges = np.stack([high, low]).astype(np.float32)
    # How many strokes go on at each column: these are the first ones.
    going = np.searchsorted(-lengths, -np.arange(lengths[0]))
    best, ends = np.zeros((*STATES, len(strokes)), np.float32), np.empty(len(strokes), int)
    came, x = [], 0
    while x < lengths[0]:
        # Columns by blocks: enough at once for little overhead, few enough for a processor's cache.
        stop = x + max(BLOCK // going[x], 1)
        block = [(column, count) for column, count in enumerate(going[x:stop], x)]
        cost, start = _cost(rows, edges, *_neighbours(starts, lengths, block), reach), 0
        for column, count in block:
            best = best[..., None, :count] + cost[..., start : start + count]
            start += count
            lesser, second = np.minimum(best[0], best[1]), best[1] < best[0]
            came.append(np.where(best[2] < lesser, np.int8(2), second.view(np.int8)).reshape(-1, count))
            best = np.minimum(lesser, best[2])
            left = going[column + 1] if column + 1 < len(going) else 0
            if left < count:
                ends[left:count] = best[..., left:].reshape(len(came[-1]), -1).argmin(axis=0)
        x = stop
    return _traced_back(rows, starts, lengths, going, came, ends)


def _neighbours(starts, lengths, block):
    """(5, n) indices of the columns two before to two after each column of a block of (column, strokes that go on), within its stroke."""
    strokes = np.concatenate([np.arange(count) for _, count in block])
    columns = np.concatenate([np.full(count, column) for column, count in block])
    beside = columns + np.arange(-2, 3)[:, None]
    return starts[strokes] + np.clip(beside, 0, lengths[strokes] - 1)


def _cost(rows, edges, a, b, c, d, e, reach):
    """(3, 3, 3, 3, 3, n) float32: what it costs to draw column `c` by its upper limit, middle or lower limit and its neighbours by theirs."""
    high, low = edges[:, c]
    middle = rows[c, 1]
    # With its middle on column c the pen has drawn from b to d at most, or beyond them towards a and e.
    a, b, c, d, e = (
        np.ascontiguousarray(rows[at].T).reshape(*(3 if j == k else 1 for j in range(5)), -1)
        for k, at in enumerate((a, b, c, d, e))
    )
    cost = MOVE_COST * np.abs(d - c) + OFF_CENTRE_COST * np.abs(c - middle)
    # Of two parts of what the pen has drawn the one that goes further counts.
    cost = cost + np.minimum(*(np.maximum(part - high, 0) for part in _reached(np.minimum, a, b, c, d, e, reach)))
    cost += np.minimum(*(np.maximum(low - part, 0) for part in _reached(np.maximum, a, b, c, d, e, reach)))
    return np.broadcast_to(cost, (3, *STATES, cost.shape[-1]))


def _reached(furthest, a, b, c, d, e, reach):
    """The furthest rows of a polyline through five columns within `reach`, at most 2, of the middle one: of its left and its right half."""
    part = reach % 1.0 if reach < MOST_PX else 1.0
    if reach < 1:
        return furthest(c, part * b + (1 - part) * c), part * d + (1 - part) * c
    return furthest(furthest(part * a + (1 - part) * b, b), c), furthest(d, part * e + (1 - part) * d)


def _traced_back(rows, starts, lengths, going, came, ends):
    """The rows (w,) of each stroke's curve, from the state in which it ends and the states that were come from."""
    curves = np.empty(len(rows))
    state = np.empty(0, int)
    for x in range(len(going) - 1, -1, -1):
        count = going[x]
        state = np.concatenate([state, ends[len(state) : count]])
        curves[starts[:count] + x] = rows[starts[:count] + x, state // 9 % 3]
        state = came[x][state, np.arange(count)] * 27 + state // 3
    return [curves[start : start + length] for start, length in zip(starts, lengths, strict=False)]
