"""Pacing spikes: found where they are, before beats alone, and taken away before waves are looked for."""

import numpy as np
import pytest

from ecg_edge.measure.measurements import measure
from ecg_edge.measure.pacing import find_spikes, paced, without_spikes
from ecg_edge.measure.rhythm import rhythm_of
from ecg_edge.measure.statements import statements
from ecg_edge.signals import Signals
from ecg_edge.simulator.heart import PATTERNS

from .hearts import RATE_HZ, all_at_once, heart, in_columns


def with_spikes(mv, ahead_s=0.01, height_mv=0.6):
    """The leads (12, n) with a spike of 4 ms at half its height so much before each QRS complex; and its rows."""
    found = measure(all_at_once(mv))
    rows = np.round((np.array(found.beats_s) + found.marks.qrs_onset - ahead_s) * RATE_HZ).astype(int)
    rows = rows[rows > 2]
    found = mv.copy()
    for offset, share in ((-1, 0.5), (0, 1.0), (1, 0.5)):
        found[:, rows + offset] += height_mv * share * np.linspace(-1, 1.2, 12)[:, None]
    return found, rows


def spikes_in(signals):
    """As `measure` asks for them."""
    rhythm = rhythm_of(signals)
    return find_spikes(signals, rhythm.rows, np.array(rhythm.kinds) == "dominant")


def codes(found):
    """{code: state}."""
    return {each.code: each.state for each in statements(found)}


@pytest.mark.parametrize("arranged", [all_at_once, in_columns])
@pytest.mark.parametrize("name", ["left bundle branch block", "sinus rhythm"])
def test_spikes_before_complexes_are_found_where_they_are(name, arranged):
    """Before wide complexes as a ventricle's pacemaker makes them, and before narrow ones; on all leads and on a page."""
    mv, rows = with_spikes(heart(name))
    found = spikes_in(arranged(mv))
    near = np.abs(found[:, None] - rows).min(1)
    assert len(found) >= 0.7 * len(rows) and near.max() <= 2
    measured = measure(arranged(mv))
    assert measured.beats["paced"] >= 0.7 * len(rows)
    assert codes(measured)["paced_rhythm"] == "present"


def test_a_spike_before_p_waves_is_one():
    """An atrium's pacemaker leaves the QRS complex as it is."""
    mv, rows = with_spikes(heart("sinus bradycardia"), ahead_s=0.2, height_mv=0.4)
    assert np.abs(spikes_in(all_at_once(mv))[:, None] - rows).min(1).max() <= 2


@pytest.mark.parametrize("name", [pattern.name for patterns in PATTERNS.values() for pattern in patterns])
def test_no_heart_of_its_own_rhythm_is_called_paced(name):
    """None of the simulator's."""
    found = measure(all_at_once(heart(name)))
    assert not found.beats["paced"] and codes(found).get("paced_rhythm") != "present"


def test_neither_rhythm_nor_the_shape_of_complexes_is_told_of_a_paced_heart():
    """They are the pacemaker's."""
    mv, _ = with_spikes(heart("left bundle branch block"))
    assert codes(measure(all_at_once(heart("left bundle branch block"))))["left_bundle_branch"] == "present"
    found = codes(measure(all_at_once(mv)))
    rhythm, branches = ("sinus_rhythm", "irregular_without_p"), ("left_bundle_branch", "right_bundle_branch")
    for code in (*rhythm, *branches, "st_elevation", "st_depression", "pathological_q", "inverted_t"):
        assert found[code] == "not_assessed"


def test_intervals_of_a_paced_heart_begin_with_its_complexes():
    """Not with the spikes."""
    mv = heart("left bundle branch block")
    own, with_them = measure(all_at_once(mv)), measure(all_at_once(with_spikes(mv, height_mv=1.5)[0]))
    assert with_them.qrs_ms == pytest.approx(own.qrs_ms, abs=12)
    assert with_them.qt_ms == pytest.approx(own.qt_ms, abs=12)


def test_what_is_no_spike_before_most_beats_is_none():
    """One artefact, and steps of the level, which do not come back."""
    mv = heart("sinus rhythm")
    mv[:, 2000] += 2
    assert len(spikes_in(all_at_once(mv))) == 0
    stepped = heart("sinus rhythm")
    for row in np.round(rhythm_of(all_at_once(stepped)).rows).astype(int) - 40:
        stepped[:, row:] += 0.3 * (-1) ** row
    assert len(spikes_in(all_at_once(stepped))) == 0


def test_where_it_cannot_be_told_nothing_is_said():
    """Of two beats, of a slow clock; what is lost stays lost."""
    short = all_at_once(heart("sinus rhythm")[:, : 2 * RATE_HZ])
    assert measure(short).beats["paced"] is None and codes(measure(short))["paced_rhythm"] == "not_assessed"
    whole = all_at_once(with_spikes(heart("sinus rhythm"))[0])
    slow = Signals(whole.mv[::5], whole.names, whole.leads, whole.start_s, whole.stop_s, RATE_HZ // 5)
    assert spikes_in(slow) is None
    whole.mv[700:900, 3] = np.nan
    cleaned = without_spikes(whole, np.array([0, 700, 800, len(whole.mv) - 1]))
    assert np.array_equal(np.isnan(cleaned.mv), np.isnan(whole.mv))


def test_a_beat_is_paced_that_comes_soon_after_a_spike():
    """Not one long after it, nor one before it."""
    assert paced(np.array([100.0, 600, 1100]), np.array([80, 700]), RATE_HZ).tolist() == [True, False, False]
