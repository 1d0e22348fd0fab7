"""Tracking traces through the ink of a page: for each lead the rows in which its path enters and leaves each pixel column."""

from collections.abc import ItemsView, Iterable, Iterator, Mapping, Sequence
from itertools import combinations

import numpy as np

from ..compiled.library import compiled
from ..layout import Place
from .ink_runs import INK, LONG_MM, InkRuns, columns_of, name_area
from .search_bounds import CoarseInk, SearchBounds
from .shortest_path import cheapest_paths

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
GROUP_SIZE = 4
"""So many leads that are nearly equally wide are taken for equally wide."""
BATCH_PX = 700_000
"""So many pixels of leads are searched at once in NumPy: more take more memory, eight bytes each, fewer take longer. What is compiled searches one
lead after another, in a processor's cache."""
NEAR_PX, SHARED_COLUMNS = 8, 3
"""Two paths that share more columns than traces take to cross follow one trace."""

Neighbours = Sequence[tuple[Place, np.ndarray | None]]
"""The other places, each with its path (w, 2), which is to be avoided, or None."""


def track(runs: InkRuns, places: Sequence[Place]) -> list[np.ndarray]:
    """The path of each place's trace: a list of (w, 2) page rows, where it enters and where it leaves each column of the place's box.

    Of two leads whose paths share ink for long, the one that can takes another path.
    """
    every = range(len(places))
    unknown: list[Neighbours] = [[(places[j], None) for j in every if j != i] for i in every]
    paths, costs = _find_paths(runs, places, every, unknown)
    pairs = [(i, j) for i, j in combinations(every, 2) if _shared(places, paths, i, j) > SHARED_COLUMNS]
    if pairs:
        known: list[Neighbours] = [[(places[j], paths[j]) for j in every if j != i] for i in every]
        detours, dearer = _find_paths(runs, places, sorted({i for pair in pairs for i in pair}), known)
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
    runs: InkRuns, places: Sequence[Place], which: Iterable[int], neighbours: Sequence[Neighbours]
) -> tuple[dict[int, np.ndarray], dict[int, float]]:
    """{i: (w, 2) rows} and {i: cost} of the cheapest paths of the places `which`."""
    paths: dict[int, np.ndarray] = {}
    costs: dict[int, float] = {}

    def search(bounds: Mapping[int, SearchBounds], width: int) -> None:
        for batch in _batches(bounds, width):
            found, paid = _paths_within(runs, places, batch, neighbours, width)
            paths.update(found)
            costs.update(paid)

    coarse = CoarseInk(runs)
    for width, group in _groups(places, which):
        bounds = _bounds_of(runs, coarse, places, group, neighbours, width)
        search(bounds, width)
        # A path that costs as much as one outside of its bounds may is searched for everywhere.
        doubtful = [i for i in group if costs[i] >= bounds[i].cost_limit]
        reach = _reach_of(runs, places, doubtful)
        search({i: SearchBounds(top, top + height, np.inf) for i, (top, height) in reach.items()}, width)
    return paths, costs


def _batches(bounds: Mapping[int, SearchBounds], width: int) -> Iterator[dict[int, SearchBounds]]:
    """Parts of {place: `SearchBounds`}, the narrowest first, of `BATCH_PX` each or of one place."""
    batch: dict[int, SearchBounds] = {}
    most = 0 if compiled() else BATCH_PX
    for i in sorted(bounds, key=lambda i: bounds[i].bottom - bounds[i].top):
        if batch and (len(batch) + 1) * width * (bounds[i].bottom - bounds[i].top) > most:
            yield batch
            batch = {}
        batch[i] = bounds[i]
    if batch:
        yield batch


def _groups(places: Sequence[Place], which: Iterable[int]) -> ItemsView[int, list[int]]:
    """(width, places): places of nearly one width, `GROUP_SIZE` by `GROUP_SIZE`, and those of which the widest are equally wide together."""
    order = sorted(which, key=lambda i: places[i].box.right - places[i].box.left)
    groups: dict[int, list[int]] = {}
    while order:
        widest = places[order[-1]].box.right - places[order[-1]].box.left
        group = [i for i in order if places[i].box.right - places[i].box.left > 0.8 * widest][-GROUP_SIZE:]
        order = [i for i in order if i not in group]
        groups.setdefault(widest, []).extend(group)
    return groups.items()


def _reach_of(runs: InkRuns, places: Sequence[Place], which: Iterable[int]) -> dict[int, tuple[int, int]]:
    """{i: (first row, number of rows)} in which the path of each place may run."""
    reach = round(REACH_MM * runs.px_per_mm[1])
    height = min(2 * reach, runs.ink.shape[0])
    last = runs.ink.shape[0] - height
    return {i: (int(np.clip(round(places[i].zero_px) - reach, 0, last)), height) for i in which}


