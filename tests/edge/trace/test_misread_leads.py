"""How likely leads were misread: of drawn reports that are read, and with what goes wrong on paper put into them."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ecg_edge import layout
from ecg_edge.simulator.heart import simulate
from ecg_edge.trace import misread_leads
from ecg_edge.trace.lost_leads import MAX_MISREAD
from ecg_edge.trace.page_clock import on_page_clock

RATE_HZ, COLUMN, PITCH_MV = 500, 1250, 3.75
NAMES = (*layout.LEADS_12, layout.RHYTHM)


def page(seed=1, label="normal"):
    """({lead: mV}, {lead: when it begins}, places, {lead: its row in mV}) of a page of four columns and a strip."""
    whole = simulate(label, seconds=10, rate_hz=RATE_HZ, seed=seed)
    starts = {name: number // 3 * 2.5 for number, name in enumerate(layout.LEADS_12)} | {layout.RHYTHM: 0.0}
    signals = {
        name: whole[number, round(starts[name] * RATE_HZ) :][:COLUMN].copy()
        for number, name in enumerate(layout.LEADS_12)
    } | {layout.RHYTHM: whole[1].copy()}
    rows = {name: 1 + number % 3 * PITCH_MV for number, name in enumerate(layout.LEADS_12)}
    rows |= {layout.RHYTHM: 1 + 3 * PITCH_MV}
    boxes = {name: layout.Box(round(starts[name] * 200), 0, round(starts[name] * 200) + 500, 9) for name in NAMES}
    boxes[layout.RHYTHM] = layout.Box(0, 0, 2000, 9)
    places = [layout.Place(name, name, boxes[name], rows[name] * 80, starts[name]) for name in NAMES]
    return signals, starts, places, rows


def likely(signals, starts, places, rows, **shared):
    """{lead: how likely it was misread}."""
    clock = on_page_clock(signals, starts, RATE_HZ)
    found = [shared.get(name, ()) for name in NAMES]
    return misread_leads.probabilities(misread_leads.evidence(clock, places, found, [rows[name] for name in NAMES]))


@pytest.mark.parametrize("label", layout.CLASSES)
def test_leads_as_they_are_printed_are_believed(label):
    """Of ten hearts of each kind, 130 leads, no more than two are doubted."""
    doubted = [
        name
        for seed in range(10)
        for name, probability in likely(*page(seed, label)).items()
        if probability > MAX_MISREAD
    ]
    assert len(doubted) <= 2


def test_a_wave_of_the_row_below_is_found():
    """V1 goes down to the row of V2 in one beat of its column, in whose ink it is there."""
    signals, starts, places, rows = page()
    before = likely(signals, starts, places, rows)["V1"]
    beats = on_page_clock(signals, starts, RATE_HZ).beats * 4 - round(starts["V1"] * RATE_HZ)
    beat = next(int(beat) for beat in beats if 200 < beat < COLUMN - 200)
    signals["V1"][beat - 10 : beat + 15] -= 2.5
    after = likely(signals, starts, places, rows, V1=(NAMES.index("V2"),))["V1"]
    assert after > max(MAX_MISREAD, 10 * before)


def test_a_lead_that_left_its_trace_is_found():
    """Half of V4 follows a line beside it."""
    signals, starts, places, rows = page(3)
    before = likely(signals, starts, places, rows)["V4"]
    signals["V4"] = np.where(np.arange(COLUMN) < COLUMN // 2, np.float32(0.4), signals["V4"])
    after = likely(signals, starts, places, rows)["V4"]
    assert after > max(MAX_MISREAD, 10 * before)


@settings(max_examples=10, deadline=None)
@given(order=st.permutations(NAMES), seed=st.integers(0, 50))
def test_the_order_of_leads_says_nothing(order, seed):
    signals, starts, places, rows = page(seed)
    usual = likely(signals, starts, places, rows)
    other = likely({name: signals[name] for name in order}, starts, places, rows)
    assert other == pytest.approx(usual, abs=1e-6)


@settings(max_examples=20, deadline=None)
@given(
    lost=st.lists(st.tuples(st.sampled_from(NAMES), st.integers(0, COLUMN), st.integers(0, COLUMN)), max_size=8),
    flat=st.sets(st.sampled_from(NAMES), max_size=6),
)
def test_evidence_is_a_number_whatever_is_lost(lost, flat):
    signals, starts, places, rows = page()
    for name in flat:
        signals[name][:] = 0.0
    for name, start, stop in lost:
        signals[name][start:stop] = np.nan
    shown = {name for name in NAMES if np.isfinite(signals[name][:: RATE_HZ // 125]).any()}
    clock = on_page_clock(signals, starts, RATE_HZ)
    found = misread_leads.evidence(clock, places, [()] * len(NAMES), [rows[name] for name in NAMES])
    assert found.keys() == shown
    assert all(
        values.shape == (len(misread_leads.EVIDENCE),) and np.isfinite(values).all() for values in found.values()
    )
    assert all(0 <= probability <= 1 for probability in misread_leads.probabilities(found).values())


def test_a_page_of_few_leads_is_not_judged():
    """One lead of twelve is judged by itself where the others are lost; of a page that shows no more than it nothing was learnt."""
    signals, starts, places, rows = page()
    assert likely({"II": signals["II"]}, starts, places, rows).keys() == {"II"}
    clock = on_page_clock({"II": signals["II"]}, starts, RATE_HZ)
    assert misread_leads.evidence(clock, [places[1]], [()], [rows["II"]]) == {}
    assert misread_leads.probabilities({}) == {}


def test_rows_of_other_columns_are_none_that_a_wave_could_reach():
    """Their 0 mV may stand a little higher; those of its own columns alone are counted."""
    signals, starts, places, rows = page()
    usual = likely(signals, starts, places, rows)["I"]
    higher = {name: row - 0.3 * (starts[name] > 0) for name, row in rows.items()}
    assert likely(signals, starts, places, higher)["I"] == usual
