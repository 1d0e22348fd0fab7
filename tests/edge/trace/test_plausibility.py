"""Signals that no lead gives are told from those that one may."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from ecg_edge.layout import CLASSES
from ecg_edge.simulator.heart import simulate
from ecg_edge.trace import plausibility
from ecg_edge.trace.lead_traces import RATE_HZ
from ecg_edge.trace.plausibility import MAX_MEDIAN_MV, PLATEAU_S, is_implausible, still_leads, without_strays

TIME_S = np.arange(1250) / RATE_HZ
BEATS = 1.2 * np.exp(-(((TIME_S % 0.8 - 0.4) / 0.012) ** 2))
"""Beats as narrow as they come, over 2.5 s."""


@pytest.mark.parametrize("kind", CLASSES)
def test_simulated_hearts_are_plausible(kind):
    """Every lead of every class."""
    for seed in range(3):
        for signal in simulate(kind, seed=seed):
            assert not is_implausible(signal, RATE_HZ), (kind, seed)


@pytest.mark.parametrize(
    "shift_mv, implausible", [(0.0, False), (1.2, False), (-1.2, False), (1.7, True), (-1.7, True)]
)
def test_a_trace_far_from_its_row_is_none(shift_mv, implausible):
    """Its median tells, whatever the beats do."""
    assert MAX_MEDIAN_MV == 1.5
    assert is_implausible(BEATS + shift_mv, RATE_HZ) == implausible


@pytest.mark.parametrize(
    "height_mv, slope_mv, implausible", [(0.9, 0.0, True), (-0.7, 0.2, True), (0.3, 0.0, False), (0.9, 1.5, False)]
)
def test_a_line_off_its_row_from_end_to_end_is_a_printed_one(height_mv, slope_mv, implausible):
    """A header's rule, the edge of a frame; an electrode that came off draws one on its row."""
    unsteady = np.random.default_rng(0).normal(0, 0.005, TIME_S.size)
    line = height_mv + slope_mv * (TIME_S / 2.5 - 0.5) + unsteady
    assert is_implausible(line, RATE_HZ) == implausible
    assert not is_implausible(line + BEATS, RATE_HZ)


@pytest.mark.parametrize(
    "length_s, height_mv, implausible", [(0.6, 2.0, True), (0.6, -1.4, True), (0.3, 2.0, False), (0.6, 0.6, False)]
)
def test_a_long_straight_line_off_the_trace_is_a_printed_one(length_s, height_mv, implausible):
    """Where the heart is at rest, a trace lies near its own median."""
    assert PLATEAU_S == 0.4
    signal = BEATS.copy()
    signal[400 : 400 + round(length_s * RATE_HZ)] = height_mv
    assert is_implausible(signal, RATE_HZ) == implausible


def test_what_is_lost_is_not_judged():
    """NaN, and too little to say."""
    assert not is_implausible(np.full(1250, np.nan), RATE_HZ)
    assert not is_implausible(np.zeros(0), RATE_HZ)
    assert not is_implausible(np.where(TIME_S < 0.2, 1.3, np.nan), RATE_HZ)


def test_where_a_trace_stands_far_from_its_row_for_a_while_it_is_lost():
    """The rest of the lead stays, its beats too."""
    signal = BEATS.copy()
    signal[700:900] -= 3.0
    kept = np.isfinite(without_strays(signal, RATE_HZ))
    assert not kept[710:890].any()
    assert kept[:690].all() and kept[910:].all()


@pytest.mark.parametrize("kind", CLASSES)
def test_nothing_of_simulated_hearts_is_astray(kind):
    """Every lead of every class, and beats right beside a gap but for the wave that it cuts."""
    for seed in range(3):
        for signal in simulate(kind, seed=seed):
            assert np.array_equal(without_strays(signal, RATE_HZ), signal, equal_nan=True)


@pytest.mark.parametrize("end", [slice(None), slice(None, None, -1)], ids=["before", "after"])
def test_what_leads_to_a_gap_is_lost(end):
    """A trace that has gone to the edge of what hides it: as far as it is away, no farther."""
    signal = np.zeros(1250)[end]
    signal[580:600] = np.linspace(0.0, -1.5, 20)
    signal[600:700] = np.nan
    kept = np.isfinite(without_strays(signal[end], RATE_HZ))[end]
    assert not kept[588:600].any()
    assert kept[:580].all() and kept[700:].all()


