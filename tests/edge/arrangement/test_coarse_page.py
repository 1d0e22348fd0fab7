"""What a coarse page counts."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ecg_edge.arrangement import coarse_page
from ecg_edge.compiled import library
from ecg_edge.compiled.reduction import level_counts


@given(st.lists(st.integers(0, 255), min_size=1, max_size=400), st.sampled_from([0, 0.5, 10, 50, 75, 90, 99.7, 100]))
def test_a_percentile_of_levels_is_numpys(levels, percent):
    image = np.array([levels], np.uint8)
    found = coarse_page.percentile_of(level_counts(image), percent)
    assert abs(found - np.percentile(image, percent)) < 1e-9


def test_a_page_on_which_most_tiles_hold_ink_is_taken_down_by_its_texture():
    """To the level that more of it exceeds than traces fill; a page with few such tiles stays as it is."""
    texture = np.full((160, 320), 100, np.uint8)
    texture[80:84] = 255
    assert set(np.unique(coarse_page._above_texture(texture)).tolist()) == {0, 255}
    texture[:, :200] = 0
    np.testing.assert_array_equal(coarse_page._above_texture(texture), texture)


def test_what_is_solid_is_taken_off_and_nothing_else_is_copied():
    ink = np.zeros((800, 1600), np.uint8)
    ink[300:304] = 255
    small, dark = coarse_page.reduced(ink, (8.0, 8.0))
    assert dark[150].all() and coarse_page._solid(dark) is None
    ink[500:600, 100:300] = 255
    assert coarse_page._solid(coarse_page.reduced(ink, (8.0, 8.0))[1]) is None
    small, dark = coarse_page.reduced(ink, (8.0, 8.0))
    assert not small[245:305, 45:155].any() and not dark[245:305].any() and dark[150].all()


@given(
    st.integers(1, 40),
    st.integers(1, 60),
    st.sampled_from([1, 3, 7, 15]),
    st.integers(0, 12),
    st.integers(0, 2**32 - 1),
)
def test_what_is_compiled_finds_the_solid_ink_that_scipy_finds(height, width, side, reach, seed):
    """Squares at the edges, larger ones than the page, none at all."""
    if library.compiled() is None:
        pytest.skip("nothing has been compiled: there was no C compiler when the package was installed")
    rng = np.random.default_rng(seed)
    dark = rng.random((height, width)) < rng.choice([0.3, 0.97, 1.0])
    for _ in range(2):
        top, left = rng.integers(0, height), rng.integers(0, width)
        dark[top : top + 16, left : left + 16] = True
    found = coarse_page._solid_of(dark, side, reach)
    expected = coarse_page._solid_in_scipy(dark, side, reach)
    assert (found is None) == (expected is None)
    if found is not None:
        np.testing.assert_array_equal(found, expected)


def test_pulses_thinner_than_a_coarse_page_shows_whole_are_found_beside_their_rows():
    """With strokes of a fifth of the ink of traces, and breaks in a top that lay on a line of the grid."""
    small = np.zeros((400, 1000), np.uint8)
    lines = [100.0, 200.0, 300.0]
    for line in map(int, lines):
        small[line, 140:900] = 220
        small[line - 20 : line, [100, 120]] = 45
        small[line - 20, 100:121] = np.where(np.arange(21) % 5 < 2, 45, 0)
        small[line, [*range(96, 101), *range(120, 125)]] = 45
    y, x = np.nonzero(small > 200)
    found = coarse_page._faint_pulses(small, lines, (x, y.astype(float)))
    assert [(p.left, p.right) for p in found] == [(100, 120)] * 3
    assert all(abs(p.foot - p.top - 20) <= 1 for p in found)
    assert not coarse_page._faint_pulses(np.where(small > 200, small, 0), lines, (x, y.astype(float)))
