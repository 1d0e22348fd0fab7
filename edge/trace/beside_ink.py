"""What a path costs that does not follow from a page's ink: where its name stands, where another lead is nearer or has taken the ink, and where it ends."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from ..layout import Place
from .ink_runs import INK, LONG_MM, InkRuns, columns_of, name_area

END_COST = 0.03
"""Cost of a row between a path's ends and 0 mV."""
NAME_COST = 0.15
"""Cost of a column of short runs where a lead's name is printed: letters are no bridges."""
TAKEN_COST = 1.0
"""Cost of a column of ink that another lead has taken."""
AWAY_COST = 0.3
"""Cost of a column in which a path is nearer to another lead's 0 mV than to its own."""

Neighbours = Sequence[tuple[Place, np.ndarray | None]]
"""The other places, each with its path (w, 2), which is to be avoided, or None."""


@dataclass(frozen=True, eq=False)
class BesideInk:
    """What the path of a place costs beside ink.

    Attributes
    ----------
    place
    name : (4,) int64, the columns and rows in which its name stands: left, right, top, bottom
    nearer : (k, 4) int64, the same of where it is nearer to the 0 mV of each of its k neighbours
    taken : (2, k, w) int64, the first and the last row in each column that a neighbour has taken, none where the last comes first; None where none is avoided
    end : (H,) float32, what it costs to begin in each row of the page, and to end
    """

    place: Place
    name: np.ndarray
    nearer: np.ndarray
    taken: np.ndarray | None
    end: np.ndarray

    def add_to(self, cost: np.ndarray, runs: InkRuns, top: int) -> None:
        """Add to the (w, h) float32 cost of the place's columns, from row `top` on."""
        left, right, first, stop = self.name
        rows = slice(*np.clip((first, stop), top, top + cost.shape[1]))
        short = runs.ink[rows, left:right] < INK
        down, across = np.nonzero(~short)
        begins, ends = runs.extent(down + rows.start, across + left)
        short[down, across] = ends - begins < LONG_MM[0] * runs.px_per_mm[1]
        cost[: short.shape[1], rows.start - top : rows.stop - top] += NAME_COST * short.T
        x, at = columns_of(self.place), np.arange(top, top + cost.shape[1])
        for number in range(len(self.nearer)):
            self._add_one(cost, top, x, number)
            if self.taken is not None:
                lower, upper = self.taken[:, number, :, None]
                cost += np.float32(TAKEN_COST) * ((at >= lower) & (at <= upper))

    def add_away(self, cost: np.ndarray, top: int, x: np.ndarray) -> None:
        """Add to the (n, h) float32 cost of columns `x` (n,), from row `top` on, what it costs to be nearer to other leads."""
        for number in range(len(self.nearer)):
            self._add_one(cost, top, x, number)

    def _add_one(self, cost: np.ndarray, top: int, x: np.ndarray, number: int) -> None:
        left, right, first, stop = self.nearer[number]
        columns, rows = slice(*np.searchsorted(x, (left, right))), np.clip((first - top, stop - top), 0, cost.shape[1])
        cost[columns, slice(*rows)] += np.float32(AWAY_COST)


def beside_ink(runs: InkRuns, place: Place, neighbours: Neighbours) -> BesideInk:
    """The `BesideInk` of a place."""
    height = len(runs.ink)
    rows, columns = name_area(place, runs.px_per_mm)
    at = np.arange(height)
    away = np.abs(at - place.zero_px)
    nearer, taken = np.zeros((len(neighbours), 4), np.int64), None
    if any(path is not None for _, path in neighbours):
        taken = np.zeros((2, len(neighbours), place.box.right - place.box.left), np.int64)
        taken[0] = height
    for number, (other, path) in enumerate(neighbours):
        left, right = max(place.box.left, other.box.left), min(place.box.right, other.box.right)
        if left >= right:
            continue
        # The rows above what lies in the middle of both, or those below it.
        is_nearer = np.abs(at - other.zero_px) < away
        count, from_top = int(is_nearer.sum()), bool(is_nearer[0])
        nearer[number] = left, right, 0 if from_top else height - count, count if from_top else height
        if taken is None or path is None:
            continue
        own, x = path[left - other.box.left : right - other.box.left], np.arange(left, right)
        high, low = own.min(axis=1), own.max(axis=1)
        there = slice(left - place.box.left, right - place.box.left)
        taken[0, number, there] = np.where(runs.ink[high, x] >= INK, runs.extent(high, x)[0], high + 1)
        taken[1, number, there] = np.where(runs.ink[low, x] >= INK, runs.extent(low, x)[1], low - 1)
    name = np.array([columns.start, columns.stop, rows.start, rows.stop])
    return BesideInk(place, name, nearer, taken, (END_COST * away).astype(np.float32))
