"""Pages in other kinds of files, as the benchmark writes them."""

import numpy as np
import pytest
from PIL import Image, ImageDraw

from benchmarks import file_kinds
from ecg_edge.image import open_picture

PX_PER_MM = 8


def drawn(pen):
    """A frame, an area and a line."""
    pen.rectangle((0, 0, 799, 99), fill=(255, 200, 200))
    pen.rectangle((400, 400, 1200, 1200), outline=(0, 0, 0), width=8)
    pen.line([(100, 300), (2200, 1500)], fill=(0, 0, 255), width=16, joint="curve")
    pen.line((2000, 100, 2000, 1600), fill=(0, 0, 0), width=8)


def test_a_page_is_drawn_the_same_as_lines_and_areas():
    """Up to the edges of strokes."""
    image = Image.new("RGB", (297 * PX_PER_MM, 210 * PX_PER_MM), (250, 244, 230))
    page = file_kinds.VectorPage(image, PX_PER_MM)
    drawn(ImageDraw.Draw(image))
    drawn(page)
    shown = open_picture(page.sheet.to_bytes()).image
    assert shown.size == image.size
    assert np.abs(np.asarray(shown).astype(int) - np.asarray(image)).mean() < 1


@pytest.mark.parametrize("kind", file_kinds.WRITERS)
def test_a_page_is_the_same_in_every_kind_of_file(kind):
    """Up to what a lossy one loses."""
    image = Image.new("RGB", (297 * PX_PER_MM, 210 * PX_PER_MM), (250, 244, 230))
    drawn(ImageDraw.Draw(image))
    shown = open_picture(file_kinds.WRITERS[kind](image)).image
    assert shown.size == image.size
    assert np.abs(np.asarray(shown).astype(int) - np.asarray(image)).mean() < 2
