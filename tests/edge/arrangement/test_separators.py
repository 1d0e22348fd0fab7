"""Separators between columns of leads: ticks in pairs are told from waves and from names, and columns begin where they stand."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import ndimage

from ecg_edge import layout
from ecg_edge.arrangement import scale, separators

PX_PER_MM = (8.0, 8.0)
ZEROS = (150, 400, 650)


def page_of(draw, edge=400, width=800, height=800):
    """(H, W) uint8 ink: three flat traces, and what `draw` adds to each row at its edge: (row of 0 mV, number) to a list of (rows, columns)."""
    ink = np.zeros((height, width), np.uint8)
    for number, zero in enumerate(ZEROS):
        ink[zero - 1 : zero + 2] = 255
        for rows, columns in draw(number):
            ink[slice(zero + rows.start, zero + rows.stop), slice(edge + columns.start, edge + columns.stop)] = 255
    return ink


def test_pairs_of_ticks_in_all_rows_are_separators():
    ink = page_of(lambda _: [(slice(-50, -20), slice(-1, 2)), (slice(20, 50), slice(-1, 2))])
    found = separators.ticks(ink[:, 380:421], ZEROS, PX_PER_MM)
    for zero in ZEROS:
        assert found[zero - 49 : zero - 21, 19:22].all() and found[zero + 21 : zero + 49, 19:22].all()
        assert not found[zero - 8 : zero + 9].any()


@pytest.mark.parametrize(
    "draw",
    [
        lambda number: [(slice(-60, 1), slice(-1, 2))],
        lambda number: [(slice(-60 - 8 * number, -40), slice(-1, 2))],
        lambda number: [(slice(-60, -40), slice(-8, 8)), (slice(40, 60), slice(-8, 8))],
        lambda number: [(slice(-60, -30), slice(-8, -5)), (slice(30, 60), slice(4, 7))],
        lambda number: [(slice(-26, -8), slice(-1, 2)), (slice(-8, 30), slice(0, 3))],
        lambda number: [(slice(-60, -40), slice(-1, 2)), (slice(12, 30), slice(-1, 2))],
        lambda number: [(slice(-50, -20), slice(-1, 2)), (slice(20, 50), slice(-1, 2))] if number == 0 else [],
    ],
    ids=[
        "waves at one time",
        "names",
        "blocks",
        "no pair",
        "the letter I over a beat",
        "no mirrored pair",
        "one row alone",
    ],
)
def test_waves_names_and_blocks_are_no_ticks(draw):
    assert not separators.ticks(page_of(draw)[:, 380:421], ZEROS, PX_PER_MM).any()


def two_columns(edge=400, width=800):
    """Two columns of three leads that meet at `edge`."""
    places = tuple(
        layout.Place(name, name, layout.Box(left, zero - 100, right, zero + 100), float(zero), start)
        for names, left, right, start in (
            (["I", "II", "III"], 20, edge, 0.0),
            (["aVR", "aVL", "aVF"], edge, width - 20, 2.5),
        )
        for name, zero in zip(names, ZEROS, strict=True)
    )
    return layout.Arrangement("6x2", places, PX_PER_MM, 25.0, 10.0, 0.0, 1.0)


@pytest.mark.parametrize("sigma", [0.0, 1.5, 3.0])
def test_a_blurred_line_is_erased_with_its_skirt(sigma):
    """Traces would climb what blur leaves beside it; waves beside a line stay."""
    ink = np.zeros((800, 800), np.uint8)
    ink[60:740, 398:402] = 255
    for zero in ZEROS:
        ink[zero - 1 : zero + 2] = 255
        ink[zero - 80 : zero + 2, 424:428] = 255
    ink = ndimage.gaussian_filter(ink.astype(float), sigma)
    ink = (255 * ink / ink.max()).astype(np.uint8)
    found = separators.separators(ink, two_columns())
    between = slice(ZEROS[0] + 40, ZEROS[1] - 100)
    left = np.where(found, 0, ink)[between, 380:420]
    assert left.max() < 110
    assert not found[:, 420:].any()


def test_the_fainter_part_of_a_line_is_erased_too():
    """A shadow or blur makes a part of one line fainter; other faint lines stay, as grids have them."""
    ink = np.zeros((800, 800), np.uint8)
    ink[60:400, 399:402] = 140
    ink[400:740, 399:402] = 220
    ink[60:740, 408:410] = 140
    found = separators.separators(ink, two_columns())
    assert found[70:730, 399:402].all()
    assert not found[:, 406:].any()


def test_columns_begin_where_ticks_stand_and_leads_end_there():
    """Columns found a pixel or five beside them are moved; a lead ends where the next one begins."""
    ink = np.zeros((800, 2200), np.uint8)
    for edge in (500, 1000, 1500):
        marks = [(slice(-50, -20), slice(-1, 2)), (slice(20, 50), slice(-1, 2))]
        ink |= page_of(lambda _, marks=marks: marks, edge=edge, width=2200)
    places = []
    for row, zero in enumerate(ZEROS):
        for column in range(4):
            left = round(3 + 502.5 * column)
            box = layout.Box(left, zero - 120, left + 503, zero + 120)
            places.append(layout.Place(layout.LEADS_12[row + 3 * column], None, box, float(zero), 2.5 * column))
    found = scale.refined(layout.Arrangement("3x4", tuple(places), PX_PER_MM, 25.0, 10.0, 0.0, 1.0), ink)
    assert sorted({place.box.left for place in found.places}) == [0, 500, 1000, 1500]
    assert sorted({place.box.right for place in found.places}) == [500, 1000, 1500, 2000]
    assert found.px_per_mm[0] == pytest.approx(8.0, abs=0.01)


def traced(first, last, zeros=ZEROS, width=2300):
    """(H, W) uint8 ink: a flat trace in each row between two columns, with a name above its beginning and print far before it."""
    ink = np.zeros((800, width), np.uint8)
    for zero in zeros:
        ink[zero - 1 : zero + 2, first:last] = 255
        ink[zero - 60 : zero - 36, first + 12 : first + 40] = 255
        ink[zero - 10 : zero, first - 70 : first - 60] = 255
    return ink


def arranged(left, pitch, columns=4):
    """Three rows of columns from `left` on, as the coarse page gives them: some pixels off."""
    places = []
    for row, zero in enumerate(ZEROS):
        for column in range(columns):
            edge = round(left + pitch * column)
            box = layout.Box(edge, zero - 120, edge + round(pitch), zero + 120)
            name = layout.LEADS_12[(row + 3 * column) % 12]
            places.append(layout.Place(name, None, box, float(zero), 10.0 / columns * column))
    return layout.Arrangement("3x4", tuple(places), PX_PER_MM, 25.0, 10.0, 0.0, 1.0)


@pytest.mark.parametrize("left", [80, 100, 112])
def test_columns_without_separators_begin_where_the_traces_do_and_share_their_length(left):
    found = scale.refined(arranged(left, 504.0), traced(100, 2116))
    assert sorted({place.box.left for place in found.places}) == [100, 604, 1108, 1612]
    assert max(place.box.right for place in found.places) == 2116
    assert found.px_per_mm[0] == pytest.approx(2016 / 250, abs=0.001)


def test_half_a_stroke_at_each_end_is_no_other_scale():
    """Ink begins before the trace and ends behind it by half the width of a stroke."""
    found = scale.refined(arranged(100, 500.0), traced(98, 2102))
    assert sorted({place.box.left for place in found.places}) == [100, 600, 1100, 1600]
    assert found.px_per_mm[0] == pytest.approx(8.0)


def test_where_the_ends_are_not_seen_the_grid_s_scale_stays():
    """Traces that go on beyond the page on the right, and on both sides."""
    found = scale.refined(arranged(112, 504.0), traced(100, 2300))
    assert sorted({place.box.left for place in found.places}) == [100, 600, 1100, 1600]
    assert found.px_per_mm[0] == pytest.approx(8.0)
    untouched = arranged(112, 500.0)
    assert scale.refined(untouched, traced(70, 2300)[:, 70:]).places == untouched.places


@pytest.mark.parametrize("end, lefts", [(2104, [104, 604, 1104, 1604]), (2140, [100, 600, 1100, 1600])])
def test_rows_that_begin_at_different_columns_are_placed_by_their_ends(end, lefts):
    """Where these are near: a sheet that is cut off ends its rows, too."""
    ink = traced(100, end)
    ink[:, :116] = 0
    ink[ZEROS[0] - 1 : ZEROS[0] + 2, 84:116] = ink[ZEROS[1] - 1 : ZEROS[1] + 2, 104:116] = 255
    found = scale.refined(arranged(100, 500.0), ink)
    assert sorted({place.box.left for place in found.places}) == lefts
    assert found.px_per_mm[0] == pytest.approx(8.0)


@pytest.mark.parametrize("foot_px", [0, 10, 16])
def test_a_trace_that_goes_on_from_a_pulse_does_not_begin_there(foot_px):
    """The pulse's foot is joined to it: the other ends tell, and the grid's scale stays."""
    ink = traced(100, 2100)
    pulses = []
    for zero in ZEROS:
        left, right = 60 - foot_px, 100 - foot_px
        ink[zero - 81 : zero - 78, left:right] = 255
        ink[zero - 81 : zero + 2, left : left + 3] = ink[zero - 81 : zero + 2, right - 3 : right] = 255
        ink[zero - 1 : zero + 2, right:100] = 255
        pulses.append((float(left), float(right), zero - 80.0, float(zero)))
    found = scale.refined(replace(arranged(112, 500.0), pulses=tuple(pulses)), ink)
    assert sorted({place.box.left for place in found.places}) == [100, 600, 1100, 1600]
    assert found.px_per_mm[0] == pytest.approx(8.0)


def test_waves_beside_a_line_do_not_move_it():
    """High ones in all rows, of more than half of the height of the line."""
    ink = traced(100, 2100)
    for column in (600, 1100, 1600):
        ink[140:660, column - 1 : column + 2] = 255
    ink[150:610, 1612:1616] = 255
    found = scale.refined(arranged(100, 501.0), ink)
    assert sorted({place.box.left for place in found.places}) == [100, 600, 1100, 1600]


@pytest.mark.parametrize("true", [7.8, 8.0, 8.2])
def test_without_a_grid_the_pulses_give_both_scales(true):
    """Known to half a millimetre of their height before, to the pixel then."""
    ink = traced(100, 2104)
    height = round(10 * true)
    pulses = []
    for zero in ZEROS:
        ink[zero - height - 1 : zero - height + 2, 40:72] = 255
        ink[zero - height - 1 : zero + 2, 40:43] = ink[zero - height - 1 : zero + 2, 69:72] = 255
        ink[zero - 1 : zero + 2, 30:84] = 255
        pulses.append((40.0, 72.0, float(zero - height), float(zero)))
    found = scale.refined(replace(arranged(100, 500.0), pulses=tuple(pulses)), ink, has_grid=False)
    assert found.px_per_mm[1] == pytest.approx(height / 10, abs=0.02)
    assert found.px_per_mm[0] == pytest.approx(height / 10, rel=scale.MAX_PITCH_CHANGE)


def test_one_column_is_moved_and_keeps_its_length():
    found = scale.refined(arranged(90, 2000.0, columns=1), traced(100, 2104))
    assert {(place.box.left, place.box.right) for place in found.places} == {(100, 2100)}


@pytest.mark.parametrize("between", [True, False])
def test_at_the_ends_of_rows_ticks_are_erased_where_there_are_some_between_columns(between):
    marks = [(slice(-50, -20), slice(-1, 2)), (slice(20, 50), slice(-1, 2))]
    ink = page_of(lambda _: marks, edge=100, width=2200)
    if between:
        for edge in (600, 1100, 1600):
            ink |= page_of(lambda _: marks, edge=edge, width=2200)
    found = separators.separators(ink, arranged(100, 500.0))
    assert found[:, 90:110].any() == between
    assert found[:, 590:610].any() == between


@settings(max_examples=15, deadline=None)
@given(st.integers(0, 2**32 - 1))
def test_columns_without_enough_ink_for_a_line_hold_none(seed):
    """What is left out for speed changes nothing: against closing and opening all columns."""
    rng = np.random.default_rng(seed)
    dark = rng.random((700, 9)) < rng.choice([0.02, 0.08, 0.3], 9)
    for column in range(0, 9, 2):
        top, length, gap = rng.integers(0, 500), rng.integers(200, 500), rng.integers(1, 16)
        dark[top : top + length : gap, column] = True
    line = dark
    for first, second, length in (
        (ndimage.binary_dilation, ndimage.binary_erosion, 13), (ndimage.binary_erosion, ndimage.binary_dilation, 321),
    ):  # fmt: skip
        column = np.ones((length, 1), bool)
        line = second(first(line, column), column)
    np.testing.assert_array_equal(separators._vertical_lines(dark, 8.0), line)


@settings(max_examples=60)
@given(st.integers(1, 300), st.floats(0.5, 3.0), st.floats(0.2, 1.0), st.integers(0, 2**32 - 1))
def test_vertical_lines_are_the_closing_and_the_opening(height, px_per_mm, share, seed):
    """Against `scipy.ndimage`, at the page's upper and lower edge too."""
    rng = np.random.default_rng(seed)
    dark = rng.random((height, 7)) < share
    dark[rng.integers(0, height) :: rng.integers(1, 99)] = False
    line = dark.astype(np.uint8)
    dash, least = (round(mm * px_per_mm) | 1 for mm in (separators.DASH_MM, separators.SEPARATOR_LENGTH_MM))
    dilate, erode = ndimage.maximum_filter1d, ndimage.minimum_filter1d
    for first, second, length in ((dilate, erode, dash), (erode, dilate, least)):
        line = second(first(line, length, axis=0, mode="constant"), length, axis=0, mode="constant")
    np.testing.assert_array_equal(separators._vertical_lines(dark, px_per_mm), line > 0)
    strip = rng.integers(0, 256, (height, 5), dtype=np.uint8)
    np.testing.assert_array_equal(separators._with_neighbours(strip), ndimage.maximum_filter1d(strip, 3, axis=1))
