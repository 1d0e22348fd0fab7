"""Cheapest paths through the ink of a page from run to run, column after column; they cross paper where there is no ink to follow.

A path enters each column in one row, may climb or fall in it, and leaves to the next column in the row it has come to. Within a run of ink it
moves freely: what counts is which run it is in, and a column has few of them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from .ink_runs import InkRuns

GAP_PX, GAP_SHARE = 24, 4
"""Ink that ends is followed by paper over so many columns, three millimetres, where more than one is lost; that of specks over no more than so
many times their width."""
SPECK_MM = 0.25
"""Ink that is no higher, and one pixel wide, is a dot of a grid: no path goes through it, but for it is cheaper than paper."""
BEGIN_PX = 24
"""A path may begin on any of so many columns: before are paper, or the lines that separate columns."""
BLOCK_PX = 32
"""So many columns are prepared at once."""
FAR = np.float32(1e9)
"""What costs so much is not there."""


@dataclass(frozen=True)
class Pieces:
    """Where paths may run: pieces of columns, (n,) each, ordered by column and row: runs of ink and paper that these go on as.

    `x` and rows `first` to `last`; `cost` float32 of entering; `is_ink`; `above` and `above_last`, what it costs to climb to its first and its
    last row in its column from the page's first, `before` and `before_last` in the column before it; `begins` (W + 1,) is where columns begin.
    """

    x: np.ndarray
    first: np.ndarray
    last: np.ndarray
    cost: np.ndarray
    is_ink: np.ndarray
    above: np.ndarray
    above_last: np.ndarray
    before: np.ndarray
    before_last: np.ndarray
    begins: np.ndarray


def pieces_of(runs: InkRuns) -> Pieces:
    """The `Pieces` of a page."""
    x, first, last, cost, width = _without_specks(runs)
    gaps_x, gaps_first, gaps_last = _gaps(runs, x, first, last, width)
    cost = np.concatenate([cost, runs.paper_cost((gaps_first + gaps_last) // 2, gaps_x)])
    is_ink = np.arange(len(cost)) < len(x)
    x, first, last = (np.concatenate(pair) for pair in ((x, gaps_x), (first, gaps_first), (last, gaps_last)))
    order = np.argsort(x * len(runs.ink) + first, kind="stable")
    x, first, last = x[order], first[order], last[order]
    above, above_last, before, before_last = (
        runs.climb_cost(rows, columns) for columns in (x, np.maximum(x - 1, 0)) for rows in (first, last)
    )
    begins = np.searchsorted(x, np.arange(runs.ink.shape[1] + 1))
    return Pieces(x, first, last, cost[order], is_ink[order], above, above_last, before, before_last, begins)


def _without_specks(runs: InkRuns) -> tuple[np.ndarray, ...]:
    """Columns, first and last rows and costs of the runs that are no specks, and over how many columns, up to some, ink has come to each."""
    before = runs.touching(runs.first, runs.last, runs.x - 1)
    width, at = np.ones(len(runs.x), int), before
    for _ in range(GAP_PX // GAP_SHARE):
        width += at >= 0
        at = np.where(at >= 0, before[at], -1) if at.size else at
    ends = runs.touching(runs.first, runs.last, runs.x + 1) < 0
    kept = (width > 1) | ~ends | (runs.last - runs.first >= SPECK_MM * runs.px_per_mm[1])
    return runs.x[kept], runs.first[kept], runs.last[kept], runs.cost[kept], width[kept]


def _gaps(
    runs: InkRuns, x: np.ndarray, first: np.ndarray, last: np.ndarray, width: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Columns, first and last rows of the paper that ink goes on as, on the columns to its right, until other ink touches it."""
    found = []
    for gap in range(1, GAP_PX + 1):
        x = x + 1
        free = (gap <= GAP_SHARE * width) & (x < runs.ink.shape[1])
        x, first, last, width = (side[free] for side in (x, first, last, width))
        free = runs.touching(first, last, x) < 0
        x, first, last, width = (side[free] for side in (x, first, last, width))
        found.append((x, first, last))
    gaps_x, gaps_first, gaps_last = (np.concatenate(side) for side in zip(*found, strict=True))
    return gaps_x, gaps_first, gaps_last


