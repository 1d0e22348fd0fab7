"""Calibration pulses at the ends of rows: broken, overlapping, or alone; and what is none."""

import numpy as np
import pytest

from ecg_edge.arrangement.calibration_pulses import Pulse
from ecg_edge.arrangement.pulses_beside import pulses_beside, without_beats

PX_PER_MM = 4.0
LEFT, RIGHT = 160, 1100


def page_of(lines, left=LEFT):
    """A page with a straight trace along each of these rows, and the points of what runs along them."""
    page = np.zeros((round(max(lines)) + 100, 1200), bool)
    for line in lines:
        page[line : line + 2, left:RIGHT] = True
    x, y = np.nonzero(page[:, :].T)
    return page, (x, y)


def draw(page, left, foot, gain, width=20):
    """A pulse with its feet, whose strokes are one pixel wide."""
    top = foot - round(gain * PX_PER_MM)
    page[max(top, 0) : foot + 1, left] = page[max(top, 0) : foot + 1, left + width] = True
    if top >= 0:
        page[top, left : left + width + 1] = True
    page[foot, left - 6 : left + 1] = page[foot, left + width : left + width + 7] = True


@pytest.mark.parametrize("gain", [5, 10, 20])
@pytest.mark.parametrize("width", [20, 40], ids=["25 mm/s", "50 mm/s"])
@pytest.mark.parametrize("left", [110, 1110], ids=["before the rows", "behind them"])
def test_one_pulse_on_the_last_row_is_found(gain, width, left):
    """Some devices print a single one: it is as high and as wide as it was drawn."""
    page, points = page_of([100, 200, 300])
    draw(page, left, 303, gain, width)
    (pulse,) = pulses_beside(page, [100, 200, 300], points, PX_PER_MM)
    assert (pulse.left, pulse.foot) == pytest.approx((left, 303), abs=1)
    assert (pulse.width, pulse.height) == pytest.approx((width, 4 * gain), abs=1)


def test_pulses_that_are_higher_than_rows_are_apart_overlap():
    """20 mm/mV on rows 17 mm apart: strokes go on from the first row to the last, and the first top is beyond the page."""
    lines = list(range(72, 72 + 5 * 68, 68))
    page, points = page_of(lines)
    for line in lines:
        draw(page, 110, line, 20)
    found = pulses_beside(page, lines, points, PX_PER_MM)
    assert len(found) >= 4
    assert all(pulse.height == pytest.approx(80, abs=1) and pulse.left == pytest.approx(110, abs=1) for pulse in found)


def test_broken_strokes_tell_each_other():
    """Of thin strokes a third is lost: on three rows they are pulses, on one alone they are none."""
    lines = [100, 200, 300]
    for count in (3, 1):
        page, points = page_of(lines)
        for line in lines[:count]:
            draw(page, 110, line, 10)
            page[line - 30 : line - 18, 109:112] = False
        assert len(pulses_beside(page, lines, points, PX_PER_MM)) == (3 if count == 3 else 0)


def test_a_grid_that_is_left_is_no_pulse():
    """Lines 5 mm apart go on above the first row and below the last."""
    lines = [100, 200, 300]
    page, points = page_of(lines)
    page[:, :LEFT:20] = True
    page[::20, :LEFT] = True
    assert pulses_beside(page, lines, points, PX_PER_MM) == ()


def test_narrow_beats_are_no_pulses():
    """R and S are not a fifth of a second apart; of rows without traces nothing is said."""
    lines = [100, 200, 300]
    page, points = page_of(lines)
    for line in lines:
        draw(page, 180, line, 10, width=6)
    assert pulses_beside(page, lines, points, PX_PER_MM) == ()
    assert pulses_beside(page, lines, (np.empty(0), np.empty(0)), PX_PER_MM) == ()


def test_narrow_pulses_among_the_traces_are_beats():
    """A pair of them at one place of two rows says no gain; wide ones stand before each of two columns, narrow ones before the first."""
    lines = [100, 200, 300]
    _, points = page_of(lines)
    beats = (Pulse(700, 707, 80, 100), Pulse(700, 707, 180, 200))
    assert without_beats(beats, lines, points, PX_PER_MM) == ()
    real = (Pulse(150, 158, 60, 100), Pulse(600, 620, 60, 100))
    assert without_beats(real, lines, points, PX_PER_MM) == real
    assert without_beats(beats, [], points, PX_PER_MM) == beats


def test_narrow_pulses_that_open_a_second_column_are_no_beats():
    """One in each row, as in the first column; two below each other are R and S of one lead."""
    lines = [100, 200, 300, 400]
    _, points = page_of(lines)
    first, second = ([Pulse(left, left + 10, line - 40, line) for line in lines] for left in (150, 600))
    assert without_beats(first + second, lines, points, PX_PER_MM) == tuple(first + second)
    assert without_beats(first + second[:2], lines, points, PX_PER_MM) == tuple(first)
