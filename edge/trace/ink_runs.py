"""The ink of a page as paths see it: upright runs, and what they cost."""

import numpy as np

INK = 100
"""Ink (of 255) from which a pixel belongs to a stroke."""
SOLID = 110
"""Ink from which a path pays nothing: half of it is a dot of a grid, or haze."""

PAPER = np.maximum(1 - np.arange(256, dtype=np.float32) / SOLID, 0)
"""How much of a pixel is paper, by its ink."""
CLIMB_ROWS, PRICE_COLUMNS = 32, 128
"""So many rows, and columns, at once stay in a processor's cache."""
PAPER_COST = 4.0
CLIMB_INK_COST = 0.002
CLIMB_PAPER_COST = 0.3
"""What a path pays: for a column without ink, for a row climbed in ink and on paper."""
LONG_GAIN = 0.08
LONG_MM = (3.5, 12.0)
"""What a path gains for a column whose run of ink is longer than a letter, a millimetre: it shall go round by the top of a wave."""
WAVE_MM = 1.6
"""Long runs side by side over more than this are no wave but a band of noise, and no gain."""
THIN_COST = 1.5
THIN_MM = 0.2
"""What a path pays for a column of ink without any thickness: dots of a grid are thinner than strokes."""
LETTER_MM = {"I": 1.0, "a": 1.6, "V": 2.3, "R": 2.2, "L": 2.0, "F": 1.8}
OTHER_LETTER_MM = 1.7
NAME_MARGIN_MM = 0.6
NAME_RISE_MM = (0.6, 3.6)
"""Widths of the letters of a lead's name as printed, at most, and the rows above 0 mV which they stand in."""


class Strokes:
    """The ink of a page, as upright runs and as what it costs a path.

    `climb` is the (H, W) cost of moving down to each pixel from the first row. `most` (W,) is what a path can
    gain in each column at most.
    """

    def __init__(self, ink, erased, px_per_mm):
        self.ink = ink.copy()
        self.ink[erased] = 0
        self._erased_x = np.flatnonzero(erased.any(axis=0))
        self._erased = erased[:, self._erased_x]
        self.px_per_mm = px_per_mm
        # Of a page hardly a twentieth is ink: what is known of it is kept by pixel, in the order of rows.
        self._rows, self._x = (side.astype(np.int16) for side in divmod(np.flatnonzero(self.ink >= INK), ink.shape[1]))
        self._number = self._rows.astype(np.int32) * ink.shape[1] + self._x
        first, last = _runs(self._rows, self._x)
        self._first, self._last = (
            np.append(first, np.int16(0)),
            np.append(last, np.int16(0)),
        )  # for what lies behind all ink
        self._paid = self._price(last - first + np.int16(1))
        self.climb = _climb(self.ink)
        self.most = np.zeros(ink.shape[1], np.float32)
        gains = self._paid < 0
        np.maximum.at(self.most, self._x[gains], -self._paid[gains])

    def _price(self, length):
        """(n,) float32: what there is to pay for pixels of ink by themselves, in runs of so many (n,) rows."""
        across, down = self.px_per_mm
        # By length of run, in pixels: dots of a grid are thin, the tips of waves are long.
        mm = np.arange(-1, self.ink.shape[0] + 1) / down
        thin = THIN_COST * np.clip(1 - mm / THIN_MM, 0, 1).astype(np.float32)
        gain = LONG_GAIN * (np.clip(mm, *LONG_MM) - LONG_MM[0]).astype(np.float32)
        paid = np.float32(PAPER_COST) * PAPER[self.ink[self._rows, self._x]]
        paid += thin[length + 1]
        long = np.flatnonzero(length > LONG_MM[0] * down)
        band = _side_by_side(self._rows[long], self._x[long], round(WAVE_MM * across), self.ink.shape[1])
        wave = long[~band]
        paid[wave] -= gain[length[wave] + 1]
        return paid

    def run(self, rows, x):
        """(w,) int16 each: the first and the last row of the run of ink that each of (w,) pixels lies in; they say nothing on paper."""
        at = np.searchsorted(self._number, np.asarray(rows) * self.ink.shape[1] + x)
        return self._first[at], self._last[at]

    def price(self, top, bottom, left, right, out=None):
        """(right - left, bottom - top) float32: the cost of entering each pixel of a part of the page from the column before."""
        if out is None:
            out = np.empty((right - left, bottom - top), np.float32)
        table = np.float32(PAPER_COST) * PAPER + np.float32(THIN_COST)
        for x in range(left, right, PRICE_COLUMNS):
            part = self.ink[top:bottom, x : min(x + PRICE_COLUMNS, right)].T
            out[x - left : x - left + len(part)] = table.take(part)
        some = slice(*np.searchsorted(self._rows, (top, bottom)))
        within = (self._x[some] >= left) & (self._x[some] < right)
        out[self._x[some][within] - left, self._rows[some][within] - top] = self._paid[some][within]
        erased = slice(*np.searchsorted(self._erased_x, (left, right)))
        x = self._erased_x[erased] - left
        out[x] = np.where(self._erased[top:bottom, erased].T, np.float32(0), out[x])
        return out

    def erased(self, top, bottom, x):
        """(n, bottom - top) bool: where in the columns `x` (n,) it is not known whether there is ink."""
        at = np.searchsorted(self._erased_x, x)
        there = at < len(self._erased_x)
        there[there] = self._erased_x[at[there]] == x[there]
        erased = np.zeros((len(x), bottom - top), bool)
        erased[there] = self._erased[top:bottom, at[there]].T
        return erased

    def edge(self, row, x, step):
        """Where ink falls below `INK` between the pixels in `row` and the next ones in the direction of `step`, (w,) float; half way
        between them where it does not."""
        beyond = row + step
        inside = (beyond >= 0) & (beyond < self.ink.shape[0])
        here = self.ink[row, x].astype(float)
        there = np.where(inside, self.ink[np.clip(beyond, 0, self.ink.shape[0] - 1), x], 0).astype(float)
        return row + step * np.where(there < INK, (here - INK) / np.maximum(here - there, 1), 0.5)


