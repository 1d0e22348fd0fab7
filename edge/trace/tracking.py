"""Following traces through the ink of a page: for each lead the rows in which its path enters and leaves each pixel column."""

from itertools import combinations

import numpy as np

from .ink_runs import INK, LONG_MM, columns_of, name_area
from .search_bounds import Band, Bands
from .shortest_path import cheapest_paths

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
"""So many leads that are nearly equally wide are taken for equally wide."""
AT_ONCE_PX = 700_000
"""So many pixels of leads are looked at together: more take more memory, eight bytes each, fewer take longer."""
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
    ways, prices = {}, {}
    bands = Bands(strokes)
    for width, group in _groups(places, which):
        tried = _bands_of(strokes, bands, places, group, others, width)
        for some in _batches(tried, width):
            _look(strokes, places, some, others, width, ways, prices)
        # A path that is no cheaper than those outside of its band may be is looked for everywhere.
        doubtful = [i for i in group if prices[i] >= tried[i].limit]
        reaches = _reaches(strokes, places, doubtful)
        for some in _batches({i: Band(top, top + height, np.inf) for i, (top, height) in reaches.items()}, width):
            _look(strokes, places, some, others, width, ways, prices)
    return ways, prices


def _look(strokes, places, bands, others, width, ways, prices):
    """Put the ways of places within their bands, and what they cost, into `ways` and `prices`."""
    found, paid = _ways_in(strokes, places, bands, others, width)
    ways.update(found)
    prices.update(paid)


def _batches(bands, width):
    """Parts of {place: `Band`}, the narrowest bands first, of `AT_ONCE_PX` each or of one place."""
    batch = {}
    for i in sorted(bands, key=lambda i: bands[i].bottom - bands[i].top):
        if batch and (len(batch) + 1) * width * (bands[i].bottom - bands[i].top) > AT_ONCE_PX:
            yield batch
            batch = {}
        batch[i] = bands[i]
    if batch:
        yield batch


def _groups(places, which):
    """[(width, places)]: places of nearly one width, four by four, and those of which the widest are equally wide together."""
    order = sorted(which, key=lambda i: places[i].box.right - places[i].box.left)
    groups = {}
    while order:
        widest = places[order[-1]].box.right - places[order[-1]].box.left
        group = [i for i in order if places[i].box.right - places[i].box.left > 0.8 * widest][-TOGETHER:]
        order = [i for i in order if i not in group]
        groups.setdefault(widest, []).extend(group)
    return groups.items()


def _reaches(strokes, places, which):
    """{i: (first row, number of rows)} in which the path of each place may run."""
    reach = round(REACH_MM * strokes.px_per_mm[1])
    height = min(2 * reach, strokes.ink.shape[0])
    last = strokes.ink.shape[0] - height
    return {i: (int(np.clip(round(places[i].zero_px) - reach, 0, last)), height) for i in which}


def _start(place, top, height):
    """(height,) float32: what a path pays for beginning in each row from `top` on, and for ending there."""
    return (START_COST * np.abs(np.arange(top, top + height) - place.zero_px)).astype(np.float32)


def _bands_of(strokes, bands, places, group, others, width):
    """{i: the `Band` of each place of a group}."""
    reaches = _reaches(strokes, places, group)
    tops, heights = zip(*reaches.values(), strict=True)

    def away(cost, k, x):
        _add_away(cost, places[group[k]], tops[k], [other for other, _ in others[group[k]]], x)

    own = [places[i] for i in group]
    start = np.stack([_start(place, top, heights[0]) for place, top in zip(own, tops, strict=True)])
    is_short = np.array([place.box.right - place.box.left < width for place in own])
    return dict(zip(group, bands.bands(own, away, start, tops, heights[0], is_short), strict=True))


def _ways_in(strokes, places, bands, others, width):
    """As `_ways`, for places each within its `Band`; where one is narrower than `width` columns its path may end anywhere."""
    height = max(band.bottom - band.top for band in bands.values())
    tops = [min(band.top, strokes.ink.shape[0] - height) for band in bands.values()]
    cost, climb = (np.zeros((width, len(bands), height), np.float32) for _ in range(2))
    start = np.stack([_start(places[i], top, height) for i, top in zip(bands, tops, strict=True)])
    for k, (i, top) in enumerate(zip(bands, tops, strict=True)):
        left, right = places[i].box.left, places[i].box.right
        strokes.price(top, top + height, left, right, out=cost[: right - left, k])
        climb[: right - left, k] = strokes.climb[top : top + height, left:right].T
        _add_price(cost[: right - left, k], strokes, places[i], top, others[i])
    entered, left, prices = cheapest_paths(cost, climb, start)
    ways = {}
    for k, (i, top) in enumerate(zip(bands, tops, strict=True)):
        columns = len(columns_of(places[i]))
        ways[i] = np.stack([entered[:columns, k], left[:columns, k]], 1) + top
    return ways, {i: float(price) for i, price in zip(bands, prices, strict=True)}


def _add_price(cost, strokes, place, top, others):
    """Add to the (w, h) `cost` of a place, whose first row is `top`, what is known beyond the ink: its name, and other leads."""
    at = np.arange(top, top + cost.shape[1])
    rows, columns = name_area(place, strokes.px_per_mm)
    rows = slice(*np.clip((rows.start, rows.stop), top, at[-1] + 1))
    short = strokes.ink[rows, columns] < INK
    down, across = np.nonzero(~short)
    first, last = strokes.run(down + rows.start, across + columns.start)
    short[down, across] = last - first < LONG_MM[0] * strokes.px_per_mm[1]
    cost[: short.shape[1], rows.start - top : rows.stop - top] += NAME_COST * short.T
    for other, way in others:
        _add_away(cost, place, top, [other], columns_of(place))
        left, right = max(place.box.left, other.box.left), min(place.box.right, other.box.right)
        if left >= right:
            continue
        columns = slice(left - place.box.left, right - place.box.left)
        if way is not None:
            rows, x = way[left - other.box.left : right - other.box.left], np.arange(left, right)
            high, low = rows.min(axis=1), rows.max(axis=1)
            first = np.where(strokes.ink[high, x] >= INK, strokes.run(high, x)[0], high + 1)
            last = np.where(strokes.ink[low, x] >= INK, strokes.run(low, x)[1], low - 1)
            cost[columns] += np.float32(TAKEN_COST) * ((at >= first[:, None]) & (at <= last[:, None]))


def _add_away(cost, place, top, others, x):
    """Add to the (n, h) cost of a place in columns `x` (n,), from row `top` on, what it costs to be nearer to another lead's 0 mV."""
    at = np.arange(top, top + cost.shape[1])
    for other in others:
        left, right = np.searchsorted(x, (other.box.left, other.box.right))
        nearer = np.flatnonzero(np.abs(at - other.zero_px) < np.abs(at - place.zero_px))
        if nearer.size:
            cost[left:right, nearer[0] : nearer[-1] + 1] += AWAY_COST
