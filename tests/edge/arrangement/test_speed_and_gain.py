"""Paper speed and gain: what is known, what the page shows, and what is usual."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ecg_edge.arrangement.calibration_pulses import GAINS_MM_PER_MV, Pulse
from ecg_edge.arrangement.speed_and_gain import (
    SPEED_SLACK,
    are_others_than,
    contradictions_of,
    gain_of,
    is_plausible_width,
    lone_pulses,
    speed_of,
)
from ecg_edge.errors import PictureError, Reason

PX_PER_MM = 4.0
WIDTHS_MM = st.floats(1, 2000)


def pulse(height_mm=10.0, width_mm=5.0, left_mm=10.0, foot_mm=75.0):
    """A pulse of this size, its foot on a row."""
    foot, left = foot_mm * PX_PER_MM, left_mm * PX_PER_MM
    return Pulse(left, left + width_mm * PX_PER_MM, foot - height_mm * PX_PER_MM, foot)


@given(st.sampled_from([25.0, 50.0]), st.floats(-0.99, 0.99))
def test_without_pulses_a_speed_is_the_one_at_which_the_columns_hold_ten_seconds(speed, off):
    """Within the slack of a grid's scale."""
    assert speed_of(10 * speed * (1 + off * SPEED_SLACK), (), PX_PER_MM) == (speed, "columns")


@pytest.mark.parametrize("columns_mm", [50.0, 125.0, 350.0, 1000.0])
def test_columns_of_another_width_leave_the_usual_speed_to_be_assumed(columns_mm):
    """25 mm/s."""
    assert speed_of(columns_mm, (), PX_PER_MM) == (25.0, "assumed")


@given(st.sampled_from([25.0, 50.0]), st.floats(-0.14, 0.14))
def test_a_pulse_lasts_two_tenths_of_a_second(speed, off):
    """On a page of 250 mm, which holds 10 s at 25 mm/s and 5 s at 50 mm/s."""
    assert speed_of(250.0, [pulse(width_mm=0.2 * speed * (1 + off))] * 3, PX_PER_MM) == (speed, "pulse")


@pytest.mark.parametrize("width_mm", [1.5, 2.5, 3.2, 7.0])
def test_pulses_of_an_unusual_width_say_no_speed(width_mm):
    """Some devices draw them shorter: the columns tell."""
    assert speed_of(250.0, [pulse(width_mm=width_mm)], PX_PER_MM) == (25.0, "columns")
    assert speed_of(165.0, [pulse(width_mm=width_mm)], PX_PER_MM) == (25.0, "assumed")


def test_pulses_and_columns_that_contradict_each_other_leave_no_scale():
    """Columns of 500 mm with pulses of 5 mm would hold 20 s."""
    with pytest.raises(PictureError) as refused:
        speed_of(500.0, [pulse(width_mm=5.0)], PX_PER_MM)
    assert refused.value.reason is Reason.BAD_SCALE


@given(st.sampled_from(GAINS_MM_PER_MV), st.lists(st.floats(-0.1, 0.1), min_size=1, max_size=5))
def test_a_gain_is_the_one_that_is_nearest_to_the_pulses(gain, off):
    """By the median of their heights, each up to a tenth off."""
    assert gain_of([pulse(gain * (1 + share)) for share in off], PX_PER_MM) == (gain, "pulse")


def test_without_pulses_the_gain_is_assumed():
    """10 mm/mV."""
    assert gain_of((), PX_PER_MM) == (10.0, "assumed")


@given(WIDTHS_MM, st.floats(5, 100), st.floats(2.5, 40))
def test_what_is_known_goes_before_what_the_page_shows(columns_mm, mm_per_s, mm_per_mv):
    """Whatever its columns and pulses say."""
    assert speed_of(columns_mm, [pulse()], PX_PER_MM, mm_per_s) == (mm_per_s, "option")
    assert gain_of([pulse(10)], PX_PER_MM, mm_per_mv) == (mm_per_mv, "option")


COLUMNS_MM, ROWS_MM = (30.0, 280.0), (50.0, 75.0, 100.0)


@pytest.mark.parametrize(
    "candidate, is_one",
    [
        (pulse(left_mm=20.0), True),
        (pulse(left_mm=20.0, height_mm=5.0), True),
        (pulse(left_mm=20.0, height_mm=20.0), True),
        (pulse(left_mm=18.0, width_mm=10.0), True),
        (pulse(left_mm=283.0), True),
        (pulse(left_mm=120.0), False),
        (pulse(left_mm=5.0), False),
        (pulse(left_mm=20.0, foot_mm=79.0), False),
        (pulse(left_mm=20.0, height_mm=7.5), False),
        (pulse(left_mm=20.0, width_mm=2.5), False),
    ],
)
def test_a_lone_pulse_stands_beside_the_columns_on_a_row(candidate, is_one):
    """And has the usual duration and a height in use; waves and letters have not all of that."""
    columns = COLUMNS_MM[0] * PX_PER_MM, COLUMNS_MM[1] * PX_PER_MM
    rows = [row * PX_PER_MM for row in ROWS_MM]
    assert lone_pulses([candidate], rows, columns, PX_PER_MM) == ((candidate,) if is_one else ())


@pytest.mark.parametrize(
    "columns_mm, known, plausible", [(250, None, True), (500, None, True), (350, None, False), (250, 50, False), (560, 50, True)]
)  # fmt: skip
def test_a_width_is_plausible_at_the_known_speed_or_else_at_any(columns_mm, known, plausible):
    """Ten seconds, with more slack by the scale of pulses."""
    assert is_plausible_width(columns_mm, known) == plausible


def test_what_was_given_is_held_against_what_two_pulses_show():
    """One pulse may be anything, and a pulse of no usual size says nothing."""
    usual = [pulse()] * 3
    assert contradictions_of(usual, 250.0, PX_PER_MM, 25.0, 10.0) == ()
    assert contradictions_of(usual, 250.0, PX_PER_MM, None, None) == ()
    assert contradictions_of(usual, 250.0, PX_PER_MM, 25.0, 20.0) == (
        "The calibration pulses show 10 mm/mV, and 20 mm/mV was given.",
    )
    assert contradictions_of(usual, 250.0, PX_PER_MM, 50.0, None) == (
        "The calibration pulses show 25 mm/s, and 50 mm/s was given.",
    )
    assert contradictions_of(usual[:1], 250.0, PX_PER_MM, 50.0, 20.0) == ()
    assert contradictions_of([pulse(height_mm=14.0, width_mm=7.3)] * 3, 250.0, PX_PER_MM, 50.0, 20.0) == ()
    assert contradictions_of(usual, 500.0, PX_PER_MM, 50.0, None) == (), "columns of ten seconds say so too"


def test_a_frame_and_waves_are_no_pulses_where_a_whole_one_stands_alone():
    """They stand on fewer than half of the rows, and are of another size in height and width."""
    whole = (Pulse(80, 100, 960, 1000),)
    frame = tuple(Pulse(160, 200, foot - 80, foot) for foot in (124, 336, 404))
    assert are_others_than(frame, whole, 7)
    assert not are_others_than(frame, (), 7) and not are_others_than((), whole, 7)
    assert not are_others_than(frame, whole, 6)
    assert not are_others_than(tuple(Pulse(160, 180, p.top, p.foot) for p in frame), whole, 7)
