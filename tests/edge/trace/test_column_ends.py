"""What a trace follows at its column's end."""

import numpy as np
import pytest

from ecg_edge.layout import LEADS_12
from ecg_edge.simulator.heart import simulate
from ecg_edge.trace.column_ends import ends_elsewhere

RATE_HZ = 500
TIME_S = np.arange(1250) / RATE_HZ
BEATS = 1.2 * np.exp(-(((TIME_S % 0.8 - 0.2) / 0.012) ** 2))
"""Beats 0.2, 1.0 and 1.8 s after the lead begins."""


def others(count, stop=1250):
    """Leads that beat at the same time."""
    return {name: BEATS[:stop] * 0.7 for name in LEADS_12[:count]}


def ends(signal, signals):
    return ends_elsewhere({**signals, "V6": signal}, dict.fromkeys([*signals, "V6"], 0.0), RATE_HZ)


@pytest.mark.parametrize("away_mv", [0.6, -0.6])
@pytest.mark.parametrize("length_s", [0.1, 0.3, 0.5])
def test_what_a_trace_ends_on_is_lost(away_mv, length_s):
    count = round(length_s * RATE_HZ)
    signal = np.where(np.arange(1250) < 1250 - count, BEATS, away_mv)
    assert list(ends(signal, others(3))) == ["V6"]
    (lost,) = ends(signal, others(3))["V6"]
    assert lost.stop == 1250 and 1250 - count - 4 <= lost.start <= 1250 - count
    turned = {name: each[::-1] for name, each in others(3).items()}
    (lost,) = ends(signal[::-1], turned)["V6"]
    assert lost.start == 0 and count <= lost.stop <= count + 4


def test_where_too_few_leads_are_shown_nothing_is_lost():
    signal = np.where(TIME_S < 2.2, BEATS, 0.6)
    assert ends(signal, others(1)) == {} and ends(signal, others(3, stop=900)) == {}


def test_an_st_segment_that_stays_up_after_the_last_beat_is_kept():
    """Its leap is the QRS complex, and so it is in the other leads."""
    signal = BEATS + 0.6 * (TIME_S > 1.82)
    assert ends(signal, others(3)) == {}


@pytest.mark.parametrize("kind", ["normal", "infarction", "abnormal"])
@pytest.mark.parametrize("seed", range(4))
def test_nothing_of_a_heart_is_lost_wherever_its_columns_end(kind, seed):
    leads = dict(zip(LEADS_12, 1.5 * simulate(kind, seed=seed), strict=True))
    for start in range(0, 1250, 50):
        cut = {name: signal[start : start + 1250] for name, signal in leads.items()}
        assert ends_elsewhere(cut, dict.fromkeys(cut, 0.0), RATE_HZ) == {}


def test_what_is_lost_already_is_no_end():
    signal = np.full(1250, np.nan)
    assert ends(signal, others(3)) == {}
    signal = np.where(TIME_S < 2.2, BEATS, np.nan)
    assert ends(signal, others(3)) == {}
