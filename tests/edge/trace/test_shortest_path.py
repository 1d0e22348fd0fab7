"""The cheapest path, in NumPy and compiled."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ecg_edge.compiled import library
from ecg_edge.trace import ink_runs, shortest_path


def function(name):
    """A function as a device with a compiler has it."""
    found = library.compiled()
    if found is None:
        pytest.skip("nothing has been compiled: there was no C compiler when the package was installed")
    return found[name]


def compiled(enter_cost, climb_cost, end_cost):
    return shortest_path._with(function("cheapest_path"), enter_cost, climb_cost, end_cost)


SEARCHES = {"compiled": compiled, "in NumPy": shortest_path._in_numpy}


@pytest.mark.parametrize("search", SEARCHES)
@settings(max_examples=30)
@given(st.integers(0, 2**32 - 1))
def test_the_cheapest_path_is_the_cheapest(search, seed):
    """Against all paths of a small picture, one by one."""
    rng = np.random.default_rng(seed)
    enter_cost, climb_cost = (
        rng.integers(0, 5, (3, 1, 4)).astype(np.float32),
        rng.integers(0, 3, (3, 1, 4)).astype(np.float32),
    )
    climb_cost, end_cost = np.cumsum(climb_cost, axis=2), rng.integers(0, 3, (1, 4)).astype(np.float32)
    entered, left, least = SEARCHES[search](enter_cost.copy(), climb_cost, end_cost)

    def cost(rows):
        """Of entering at rows[0], leaving each column x to rows[x + 1]."""
        total = end_cost[0, rows[0]] + end_cost[0, rows[-1]]
        for x in range(3):
            total += enter_cost[x, 0, rows[x]] + abs(climb_cost[x, 0, rows[x + 1]] - climb_cost[x, 0, rows[x]])
        return total

    best = min(cost(rows) for rows in np.ndindex(4, 4, 4, 4))
    assert least[0] == best
    assert cost((*entered[:, 0], left[-1, 0])) == best
    np.testing.assert_array_equal(left[:-1], entered[1:])


@settings(max_examples=60)
@given(
    st.integers(1, 40), st.integers(1, 5), st.one_of(st.integers(1, 9), st.integers(10, 200)), st.integers(0, 2**32 - 1)
)
def test_both_searches_give_the_same_bits(width, pictures, height, seed):
    """Paths, costs, and the costs of arriving, which are written over; whole numbers make many paths cost the same."""
    rng = np.random.default_rng(seed)
    shape = (width, pictures, height)
    enter_cost = (rng.integers(-1, 4, shape) if seed % 2 else rng.normal(1, 1, shape)).astype(np.float32)
    climb_cost = np.cumsum(rng.uniform(0, 0.3, shape).round(1 if seed % 2 else 7), axis=2, dtype=np.float32)
    end_cost = rng.uniform(0, 3, (pictures, height)).astype(np.float32)
    arrived = [enter_cost.copy() for _ in SEARCHES]
    one, other = (search(costs, climb_cost, end_cost) for search, costs in zip(SEARCHES.values(), arrived, strict=True))
    for found, expected in zip((*one, arrived[0]), (*other, arrived[1]), strict=True):
        np.testing.assert_array_equal(found, expected)


def test_the_compiled_search_takes_arrays_as_they_come():
    """Other orders of memory and other kinds of numbers in what is only read; what is written over is asked for as it has to be."""
    rng = np.random.default_rng(1)
    enter_cost = rng.uniform(0, 3, (7, 2, 11)).astype(np.float32)
    climb_cost = np.asfortranarray(np.cumsum(rng.integers(0, 3, (7, 2, 11)), axis=2).astype(float))
    end_cost = rng.uniform(0, 3, (2, 11))
    entered, _, _ = compiled(enter_cost.copy(), climb_cost, end_cost)
    expected, _, _ = shortest_path._in_numpy(
        enter_cost.copy(), climb_cost.astype(np.float32), end_cost.astype(np.float32)
    )
    np.testing.assert_array_equal(entered, expected)
    with pytest.raises(ValueError, match="written over"):
        compiled(enter_cost.astype(float), climb_cost, end_cost)


def test_where_nothing_is_compiled_the_search_is_numpys(monkeypatch):
    monkeypatch.setattr(library, "LIBRARY", "_no_such_file")
    library.compiled.cache_clear()
    try:
        assert library.compiled() is None
        costs = np.zeros((3, 1, 4), np.float32)
        entered, left, cost = shortest_path.cheapest_paths(costs, costs.copy(), np.zeros((1, 4), np.float32))
        assert entered.tolist() == left.tolist() == [[0]] * 3 and cost.tolist() == [0]
    finally:
        library.compiled.cache_clear()


@settings(max_examples=60)
@given(st.integers(1, 30), st.integers(1, 4), st.integers(1, 60), st.integers(0, 2**32 - 1))
def test_the_least_costs_through_each_row_are_the_same_bits(width, pictures, height, seed):
    rng = np.random.default_rng(seed)
    cost = rng.uniform(0, 4, (width, pictures, height)).astype(np.float32)
    climb_cost = np.cumsum(rng.uniform(0, 0.3, cost.shape), axis=2, dtype=np.float32)
    ends = rng.uniform(0, 3, (2, pictures, height)).astype(np.float32)
    found = shortest_path._least_with(function("least_through"), cost, climb_cost, *ends)
    np.testing.assert_array_equal(found, shortest_path._least_in_numpy(cost, climb_cost, *ends))
    # None of them costs less than the cheapest path, and some row's costs as much.
    _, _, least = shortest_path.cheapest_paths(cost.copy(), climb_cost, ends[0])
    through = shortest_path.least_through(cost, climb_cost, ends[0], ends[0])
    np.testing.assert_allclose(through.min(axis=1), least, rtol=1e-5, atol=1e-4)


@settings(max_examples=60)
@given(st.integers(0, 2**32 - 1))
def test_the_costs_of_ink_are_the_same_bits(seed):
    """Short runs, long ones, long ones side by side, which are noise, pixels that were erased, and parts of a page that cut through them."""
    rng = np.random.default_rng(seed)
    ink = rng.choice(np.array([0, 60, 105, 255], np.uint8), (90, 70), p=(0.7, 0.1, 0.1, 0.1))
    for _ in range(rng.integers(0, 6)):
        left, top = rng.integers(0, 70), rng.integers(0, 60)
        ink[top : top + rng.integers(20, 60), left : left + rng.integers(1, 40)] = rng.integers(100, 256)
    erased = np.zeros(ink.shape, bool)
    erased[10:60, 30:33] = True
    page = ink_runs.InkRuns(ink, erased, (8.0, 8.0))
    (top, bottom), (left, right) = np.sort(rng.choice(90, 2, replace=False)), np.sort(rng.choice(70, 2, replace=False))
    bands = []
    for band in (page._band_with(function("band_costs")), page._band_in_numpy):
        costs = np.zeros((2, right - left, 3, bottom - top), np.float32)
        band(top, bottom, left, right, costs[0, :, 1], costs[1, :, 1])
        bands.append(costs)
    np.testing.assert_array_equal(*bands)
    assert not bands[0][:, :, ::2].any()
    # Climbing costs what the sum down the column says.
    paper = np.maximum(1 - np.arange(256, dtype=np.float32) / ink_runs.SOLID, 0)[page.ink[:, left:right]]
    paper[1:] += paper[:-1].copy()
    paper *= np.float32(0.5 * (ink_runs.CLIMB_PAPER_COST - ink_runs.CLIMB_INK_COST))
    paper += np.float32(ink_runs.CLIMB_INK_COST)
    np.testing.assert_array_equal(bands[0][1, :, 1], np.cumsum(paper, axis=0)[top:bottom].T)
