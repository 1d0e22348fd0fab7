"""Pixels read from Pillow's memory, and by Pillow."""

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


@settings(max_examples=20)
@given(st.integers(0, 2**32 - 1), st.integers(0, 255))
def test_dark_pixels_are_those_of_the_luma_part_by_part(seed, below):
    """Read from memory and by Pillow, of parts that reach the edges and beyond."""
    image = picture(seed)
    expected = np.asarray(image.convert("L")) < below
    either = pixels.DarkPixels(image, below), pixels.DarkPixels(image, below)
    either[1]._memory = None
    for rows, columns in ((slice(None), slice(None)), (slice(3, 40), slice(70, 90)), (slice(149, 150), slice(0, 1))):
        for dark in either:
            np.testing.assert_array_equal(dark[rows, columns], expected[rows, columns])


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


@settings(max_examples=20)
@given(st.integers(0, 2**32 - 1))
def test_a_mesh_is_resampled_as_pillow_does(seed):
    """To the last bit: bent cells, and cells beyond the picture on every side."""
    rng = np.random.default_rng(seed)
    image = picture(seed)
    down, across = np.meshgrid(np.linspace(-20, 170, 6), np.linspace(-20, 110, 5), indexing="ij")
    nodes = np.stack([across, down], axis=-1) + rng.normal(0, 3, (6, 5, 2))
    quads = np.stack([nodes[:-1, :-1], nodes[1:, :-1], nodes[1:, 1:], nodes[:-1, 1:]], axis=2).reshape(-1, 8)
    columns, rows = np.array([0, 11, 40, 40, 57]), np.array([0, 20, 31, 50, 64, 90])
    left, top = np.meshgrid(columns[:-1], rows[:-1])
    right, bottom = np.meshgrid(columns[1:], rows[1:])
    boxes = np.stack([left, top, right, bottom], axis=2).reshape(-1, 4)
    boxes, quads = (part[boxes[:, 0] < boxes[:, 2]] for part in (boxes, quads))
    found, expected = (read(image, (60, 95), boxes, quads) for read in (pixels.resampled, pixels._resampled_in_pillow))
    assert found.shape == (95, 60, 3) and (found[:, 57:] == 255).all()
    np.testing.assert_array_equal(found, expected)


def test_a_large_picture_is_resampled_part_by_part_to_the_same_bits():
    """It lies in several parts of Pillow's memory."""
    colours = np.random.default_rng(2).integers(0, 256, (60, 80, 3), dtype=np.uint8)
    image = Image.fromarray(colours).resize((3000, 2000), Image.Resampling.NEAREST)
    assert pixels.memory_of(image) is None
    down, across = np.meshgrid(np.linspace(-300, 2200, 21), np.linspace(-5000, 3300, 41), indexing="ij")
    nodes = np.stack([across + 0.1 * down, down + 0.07 * across], axis=-1)
    quads = np.stack([nodes[:-1, :-1], nodes[1:, :-1], nodes[1:, 1:], nodes[:-1, 1:]], axis=2).reshape(-1, 8)
    left, top = np.meshgrid(np.arange(40) * 11, np.arange(20) * 9)
    boxes = np.stack([left, top, left + 11, top + 9], axis=2).reshape(-1, 4)
    found = pixels.resampled(image, (440, 180), boxes, quads)
    np.testing.assert_array_equal(found, pixels._resampled_in_pillow(image, (440, 180), boxes, quads))
    assert len(np.unique(found)) > 200


@settings(max_examples=60)
@given(st.tuples(*[st.integers(1, 40)] * 2), st.tuples(*[st.integers(0, 90)] * 2), st.integers(0, 2**32 - 1))
def test_an_enlarged_image_has_the_bits_of_pillows(size, more, seed):
    """Of any two sizes, the same one too; compiled or not."""
    image = np.random.default_rng(seed).normal(0, 100, size).astype(np.float32)
    shape = size[0] + more[0], size[1] + more[1]
    expected = Image.fromarray(image).resize(shape[::-1], Image.Resampling.BILINEAR)
    np.testing.assert_array_equal(pixels.enlarged(image, shape), np.asarray(expected))
    np.testing.assert_array_equal(pixels._enlarged_in_pillow(image, shape), np.asarray(expected))
