"""How far what is measured on paper is from the truth: told where it is known, and only there."""

from dataclasses import replace

import pytest

from ecg_edge.measure.measurements import Measurements, measure
from ecg_edge.measure.uncertainty import FEWEST_BEATS, SPREAD, with_uncertainty

from .hearts import heart, in_columns


@pytest.fixture(scope="module")
def measured():
    """Of a simulated heart on a page."""
    return measure(in_columns(heart("sinus rhythm")))


def test_each_value_that_is_known_has_one(measured):
    """What was measured stays; signals that are no page have none."""
    found = with_uncertainty(measured, True, True)
    assert found.uncertainty == SPREAD and measured.uncertainty == {}
    assert replace(found, uncertainty={}) == measured
    without_p = replace(measured, p_ms=None, pr_ms=None, axis_p_deg=None)
    assert SPREAD.keys() - with_uncertainty(without_p, True, True).uncertainty.keys() == {"p_ms", "pr_ms", "axis_p_deg"}


def test_without_a_known_scale_there_is_none(measured):
    """Speed is in durations, gain in voltages; axes need neither."""
    no_speed, no_gain, neither = (
        set(with_uncertainty(measured, *known).uncertainty) for known in ((False, True), (True, False), (False, False))
    )
    assert no_speed & no_gain == neither == {name for name in SPREAD if name.endswith("_deg")}
    assert {"qrs_ms", "rate_per_min"} <= no_gain and {"cornell_mv", "st_j_mv"} <= no_speed


@pytest.mark.parametrize("beats", [None, {"dominant": None}, {"dominant": FEWEST_BEATS - 1}])
def test_few_beats_have_none(measured, beats):
    """Nor has nothing."""
    assert with_uncertainty(replace(measured, beats=beats), True, True).uncertainty == {}
    assert with_uncertainty(Measurements(), True, True) == Measurements()
