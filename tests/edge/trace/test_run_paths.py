"""Paths from run to run: the cheapest of all, along ink, over gaps, and past what is near."""

from itertools import product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ecg_edge.layout import Box, Place
from ecg_edge.trace import ink_runs, run_paths
from ecg_edge.trace.path_search import track

PX_PER_MM = (8.0, 8.0)
END_COST = 0.03
SEEDS = st.integers(0, 2**32 - 1)


def runs_of(page):
    """The `InkRuns` of a page without separators."""
    return ink_runs.InkRuns(page, np.zeros(page.shape, bool), PX_PER_MM)


def lane_of(page, zero):
    """All of a page as one lead's lane."""
    runs = runs_of(page)
    return run_paths.Lane.of(runs, run_paths.pieces_of(runs), 0, page.shape[1], zero, (0, len(page)))


def cost_of(lane, pieces):
    """What a path costs that goes through these pieces, one in each column from the first on."""
    off = [END_COST * abs(np.clip(lane.zero_px, lane.first[i], lane.last[i]) - lane.zero_px) for i in pieces]
    total = off[0] + off[-1] + lane.cost[pieces].sum()
    for here, there in zip(pieces, pieces[1:], strict=False):
        down, up = lane.before[there] - lane.above_last[here], lane.above[here] - lane.before_last[there]
        total += max(down, up, 0)
    return total


@settings(max_examples=40)
@given(SEEDS)
def test_the_cheapest_path_is_the_cheapest(seed):
    """Against all paths through a small picture, one by one: they begin on any column, with paper before."""
    rng = np.random.default_rng(seed)
    page = np.where(rng.random((24, 4)) < 0.25, rng.integers(100, 256, (24, 4)), 0).astype(np.uint8)
    lane = lane_of(page, 12.0)
    columns = [np.flatnonzero(lane.column == x) for x in range(4)]
    paid = [sum(lane.cost[own[0]] for own in columns[:x]) for x in range(4)]
    least = min(
        paid[begin] + cost_of(lane, np.array(pieces)) for begin in range(4) for pieces in product(*columns[begin:])
    )
    (path,), (cost,) = run_paths.cheapest_paths([lane], END_COST)
    assert cost == pytest.approx(least, abs=1e-3)
    assert path.shape == (4, 2)
    np.testing.assert_array_equal(path[:-1, 1], path[1:, 0])


@settings(max_examples=40)
@given(SEEDS, st.integers(0, 12))
def test_a_trace_is_followed_over_gaps_and_specks(seed, gap):
    """A line that rises and falls, with a gap of up to a millimetre and a half and dots around it."""
    rng = np.random.default_rng(seed)
    page = np.zeros((200, 300), np.uint8)
    page[rng.random(page.shape) < 0.002] = 200
    rows = np.rint(100 + 20 * np.sin(np.arange(300) / rng.uniform(15, 60))).astype(int)
    for x, row in enumerate(rows):
        page[row - 1 : row + 2, x] = 255
    page[:, 150 : 150 + gap] = 0
    (path,) = track(runs_of(page), [Place("II", "II", Box(0, 0, 300, 200), 100.0, 0.0)])
    seen = np.ones(300, bool)
    seen[150 : 150 + gap] = False
    assert np.abs(path[:, 0] - rows)[seen].max() <= 3


def test_leads_of_different_widths_have_paths_of_their_own():
    """Each as wide as its box, on its own trace."""
    page = np.zeros((300, 400), np.uint8)
    for row in (50, 150, 250):
        page[row : row + 3] = 255
    boxes = (Box(0, 0, 180, 120), Box(180, 60, 400, 220), Box(0, 200, 400, 300))
    places = [
        Place(str(i), None, box, row, 0.0) for i, (box, row) in enumerate(zip(boxes, (50, 150, 250), strict=True))
    ]
    paths = track(runs_of(page), places)
    assert [len(path) for path in paths] == [180, 220, 400]
    for path, row in zip(paths, (50, 150, 250), strict=True):
        assert np.abs(path - row - 1).max() <= 1


def test_specks_are_no_pieces_and_ends_of_ink_go_on_as_paper():
    """A dot of a grid is none; a stroke is followed by paper until other ink touches it, or over three millimetres."""
    page = np.zeros((100, 100), np.uint8)
    page[20, 20] = page[20, 60] = 255
    page[50:53, 10:20] = page[50:53, 30:40] = 255
    runs = runs_of(page)
    pieces = run_paths.pieces_of(runs)
    assert not ((pieces.first == 20) & pieces.is_ink).any()
    gaps = pieces.x[~pieces.is_ink].tolist()
    assert gaps == [*range(20, 30), *range(40, 40 + run_paths.GAP_PX)]


@pytest.mark.parametrize("fill", [0, 255])
def test_pages_without_runs_or_of_one_run_have_paths(fill):
    """A blank box, and one of ink alone."""
    page = np.full((60, 40), fill, np.uint8)
    (path,) = track(runs_of(page), [Place("II", "II", Box(0, 0, 40, 60), 30.0, 0.0)])
    assert path.shape == (40, 2)
    assert np.abs(path - 30).max() <= 30
