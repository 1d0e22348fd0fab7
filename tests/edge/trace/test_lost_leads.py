"""All rules by which leads are lost, one after the other."""

import numpy as np
import pytest

from ecg_edge.trace.lost_leads import Followed, lose

RATE_HZ = 500
LEADS = ("V1", "V2", "V3", "V4", "V5")


@pytest.fixture
def beats():
    """Five leads of beats that are alike, 1 mV high."""
    at = np.arange(5 * RATE_HZ)
    beat = np.exp(-((at % (RATE_HZ * 4 // 5) - 200) ** 2) / (2 * 6.0**2))
    return {name: beat.astype(np.float32) for name in LEADS}


def lost_of(signals):
    page = Followed(signals, dict.fromkeys(signals, 0.0), dict.fromkeys(signals, (-10.0, 10.0)), RATE_HZ)
    because, misnamed = lose(page)
    assert not misnamed
    return because


def test_of_leads_that_agree_nothing_is_lost(beats):
    assert lost_of(beats) == {}
    assert all(np.isfinite(signal).all() for signal in beats.values())


@pytest.mark.parametrize(
    ("signal", "rule"),
    [
        (np.full(5 * RATE_HZ, 2.0), "strays"),
        (np.full(5 * RATE_HZ, 0.7), "implausible"),
        (np.zeros(5 * RATE_HZ), "still"),
    ],
)
def test_a_lead_of_which_nothing_is_left_says_which_rule_took_it(beats, signal, rule):
    beats["V3"] = signal.astype(np.float32)
    because = lost_of(beats)
    assert because == {"V3": rule}
    assert np.isnan(beats["V3"]).all()
    assert np.isfinite(beats["V4"]).all()


def test_a_lead_of_which_a_beat_is_lost_is_not_lost_whole(beats):
    beats["V2"][400:800] *= 0.2
    assert lost_of(beats) == {}
    assert np.isnan(beats["V2"][600])
    assert np.isfinite(beats["V2"][:200]).all()
