"""The ink of a page as vertical runs of pixels, and what a path through them costs."""

from collections.abc import Callable
from functools import cached_property

import numpy as np

from ..compiled.library import address, compiled
from ..layout import Place

INK = 100
"""Ink (of 255) from which a pixel belongs to a stroke."""
SOLID = 110
"""Ink from which a pixel costs nothing: half of it is a dot of a grid, or haze."""

PAPER = np.maximum(1 - np.arange(256, dtype=np.float32) / SOLID, 0)
"""How much of a pixel is paper, by its ink."""
COPY_COLUMNS, COST_COLUMNS = 64, 128
"""So many columns at once stay in a processor's cache."""
PAPER_COST = 4.0
CLIMB_INK_COST = 0.002
CLIMB_PAPER_COST = 0.3
"""Costs of a path: of a column without ink, of a row climbed in ink and on paper."""
CLIMB_SHARE = np.float32(0.5 * (CLIMB_PAPER_COST - CLIMB_INK_COST))
"""What a row costs more that is climbed from one pixel of paper to another, for each of both."""
LONG_GAIN = 0.08
LONG_MM = (3.5, 12.0)
"""What a path gains for a column whose run of ink is longer than a letter, a millimetre: so that it follows a wave up to its tip."""
WAVE_MM = 1.6
"""Long runs side by side over more than this are no wave but noise, and no gain."""
THIN_COST = 1.5
THIN_MM = 0.2
"""Cost of a column of ink without any thickness: dots of a grid are thinner than strokes."""
_ENTER_COST = np.where(
    np.arange(256) < INK, np.float32(PAPER_COST) * PAPER + np.float32(THIN_COST), np.float32(PAPER_COST) * PAPER
)
"""What it costs to enter a pixel, by its ink; of a stroke's, but for what its length costs."""
LETTER_MM = {"I": 1.0, "a": 1.6, "V": 2.3, "R": 2.2, "L": 2.0, "F": 1.8}
OTHER_LETTER_MM = 1.7
NAME_MARGIN_MM = 0.6
NAME_RISE_MM = (0.6, 3.6)
"""Widths of the letters of a lead's name as printed, at most, and the rows above 0 mV which they stand in."""


