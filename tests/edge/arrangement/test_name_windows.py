"""Windows about the names of leads."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ecg_edge.arrangement import name_windows
from ecg_edge.arrangement.name_windows import best_along, cut
from ecg_edge.compiled import library

corners = st.lists(st.tuples(st.integers(-60, 60), st.integers(-60, 60)), min_size=1, max_size=5)


@given(corners, st.integers(1, 25), st.integers(1, 25), st.integers(0, 2**32 - 1))
def test_windows_are_parts_of_the_padded_page(places, width, height, seed):
    """Nothing beyond the page's edges; a window whole windows away is as near as it may be."""
    page = np.random.default_rng(seed).uniform(1, 255, (17, 31)).astype(np.float32)
    pad = max(width, height)
    padded = np.pad(page, pad)
    for window, (x, y) in zip(cut(page, places, width, height), places, strict=True):
        left = min(max(x + pad, 0), padded.shape[1] - width)
        top = min(max(y + pad, 0), padded.shape[0] - height)
        np.testing.assert_array_equal(window, padded[top : top + height, left : left + width])


@settings(max_examples=40)
@given(st.integers(1, 4), st.integers(1, 12), st.integers(31, 50), st.integers(0, 9), st.integers(0, 2**32 - 1))
def test_what_is_compiled_finds_the_best_place_that_numpy_finds(count, height, width, most, seed):
    """Of equal places the same one, too."""
    if library.compiled() is None:
        pytest.skip("nothing has been compiled: there was no C compiler when the package was installed")
    levels = np.random.default_rng(seed).integers(0, 9, (count, height, width))
    fits = list((levels / 7).astype(np.float32))
    found = best_along(fits, range(-most, most + 1))
    assert found == max(name_windows._best_at(fits, pitch) for pitch in range(-most, most + 1))


def test_names_stand_at_rows_of_even_distances():
    """A trace that wanders from its row takes no name with it; rows that are not even, or few, stay as they are found."""
    even = 100.0 + 80.0 * np.arange(5)[:, None] + np.zeros((5, 2))
    wandering = even.copy()
    wandering[1, 0] += 8
    wandering[3] -= 10
    np.testing.assert_allclose(name_windows.EVEN.lines(wandering), even, atol=1.5)
    np.testing.assert_array_equal(name_windows.USUAL.lines(wandering), wandering)
    uneven = even + np.array([0, 0, 0, 40, 80])[:, None]
    np.testing.assert_array_equal(name_windows.EVEN.lines(uneven), uneven)
    np.testing.assert_array_equal(name_windows.EVEN.lines(wandering[:3]), wandering[:3])
