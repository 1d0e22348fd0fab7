"""Lines between columns tell second 0 and the length of a second."""

from dataclasses import replace

import numpy as np
import pytest

from ecg_edge.arrangement.column_lines import _on_pitch, second_0_by_lines
from ecg_edge.arrangement.scale import refined
from ecg_edge.layout import Arrangement, Box, Place

ROWS, FIRST, COLUMN_PX = (200, 400, 600), 100, 500
NAMES = (("I", "II", "III"), ("aVR", "aVL", "aVF"), ("V1", "V2", "V3"), ("V4", "V5", "V6"))


def arrangement(pitch_px=COLUMN_PX, speed_from="pulse"):
    """Three rows of four columns on a grid of 8 px/mm, found so far apart."""
    places = [
        Place(name, name, Box(FIRST + column * pitch_px, row - 100, FIRST + (column + 1) * pitch_px, row + 100), row, 2.5 * column)
        for column, names in enumerate(NAMES)
        for name, row in zip(names, ROWS, strict=True)
    ]  # fmt: skip
    return replace(Arrangement("3x4", tuple(places), (8.0, 8.0), 25.0, 10.0, 0.1, 0.5), speed_from=speed_from)


def page(lines=(), reach=0):
    """Ink of three level traces, and of upright lines at these columns through all rows or, with a `reach`, across each trace alone."""
    ink = np.zeros((800, 2300), np.uint8)
    for row in ROWS:
        ink[row : row + 3, FIRST : FIRST + 4 * COLUMN_PX] = 255
        for x in lines:
            ink[row - (reach or 100) : row + (reach or 100), x : x + 3] = 255
    return ink


@pytest.mark.parametrize("reach", [0, 40])
def test_whole_lines_and_short_ones_across_the_traces_tell_where_columns_begin(reach):
    """To the pixel, and how long a second is, a little more than the grid says."""
    found = second_0_by_lines(arrangement(), page((605, 1110, 1615), reach), True)
    assert found[:2] == pytest.approx((101, 202), abs=0.6)


def test_waves_of_one_row_are_no_short_lines():
    ink = page()
    ink[ROWS[0] - 40 : ROWS[0] + 40, 605:608] = ink[ROWS[1] - 40 : ROWS[1] + 40, 605:608] = 255
    assert second_0_by_lines(arrangement(), ink, True) is None


def test_of_three_lines_those_count_that_are_as_far_apart_as_the_grid_says():
    """The third is beats of one time. Lines that stand evenly on another pitch are all lines."""
    assert _on_pitch({2.5: 699.0, 5.0: 1199.5, 7.5: 1682.5}, 200.0, 8.0) == {2.5: 699.0, 5.0: 1199.5}
    even = {2.5: 605.0, 5.0: 1110.0, 7.5: 1615.0}
    assert _on_pitch(even, 200.0, 8.0) == even
    assert _on_pitch({5.0: 1180.0}, 200.0, 8.0) == {5.0: 1180.0} and _on_pitch({}, 200.0, 8.0) == {}


def test_columns_that_were_found_elsewhere_are_looked_for_by_the_grid():
    """Where nothing stands at their edges: lines are found where the grid says, and without any these are the columns, if pulses say the speed."""
    for ink in (page((600, 1100, 1600)), page()):
        found = refined(arrangement(518), ink)
        assert sorted({place.box.left for place in found.places}) == pytest.approx([100, 600, 1100, 1600], abs=3)
        assert max(place.box.right for place in found.places if place.start_s < 2) == pytest.approx(600, abs=3)
    stays = refined(arrangement(518, speed_from="columns"), np.pad(page(), ((0, 0), (60, 0)))[:, :2300])
    assert sorted({place.box.left for place in stays.places})[1] == 618


@pytest.mark.parametrize(("x", "told"), [(1104, True), (1112, False)])
def test_two_lines_tell_the_scale_without_a_grid_where_pulses_say_nearly_the_same(x, told):
    """To three quarters of a percent: one of them may be beats."""
    found = second_0_by_lines(arrangement(), page((602, x)), False)
    assert (found is not None) == told
    if told:
        assert found[1] == pytest.approx((x - 602) / 2.5, abs=0.5)


def test_of_two_lines_on_another_pitch_the_one_counts_that_agrees_with_where_traces_begin():
    """The other is beats; where neither agrees none counts. Two on the grid's pitch say where columns begin, whatever is there."""
    at_beats = page((600, 1106))
    assert second_0_by_lines(arrangement(), at_beats, True, lambda: 101.0)[:2] == pytest.approx((101, 200), abs=0.6)
    assert second_0_by_lines(arrangement(), at_beats, True, lambda: 150.0) is None
    assert second_0_by_lines(arrangement(), page((600, 1100)), True, lambda: 150.0)[:2] == pytest.approx(
        (101, 200), abs=0.6
    )


def test_lines_are_looked_for_where_traces_begin_too():
    """Columns were found 4 mm too far right, where beats stand; the lines are where the grid says from the beginning of the traces."""
    ink = page((600, 635, 1100, 1135))
    moved = arrangement()
    moved = replace(moved, places=tuple(replace(p, box=replace(p.box, left=p.box.left + 34)) for p in moved.places))
    assert second_0_by_lines(moved, ink, True)[0] == pytest.approx(136, abs=1)
    assert second_0_by_lines(moved, ink, True, lambda: 101.0)[0] == pytest.approx(101, abs=1)
