"""Cheapest paths from the left edge of a picture to its right edge, which may climb and fall within every column.

In NumPy: `lead_path` and `coarse_rows` of `compiled/traces.c` are the same searches, many times as fast, where there is a compiler when the package is installed. Both
give the same paths to the bit.
"""

import numpy as np


def cheapest_paths(
    enter_cost: np.ndarray, climb_cost: np.ndarray, end_cost: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """The rows of the cheapest path through each of k pictures.

    A path enters each column in one row, may move up or down in it, and leaves to the next column in the row it has come to.

    Parameters
    ----------
    enter_cost : (w, k, h) float32 array
        Cost of entering a pixel from the column before. It is overwritten with the least cost of a path that enters there.
    climb_cost : (w, k, h) float32 array
        Cost of moving on from each pixel to the next row, at least 0, summed over the rows: the cost between two rows of
        a column is the difference of their sums.
    end_cost : (k, h) float32 array
        Cost of beginning, and of ending, in each row.

    Returns
    -------
    (entered, left, cost) : two (w, k) int arrays, the rows in which each path enters and leaves each column, and the (k,) whole
        costs of the paths.

    Notes
    -----
    Dynamic programming (Viterbi's) over columns; the best row to climb from is found for all rows of a column by two running
    minima, one down and one up, so that the time is linear in the pixels.
    """
    width, pictures, _ = enter_cost.shape
    arrived, best = enter_cost, end_cost.astype(np.float32)
    if pictures == 1:  # one dimension less takes less time
        arrived, climb_cost, best, end_cost = arrived[:, 0], climb_cost[:, 0], best[0], end_cost[0]
    scratch = np.empty_like(best), np.empty_like(best)
    for arrived_here, climb_here in zip(arrived, climb_cost, strict=True):
        arrived_here += best
        cheapest_within_column(arrived_here, climb_here, best, scratch)
    entered, left = np.empty((2, width, pictures), np.intp)
    best += end_cost
    row = best.argmin(axis=-1)
    cost = best.min(axis=-1, keepdims=pictures == 1)
    every, through = np.arange(pictures), scratch[0]
    for x in range(width - 1, -1, -1):
        left[x] = row
        here = climb_cost[x]
        np.subtract(here, here[row] if pictures == 1 else here[every, row][:, None], out=through)
        np.abs(through, out=through)
        through += arrived[x]
        row = through.argmin(axis=-1)
        entered[x] = row
    return entered, left, cost


def cheapest_within_column(
    arrived: np.ndarray, climb_cost: np.ndarray, best: np.ndarray, scratch: tuple[np.ndarray, np.ndarray]
) -> None:
    """Set `best` (k, h) to the least cost of reaching each row of k columns, from what it costs to have `arrived` in each row and the
    `climb_cost` of moving down to each from the first; `scratch` are two arrays to be written over."""
    down, up = scratch
    np.subtract(arrived, climb_cost, out=down)
    np.minimum.accumulate(down, axis=-1, out=down)
    down += climb_cost
    np.add(arrived, climb_cost, out=up)
    upwards = up[..., ::-1]
    np.minimum.accumulate(upwards, axis=-1, out=upwards)
    up -= climb_cost
    np.minimum(down, up, out=best)


def least_through(
    cost: np.ndarray,
    climb_cost: np.ndarray,
    end_cost: np.ndarray,
    beyond: np.ndarray,
    gain: np.ndarray,
    gains: np.ndarray,
) -> np.ndarray:
    """(w, k, h) float32: the least cost of a path that visits each row of each column, of k pictures.

    Parameters
    ----------
    cost, climb_cost, end_cost : as `cheapest_paths` has them; none is written over
    beyond : (k, h) float32, the cost of ending in each row
    gains : (w, k, h) float32, what a path gains in a column that visits a row, of its block of rows, which have the same; `gain` (w, k) float32 where it crosses what lies
        between two blocks
    """
    through, plain = np.empty_like(cost), np.empty_like(cost)
    best, after = end_cost, np.empty_like(end_cost)
    scratch = np.empty_like(end_cost), np.empty_like(end_cost)

    def with_gain(visited: np.ndarray, x: int) -> np.ndarray:
        """What visiting each row costs at least, by what is gained in others."""
        gained = np.where(gains[x] > 0, visited - gains[x], np.float32(np.inf))
        for k in np.flatnonzero(gain[x] > 0):
            rows = np.flatnonzero(gains[x, k] > 0)
            apart = np.diff(rows) > 1
            for one, other in zip(rows[:-1][apart], rows[1:][apart], strict=True):
                between = climb_cost[x, k, other] - climb_cost[x, k, one]
                gained[k, other] = min(visited[k, one] + between - gain[x, k], gained[k, other])
                gained[k, one] = min(visited[k, other] + between - gain[x, k], gained[k, one])
        gained[gain[x] <= 0] = np.inf
        found = np.empty_like(visited)
        cheapest_within_column(gained, climb_cost[x], found, scratch)
        return np.minimum(found, visited, out=found)

    for x in range(len(cost)):
        cheapest_within_column(best + cost[x], climb_cost[x], plain[x], scratch)
        best = through[x] = with_gain(plain[x], x)
    onward = beyond
    for x in range(len(cost) - 1, -1, -1):
        cheapest_within_column(onward, climb_cost[x], after, scratch)
        better = with_gain(after, x)
        through[x] += after
        np.minimum(plain[x] + better, through[x], out=through[x])
        onward = better + cost[x]
    return through
