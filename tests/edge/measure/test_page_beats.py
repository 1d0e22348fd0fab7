"""Beats of a page, over all of its leads."""

import warnings

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ecg_edge.layout import LEADS_12
from ecg_edge.measure.page_beats import find_page_beats
from ecg_edge.signals import Signals

from .hearts import RATE_HZ, all_at_once, heart, in_columns


def peaks_of(mv):
    """R peaks as neurokit2 finds them; what it imports warns of itself."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        import neurokit2

        return neurokit2.ecg_peaks(neurokit2.ecg_clean(mv, RATE_HZ), RATE_HZ)[1]["ECG_R_Peaks"]


RHYTHMS = ("sinus rhythm", "sinus bradycardia", "sinus tachycardia", "atrial fibrillation", "left bundle branch block")


@pytest.mark.parametrize("name", RHYTHMS)
@pytest.mark.parametrize("seed", range(3))
def test_the_beats_are_those_that_another_program_finds(name, seed):
    """neurokit2 on lead II; on the leads at once and on the page with its columns and strip."""
    mv = heart(name, seed=seed)
    others = peaks_of(mv[1])
    inner = others[(others > 150) & (others < 4850)]
    for signals in (all_at_once(mv), in_columns(mv)):
        found = find_page_beats(signals)
        assert all(np.abs(found - peak).min() < 40 for peak in inner), signals.names
        assert sum((found > 150) & (found < 4850)) == len(inner)


@given(st.integers(0, 600))
def test_a_shift_in_time_shifts_the_beats(rows):
    """And finds no others."""
    mv = heart("sinus rhythm", 14.0)
    first = find_page_beats(all_at_once(mv[:, :5000]))
    later = find_page_beats(all_at_once(mv[:, rows : rows + 5000])) + rows
    common = [at for at in first if rows + 100 < at < 4900]
    assert all(np.abs(later - at).min() <= 4 for at in common) and len(common) >= 6


def test_leads_of_noise_say_little():
    """Leads count by how far their beats stand out: half of them are noise as strong as the others."""
    mv = heart("sinus rhythm")
    noisy = np.random.default_rng(0).normal(0, 0.4, mv.shape).astype(np.float32)
    noisy[::2] = mv[::2]
    found, truth = find_page_beats(all_at_once(noisy)), find_page_beats(all_at_once(mv))
    assert len(found) == len(truth) and np.abs(found - truth).max() < 30


def test_where_columns_meet_there_is_no_beat():
    """Also where one of them is a few samples longer, and no strip tells what is between."""
    mv = heart("sinus bradycardia")
    signals = in_columns(mv, strip=None)
    for name, rows in (("I", 6), ("V2", 9)):
        column, last = signals.names.index(name), round(signals.stop_s[name] * RATE_HZ)
        signals.mv[last : last + rows, column] = signals.mv[last - 1, column]
    truth = find_page_beats(all_at_once(mv))
    assert all(np.abs(truth - at).min() < 30 for at in find_page_beats(signals))


@pytest.mark.parametrize(
    "mv",
    [
        np.zeros((12, 0)),
        np.zeros((12, 1)),
        np.zeros((12, 5000)),
        np.full((12, 5000), np.nan),
        np.tile(np.linspace(0, 1, 5000), (12, 1)),
        np.random.default_rng(1).normal(0, 0.001, (12, 5000)),
    ],
    ids=["no sample", "one sample", "flat", "unknown", "a drift", "faint noise"],
)
def test_where_nothing_beats_nothing_is_found(mv):
    """And there is neither a warning nor an exception."""
    assert len(find_page_beats(all_at_once(mv, LEADS_12))) == 0


def test_where_all_but_one_column_is_flat_its_beats_alone_are_found():
    """No threshold sinks to the rounding of what is level."""
    mv = heart("sinus rhythm")
    beats = find_page_beats(all_at_once(mv))
    mv[:, 1250:] = 0.1
    found = find_page_beats(in_columns(mv, strip=None))
    assert len(found) <= sum(beats < 1250) + 1


@pytest.mark.parametrize("rate_hz", (100, 125, 250, 360, 1000))
@pytest.mark.parametrize("name", ("sinus rhythm", "sinus tachycardia"))
def test_beats_are_found_at_other_sampling_rates(name, rate_hz):
    """As many as at 500 Hz, at the same moments."""
    mv = heart(name)
    seconds = np.arange(round(mv.shape[1] / RATE_HZ * rate_hz)) / rate_hz
    sampled = np.array([np.interp(seconds, np.arange(len(lead)) / RATE_HZ, lead) for lead in mv])
    ends = dict.fromkeys(LEADS_12, 0.0), dict.fromkeys(LEADS_12, mv.shape[1] / RATE_HZ)
    signals = Signals(sampled.T.astype(np.float32), LEADS_12, LEADS_12, *ends, rate_hz)
    expected = find_page_beats(all_at_once(mv)) / RATE_HZ
    np.testing.assert_allclose(find_page_beats(signals) / rate_hz, expected, atol=0.03)
