"""The thin frame around the traces of a drawing."""

import numpy as np
import pytest
from PIL import Image, ImageDraw

from ecg_edge.page.frame_lines import without_frame
from ecg_edge.page.page import Page

HEIGHT, WIDTH = 480, 800
BOX = 40, 30, 760, 450
"""Left, top, right and bottom of the frames."""
ROWS = 150, 250, 350


def traces(height=HEIGHT, width=WIDTH):
    """(H, W) uint8: flat traces of three pixels that begin and end on the frame, each with beats that rise 60 px."""
    image = Image.new("L", (width, height))
    draw = ImageDraw.Draw(image)
    left, _, right, _ = BOX
    for row in ROWS:
        points = [(left, row)]
        for x in range(left + 60, right - 10, 120):
            points += [(x, row), (x + 4, row - 60), (x + 8, row)]
        draw.line([*points, (right, row)], 255, 3)
    return np.asarray(image)


def drawn(ink, box=BOX, thickness=1, tilt=0, level=255):
    """The ink with a frame, its sides `tilt` pixels off at their other ends."""
    image = Image.fromarray(ink)
    left, top, right, bottom = box
    corners = [(left, top), (right, top + tilt), (right - tilt, bottom + tilt), (left - tilt, bottom), (left, top)]
    ImageDraw.Draw(image).line(corners, level, thickness)
    return np.asarray(image)


@pytest.mark.parametrize("turns", range(4))
@pytest.mark.parametrize("thickness, level", [(1, 140), (1, 255), (2, 255), (3, 255)])
def test_a_frame_is_removed_and_the_traces_stay(thickness, level, turns):
    """At any quarter turn, but for the few pixels where they meet."""
    ink = traces()
    found = np.rot90(without_frame(np.rot90(drawn(ink, thickness=thickness, level=level), turns)), -turns)
    left, _, right, _ = BOX
    inside = slice(None), slice(left + 4, right - 3)
    assert np.array_equal(found[inside], ink[inside])
    assert (found > 0).sum() - (ink > 0).sum() < 60


def test_a_frame_at_the_edge_of_the_page_is_removed():
    """As a picture has it that is cut out along its frame."""
    ink = np.zeros((HEIGHT, WIDTH), np.uint8)
    assert not without_frame(drawn(ink, (0, 0, WIDTH - 1, HEIGHT - 1))).any()


def test_a_trace_that_crosses_the_frame_stays():
    """A high wave passes the frame's upper side."""
    ink = traces().copy()
    ink[10:140, 398:401] = 255
    found = without_frame(drawn(ink))
    assert found[10:140, 398:401].min() == 255
    assert not found[30, 100:390].any()


def test_the_lines_of_a_page_without_a_frame_stay():
    """Separators through the whole page, with and without rules that they end on, and a flat trace: `ink` itself is given back."""
    separated = traces().copy()
    separated[30:450, [220, 400, 580]] = 255
    ruled = separated.copy()
    ruled[[30, 449], 40:760] = 255
    flat = np.zeros((HEIGHT, WIDTH), np.uint8)
    flat[[100, 440], 40:760] = 255
    for ink in (separated, ruled, flat):
        assert without_frame(ink) is ink


def test_separators_in_a_frame_stay():
    """They end on it, as its own sides do, but not at its corners."""
    ink = traces().copy()
    ink[35:446, [220, 400, 580]] = 255
    found = without_frame(drawn(ink))
    assert found[40:440, [220, 400, 580]].min() == 255
    assert not found[40:140, 40].any()


@pytest.mark.parametrize("change", [{"thickness": 12}, {"tilt": 20}, {"box": (40, 30, 760, 200)}])
def test_what_is_no_thin_straight_frame_stays(change):
    """A bar, a frame that is not level, and a box over a part of the page."""
    ink = drawn(traces(), **change)
    assert without_frame(ink) is ink


def test_a_grid_stays():
    """Its outermost lines are a frame of as many lines as it has."""
    ink = traces().copy()
    ink[30:451:20, 40:761] = 255
    ink[30:451, 40:761:20] = 255
    assert without_frame(ink) is ink


def test_the_ink_of_a_page_has_no_frame():
    """Of any page but a report, whose ink is as it was trained on."""
    picture = Image.fromarray(255 - drawn(traces())).convert("RGB")
    assert not Page(picture, None).ink[60:140, 36:45].any()


def test_a_stroke_close_to_the_frame_keeps_its_ink_and_nothing_of_the_frame():
    """A wave a pixel or two beside a thin side is another stroke."""
    ink = np.zeros((HEIGHT, WIDTH), np.uint8)
    ink[200:300, BOX[0] + 2 : BOX[0] + 5] = 255
    np.testing.assert_array_equal(without_frame(drawn(ink)), ink)
