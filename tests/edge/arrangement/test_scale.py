"""The scale of traces: pulses and separators know it better than a grid does."""

from dataclasses import replace

import numpy as np
import pytest

from ecg_edge.arrangement import row_ends, scale
from ecg_edge.arrangement.arrangement import find_arrangement
from ecg_edge.arrangement.scale import refined
from ecg_edge.errors import PictureError, Reason
from ecg_edge.layout import Arrangement, Box, Place
from ecg_edge.page.ink import ink_of
from ecg_edge.simulator.heart import simulate
from ecg_edge.simulator.report_page import draw_report

TRUE_PX_PER_MM = 200 / 25.4


@pytest.fixture(scope="module")
def report():
    """(ink, arrangement) of a drawn report whose grid is said to be 0.9 % wider than its traces."""
    ink = ink_of(np.asarray(draw_report(simulate("normal", seed=2))))
    grid = 1.009 * TRUE_PX_PER_MM
    return ink, find_arrangement(ink, (grid, grid))


def test_a_grid_that_is_a_little_wide_is_corrected(report):
    """By pulses down the page and by separators across it, to half a hundredth."""
    ink, found = report
    across, down = refined(found, ink).px_per_mm
    assert across == pytest.approx(TRUE_PX_PER_MM, rel=0.002)
    assert down == pytest.approx(TRUE_PX_PER_MM, rel=0.005)


def test_columns_begin_where_their_separators_stand(report):
    """Each column of 2.5 s, and the first from the pitch of the others."""
    ink, found = report
    lefts = sorted({place.box.left for place in refined(found, ink).places})
    assert lefts == pytest.approx([152, 644, 1136, 1628], abs=2)


def test_rows_stand_on_the_feet_of_their_pulses(report):
    """The report's rows are known to the pixel."""
    ink, found = report
    zeros = sorted({round(place.zero_px) for place in refined(found, ink).places})
    assert np.all([min(abs(zero - row) for row in (463, 763, 1066, 1366)) <= 1 for zero in zeros])


def test_without_pulses_and_separators_the_grids_scale_stays(report):
    """Nothing is made up."""
    ink, found = report
    bare = replace(found, pulses=())
    assert refined(bare, np.zeros_like(ink)).px_per_mm == found.px_per_mm
    assert refined(bare, np.zeros_like(ink)).places == found.places


@pytest.fixture(scope="module")
def wide():
    """(ink, arrangement) of a drawn report, by a factor by which its grid is said to be wider than its traces."""
    ink = ink_of(np.asarray(draw_report(simulate("normal", seed=2))))
    found = find_arrangement(ink, (TRUE_PX_PER_MM, TRUE_PX_PER_MM))
    return lambda factor: (ink, replace(found, px_per_mm=(factor * TRUE_PX_PER_MM, factor * TRUE_PX_PER_MM)))


def test_lines_that_stand_evenly_may_be_farther_from_the_grid(wide):
    """Three separators, 2.3 % from it: flattening may have left so much."""
    ink, found = wide(1.023)
    corrected = refined(found, ink)
    assert corrected.px_per_mm[0] == pytest.approx(TRUE_PX_PER_MM, rel=0.002)
    assert (corrected.speed_from, corrected.gain_from) == (found.speed_from, found.gain_from)


def test_where_pulses_and_columns_contradict_the_grid_the_scale_is_said_to_be_assumed(wide):
    """Which of the two is wrong is not known; what the person has said stays said."""
    ink, found = wide(1.045)
    corrected = refined(found, ink)
    assert corrected.px_per_mm == found.px_per_mm
    assert (corrected.speed_from, corrected.gain_from) == ("assumed", "assumed")
    said = refined(replace(found, speed_from="option", gain_from="option"), ink)
    assert (said.speed_from, said.gain_from) == ("option", "option")


def test_a_trace_that_comes_from_beyond_the_band_does_not_begin_in_it():
    """Two of three rows wander in from below, 3 mm after the traces begin: one row alone does not tell where."""
    ink = np.zeros((900, 1000), np.uint8)
    places = []
    for row, zero in enumerate((200, 450, 700)):
        low = 0 if row == 2 else 90
        for x in range(100, 900):
            y = round(zero + max(low - 0.8 * (x - 100), 0))
            ink[y - 1 : y + 2, x] = 255
        places.append(Place(f"row {row}", None, Box(106, zero - 100, 899, zero + 100), zero, 0.0))
    page = Arrangement("", tuple(places), (8.0, 8.0), 25.0, 10.0, 0.0, 1.0)
    assert row_ends.end_px(page, ink, 106) is None
    level = ink.copy()
    for row in (200, 450):
        level[row - 100 : row + 100] = ink[600:800]
    assert row_ends.end_px(page, level, 106) == pytest.approx(100, abs=1)


