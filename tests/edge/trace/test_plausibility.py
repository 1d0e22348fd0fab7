"""Signals that no lead gives are told from those that one may."""

import numpy as np
import pytest

from ecg_edge.layout import CLASSES
from ecg_edge.simulator.heart import simulate
from ecg_edge.trace.lead_traces import RATE_HZ
from ecg_edge.trace.plausibility import MAX_MEDIAN_MV, PLATEAU_S, is_implausible

TIME_S = np.arange(1250) / RATE_HZ
BEATS = 1.2 * np.exp(-(((TIME_S % 0.8 - 0.4) / 0.012) ** 2))
"""Beats as narrow as they come, over 2.5 s."""


@pytest.mark.parametrize("kind", CLASSES)
def test_simulated_hearts_are_plausible(kind):
    """Every lead of every class."""
    for seed in range(3):
        for signal in simulate(kind, seed=seed):
            assert not is_implausible(signal, RATE_HZ), (kind, seed)


@pytest.mark.parametrize(
    "shift_mv, implausible", [(0.0, False), (1.2, False), (-1.2, False), (1.7, True), (-1.7, True)]
)
def test_a_trace_far_from_its_row_is_none(shift_mv, implausible):
    """Its median tells, whatever the beats do."""
    assert MAX_MEDIAN_MV == 1.5
    assert is_implausible(BEATS + shift_mv, RATE_HZ) == implausible


@pytest.mark.parametrize(
    "length_s, height_mv, implausible", [(0.6, 2.0, True), (0.6, -1.4, True), (0.3, 2.0, False), (0.6, 0.6, False)]
)
def test_a_long_straight_line_off_the_trace_is_a_printed_one(length_s, height_mv, implausible):
    """Where the heart is at rest, a trace lies near its own median."""
    assert PLATEAU_S == 0.4
    signal = BEATS.copy()
    signal[400 : 400 + round(length_s * RATE_HZ)] = height_mv
    assert is_implausible(signal, RATE_HZ) == implausible


def test_what_is_lost_is_not_judged():
    """NaN, and too little to say."""
    assert not is_implausible(np.full(1250, np.nan), RATE_HZ)
    assert not is_implausible(np.zeros(0), RATE_HZ)
    assert not is_implausible(np.where(TIME_S < 0.2, 1.3, np.nan), RATE_HZ)
