"""Leads on one clock, and the heart's beats in it."""

import numpy as np
import pytest

from ecg_edge.layout import LEADS_12
from ecg_edge.simulator.heart import simulate
from ecg_edge.trace.page_clock import KEPT_HZ, movement, on_page_clock

RATE_HZ = 500
COLUMN = 1250


@pytest.fixture(scope="module")
def columns():
    """({lead: 2.5 s of mV}, {lead: when it begins}) of a page of four columns and a strip of lead II."""
    whole = simulate("normal", seconds=10, rate_hz=RATE_HZ, seed=1)
    starts = {name: number // 3 * 2.5 for number, name in enumerate(LEADS_12)}
    signals = {
        name: whole[number, round(starts[name] * RATE_HZ) :][:COLUMN].copy() for number, name in enumerate(LEADS_12)
    }
    return signals | {"rhythm": whole[1].copy()}, starts | {"rhythm": 0.0}


def test_leads_stand_at_their_times_and_nowhere_else(columns):
    clock = on_page_clock(*columns, RATE_HZ)
    assert len(clock.leads) == 13 and abs(clock.leads.shape[1] - 10 * KEPT_HZ) <= 1
    for name, start, lead in zip(clock.names, clock.starts, clock.leads, strict=True):
        assert start == round(columns[1][name] * KEPT_HZ)
        known = np.flatnonzero(np.isfinite(lead))
        assert known[0] == start and known.size == -(-columns[0][name].size // (RATE_HZ // KEPT_HZ))


def test_the_heart_beats_where_lead_ii_is_highest(columns):
    """Each beat of the page is at an R wave of the strip, and none is missed but at the ends."""
    from scipy.signal import find_peaks

    clock = on_page_clock(*columns, RATE_HZ)
    strip = columns[0]["rhythm"]
    peaks = find_peaks(strip, 0.5 * strip.max(), distance=150)[0] / RATE_HZ
    inner = peaks[(peaks > 0.2) & (peaks < 9.8)]
    assert all(np.abs(clock.beats / KEPT_HZ - peak).min() < 0.05 for peak in inner)
    assert all(np.abs(peaks - beat).min() < 0.05 for beat in clock.beats / KEPT_HZ)


def test_lost_leads_are_left_out_and_a_page_of_none_has_no_clock(columns):
    signals, start_s = columns
    signals = signals | {"V1": np.full(COLUMN, np.nan)}
    assert "V1" not in on_page_clock(signals, start_s, RATE_HZ).names
    assert on_page_clock({"V1": signals["V1"]}, start_s, RATE_HZ) is None
    assert on_page_clock({}, {}, RATE_HZ) is None


def test_a_lead_of_which_no_sample_is_kept_is_left_out(columns):
    """Three samples between two of those that are kept."""
    signals, start_s = columns
    few = np.full(COLUMN, np.nan)
    few[401:404] = 0.1
    assert "V1" not in on_page_clock(signals | {"V1": few}, start_s, RATE_HZ).names


def test_movement_is_known_where_all_of_its_time_is():
    lead = np.arange(50.0)[None]
    lead[0, 30] = np.nan
    moved = movement(lead, 0.04)
    assert moved[0, 10] == 4
    assert np.isnan(moved[0, 28:33]).all() and np.isfinite(moved[0, [27, 33]]).all()
