"""Voltages of leads, and axes."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ecg_edge.measure.delineation import Marks
from ecg_edge.measure.lead_values import AUGMENTED, LEAD_DEG, LeadValues, axis_deg, lead_values

RATE_HZ, MIDDLE, LENGTH = 500, 225, 575
MARKS = Marks(-0.2, -0.15, -0.1, -0.04, 0.04, 0.25, 0.35)


def values_of(beat, marks=MARKS):
    """The `LeadValues` of one lead."""
    return lead_values({"V2": beat}, marks, MIDDLE, RATE_HZ)["V2"]


def lead(*points, level=0.0):
    """(n,) mV of straight lines between (seconds from the middle, mV)."""
    seconds, mv = zip(*points, strict=True)
    return level + np.interp((np.arange(LENGTH) - MIDDLE) / RATE_HZ, seconds, mv)


QRS_T = (
    (-0.04, 0),
    (-0.03, -0.2),
    (0.0, 1.5),
    (0.03, -0.4),
    (0.036, 0.1),
    (0.044, 0.1),
    (0.1, 0.15),
    (0.25, 0.6),
    (0.35, 0),
)


@given(st.floats(-3, 3))
def test_waves_and_st_are_measured_from_the_level_before_the_complex(level):
    """Q and S are negative, ST at the J point and 60 ms later."""
    found = values_of(lead(*QRS_T, level=level))
    assert (found.q_mv, found.r_mv, found.s_mv, found.t_mv) == pytest.approx((-0.2, 1.5, -0.4, 0.6), abs=0.01)
    assert (found.st_j_mv, found.st_60_mv) == pytest.approx((0.1, 0.15), abs=0.03)


def test_a_complex_that_only_falls_is_q_and_an_inverted_t_is_negative():
    """QS: there is no R, and no S after it."""
    found = values_of(lead((-0.04, 0), (0, -1.2), (0.04, 0), (0.15, 0), (0.25, -0.3), (0.35, 0)))
    assert (found.q_mv, found.r_mv, found.s_mv, found.t_mv) == pytest.approx((-1.2, 0, 0, -0.3), abs=0.01)


def test_what_is_not_known_is_none():
    """Each value by itself; all where there are no marks, or no level to count from."""
    beat = lead(*QRS_T)
    beat[MIDDLE + 60 :] = np.nan
    found = values_of(beat)
    assert found.t_mv is None and found.st_60_mv is not None and found.r_mv == pytest.approx(1.5, abs=0.01)
    beat[: MIDDLE - 20] = np.nan
    assert values_of(beat) == LeadValues()
    assert values_of(lead(*QRS_T), Marks()) == LeadValues()
    assert set(LeadValues().to_dict().values()) == {None}
    assert lead_values({}, MARKS, MIDDLE, RATE_HZ) == {}


def test_leads_do_not_depend_on_each_other():
    """One that is not known, one that only falls and one with all waves are measured together as they are by themselves."""
    beats = {"I": lead(*QRS_T), "V1": lead((-0.04, 0), (0, -1.2), (0.04, 0)), "V6": np.full(LENGTH, np.nan)}
    found = lead_values(beats, MARKS, MIDDLE, RATE_HZ)
    assert found == {name: values_of(beat) for name, beat in beats.items()}
    assert found["V6"] == LeadValues()


@given(st.floats(-179, 179), st.sets(st.sampled_from(sorted(LEAD_DEG)), min_size=2), st.floats(0.1, 3))
def test_the_axis_is_the_hearts_direction_whichever_leads_are_known(angle_deg, names, height_mv):
    """Each limb lead shows the vector's projection on it; augmented ones less of it."""
    beats = {
        name: height_mv
        * (AUGMENTED if name.startswith("a") else 1)
        * np.cos(np.deg2rad(angle_deg - LEAD_DEG[name]))
        * lead((-0.04, 0), (0, 1), (0.04, 0))
        for name in names
    }
    found = axis_deg(beats, MARKS.qrs_onset, MARKS.qrs_end, MARKS, MIDDLE, RATE_HZ)
    assert abs((found - angle_deg + 180) % 360 - 180) < 0.5


def test_no_area_and_a_lead_alone_have_no_axis():
    """Nor has a wave that was not made out."""
    flat, wave = np.zeros(LENGTH), lead((-0.04, 0), (0, 1), (0.04, 0))
    ends = MARKS.qrs_onset, MARKS.qrs_end
    assert axis_deg({"I": flat, "II": flat}, *ends, MARKS, MIDDLE, RATE_HZ) is None
    assert axis_deg({"I": wave}, *ends, MARKS, MIDDLE, RATE_HZ) is None
    assert axis_deg({"I": wave, "II": wave}, None, 0.1, MARKS, MIDDLE, RATE_HZ) is None
    assert axis_deg({"I": wave, "II": wave}, *ends, Marks(), MIDDLE, RATE_HZ) is None
