"""The cheapest path, in NumPy; compiled: test_compiled_traces.py."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from ecg_edge.compiled import library
from ecg_edge.trace import shortest_path


@settings(max_examples=30)
@given(st.integers(0, 2**32 - 1))
def test_the_cheapest_path_is_the_cheapest(seed):
    """Against all paths of a small picture, one by one."""
    rng = np.random.default_rng(seed)
    enter_cost, climb_cost = (
        rng.integers(0, 5, (3, 1, 4)).astype(np.float32),
        rng.integers(0, 3, (3, 1, 4)).astype(np.float32),
    )
    climb_cost, end_cost = np.cumsum(climb_cost, axis=2), rng.integers(0, 3, (1, 4)).astype(np.float32)
    entered, left, least = shortest_path.cheapest_paths(enter_cost.copy(), climb_cost, end_cost)

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
