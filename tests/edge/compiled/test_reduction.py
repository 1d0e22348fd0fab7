"""Squares and levels of images: compiled, and as NumPy and Pillow have them."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from ecg_edge.compiled import library, reduction

SIZES = st.integers(1, 90)


@pytest.fixture(params=["compiled", "in NumPy and Pillow"])
def either(request, monkeypatch):
    """With what is compiled, and without."""
    if request.param != "compiled":
        monkeypatch.setattr(reduction, "compiled", lambda: None)
    elif library.compiled() is None:
        pytest.skip("nothing has been compiled: there was no C compiler when the package was installed")


def image_of(height, width, seed, share=0.5):
    """(height, width) uint8, of which about that share is not 0."""
    rng = np.random.default_rng(seed)
    image = rng.integers(0, 256, (height, width), dtype=np.uint8)
    image[rng.random((height, width)) > share] = 0
    return image


@settings(max_examples=60)
@given(SIZES, SIZES, st.integers(1, 20), st.integers(0, 2**32 - 1))
def test_what_is_compiled_finds_the_squares_of_numpy_and_pillow(height, width, side, seed):
    """Of any size, odd ones too; squares that reach beyond the edges, and blocks of whatever rows and columns."""
    if library.compiled() is None:
        pytest.skip("nothing has been compiled: there was no C compiler when the package was installed")
    image = image_of(height, width, seed)
    beyond = -(-height // (2 * side)), -(-width // (2 * side))
    np.testing.assert_array_equal(
        reduction.block_maxima(image, side, beyond), reduction._block_maxima_in_pillow(image, side, beyond)
    )
    for power in (2, 8, 32):
        if min(height, width) >= power:
            np.testing.assert_array_equal(
                reduction.block_means(image, power), reduction._block_means_in_pillow(image, power)
            )
    block = min(side, height), min(side + 1, width)
    shape = height // block[0], width // block[1]
    np.testing.assert_array_equal(
        reduction.block_counts(image, shape, block), reduction._block_counts_in_numpy(image, shape, block)
    )
    for share in (0.0, 0.2, 0.5, 1 - 0.07, 1.0):
        np.testing.assert_array_equal(
            reduction.block_quantiles(image, shape, block, share),
            reduction._block_quantiles_in_numpy(image, shape, block, share),
        )


@settings(max_examples=60)
@given(SIZES, SIZES, SIZES, SIZES, st.sampled_from([0.02, 0.5, 1.0]), st.integers(0, 2**32 - 1))
def test_an_image_is_made_smaller_and_larger_as_by_pillow(height, width, tall, wide, share, seed):
    """To the bit, by any factor, mostly blank or full."""
    image = image_of(height, width, seed, share)
    across = Image.fromarray(image).resize((wide, height), Image.Resampling.BOX)
    expected = np.asarray(across.resize((wide, tall), Image.Resampling.BOX))
    np.testing.assert_array_equal(reduction.mean_of_boxes(image, (wide, tall)), expected)


@settings(max_examples=60)
@given(st.integers(2, 40), st.integers(2, 40), st.integers(0, 7), st.integers(0, 7), st.integers(0, 2**32 - 1))
def test_blocks_are_enlarged_as_by_pillow(tall, wide, short, narrow, seed):
    """To the bit; the last row and column of blocks may reach beyond what is made."""
    image, size = image_of(tall, wide, seed, 1.0), (8 * wide - narrow, 8 * tall - short)
    found = reduction.enlarged_blocks(image, size, 8)
    np.testing.assert_array_equal(found, reduction._enlarged_blocks_in_pillow(image, size, 8))


@pytest.mark.usefixtures("either")
def test_squares_are_those_of_their_definitions():
    """The largest mean of four, the mean, the number above 0 and the middle of small images that can be reckoned by hand."""
    image = np.array([[4, 4, 0, 0, 9], [4, 8, 0, 2, 9]], np.uint8)
    np.testing.assert_array_equal(reduction.block_maxima(image, 1, (1, 4)), [[5, 1, 9, 0]])
    np.testing.assert_array_equal(reduction.block_means(image, 2), [[5, 1]])
    np.testing.assert_array_equal(reduction.block_counts(image, (1, 2), (2, 2)), [[4, 1]])
    np.testing.assert_array_equal(reduction.block_quantiles(image, (1, 2), (2, 2), 0.75), [[5.0, 0.5]])


@pytest.mark.usefixtures("either")
@pytest.mark.parametrize("shape", [(1, 1), (7, 33), (700, 70)])
def test_levels_are_counted_and_changed_by_a_table(shape):
    """Whatever the table does to 0; an image that may not be written over stays as it is."""
    image = image_of(*shape, 5, 0.1)
    np.testing.assert_array_equal(reduction.level_counts(image), np.bincount(image.ravel(), minlength=256))
    for table in (np.maximum(np.arange(256) - 90, 0), 255 - np.arange(256), np.zeros(256)):
        table = table.astype(np.uint8)
        fixed = image.copy()
        fixed.flags.writeable = False
        np.testing.assert_array_equal(reduction.through_table(image.copy(), table), table[image])
        np.testing.assert_array_equal(reduction.through_table(fixed, table), table[image])
        np.testing.assert_array_equal(fixed, image)
