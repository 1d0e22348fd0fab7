"""Spikes in one lead that no heart makes."""

import numpy as np
import pytest

from ecg_edge.trace.narrow_spikes import MOST, narrow_spikes

from .test_column_ends import BEATS, RATE_HZ, others


def spiked(*at, height_mv=2.0):
    """Beats with a stroke of 10 ms at each of these samples."""
    signal = BEATS * 0.8
    for sample in at:
        signal[sample - 2 : sample + 3] += height_mv
    return signal


def spikes(signal, count=3):
    page = {**others(count), "V6": signal}
    return narrow_spikes(page, dict.fromkeys(page, 0.0), RATE_HZ)


@pytest.mark.parametrize("height_mv", [2.0, -2.0])
def test_a_stroke_that_was_climbed_between_beats_is_lost(height_mv):
    ((name, (lost,)),) = spikes(spiked(250, height_mv=height_mv)).items()
    assert name == "V6" and lost.start <= 248 and lost.stop >= 253 and lost.stop - lost.start <= 25


def test_beats_a_spike_at_a_beat_and_one_of_which_no_other_lead_tells_are_kept():
    assert spikes(spiked()) == {}
    assert spikes(spiked(100)) == {}
    assert spikes(spiked(250), count=1) == {}
    lost = spiked(250)
    lost[100:240] = np.nan
    assert list(spikes(lost)) == ["V6"]


def test_many_spikes_are_a_leads_own_beats():
    """Of a strip that is shown from another time."""
    assert len(spikes(0 * BEATS + spiked(220) - spiked())) == 1
    assert spikes(spiked(*range(220, 220 + 300 * (MOST + 1), 300)) - spiked()) == {}
