"""What lies on a page is told from paper in shadow, and takes its edges out of the ink."""

import numpy as np
import pytest
from PIL import Image

from ecg_edge.page import cover

WIDTH, HEIGHT = 960, 640


def paper(colour=(225, 215, 200)):
    return np.full((HEIGHT, WIDTH, 3), colour, np.uint8)


@pytest.mark.parametrize("colour", [(190, 125, 100), (60, 70, 150), (30, 30, 32)], ids=["skin", "cloth", "black pen"])
def test_what_covers_a_page_leaves_no_ink(colour):
    """Nor does its blurred edge; beside it all ink stays."""
    image = paper()
    image[200:328, 320:480] = colour
    ink = np.full((HEIGHT, WIDTH), 200, np.uint8)
    left = cover.uncovered_ink(ink, Image.fromarray(image))
    assert not left[190:338, 310:490].any()
    assert (left[:170] == 200).all() and (left[:, :290] == 200).all() and (left[:, 520:] == 200).all()


@pytest.mark.parametrize(
    "image",
    [
        paper(),
        (paper() * np.linspace(1.0, 0.4, WIDTH)[:, None]).astype(np.uint8),
        np.where(np.arange(WIDTH)[:, None] < 400, paper() * 0.5, paper()).astype(np.uint8),
        (paper() * np.linspace([1.0, 1.0, 1.0], [1.0, 0.97, 0.9], WIDTH)).astype(np.uint8),
    ],
    ids=["even", "uneven light", "hard shadow", "warm on one side"],
)
def test_light_and_shadow_cover_nothing(image):
    """The ink is given back as it is."""
    ink = np.zeros((HEIGHT, WIDTH), np.uint8)
    assert cover.uncovered_ink(ink, Image.fromarray(image)) is ink


def test_print_in_colour_covers_nothing():
    """Strokes, names and stamps are narrower than what hides a trace."""
    image = paper()
    image[100:106] = (30, 60, 200)
    image[200:260:20, 300:420] = (200, 20, 20)
    image[400:424, 500:524] = (20, 120, 20)
    ink = np.zeros((HEIGHT, WIDTH), np.uint8)
    assert cover.uncovered_ink(ink, Image.fromarray(image)) is ink


@pytest.mark.parametrize("size", [(1, 1), (31, 500), (963, 641), (957, 643)])
def test_any_size(size):
    """Of blocks that do not fit, and hardly any."""
    ink = np.full(size[::-1], 200, np.uint8)
    assert cover.uncovered_ink(ink, Image.new("RGB", size, (225, 215, 200))).shape == ink.shape
    half = Image.new("RGB", size, (225, 215, 200))
    half.paste((190, 125, 100), (0, 0, size[0] // 3, size[1]))
    assert cover.uncovered_ink(ink, half).shape == ink.shape
