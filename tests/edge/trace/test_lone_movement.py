"""What one lead shows while all others rest."""

import numpy as np
import pytest

from ecg_edge.layout import LEADS_12
from ecg_edge.simulator.heart import simulate
from ecg_edge.trace.lone_movement import MOST, lone_movement
from ecg_edge.trace.lost_leads import Followed, lose_pieces
from ecg_edge.trace.page_clock import on_page_clock

from .test_column_ends import BEATS, RATE_HZ, TIME_S, others


def moving(signal, count=4):
    page = {**others(count), "V6": signal}
    return lone_movement(on_page_clock(page, dict.fromkeys(page, 0.0), RATE_HZ), RATE_HZ)


def written(*at_s, height_mv=1.0, loops=3):
    """Beats and three letters, each as wide as a QRS complex, from each of these times on."""
    signal = BEATS.copy()
    for begin in at_s:
        inside = (begin <= TIME_S) & (begin + 0.08 * loops > TIME_S)
        signal[inside] += height_mv * np.sin(np.pi * (TIME_S[inside] - begin) / 0.08) ** 2
    return signal


@pytest.mark.parametrize("height_mv", [1.0, -1.0])
def test_letters_that_were_followed_between_beats_are_lost(height_mv):
    ((name, (lost,)),) = moving(written(0.5, height_mv=height_mv)).items()
    assert name == "V6" and 0.35 <= lost.start / RATE_HZ <= 0.52 and 0.72 <= lost.stop / RATE_HZ <= 0.88


def test_at_a_beat_and_beside_few_leads_nothing_is_lost():
    assert moving(BEATS) == {} and moving(written(0.1)) == {}
    assert moving(written(0.5), count=2) == {}


def test_a_step_is_an_electrodes_but_beside_what_is_lost():
    stepped = BEATS + 0.6 * (TIME_S > 0.6)
    assert moving(stepped) == {}
    stepped[round(0.7 * RATE_HZ) : round(0.9 * RATE_HZ)] = np.nan
    assert list(moving(stepped)) == ["V6"]


def test_what_a_lead_shows_again_and_again_are_its_own_beats():
    """Of a strip that was not printed at the time of the columns."""
    assert moving(written(0.5, 1.3)) != {}
    assert moving(written(*np.arange(0.4, 2.5, 0.8)[: MOST + 1] + 0.05)) == {}


@pytest.mark.parametrize("kind", ["normal", "infarction", "abnormal", "history"])
@pytest.mark.parametrize("seed", range(4))
def test_nothing_of_a_heart_is_lost(kind, seed):
    leads = dict(zip(LEADS_12, 1.5 * simulate(kind, seed=seed), strict=True))
    assert lone_movement(on_page_clock(leads, dict.fromkeys(leads, 0.0), RATE_HZ), RATE_HZ) == {}


def test_pieces_of_leads_that_are_lost_tell_nothing():
    """They neither move alone nor rest; pieces at a lead's ends that are apart from the rest are lost, those in its middle and long ones are not."""
    page = {**others(4), "V6": written(0.5), "V5": BEATS.copy()}
    clock = on_page_clock(page, dict.fromkeys(page, 0.0), RATE_HZ)
    page["V6"] = np.full(TIME_S.size, np.nan)
    for gap in ((50, 90), (600, 700), (900, 990), (1150, 1190)):
        page["V5"][slice(*gap)] = np.nan
    followed = Followed(page, dict.fromkeys(page, 0.0), dict.fromkeys(page, (-9.0, 9.0)), RATE_HZ)
    assert lose_pieces(followed, clock) == {}
    known = np.flatnonzero(np.isfinite(page["V5"]))
    assert known[0] == 90 and known[-1] == 1149 and np.isfinite(page["V5"][700:900]).all()
    assert np.isfinite(page["I"]).all()