@dataclass(frozen=True)
class Lane:
    """The pieces of columns through which the path of one lead may run: the `Pieces` of its box, and in each column its row of 0 mV, as paper.

    As `Pieces`; `column` and `slot` (n,) say which column of the box, and which of its pieces each is, `zero_px` where 0 mV is.
    """

    x: np.ndarray
    first: np.ndarray
    last: np.ndarray
    cost: np.ndarray
    is_ink: np.ndarray
    above: np.ndarray
    above_last: np.ndarray
    before: np.ndarray
    before_last: np.ndarray
    column: np.ndarray
    slot: np.ndarray
    zero_px: float
    width: int

    @classmethod
    def of(cls, runs: InkRuns, pieces: Pieces, left: int, right: int, zero_px: float, rows: tuple[int, int]) -> Lane:
        """The pieces in columns `left` to `right` that reach into these rows."""
        some = np.arange(pieces.begins[left], pieces.begins[right])
        some = some[(pieces.last[some] >= rows[0]) & (pieces.first[some] < rows[1])]
        columns = np.arange(left, right)
        x = np.concatenate([columns, pieces.x[some]])
        order = np.argsort(x, kind="stable")
        zero = np.full(len(columns), int(np.clip(round(zero_px), 0, len(runs.ink) - 1)))
        above, before = (runs.climb_cost(zero, at) for at in (columns, np.maximum(columns - 1, 0)))
        x = x[order]

        def with_zero(own: np.ndarray, of_pieces: np.ndarray) -> np.ndarray:
            return np.concatenate([own, of_pieces[some]])[order]

        column = x - left
        return cls(
            x,
            with_zero(zero, pieces.first),
            with_zero(zero, pieces.last),
            with_zero(runs.paper_cost(zero, columns), pieces.cost),
            with_zero(np.zeros(len(columns), bool), pieces.is_ink),
            with_zero(above, pieces.above),
            with_zero(above, pieces.above_last),
            with_zero(before, pieces.before),
            with_zero(before, pieces.before_last),
            column,
            np.arange(len(x)) - np.searchsorted(column, np.arange(len(columns)))[column],
            zero_px,
            len(columns),
        )


def cheapest_paths(lanes: Sequence[Lane], end_cost: float) -> tuple[list[np.ndarray], list[float]]:
    """([(w, 2) rows], costs): where the cheapest path through each lane enters and leaves each column, and its whole cost.

    `end_cost` is that of a row between 0 mV and where a path begins, and where it ends.

    Notes
    -----
    Dynamic programming (Viterbi's) over columns, of all lanes at once.
    """
    # The widest first: those that have ended are the last ones, and are left out.
    order = sorted(range(len(lanes)), key=lambda number: -lanes[number].width)
    lanes = [lanes[number] for number in order]
    widths = np.array([lane.width for lane in lanes])
    begins = [np.searchsorted(lane.column, np.arange(lane.width + 1)) for lane in lanes]
    came: list[np.ndarray] = []
    ends: list[np.ndarray] = [np.empty(0)] * len(lanes)
    best, paid = np.empty((0, 0), np.float32), np.zeros(len(lanes), np.float32)
    stops = sorted({*range(BLOCK_PX, widths[0], BLOCK_PX), *widths.tolist()})
    for start, stop in zip((0, *stops), stops, strict=False):
        count, first = int((widths > start).sum()), max(start - 1, 0)
        block = _Block(lanes[:count], begins[:count], first, stop, end_cost)
        climb, slots = block.climb, block.enter.shape[2]
        if start:
            beyond = max(slots - best.shape[1], 0)
            best = np.pad(best[:count, :slots], ((0, 0), (0, beyond)), constant_values=FAR)
        total, base = (
            np.empty((count, slots, slots), np.float32),
            np.arange(count * slots).reshape(count, slots) * slots,
        )
        for x in range(start, stop):
            at = x - first
            if x == 0:
                from_, best = np.full((count, slots), -1), block.off[0].copy()
            else:
                np.add(climb[at - 1], best[:, None, :], out=total)
                from_ = total.argmin(axis=-1)
                best = total.ravel().take(from_ + base)
            if 0 < x < BEGIN_PX:
                begun = block.off[at] + paid[:count, None]
                from_[begun < best] = -1
                np.minimum(best, begun, out=best)
            best += block.enter[at]
            if x < BEGIN_PX:
                paid[:count] += block.enter[at, :, 0]
            came.append(from_.astype(np.int16))
        for k in np.flatnonzero(widths == stop):
            ends[k] = best[k] + block.off[-1, k]
    chosen = _chosen(came, widths, np.array([end.argmin() for end in ends]))
    places = np.argsort(order)
    paths = [
        _path_of(lane, begun, chosen[: lane.width, k])
        for k, (lane, begun) in enumerate(zip(lanes, begins, strict=True))
    ]
    return [paths[k] for k in places], [float(ends[k].min()) for k in places]