class InkRuns:
    """The ink of a page, as vertical runs and as what it costs a path.

    `ink` is the (H, W) uint8 ink without what is `erased` (H, W) bool, separators and pulses, of which it is not known whether a trace
    runs there; `columns` (W, H + 1) is the same column after column, with a row of paper below. `most_gain` (W,) is what a path can gain in each
    column at most.
    """

    def __init__(self, ink: np.ndarray, erased: np.ndarray, px_per_mm: tuple[float, float]) -> None:
        height, width = ink.shape
        # Between two rows of paper no run goes on from one column to the next.
        pixels = np.zeros(1 + width * (height + 1), np.uint8)
        self.columns = pixels[1:].reshape(width, height + 1)
        self.ink = self.columns[:, :height].T
        for left in range(0, width, COPY_COLUMNS):
            self.columns[left : left + COPY_COLUMNS, :height] = ink[:, left : left + COPY_COLUMNS].T
        self._erased_x = np.flatnonzero(erased.any(axis=0))
        self._erased = erased[:, self._erased_x].T
        self.columns[self._erased_x, :height] *= ~self._erased
        self.px_per_mm = px_per_mm
        ends = np.concatenate(
            [_changes(pixels, x * (height + 1), COPY_COLUMNS * (height + 1)) for x in range(0, width, COPY_COLUMNS)]
        )
        # By the numbers of their pixels in `columns`.
        self._begins, self._ends = np.ascontiguousarray(ends[::2]), np.ascontiguousarray(ends[1::2])
        self._lengths = self._ends - self._begins
        across, down = px_per_mm
        # By length of run, in pixels: dots of a grid are thin, the tips of waves are long.
        mm = np.arange(-1, height + 1) / down
        thin = THIN_COST * np.clip(1 - mm / THIN_MM, 0, 1).astype(np.float32)
        gain = LONG_GAIN * (np.clip(mm, *LONG_MM) - LONG_MM[0]).astype(np.float32)
        self._thin, self._gain = thin[self._lengths + 1], gain[self._lengths + 1]
        x: np.ndarray = self._begins // (height + 1)
        self._noise = self._noise_in(x, round(WAVE_MM * across), LONG_MM[0] * down)
        self.most_gain = np.zeros(width, np.float32)
        lost = np.bincount(np.searchsorted(self._begins, self._noise, "right") - 1, minlength=len(x)) == self._lengths
        gains = np.flatnonzero((self._gain > self._thin) & ~lost)
        np.maximum.at(self.most_gain, x[gains], (self._gain - self._thin)[gains])

    def _noise_in(self, x: np.ndarray, side: int, long_px: float) -> np.ndarray:
        """The sorted numbers in `columns` of the pixels of long runs that stand side by side, `side` of them; the runs are in columns `x`."""
        width, height = len(self.columns), self.columns.shape[1]
        long = self._lengths > long_px
        holds_long = self.holding(np.nextafter(long_px, np.inf))
        # At the page's edges half as many are enough.
        near = np.zeros(width, bool)
        for start, stop in segments(holds_long):
            near[start:stop] = (stop - start) * (1 + (start == 0 or stop == width)) >= side
        some = np.flatnonzero(long & near[x])
        pixels = _numbers(self._begins[some], self._lengths[some])
        rows, columns = pixels % height, pixels // height
        order = np.argsort(rows * width + columns, kind="stable")
        return np.sort(pixels[order][_side_by_side(rows[order], columns[order], side, width)])

    def holding(self, length_px: float) -> np.ndarray:
        """(W,) bool: the columns with a run of ink of at least this length, in pixels."""
        holding = np.zeros(len(self.columns), bool)
        holding[self._begins[self._lengths >= length_px] // self.columns.shape[1]] = True
        return holding

    def extent(self, rows: np.ndarray, x: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """(w,) int each: the first and the last row of the run of ink that each of (w,) pixels lies in; they say nothing on paper."""
        x = np.asarray(x)
        if not len(self._begins):
            return np.zeros(x.shape, int), np.zeros(x.shape, int)
        top = x * self.columns.shape[1]
        at = np.maximum(np.searchsorted(self._begins, top + rows, "right") - 1, 0)
        return self._begins[at] - top, self._ends[at] - top - 1

    def band_costs(
        self, top: int, bottom: int, left: int, right: int, enter_cost: np.ndarray, climb_cost: np.ndarray
    ) -> None:
        """Write into (right - left, bottom - top) float32 arrays what it costs to enter each pixel of a part of the page from the column before,
        and to move down to it from the page's first row."""
        library = compiled()
        (self._band_with(library["band_costs"]) if library else self._band_in_numpy)(
            top, bottom, left, right, enter_cost, climb_cost
        )
        erased = slice(*np.searchsorted(self._erased_x, (left, right)))
        columns = self._erased_x[erased] - left
        enter_cost[columns] = np.where(self._erased[erased, top:bottom], np.float32(0), enter_cost[columns])

    def _band_with(self, function: Callable[..., None]) -> Callable[..., None]:
        """As `band_costs`, by the function of `compiled/loops.c`."""

        def band(top: int, bottom: int, left: int, right: int, enter_cost: np.ndarray, climb_cost: np.ndarray) -> None:
            height = self.columns.shape[1]
            some = slice(*np.searchsorted(self._begins, (left * height, right * height)))
            noise = self._noise[np.searchsorted(self._noise, left * height) :]
            begins, ends, thin, gain = (part[some] for part in (self._begins, self._ends, self._thin, self._gain))
            step = enter_cost.strides[0] // enter_cost.itemsize
            function(
                left, right, top, bottom, height, address(self.columns), address(PAPER), CLIMB_SHARE, CLIMB_INK_COST,
                address(_ENTER_COST), len(begins), *map(address, (begins, ends, thin, gain)), len(noise), address(noise),
                step, address(enter_cost), address(climb_cost),
            )  # fmt: skip

        return band

    def _band_in_numpy(
        self, top: int, bottom: int, left: int, right: int, enter_cost: np.ndarray, climb_cost: np.ndarray
    ) -> None:
        """As `band_costs`, in NumPy."""
        height = self.columns.shape[1]
        for start in range(left, right, COST_COLUMNS):
            part = self.columns[start : min(start + COST_COLUMNS, right), top:bottom]
            columns = slice(start - left, start - left + len(part))
            enter_cost[columns] = _ENTER_COST.take(part)
        climb_cost[:] = self._climb_cost[left:right, top:bottom]
        some = slice(*np.searchsorted(self._begins, (left * height, right * height)))
        runs = np.repeat(np.arange(some.start, some.stop), self._lengths[some])
        pixels = _numbers(self._begins[some], self._lengths[some])
        x, rows = np.divmod(pixels, height)
        within = (rows >= top) & (rows < bottom)
        runs, pixels, at = runs[within], pixels[within], (x[within] - left, rows[within] - top)
        cost = enter_cost[at] + self._thin[runs]
        gains = ~np.isin(pixels, self._noise)
        cost[gains] -= self._gain[runs[gains]]
        enter_cost[at] = cost

    @cached_property
    def _climb_cost(self) -> np.ndarray:
        """(W, H) float32: what it costs to move down to each pixel from the first row."""
        width, height = len(self.columns), self.columns.shape[1] - 1
        cost = np.empty((width, height), np.float32)
        for start in range(0, width, COST_COLUMNS):
            steps = cost[start : start + COST_COLUMNS]
            paper = PAPER.take(self.columns[start : start + COST_COLUMNS, :height])
            steps[:] = paper
            steps[:, 1:] += paper[:, :-1]
            steps *= CLIMB_SHARE
            steps += CLIMB_INK_COST
            np.cumsum(steps, axis=1, out=steps)
        return cost

    def erased(self, top: int, bottom: int, x: np.ndarray) -> np.ndarray:
        """(n, bottom - top) bool: where in the columns `x` (n,) it is not known whether there is ink."""
        at = np.searchsorted(self._erased_x, x)
        there = at < len(self._erased_x)
        there[there] = self._erased_x[at[there]] == x[there]
        erased = np.zeros((len(x), bottom - top), bool)
        erased[there] = self._erased[at[there], top:bottom]
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


def _changes(pixels: np.ndarray, start: int, count: int) -> np.ndarray:
    """(n,) int: after which of the pixels from `start` on, at most `count` of them, ink begins or ends."""
    in_ink = pixels[start : start + count + 1] >= INK
    return np.flatnonzero(in_ink[1:] != in_ink[:-1]) + start


def _numbers(begins: np.ndarray, lengths: np.ndarray) -> np.ndarray:
    """(n,) int: the numbers from each of `begins` on, as many as `lengths` says, one after another."""
    before = np.cumsum(lengths) - lengths
    return np.repeat(begins - before, lengths) + np.arange(lengths.sum())


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
