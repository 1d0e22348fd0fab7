from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from benchmarks import digitisation
from ecg_edge import layout
from ecg_edge.page import ink
from ecg_edge.simulator import report_page
from ecg_edge.simulator.heart import simulate
from ecg_edge.trace import lead_traces

RATE_HZ = 500
PX_PER_MM = (8.0, 8.0)


def stroke(rows_px, height=600, half_px=1):
    """(height, w) uint8 ink of a curve, one row for each column, drawn without gaps by a square brush."""
    columns = np.arange(0, len(rows_px) - 1 + 1e-9, 1 / 64)
    x, rows = (np.rint(v).astype(int) for v in (columns, np.interp(columns, np.arange(len(rows_px)), rows_px)))
    drawn = np.zeros((height, len(rows_px)), np.uint8)
    for down in range(-half_px, half_px + 1):
        for right in range(-half_px, half_px + 1):
            inside = (rows + down >= 0) & (rows + down < height) & (x + right >= 0) & (x + right < len(rows_px))
            drawn[(rows + down)[inside], (x + right)[inside]] = 255
    return drawn


def arrangement_of(zeros_px, width, names=("I", "II", "III"), left=0):
    """Leads one below the other at 8 px/mm, 25 mm/s and 10 mm/mV."""
    places = tuple(
        layout.Place(name, name, layout.Box(left, round(zero) - 80, left + width, round(zero) + 80), float(zero), 0.0)
        for name, zero in zip(names, zeros_px, strict=False)
    )
    return layout.Arrangement("rows", places, PX_PER_MM, 25.0, 10.0, 0.0, 1.0)


def beats(width, height_px, every=180, half_width=6.0, first=90):
    """(width,) rows above 0 of narrow waves, each a triangle."""
    x = np.arange(width)
    nearest = np.abs((x - first + every / 2) % every - every / 2)
    return height_px * np.maximum(0, 1 - nearest / half_width)


def in_mv(rows_px):
    """What a curve of rows above 0 mV is in mV, at the samples of a lead that begins in column 0."""
    at = np.arange(round(len(rows_px) / 200 * RATE_HZ)) * 0.4
    return np.interp(at, np.arange(len(rows_px)), rows_px) / 80


@settings(max_examples=20)
@given(height_px=st.floats(-200, 200), half_width=st.floats(5, 30), wander=st.floats(-30, 30))
def test_a_wave_comes_back_as_high_as_it_was_drawn(height_px, half_width, wander):
    """Narrow or broad, up or down, to three hundredths and a pixel and a half."""
    x = np.arange(720)
    rows = beats(720, height_px, half_width=half_width) + wander * np.sin(x / 200)
    traces = lead_traces.trace_page(stroke(300 - rows), arrangement_of([300], 720, names=("II",)))
    signal = traces.signals["II"]
    truth = in_mv(rows)
    assert traces.lost["II"] == 0
    extreme = np.argmax(np.abs(truth))
    near = signal[max(extreme - 8, 0) : extreme + 9] * np.sign(truth[extreme])
    assert near.max() == pytest.approx(abs(truth[extreme]), abs=0.05 * abs(truth[extreme]) + 0.02)
    assert np.median(np.abs(signal - truth[: signal.size])) < 0.01


def test_a_gap_is_bridged_where_it_is_short_and_lost_where_it_is_long():
    """Six columns are a straight line; sixty are NaN."""
    drawn = stroke(np.full(700, 300.0))
    drawn[:, 200:206] = 0
    drawn[:, 400:460] = 0
    traces = lead_traces.trace_page(drawn, arrangement_of([300], 700, names=("II",)))
    signal = traces.signals["II"]
    assert np.isfinite(signal[480:540]).all()
    assert np.isnan(signal[1020:1130]).all()
    assert traces.lost["II"] == pytest.approx(60 / 700, abs=0.02)
    assert not traces.states["II"][410:450].any()


@pytest.mark.slow
@settings(max_examples=15)
@given(depth_px=st.floats(170, 300), offset=st.integers(40, 80), apart=st.integers(110, 150))
def test_a_wave_that_crosses_a_neighbour_stays_with_its_lead(depth_px, offset, apart):
    """The deep waves of the upper lead go through the lower one's trace, which goes straight on."""
    width = 700
    upper, lower = -beats(width, depth_px, half_width=22), beats(width, 40, half_width=5, first=90 + offset)
    drawn = np.maximum(stroke(200 - upper), stroke(200 + apart - lower))
    traces = lead_traces.trace_page(drawn, arrangement_of([200, 200 + apart], width))
    for name, rows in (("I", upper), ("II", lower)):
        error = traces.signals[name] - in_mv(rows)[: traces.signals[name].size]
        assert np.sqrt(np.nanmean(error**2)) < 0.25 * np.std(in_mv(upper)), name
    assert np.nanmin(traces.signals["I"]) == pytest.approx(-depth_px / 80, rel=0.08)


