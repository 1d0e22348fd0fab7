"""Beats that one lead alone does not show as the others do are told from those that the heart made so."""

import numpy as np
import pytest

from ecg_edge.layout import CLASSES, LEADS_12
from ecg_edge.simulator.heart import simulate
from ecg_edge.trace.beat_agreement import odd_beats

RATE_HZ = 500
BEATS_S = np.arange(0.5, 10, 0.9)
TOGETHER = dict.fromkeys(LEADS_12, 0.0)


def heart(heights=1.0, seed=0):
    """{lead: (5000,) mV} of beats at `BEATS_S`, in each lead of another height, the beats' own `heights` on top; T waves; as unsteady as they are read."""
    rng, time_s = np.random.default_rng(seed), np.arange(5000) / RATE_HZ
    heights = np.broadcast_to(heights, BEATS_S.shape)
    beats = sum(h * np.exp(-(((time_s - at) / 0.012) ** 2)) for h, at in zip(heights, BEATS_S, strict=True))
    waves = sum(0.2 * np.exp(-(((time_s - at - 0.28) / 0.06) ** 2)) for at in BEATS_S)
    signs = np.resize([1.0, 0.8, -0.9, 1.4, 0.6], len(LEADS_12))
    return {
        name: (sign * beats + waves + rng.normal(0, 0.01, 5000)).astype(np.float32)
        for name, sign in zip(LEADS_12, signs, strict=True)
    }


def in_columns(leads, strip="II"):
    """The leads as a page of 3 rows, 4 columns and a strip shows them, and when each begins."""
    start_s = {name: 2.5 * (number // 3) for number, name in enumerate(LEADS_12)}
    shown = {name: leads[name][round(at * RATE_HZ) :][:1250] for name, at in start_s.items()}
    return shown | {"rhythm": leads[strip]}, start_s | {"rhythm": 0.0}


def near(at_s):
    """The samples of a beat at this time."""
    return slice(round((at_s - 0.06) * RATE_HZ), round((at_s + 0.06) * RATE_HZ))


@pytest.mark.parametrize("kind", CLASSES)
def test_no_beat_of_a_heart_is_odd(kind):
    """Simulated ones of every class, in both arrangements."""
    for seed in range(3):
        leads = dict(zip(LEADS_12, simulate(kind, seed=seed), strict=True))
        assert odd_beats(leads, TOGETHER, RATE_HZ) == {}
        assert odd_beats(*in_columns(leads), RATE_HZ) == {}


@pytest.mark.parametrize("height", [0.4, 2.2])
def test_a_beat_that_is_another_in_all_leads_is_the_hearts_own(height):
    """As premature beats are, higher or lower than the others."""
    heights = np.ones(len(BEATS_S))
    heights[3] = height
    assert odd_beats(heart(heights), TOGETHER, RATE_HZ) == {}


@pytest.mark.parametrize("lead", ["V3", "aVL"])
@pytest.mark.parametrize("what", ["halved", "scribble", "missing"])
def test_a_beat_that_one_lead_alone_shows_otherwise_is_found(lead, what):
    """Of ten beats that one, half way to the next ones."""
    leads, at = heart(), near(BEATS_S[4])
    changed = {"halved": leads[lead][at] * 0.4, "scribble": 3.0 * leads[lead][at] + 0.5, "missing": leads[lead][at] * 0}
    leads[lead][at] = changed[what]
    found = odd_beats(leads, TOGETHER, RATE_HZ)
    assert list(found) == [lead] and len(found[lead]) == 1
    ends = found[lead][0].start / RATE_HZ, found[lead][0].stop / RATE_HZ
    np.testing.assert_allclose(ends, (BEATS_S[4] - 0.45, BEATS_S[4] + 0.45), atol=0.03)


def test_a_page_in_columns_has_its_strip_to_say_so():
    """A lead of three beats, and two beside it."""
    leads, start_s = in_columns(heart())
    first = near(BEATS_S[0])
    leads["III"][first] = 0.3 * leads["III"][first]
    assert list(odd_beats(leads, start_s, RATE_HZ)) == ["III"]
    leads.pop("rhythm")
    assert odd_beats(leads, start_s, RATE_HZ) == {}  # two others are not enough to say


def test_a_strip_of_another_time_than_the_columns_is_left_alone():
    """Some devices print it so: its beats stand elsewhere, and many of them are odd."""
    leads, start_s = in_columns(heart())
    leads["rhythm"] = np.roll(leads["rhythm"], 200)
    assert "rhythm" not in odd_beats(leads, start_s, RATE_HZ)


def test_what_was_lost_says_nothing():
    """Leads of NaN, few leads, none."""
    lost = {name: np.full(5000, np.nan, np.float32) for name in LEADS_12}
    assert odd_beats(lost, TOGETHER, RATE_HZ) == {}
    few = {name: heart()[name] for name in ("I", "II", "III")}
    assert odd_beats(few, TOGETHER, RATE_HZ) == {} == odd_beats({}, {}, RATE_HZ)
