"""Traces beside printed lines that leads could follow instead."""

import numpy as np
import pytest

from ecg_edge.trace.lead_traces import page_strokes, trace_page
from ecg_edge.trace.printed_lines import OFF_ROW_MM, without_lines

from .test_lead_traces import PX_PER_MM, arrangement_of, beats, in_mv, stroke

WIDTH, ZERO = 720, 300.0


def page_with(line, rows):
    """A lead whose trace is faint, so that a line is the cheaper path: its columns are cut in every fourth place."""
    trace = stroke(ZERO - rows)
    trace[:, ::4] //= 3
    return np.maximum(trace, stroke(line))


@pytest.mark.parametrize("falls", [0.0, 6.0])
def test_a_trace_is_followed_below_a_rule(falls):
    """Level or a little aslant, 16 mm above."""
    rows = beats(WIDTH, 80.0)
    page = page_with(np.linspace(170, 170 + falls, WIDTH), rows)
    arrangement = arrangement_of([ZERO], WIDTH, names=("II",))
    followed = page_strokes(page, arrangement).strokes[0]
    assert np.nanmedian(followed[:, 0]) < 180  # else this is no such page
    traces = trace_page(page, arrangement)
    assert traces.lost_because == {}
    signal, truth = traces.signals["II"], in_mv(rows)
    assert np.isnan(signal).mean() < 0.2
    assert np.nanmedian(np.abs(signal - truth[: signal.size])) < 0.02
    assert np.nanmax(signal) == pytest.approx(truth.max(), abs=0.1)


def test_a_line_alone_is_no_trace_and_nothing_else_is_found():
    """The lead stays lost."""
    traces = trace_page(stroke(np.full(WIDTH, 170.0)), arrangement_of([ZERO], WIDTH, names=("II",)))
    assert np.isnan(traces.signals["II"]).all()


def test_ink_is_taken_away_of_lines_alone():
    """Not of a wave that crosses one, nor of a trace that is straight on its row."""
    line, (place,) = np.full(WIDTH, 200.0), arrangement_of([ZERO], WIDTH, names=("II",)).places
    ink = np.maximum(stroke(line), stroke(ZERO - beats(WIDTH, 180.0)))
    stroke_of = np.stack([line - 1.5, line + 1.5, line, line], axis=1)
    wave = ink[:198].any(axis=0) | ink[203:240].any(axis=0)
    stroke_of[wave, 0] = 120
    cleaned = without_lines(ink, [(place, stroke_of)], PX_PER_MM)
    assert not cleaned[195:206, ~wave].any()
    assert np.array_equal(cleaned[:, wave], ink[:, wave])
    near = np.full(WIDTH, ZERO - OFF_ROW_MM * PX_PER_MM[1] + 1)
    on_row = np.stack([near - 1.5, near + 1.5, near, near], axis=1)
    assert without_lines(ink, [(place, on_row)], PX_PER_MM) is None
