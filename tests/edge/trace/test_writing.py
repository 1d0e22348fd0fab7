"""Handwriting is told from traces, letters and grids by what its loops enclose."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ecg_edge.compiled import library
from ecg_edge.trace import lead_traces, writing

from .test_lead_traces import arrangement_of, beats, in_mv, stroke

WIDTH, ZEROS = 1000, (200, 400, 600)
BEATS = beats(WIDTH, 80)

pages = st.builds(
    lambda height, width, share, seed: (np.random.default_rng(seed).random((height, width)) < share) * np.uint8(200),
    st.integers(1, 40), st.integers(1, 60), st.sampled_from([0.0, 0.1, 0.3, 0.5, 0.7, 1.0]), st.integers(0, 2**32 - 1),
)  # fmt: skip


def page():
    """(800, WIDTH) ink of three leads."""
    return np.maximum.reduce([stroke(zero - BEATS, 800) for zero in ZEROS])


def written(left, top, loops, apart=32, wide=10, high=14):
    """(800, WIDTH) ink of so many loops of cursive writing from (left, top) on."""
    time = np.linspace(0, 2 * np.pi * loops, 4000 * loops)
    x, y = left + apart * time / 2 / np.pi + 1.6 * wide * np.sin(time), top + high * np.cos(time)
    ink = np.zeros((800, WIDTH), np.uint8)
    for down in (-1, 0, 1):
        for right in (-1, 0, 1):
            ink[np.rint(y).astype(int) + down, np.rint(x).astype(int) + right] = 255
    return ink


def test_writing_across_a_trace_is_covered_and_nothing_else():
    ink = np.maximum(page(), written(400, 405, 5))
    covered = writing.writing(ink, arrangement_of(ZEROS, WIDTH))
    rows, columns = np.nonzero(covered)
    assert 370 < rows.min() < 395 and 410 < rows.max() < 440 and 370 < columns.min() < 400 and 540 < columns.max() < 600


def test_a_lead_is_lost_where_it_is_written_over_and_right_elsewhere():
    """Not what the hand drew there."""
    arrangement, clean = arrangement_of(ZEROS, WIDTH), in_mv(BEATS)
    traces = lead_traces.trace_page(np.maximum(page(), written(400, 405, 5)), arrangement)
    read = traces.signals["II"]
    known = np.isfinite(read)
    assert 0.1 < traces.lost["II"] < 0.3 and traces.lost["I"] == traces.lost["III"] == 0
    assert np.abs(read - clean)[known].max() < 0.15


def test_two_letters_beats_that_cross_a_row_and_a_grid_are_no_writing():
    arrangement = arrangement_of(ZEROS, WIDTH)
    assert writing.writing(page(), arrangement) is None
    assert writing.writing(np.maximum(page(), written(400, 330, 2)), arrangement) is None
    crossing = np.maximum(page(), stroke(600 - beats(WIDTH, 230), 800))
    assert writing.writing(crossing, arrangement) is None
    grid = np.zeros((800, WIDTH), np.uint8)
    grid[::24] = grid[:, ::24] = 255
    assert writing.writing(grid, arrangement) is None


@settings(max_examples=80)
@given(pages)
def test_what_is_compiled_finds_what_scipy_finds(ink):
    if library.compiled() is None:
        pytest.skip("nothing has been compiled: there was no C compiler when the package was installed")
    np.testing.assert_array_equal(writing.enclosed(ink, 100), writing._enclosed_in_scipy(ink, 100))


def test_a_page_with_more_paper_than_there_is_room_for_is_read_by_scipy(monkeypatch):
    ink = written(400, 330, 4)
    expected = writing._enclosed_in_scipy(ink, 100)
    monkeypatch.setattr(writing, "MOST_ENCLOSED", 5)
    np.testing.assert_array_equal(writing.enclosed(ink, 100), expected)
    assert len(expected) >= 3
