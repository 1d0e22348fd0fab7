"""Where waves begin, peak and end."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import ndimage

from ecg_edge.measure import delineation
from ecg_edge.measure.delineation import NO_MARKS, delineate

from .hearts import RATE_HZ

MIDDLE, LENGTH = 225, 575


def bump(first_s, last_s, power=2.0):
    """(n,) a wave of height 1 that begins and ends at these seconds from the middle: a raised cosine to a power."""
    at = (np.arange(LENGTH) - MIDDLE) / RATE_HZ
    phase = np.clip((at - first_s) / (last_s - first_s), 0, 1)
    return np.sin(np.pi * phase) ** power


def beat(
    p=(-0.2, -0.1), qrs=(-0.045, 0.045), t=(0.15, 0.36), gains=((0.1, 1.0, 0.3), (0.15, -0.8, 0.2), (-0.1, 1.4, -0.25))
):
    """(k, n) mV of leads that show P, QRS and T of one beat with gains of their own."""
    width = (qrs[1] - qrs[0]) / 3
    spikes = bump(qrs[0], qrs[0] + 2 * width) - 0.7 * bump(qrs[1] - 2 * width, qrs[1])
    return np.array([a * bump(*p) + b * spikes + c * bump(*t) for a, b, c in gains])


@pytest.mark.parametrize("pr_s", [0.12, 0.16, 0.24])
@pytest.mark.parametrize("qrs_s", [0.08, 0.1, 0.14])
@pytest.mark.parametrize("qt_s", [0.34, 0.4, 0.46])
def test_known_intervals_are_found(pr_s, qrs_s, qt_s):
    """Within 16 ms, and 20 for the end of T: waves that rise from nothing are seen a little later than they begin."""
    start = -qrs_s / 2
    leads = beat((start - pr_s, start - pr_s + 0.09), (start, start + qrs_s), (start + qt_s - 0.2, start + qt_s))
    found = delineate(leads, MIDDLE, RATE_HZ, 1.0)
    assert 1000 * (found.qrs_onset - found.p_onset) == pytest.approx(1000 * pr_s, abs=16)
    assert 1000 * (found.qrs_end - found.qrs_onset) == pytest.approx(1000 * qrs_s, abs=16)
    assert 1000 * (found.t_end - found.qrs_onset) == pytest.approx(1000 * qt_s, abs=20)
    assert found.p_peak == pytest.approx(start - pr_s + 0.045, abs=0.012)
    assert found.t_peak == pytest.approx(start + qt_s - 0.1, abs=0.012)


@given(st.integers(0, 2**32 - 1))
def test_the_order_of_leads_and_their_levels_change_no_mark(seed):
    """Only their slopes do."""
    rng = np.random.default_rng(seed)
    leads = beat(p=(-0.201, -0.101))  # its peak nearer to one sample than to the next: else rounding chooses
    other = rng.permutation(leads) + rng.normal(0, 1, (3, 1))
    assert np.allclose(
        list(vars_of(delineate(leads, MIDDLE, RATE_HZ, 0.9))),
        vars_of(delineate(other, MIDDLE, RATE_HZ, 0.9)),
        atol=1e-3,
    )


@given(st.floats(1.1, 4))
def test_a_taller_complex_begins_sooner(gain):
    """By no more than 8 ms for each time that it is twice as tall: it begins at a slope in mV/s, and ends where it did."""
    found, taller = (delineate(height * beat(), MIDDLE, RATE_HZ, 0.9) for height in (1, gain))
    assert 0 <= found.qrs_onset - taller.qrs_onset <= 0.008 * np.log2(gain)
    assert taller.qrs_end == pytest.approx(found.qrs_end, abs=1e-6)


def vars_of(marks):
    """The seven moments."""
    return [getattr(marks, name) for name in ("p_onset", "p_peak", "p_end", "qrs_onset", "qrs_end", "t_peak", "t_end")]


def test_leads_that_lack_the_complex_say_nothing():
    """As if they were not there; what is lost elsewhere is bridged."""
    leads = beat()
    lost = np.vstack([leads, leads[:1]])
    lost[3, 200:260] = np.nan
    assert vars_of(delineate(lost, MIDDLE, RATE_HZ, 1.0)) == vars_of(delineate(leads, MIDDLE, RATE_HZ, 1.0))
    lost[3] = leads[0]
    lost[3, :20] = np.nan
    assert delineate(lost, MIDDLE, RATE_HZ, 1.0).qrs_end == pytest.approx(
        delineate(leads, MIDDLE, RATE_HZ, 1.0).qrs_end, abs=0.004
    )


def test_a_lead_alone_has_marks():
    """A strip."""
    found = delineate(beat()[:1], MIDDLE, RATE_HZ, 1.0)
    assert found.qrs_end - found.qrs_onset == pytest.approx(0.09, abs=0.016)


def test_the_end_of_t_is_no_later_than_the_next_beat_allows():
    """Where the next P wave runs into it."""
    rr_s = 0.42
    leads = beat(t=(0.1, 0.3)) + np.roll(beat(t=(0.1, 0.3)), round(rr_s * RATE_HZ), axis=1)
    found = delineate(leads, MIDDLE, RATE_HZ, rr_s)
    assert found.t_end <= 0.7 * rr_s + 0.004


@pytest.mark.parametrize(
    "leads", [np.zeros((3, LENGTH)), np.full((3, LENGTH), np.nan), np.zeros((0, LENGTH)), 0.001 * beat()]
)
def test_where_there_is_no_complex_there_are_no_marks(leads):
    """Flat, unknown, no lead at all, a thousandth of a beat."""
    assert delineate(leads, MIDDLE, RATE_HZ, 1.0) == NO_MARKS


@pytest.mark.parametrize("rr_s", [None, 0.1, 0.27, 5.0])
def test_no_rate_is_an_exception(rr_s):
    """Waves for which there is no room are None; the complex is found all the same."""
    found = delineate(beat(), MIDDLE, RATE_HZ, rr_s)
    assert found.qrs_onset == pytest.approx(-0.045, abs=0.01)


def test_noise_does_not_prolong_a_small_t_wave():
    """The slope of noise is not that of T: the end is found though the slope hardly falls to T's own share of its steepest one."""
    gains = [(0.0, 1.0, 0.1), (0.0, -0.8, 0.08), *[(0.0, 0.5, 0.0)] * 4]
    leads = beat(t=(0.12, 0.32), gains=gains)
    random = np.random.default_rng(0)
    ends = []
    for _ in range(40):
        noise = ndimage.gaussian_filter1d(random.normal(0, 1, leads.shape), 0.012 * RATE_HZ, axis=1)
        ends.append(delineate(leads + 0.015 * noise / noise.std(), MIDDLE, RATE_HZ, 0.7).t_end)
    assert np.percentile(ends, 90) - delineate(leads, MIDDLE, RATE_HZ, 0.7).t_end < 0.035


@pytest.mark.parametrize("sigma", [1.2, 4.0, 7.5])
@pytest.mark.parametrize("order", [0, 1, 2])
def test_kept_wavelets_are_derivatives_of_gaussians(sigma, order):
    """Bit for bit what SciPy makes anew for each lead."""
    leads = np.random.default_rng(1).normal(size=(3, 90))
    expected = ndimage.gaussian_filter1d(leads, sigma, axis=1, order=order, mode="nearest")
    np.testing.assert_array_equal(
        ndimage.correlate1d(leads, delineation._wavelet(sigma, order), axis=1, mode="nearest"), expected
    )
