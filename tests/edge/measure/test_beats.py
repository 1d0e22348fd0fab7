"""Where the heart beats."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ecg_edge.measure.beats import RATE_HZ, find_beats


def strip(beats, seconds=10.0, t_mv=0.3):
    """A strip with a QRS complex of 1 mV at each of `beats` (samples), a T wave of `t_mv` 300 ms after it, slow drift and a little noise."""
    at = np.arange(round(seconds * RATE_HZ))
    signal = 0.2 * np.sin(2 * np.pi * 0.2 * at / RATE_HZ) + np.random.default_rng(0).normal(0, 0.01, len(at))
    for beat in beats:
        signal += np.exp(-(((at - beat) / 8) ** 2)) - 0.3 * np.exp(-(((at - beat - 20) / 8) ** 2))
        signal += t_mv * np.exp(-(((at - beat - 150) / 35) ** 2))
    return signal


@given(st.integers(170, 600), st.floats(0.2, 3), st.sampled_from([1, -1]))
def test_every_beat_is_found_and_no_t_wave(every, gain, turned):
    """From 50 to 176 beats a minute, small and large, upright and turned over."""
    beats = np.arange(120, 4800, every)
    found = find_beats(turned * gain * strip(beats, t_mv=0.3 if every > 250 else 0.1))
    assert len(found) == len(beats)
    assert np.abs(found - beats).max() <= 15


@pytest.mark.parametrize(
    "signal", [np.zeros(0), np.full(5000, np.nan), np.zeros(5000), np.zeros(300), np.arange(5000) / 5e3]
)
def test_where_nothing_beats_nothing_is_told(signal):
    """Empty, unknown, flat, too short, a drift: no beat, and no warning."""
    assert len(find_beats(signal)) == 0
