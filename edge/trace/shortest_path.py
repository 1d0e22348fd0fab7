"""Cheapest paths from the left edge of a picture to its right edge, which may climb and fall within every column."""

import numpy as np


def cheapest_paths(along, climb, start):
    """The rows of the cheapest path through each of k pictures, all pictures at once, column after column.

    A path enters each column in one row, may move up or down in it, and leaves to the next column in the row it has come to.

    Parameters
    ----------
    along : (w, k, h) float32 array
        Cost of entering a pixel from the column before. It is overwritten with the cost of the best way to each pixel.
    climb : (w, k, h) float32 array
        Cost of moving on from each pixel to the next row, at least 0, summed over the rows: the cost between two rows of
        a column is the difference of their sums.
    start : (k, h) float32 array
        Cost of beginning, and of ending, in each row.

    Returns
    -------
    (entered, left, price) : two (w, k) int arrays, the rows in which each path enters and leaves each column, and the (k,) whole
        costs of the paths.

    Notes
    -----
    Dynamic programming (Viterbi's) over columns; the best row to climb from is found for all rows of a column by two running
    minima, one down and one up, so that the time is linear in the pixels.
    """
    width, pictures, _ = along.shape
    arrived, best = along, start.astype(np.float32)
    if pictures == 1:  # one dimension less takes less time
        arrived, climb, best, start = arrived[:, 0], climb[:, 0], best[0], start[0]
    spare = np.empty_like(best), np.empty_like(best)
    for arrived_here, climb_here in zip(arrived, climb, strict=True):
        arrived_here += best
        climbed(arrived_here, climb_here, best, spare)
    entered, left = np.empty((2, width, pictures), np.intp)
    best += start
    row = best.argmin(axis=-1)
    price = best.min(axis=-1, keepdims=pictures == 1)
    every, ways = np.arange(pictures), spare[0]
    for x in range(width - 1, -1, -1):
        left[x] = row
        here = climb[x]
        np.subtract(here, here[row] if pictures == 1 else here[every, row][:, None], out=ways)
        np.abs(ways, out=ways)
        ways += arrived[x]
        row = ways.argmin(axis=-1)
        entered[x] = row
    return entered, left, price


def climbed(arrived, climb, best, spare):
    """Set `best` (k, h) to the cost of the best way to each row of k columns, of which `arrived` is that of arriving in each and `climb` that
    of moving down to each from the first; `spare` are two arrays to be written over."""
    down, up = spare
    np.subtract(arrived, climb, out=down)
    np.minimum.accumulate(down, axis=-1, out=down)
    down += climb
    np.add(arrived, climb, out=up)
    upwards = up[..., ::-1]
    np.minimum.accumulate(upwards, axis=-1, out=upwards)
    up -= climb
    np.minimum(down, up, out=best)
