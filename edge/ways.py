"""Following traces through the ink of a page: for each lead the rows in which its path enters and leaves each pixel column."""

from itertools import combinations

import numpy as np

from .path import cheapest_paths
from .strokes import INK, LONG_MM, columns_of, name_area

START_COST = 0.03
"""What a path pays for a row between its ends and 0 mV."""
NAME_COST = 0.15
"""What a path pays for a column of short runs where a lead's name is printed: letters are no bridges."""
TAKEN_COST = 1.0
"""What a path pays for a column of ink that another lead has taken."""
AWAY_COST = 0.3
"""What a path pays for a column in which it is nearer to another lead's 0 mV than to its own."""
REACH_MM = 55.0
"""How far from the row of 0 mV a trace is looked for."""
TOGETHER = 4
"""So many leads are followed at once: fewer take longer, more take memory."""
NEAR_PX, SHARED_COLUMNS = 8, 3
"""Two paths that share more columns than traces take to cross have taken one way for two."""


def follow(strokes, places):
    """The way of each place's trace: a list of (w, 2) page rows, where its path enters and where it leaves each column of its box.

    Of two leads whose paths share ink for long, the one that can takes another way.
    """
    every = range(len(places))
    others = [[(places[j], None) for j in every if j != i] for i in every]
    ways, prices = _ways(strokes, places, every, others)
    pairs = [(i, j) for i, j in combinations(every, 2) if _shared(places, ways, i, j) > SHARED_COLUMNS]
    if pairs:
        others = [[(places[j], ways[j]) for j in every if j != i] for i in every]
        detours, dearer = _ways(strokes, places, sorted({i for pair in pairs for i in pair}), others)
        for i, j in pairs:
            options = [(_shared(places, {**ways, k: detours[k]}, i, j), dearer[k] - prices[k], k) for k in (i, j)]
            shared, _, k = min(options)
            if shared < _shared(places, ways, i, j):
                ways[k] = detours[k]
    return [ways[i] for i in every]


def _shared(places, ways, i, j):
    """The number of columns that two leads' paths enter side by side."""
    left, right = max(places[i].box.left, places[j].box.left), min(places[i].box.right, places[j].box.right)
    if left >= right:
        return 0
    a, b = (ways[k][left - places[k].box.left : right - places[k].box.left, 0] for k in (i, j))
    return int((np.abs(a - b) <= NEAR_PX).sum())


def _ways(strokes, places, which, others):
    """{i: (w, 2) rows} and {i: cost} for the places `which`; `others` are, for each place, the other places, each with
    its way, which had better be avoided, or None."""
    order = sorted(which, key=lambda i: places[i].box.right - places[i].box.left)
    ways, prices = {}, {}
    while order:
        widest = places[order[-1]].box.right - places[order[-1]].box.left
        group = [i for i in order if places[i].box.right - places[i].box.left > 0.8 * widest][-TOGETHER:]
        order = [i for i in order if i not in group]
        found = _ways_of_group(strokes, [places[i] for i in group], [others[i] for i in group])
        for i, (way, price) in zip(group, found, strict=True):
            ways[i], prices[i] = way, price
    return ways, prices


def _ways_of_group(strokes, places, others):
    """The ways of places of nearly one width, each with its cost."""
    width = max(place.box.right - place.box.left for place in places)
    reach = round(REACH_MM * strokes.px_per_mm[1])
    height = min(2 * reach, strokes.ink.shape[0])
    tops = [int(np.clip(round(place.zero_px) - reach, 0, strokes.ink.shape[0] - height)) for place in places]
    cost, climb = np.zeros((2, width, len(places), height), np.float32)
    start = np.empty((len(places), height), np.float32)
    for k, (place, top) in enumerate(zip(places, tops, strict=True)):
        left, right = place.box.left, place.box.right
        cost[: right - left, k] = strokes.price(top, top + height, left, right)
        climb[: right - left, k] = strokes.climb[top : top + height, left:right].T
        _add_price(cost[: right - left, k], strokes, place, top, others[k])
        start[k] = START_COST * np.abs(np.arange(top, top + height) - place.zero_px)
    entered, left, prices = cheapest_paths(cost, climb, start)
    for k, (place, top) in enumerate(zip(places, tops, strict=True)):
        columns = len(columns_of(place))
        yield np.stack([entered[:columns, k], left[:columns, k]], 1) + top, float(prices[k])


def _add_price(cost, strokes, place, top, others):
    """Add to the (w, h) `cost` of a place, whose first row is `top`, what is known beyond the ink: its name, and other leads."""
    at = np.arange(top, top + cost.shape[1])
    rows, columns = name_area(place, strokes.px_per_mm)
    rows = slice(*np.clip((rows.start, rows.stop), top, at[-1] + 1))
    length = strokes.last[rows, columns] - strokes.first[rows, columns]
    short = (length < LONG_MM[0] * strokes.px_per_mm[1]) | (strokes.ink[rows, columns] < INK)
    cost[: short.shape[1], rows.start - top : rows.stop - top] += NAME_COST * short.T
    for other, way in others:
        left, right = max(place.box.left, other.box.left), min(place.box.right, other.box.right)
        if left >= right:
            continue
        columns = slice(left - place.box.left, right - place.box.left)
        nearer = np.flatnonzero(np.abs(at - other.zero_px) < np.abs(at - place.zero_px))
        if nearer.size:
            cost[columns, nearer[0] : nearer[-1] + 1] += AWAY_COST
        if way is not None:
            rows, x = way[left - other.box.left : right - other.box.left], np.arange(left, right)
            high, low = rows.min(axis=1), rows.max(axis=1)
            first = np.where(strokes.ink[high, x] >= INK, strokes.first[high, x], high + 1)
            last = np.where(strokes.ink[low, x] >= INK, strokes.last[low, x], low - 1)
            cost[columns] += np.float32(TAKEN_COST) * ((at >= first[:, None]) & (at <= last[:, None]))
