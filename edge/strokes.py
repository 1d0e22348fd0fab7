"""Following traces through the ink of a page: for each lead the rows in which its path enters and leaves each pixel column."""

from itertools import combinations

import numpy as np

from .path import cheapest_paths

INK = 100
"""Ink (of 255) from which a pixel belongs to a stroke."""
SOLID = 110
"""Ink from which a path pays nothing: half of it is a dot of a grid, or haze."""

PAPER_COST = 4.0
CLIMB_INK_COST = 0.002
CLIMB_PAPER_COST = 0.3
START_COST = 0.03
"""What a path pays: for a column without ink, for a row climbed in ink and on paper, for a row between its ends and 0 mV."""
LONG_GAIN = 0.08
LONG_MM = (3.5, 12.0)
"""What a path gains for a column whose run of ink is longer than a letter, a millimetre: it shall go round by the top of a wave."""
WAVE_MM = 1.6
"""Long runs side by side over more than this are no wave but a band of noise, and no gain."""
THIN_COST = 1.5
THIN_MM = 0.2
"""What a path pays for a column of ink without any thickness: dots of a grid are thinner than strokes."""
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

LETTER_MM = {"I": 1.0, "a": 1.6, "V": 2.3, "R": 2.2, "L": 2.0, "F": 1.8}
OTHER_LETTER_MM = 1.7
NAME_MARGIN_MM = 0.6
NAME_RISE_MM = (0.6, 3.6)
"""Widths of the letters of a lead's name as printed, at most, and the rows above 0 mV which they stand in."""


class Strokes:
    """The ink of a page, as upright runs and as what it costs a path.

    `first` and `last` are the (H, W) rows of the run that each pixel lies in; on paper, the row below and the row above: a run of
    no length. `price` is the cost of entering each pixel from the column before, `climb` that of moving down to it from the first
    row. `erased` is where it is not known whether there is ink.
    """

    def __init__(self, ink, erased, px_per_mm):
        self.ink = np.where(erased, np.uint8(0), ink)
        self.px_per_mm = px_per_mm
        stroke = self.ink >= INK
        rows = np.arange(ink.shape[0], dtype=np.int16)[:, None]
        self.first = np.maximum.accumulate(np.where(stroke, np.int16(0), rows + 1), axis=0)
        last = np.where(stroke, np.int16(ink.shape[0] - 1), rows - 1)[::-1]
        self.last = np.minimum.accumulate(last, axis=0)[::-1]
        paper = np.maximum(1 - np.arange(256, dtype=np.float32) / SOLID, 0)[self.ink]
        self.price = self._price(paper, erased)
        self.climb = paper
        self.climb[1:] += self.climb[:-1].copy()
        self.climb *= 0.5 * (CLIMB_PAPER_COST - CLIMB_INK_COST)
        self.climb += np.float32(CLIMB_INK_COST)
        np.cumsum(self.climb, axis=0, out=self.climb)

    def _price(self, paper, erased):
        """(H, W) float32: what there is to pay for pixels by themselves."""
        from scipy import ndimage

        across, down = self.px_per_mm
        length = self.last - self.first + np.int16(1)
        # By length of run, in pixels: dots of a grid are thin, the tips of waves are long.
        mm = np.arange(-1, self.ink.shape[0] + 1) / down
        thin = THIN_COST * np.clip(1 - mm / THIN_MM, 0, 1).astype(np.float32)
        gain = LONG_GAIN * (np.clip(mm, *LONG_MM) - LONG_MM[0]).astype(np.float32)
        side = round(WAVE_MM * across)
        long = (length > LONG_MM[0] * down).astype(np.uint8)
        band = ndimage.maximum_filter1d(ndimage.minimum_filter1d(long, side, axis=1), side, axis=1)
        price = PAPER_COST * paper
        price += thin[length + 1]
        wave = long > band
        price[wave] -= gain[length[wave] + 1]
        price[erased] = 0
        return price

    def edge(self, row, x, step):
        """Where ink falls below `INK` between the pixels in `row` and the next ones in the direction of `step`, (w,) float; half way
        between them where it does not."""
        beyond = row + step
        inside = (beyond >= 0) & (beyond < self.ink.shape[0])
        here = self.ink[row, x].astype(float)
        there = np.where(inside, self.ink[np.clip(beyond, 0, self.ink.shape[0] - 1), x], 0).astype(float)
        return row + step * np.where(there < INK, (here - INK) / np.maximum(here - there, 1), 0.5)


def columns_of(place):
    """(w,) the pixel columns of a place's box."""
    return np.arange(place.box.left, place.box.right)


def name_area(place, px_per_mm):
    """Rows and columns of a page in which a lead's name may be printed over its trace."""
    across, down = px_per_mm
    width_mm = NAME_MARGIN_MM + sum(LETTER_MM.get(letter, OTHER_LETTER_MM) for letter in place.lead or "aVR")
    zero = round(place.zero_px)
    rows = slice(max(zero - round(NAME_RISE_MM[1] * down), 0), max(zero - round(NAME_RISE_MM[0] * down), 0))
    return rows, slice(place.box.left, min(place.box.left + round(width_mm * across), place.box.right))


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
        area, columns = (slice(top, top + height), slice(place.box.left, place.box.right)), len(columns_of(place))
        cost[:columns, k], climb[:columns, k] = strokes.price[area].T, strokes.climb[area].T
        _add_price(cost[:columns, k], strokes, place, top, others[k])
        start[k] = START_COST * np.abs(np.arange(top, top + height) - place.zero_px)
    entered, left, prices = cheapest_paths(cost, climb, start)
    for k, (place, top) in enumerate(zip(places, tops, strict=True)):
        columns = len(columns_of(place))
        yield np.stack([entered[:columns, k], left[:columns, k]], 1) + top, float(prices[k])


def _add_price(cost, strokes, place, top, others):
    """Add to the (w, h) `cost` of a place, whose first row is `top`, what is known beyond the ink: its name, and other leads."""
    rows, columns = name_area(place, strokes.px_per_mm)
    short = strokes.last[rows, columns] - strokes.first[rows, columns] < LONG_MM[0] * strokes.px_per_mm[1]
    cost[: short.shape[1], rows.start - top : rows.stop - top] += NAME_COST * short.T
    at = np.arange(top, top + cost.shape[1])
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
            first, last = strokes.first[rows.min(axis=1), x], strokes.last[rows.max(axis=1), x]
            cost[columns] += np.float32(TAKEN_COST) * ((at >= first[:, None]) & (at <= last[:, None]))
