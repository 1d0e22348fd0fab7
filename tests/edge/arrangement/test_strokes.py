"""Strokes of a page: by runs along rows, and by labels of pixels."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ecg_edge.arrangement import strokes
from ecg_edge.compiled import library

pages = st.builds(
    lambda height, width, share, seed: np.random.default_rng(seed).random((height, width)) < share,
    st.integers(1, 40), st.integers(1, 60), st.sampled_from([0.0, 0.03, 0.1, 0.3, 0.95, 1.0]), st.integers(0, 2**32 - 1),
)  # fmt: skip


@settings(max_examples=80)
@given(pages, st.integers(0, 2**32 - 1))
def test_runs_that_touch_are_the_strokes_of_labels(dark, seed):
    """The same boxes, the same pixels, and the same ink of any of them; of transposed pages, too."""
    if library.compiled() is None:
        pytest.skip("nothing has been compiled: there was no C compiler when the package was installed")
    for page in (dark, dark.T):
        found, expected = strokes.strokes_of(page), strokes._Labelled(page)
        order = {box: number for number, box in enumerate(expected.boxes)}
        assert sorted(found.boxes) == sorted(expected.boxes)
        if len(order) < len(expected.boxes):
            continue  # strokes of one box, one around another, cannot be told apart by it
        for number, box in enumerate(found.boxes):
            np.testing.assert_array_equal(found.image(number), expected.image(order[box]))
        kept = np.random.default_rng(seed).random(len(found.boxes)) < 0.5
        there = [False] * len(kept)
        for box, keep in zip(found.boxes, kept, strict=True):
            there[order[box]] = bool(keep)
        only = found.only(kept.tolist())
        np.testing.assert_array_equal(only, expected.only(there))
        assert only.dtype == bool


def test_ink_two_pixels_apart_is_one_stroke_and_three_apart_is_two():
    row = np.zeros((3, 20), bool)
    row[1, [2, 5, 9]] = True
    for found in (strokes.strokes_of(row), strokes._Labelled(row)):
        assert sorted(found.boxes) == [(1, 1, 7, 2), (8, 1, 11, 2)]
