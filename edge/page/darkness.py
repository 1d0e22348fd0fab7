"""Darkness relative to what lies under it: the paper, a grid, and light that has faded strokes; by `compiled/ink.c` where there is a compiler, else by NumPy, with the
same result."""

from collections.abc import Iterator

import numpy as np

from ..compiled.library import address, compiled

BAND_ROWS = 64
"""So many rows of a page are computed at once."""
MAX_GRID = 215
"""Darkness (of 255) of a grid above which ink on it cannot be distinguished."""


def than_paper(bright: np.ndarray, paper: np.ndarray) -> np.ndarray:
    """`bright` (H, W) uint8, written over with how much darker it is than the (H, W) uint8 `paper`, at least 1: 255 less its share of the paper's brightness."""
    library = compiled()
    if not library or not bright.flags.c_contiguous:
        return _than_paper_in_numpy(bright, paper)
    paper = np.ascontiguousarray(paper)
    library["darker_than_paper"](bright.size, address(paper), address(bright))
    return bright


def _than_paper_in_numpy(dark: np.ndarray, paper: np.ndarray) -> np.ndarray:
    """As `than_paper`."""
    for rows in _bands(dark):
        ratio = np.minimum(dark[rows], paper[rows]).astype(np.uint16)
        ratio *= 255
        ratio //= paper[rows]
        np.subtract(np.uint8(255), ratio.astype(np.uint8), out=dark[rows])
    return dark


def without_grid(dark: np.ndarray, grid: np.ndarray) -> np.ndarray:
    """(H, W) uint8: the darkness of the ink alone where ink on a (H, W) uint8 `grid` is `dark`: their transmittances multiply."""
    library = compiled()
    if not library:
        return _without_grid_in_numpy(dark, grid)
    ink, grid = np.array(dark, order="C"), np.ascontiguousarray(grid)
    library["without_grid"](ink.size, address(grid), MAX_GRID, address(ink))
    return ink


def _without_grid_in_numpy(dark: np.ndarray, grid: np.ndarray) -> np.ndarray:
    """As `without_grid`."""
    ink = np.empty_like(dark)
    for rows in _bands(dark):
        light = (255 - dark[rows]).astype(np.uint16)
        light *= 255
        light //= np.uint16(255) - np.minimum(grid[rows], MAX_GRID)
        np.subtract(np.uint8(255), np.minimum(light, 255).astype(np.uint8), out=ink[rows])
    return ink


def times(dark: np.ndarray, gain: np.ndarray) -> np.ndarray:
    """(H, W) uint8: darkness times a (H, W) float32 gain."""
    library = compiled()
    if not library:
        return _times_in_numpy(dark, gain)
    darker, gain = np.array(dark, order="C"), np.ascontiguousarray(gain, np.float32)
    library["times_gain"](darker.size, address(gain), address(darker))
    return darker


def _times_in_numpy(dark: np.ndarray, gain: np.ndarray) -> np.ndarray:
    """As `times`."""
    return np.minimum(np.rint(gain * dark), 255).astype(np.uint8)


def _bands(image: np.ndarray, count: int = BAND_ROWS) -> Iterator[slice]:
    """Rows of an image, some after others: what is made of them stays in a processor's cache, and takes no more memory."""
    for top in range(0, len(image), count):
        yield slice(top, top + count)
