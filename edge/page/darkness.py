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


def periodic(dark: np.ndarray, cell_px: int) -> np.ndarray:
    """(H, W) uint8: what a page of (H, W) uint8 darkness has in common with itself one and two cells away in the four directions.

    Traces do not run so far both across and down. Of two opposite places the darker one counts: beyond a sheet's edge there is no grid.
    """
    library = compiled()
    if not library:
        return _periodic_in_numpy(dark, cell_px)
    dark, nothing, found = np.ascontiguousarray(dark), np.zeros(dark.shape[1], np.uint8), np.empty(dark.shape, np.uint8)
    library["periodic"](*dark.shape, cell_px, address(dark), address(nothing), address(found))
    return found


def _periodic_in_numpy(dark: np.ndarray, cell_px: int) -> np.ndarray:
    """As `periodic`."""
    least = np.full(dark.shape, 255, np.uint8)
    for image, out in ((dark, least), (dark.T, least.T)):
        for cells in (1, 2):
            pair = _shifted(image, cells * cell_px)
            np.minimum(out, np.maximum(pair, _shifted(image, (cells - 3) * cell_px), out=pair), out=out)
    return least


def _shifted(image: np.ndarray, rows: int) -> np.ndarray:
    """The image shifted down by so many rows, or up, filled with 0."""
    moved = np.zeros_like(image)
    if rows > 0:
        moved[rows:] = image[:-rows]
    else:
        moved[:rows] = image[-rows:]
    return moved


def greatest_around(image: np.ndarray) -> np.ndarray:
    """(H, W) uint8: the greatest of each pixel of an image (H, W) and of those around it."""
    library = compiled()
    if not library:
        return _greatest_around_in_scipy(image)
    image, scratch, found = (
        np.ascontiguousarray(image),
        np.empty(image.shape[1], np.uint8),
        np.empty(image.shape, np.uint8),
    )
    library["greatest_around"](*image.shape, address(image), address(scratch), address(found))
    return found


def _greatest_around_in_scipy(image: np.ndarray) -> np.ndarray:
    """As `greatest_around`."""
    from scipy import ndimage

    return np.asarray(ndimage.maximum_filter(image, 3))


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
