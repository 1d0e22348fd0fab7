"""A drawn page has the geometry of the report pages and carries the signals that it was given."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ecg_edge.errors import UsageError
from ecg_edge.layout import LEADS_12, REPORT, RHYTHM
from ecg_edge.preprocessing import filters
from ecg_edge.simulator import heart, report_page

STYLE = report_page.Style()
CLEAN = replace(STYLE, jpeg_quality=0)
PX_PER_MV = REPORT.mm_per_mv * STYLE.dots_per_mm
PX_PER_S = 4 * STYLE.column_px / report_page.SECONDS
BOXES = dict(REPORT.leads)
ROW_OF = {
    name: min(REPORT.rows_px, key=lambda row: abs(row - (box.top + box.bottom) / 2)) for name, box in REPORT.leads
}
NAME_RIGHT_PX = 75
"""Where a lead's name has ended, in pixels of its box."""


@pytest.fixture(scope="module")
def signals():
    return heart.simulate("normal", seed=3)


@pytest.fixture(scope="module")
def page(signals):
    return report_page.draw_report(signals)


@pytest.fixture(scope="module")
def clean_ink(signals):
    return ink_of(report_page.draw_report(signals, style=CLEAN))


def ink_of(picture):
    """(H, W) bool: black pixels of a page; JPEG's haze makes some of the grid's dots black too."""
    return np.asarray(picture).max(axis=2) < 90


def flat(value_mv=0.0):
    return np.full((12, 5000), value_mv)


def column_of(name):
    return 0 if name == RHYTHM else sorted({box.left for box in BOXES.values()}).index(BOXES[name].left)


def trace_rows(ink, name):
    """Columns of the page right of the lead's name, and the middle row of the ink in each."""
    box = BOXES[name]
    columns = np.arange(box.left + NAME_RIGHT_PX, box.right - 15)
    piece = ink[box.top : box.bottom, columns]
    rows = np.arange(box.top, box.bottom)[:, None]
    return columns, (np.where(piece, rows, 10**6).min(axis=0) + np.where(piece, rows, -1).max(axis=0)) / 2


def test_a_page_is_rgb_of_the_templates_size(page):
    assert page.mode == "RGB" and page.size == REPORT.size == (2213, 1572)


def test_the_same_signals_give_the_same_bytes(page, signals):
    assert report_page.draw_report(signals).tobytes() == page.tobytes()
    assert report_page.draw_report(signals * 1.1).tobytes() != page.tobytes()


@pytest.mark.parametrize("base", REPORT.rows_px)
def test_a_pulse_stands_on_the_rows_zero_and_is_ten_millimetres_high(clean_ink, base):
    rise, fall = REPORT.pulse_px
    ink = clean_ink
    for x in (rise, fall):
        rows = np.flatnonzero(ink[base - 100 : base + 20, x]) + base - 100
        assert rows.max() == base + 1
        assert rows.min() == base - 79 - 1, "79 px are 10 mm at 200 dots to the inch"
        assert rows.size == 79 + 3, "without a gap"
    assert ink[base - 79, rise:fall].all() and not ink[base - 70 : base - 5, rise + 4 : fall - 3].any()


def test_separators_stand_where_the_template_says():
    ink = ink_of(report_page.draw_report(flat(np.nan), style=CLEAN))
    top, bottom = REPORT.separator_rows
    for x in REPORT.separators_px:
        assert ink[top:bottom, x - 1 : x + 2].all()
        assert not ink[top - 5 : top, x - 1 : x + 2].any() and not ink[bottom : bottom + 5, x - 1 : x + 2].any()
        assert not ink[bottom - 20 : bottom, x - 4].any() and not ink[bottom - 20 : bottom, x + 4].any()


