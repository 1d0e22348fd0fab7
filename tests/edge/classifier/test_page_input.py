"""What the page model sees of the signals of a page."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ecg_edge.classifier import page_input
from ecg_edge.classifier.page_input import CHANNELS, ROWS, SAMPLES, STRIP_ROWS, WINDOW
from ecg_edge.layout import LEADS_12, PATTERNS, RHYTHM


def recording(seed=0, count=4 * WINDOW):
    """{lead: (count,) mV}: smooth noise, other in each lead, as if ten seconds were recorded."""
    random = np.random.default_rng(seed)
    slow = np.ones(40) / 40
    return {name: np.convolve(random.normal(0, 2, count + 39), slow, "valid") for name in LEADS_12}


def as_printed(signals, columns):
    """The same recording as a page of so many columns shows it, with lead II as its rhythm strip."""
    width = 4 * WINDOW // columns
    shown = {name: signals[name][i * columns // 12 * width :][:width] for i, name in enumerate(LEADS_12)}
    return {**shown, RHYTHM: signals["II"]}


def sine(hertz, count=WINDOW):
    """A sine of 1 mV."""
    return np.sin(2 * np.pi * hertz * np.arange(count) / page_input.RATE_HZ)


def beating(interval_s):
    """A strip of 10 s with a QRS complex of 1 mV at every given interval."""
    strip = np.zeros(STRIP_ROWS * WINDOW + 200)
    strip[np.arange(150, len(strip), round(interval_s * page_input.RATE_HZ))] = 1
    return np.convolve(strip, np.hanning(41), "same")[: STRIP_ROWS * WINDOW]


@pytest.mark.parametrize(("columns", "windows"), [(4, 1), (2, 2), (1, 4)])
def test_a_page_has_as_many_windows_as_its_leads_have(columns, windows):
    """2.5 s in four columns, 5 s in two, 10 s in one."""
    tensor = page_input.page_tensor(as_printed(recording(), columns))
    assert tensor.shape == (windows, ROWS, SAMPLES, CHANNELS)
    assert tensor.dtype == np.float32
    assert (tensor[:, :-1, :, 1] == 1).all()


def test_the_same_seconds_look_the_same_in_every_layout():
    """Lead V1 of the third column of 3x4 is the first half of what 6x2 shows of it, and the third window of 12x1."""
    seen = {columns: page_input.page_windows(as_printed(recording(), columns)) for columns in (4, 2, 1)}
    v1 = LEADS_12.index("V1")
    assert (seen[4][0, v1] == seen[2][0, v1]).all()
    assert (seen[4][0, v1] == seen[1][2, v1]).all()
    assert (seen[4][0, 12:] == seen[2][1, 12:]).all()


def test_a_page_of_three_columns_is_one_window():
    """4x3: the first 2.5 s of what each lead shows, V4 to V6, which stand below the others, at the times of their columns."""
    signals, third = recording(), 4 * WINDOW // 3
    columns = next(pattern.columns for pattern in PATTERNS if pattern.layout == "4x3")
    page = {name: signals[name][i * third :][:third] for i, leads in enumerate(columns) for name in leads}
    (seen,) = page_input.page_windows({**page, RHYTHM: signals["II"]})
    whole = page_input.page_windows(as_printed(signals, 1))
    for name in ("I", "III", "V4"):
        assert (seen[LEADS_12.index(name)] == whole[0, LEADS_12.index(name)]).all()
    assert (seen[12:] == whole[0, 12:]).all()
    assert (seen[:-1, :, 1] == 1).all()


def test_lead_ii_stands_in_for_a_missing_or_lost_strip():
    """And another lead where it is lost too; none where all are."""
    page = as_printed(recording(), 2)
    assert page_input.strip_place(page) == RHYTHM
    lost = page | {RHYTHM: np.full(4 * WINDOW, np.nan)}
    assert page_input.strip_place(lost) == "II"
    assert page_input.strip_place(lost | {"II": np.full(WINDOW, np.nan)}) == "I"
    assert page_input.strip_place({}) is None
    del page[RHYTHM]
    assert (page_input.page_tensor(page) == page_input.page_tensor(lost)).all()


@pytest.mark.parametrize("seconds", [2.5, 10 / 3, 5.0])
def test_a_strip_that_ends_early_is_extended_as_it_began(seconds):
    """From beat to beat without a seam: its end does not say how wide the page was."""
    whole = beating(0.8)
    short = whole[: round(seconds * page_input.RATE_HZ)]
    full, cut = (page_input.page_tensor({RHYTHM: strip})[0] for strip in (whole, short))
    assert (cut[12:16, :, 1] == 1).all()
    assert np.abs(cut[12:16] - full[12:16]).max() < 0.05


@pytest.mark.parametrize("interval_s", [0.5, 0.8, 1.2])
def test_an_even_rhythm_is_zeros_whatever_its_rate(interval_s):
    """Between the first beat and the last it is known, and no interval differs from the median by more than a sample or two."""
    row = page_input.rhythm_row(beating(interval_s))
    known = row[:, 1] == 1
    assert known.mean() > 1 - 2.4 * interval_s / 10
    assert np.abs(row[:, [0, 2]]).max() < 0.01 and (row[~known] == 0).all()


def test_an_early_beat_stands_out_of_the_rhythm():
    """The interval before it is shorter and the pause after it longer, and where they meet they change."""
    strip = np.zeros(STRIP_ROWS * WINDOW)
    beats = np.arange(200, len(strip) - 100, 400)
    beats[5] -= 160
    strip[beats] = 1
    row = page_input.rhythm_row(np.convolve(strip, np.hanning(41), "same"))
    short, pause = (np.searchsorted((np.arange(SAMPLES) + 0.5) * len(strip) / SAMPLES, beats[k] + 10) for k in (4, 5))
    assert row[short, 0] == pytest.approx(-0.4, abs=0.02) and row[pause, 0] == pytest.approx(0.4, abs=0.02)
    assert row[pause, 2] == pytest.approx(0.8, abs=0.03)
    assert np.abs(row[: short - 2, 0]).max() < 0.02


def test_too_few_beats_are_no_rhythm():
    """Nothing is known of it."""
    assert (page_input.rhythm_row(beating(4.0)) == 0).all()
    assert (page_input.rhythm_row(np.full(STRIP_ROWS * WINDOW, np.nan)) == 0).all()


def test_what_is_unknown_within_a_strip_stays_so():
    """Only its end is extended, and only where a good part of it is missing."""
    strip = beating(0.8)
    strip[1000:1400] = np.nan
    strip[-500:] = np.nan
    assert np.array_equal(page_input.extend(strip), strip, equal_nan=True)
    flat = np.append(np.zeros(1000), np.full(4000, np.nan))
    assert (page_input.extend(flat) == 0).all()


@pytest.mark.parametrize("lost", [{}, {"V2": np.full(WINDOW, np.nan)}, {"V2": np.array([])}])
def test_a_lost_lead_is_zeros_and_changes_no_other(lost):
    """Neither its absence, nor NaN all along."""
    page = as_printed(recording(), 4)
    whole = page_input.page_tensor(page)
    without = page_input.page_tensor({**{name: page[name] for name in page if name != "V2"}, **lost})
    v2 = LEADS_12.index("V2")
    assert (without[0, v2] == 0).all()
    assert (np.delete(without, v2, axis=1) == np.delete(whole, v2, axis=1)).all()


def test_a_page_of_which_nothing_is_known_is_one_window_of_zeros():
    """And no error: whether it is read is for others to say."""
    assert (page_input.page_tensor({}) == np.zeros((1, ROWS, SAMPLES, CHANNELS))).all()


def test_short_gaps_are_filled_and_long_ones_are_unknown():
    """40 ms of a separator or a letter; not a hole, nor an end that is lost."""
    line = np.linspace(0, 1, 200)
    torn = line.copy()
    torn[[50, *range(80, 100), *range(120, 141)]] = np.nan
    torn[:3] = torn[-5:] = np.nan
    filled = page_input.fill_gaps(torn)
    assert np.flatnonzero(np.isnan(filled)).tolist() == [0, 1, 2, *range(120, 141), *range(195, 200)]
    assert filled[50] == pytest.approx(line[50])
    assert filled[80:100] == pytest.approx(line[80:100])


def test_the_bandwidth_ends_at_25_hertz():
    """-3 dB there; what a heart does is kept, and what a wider filter prints above is gone."""
    gain = {hertz: np.abs(page_input.limit_bandwidth(sine(hertz))[200:-200]).max() for hertz in (2, 10, 25, 60, 100)}
    assert gain[25] == pytest.approx(np.sqrt(0.5), abs=0.01)
    assert gain[2] > 0.99
    assert gain[10] > 0.94
    assert gain[60] < 0.15
    assert gain[100] < 0.01


@pytest.mark.slow
@given(offset_mv=st.floats(-5, 5), gain=st.floats(0.1, 3))
def test_offsets_vanish_and_gains_stay(offset_mv, gain):
    """Millivolts are kept, where zero lies is not."""
    page = as_printed(recording(3), 4)
    moved = {name: gain * signal + offset_mv for name, signal in page.items()}
    plain, seen = page_input.page_windows(page)[:, :-1], page_input.page_windows(moved)[:, :-1]
    assert np.allclose(seen[..., ::2], gain * plain[..., ::2], atol=2e-4)


@given(st.integers(0, WINDOW - 1), st.integers(0, WINDOW))
def test_what_is_unknown_stays_unknown_and_spreads_nowhere(start, length):
    """The filter never makes a NaN of a known sample nor a number of an unknown one."""
    signal = recording()["V1"][:WINDOW].copy()
    signal[start : start + length] = np.nan
    lost = np.isnan(signal)
    if lost.mean() <= 1 - page_input.MIN_SHARE:
        assert (np.isnan(page_input.limit_bandwidth(signal)) == lost).all()


@given(st.lists(st.floats(-20, 20), min_size=2, max_size=50))
def test_compression_keeps_signs_and_order_within_its_reach(amplitudes):
    """asinh, cut at ± REACH, of amplitudes and spans; what is known is left alone."""
    amplitudes = np.sort(np.array(amplitudes))
    windows = np.stack([amplitudes, np.ones(len(amplitudes)), amplitudes], axis=-1)
    packed = page_input.compress(windows[None, None])[0, 0]
    assert (np.diff(packed[:, 0]) >= 0).all()
    assert (np.abs(packed[:, 0]) <= page_input.REACH).all()
    assert (np.sign(packed[:, 0]) * np.sign(amplitudes) >= 0).all()
    assert (packed[:, 1] == 1).all() and (packed[:, 2] == packed[:, 0]).all()


def test_the_strip_is_one_signal_in_pieces():
    """Its pieces follow one another without a seam: a step response within a piece is the same across a border."""
    ramp = np.linspace(-1, 1, STRIP_ROWS * WINDOW)
    rows = page_input.page_windows({RHYTHM: ramp})[0, 12:16, :, 0].ravel()
    assert np.allclose(np.diff(rows), np.diff(rows).mean(), atol=1e-3)


def test_int8_steps_are_finer_than_the_print_near_zero():
    """The tensor's range in 255 steps: less than a pixel (12.7 µV) about 0 mV; nothing runs over at the ends."""
    scale, zero_point = 2 * page_input.REACH / 255, -1
    two = page_input.compress(np.array([[[[0.0, 1.0, 0.0], [0.0127, 1.0, 0.0]]]]))[0, 0]
    steps = page_input.quantise(two, scale, zero_point)
    assert steps.dtype == np.int8
    assert steps[0, 0] == zero_point
    assert steps[1, 0] > zero_point
    assert page_input.quantise(np.array([-99.0, 99.0]), scale, zero_point).tolist() == [-128, 127]


