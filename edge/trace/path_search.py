"""Tracking traces through the ink of a page: for each lead the rows in which its path enters and leaves each pixel column."""

from collections.abc import ItemsView, Iterable, Iterator, Mapping, Sequence
from itertools import combinations

import numpy as np

from ..compiled.library import address, compiled
from ..compiled.structures import Lead
from ..layout import Place
from .beside_ink import AWAY_COST, NAME_COST, TAKEN_COST, BesideInk, Neighbours, beside_ink
from .ink_runs import LONG_MM, InkRuns, columns_of
from .search_bounds import CoarseInk, SearchBounds
from .shortest_path import cheapest_paths

REACH_MM = 55.0
"""How far from the row of 0 mV a trace is searched for."""
GROUP_SIZE = 4
"""So many leads that are nearly equally wide are taken for equally wide."""
BATCH_PX = 700_000
"""So many pixels of leads are searched at once in NumPy: more take more memory, eight bytes each, fewer take longer."""
NEAR_PX, SHARED_COLUMNS = 8, 3
"""Two paths that share more columns than traces take to cross follow one trace."""


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
        if compiled():
            for i, limits in bounds.items():
                paths[i], costs[i] = path_compiled(runs, beside[i], limits, width)
        else:
            for batch in _batches(bounds, width):
                found, paid = paths_in_numpy(runs, beside, batch, width)
                paths.update(found)
                costs.update(paid)

    coarse = CoarseInk(runs)
    for width, group in _groups(places, which):
        own, reach = {i: places[i] for i in group}, _reach_of(runs, places, group)
        beside = {i: beside_ink(runs, places[i], neighbours[i]) for i in group}
        rows = coarse.row_costs(own, beside, reach, width)
        bounds = {i: rows[i].likely() for i in group}
        search(bounds, width)
        # Where one outside of these bounds may cost as little, all that may cost less is searched.
        doubtful = [i for i in group if costs[i] >= bounds[i].cost_limit]
        search({i: rows[i].below(costs[i]) for i in doubtful}, width)
    return paths, costs


def _batches(bounds: Mapping[int, SearchBounds], width: int) -> Iterator[dict[int, SearchBounds]]:
    """Parts of {place: `SearchBounds`}, the narrowest first, of `BATCH_PX` each or of one place."""
    batch: dict[int, SearchBounds] = {}
    for i in sorted(bounds, key=lambda i: bounds[i].bottom - bounds[i].top):
        if batch and (len(batch) + 1) * width * (bounds[i].bottom - bounds[i].top) > BATCH_PX:
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


def path_compiled(runs: InkRuns, beside: BesideInk, bounds: SearchBounds, width: int) -> tuple[np.ndarray, float]:
    """The (w, 2) rows and the cost of the cheapest path of a place within its `SearchBounds`, by `compiled/traces.c`; where it is narrower than `width` columns its path may
    end anywhere."""
    library, box = compiled(), beside.place.box
    assert library
    columns, height = box.right - box.left, len(runs.ink)
    lead = Lead(
        left=box.left, right=box.right, others=len(beside.nearer), ends_anywhere=columns < width, lows=bounds.lows, highs=bounds.highs,
        name=beside.name, rectangles=beside.nearer, end=beside.end, name_cost=NAME_COST, long_px=LONG_MM[0] * runs.px_per_mm[1],
        away=AWAY_COST, taken=TAKEN_COST, **({} if beside.taken is None else {"first": beside.taken[0], "last": beside.taken[1]}),
    )  # fmt: skip
    costs = np.empty(2 * int((bounds.highs - bounds.lows).sum()), np.float32)
    scratch, path = np.empty(3 * height + columns, np.float32), np.empty((columns, 2), np.int64)
    cost = library["lead_path"](runs.page.address, lead.address, address(costs), address(scratch), address(path))
    return path, float(cost)


def paths_in_numpy(
    runs: InkRuns, beside: Mapping[int, BesideInk], bounds: Mapping[int, SearchBounds], width: int
) -> tuple[dict[int, np.ndarray], dict[int, float]]:
    """As `path_compiled`, {i: rows} and {i: cost} of several places at once, each within the rows of all columns of its `SearchBounds`: nothing outside of the bounds of a
    column is cheaper where the cost is below their limit."""
    height = max(limits.bottom - limits.top for limits in bounds.values())
    tops = [min(limits.top, len(runs.ink) - height) for limits in bounds.values()]
    enter_cost, climb_cost = (np.zeros((width, len(bounds), height), np.float32) for _ in range(2))
    end_cost = np.stack([beside[i].end[top : top + height] for i, top in zip(bounds, tops, strict=True)])
    for k, (i, top) in enumerate(zip(bounds, tops, strict=True)):
        left, right = beside[i].place.box.left, beside[i].place.box.right
        own = enter_cost[: right - left, k]
        runs.band_costs(top, top + height, left, right, own, climb_cost[: right - left, k])
        beside[i].add_to(own, runs, top)
    entered, leaving, costs = cheapest_paths(enter_cost, climb_cost, end_cost)
    paths = {}
    for k, (i, top) in enumerate(zip(bounds, tops, strict=True)):
        columns = len(columns_of(beside[i].place))
        paths[i] = np.stack([entered[:columns, k], leaving[:columns, k]], 1) + top
    return paths, {i: float(cost) for i, cost in zip(bounds, costs, strict=True)}
