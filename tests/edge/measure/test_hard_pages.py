"""Pages that are hard to measure: values where they can be had, null where not, never an exception, and JSON of the contract."""

import json
import warnings

import jsonschema
import numpy as np
import pytest

from ecg_edge.layout import LEADS_12
from ecg_edge.measure.measurements import measure
from ecg_edge.measure.statements import as_json, statements

from .hearts import RATE_HZ, all_at_once, heart, in_columns
from .test_measurements import schema


def measured(signals):
    """`measure`, with every warning an error, and its JSON held against the contract."""
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        found = measure(signals)
        told = as_json(found)
    whole = schema()
    whole["required"] = [*whole["required"], "statements"]
    jsonschema.validate(json.loads(json.dumps(told, allow_nan=False)), whole)
    return found


def codes(found):
    """Of the findings that are there."""
    return {each.code for each in statements(found) if each.state == "present"}


def wide_and_fast(per_min, seconds=10):
    """(12, n) mV of ventricular tachycardia: wide complexes of one shape without P waves."""
    at_s = np.arange(round(seconds * RATE_HZ)) / RATE_HZ
    phase = (at_s * per_min / 60) % 1 * 60 / per_min
    shape = np.exp(-(((phase - 0.1) / 0.035) ** 2)) - 0.35 * np.exp(-(((phase - 0.22) / 0.05) ** 2))
    return np.stack([gain * shape for gain in np.linspace(-1.5, 1.5, 12)])


def test_a_page_without_a_strip_is_measured_from_its_columns():
    """Four stretches of 2.5 s: intervals as with the strip, the rate too."""
    mv = heart("sinus rhythm")
    with_strip, without = measured(in_columns(mv)), measured(in_columns(mv, strip=None))
    assert without.rate_per_min == pytest.approx(with_strip.rate_per_min, rel=0.05)
    assert without.qrs_ms == pytest.approx(with_strip.qrs_ms, abs=12)
    assert without.pr_ms == pytest.approx(with_strip.pr_ms, abs=24)


def test_a_strip_of_one_column_alone_is_measured():
    """2.5 s of one lead: a rate, and no value that needs others."""
    found = measured(all_at_once(heart("sinus tachycardia")[1:2, : round(2.5 * RATE_HZ)], ("II",)))
    assert 105 < found.rate_per_min < 145 and found.axis_qrs_deg is None and found.sokolow_lyon_mv is None


def test_one_beat_in_each_column_gives_intervals():
    """At 38 a minute a column of 2.5 s may show one beat: none is lost, none invented."""
    mv = heart("sinus bradycardia")
    found, whole = measured(in_columns(mv, strip=None)), measured(all_at_once(mv))
    assert abs(len(found.beats_s) - len(whole.beats_s)) <= 1
    assert found.qrs_ms == pytest.approx(whole.qrs_ms, abs=16)


def test_asystole_has_no_rate_and_a_heart_that_stops_has_a_pause():
    """Nothing is made up of a level line, before or after beats."""
    assert measured(all_at_once(np.zeros((12, 5000)))).rate_per_min is None
    mv = heart("sinus rhythm")
    beats = measure(all_at_once(mv)).beats_s
    first, last = round((beats[2] + 0.45) * RATE_HZ), round((beats[-2] - 0.3) * RATE_HZ)
    mv[:, first:last] = mv[:, first : first + 1]
    found = measured(all_at_once(mv))
    assert max(found.pauses_s) > 3 and "pause" in codes(found)


@pytest.mark.parametrize("per_min", [150, 190])
def test_ventricular_tachycardia_is_fast_and_wide_and_no_sinus_rhythm(per_min):
    """Nor fibrillation: it is regular."""
    found = measured(in_columns(wide_and_fast(per_min)))
    assert found.rate_per_min == pytest.approx(per_min, rel=0.03)
    assert "tachycardia" in codes(found) and not codes(found) & {"irregular_without_p", "paced_rhythm"}
    assert found.qrs_ms is None or found.qrs_ms >= 110


@pytest.mark.parametrize("seed", range(3))
def test_ventricular_fibrillation_has_neither_p_nor_sinus_rhythm(seed):
    """Waves of 3 to 7 Hz without any complex."""
    rng = np.random.default_rng(seed)
    at_s = np.arange(5000) / RATE_HZ
    waves = [np.sin(2 * np.pi * (rng.uniform(3, 7) * at_s + rng.random())) * rng.uniform(0.1, 0.4) for _ in range(6)]
    mv = np.stack([sum(rng.permutation([1, -1, 0.5, -0.5, 0.2, 1])[k] * waves[k] for k in range(6)) for _ in range(12)])
    found = measured(all_at_once(mv))
    assert not codes(found) & {"sinus_rhythm", "paced_rhythm"}


def test_swapped_arm_leads_are_told():
    """I is turned over, II and III, aVR and aVL have changed places; and not before."""
    mv = heart("sinus rhythm")
    swapped = mv.copy()
    swapped[0] = -mv[0]
    for one, other in (("II", "III"), ("aVR", "aVL")):
        one, other = LEADS_12.index(one), LEADS_12.index(other)
        swapped[[one, other]] = mv[[other, one]]
    assert "reversed_arm_leads" in codes(measured(in_columns(swapped, strip=None)))
    assert "reversed_arm_leads" not in codes(measured(in_columns(mv, strip=None)))


@pytest.mark.parametrize("lost", [LEADS_12[:6], LEADS_12[6:], LEADS_12[::2]])
def test_half_of_the_leads_lost_leaves_the_rate(lost):
    """And the intervals; values of lost leads are not there, nor those that need them."""
    mv = heart("sinus rhythm")
    whole = measured(all_at_once(mv))
    for name in lost:
        mv[LEADS_12.index(name)] = np.nan
    found = measured(all_at_once(mv))
    assert found.rate_per_min == pytest.approx(whole.rate_per_min, rel=0.02) and not set(lost) & set(found.leads)
    assert found.qrs_ms == pytest.approx(whole.qrs_ms, abs=30)  # limb leads alone show less of it
    assert (found.axis_qrs_deg is None) == (lost == LEADS_12[:6])
