"""Calibration pulses: found where they are drawn, and only rising ones."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ecg_edge.arrangement.calibration_pulses import (
    Pulse,
    aligned,
    are_opened_twice,
    columns_of,
    count_aligned,
    find_pulses,
)

PX_PER_MM = 4.0


def draw(page, left, right, top, foot):
    """Draw a pulse with its feet, strokes of two pixels."""
    for x in (left, right):
        page[top : foot + 1, x : x + 2] = True
    page[top : top + 2, left : right + 2] = True
    page[foot : foot + 2, left - 6 : left + 1] = page[foot : foot + 2, right : right + 6] = True


@given(
    gain=st.sampled_from([5, 10, 20]), left=st.integers(20, 200), width=st.integers(8, 28), foot=st.integers(100, 180)
)
def test_a_pulse_is_found_where_it_is_drawn(gain, left, width, foot):
    """Of any width and gain in use, within a pixel and a half."""
    page = np.zeros((220, 260), bool)
    draw(page, left, left + width, foot - 4 * gain, foot)
    (pulse,) = find_pulses(page, PX_PER_MM)
    assert (pulse.left, pulse.right) == pytest.approx((left + 0.5, left + width + 0.5), abs=1.5)
    assert (pulse.top, pulse.foot) == pytest.approx((foot - 4 * gain, foot), abs=1.5)


def test_a_pulse_that_hangs_is_none():
    """Upside down its flat top is below."""
    page = np.zeros((220, 260), bool)
    draw(page, 100, 110, 60, 100)
    assert find_pulses(page[::-1], PX_PER_MM) == []


def test_a_box_that_is_filled_or_continues_upward_is_no_pulse():
    """Nothing stands within or above a pulse."""
    filled, tall = np.zeros((220, 260), bool), np.zeros((220, 260), bool)
    filled[60:101, 100:112] = True
    draw(tall, 100, 110, 60, 100)
    tall[40:60, 100:112] = True
    assert find_pulses(filled, PX_PER_MM) == find_pulses(tall, PX_PER_MM) == []


def test_pulses_count_where_they_stand_below_each_other():
    """One that stands alone is dropped; columns are told from the left."""
    page = np.zeros((400, 400), bool)
    for foot in (100, 200, 300):
        draw(page, 40, 50, foot - 40, foot)
    draw(page, 200, 210, 110, 150)
    found = aligned(find_pulses(page, PX_PER_MM), PX_PER_MM)
    assert [round(pulse.foot) for pulse in found] == pytest.approx([100, 200, 300], abs=2)
    assert len(columns_of(found, PX_PER_MM)) == 1


def test_pulses_are_counted_on_the_upright_page_alone():
    """Turned by a quarter or by half none rises."""
    page = np.zeros((400, 400), bool)
    for foot in (100, 200, 300):
        draw(page, 40, 60, foot - 40, foot)
    counts = [count_aligned(np.ascontiguousarray(np.rot90(page, turns)), PX_PER_MM) for turns in range(4)]
    assert counts[0] == 3
    assert max(counts[1:]) == 0


def test_two_columns_are_opened_by_pulses_in_their_rows():
    """Four at least in each, and far from each other: two that differ in height stand in one column."""
    rows = (100, 200, 300, 400)
    first, second = ([Pulse(left, left + 10, row - 40, row) for row in rows] for left in (60, 500))
    assert are_opened_twice(first + second, 4.0)
    assert not are_opened_twice(first + second[:3], 4.0)
    assert not are_opened_twice(first + [Pulse(60, 70, row + 20, row + 40) for row in rows], 4.0)


@pytest.mark.parametrize(("rows", "seen", "counts"), [(6, 4, True), (6, 3, False), (3, 2, False), (12, 7, False)])
def test_a_second_column_counts_with_two_of_its_six_pulses_missing(rows, seen, counts):
    """Four open a column; of two beside three nothing is known, and of seven beside twelve."""
    first = [Pulse(60, 80, 100 * row - 40, 100 * row) for row in range(1, rows + 1)]
    second = [Pulse(500, 520, 100 * row - 40, 100 * row) for row in range(1, seen + 1)]
    assert len(columns_of(aligned(first + second, 4.0), 4.0)) == 1 + counts