@pytest.mark.parametrize("height_px", [140, 150, 160, 170])
def test_a_wave_whose_tip_touches_the_row_above_stays_with_its_lead(height_px):
    """Three rows that beat at the same time, as V4 to V6 do: each row's R waves reach the trace above, which goes by them."""
    apart, width = 140, 720
    zeros = [220, 220 + apart, 220 + 2 * apart]
    rows = [beats(width, height, half_width=5.0) for height in (150, height_px, 130)]
    drawn = np.maximum.reduce([stroke(zero - row) for zero, row in zip(zeros, rows, strict=True)])
    traces = lead_traces.trace_page(drawn, arrangement_of(zeros, width))
    for name, row in zip(("I", "II", "III"), rows, strict=True):
        assert np.nanmax(traces.signals[name]) > 0.7 * in_mv(row).max(), name


def test_a_trace_that_leaves_the_page_is_lost_there_and_nowhere_else():
    """The tip is cut off: what it was is not known."""
    rows = beats(720, 250, half_width=30)
    traces = lead_traces.trace_page(
        stroke(np.maximum(150 - rows, -20), height=400), arrangement_of([150], 720, names=("II",))
    )
    signal, truth = traces.signals["II"], in_mv(rows)
    assert np.isnan(signal[truth[: signal.size] > 2.0]).all()
    assert np.isfinite(signal[truth[: signal.size] < 1.6]).mean() > 0.99


def test_noise_is_lost_and_does_not_spoil_the_lead_beside_it():
    """Ink five millimetres high throughout hides whatever was drawn."""
    drawn = stroke(np.full(700, 200.0))
    drawn[300:352, 150:600] = 255
    drawn[322:327] = 255
    traces = lead_traces.trace_page(drawn, arrangement_of([200, 325], 700))
    assert traces.lost["I"] == 0
    assert np.abs(traces.signals["I"]).max() < 0.02
    assert np.isnan(traces.signals["II"][400:1480]).all()
    assert np.isfinite(traces.signals["II"][:350]).all()


@pytest.mark.parametrize("dash_px", [(1, 0), (8, 6), (3, 3)])
def test_separators_are_no_trace(dash_px):
    """Solid, dashed or dotted, at a column's beginning."""
    drawn = stroke(np.full(500, 300.0))
    on, off = dash_px
    upright = np.arange(600) % (on + off) < on
    drawn[60:560, 1:4] |= np.where(upright[60:560, None], np.uint8(255), np.uint8(0))
    signal = lead_traces.trace_page(drawn, arrangement_of([300], 500, names=("II",))).signals["II"]
    assert np.nanmax(np.abs(signal)) < 0.02


def test_samples_stand_where_they_were_printed():
    """A lead whose box begins later begins later; time runs from its left edge."""
    rows = beats(700, 120, half_width=5, first=150, every=10000)
    drawn = np.hstack([np.zeros((600, 100), np.uint8), stroke(300 - rows)])
    arrangement = arrangement_of([300], 700, names=("II",), left=100)
    signal = lead_traces.trace_page(drawn, arrangement).signals["II"]
    assert np.argmax(signal) == pytest.approx(150 * 2.5, abs=1.5)
    alone = lead_traces.trace_lead(drawn, arrangement.places[0], PX_PER_MM, 25.0, 10.0)
    np.testing.assert_array_equal(alone, signal)


def test_limb_leads_add_up_where_they_are_simultaneous():
    """Einthoven's law is the check of names, rows and gain; where columns differ in time there is none."""
    one, two = beats(600, 60), beats(600, 100)
    zeros = (150, 300, 450)
    drawn = np.maximum.reduce([stroke(z - r) for z, r in zip(zeros, (one, two, two - one), strict=True)])
    right = lead_traces.trace_page(drawn, arrangement_of(zeros, 600, names=("I", "II", "III")))
    wrong = lead_traces.trace_page(drawn, arrangement_of(zeros, 600, names=("II", "I", "III")))
    assert right.limb_mv < 0.02 < 0.1 < wrong.limb_mv
    assert np.isnan(right.augmented_mv)


