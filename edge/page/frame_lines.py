"""The thin frame around the traces of a drawing or a screen export: found in a flat page's ink, and removed from it."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import combinations

import numpy as np

INKED = 64
"""Ink (of 255) of a line: also one of a single pixel that lay between two pixels of the picture."""
MIN_SHARE = 0.5
"""The least length of a frame's sides as a share of the page's: far more than any flat piece of a trace, or any upright one."""
REACH_PX = 3
"""All ink of a line, of three pixels at most, is no farther from its middle: with a pixel of unevenness and its blurred edge."""
MAX_BESIDE = 0.25
"""The share of a thin line's length along which other ink touches one side of it; a bar's own is beside its middle throughout."""
MAX_LINES = 8
"""More lines in one direction are a grid's: a frame has two, and there may be five separators or rules."""
CLOSED_SHARE, MAX_BEYOND = 0.9, 0.25
"""The share of each side that is inked from corner to corner, and beyond the corners: separators and rules cross others, a frame does not."""


def without_frame(ink: np.ndarray) -> np.ndarray:
    """The (H, W) uint8 `ink` of a flat page, at any quarter turn, without its frame; `ink` itself where there is none.

    A frame is a rectangle of four level and upright lines that are thin and straight: of a page that is not quite flat, nothing is removed.
    What touches or crosses a line stays whole: connected to a frame, all traces would be one stroke.
    """
    dark = ink >= INKED
    upright, level = _thin_lines(dark), _thin_lines(dark.T)
    frames = list(_frames(upright, level))
    if not frames:
        return ink
    ink = ink.copy()
    for columns, rows in frames:
        # Level lines first: where one begins, an upright line has ink beside it until then.
        for image, lines in ((ink.T, rows), (ink, columns)):
            for line in lines:
                _erase(image, line)
    return ink


def _thin_lines(dark: np.ndarray) -> dict[int, np.ndarray]:
    """{column: (H,) bool, where it is inked} of the thin upright lines in a (H, W) bool page."""
    height, width = dark.shape
    count = np.count_nonzero(dark, axis=0)
    near = np.flatnonzero(np.convolve(count, np.ones(3, int), "same") >= MIN_SHARE * height)
    lines = {}
    for columns in np.split(near, np.flatnonzero(np.diff(near) > REACH_PX) + 1):
        if not columns.size:
            continue
        middle = int(columns[count[columns].argmax()])
        line = dark[:, max(middle - 1, 0) : middle + 2].any(axis=1)
        beside = [dark[line, x].mean() for x in _beside(middle, width)]
        if line.mean() >= MIN_SHARE and max(beside, default=0.0) <= MAX_BESIDE:
            lines[middle] = line
    return lines if len(lines) <= MAX_LINES else {}


def _beside(middle: int, width: int) -> list[int]:
    """The columns next to a line's ink on both sides of it, as far as the page has them."""
    return [x for x in (middle - REACH_PX - 1, middle + REACH_PX + 1) if 0 <= x < width]


def _frames(
    upright: dict[int, np.ndarray], level: dict[int, np.ndarray]
) -> Iterator[tuple[tuple[int, int], tuple[int, int]]]:
    """Yield the two columns and the two rows of each rectangle of lines whose sides end at its corners."""
    for columns in combinations(upright, 2):
        for rows in combinations(level, 2):
            if all(_is_side(upright[x], rows) for x in columns) and all(_is_side(level[y], columns) for y in rows):
                yield columns, rows


def _is_side(line: np.ndarray, ends: tuple[int, int]) -> bool:
    """Whether a line is inked between these two ends, and hardly beyond either of them."""
    first, last = ends
    beyond = line[: max(first - REACH_PX, 0)], line[last + REACH_PX + 1 :]
    return bool(
        line[first : last + 1].mean() >= CLOSED_SHARE
        and all(not part.size or part.mean() <= MAX_BEYOND for part in beyond)
    )


def _erase(image: np.ndarray, middle: int) -> None:
    """Erase the upright line at a column of (H, W) uint8 ink, but for where it touches other ink beside it."""
    width, touched = image.shape[1], np.zeros(image.shape[0], bool)
    erased = np.zeros((image.shape[0], 2 * REACH_PX + 1), bool)
    erased[:, REACH_PX] = True
    for step in (-1, 1):
        # From the line outwards, as long as there is ink; of a line that is uneven the pixel beside its middle may be the first.
        inked = np.ones(image.shape[0], bool)
        for distance in range(1, REACH_PX + 2):
            x = middle + step * distance
            if not 0 <= x < width:
                break
            here = image[:, x] >= INKED
            if distance > REACH_PX:
                touched |= inked & here
            else:
                # Its blurred edge, too: the first pixel that is no more ink.
                erased[:, REACH_PX + step * distance] = inked
                inked = inked & (here | ((distance == 1) & (image[:, middle] < INKED)))
    columns = np.arange(max(middle - REACH_PX, 0), min(middle + REACH_PX + 1, width))
    part = image[:, columns]
    part[erased[:, columns - middle + REACH_PX] & ~touched[:, None]] = 0
    image[:, columns] = part
