"""Strokes: the connected ink of a page, found by its runs along rows where there is a compiler."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple, Protocol

import numpy as np

from ..compiled.library import address, compiled


class Box(NamedTuple):
    """The columns and rows of a stroke: from left and top to before right and bottom."""

    left: int
    top: int
    right: int
    bottom: int


class Strokes(Protocol):
    """The strokes of a page, in any order."""

    boxes: list[Box]

    def image(self, number: int) -> np.ndarray:
        """(h, w) bool: a stroke in its box."""

    def only(self, kept: Sequence[bool]) -> np.ndarray:
        """(H, W) bool: the page's ink that belongs to the strokes which are kept."""


def strokes_of(dark: np.ndarray) -> Strokes:
    """The strokes of a (H, W) bool page: ink that touches, along its corners too, or is no more than two pixels from other ink of its row. All are
    a pixel wider than their ink on both sides."""
    library = compiled()
    return _Labelled(dark) if library is None else _Runs(np.ascontiguousarray(dark))


class _Labelled:
    """By SciPy's labels of pixels."""

    def __init__(self, dark: np.ndarray) -> None:
        from scipy import ndimage

        joined = dark.copy()
        joined[:, 1:] |= dark[:, :-1]
        joined[:, :-1] |= dark[:, 1:]
        self._dark = dark
        self._labels, _ = ndimage.label(joined, np.ones((3, 3)))
        self._places = ndimage.find_objects(self._labels)
        self.boxes = [Box(x.start, y.start, x.stop, y.stop) for y, x in self._places]

    def image(self, number: int) -> np.ndarray:
        """As `Strokes` has it."""
        return np.asarray(self._labels[self._places[number]] == number + 1)

    def only(self, kept: Sequence[bool]) -> np.ndarray:
        """As `Strokes` has it."""
        return np.asarray(self._dark & np.array([False, *kept])[self._labels])


class _Runs:
    """By runs along rows and which of them touch."""

    def __init__(self, dark: np.ndarray) -> None:
        library = compiled()
        assert library is not None
        self._library, self._dark = library, dark
        count = library["stroke_runs"](*dark.shape, address(dark), None, None, None)
        # Of each run its row, its first column and the one after its last; then the number of its stroke.
        self._runs, self._strokes = np.empty((count, 3), np.int64), np.empty(count, np.int64)
        boxes = np.empty((count, 4), np.int64)
        number = library["stroke_runs"](*dark.shape, address(dark), *map(address, (self._runs, self._strokes, boxes)))
        self.boxes = [Box(*box) for box in boxes[:number].tolist()]

    def image(self, number: int) -> np.ndarray:
        """As `Strokes` has it."""
        left, top, right, bottom = self.boxes[number]
        row, first, end = (self._runs[self._strokes == number] - (top, left, left)).T
        changes = np.zeros((bottom - top, right - left + 1), np.int8)
        changes[row, first], changes[row, end] = 1, -1
        return np.cumsum(changes[:, :-1], axis=1, dtype=np.int8).view(bool)

    def only(self, kept: Sequence[bool]) -> np.ndarray:
        """As `Strokes` has it."""
        found = np.zeros_like(self._dark)
        runs = self._runs[np.array([*kept, False])[self._strokes]]
        self._library["kept_runs"](len(runs), self._dark.shape[1], *map(address, (runs, self._dark, found)))
        return found