def _end_cost(place: Place, top: int, height: int) -> np.ndarray:
    """(height,) float32: the cost of beginning in each row from `top` on, and of ending there."""
    return (END_COST * np.abs(np.arange(top, top + height) - place.zero_px)).astype(np.float32)


def _bounds_of(
    runs: InkRuns,
    coarse: CoarseInk,
    places: Sequence[Place],
    group: Sequence[int],
    neighbours: Sequence[Neighbours],
    width: int,
) -> dict[int, SearchBounds]:
    """{i: the `SearchBounds` of each place of a group}."""
    tops, heights = zip(*_reach_of(runs, places, group).values(), strict=True)
    own = [places[i] for i in group]

    def add_away_cost(cost: np.ndarray, k: int, x: np.ndarray) -> None:
        _add_away_cost(cost, own[k], tops[k], [other for other, _ in neighbours[group[k]]], x)

    end_cost = np.stack([_end_cost(place, top, heights[0]) for place, top in zip(own, tops, strict=True)])
    is_short = np.array([place.box.right - place.box.left < width for place in own])
    bounds = coarse.search_bounds(own, add_away_cost, end_cost, tops, heights[0], is_short)
    return dict(zip(group, bounds, strict=True))


def _paths_within(
    runs: InkRuns,
    places: Sequence[Place],
    bounds: Mapping[int, SearchBounds],
    neighbours: Sequence[Neighbours],
    width: int,
) -> tuple[dict[int, np.ndarray], dict[int, float]]:
    """As `_find_paths`, for places each within its `SearchBounds`; where one is narrower than `width` columns its path may end anywhere."""
    height = max(limits.bottom - limits.top for limits in bounds.values())
    tops = [min(limits.top, runs.ink.shape[0] - height) for limits in bounds.values()]
    enter_cost, climb_cost = (np.zeros((width, len(bounds), height), np.float32) for _ in range(2))
    end_cost = np.stack([_end_cost(places[i], top, height) for i, top in zip(bounds, tops, strict=True)])
    for k, (i, top) in enumerate(zip(bounds, tops, strict=True)):
        left, right = places[i].box.left, places[i].box.right
        own = enter_cost[: right - left, k]
        runs.band_costs(top, top + height, left, right, own, climb_cost[: right - left, k])
        _add_cost_beside_ink(own, runs, places[i], top, neighbours[i])
    entered, leaving, costs = cheapest_paths(enter_cost, climb_cost, end_cost)
    paths = {}
    for k, (i, top) in enumerate(zip(bounds, tops, strict=True)):
        columns = len(columns_of(places[i]))
        paths[i] = np.stack([entered[:columns, k], leaving[:columns, k]], 1) + top
    return paths, {i: float(cost) for i, cost in zip(bounds, costs, strict=True)}


def _add_cost_beside_ink(cost: np.ndarray, runs: InkRuns, place: Place, top: int, neighbours: Neighbours) -> None:
    """Add to the (w, h) `cost` of a place, whose first row is `top`, what does not follow from the ink: its name, and other leads."""
    at = np.arange(top, top + cost.shape[1])
    rows, columns = name_area(place, runs.px_per_mm)
    rows = slice(*np.clip((rows.start, rows.stop), top, at[-1] + 1))
    short = runs.ink[rows, columns] < INK
    down, across = np.nonzero(~short)
    first, last = runs.extent(down + rows.start, across + columns.start)
    short[down, across] = last - first < LONG_MM[0] * runs.px_per_mm[1]
    cost[: short.shape[1], rows.start - top : rows.stop - top] += NAME_COST * short.T
    for other, path in neighbours:
        _add_away_cost(cost, place, top, [other], columns_of(place))
        left, right = max(place.box.left, other.box.left), min(place.box.right, other.box.right)
        if left >= right or path is None:
            continue
        taken, x = path[left - other.box.left : right - other.box.left], np.arange(left, right)
        high, low = taken.min(axis=1), taken.max(axis=1)
        first = np.where(runs.ink[high, x] >= INK, runs.extent(high, x)[0], high + 1)
        last = np.where(runs.ink[low, x] >= INK, runs.extent(low, x)[1], low - 1)
        inside = (at >= first[:, None]) & (at <= last[:, None])
        cost[left - place.box.left : right - place.box.left] += np.float32(TAKEN_COST) * inside


def _add_away_cost(cost: np.ndarray, place: Place, top: int, others: Iterable[Place], x: np.ndarray) -> None:
    """Add to the (n, h) cost of a place in columns `x` (n,), from row `top` on, what it costs to be nearer to another lead's 0 mV."""
    at = np.arange(top, top + cost.shape[1])
    for other in others:
        if other.box.right <= x[0] or x[-1] < other.box.left:
            continue
        left, right = np.searchsorted(x, (other.box.left, other.box.right))
        nearer = np.flatnonzero(np.abs(at - other.zero_px) < np.abs(at - place.zero_px))
        if nearer.size:
            cost[left:right, nearer[0] : nearer[-1] + 1] += AWAY_COST