def test_the_frame_is_where_the_template_says(page):
    colour = np.asarray(page).astype(int)
    pink = (colour[..., 0] - colour[..., 1] > 40) & (colour[..., 0] > 200)
    box = REPORT.frame
    assert box.corners == (68, 283, 2177, 1518), "as measured on the data set's pages"
    assert pink[700:750, box.left].all() and not pink[700:750, box.left - 2].any()
    assert pink[700:750, box.right - 1].all() and not pink[700:750, box.right + 1].any()
    assert pink[box.top, 700:750].mean() > 0.9 and not pink[box.top - 2, 700:750].any()
    assert pink[box.bottom - 1, 700:750].mean() > 0.9 and not pink[box.bottom + 1, 700:750].any()


def test_the_grid_has_lines_every_five_millimetres_in_both_directions():
    page = np.asarray(report_page.draw_report(flat(np.nan), style=CLEAN))
    dots = (page == STYLE.dot).all(axis=2)
    down, across = dots.sum(axis=0), dots.sum(axis=1)
    lines, rows = np.flatnonzero(down > 0.75 * down.max()), np.flatnonzero(across > 0.75 * across.max())
    assert set(np.diff(lines)) == {39, 40} and set(np.diff(rows)) == {39, 40}
    assert {145, 1099, 2171} <= set(lines) and {324, 920, 1476} <= set(rows)
    box = REPORT.frame
    assert not dots[:, : box.left].any() and not dots[: box.top].any() and not dots[box.bottom :].any()


def test_thin_dots_disappear_in_the_papers_eight_steps():
    gray = filters.to_gray(report_page.draw_report(flat()))
    for name, box in REPORT.leads:
        ink = filters.lead_steps(gray[box.slices]).ink > 0
        assert not ink[: ROW_OF[name] - box.top - 40].any(axis=1)[140:].any(), name
        assert ink[ROW_OF[name] - box.top].mean() > 0.95, name


@pytest.mark.parametrize("name", [name for name, _ in REPORT.leads])
def test_the_trace_gives_its_signal_back(clean_ink, signals, name):
    columns, rows = trace_rows(clean_ink, name)
    lead = LEADS_12.index("II" if name == RHYTHM else name)
    start_s = 2.5 * column_of(name)
    time_s = start_s + (columns - STYLE.trace_left_px - column_of(name) * STYLE.column_px) / PX_PER_S
    drawn_mv = (ROW_OF[name] - rows) / PX_PER_MV
    steep = np.abs(np.gradient(signals[lead])) > 0.006
    slow = np.convolve(steep, np.ones(15), "same") == 0
    at = np.rint(time_s * 500).astype(int)
    calm = slow[at]
    assert calm.mean() > 0.4
    assert np.abs(drawn_mv - signals[lead][at])[calm].max() * PX_PER_MV < 3.0
    peak_px = signals[lead][at.min() : at.max()].max() * PX_PER_MV
    top = np.flatnonzero(clean_ink[BOXES[name].top : BOXES[name].bottom, columns].any(axis=1))[0] + BOXES[name].top
    assert abs(ROW_OF[name] - (top + 1) - peak_px) < 2.0, "the pen reaches one pixel beyond its path"


@pytest.mark.slow
@settings(max_examples=8)
@given(level=st.floats(-0.9, 0.9))
def test_a_level_is_drawn_at_its_height(level):
    ink = ink_of(report_page.draw_report(flat(level), style=CLEAN))
    for name in ("aVF", "V5", RHYTHM):
        _, rows = trace_rows(ink, name)
        assert np.abs(np.median(rows) - (ROW_OF[name] - level * PX_PER_MV)) <= 0.5


def test_traces_begin_and_end_where_those_of_the_data_set_do():
    row = ink_of(report_page.draw_report(flat(), style=CLEAN))[ROW_OF[RHYTHM]]
    columns = np.flatnonzero(row[140:2140]) + 140
    assert columns.min() in (151, 152) and columns.max() in (2119, 2120, 2121), "there: 151 or 152, and 2120"
    assert np.diff(columns).max() == 1, "without a gap"


def test_a_steep_stroke_has_no_gaps():
    spike = flat()
    spike[:, 700] = 1.5
    ink = ink_of(report_page.draw_report(spike, style=CLEAN))
    x = STYLE.trace_left_px + round(700 / 500 * PX_PER_S)
    column = ink[ROW_OF["I"] - 118 : ROW_OF["I"] + 1, x - 1 : x + 2].any(axis=1)
    assert column.all()