def test_a_lead_of_which_crossings_left_less_than_a_pixel_is_lost(monkeypatch):
    """Seen on a drawn page: three columns had edges, and between these nothing that could be dark."""
    ink, arrangement = stroke(300 - beats(720, 100)), arrangement_of([300, 500], 720)
    followed = lead_traces.page_strokes(ink, arrangement)
    followed.strokes[1][:] = np.nan
    followed.strokes[1][100:103, :2] = 499.6, 499.5
    monkeypatch.setattr(lead_traces, "page_strokes", lambda *_: followed)
    traces = lead_traces.trace_page(ink, arrangement)
    assert traces.lost["I"] == 0.0
    assert traces.lost["II"] == 1.0


@pytest.mark.parametrize("on_report", [True, False])
def test_leads_of_paper_that_is_not_known_are_lost_at_less_doubt(monkeypatch, on_report):
    """On pages of the data set's own device three times as much is allowed."""
    zeros = (150, 300, 450)
    drawn = np.max([stroke(zero - beats(600, 60)) for zero in zeros], axis=0)
    monkeypatch.setattr(lead_traces, "probabilities", lambda _: {"I": 0.04, "II": 0.1, "III": 0.2})
    traces = lead_traces.trace_page(drawn, replace(arrangement_of(zeros, 600), on_report=on_report))
    assert traces.lost_as_misread == (["III"] if on_report else ["II", "III"])
    assert lead_traces.trace_page(drawn, arrangement_of(zeros, 600), max_misread=1.0).lost_as_misread == []


def test_a_page_without_ink_is_lost_altogether():
    """Nothing is made up."""
    traces = lead_traces.trace_page(np.zeros((600, 500), np.uint8), arrangement_of([150, 300, 450], 500))
    assert all(np.isnan(signal).all() for signal in traces.signals.values())
    assert set(traces.lost.values()) == {1.0}


@pytest.fixture(scope="module")
def drawn_record():
    """A simulated record, its report page, and the arrangement of that."""
    signals = simulate("abnormal", seconds=10, rate_hz=RATE_HZ, seed=3)
    return signals, np.asarray(report_page.draw_report(signals, RATE_HZ)), digitisation.report_arrangement()


def test_a_report_page_gives_back_what_was_drawn_on_it(drawn_record):
    """A signal to noise ratio of 20 dB and more on most leads, through grid, names, separators and JPEG."""
    signals, page, arrangement = drawn_record
    traces = lead_traces.trace_page(ink.ink_of(page), arrangement)
    leads = digitisation.score(digitisation.truth_of(signals, arrangement), traces.signals)["leads"]
    assert np.median([snr_db for snr_db, _ in leads.values()]) > 20
    assert max(traces.lost.values()) < 0.02


def test_a_blurred_page_under_a_shadow_gives_it_back_too(drawn_record):
    """15 dB and more on most leads."""
    signals, page, arrangement = drawn_record
    spoiled = digitisation.spoiled(page, np.random.default_rng(1))
    traces = lead_traces.trace_page(ink.ink_of(spoiled), arrangement)
    leads = digitisation.score(digitisation.truth_of(signals, arrangement), traces.signals)["leads"]
    assert np.median([snr_db for snr_db, _ in leads.values()]) > 15


@pytest.mark.slow
def test_real_report_pages_obey_einthoven(few_pages):
    """The leads of one column add up to a twentieth of a millivolt, and nothing is lost."""
    arrangement = digitisation.report_arrangement()
    for page in few_pages:
        pixels = np.asarray(Image.open(page.path).convert("RGB"))
        traces = lead_traces.trace_page(ink.ink_of(pixels), arrangement)
        assert traces.limb_mv < 0.05, page.path
        assert traces.augmented_mv < 0.08, page.path
        assert max(traces.lost.values()) < 0.05, page.path


def test_the_tip_of_a_tall_wave_is_reached_over_a_gap():
    """A removed grid line separates tip and foot: the path crosses at the foot, and the tip belongs to the wave all the same."""
    rows = beats(720, 260.0, half_width=5.0)
    page = stroke(400 - rows)
    page[186:191] = 0
    traces = lead_traces.trace_page(page, arrangement_of([400], 720, names=("II",)))
    assert np.nanmax(traces.signals["II"]) > 0.9 * 260 / 80


def test_a_deep_wave_under_where_a_name_could_be_is_no_letter():
    """A beat at the beginning of a lead that goes down by more than letters go up keeps its place in time."""
    rows = -beats(720, 110.0, half_width=3.0, first=10)
    traces = lead_traces.trace_page(stroke(292 - rows), arrangement_of([300], 720, names=("II",)))
    signal, truth = traces.signals["II"][:60], in_mv(rows + 8)[:60]
    assert np.abs(signal - truth).mean() < 0.08
    assert signal.min() < 0.85 * truth.min()