@pytest.mark.parametrize(
    ("factor", "multiple"),
    [(2.03, 2.0), (0.196, 0.2), (2.49, 2.5), (9.7, 10.0), (1.0, None), (1.35, None), (2.2, None)],
)
def test_a_grid_is_taken_for_another_by_known_multiples(factor, multiple):
    """Millimetres for fives, fives for centimetres; what is between them is no grid of the page."""
    assert scale.grid_multiple(factor) == multiple


def test_columns_that_stand_apart_stay_where_they_were_found(report):
    """Their pitch is no time."""
    ink, found = report
    apart = replace(found, gap_mm=2.0)
    assert [place.box for place in refined(apart, ink).places] == [place.box for place in found.places]


def test_ends_that_are_near_each_other_are_none_of_traces():
    """Three short rows on a wide page: at the scale that they would give it would be metres wide."""
    ink = np.zeros((600, 2000), np.uint8)
    for row in (100, 250, 400):
        ink[row : row + 4, 900:1150] = 255
        ink[row - 20 : row, 1000:1004] = 255
    with pytest.raises(PictureError) as refused:
        scale.scale_by_traces(scale.AssumedPage(ink))
    assert refused.value.reason is Reason.BAD_SCALE


@pytest.mark.parametrize("dash_px, gap_px", [(12, 12), (3, 5)])
def test_dashed_and_dotted_lines_between_columns_are_lines(report, dash_px, gap_px):
    """As solid ones; what has gaps of more than two millimetres is none."""
    ink, found = report
    solid = refined(found, ink).places
    broken, rows = ink.copy(), np.arange(ink.shape[0])
    for left in (644, 1136, 1628):
        broken[:, left - 3 : left + 4] *= (rows % (dash_px + gap_px) < dash_px)[:, None]
    assert [place.box.left for place in refined(found, broken).places] == pytest.approx(
        [place.box.left for place in solid], abs=1
    )


def test_ends_that_lean_are_known_by_their_lean():
    """As those of a page that lies a third of a degree askew."""
    rows, columns = np.arange(100.0, 1300, 100), 180 + 0.006 * np.arange(100.0, 1300, 100)
    columns[3] += 40
    assert row_ends._lean(rows, columns) == pytest.approx(0.006, abs=0.001)
    assert row_ends._lean(rows, 180 + 0.1 * rows) == 0.0
    assert row_ends._lean(rows[:3], columns[:3]) == 0.0
    assert row_ends._lean(np.full(5, 100.0), columns[:5]) == 0.0


def test_the_height_of_pulses_is_known_to_parts_of_a_pixel():
    """Each is drawn to a whole one; what is something else is left out."""
    assert scale._height_px(np.array([58.0, 59, 58, 58, 58])) == pytest.approx(58.2)
    assert scale._height_px(np.array([58.0, 59, 58, 58, 71, 58, 30])) == pytest.approx(58.2)
    assert scale._height_px(np.array([60.0])) == 60.0


def page_without_grid(px_per_mm, rows=(200, 400, 600, 800), left=100, gap_px=0):
    """Ink of rows of 250 mm, whose second half begins so much later; but for the last, which goes on. The pen's ends are round: a pixel more."""
    ink = np.zeros((1000, 2400), np.uint8)
    middle, right = left + round(125 * px_per_mm), left + round(250 * px_per_mm)
    for row in rows[:-1]:
        ink[row : row + 3, left - 1 : middle] = ink[row : row + 3, middle + gap_px : right + gap_px + 1] = 255
    ink[rows[-1] : rows[-1] + 3, left - 1 : right + 1] = 255
    return ink


