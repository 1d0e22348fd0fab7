"""Following traces through the ink of a page: for each lead the rows in which its path enters and leaves each pixel column."""

from itertools import combinations

import numpy as np

from .path import cheapest_paths

INK = 100
"""Ink (of 255) from which a pixel belongs to a stroke."""
SOLID = 160
"""Ink from which a path pays nothing: half of it is a dot of a grid, or haze."""

PAPER_COST = 4.0
CLIMB_INK_COST = 0.002
CLIMB_PAPER_COST = 0.3
START_COST = 0.2
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
AWAY_COST = 0.1
"""What a path pays for a column in which it is nearer to another lead's 0 mV than to its own."""
REACH_MM = 45.0
"""How far from the row of 0 mV a trace is looked for."""
TOGETHER = 6
"""So many leads are followed at once: fewer take longer, more take memory."""
NEAR_PX, SHARED_COLUMNS = 8, 3
"""Two paths that share more columns than traces take to cross have taken one way for two."""

LETTER_MM = {"I": 1.0, "a": 1.6, "V": 2.3, "R": 2.2, "L": 2.0, "F": 1.8}
OTHER_LETTER_MM = 1.7
NAME_MARGIN_MM = 0.6
NAME_RISE_MM = (0.6, 3.6)
"""Widths of the letters of a lead's name as printed, at most, and the rows above 0 mV which they stand in."""


class Runs:
    """The upright runs of ink of a page: `first` and `last` are the (H, W) rows of the run that each pixel lies in.

    On paper, `first` is the row below and `last` the row above: a run of no length. `erased` is where it is not known whether there
    is ink.
    """

    def __init__(self, ink, erased=None):
        self.ink = ink
        self.erased = np.zeros(ink.shape, bool) if erased is None else erased
        stroke = ink >= INK
        rows = np.arange(ink.shape[0], dtype=np.int16)[:, None]
        self.first = np.maximum.accumulate(np.where(stroke, np.int16(0), rows + 1), axis=0)
        last = np.where(stroke, np.int16(ink.shape[0] - 1), rows - 1)[::-1]
        self.last = np.minimum.accumulate(last, axis=0)[::-1]

    def lengths(self, rows, columns):
        """How long the run of ink is that each pixel of an area lies in."""
        return self.last[rows, columns] - self.first[rows, columns] + 1

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


def follow(runs, places, px_per_mm):
    """The way of each place's trace: a list of (w, 2) page rows, where its path enters and where it leaves each column of its box.

    Of two leads whose paths share ink for long, the one that can takes another way.
    """
    every = range(len(places))
    others = [[(places[j], None) for j in every if j != i] for i in every]
    ways, prices = _ways(runs, places, every, others, px_per_mm)
    pairs = [(i, j) for i, j in combinations(every, 2) if _shared(places, ways, i, j) > SHARED_COLUMNS]
    if pairs:
        others = [[(places[j], ways[j]) for j in every if j != i] for i in every]
        detours, dearer = _ways(runs, places, sorted({i for pair in pairs for i in pair}), others, px_per_mm)
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


def _ways(runs, places, which, others, px_per_mm):
    """{i: (w, 2) rows} and {i: cost} for the places `which`; `others` are, for each place, the other places, each with
    its way, which had better be avoided, or None."""
    order = sorted(which, key=lambda i: places[i].box.right - places[i].box.left)
    ways, prices = {}, {}
    while order:
        widest = places[order[-1]].box.right - places[order[-1]].box.left
        group = [i for i in order if places[i].box.right - places[i].box.left > 0.8 * widest][-TOGETHER:]
        order = [i for i in order if i not in group]
        found = _ways_of_group(runs, [places[i] for i in group], [others[i] for i in group], px_per_mm)
        for i, (way, price) in zip(group, found, strict=True):
            ways[i], prices[i] = way, price
    return ways, prices


def _ways_of_group(runs, places, others, px_per_mm):
    """The ways of places of nearly one width."""
    ink, (_, down) = runs.ink, px_per_mm
    width = max(place.box.right - place.box.left for place in places)
    reach = round(REACH_MM * down)
    height = min(2 * reach, ink.shape[0])
    tops = [int(np.clip(round(place.zero_px) - reach, 0, ink.shape[0] - height)) for place in places]
    cost = np.zeros((width, len(places), height), np.float32)
    start = np.empty((len(places), height), np.float32)
    for k, (place, top) in enumerate(zip(places, tops, strict=True)):
        box = ink[top : top + height, place.box.left : place.box.right]
        cost[: box.shape[1], k] = 1 - np.minimum(box.T, SOLID) * np.float32(1 / SOLID)
        start[k] = START_COST * np.abs(np.arange(top, top + height) - place.zero_px)
    climb = np.full_like(cost, CLIMB_INK_COST)
    climb[:, :, 1:] += 0.5 * (CLIMB_PAPER_COST - CLIMB_INK_COST) * (cost[:, :, 1:] + cost[:, :, :-1])
    np.cumsum(climb, axis=2, out=climb)
    cost *= PAPER_COST
    for k, (place, top) in enumerate(zip(places, tops, strict=True)):
        _price(cost[: place.box.right - place.box.left, k], runs, place, top, others[k], px_per_mm)
    entered, left, prices = cheapest_paths(cost, climb, start)
    for k, (place, top) in enumerate(zip(places, tops, strict=True)):
        columns = place.box.right - place.box.left
        yield np.stack([entered[:columns, k], left[:columns, k]], 1) + top, float(prices[k])


def _price(cost, runs, place, top, others, px_per_mm):
    """Add to the (w, h) `cost` of a place, whose first row is `top`, what is known beyond the ink itself."""
    from scipy import ndimage

    across, down = px_per_mm
    width, height = cost.shape
    area = slice(top, top + height), slice(place.box.left, place.box.right)
    length = runs.lengths(*area).T * np.float32(1 / down)
    cost += THIN_COST * np.clip(1 - length * np.float32(1 / THIN_MM), 0, 1)
    gain = LONG_GAIN * (np.clip(length, *LONG_MM) - LONG_MM[0])
    side = round(WAVE_MM * across)
    # Opening: what is as wide as that, in any place.
    band = ndimage.maximum_filter1d(ndimage.minimum_filter1d(gain, side, axis=0), side, axis=0)
    cost -= np.where(band > 0, 0, gain)
    cost[runs.erased[area].T] = 0
    rows, columns = name_area(place, px_per_mm)
    short = runs.lengths(rows, columns) < LONG_MM[0] * down
    cost[: short.shape[1], rows.start - top : rows.stop - top] += NAME_COST * short.T
    at = np.arange(top, top + height)
    for other, way in others:
        left, right = max(place.box.left, other.box.left), min(place.box.right, other.box.right)
        if left >= right:
            continue
        columns = slice(left - place.box.left, right - place.box.left)
        cost[columns] += AWAY_COST * (np.abs(at - other.zero_px) < np.abs(at - place.zero_px))
        if way is not None:
            rows, x = way[left - other.box.left : right - other.box.left], np.arange(left, right)
            first, last = runs.first[rows.min(axis=1), x], runs.last[rows.max(axis=1), x]
            taken = (at >= first[:, None]) & (at <= last[:, None])
            cost[columns] += TAKEN_COST * taken
