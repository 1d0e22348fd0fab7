"""What is measured on a page: on simulated hearts whose waves are known, and on what is no heart."""

import json

import jsonschema
import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

import ecg_edge.result
from ecg_edge.layout import LEADS_12
from ecg_edge.measure.measurements import Measurements, corrected_qt_ms, measure
from ecg_edge.measure.statements import statements
from ecg_edge.simulator.heart import LEAD_VECTORS, PATTERNS

from .hearts import RATE_HZ, all_at_once, heart, in_columns

TIMES = ("p_ms", "pr_ms", "qrs_ms", "qt_ms")


def schema():
    """That of `measurements`, statements left out."""
    path = ecg_edge.result.__file__.replace("result.py", "result.schema.json")
    with open(path, encoding="utf-8") as file:
        found = json.load(file)["$defs"]["measurements"]
    found["required"] = [name for name in found["required"] if name != "statements"]
    return found


def drawn_axis_deg(waves):
    """That of the area of the waves of a sinus beat, as Dower's leads I and II show it; a person's is turned by up to 6 degrees."""
    beat = [wave for wave in PATTERNS["normal"][0].beat if wave.name in waves]
    area = sum(wave.width_rad * np.array([wave.x_mv, wave.y_mv, wave.z_mv]) for wave in beat)
    one, two = (area @ LEAD_VECTORS[name] for name in ("I", "II"))
    return np.rad2deg(np.arctan2((two - one / 2) * 2 / 3**0.5, one))


@pytest.mark.parametrize("arranged", [all_at_once, in_columns])
@pytest.mark.parametrize("seed", range(4))
def test_a_sinus_rhythm_has_the_intervals_that_it_was_made_with(arranged, seed):
    """P peaks 1.02 rad, T 1.85 rad before and after R at 60 a minute, and both go with the root of RR; the QRS complex stays."""
    found = measure(arranged(heart("sinus rhythm", seed=seed)))
    rr_s = found.rr_s[0]
    root = rr_s**0.5
    assert 60 <= found.rate_per_min <= 85 and found.p_wave and found.regular
    assert found.beats["premature_wide"] == found.beats["premature_narrow"] == 0
    p_onset, q_onset = -(1.02 + 2.1 * 0.17) * root / (2 * np.pi), -(0.20 + 2.1 * 0.055) / (2 * np.pi)
    assert found.pr_ms == pytest.approx(1000 * (q_onset - p_onset), abs=16)
    assert found.qrs_ms == pytest.approx(1000 * ((0.15 + 2.1 * 0.072) / (2 * np.pi) - q_onset), abs=16)
    assert found.qt_ms == pytest.approx(1000 * ((1.85 + 2.0 * 0.24) * root / (2 * np.pi) - q_onset), abs=30)
    axes = {"axis_p_deg": "P", "axis_qrs_deg": "QRS", "axis_t_deg": "T"}
    for name, waves in axes.items():
        assert getattr(found, name) == pytest.approx(drawn_axis_deg(waves), abs=12)


@pytest.mark.parametrize(
    "name, low, high",
    [("sinus bradycardia", 37, 49), ("sinus tachycardia", 114, 137), ("atrial fibrillation", 70, 125)],
)
def test_the_rate_is_that_of_the_rhythm(name, low, high):
    """From a page with its strip."""
    assert low < measure(in_columns(heart(name))).rate_per_min < high


@pytest.mark.parametrize("seed", range(4))
def test_fibrillation_is_irregular_and_has_no_p_wave(seed):
    """So neither PR nor a P axis."""
    found = measure(in_columns(heart("atrial fibrillation", seed=seed)))
    assert found.regular is False and found.p_wave is False
    assert (found.p_ms, found.pr_ms, found.axis_p_deg) == (None, None, None)
    assert found.qrs_ms == pytest.approx(95, abs=25)


@pytest.mark.parametrize("name", ["premature ventricular beats", "ventricular trigeminy"])
@pytest.mark.parametrize("arranged", [all_at_once, in_columns])
def test_ventricular_beats_are_premature_and_wide_and_leave_the_intervals_alone(name, arranged):
    """Each third or fourth beat."""
    found = measure(arranged(heart(name)))
    assert 2 <= found.beats["premature_wide"] <= 4 and not found.beats["premature_narrow"]
    assert found.regular and found.qrs_ms == pytest.approx(95, abs=20)


def test_bundle_branch_blocks_are_wide():
    """120 ms or more."""
    for name in ("right bundle branch block", "left bundle branch block"):
        assert measure(in_columns(heart(name))).qrs_ms >= 115


def test_raised_st_segments_are_where_they_were_drawn():
    """An anterior infarction, 0.1 mV and more in V2 to V4, not in the limb leads opposite."""
    found = measure(in_columns(heart("anterior", seed=0))).leads
    assert all(found[name].st_60_mv > 0.1 for name in ("V2", "V3", "V4"))


@settings(max_examples=15)
@given(st.floats(0.3, 4), st.integers(0, 3))
@example(0.5, 3)
def test_scaling_changes_voltages_by_the_same_factor_and_times_by_little(gain, seed):
    """Where a complex begins and ends depends a little on its slope in mV/s: by some ms, as far as the slopes of usual complexes reach."""
    mv = heart("sinus rhythm", seed=seed)
    one, other = measure(all_at_once(mv)), measure(all_at_once(gain * mv))
    assert [getattr(other, name) for name in TIMES] == pytest.approx([getattr(one, name) for name in TIMES], abs=16)
    assert other.rate_per_min == pytest.approx(one.rate_per_min, abs=1)
    assert other.sokolow_lyon_mv == pytest.approx(gain * one.sokolow_lyon_mv, rel=3e-2)


