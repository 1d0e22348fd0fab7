"""Tracking traces through the ink of a page: for each lead the rows in which its path enters and leaves each pixel column."""

from collections.abc import Iterable, Mapping, Sequence
from itertools import combinations

import numpy as np

from ..layout import Place
from .ink_runs import INK, LONG_MM, InkRuns, name_area
from .run_paths import Lane, Pieces, cheapest_paths, pieces_of

END_COST = 0.03
"""Cost of a row between a path's ends and 0 mV."""
NAME_COST = 0.15
"""Cost of a column of short runs where a lead's name is printed: letters are no bridges."""
TAKEN_COST = 1.0
"""Cost of a column of ink that another lead has taken."""
AWAY_COST = 0.3
"""Cost of a column in which a path is nearer to another lead's 0 mV than to its own."""
REACH_MM = 55.0
"""How far from the row of 0 mV a trace is searched for."""
NEAR_PX, SHARED_COLUMNS = 8, 3
"""Two paths that share more columns than traces take to cross follow one trace."""

Neighbours = Sequence[tuple[Place, np.ndarray | None]]
"""The other places, each with its path (w, 2), which is to be avoided, or None."""


def track(runs: InkRuns, places: Sequence[Place]) -> list[np.ndarray]:
    """The path of each place's trace: a list of (w, 2) page rows, where it enters and where it leaves each column of the place's box.

    Of two leads whose paths share ink for long, the one that can takes another path.
    """
    every, pieces = range(len(places)), pieces_of(runs)
    unknown: list[Neighbours] = [[(places[j], None) for j in every if j != i] for i in every]
    paths, costs = _find_paths(runs, pieces, places, every, unknown)
    pairs = [(i, j) for i, j in combinations(every, 2) if _shared(places, paths, i, j) > SHARED_COLUMNS]
    if pairs:
        known: list[Neighbours] = [[(places[j], paths[j]) for j in every if j != i] for i in every]
        detours, dearer = _find_paths(runs, pieces, places, sorted({i for pair in pairs for i in pair}), known)
        for i, j in pairs:
            options = [(_shared(places, {**paths, k: detours[k]}, i, j), dearer[k] - costs[k], k) for k in (i, j)]
            shared, _, k = min(options)
            if shared < _shared(places, paths, i, j):
                paths[k] = detours[k]
    return [paths[i] for i in every]


def _shared(places: Sequence[Place], paths: Mapping[int, np.ndarray], i: int, j: int) -> int:
    """The number of columns that two leads' paths enter side by side."""
    left, right = max(places[i].box.left, places[j].box.left), min(places[i].box.right, places[j].box.right)
    if left >= right:
        return 0
    a, b = (paths[k][left - places[k].box.left : right - places[k].box.left, 0] for k in (i, j))
    return int((np.abs(a - b) <= NEAR_PX).sum())


def _find_paths(
    runs: InkRuns, pieces: Pieces, places: Sequence[Place], which: Iterable[int], neighbours: Sequence[Neighbours]
) -> tuple[dict[int, np.ndarray], dict[int, float]]:
    """{i: (w, 2) rows} and {i: cost} of the cheapest paths of the places `which`."""
    which = list(which)
    paths, costs = cheapest_paths([_lane(runs, pieces, places[i], neighbours[i]) for i in which], END_COST)
    return dict(zip(which, paths, strict=True)), dict(zip(which, costs, strict=True))


def _lane(runs: InkRuns, pieces: Pieces, place: Place, neighbours: Neighbours) -> Lane:
    """Where the path of a place may run, and what that costs beside the costs of ink: its name, and other leads."""
    reach = round(REACH_MM * runs.px_per_mm[1])
    height = min(2 * reach, len(runs.ink))
    top = int(np.clip(round(place.zero_px) - reach, 0, len(runs.ink) - height))
    lane = Lane.of(runs, pieces, place.box.left, place.box.right, place.zero_px, (top, top + height))
    x, first, last = lane.x, lane.first, lane.last
    rows, columns = name_area(place, runs.px_per_mm)
    named = (x < columns.stop) & (first >= rows.start) & (last < rows.stop)
    named &= ~lane.is_ink | (last - first < LONG_MM[0] * runs.px_per_mm[1])
    lane.cost[named] += np.float32(NAME_COST)
    near = np.clip(place.zero_px, first, last)
    for other, path in neighbours:
        common = slice(*np.searchsorted(x, (other.box.left, other.box.right)))
        nearer = np.abs(near[common] - other.zero_px) < np.abs(near[common] - place.zero_px)
        lane.cost[common] += np.float32(AWAY_COST) * nearer
        if path is None or common.start >= common.stop:
            continue
        taken, at = path[x[common] - other.box.left], x[common]
        high, low = taken.min(axis=1), taken.max(axis=1)
        upper = np.where(runs.ink[high, at] >= INK, runs.extent(high, at)[0], high + 1)
        lower = np.where(runs.ink[low, at] >= INK, runs.extent(low, at)[1], low - 1)
        lane.cost[common] += np.float32(TAKEN_COST) * ((first[common] <= lower) & (last[common] >= upper))
    return lane
