"""Light traces on a dark ground."""

import numpy as np
import pytest
from PIL import Image, ImageDraw

from ecg_edge.page.dark_screen import as_on_paper
from ecg_edge.page.page import find_page

SIZE = 1200, 800
DARK = 24, 26, 30


def screen(trace=(255, 255, 255), ground=DARK, grid=(62, 64, 72)):
    """A dim grid, and three waves drawn in strokes of two pixels."""
    image = Image.new("RGB", SIZE, ground)
    draw = ImageDraw.Draw(image)
    width, height = SIZE
    for x in range(0, width, 40):
        draw.line([(x, 0), (x, height)], grid)
    for y in range(0, height, 40):
        draw.line([(0, y), (width, y)], grid)
    x = np.arange(50, width - 50)
    for row in (200, 400, 600):
        draw.line(list(zip(x.tolist(), (row + 60 * np.sin(x / 40)).tolist(), strict=True)), trace, 2)
    return image


@pytest.mark.parametrize("trace", [(255, 255, 255), (60, 255, 90), (255, 230, 40), (0, 220, 255)])
def test_light_traces_on_a_dark_ground_become_dark_on_light(trace):
    """Of any colour: none is as light as the ground or the grid afterwards."""
    picture = screen(trace)
    found = np.asarray(as_on_paper(picture)).max(axis=2)
    strokes = (np.asarray(picture) == trace).all(axis=2)
    assert found[strokes].max() < 60
    assert found[~strokes].min() > 180


def test_the_page_of_a_dark_screen_is_light():
    """It is inverted before the page is looked for."""
    assert np.median(find_page(screen()).gray) > 200


def sheet_on_a_table():
    image = screen((30, 30, 34))
    image.paste((240, 240, 236), (100, 100, 500, 400))
    return image


def uneven():
    """Light falls on it from one side."""
    ramp = np.linspace(0, 45, SIZE[0])[None, :, None]
    return Image.fromarray((np.asarray(screen()) * 0.8 + ramp).clip(0, 255).astype(np.uint8))


@pytest.mark.parametrize(
    "picture",
    [
        screen((20, 20, 30), (250, 250, 250), (240, 150, 150)),
        screen(ground=(110, 110, 110), grid=(120, 120, 120)),
        screen(grid=(62, 64, 72), trace=DARK),
        sheet_on_a_table(),
        uneven(),
    ],
    ids=["a page", "a gray ground", "no light strokes", "a sheet on a dark table", "uneven light"],
)
def test_other_pictures_stay(picture):
    """The same picture is given back."""
    assert as_on_paper(picture) is picture
