"""One value of each pixel, read from Pillow's memory, and by Pillow."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from ecg_edge.page import pixels

TABLES = [None, np.minimum(np.arange(256) * 1.25, 255).astype(np.uint8), np.arange(255, -1, -1, dtype=np.uint8)]


def picture(seed, width=83, height=150):
    colours = np.random.default_rng(seed).integers(0, 256, (height, width, 3), dtype=np.uint8)
    return Image.fromarray(colours)


@settings(max_examples=20)
@given(st.integers(0, 2**32 - 1), st.integers(1, 150))
def test_the_brightest_channel_and_the_luma_are_the_same_read_either_way(seed, height):
    """Against NumPy and Pillow, with tables and without."""
    image = picture(seed, height=height)
    colours = np.asarray(image)
    expected = np.max([colours[..., 0], TABLES[1][colours[..., 1]], TABLES[2][colours[..., 2]]], axis=0)
    for read in (pixels.brightest, pixels._brightest_in_pillow):
        np.testing.assert_array_equal(read(image, TABLES), expected)
        np.testing.assert_array_equal(read(image, [None] * 3), colours.max(axis=2))
    np.testing.assert_array_equal(pixels.luma(image), np.asarray(image.convert("L")))


def test_memory_is_read_where_pillow_has_it_and_outlives_the_picture():
    """The picture is let go of while its pixels are looked at; what shares no memory is not read."""
    image = picture(1)
    if not hasattr(image, "__arrow_c_array__"):
        pytest.skip("this Pillow does not show its memory")
    colours, memory = np.asarray(image), pixels.memory_of(image)
    del image
    np.testing.assert_array_equal(memory[..., :3], colours)
    assert pixels.memory_of(Image.new("L", (8, 8))) is None


def test_a_picture_in_several_parts_of_memory_is_read_by_pillow():
    """Nine megapixels: more than one of Pillow's blocks of 16 MB."""
    image = Image.new("RGB", (3000, 3000), (10, 30, 20))
    assert pixels.memory_of(image) is None
    assert (pixels.brightest(image, TABLES) == 235).all()
    assert (pixels.luma(image) == np.asarray(image.convert("L"))).all()
