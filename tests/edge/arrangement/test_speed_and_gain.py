"""Paper speed and gain: what is known, what the page shows, and what is usual."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ecg_edge.arrangement.calibration_pulses import GAINS_MM_PER_MV, Pulse
from ecg_edge.arrangement.speed_and_gain import SPEED_SLACK, gain_of, is_plausible_width, speed_of

PX_PER_MM = 4.0
WIDTHS_MM = st.floats(1, 2000)


def pulse(height_mm):
    """A pulse of this height."""
    return Pulse(40.0, 60.0, 300.0 - height_mm * PX_PER_MM, 300.0)


@given(st.sampled_from([25.0, 50.0]), st.floats(-0.99, 0.99))
def test_a_speed_is_the_one_at_which_the_columns_hold_ten_seconds(speed, off):
    """Within the slack of a grid's scale."""
    assert speed_of(10 * speed * (1 + off * SPEED_SLACK)) == speed


@pytest.mark.parametrize("columns_mm", [50.0, 125.0, 350.0, 1000.0])
def test_columns_of_another_width_are_taken_for_the_usual_speed(columns_mm):
    """25 mm/s."""
    assert speed_of(columns_mm) == 25.0


@given(st.sampled_from(GAINS_MM_PER_MV), st.lists(st.floats(-0.1, 0.1), min_size=1, max_size=5))
def test_a_gain_is_the_one_that_is_nearest_to_the_pulses(gain, off):
    """By the median of their heights, each up to a tenth off."""
    assert gain_of([pulse(gain * (1 + share)) for share in off], PX_PER_MM) == gain


def test_without_pulses_the_gain_is_the_usual_one():
    """10 mm/mV."""
    assert gain_of((), PX_PER_MM) == 10.0


@given(WIDTHS_MM, st.floats(5, 100), st.floats(2.5, 40))
def test_what_is_known_goes_before_what_the_page_shows(columns_mm, mm_per_s, mm_per_mv):
    """Whatever its columns and pulses say."""
    assert speed_of(columns_mm, mm_per_s) == mm_per_s
    assert gain_of([pulse(10)], PX_PER_MM, mm_per_mv) == mm_per_mv


@pytest.mark.parametrize(
    "columns_mm, known, plausible", [(250, None, True), (500, None, True), (350, None, False), (250, 50, False), (560, 50, True)]
)  # fmt: skip
def test_a_width_is_plausible_at_the_known_speed_or_else_at_any(columns_mm, known, plausible):
    """Ten seconds, with more slack by the scale of pulses."""
    assert is_plausible_width(columns_mm, known) == plausible
