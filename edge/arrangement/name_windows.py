"""Where the names of leads are searched for: windows of a page about them, and the places in these at which each column's names stand."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from ..compiled.library import address, compiled
from ..layout import Pattern
from .coarse_page import PX_PER_MM
from .rows import REACH_MM

NAME_GAP_SHARE = 0.8
"""Names are no farther above their row than this share of the rows' distance: they would be those of the row above."""

LEAST_EVEN_ROWS = 4
"""Of fewer rows one that wanders is as likely as the others."""


@dataclass(frozen=True)
class NameSearch:
    """How far names are searched for, in mm: `across` (from, to) from where their column starts, `down` (from, to) from their row's zero;
    by up to `pitch` the names of each column may be off from where those of the column before and the columns' edges predict them, by
    `unclear_pitch` where no clear lines make these edges certain. Names are searched for on rows that cost `max_row_cost` at most (0 all
    there, 1 nothing). Where they are `even`, they are searched for about rows of even distances instead. Each may be `slack` off from where the others of its column stand.
    """

    across: tuple[float, float] = (-4.0, 30.0)
    down: tuple[float, float] = (-18.0, 9.0)
    pitch: float = 4.0
    unclear_pitch: float = 4.0
    max_row_cost: float = 0.85
    even: bool = False
    slack: float = 0.5

    def between(self, lines: Sequence[float]) -> NameSearch:
        """The search on rows with these base lines (pixels): where it extends farther up than usual, not to the names of the row above."""
        if self.down[0] >= USUAL.down[0] or len(lines) < 2:
            return self
        gap = float(np.median(np.diff(lines))) / PX_PER_MM
        return replace(self, down=(max(self.down[0], min(USUAL.down[0], -NAME_GAP_SHARE * gap)), self.down[1]))

    def corners(self, pattern: Pattern, zeros: np.ndarray, starts: np.ndarray) -> np.ndarray:
        """(n, 2) int: x and y of the upper left corners of the windows about the names of a pattern's grid, column by column.

        `zeros` (rows, columns) are base lines, `starts` (columns,) where columns start, in pixels.
        """
        lines = self.lines(zeros)
        places = [(starts[column], lines[row, column]) for row, column, _ in cells(pattern)]
        return np.rint(np.array(places) + np.array([self.across[0], self.down[0]]) * PX_PER_MM).astype(int)

    def lines(self, zeros: np.ndarray) -> np.ndarray:
        """(rows, columns): the rows to which names are printed, of base lines (rows, columns) in pixels: these, or rows of even distances that are near to all of them,
        from which traces wander and names do not."""
        if not self.even or len(zeros) < LEAST_EVEN_ROWS:
            return zeros
        rows, numbers = np.median(zeros, axis=1), np.arange(len(zeros))
        upper, lower = np.triu_indices(len(zeros), 1)
        pitch = np.median((rows[lower] - rows[upper]) / (lower - upper))
        rows_even = np.median(rows - pitch * numbers) + pitch * numbers
        if np.abs(rows_even - rows).max() > REACH_MM * PX_PER_MM:
            return zeros
        return np.repeat(rows_even[:, None], zeros.shape[1], axis=1)

    def windows(self, image: np.ndarray, corners: np.ndarray) -> np.ndarray:
        """(n, h, w): the windows of an image (H, W) with these corners, 0 beyond it."""
        width, height = (round((end - start) * PX_PER_MM) for start, end in (self.across, self.down))
        return cut(image, corners, width, height)

    def pitches(self, columns: int, clear: bool) -> range:
        """Pixels by which the names of so many columns may be on another pitch than the columns, whose edges are `clear` or not."""
        most = round((self.pitch if clear else self.unclear_pitch) * PX_PER_MM) if columns > 2 else 0
        return range(-most, most + 1)


USUAL = NameSearch()
EVEN = NameSearch(even=True, max_row_cost=0.4)
"""For names of traces that wander from their base lines."""
WIDE = NameSearch(down=(-26.0, 9.0), pitch=12.0, unclear_pitch=1.0, max_row_cost=0.25)
"""For names that stand far above their traces, or on another pitch than the columns, where rows and columns are clear."""

BY_HAND = NameSearch(slack=2.5)
"""For names that somebody has put beside their traces one by one, as in books, where pulses open every row of every column."""


def cells(pattern: Pattern) -> list[tuple[int, int, str]]:
    """[(row, column, name without its sign)] of a pattern's grid, column by column."""
    return [
        (row, column, name.lstrip("-"))
        for column, group in enumerate(pattern.columns)
        for row, name in enumerate(group)
    ]


def cut(image: np.ndarray, corners: np.ndarray | Sequence[tuple[int, int]], width: int, height: int) -> np.ndarray:
    """(n, height, width) of an image from each (x, y) corner on, 0 beyond its edges."""
    beyond = max(width, height)
    last = np.array([image.shape[1] - width, image.shape[0] - height]) + beyond
    windows = np.zeros((len(corners), height, width), image.dtype)
    for window, (x, y) in zip(windows, np.clip(np.asarray(corners), -beyond, last).tolist(), strict=True):
        part = image[max(y, 0) : max(y + height, 0), max(x, 0) : max(x + width, 0)]
        window[max(-y, 0) :, max(-x, 0) :][: part.shape[0], : part.shape[1]] = part
    return windows


def best_along(fits: list[np.ndarray], pitches: range) -> tuple[float, int, tuple[int, int]]:
    """(mean fit, pitch, place) of the best place in float32 windows of which each is shifted by a pitch, of a step of one pixel, relative to the one before."""
    library = compiled()
    if library is None:
        return max(_best_at(fits, pitch) for pitch in pitches)
    height, width = fits[0].shape
    fits = [np.ascontiguousarray(fit) for fit in fits]
    sums, most, places = (
        np.empty(width + height, np.float32),
        np.empty(len(pitches), np.float32),
        np.empty(len(pitches), np.int64),
    )
    images = np.array([address(fit) for fit in fits], np.intp)
    library["best_shifts"](
        len(fits), height, width, pitches.start, len(pitches), *map(address, (images, sums, most, places))
    )  # fmt: skip
    found = []
    for pitch, total, place in zip(pitches, most.tolist(), places.tolist(), strict=True):
        beyond = pitch * (len(fits) - 1)
        row, column = divmod(place, width - abs(beyond))
        found.append((total / len(fits), pitch, (row, column - min(beyond, 0))))
    return max(found)


def _best_at(fits: list[np.ndarray], pitch: int) -> tuple[float, int, tuple[int, int]]:
    """As `best_along`, of one pitch."""
    width = fits[0].shape[1] - abs(pitch) * (len(fits) - 1)
    offset = -min(pitch * (len(fits) - 1), 0)
    total = fits[0][:, offset : offset + width]
    for i, fit in enumerate(fits[1:], 1):
        total = total + fit[:, offset + pitch * i : offset + pitch * i + width]
    row, column = divmod(int(total.argmax()), width)
    return float(total[row, column]) / len(fits), pitch, (row, column + offset)
