"""The dominant beat of each lead."""

import warnings

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ecg_edge.measure.median_beats import (
    AFTER_S,
    BEFORE_S,
    _over_beats_in_numpy,
    median_beats,
    over_beats,
    repetition,
)

from .hearts import RATE_HZ, all_at_once

BEATS = np.arange(400, 4600, 420.0)
LENGTH = round((BEFORE_S + AFTER_S) * RATE_HZ)


def leads(count=2, noise=0.0):
    """(count, 5000) mV: a bell of 1, 2, … mV at each beat, on a level of its own for each beat."""
    at = np.arange(5000)
    rng = np.random.default_rng(3)
    bells = sum(np.exp(-0.5 * ((at - beat) / 8) ** 2) for beat in BEATS)
    level = rng.normal(0, 0.3, 13)[(at + 230) // 420]
    return np.arange(1, count + 1)[:, None] * bells + level + rng.normal(0, noise, (count, 5000))


def test_the_median_of_equal_beats_is_a_beat():
    """Whatever level each stands on; the level before the complex is 0."""
    found = median_beats(all_at_once(leads(), ("I", "II")), BEATS)
    assert found.shape == (2, LENGTH)
    middle = round(BEFORE_S * RATE_HZ)
    assert np.allclose(found[:, middle], [1, 2], atol=0.01) and np.allclose(found[:, middle - 60], 0, atol=0.01)


def test_one_odd_beat_and_gaps_leave_it_as_it_is():
    """A median; where a lead is lost its other beats are taken, and where none shows it there is NaN."""
    mv = leads(3)
    mv[0, 820 - 60 : 820 + 60] += 3
    mv[1, :2500] = np.nan
    mv[2] = np.nan
    found = median_beats(all_at_once(mv, ("I", "II", "III")), BEATS)
    whole = median_beats(all_at_once(leads(3), ("I", "II", "III")), BEATS)
    middle = slice(round(BEFORE_S * RATE_HZ) - 100, round(BEFORE_S * RATE_HZ) + 100)
    assert np.allclose(found[:2, middle], whole[:2, middle], atol=0.02) and np.isnan(found[2]).all()


@pytest.mark.parametrize("beats", [np.zeros(0), np.array([-5000.0]), np.array([0.0, 4999.0])])
def test_beats_outside_and_none_are_no_exception(beats):
    """Unknown leads have NaN."""
    assert median_beats(all_at_once(leads(), ("I", "II")), beats).shape == (2, LENGTH)


def test_what_every_beat_has_repeats_and_noise_does_not():
    """About 1 on the bell, about 0 on noise; None where no lead shows two beats."""
    signals = all_at_once(leads(noise=0.02), ("I", "II"))
    assert repetition(signals, BEATS, -0.04, 0.04) > 0.9
    assert abs(repetition(signals, BEATS, 0.2, 0.36)) < 0.2
    assert repetition(signals, BEATS[:1], -0.04, 0.04) is None
    assert repetition(signals, BEATS, 0.1, 0.1) is None
    assert repetition(signals, np.zeros(0), -0.04, 0.04) is None


@settings(max_examples=60)
@given(st.integers(1, 4), st.integers(1, 14), st.integers(1, 30), st.integers(0, 2**32 - 1))
def test_medians_over_beats_are_numpys(count, beats, length, seed):
    """To the bit, compiled and not, of what is known; and not a number where nothing is."""
    rng = np.random.default_rng(seed)
    cut = rng.integers(-3, 4, (count, beats, length)).astype(np.float32) / 3
    cut[rng.random(cut.shape) < rng.random()] = np.nan
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)
        expected = np.nanmedian(cut, axis=1)
    np.testing.assert_array_equal(over_beats(cut.copy()), expected)
    np.testing.assert_array_equal(_over_beats_in_numpy(cut.copy()), expected)
