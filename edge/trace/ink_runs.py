"""The ink of a page as vertical runs of pixels, and what a path through them costs."""

import numpy as np

from ..layout import Place

INK = 100
"""Ink (of 255) from which a pixel belongs to a stroke."""
SOLID = 110
"""Ink from which a pixel costs nothing: half of it is a dot of a grid, or haze."""

PAPER = np.maximum(1 - np.arange(256, dtype=np.float32) / SOLID, 0)
"""How much of a pixel is paper, by its ink."""
PAPER_LEVELS = 16
"""Paper is summed up down a page in so many levels of a pixel, fewer where a page has more than 4,000 rows: numbers of 16 bits."""
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
    runs there. `x`, `first` and `last` (n,) are the column and the rows of each run, column by column from the top down, `cost` (n,)
    float32 what it costs to enter it from the column before, negative where there is a gain.
    """

    def __init__(self, ink: np.ndarray, erased: np.ndarray, px_per_mm: tuple[float, float]) -> None:
        self.ink = ink.copy()
        self.ink[erased] = 0
        self._erased = erased
        self.px_per_mm = px_per_mm
        # Of a page hardly a twentieth is ink: what is known of it is kept by runs.
        rows, x = (side.astype(np.int16) for side in divmod(np.flatnonzero(self.ink >= INK), ink.shape[1]))
        order = np.argsort(x, kind="stable")
        down, along = rows[order].astype(np.intp), x[order].astype(np.intp)
        begins = np.ones(len(down) + 1, bool)
        begins[1:-1] = (np.diff(along) != 0) | (np.diff(down) != 1)
        starts = np.flatnonzero(begins)
        self.x, self.first = along[starts[:-1]], down[starts[:-1]]
        self.last = down[starts[1:] - 1]
        self._key = self.x.astype(np.intp) * len(ink) + self.first
        # One more, for what lies before all runs.
        self._edges = np.concatenate([np.stack([self.first, self.last, self.x]), [[0], [-1], [-1]]], axis=1)
        most = np.maximum.reduceat(self.ink[down, along], starts[:-1]) if len(down) else np.zeros(0, np.uint8)
        self.cost = self._cost_of_runs(most, rows, x, order)
        self._levels = min(PAPER_LEVELS, np.iinfo(np.uint16).max // len(ink))
        self._paper_above = _paper_above(self.ink, self._levels)

    def _cost_of_runs(self, most: np.ndarray, rows: np.ndarray, x: np.ndarray, order: np.ndarray) -> np.ndarray:
        """(n,) float32: the cost of each run by itself, whose darkest pixel has so `most` (n,) ink; negative where there is a gain.

        `rows` and `x` (m,) are the pixels of ink, row by row, and `order` that of their runs.
        """
        across, down = self.px_per_mm
        # By length of run: dots of a grid are thin, the tips of waves are long.
        length = self.last - self.first + 1
        mm = length / down
        cost = PAPER_COST * PAPER[most] + THIN_COST * np.clip(1 - mm / THIN_MM, 0, 1)
        is_long = mm > LONG_MM[0]
        there = np.empty(len(rows), bool)
        there[order] = np.repeat(is_long, length)
        rows, x = rows[there].astype(int), x[there].astype(int)
        alone = ~_side_by_side(rows, x, round(WAVE_MM * across), self.ink.shape[1])
        wave = np.unique(self._run_of(rows[alone], x[alone]))
        cost[wave] -= LONG_GAIN * (np.clip(mm[wave], *LONG_MM) - LONG_MM[0])
        return cost.astype(np.float32)

    def _run_of(self, rows: np.ndarray, x: np.ndarray) -> np.ndarray:
        """(m,) the numbers of the last runs that begin in or above each of (m,) pixels, or in columns before."""
        return np.searchsorted(self._key, np.asarray(x) * len(self.ink) + rows, "right") - 1

    def extent(self, rows: np.ndarray, x: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """(w,) each: the first and the last row of the run of ink that each of (w,) pixels lies in; they say nothing on paper."""
        at = self._run_of(rows, x)
        return self._edges[0, at], self._edges[1, at]

    def touching(self, first: np.ndarray, last: np.ndarray, x: np.ndarray) -> np.ndarray:
        """(m,) the number of the lowest run in the columns `x` (m,) that touches the rows `first` to `last`, or is next to them; -1 of none."""
        at = self._run_of(np.minimum(last + 1, len(self.ink) - 1), x)
        return np.where((self._edges[2, at] == x) & (self._edges[1, at] >= first - 1), at, -1)

    def climb_cost(self, rows: np.ndarray, x: np.ndarray) -> np.ndarray:
        """(m,) float32: what it costs to move down to each pixel from the first row of its column."""
        paper = self._paper_above[rows, x] * np.float32(CLIMB_PAPER_COST / self._levels)
        return np.asarray(paper + CLIMB_INK_COST * rows, np.float32)

    def paper_cost(self, rows: np.ndarray, x: np.ndarray) -> np.ndarray:
        """(m,) float32: what it costs to enter pixels that are no strokes, nothing where it is not known."""
        table = np.float32(PAPER_COST) * PAPER + np.float32(THIN_COST)
        return np.where(self._erased[rows, x], np.float32(0), table[self.ink[rows, x]])

    def darkness(self, first: np.ndarray, last: np.ndarray, x: np.ndarray) -> np.ndarray:
        """(w, 2) float in 0..1: how dark the upper and the lower half of the pixels from row `first` to `last` of columns `x` (w,) are."""
        half = (last - first + 2) // 2
        rows = np.abs(half)
        count = np.concatenate([rows, rows])
        begin = np.concatenate([np.minimum(first, first + half), np.minimum(last + 1 - half, last + 1)])
        end = np.cumsum(count)
        pixels = np.arange(end[-1]) + np.repeat(begin - end + count, count)
        total = np.append(0, np.cumsum(self.ink[pixels, np.repeat(np.concatenate([x, x]), count)], dtype=np.int64))
        with np.errstate(invalid="ignore"):
            return ((total[end] - total[end - count]) / (255.0 * count)).reshape(2, -1).T

    def edge(self, row: np.ndarray, x: np.ndarray, step: int) -> np.ndarray:
        """(w,) float: where ink falls below `INK` between the pixels in `row` and the next ones in the direction of `step`; half way
        between them where it does not."""
        beyond = row + step
        inside = (beyond >= 0) & (beyond < self.ink.shape[0])
        here = self.ink[row, x].astype(float)
        there = np.where(inside, self.ink[np.clip(beyond, 0, self.ink.shape[0] - 1), x], 0).astype(float)
        return row + step * np.where(there < INK, (here - INK) / np.maximum(here - there, 1), 0.5)


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


def _paper_above(ink: np.ndarray, levels: int) -> np.ndarray:
    """(H, W) uint16: how much paper there is, in so many `levels` of a pixel, from the first row to each pixel of (H, W) uint8 ink."""
    from PIL import Image

    table = np.rint(levels * PAPER).astype(np.uint8)
    total = np.asarray(Image.fromarray(ink).point(table.tolist())).astype(np.uint16)
    # Row by row is several times as fast as `cumsum` down the columns.
    for above, row in zip(total, total[1:], strict=False):
        row += above
    return total


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
