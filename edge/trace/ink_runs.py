"""The ink of a page as vertical runs of pixels, and what a path through them costs."""

import numpy as np

from ..layout import Place

INK = 100
"""Ink (of 255) from which a pixel belongs to a stroke."""
SOLID = 110
"""Ink from which a pixel costs nothing: half of it is a dot of a grid, or haze."""

PAPER = np.maximum(1 - np.arange(256, dtype=np.float32) / SOLID, 0)
"""How much of a pixel is paper, by its ink."""
CLIMB_ROWS, COST_COLUMNS = 32, 128
"""So many rows, and columns, at once stay in a processor's cache."""
PAPER_COST = 4.0
CLIMB_INK_COST = 0.002
CLIMB_PAPER_COST = 0.3
"""Costs of a path: of a column without ink, of a row climbed in ink and on paper."""
LONG_GAIN = 0.08
LONG_MM = (3.5, 12.0)
"""What a path gains for a column whose run of ink is longer than a letter, a millimetre: so that it follows a wave up to its tip."""
WAVE_MM = 1.6
"""Long runs side by side over more than this are no wave but noise, and no gain."""
THIN_COST = 1.5
THIN_MM = 0.2
"""Cost of a column of ink without any thickness: dots of a grid are thinner than strokes."""
LETTER_MM = {"I": 1.0, "a": 1.6, "V": 2.3, "R": 2.2, "L": 2.0, "F": 1.8}
OTHER_LETTER_MM = 1.7
NAME_MARGIN_MM = 0.6
NAME_RISE_MM = (0.6, 3.6)
"""Widths of the letters of a lead's name as printed, at most, and the rows above 0 mV which they stand in."""


