"""Rows of traces."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ecg_edge.arrangement import rows
from ecg_edge.compiled import library


@settings(max_examples=60)
@given(
    st.integers(1, 80), st.integers(1, 200), st.integers(0, 500), st.sampled_from([2.0, 4.0]), st.integers(0, 2**32 - 1)
)
def test_what_is_compiled_covers_what_numpy_covers(height, width, count, px_per_mm, seed):
    """Points between rows and beyond the page, too."""
    if library.compiled() is None:
        pytest.skip("nothing has been compiled: there was no C compiler when the package was installed")
    rng = np.random.default_rng(seed)
    x, y = rng.integers(0, width, count), rng.integers(-20, 2 * height + 20, count) / 2
    found = rows.coverage(x, y, (height, width), px_per_mm)
    np.testing.assert_array_equal(found, rows._coverage_in_numpy(x, y, height, found.shape[1], px_per_mm))
    assert found.dtype == bool


@pytest.mark.parametrize("tilt_deg", [-0.3, 0.0, 0.2])
def test_the_tilt_of_rows_is_found_and_none_where_there_is_none(tilt_deg):
    """Their points stand on whole and on half rows, whatever they are rounded to."""
    rng, slope = np.random.default_rng(0), np.tan(np.radians(tilt_deg))
    x = np.tile(np.arange(1000), 8)
    y = np.repeat(np.arange(60, 700, 80), 1000) + slope * (x - 500) + rng.normal(0, 0.6, x.size)
    found = rows.find_tilt(x, np.rint(2 * y) / 2, (760, 1000), 4.0, rows.SHARPER)
    assert np.degrees(found) == pytest.approx(tilt_deg, abs=0.051)


@pytest.mark.parametrize("lean_deg", [-0.8, -0.2, 0.3, 1.0])
def test_what_is_upright_leans_where_a_page_is_turned(lean_deg):
    """Beats of one time stand below each other in several rows, whose traces may drift."""
    rng, lean = np.random.default_rng(0), np.tan(np.radians(lean_deg))
    y = np.concatenate([row + np.arange(-60, 5) for row in (200, 400, 600) for _ in range(20)])
    x = np.tile(np.repeat(np.sort(rng.choice(1900, 20, replace=False)), 65), 3)
    drifting = np.arange(2000)
    x = np.append(np.rint(x + lean * y).astype(int), drifting)
    y = np.append(y, np.rint(400 + 0.01 * drifting).astype(int))
    assert rows.find_lean(x, y, 0.0) == pytest.approx(lean, abs=0.002)  # a pixel of 400


def test_where_nothing_stands_below_another_no_lean_is_known():
    x = np.arange(2000)
    assert rows.find_lean(x, np.full(2000, 300), 0.0) is None
    assert rows.find_lean(x[:0], x[:0], 0.0) is None