def two_columns(px_per_mm, rows=(200, 400, 600, 800), left=100):
    """Three rows of two columns and a strip, as they are found at scales (across, down) that may be wrong."""
    across = px_per_mm[0]
    places = [
        Place(name, name, Box(left + side * round(125 * across), row - 90, left + (side + 1) * round(125 * across), row + 90), row, 5.0 * side)
        for side, names in enumerate((("I", "II", "III"), ("V1", "V2", "V3")))
        for name, row in zip(names, rows, strict=False)
    ]  # fmt: skip
    places.append(
        Place("rhythm", "II", Box(left, rows[-1] - 90, left + round(250 * across), rows[-1] + 90), rows[-1], 0.0)
    )
    return Arrangement("6x2+1", tuple(places), px_per_mm, 25.0, 10.0, 0.0, 1.0)


@pytest.mark.parametrize("across", [7.4, 7.29, 7.6])
def test_without_a_grid_the_length_of_the_rows_says_the_scale(across):
    """Also where the columns were found by 2.7 % too wide: what the pulses say down is near it."""
    found = two_columns((across, 7.37))
    ink = page_without_grid(7.4)
    assert refined(found, ink, has_grid=False).px_per_mm[0] == pytest.approx(7.4, rel=0.001)


def test_a_frame_that_hides_the_ends_of_rows_stands_where_they_are():
    """Traces go on to it; a frame that is farther off says nothing."""
    found, ink = two_columns((7.29, 7.37)), page_without_grid(7.4)
    framed = ink.copy()
    framed[150:850, (100, 1950)] = 255
    framed[200:203, 66:100] = framed[400:403, 66:100] = framed[600:603, 66:100] = 255  # pulses' feet
    pulses = tuple((70.0, 95.0, row - 73.0, row + 1.0) for row in (200, 400, 600))
    assert row_ends.row_ends(replace(found, pulses=pulses), framed) == pytest.approx((100, 1950), abs=1)
    apart = ink.copy()
    apart[150:850, (80, 1975)] = 255
    assert row_ends.framed_px(found, apart, 100) is None and row_ends.framed_px(found, framed, 100) == 100


@pytest.mark.parametrize("hidden", ["first", "last", "neither"])
def test_a_line_between_columns_and_one_end_say_the_scale(hidden):
    """Where the other end is hidden, by a pulse that traces go on from; on three that stand evenly more reliance is placed than on these two."""
    found, ink = two_columns((7.37, 7.37)), page_without_grid(7.4)
    ink[120:880, 1025] = 60  # thinner than a pixel
    ends = {"first": (None, 1950.0), "last": (100.0, None), "neither": (100.0, 1950.0)}[hidden]
    assert scale._by_lines(found, ink, *ends) == pytest.approx(7.4, rel=0.001)
    far = two_columns((7.3, 7.3))
    assert (scale._by_lines(far, ink, *ends) is None) == (hidden != "neither")
    assert scale._by_lines(found, page_without_grid(7.4), 100.0, None) is None


def test_a_length_that_neither_columns_nor_pulses_know_is_none():
    found = two_columns((7.7, 7.6))
    assert scale._by_length(found, found.places, page_without_grid(7.4)) is None


def test_where_columns_stand_apart_a_strip_says_the_scale():
    """Rows with bare paper between their columns are longer than what they show."""
    found = replace(two_columns((7.35, 7.35)), gap_mm=3.0)
    assert refined(found, page_without_grid(7.4, gap_px=22), has_grid=False).px_per_mm[0] == pytest.approx(
        7.4, rel=0.001
    )


@pytest.mark.parametrize("pen_px", [3, 7])
def test_columns_that_stand_apart_say_the_scale_where_no_strip_does(pen_px):
    """By how long each is, whatever the pen: its round ends add to it."""
    found, ink = replace(two_columns((7.5, 7.4)), gap_mm=3.0), np.zeros((1000, 2400), np.uint8)
    # Cabrera's order prints -aVR: a lead as others are, and no strip.
    leads = [place for place in found.places if place.name != "rhythm"]
    found = replace(found, places=tuple(replace(p, name="-aVR") if p.name == "III" else p for p in leads))
    for row in (200, 400, 600):
        for left in (100, 100 + 925 + 22):
            extra = round(row_ends.ROUND_SHARE * pen_px / 2)
            ink[row : row + pen_px, left - extra : left + 925 + extra] = 255
    assert refined(found, ink, has_grid=False).px_per_mm[0] == pytest.approx(7.4, rel=0.002)
    ink[:, 1200:1300] = 0  # a column that ends elsewhere tells nothing, and one alone is not enough
    ink[:, 1047:1200] = 0
    assert refined(found, ink, has_grid=False).px_per_mm[0] == 7.5
