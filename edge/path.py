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
    arrived = along
    best = start.astype(np.float32)
    for x in range(width):
        arrived[x] += best
        down = arrived[x] - climb[x]
        np.minimum.accumulate(down, axis=1, out=down)
        down += climb[x]
        up = (arrived[x] + climb[x])[:, ::-1]
        np.minimum.accumulate(up, axis=1, out=up)
        best = np.minimum(down, up[:, ::-1] - climb[x], out=down)
    entered, left = np.empty((2, width, pictures), np.intp)
    every = np.arange(pictures)
    best += start
    row = np.argmin(best, axis=1)
    price = best[every, row]
    for x in range(width - 1, -1, -1):
        left[x] = row
        row = np.argmin(arrived[x] + np.abs(climb[x] - climb[x, every, row][:, None]), axis=1)
        entered[x] = row
    return entered, left, price
