"""Windows about the names of leads."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from ecg_edge.arrangement.name_windows import cut

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