class _Block:
    """Columns `start` to `stop` of lanes, (columns, lanes, slots) float32: `enter`, what it costs to enter each piece, `off`, what it costs to begin
    or end there, and `climb` (columns - 1, lanes, slots, slots) to come to each from each (last axis) of the column before."""

    def __init__(
        self, lanes: Sequence[Lane], begins: Sequence[np.ndarray], start: int, stop: int, end_cost: float
    ) -> None:
        parts = [slice(begun[start], begun[stop]) for begun in begins]
        slots = 1 + max(int(lane.slot[part].max(initial=0)) for lane, part in zip(lanes, parts, strict=True))
        shape = stop - start, len(lanes), slots
        self.enter, self.off = np.full(shape, FAR, np.float32), np.zeros(shape, np.float32)
        above, above_last, before, before_last = np.zeros((4, *shape), np.float32)
        for k, (lane, part) in enumerate(zip(lanes, parts, strict=True)):
            at = lane.column[part] - start, k, lane.slot[part]
            self.enter[at] = lane.cost[part]
            near = np.clip(lane.zero_px, lane.first[part], lane.last[part])
            self.off[at] = end_cost * np.abs(near - lane.zero_px)
            above[at], above_last[at] = lane.above[part], lane.above_last[part]
            before[at], before_last[at] = lane.before[part], lane.before_last[part]
        self.climb = before[1:, :, :, None] - above_last[:-1, :, None, :]
        np.maximum(self.climb, above[:-1, :, None, :] - before_last[1:, :, :, None], out=self.climb)
        np.maximum(self.climb, 0, out=self.climb)


def _chosen(came: Sequence[np.ndarray], widths: np.ndarray, slots: np.ndarray) -> np.ndarray:
    """(w, k) the slots of each lane's path in each column, from its slot (k,) in its last column on back; -1 before its beginning, and beyond.

    `came` are, for each column, the slots of the column before from which each slot is reached, of the lanes that are so wide.
    """
    chosen = np.full((len(came), len(widths)), -1)
    slot = np.empty(0, int)
    for x in range(len(came) - 1, -1, -1):
        count = len(came[x])
        slot = np.concatenate([slot, slots[len(slot) : count]])
        chosen[x, :count] = slot
        slot = np.where(slot >= 0, came[x][np.arange(count), slot], -1)
    return chosen


def _path_of(lane: Lane, begins: np.ndarray, slots: np.ndarray) -> np.ndarray:
    """(w, 2) rows in which a path enters and leaves each column, given its slots (w,): it climbs no more than it must."""
    at = np.flatnonzero(slots >= 0)
    pieces = begins[at] + slots[at]
    first, last = lane.first[pieces].tolist(), lane.last[pieces].tolist()
    row, entered = round(lane.zero_px), []
    for low, high in zip(first, last, strict=True):
        if row < low:
            row = low
        elif row > high:
            row = high
        entered.append(row)
    rows = np.array([entered[0]] * int(at[0]) + entered)
    return np.stack([rows, np.append(rows[1:], rows[-1:])], 1)