@pytest.mark.slow
@settings(max_examples=15)
@given(st.integers(0, 500))
def test_a_shift_in_time_changes_no_interval(rows):
    """What is measured belongs to the beat, not to where the page begins; beats are told on the page's clock."""
    mv = heart("sinus rhythm", 14.0)
    one, other = (measure(all_at_once(mv[:, first : first + 5500])) for first in (0, rows))
    assert [getattr(other, name) for name in TIMES] == pytest.approx([getattr(one, name) for name in TIMES], abs=8)
    later = measure(all_at_once(mv[:, :5500], begin_s=2.5))
    assert np.allclose(np.array(later.beats_s) - 2.5, one.beats_s)


def test_a_lost_column_takes_its_values_along_and_no_others():
    """A strip stands in for its lead; V1 is gone, and with it Sokolow and Lyon's sum."""
    signals = in_columns(heart("sinus rhythm"))
    whole = measure(signals)
    for name in ("II", "V1"):
        signals.mv[:, signals.names.index(name)] = np.nan
    found = measure(signals)
    assert "V1" not in found.leads and found.sokolow_lyon_mv is None and found.cornell_mv is not None
    assert found.leads["II"].r_mv == pytest.approx(whole.leads["II"].r_mv, rel=0.1)
    assert found.pr_ms == pytest.approx(whole.pr_ms, abs=12)


def test_a_gap_in_all_leads_is_no_pause():
    """Nobody saw what is between."""
    mv = heart("sinus rhythm")
    mv[:, 2000:3300] = np.nan
    found = measure(all_at_once(mv))
    assert found.pauses_s == () and found.rr_s[2] < 1.2


def test_a_pause_is_told():
    """Two and a half seconds without a beat, in a strip that was read."""
    mv = heart("sinus rhythm")
    beats = measure(all_at_once(mv)).beats_s
    first, last = (round(RATE_HZ * (at - 0.3)) for at in (beats[4], beats[7]))
    mv[:, first:last] = mv[:, first : first + 1]
    assert len(measure(all_at_once(mv)).pauses_s) == 1


def nothing_beats():
    """Leads of which little or nothing can be told."""
    sinus = heart("sinus rhythm")
    yield "no samples", np.zeros((12, 0))
    yield "one sample", np.zeros((12, 1))
    yield "flat", np.zeros((12, 5000))
    yield "unknown", np.full((12, 5000), np.nan)
    yield "noise", np.random.default_rng(0).normal(0, 0.3, (12, 5000))
    yield "one beat", sinus[:, :500]
    yield "two beats", sinus[:, :900]
    yield "infinite", np.full((12, 5000), np.inf)
    yield "huge", 1e6 * sinus
    yield "steps", np.repeat(np.arange(10.0), 500)[None] + np.zeros((12, 1))
    holes = sinus.copy()
    holes[np.random.default_rng(1).random(holes.shape) < 0.3] = np.nan
    yield "holes", holes
    fast = np.sin(2 * np.pi * 5 * np.arange(5000) / RATE_HZ)[None] * np.ones((12, 1))
    yield "ventricular flutter", fast


@pytest.mark.slow
@pytest.mark.parametrize("what, mv", list(nothing_beats()))
@pytest.mark.parametrize("names", [LEADS_12, ("II",)])
def test_bad_input_gives_nulls_and_never_an_exception(what, mv, names):
    """Nor a warning; what comes of it is still JSON of the contract."""
    result = measure(all_at_once(mv[: len(names)], names)).to_dict()
    jsonschema.validate(json.loads(json.dumps(result, allow_nan=False)), schema())


@pytest.mark.parametrize("rate_hz", [2.5, 3.0])
def test_ventricular_flutter_has_no_intervals_and_no_findings_of_sinus_beats(rate_hz):
    """Waves without complexes: nothing is told of P, QRS and T."""
    at_s = np.arange(5000) / RATE_HZ
    mv = np.stack([np.sin(2 * np.pi * rate_hz * at_s) * (1 + 0.1 * number) for number in range(12)])
    found = measure(all_at_once(mv))
    assert {getattr(found, name) for name in TIMES} == {None} and found.axis_qrs_deg is None
    present = {each.code for each in statements(found) if each.state == "present"}
    assert not present & {"sinus_rhythm", "wide_qrs", "long_pr", "pathological_q", "st_elevation"}


def test_no_beats_is_no_measurements():
    """Each value is null."""
    assert measure(all_at_once(np.zeros((12, 5000)))) == Measurements()
    assert set(Measurements().to_dict().values()) == {None}


def test_qt_is_corrected_as_published():
    """At 60 a minute it stays; at 100 by four formulas."""
    assert set(corrected_qt_ms(400, 1.0).values()) == {400}
    found = corrected_qt_ms(360, 0.6)
    assert {name: round(value) for name, value in found.items()} == {
        "bazett": 465,
        "fridericia": 427,
        "framingham": 422,
        "hodges": 430,
    }