@pytest.mark.slow
@pytest.mark.parametrize("name", LEADS_12)
def test_a_box_holds_its_own_lead_only(name):
    only = flat(np.nan)
    only[LEADS_12.index(name)] = 0.4
    blank = ink_of(report_page.draw_report(flat(np.nan), rhythm=name, style=CLEAN))
    added = ink_of(report_page.draw_report(only, rhythm=name, style=CLEAN)) & ~blank
    for other, box in REPORT.leads:
        inner = added[box.top : box.bottom, box.left + 5 : box.right - 5]
        if other in (name, RHYTHM):
            assert inner.any(axis=0).mean() > 0.95, other
        else:
            assert not inner.any(), other


def test_columns_follow_each_other_in_time():
    marked = flat()
    for second in range(10):
        marked[:, second * 500 + 250] = -0.8
    ink = ink_of(report_page.draw_report(marked, style=CLEAN))
    for name in ("II", "aVL", "V2", "V5"):
        deep = ink[ROW_OF[name] + 50, BOXES[name].left : BOXES[name].right]
        strip = ink[ROW_OF[RHYTHM] + 50, BOXES[name].left : BOXES[name].right]
        assert deep.any() and np.array_equal(deep, strip), "the same instants stand below each other"


def test_nan_is_a_gap():
    holed = flat()
    holed[1, 500:700] = np.nan
    ink = ink_of(report_page.draw_report(holed, style=CLEAN))
    left, right = (STYLE.trace_left_px + round(n / 500 * PX_PER_S) for n in (500, 700))
    row = ink[ROW_OF["II"]]
    assert not row[left + 3 : right - 3].any()
    assert row[left - 20 : left - 3].all() and row[right + 3 : right + 20].all()


def test_the_rhythm_strip_is_the_lead_that_was_asked_for(signals):
    three = ink_of(report_page.draw_report(signals, rhythm="III", style=CLEAN))
    shift = ROW_OF[RHYTHM] - ROW_OF["III"]
    strip, lead = three[1280:1480, 160:630], three[1280 - shift : 1480 - shift, 160:630]
    assert np.array_equal(strip, lead)


def test_a_header_replaces_the_patients_lines_and_nothing_else(signals, page):
    given_lines = np.asarray(report_page.draw_report(signals, header=("ID : 7", "Ward 3"), style=CLEAN))
    usual = np.asarray(report_page.draw_report(signals, style=CLEAN))
    changed = (given_lines != usual).any(axis=(1, 2))
    assert changed[70:130].any() and not changed[:66].any() and not changed[136:].any()


def test_signals_beyond_ten_seconds_are_not_drawn(signals):
    longer = np.concatenate([signals, np.full((12, 700), 1.0)], axis=1)
    longer[:, 5000] = signals[:, -1]
    right = report_page.draw_report(longer, style=CLEAN).crop((2130, 290, 2170, 1500))
    assert not ink_of(right).any()


@pytest.mark.parametrize(
    "arguments, message",
    [
        ((np.zeros((11, 5000)),), r"shape \(12, n\), not \(11, 5000\)"),
        ((np.zeros(5000),), r"shape \(12, n\)"),
        ((np.zeros((12, 4900)),), "must last 10 s, not 9.8 s"),
        ((np.full((12, 5000), np.inf),), "must be finite; NaN is a gap"),
        ((np.zeros((12, 5000)), 0), "rate_hz must be positive, not 0"),
    ],
)
def test_wrong_signals_are_refused(arguments, message):
    with pytest.raises(UsageError, match=message):
        report_page.draw_report(*arguments)


def test_a_rhythm_lead_or_header_that_cannot_be_drawn_is_refused():
    with pytest.raises(UsageError, match="rhythm must be one of I, II, .*, not 'V9'"):
        report_page.draw_report(flat(), rhythm="V9")
    with pytest.raises(UsageError, match="header must be at most 2 lines"):
        report_page.draw_report(flat(), header=("a", "b", "c"))
