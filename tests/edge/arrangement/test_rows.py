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