def test_the_span_is_what_the_signal_reaches_about_a_sample():
    """Of a ramp twice its rise over seven samples; nothing where the signal is level or unknown."""
    ramp = np.arange(WINDOW) / 1000
    rows = page_input.resample(np.array([ramp, np.zeros(WINDOW), np.where(ramp < 0.6, ramp, np.nan)]))
    assert rows[0, 2:-2, 2] == pytest.approx(page_input.SPAN_GAIN * 2 * page_input.SPAN / 1000)
    assert (rows[1, :, 2] == 0).all()
    assert (rows[2, 130:, 2] == 0).all()


def test_a_lead_that_is_taken_away_is_unknown_and_a_strip_is_replaced():
    """As on a page that lacks it; a second strip was never seen."""
    page = as_printed(recording(), 4)
    page["rhythm2"] = page["V1"]
    windows = page_input.page_tensor(page)
    v1 = page_input.without(windows, "V1", page)
    assert (v1[:, LEADS_12.index("V1")] == 0).all()
    assert (np.delete(v1, LEADS_12.index("V1"), axis=1) == np.delete(windows, LEADS_12.index("V1"), axis=1)).all()
    strip = page_input.without(windows, RHYTHM, page)
    assert (strip == page_input.page_tensor({name: s for name, s in page.items() if name != RHYTHM})).all()
    assert (page_input.without(windows, "rhythm2", page) == windows).all()