class InkRuns:
    """The ink of a page, as vertical runs and as what it costs a path.

    `ink` is the (H, W) uint8 ink without what is `erased` (H, W) bool, separators and pulses, of which it is not known whether a trace
    runs there. `climb_cost` is the (H, W) cost of moving down to each pixel from the first row. `most_gain` (W,) is what a path can gain
    in each column at most.
    """

    def __init__(self, ink: np.ndarray, erased: np.ndarray, px_per_mm: tuple[float, float]) -> None:
        self.ink = ink.copy()
        self.ink[erased] = 0
        self._erased_x = np.flatnonzero(erased.any(axis=0))
        self._erased = erased[:, self._erased_x]
        self.px_per_mm = px_per_mm
        # Of a page hardly a twentieth is ink: what is known of it is kept by pixel, in the order of rows.
        self._rows, self._x = (side.astype(np.int16) for side in divmod(np.flatnonzero(self.ink >= INK), ink.shape[1]))
        self._number = self._rows.astype(np.int32) * ink.shape[1] + self._x
        first, last = _runs(self._rows, self._x)
        # One more, for what lies behind all ink.
        self._first, self._last = np.append(first, np.int16(0)), np.append(last, np.int16(0))
        self._ink_cost = self._cost_of_ink(last - first + np.int16(1))
        self.climb_cost = _climb_cost(self.ink)
        self.most_gain = np.zeros(ink.shape[1], np.float32)
        gains = self._ink_cost < 0
        np.maximum.at(self.most_gain, self._x[gains], -self._ink_cost[gains])

    def _cost_of_ink(self, length: np.ndarray) -> np.ndarray:
        """(n,) float32: the cost of each pixel of ink by itself, negative where there is a gain, in runs of so many (n,) rows."""
        across, down = self.px_per_mm
        # By length of run, in pixels: dots of a grid are thin, the tips of waves are long.
        mm = np.arange(-1, self.ink.shape[0] + 1) / down
        thin = THIN_COST * np.clip(1 - mm / THIN_MM, 0, 1).astype(np.float32)
        gain = LONG_GAIN * (np.clip(mm, *LONG_MM) - LONG_MM[0]).astype(np.float32)
        cost = np.float32(PAPER_COST) * PAPER[self.ink[self._rows, self._x]]
        cost += thin[length + 1]
        long = np.flatnonzero(length > LONG_MM[0] * down)
        noise = _side_by_side(self._rows[long], self._x[long], round(WAVE_MM * across), self.ink.shape[1])
        wave = long[~noise]
        cost[wave] -= gain[length[wave] + 1]
        return cost

    def extent(self, rows: np.ndarray, x: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """(w,) int16 each: the first and the last row of the run of ink that each of (w,) pixels lies in; they say nothing on paper."""
        at = np.searchsorted(self._number, np.asarray(rows) * self.ink.shape[1] + x)
        return self._first[at], self._last[at]

    def enter_cost(self, top: int, bottom: int, left: int, right: int, out: np.ndarray) -> None:
        """Write into `out` (right - left, bottom - top) float32 the cost of entering each pixel of a part of the page from the column
        before."""
        table = np.float32(PAPER_COST) * PAPER + np.float32(THIN_COST)
        for x in range(left, right, COST_COLUMNS):
            part = self.ink[top:bottom, x : min(x + COST_COLUMNS, right)].T
            out[x - left : x - left + len(part)] = table.take(part)
        some = slice(*np.searchsorted(self._rows, (top, bottom)))
        within = (self._x[some] >= left) & (self._x[some] < right)
        out[self._x[some][within] - left, self._rows[some][within] - top] = self._ink_cost[some][within]
        erased = slice(*np.searchsorted(self._erased_x, (left, right)))
        columns = self._erased_x[erased] - left
        out[columns] = np.where(self._erased[top:bottom, erased].T, np.float32(0), out[columns])

    def erased(self, top: int, bottom: int, x: np.ndarray) -> np.ndarray:
        """(n, bottom - top) bool: where in the columns `x` (n,) it is not known whether there is ink."""
        at = np.searchsorted(self._erased_x, x)
        there = at < len(self._erased_x)
        there[there] = self._erased_x[at[there]] == x[there]
        erased = np.zeros((len(x), bottom - top), bool)
        erased[there] = self._erased[top:bottom, at[there]].T
        return erased

    def darkness(self, first: np.ndarray, last: np.ndarray, x: np.ndarray) -> np.ndarray:
        """(w, 2) float in 0..1: how dark the upper and the lower half of the pixels from row `first` to `last` of columns `x` (w,) are."""
        # What crossings have left of a stroke may end before it begins: the rows between are meant then.
        half = (last - first + 2) // 2
        return np.stack([self._mean(first, first + half, x), self._mean(last + 1 - half, last + 1, x)], 1) / 255.0

    def _mean(self, start: np.ndarray, stop: np.ndarray, x: np.ndarray) -> np.ndarray:
        """(w,) float: the mean ink of rows `start` to `stop` (w,), in either order, of columns `x` (w,); NaN where there are none."""
        length = np.abs(stop - start)
        there = length > 0
        start, length, x = np.minimum(start, stop)[there], length[there], x[there]
        begins = np.cumsum(length) - length
        rows = np.repeat(start - begins, length) + np.arange(length.sum())
        mean = np.full(there.shape, np.nan)
        if length.size:
            mean[there] = np.add.reduceat(self.ink[rows, np.repeat(x, length)], begins, dtype=np.int64) / length
        return mean

    def edge(self, row: np.ndarray, x: np.ndarray, step: int) -> np.ndarray:
        """(w,) float: where ink falls below `INK` between the pixels in `row` and the next ones in the direction of `step`; half way
        between them where it does not."""
        beyond = row + step
        inside = (beyond >= 0) & (beyond < self.ink.shape[0])
        here = self.ink[row, x].astype(float)
        there = np.where(inside, self.ink[np.clip(beyond, 0, self.ink.shape[0] - 1), x], 0).astype(float)
        return row + step * np.where(there < INK, (here - INK) / np.maximum(here - there, 1), 0.5)


def _runs(rows: np.ndarray, x: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """(n,) int16 each: the first and the last row of the vertical run that each of n pixels lies in, which stand in the order of rows."""
    order = np.argsort(x, kind="stable")
    rows, x = rows[order], x[order]
    begins = np.ones(len(x) + 1, bool)
    begins[1:-1] = (np.diff(x) != 0) | (np.diff(rows) != 1)
    run = np.cumsum(begins[:-1]) - 1
    first, last = np.empty((2, len(x)), np.int16)
    first[order], last[order] = rows[begins[:-1]][run], rows[begins[1:]][run]
    return first, last


def _side_by_side(rows: np.ndarray, x: np.ndarray, side: int, width: int) -> np.ndarray:
    """(n,) bool: which of n pixels, in the order of rows, stand in a horizontal line of at least `side` of them.

    It is the opening by a line of `side` pixels, of an image that is mirrored at its edges; `ndimage.minimum_filter1d` and `maximum_filter1d`
    move it by one where `side` is even.
    """
    if not len(x):
        return np.zeros(0, bool)
    begins = np.ones(len(x) + 1, bool)
    begins[1:-1] = (np.diff(rows) != 0) | (np.diff(x) != 1)
    line = np.cumsum(begins[:-1]) - 1
    length = np.bincount(line)
    length *= 1 + ((x[begins[:-1]] == 0) | (x[begins[1:]] == width - 1))
    wide = length[line] >= side
    return wide if side % 2 else wide & ~begins[:-1]


def _climb_cost(ink: np.ndarray) -> np.ndarray:
    """(H, W) float32: what it costs to move down to each pixel of (H, W) uint8 ink from the first row."""
    height, width = ink.shape
    cost = np.empty((height, width), np.float32)
    share, least = np.float32(0.5 * (CLIMB_PAPER_COST - CLIMB_INK_COST)), np.float32(CLIMB_INK_COST)
    paper, total = np.zeros((CLIMB_ROWS + 1, width), np.float32), np.zeros(width, np.float32)
    for top in range(0, height, CLIMB_ROWS):
        steps = cost[top : top + CLIMB_ROWS]
        paper[0] = paper[-1]
        PAPER.take(ink[top : top + CLIMB_ROWS], out=paper[1 : len(steps) + 1], mode="clip")
        np.add(paper[1 : len(steps) + 1], paper[: len(steps)], out=steps)
        steps *= share
        steps += least
        # Row by row is several times as fast as `cumsum` down the columns.
        for step in steps:
            total = np.add(total, step, out=step)
    return cost


def segments(flags: np.ndarray) -> list[tuple[int, int]]:
    """(start, stop) of each run of true in (w,) bool."""
    ends = np.flatnonzero(np.diff(np.concatenate([[0], flags.astype(np.int8), [0]])))
    return list(zip(ends[::2].tolist(), ends[1::2].tolist(), strict=True))


def columns_of(place: Place) -> np.ndarray:
    """(w,) the pixel columns of a place's box."""
    return np.arange(place.box.left, place.box.right)


def name_area(place: Place, px_per_mm: tuple[float, float]) -> tuple[slice, slice]:
    """Rows and columns of a page in which a lead's name may be printed over its trace."""
    across, down = px_per_mm
    width_mm = NAME_MARGIN_MM + sum(LETTER_MM.get(letter, OTHER_LETTER_MM) for letter in place.lead or "aVR")
    zero = round(place.zero_px)
    rows = slice(max(zero - round(NAME_RISE_MM[1] * down), 0), max(zero - round(NAME_RISE_MM[0] * down), 0))
    return rows, slice(place.box.left, min(place.box.left + round(width_mm * across), place.box.right))
