"""Upright runs of ink in a page, column by column, compiled where there is a compiler."""

import numpy as np

from ..compiled.library import address, compiled


def upright_runs(dark: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """(column, first row, row after the last), (n,) int64 each, of the upright runs of a (H, W) bool page, from the left and from the top down."""
    library = compiled()
    if library is None:
        return _in_numpy(dark)
    dark = np.ascontiguousarray(dark)
    counts = np.empty(dark.shape[1], np.int64)
    library["upright_runs"](*dark.shape, address(dark), address(counts), None, None)
    places = np.cumsum(counts) - counts
    tops, ends = np.empty((2, int(counts.sum())), np.int64)
    library["upright_runs"](*dark.shape, address(dark), address(places), address(tops), address(ends))
    return np.repeat(np.arange(len(counts)), counts), tops, ends


def _in_numpy(dark: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """As `upright_runs`."""
    edges = np.diff(np.pad(dark, ((1, 1), (0, 0))).astype(np.int8), axis=0).T
    x, tops = np.nonzero(edges > 0)
    _, ends = np.nonzero(edges < 0)
    return x, tops, ends
