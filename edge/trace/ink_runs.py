"""The ink of a page as vertical runs of pixels, and what a path through them costs."""

from functools import cached_property

import numpy as np

from ..compiled.library import address, compiled
from ..compiled.structures import PageInk
from ..layout import Place

INK = 100
"""Ink (of 255) from which a pixel belongs to a stroke."""
SOLID = 110
"""Ink from which a pixel costs nothing: half of it is a dot of a grid, or haze."""

PAPER = np.maximum(1 - np.arange(256, dtype=np.float32) / SOLID, 0)
"""How much of a pixel is paper, by its ink."""
COPY_COLUMNS, COST_COLUMNS = 64, 128
"""So many columns at once stay in a processor's cache."""
CHANGE_PIXELS = 100_000
"""In so many pixels at once NumPy looks for the ends of runs."""
SUM_ROWS = 64
"""What climbing costs is summed from the first row on: the sums are kept for every so many rows."""
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
        library = compiled()
        # Between two rows of paper no run goes on from one column to the next.
        pixels = np.zeros(1 + width * (height + 1), np.uint8)
        self.columns = pixels[1:].reshape(width, height + 1)
        self.ink = self.columns[:, :height].T
        if library:
            ink = np.ascontiguousarray(ink)
            library["transposed"](height, width, height + 1, address(ink), address(self.columns))
        else:
            for left in range(0, width, COPY_COLUMNS):
                self.columns[left : left + COPY_COLUMNS, :height] = ink[:, left : left + COPY_COLUMNS].T
        self._erased_x = np.flatnonzero(erased.any(axis=0))
        self._erased = np.ascontiguousarray(erased[:, self._erased_x].T)
        self.columns[self._erased_x, :height] *= ~self._erased
        self.px_per_mm = px_per_mm
        across, down = px_per_mm
        # By length of run, in pixels: dots of a grid are thin, the tips of waves are long.
        mm = np.arange(height + 1) / down
        self._thin = THIN_COST * np.clip(1 - mm / THIN_MM, 0, 1).astype(np.float32)
        self._gain = LONG_GAIN * (np.clip(mm, *LONG_MM) - LONG_MM[0]).astype(np.float32)
        self._long_px = LONG_MM[0] * down
        # By the numbers of their pixels in `columns`.
        self._long_begins, self._long_ends = _long_runs(pixels, self._long_px)
        x, length = self._long_begins // (height + 1), self._long_ends - self._long_begins
        self._noise = self._noise_in(x, length, round(WAVE_MM * across))
        self.most_gain = np.zeros(width, np.float32)
        before = np.searchsorted(self._noise, [self._long_begins, self._long_ends])
        gained = self._gain[length] - self._thin[length]
        # What is noise all along gains nothing.
        self._gained = np.where(before[1] - before[0] < length, np.maximum(gained, 0), 0).astype(np.float32)
        np.maximum.at(self.most_gain, x, self._gained)
        self._sums = _climb_sums(ink, self.columns, self._erased_x) if library else np.empty(0, np.float32)

    def _noise_in(self, x: np.ndarray, length: np.ndarray, side: int) -> np.ndarray:
        """The sorted numbers in `columns` of the pixels of long runs that stand side by side, `side` of them; the runs are in columns `x` and of this `length`."""
        width, height = len(self.columns), self.columns.shape[1]
        holds_long = np.zeros(width, bool)
        holds_long[x] = True
        # At the page's edges half as many are enough.
        near = np.zeros(width, bool)
        for start, stop in segments(holds_long):
            near[start:stop] = (stop - start) * (1 + (start == 0 or stop == width)) >= side
        pixels = _numbers(self._long_begins[near[x]], length[near[x]])
        rows, columns = pixels % height, pixels // height
        order = np.argsort(rows * width + columns, kind="stable")
        return np.sort(pixels[order][_side_by_side(rows[order], columns[order], side, width)])

    def holding(self, length_px: float) -> np.ndarray:
        """(W,) bool: the columns with a run of ink of at least this length, in pixels, which is that of a long run or more."""
        holding = np.zeros(len(self.columns), bool)
        holding[self._long_begins[self._long_ends - self._long_begins >= length_px] // self.columns.shape[1]] = True
        return holding

    @cached_property
    def _runs(self) -> tuple[np.ndarray, np.ndarray]:
        """(n,) int64 each: the numbers in `columns` of the pixels with which runs of ink begin, and of those after their last ones."""
        pixels = np.concatenate([np.zeros(1, np.uint8), self.columns.ravel()])
        return _runs_of(pixels)

    def gains_of_rows(self, cell: int) -> np.ndarray:
        """(cells, H) float32: what a path gains at most in cells of so many columns that visits a row, of that block of rows alone: of the rows of long runs that touch each
        other. It is one of several blocks where it crosses what lies between them."""
        height, width = self.ink.shape
        found, library = np.zeros((-(-width // cell), height), np.float32), compiled()
        if not library:
            return self._gains_in_numpy(cell, found)
        scratch = np.empty(2 * height, np.float32)
        library["gains_of_rows"](
            len(self._gained), *map(address, (self._long_begins, self._long_ends, self._gained)), height + 1, cell, height,
            address(scratch), address(found),
        )  # fmt: skip
        return found

    def _gains_in_numpy(self, cell: int, found: np.ndarray) -> np.ndarray:
        """As `gains_of_rows`, into what is 0."""
        begins, ends = self._long_begins, self._long_ends
        x, row = np.divmod(_numbers(begins, ends - begins), self.columns.shape[1])
        held = np.zeros(found.shape, bool)
        held[x // cell, row] = True
        starts = held.copy()
        starts[:, 1:] &= ~held[:, :-1]
        top = np.maximum.accumulate(np.where(starts, np.arange(found.shape[1]), 0), axis=1)
        x, row = np.divmod(begins, self.columns.shape[1])
        # The most of each column's runs of a block, and their sum over columns.
        block, which = np.unique(np.stack([x, top[x // cell, row]]), axis=1, return_inverse=True)
        most = np.zeros(block.shape[1], np.float32)
        np.maximum.at(most, which.ravel(), self._gained)
        total = np.zeros_like(found)
        np.add.at(total, (block[0] // cell, block[1]), most)
        found[held] = np.take_along_axis(total, top, axis=1)[held]
        return found

    def extent(self, rows: np.ndarray, x: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """(w,) int each: the first and the last row of the run of ink that each of (w,) pixels lies in; they say nothing on paper."""
        library = compiled()
        if not library:
            return self._extent_in_numpy(rows, x)
        rows, x = (np.ascontiguousarray(part, np.int64) for part in np.broadcast_arrays(rows, x))
        first, last = np.empty(rows.shape, np.int64), np.empty(rows.shape, np.int64)
        height, columns = len(self.ink), address(self.columns)
        library["extents"](
            rows.size, address(rows), address(x), height, height + 1, columns, INK, address(first), address(last)
        )
        return first, last

    def _extent_in_numpy(self, rows: np.ndarray, x: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """As `extent`."""
        x, (begins, ends) = np.asarray(x), self._runs
        if not len(begins):
            return np.zeros(x.shape, int), np.zeros(x.shape, int)
        top = x * self.columns.shape[1]
        at = np.maximum(np.searchsorted(begins, top + rows, "right") - 1, 0)
        return begins[at] - top, ends[at] - top - 1

    @cached_property
    def page(self) -> PageInk:
        """The ink as `compiled/traces.c` takes it."""
        height, width = self.ink.shape
        return PageInk(
            width=width, stride=height + 1, every=SUM_ROWS, inked=INK, noises=len(self._noise),
            erased_columns=len(self._erased_x), height=height, columns=self.columns, paper=PAPER, table=_ENTER_COST,
            sums=self._sums, thin=self._thin, gain=self._gain, noise=self._noise, erased_x=self._erased_x, erased=self._erased, share=CLIMB_SHARE, least=CLIMB_INK_COST,
        )  # fmt: skip

    def band_costs(
        self, top: int, bottom: int, left: int, right: int, enter_cost: np.ndarray, climb_cost: np.ndarray
    ) -> None:
        """Write into (right - left, bottom - top) float32 arrays what it costs to enter each pixel of a part of the page from the column before,
        and to move down to it from the page's first row."""
        height = self.columns.shape[1]
        for start in range(left, right, COST_COLUMNS):
            part = self.columns[start : min(start + COST_COLUMNS, right), top:bottom]
            enter_cost[start - left : start - left + len(part)] = _ENTER_COST.take(part)
        climb_cost[:] = self._climb_cost[left:right, top:bottom]
        begins, ends = self._runs
        some = slice(*np.searchsorted(begins, (left * height, right * height)))
        lengths = ends[some] - begins[some]
        pixels, lengths = _numbers(begins[some], lengths), np.repeat(lengths, lengths)
        x, rows = np.divmod(pixels, height)
        within = (rows >= top) & (rows < bottom)
        lengths, pixels, at = lengths[within], pixels[within], (x[within] - left, rows[within] - top)
        cost = enter_cost[at] + self._thin[lengths]
        gains = ~np.isin(pixels, self._noise)
        cost[gains] -= self._gain[lengths[gains]]
        enter_cost[at] = cost
        erased = slice(*np.searchsorted(self._erased_x, (left, right)))
        columns = self._erased_x[erased] - left
        enter_cost[columns] = np.where(self._erased[erased, top:bottom], np.float32(0), enter_cost[columns])

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

    def strokes(self, first: np.ndarray, last: np.ndarray, x: np.ndarray) -> np.ndarray:
        """(w, 4) float: the upper and the lower edge of the strokes from row `first` to `last` of columns `x` (w,), and how dark their upper and lower half are,
        0..1."""
        library = compiled()
        if not library:
            return np.column_stack([self.edge(first, x, -1), self.edge(last, x, 1), self.darkness(first, last, x)])
        first, last, x = (np.ascontiguousarray(part, np.int64) for part in (first, last, x))
        found, height = np.empty((len(x), 4)), len(self.ink)
        library["strokes"](
            len(x), address(first), address(last), address(x), height, height + 1, address(self.columns), INK, address(found)
        )  # fmt: skip
        return found

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


def _runs_of(pixels: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """(n,) int64 each: where among the pixels after the first one, which is paper as the last one is, runs of ink begin, and where they have ended."""
    parts = range(0, len(pixels) - 1, CHANGE_PIXELS)
    changes = np.concatenate([_changes(pixels, start, CHANGE_PIXELS) for start in parts])
    return np.ascontiguousarray(changes[::2]), np.ascontiguousarray(changes[1::2])


def _long_runs(pixels: np.ndarray, length_px: float) -> tuple[np.ndarray, np.ndarray]:
    """As `_runs_of`, of those runs that are longer than this."""
    library, count = compiled(), len(pixels) - 1
    if not library:
        begins, ends = _runs_of(pixels)
        long = ends - begins > length_px
        return begins[long], ends[long]
    begins, ends = np.empty((2, count // (int(length_px) + 1) + 1), np.int64)
    found = library["long_runs"](count, address(pixels) + 1, INK, length_px, address(begins), address(ends))
    return begins[:found].copy(), ends[:found].copy()


def _climb_sums(ink: np.ndarray, columns: np.ndarray, other: np.ndarray) -> np.ndarray:
    """(H // `SUM_ROWS` + 1, W) float32: what climbing from the first row of (H, W) `ink` costs before every `SUM_ROWS`-th one; in the columns `other` it is that
    of (W, H + 1) `columns`."""
    library, (height, width) = compiled(), ink.shape
    assert library  # NumPy takes the sums of whole columns
    scratch = np.empty(3 * width, np.float32)
    sums = np.empty((height // SUM_ROWS + 1, width), np.float32)
    paper, costs = address(PAPER), (CLIMB_SHARE, CLIMB_INK_COST)
    library["climb_sums"](
        height, width, address(ink), SUM_ROWS, paper, *costs, address(scratch), address(sums)
    )  # fmt: skip
    shape = height, width, height + 1
    library["climb_sums_of"](
        len(other), address(other), *shape, address(columns), SUM_ROWS, paper, *costs, address(sums)
    )
    return sums


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
