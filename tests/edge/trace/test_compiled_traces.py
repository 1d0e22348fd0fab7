"""What is compiled for traces, against NumPy: the same bits."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ecg_edge import layout
from ecg_edge.compiled import library
from ecg_edge.trace import beside_ink, ink_runs, path_search, search_bounds

from .test_path_search import everywhere

SEEDS = st.integers(0, 2**32 - 1)
HEIGHT, WIDTH = 150, 90
HIDDEN = (ink_runs, path_search, search_bounds)
"""The modules that ask for what is compiled."""

pytestmark = pytest.mark.skipif(
    library.compiled() is None,
    reason="nothing has been compiled: there was no C compiler when the package was installed",
)


def drawn(seed):
    """(HEIGHT, WIDTH) uint8 ink and (HEIGHT, WIDTH) bool of which it is not known: specks, short runs, long ones, long ones side by side, which are noise, and solid parts
    that reach the edges; whole levels, so that many paths cost the same."""
    rng = np.random.default_rng(seed)
    ink = rng.choice(np.array([0, 60, 105, 255], np.uint8), (HEIGHT, WIDTH), p=(0.8, 0.1, 0.05, 0.05))
    for _ in range(rng.integers(0, 8)):
        left, top = rng.integers(0, WIDTH), rng.integers(0, HEIGHT)
        ink[top : top + rng.integers(3, 90), left : left + rng.integers(1, 40)] = rng.integers(90, 256)
    ink[:: rng.integers(20, 60)] = 0
    erased = np.zeros(ink.shape, bool)
    erased[10:60, 30:33] = erased[100:, 88:] = True
    return ink, erased


def runs_of(seed, in_numpy=False):
    """The `InkRuns` of what is drawn, at 4 or 8 px/mm, compiled or not."""
    with pytest.MonkeyPatch.context() as patch:
        for module in HIDDEN if in_numpy else ():
            patch.setattr(module, "compiled", lambda: None)
        return ink_runs.InkRuns(*drawn(seed), (8.0, 8.0 if seed % 3 else 3.5))


def leads_of(runs, seed):
    """Leads of three rows of which the columns' widths differ by one, and what their paths cost beside ink; every third time others' paths are to be avoided."""
    rng = np.random.default_rng(seed)
    places = [
        layout.Place(name, name, layout.Box(left, 0, right, HEIGHT), float(rng.uniform(0, HEIGHT)), 0.0)
        for name, left, right in (("I", 3, 48), ("aVR", 48, 90), ("rhythm", 3, 90), ("V2", 2, 48))
    ]
    paths = [np.sort(rng.integers(0, HEIGHT, (p.box.right - p.box.left, 2)), axis=0) for p in places]
    known = [path if seed % 3 == 0 else None for path in paths]
    neighbours = [[(q, own) for q, own in zip(places, known, strict=True) if q is not p] for p in places]
    return [beside_ink.beside_ink(runs, p, others) for p, others in zip(places, neighbours, strict=True)]


@settings(max_examples=60)
@given(SEEDS)
def test_runs_and_strokes_are_the_same(seed):
    """Long runs and noise, the extent of every run, the edges and the darkness of strokes that may end before they begin."""
    runs, other = runs_of(seed), runs_of(seed, in_numpy=True)
    for name in ("columns", "_long_begins", "_long_ends", "_noise", "most_gain", "ink"):
        np.testing.assert_array_equal(getattr(runs, name), getattr(other, name))
    rows, x = np.nonzero(runs.ink >= ink_runs.INK)
    np.testing.assert_array_equal(runs.extent(rows, x), other._extent_in_numpy(rows, x))
    rng = np.random.default_rng(seed)
    first, x = rng.integers(0, HEIGHT, 200), rng.integers(0, WIDTH, 200)
    last = np.clip(first + rng.integers(-4, 20, 200), 0, HEIGHT - 1)
    in_numpy = np.column_stack([runs.edge(first, x, -1), runs.edge(last, x, 1), runs.darkness(first, last, x)])
    np.testing.assert_array_equal(runs.strokes(first, last, x), in_numpy)


@settings(max_examples=60)
@given(SEEDS)
def test_climbing_costs_the_same(seed):
    """Summed from the first row on, of the page's columns and of the cells of the coarse one."""
    runs = runs_of(seed)
    whole = np.pad(runs._climb_cost, ((0, 0), (1, 0)))
    np.testing.assert_array_equal(runs._sums, whole[:, :: ink_runs.SUM_ROWS].T)
    coarse = search_bounds.CoarseInk(runs)
    np.testing.assert_array_equal(coarse._climb_cost, coarse._climb_in_numpy())
    gains = runs.gains_of_rows(search_bounds.CELL_PX)
    np.testing.assert_array_equal(gains, runs._gains_in_numpy(search_bounds.CELL_PX, np.zeros_like(gains)))


@settings(max_examples=60)
@given(SEEDS)
def test_paths_and_their_costs_are_the_same(seed):
    """In all rows, and within search bounds where the cost is below their limit; of places that are narrower than others too."""
    runs, width = runs_of(seed), 45
    coarse = search_bounds.CoarseInk(runs)
    for number, beside in enumerate(leads_of(runs, seed)):
        place = beside.place
        whole = everywhere(place, HEIGHT)
        wide = max(width, place.box.right - place.box.left)
        path, cost = path_search.path_compiled(runs, beside, whole, wide)
        paths, costs = path_search.paths_in_numpy(runs, {number: beside}, {number: whole}, wide)
        np.testing.assert_array_equal(path, paths[number])
        assert cost == costs[number]
        rows = coarse.row_costs({number: place}, {number: beside}, {number: (0, HEIGHT)}, wide)[number]
        bounds = rows.likely()
        within, paid = path_search.path_compiled(runs, beside, bounds, wide)
        assert paid >= cost
        if paid >= bounds.cost_limit:
            bounds = rows.below(paid)
            within, paid = path_search.path_compiled(runs, beside, bounds, wide)
            assert paid < bounds.cost_limit
        np.testing.assert_array_equal(within, path)
        assert place.box.right - place.box.left < wide or paid == cost


@settings(max_examples=60)
@given(SEEDS)
def test_search_bounds_are_the_same(seed):
    """The rows of each cell and the limit of costs, of several places at once."""
    runs = runs_of(seed)
    beside = dict(enumerate(leads_of(runs, seed)[:2]))
    coarse = search_bounds.CoarseInk(runs)
    arguments = {i: own.place for i, own in beside.items()}, beside, {0: (0, HEIGHT), 1: (0, HEIGHT)}, 45
    one, other = coarse._through_compiled(*arguments), coarse._through_in_numpy(*arguments)
    for i, own in beside.items():
        np.testing.assert_array_equal(one[i], other[i])
        rows = search_bounds.RowCosts(own.place, 3, one[i])
        # An array that is not contiguous is looked at by NumPy.
        again = search_bounds.RowCosts(own.place, 3, np.asfortranarray(one[i]))
        for found, expected in ((rows.likely(), again.likely()), (rows.below(4.5), again.below(4.5))):
            np.testing.assert_array_equal(found.lows, expected.lows)
            np.testing.assert_array_equal(found.highs, expected.highs)
            assert found.cost_limit == expected.cost_limit