def _runs(rows, x):
    """(n,) int16 each: the first and the last row of the upright run that each of n pixels lies in, which stand in the order of rows."""
    order = np.argsort(x, kind="stable")
    rows, x = rows[order], x[order]
    begins = np.ones(len(x) + 1, bool)
    begins[1:-1] = (np.diff(x) != 0) | (np.diff(rows) != 1)
    run = np.cumsum(begins[:-1]) - 1
    first, last = np.empty((2, len(x)), np.int16)
    first[order], last[order] = rows[begins[:-1]][run], rows[begins[1:]][run]
    return first, last


def _side_by_side(rows, x, side, width):
    """(n,) bool: which of n pixels, in the order of rows, stand in a level line of at least `side` of them.

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


def _climb(ink):
    """(H, W) float32: what it costs to move down to each pixel of (H, W) uint8 ink from the first row."""
    height, width = ink.shape
    climb = np.empty((height, width), np.float32)
    share, least = np.float32(0.5 * (CLIMB_PAPER_COST - CLIMB_INK_COST)), np.float32(CLIMB_INK_COST)
    paper, total = np.zeros((CLIMB_ROWS + 1, width), np.float32), np.zeros(width, np.float32)
    for top in range(0, height, CLIMB_ROWS):
        steps = climb[top : top + CLIMB_ROWS]
        paper[0] = paper[-1]
        PAPER.take(ink[top : top + CLIMB_ROWS], out=paper[1 : len(steps) + 1], mode="clip")
        np.add(paper[1 : len(steps) + 1], paper[: len(steps)], out=steps)
        steps *= share
        steps += least
        # Row by row is several times as fast as `cumsum` down the columns.
        for step in steps:
            total = np.add(total, step, out=step)
    return climb


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
