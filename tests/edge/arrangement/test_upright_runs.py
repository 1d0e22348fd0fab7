"""Upright runs of ink: compiled, in NumPy, and drawn again."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ecg_edge.arrangement import coarse_page, upright_runs
from ecg_edge.compiled import library

pages = st.builds(
    lambda height, width, share, seed: np.random.default_rng(seed).random((height, width)) < share,
    st.integers(1, 60), st.integers(1, 40), st.sampled_from([0.0, 0.05, 0.5, 0.95, 1.0]), st.integers(0, 2**32 - 1),
)  # fmt: skip


@settings(max_examples=60)
@given(pages)
def test_what_is_compiled_gives_the_runs_of_numpy(dark):
    """Of transposed pages, too."""
    if library.compiled() is None:
        pytest.skip("nothing has been compiled: there was no C compiler when the package was installed")
    for page in (dark, dark.T):
        for found, expected in zip(upright_runs.upright_runs(page), upright_runs._in_numpy(page), strict=True):
            np.testing.assert_array_equal(found, expected)
            assert found.dtype == expected.dtype


@settings(max_examples=30)
@given(pages)
def test_a_page_is_drawn_again_by_its_runs(dark):
    drawn, last = np.zeros_like(dark), (-1, 0)
    for x, top, end in zip(*upright_runs.upright_runs(dark), strict=True):
        assert end > top and (x, top) > last and not drawn[top:end, x].any()
        drawn[top:end, x], last = True, (x, end)
    np.testing.assert_array_equal(drawn, dark)


def test_long_upright_strokes_are_taken_out_of_the_ink_with_their_edges():
    """A separator of 10 mm goes, with the column on each side; a letter's stem of 8 mm stays."""
    dark = np.zeros((60, 20), bool)
    dark[5:45, 3] = dark[5:37, 12] = True
    ink = np.full(dark.shape, 7, np.uint8)
    expected = ink.copy()
    expected[5:45, 2:5] = 0
    found = coarse_page._without_uprights(ink, dark)
    np.testing.assert_array_equal(found, expected)
    assert found.dtype == np.uint8


@settings(max_examples=40)
@given(pages, st.floats(-0.5, 0.5))
def test_columns_are_moved_so_that_rows_of_a_slope_are_level(dark, tilt):
    height, width = dark.shape
    moved = coarse_page._levelled(dark, tilt)
    for x in range(width):
        source = np.arange(height) + np.rint(tilt * (x - width / 2)).astype(int)
        inside = (source >= 0) & (source < height)
        np.testing.assert_array_equal(moved[:, x], np.where(inside, dark[np.clip(source, 0, height - 1), x], False))