def test_a_wave_that_leaves_the_page_is_kept_as_far_as_it_is_seen():
    """What the page has no room for leaves a gap, and the wave leads there rightly."""
    signal = np.zeros(1250)
    signal[580:600] = np.linspace(0.0, 3.0, 20)
    signal[600:610] = np.nan
    signal[610:630] = np.linspace(3.0, 0.0, 20)
    assert np.array_equal(without_strays(signal, RATE_HZ, (-9.0, 3.1)), signal, equal_nan=True)
    assert np.isnan(without_strays(signal, RATE_HZ)[590:620]).all()


def test_short_pieces_between_gaps_are_lost():
    """At the ends of a lead they are not: there a gap begins late."""
    signal = np.zeros(1250)
    signal[50:300] = signal[350:600] = np.nan
    kept = np.isfinite(without_strays(signal, RATE_HZ))
    assert kept[:50].all() and not kept[300:350].any() and kept[600:].all()


@given(arrays(np.float32, st.integers(0, 400), elements=st.floats(-6, 6, width=32) | st.just(np.nan)))
def test_what_is_kept_is_as_it_was(signal):
    """Nothing is made up, and what was lost stays lost."""
    kept = without_strays(signal, RATE_HZ)
    assert kept.shape == signal.shape and kept.dtype == signal.dtype
    assert np.array_equal(kept[np.isfinite(kept)], signal[np.isfinite(kept)])


def test_what_a_trace_steps_to_is_lost():
    """An object's edge that is followed to the end of the lead, or between two steps; what lies at the row's 0 mV stays."""
    signal = BEATS.copy()
    signal[900:] = 1.1 + 0.05 * np.sin(TIME_S[900:] * 9)
    kept = np.isfinite(without_strays(signal, RATE_HZ))
    assert not kept[905:].any() and kept[:890].all()
    kept = np.isfinite(without_strays(signal[::-1], RATE_HZ))
    assert not kept[:345].any() and kept[360:].all()
    signal = BEATS.copy()
    signal[660:740] = -0.9
    kept = np.isfinite(without_strays(signal, RATE_HZ))
    assert not kept[664:736].any() and kept[:650].all() and kept[750:].all()


@pytest.mark.parametrize("elevated_mv", [0.4, 0.9, 1.4])
def test_waves_are_no_steps(elevated_mv):
    """The tallest R waves, and an ST segment that goes on as high as the R wave, which rises as fast as hearts do."""
    tall = BEATS * 4.0
    np.testing.assert_array_equal(without_strays(tall, RATE_HZ), tall)
    phase = TIME_S % 0.8
    monophasic = elevated_mv * (np.clip((phase - 0.2) / 0.03, 0, 1) - np.clip((phase - 0.45) / 0.12, 0, 1))
    np.testing.assert_array_equal(without_strays(monophasic, RATE_HZ), monophasic)


@settings(max_examples=60)
@given(st.integers(0, 2**32 - 1))
def test_a_plateau_is_one_wherever_it_stands(seed):
    """Against every window of the signal, one by one."""
    rng = np.random.default_rng(seed)
    signal = rng.normal(0, 0.005, 700).astype(np.float32)
    at, length = rng.integers(0, 400), rng.integers(150, 260)
    signal[at : at + length] += rng.choice([0.98, 1.0, 1.02, -1.1])
    size = round(plausibility.PLATEAU_S * 500)
    windows = np.lib.stride_tricks.sliding_window_view(signal, size)
    upper, lower = windows.max(axis=1), windows.min(axis=1)
    far = np.abs((upper + lower) / 2 - float(np.median(signal))) > plausibility.MAX_PLATEAU_MV
    # Whole windows on either side of a sample alone are looked at: one fewer at one end.
    inner = (upper - lower < plausibility.FLAT_MV)[: signal.size - 2 * (size // 2)] & far[
        : signal.size - 2 * (size // 2)
    ]
    assert plausibility.is_implausible(signal, 500) == bool(inner.any())


def test_a_lead_is_still_while_others_beat():
    """An electrode is off, or a line was drawn over the lead but for its end; of a page that hardly shows anything nothing is said."""
    line = np.random.default_rng(0).normal(0.1, 0.002, TIME_S.size)
    drawn_over = np.where(TIME_S > 2.35, BEATS, 0.0)
    leads = {
        "I": BEATS,
        "II": 2 * BEATS,
        "III": BEATS,
        "V1": line,
        "V2": drawn_over,
        "V3": np.full(TIME_S.size, np.nan),
    }
    assert still_leads(leads, RATE_HZ) == ("V1", "V2")
    assert still_leads({name: leads[name] for name in ("I", "II", "V1", "V3")}, RATE_HZ) == ()
