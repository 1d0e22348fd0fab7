"""The centreline of a printed trace: the curve along which a line of known width was drawn, from the edges of its stroke."""

from collections.abc import Callable, Sequence

import numpy as np

from .ink_runs import segments

MOVE_COST = 0.6
OFF_CENTRE_COST = 0.05
"""Cost of a row up or down, and of a row off the middle of the limits, against that of a row of stroke left unexplained."""
LEEWAY_PX = 0.5
"""Within half a column of its ends a line is not certain to have left a column dark."""
LEAST_PX, MOST_PX = 0.5, 2.0
"""How far from its middle a line is taken to reach at least and at most: two columns on either side are considered."""
CLOSE_PX, MARGIN = 0.6, 3
"""Limits closer together than this leave no choice, but within so many columns of others."""
STATES = (3, 3, 3, 3)
"""A curve goes through three rows of each column, and four columns at once determine what the next one costs."""
BLOCK = 256
"""About so many columns are computed at once."""

Furthest = Callable[[np.ndarray, np.ndarray], np.ndarray]
"""`np.minimum` or `np.maximum`: which of two rows is further up, or down."""


def centreline(top: np.ndarray, bottom: np.ndarray, width_px: float) -> np.ndarray:
    """The rows (w,) of the curve along which a line `width_px` wide has left a stroke between the edges `top` and `bottom` (w,).

    A stroke in one column may come from the line's middle in the next: so the curve keeps within the limits of all columns
    that the line covers at once, and must reach the limits of a column in one of them. On slopes there is but little choice; at the
    tips of narrow waves the curve goes to the one limit or the other.
    """
    return centrelines([(top, bottom)], width_px)[0]


def centrelines(edges: Sequence[tuple[np.ndarray, np.ndarray]], width_px: float) -> list[np.ndarray]:
    """As `centreline`, of many strokes at once, which takes less time: a list of (w,) rows for a list of (`top`, `bottom`)."""
    reach = 0.5 * width_px
    curves, open_parts = [], []
    for number, (top, bottom) in enumerate(edges):
        upper, middle, lower, parts = _limits(top, bottom, reach)
        curves.append(middle)
        open_parts += [(number, part, (upper[part], lower[part], top[part], bottom[part])) for part in parts]
    # The longest first: as columns go on, those that are left stand together.
    open_parts.sort(key=lambda item: item[1].start - item[1].stop)
    chosen = _cheapest_curves([limits for *_, limits in open_parts], float(np.clip(reach, LEAST_PX, MOST_PX)))
    for (number, part, _), rows in zip(open_parts, chosen, strict=True):
        curves[number][part] = rows
    return curves


def _limits(
    top: np.ndarray, bottom: np.ndarray, reach: float
) -> tuple[np.ndarray, np.ndarray, np.ndarray, list[slice]]:
    """(w,) the upper limit, the middle and the lower limit of a curve, and slices of the columns in which these leave a choice."""
    from scipy import ndimage

    upper, lower = _furthest(np.maximum, top, reach - LEEWAY_PX), _furthest(np.minimum, bottom, reach - LEEWAY_PX)
    middle = 0.5 * (upper + lower)
    crossed = upper > lower
    upper[crossed] = lower[crossed] = middle[crossed]
    is_open = ndimage.maximum_filter1d((lower - upper > CLOSE_PX).astype(np.int8), 2 * MARGIN + 1)
    return upper, middle, lower, [slice(start, stop) for start, stop in segments(is_open)]


def _furthest(furthest: Furthest, rows: np.ndarray, reach: float) -> np.ndarray:
    """(w,) the furthest of `rows` (w,) within `reach` columns of each, between columns too."""
    columns = np.arange(rows.size)
    found = rows
    for distance in (*range(1, int(reach) + 1), max(reach, 0.0)):
        for offset in (-distance, distance):
            found = furthest(found, np.interp(columns + offset, columns, rows))
    return found.copy()


def _cheapest_curves(strokes: Sequence[tuple[np.ndarray, ...]], reach: float) -> list[np.ndarray]:
    """The rows (w,) of curves between two limits each, for a line that reaches `reach` columns to either side of its middle.

    Of all curves through the upper limit, the lower, or the middle of each column, the one that leaves least of the stroke between
    `top` and `bottom` unexplained and moves least up and down, by dynamic programming; all strokes at once, column after column.

    Parameters
    ----------
    strokes : list of (upper, lower, top, bottom), each (w,), the longest first
    """
    if not strokes:
        return []
    lengths = np.array([len(upper) for upper, *_ in strokes])
    starts = np.concatenate([[0], np.cumsum(lengths)])
    upper, lower, top, bottom = (np.concatenate(parts) for parts in zip(*strokes, strict=True))
    rows = np.stack([upper, 0.5 * (upper + lower), lower], 1).astype(np.float32)
    edges = np.stack([top, bottom]).astype(np.float32)
    # How many strokes reach each column: these are the first ones.
    active = np.searchsorted(-lengths, -np.arange(lengths[0]))
    best, ends = np.zeros((*STATES, len(strokes)), np.float32), np.empty(len(strokes), int)
    came_from: list[np.ndarray] = []
    x = 0
    while x < lengths[0]:
        # Columns by blocks: enough at once for little overhead, few enough for a processor's cache.
        stop = x + max(BLOCK // active[x], 1)
        block = list(enumerate(active[x:stop], x))
        cost, start = _cost(rows, edges, _neighbours(starts, lengths, block), reach), 0
        for column, count in block:
            best = best[..., None, :count] + cost[..., start : start + count]
            start += count
            lesser, second = np.minimum(best[0], best[1]), best[1] < best[0]
            came_from.append(np.where(best[2] < lesser, np.int8(2), second.view(np.int8)).reshape(-1, count))
            best = np.minimum(lesser, best[2])
            left = active[column + 1] if column + 1 < len(active) else 0
            if left < count:
                ends[left:count] = best[..., left:].reshape(len(came_from[-1]), -1).argmin(axis=0)
        x = stop
    return _traced_back(rows, starts, lengths, active, came_from, ends)


def _neighbours(starts: np.ndarray, lengths: np.ndarray, block: Sequence[tuple[int, int]]) -> np.ndarray:
    """(5, n) indices of the columns two before to two after each column of a block of (column, active strokes), within its stroke."""
    strokes = np.concatenate([np.arange(count) for _, count in block])
    columns = np.concatenate([np.full(count, column) for column, count in block])
    beside = columns + np.arange(-2, 3)[:, None]
    return starts[strokes] + np.clip(beside, 0, lengths[strokes] - 1)


def _cost(rows: np.ndarray, edges: np.ndarray, neighbours: np.ndarray, reach: float) -> np.ndarray:
    """(3, 3, 3, 3, 3, n) float32: what it costs that the curve goes through the upper limit, middle or lower limit of a column and of the
    two `neighbours` (5, n) on either side of it."""
    here = neighbours[2]
    top, bottom = edges[:, here]
    middle = rows[here, 1]
    # With its middle on column c the line reaches from b to d at most, or beyond them towards a and e.
    a, b, c, d, e = (
        np.ascontiguousarray(rows[at].T).reshape(*(3 if j == k else 1 for j in range(5)), -1)
        for k, at in enumerate(neighbours)
    )
    cost = MOVE_COST * np.abs(d - c) + OFF_CENTRE_COST * np.abs(c - middle)
    # Of the line's left and right half the one that goes further counts.
    cost = cost + np.minimum(*(np.maximum(part - top, 0) for part in _reached(np.minimum, a, b, c, d, e, reach)))
    cost += np.minimum(*(np.maximum(bottom - part, 0) for part in _reached(np.maximum, a, b, c, d, e, reach)))
    return np.broadcast_to(cost, (3, *STATES, cost.shape[-1]))


def _reached(
    furthest: Furthest, a: np.ndarray, b: np.ndarray, c: np.ndarray, d: np.ndarray, e: np.ndarray, reach: float
) -> tuple[np.ndarray, np.ndarray]:
    """The furthest rows of a polyline through five columns within `reach`, at most 2, of the middle one: of its left and its right half."""
    part = reach % 1.0 if reach < MOST_PX else 1.0
    if reach < 1:
        return furthest(c, part * b + (1 - part) * c), part * d + (1 - part) * c
    return furthest(furthest(part * a + (1 - part) * b, b), c), furthest(d, part * e + (1 - part) * d)


def _traced_back(
    rows: np.ndarray,
    starts: np.ndarray,
    lengths: np.ndarray,
    active: np.ndarray,
    came_from: Sequence[np.ndarray],
    ends: np.ndarray,
) -> list[np.ndarray]:
    """The rows (w,) of each stroke's curve, from the state in which it ends and the states that it came from."""
    curves = np.empty(len(rows))
    state = np.empty(0, int)
    for x in range(len(active) - 1, -1, -1):
        count = active[x]
        state = np.concatenate([state, ends[len(state) : count]])
        curves[starts[:count] + x] = rows[starts[:count] + x, state // 9 % 3]
        state = came_from[x][state, np.arange(count)] * 27 + state // 3
    return [curves[start : start + length] for start, length in zip(starts, lengths, strict=False)]
