"""Columns of leads: where they begin and end."""

import numpy as np
import pytest

from ecg_edge.arrangement.calibration_pulses import Pulse
from ecg_edge.arrangement.coarse_page import CoarsePage
from ecg_edge.arrangement.columns import edges_of, extent, gap_mm

ROWS, LEFT, WIDE = [80, 180, 280], 40, 250


def page_with(gap_px, marked=True):
    """A coarse page of three rows of four columns so far apart, a tick in each gap where they are `marked`."""
    dark = np.zeros((360, LEFT + 4 * (WIDE + gap_px) + 40), bool)
    for row in ROWS:
        for column in range(4):
            left = LEFT + column * (WIDE + gap_px)
            dark[row : row + 2, left : left + WIDE] = True
            if marked and column:
                dark[row - 20 : row + 20, left - gap_px // 2] = True
    return CoarsePage(dark * np.float32(255), dark, 0.0, (), (), (np.empty(0), np.empty(0)))


@pytest.mark.parametrize("marked", [True, False])
@pytest.mark.parametrize("gap_px", [8, 24])
def test_columns_with_bare_paper_between_them_begin_behind_it(gap_px, marked):
    """To half a millimetre, whatever stands in the gaps."""
    page = page_with(gap_px, marked)
    begins = LEFT + (WIDE + gap_px) * np.arange(4)
    edges, clear = edges_of(page, ROWS, (LEFT, begins[-1] + WIDE), 4)
    assert clear == 1.0
    assert edges == pytest.approx([*begins, begins[-1] + WIDE], abs=2)
    assert gap_mm(page, np.repeat(np.array(ROWS)[:, None], 4, axis=1), edges) == pytest.approx(gap_px / 4, abs=0.5)


def test_a_break_in_the_traces_is_no_gap():
    """A single one, where no column of four could begin."""
    page = page_with(0, marked=False)
    page.dark[:, LEFT + 100 : LEFT + 130] = False
    edges, clear = edges_of(page, ROWS, (LEFT, LEFT + 4 * WIDE), 4)
    assert clear < 0.5
    assert edges == pytest.approx(LEFT + WIDE * np.arange(5), abs=60)


def test_print_beside_the_traces_is_none_of_them():
    """A panel's words stand on most rows, apart from their ends; specks are nothing at all."""
    page = page_with(0)
    right = LEFT + 4 * WIDE
    page.dark[:, LEFT - 20 : LEFT : 4] |= (np.arange(len(page.dark)) % 4 == 0)[:, None]
    wider = np.pad(page.dark, ((0, 0), (0, 100)))
    for row in ROWS:
        wider[row - 6 : row + 6, right + 12 : right + 50] = True
    printed = CoarsePage(wider * np.float32(255), wider, 0.0, (), (), (np.empty(0), np.empty(0)))
    assert extent(printed, ROWS) == pytest.approx((LEFT, right), abs=3)


@pytest.mark.parametrize("before_px", [6, 40, 120])
def test_the_first_column_begins_behind_the_pulses_wherever_these_stand(before_px):
    """Those that open the rows, and what looks like them far before the traces."""
    page = page_with(0)
    width = page.dark.shape[1] + before_px
    dark = np.zeros((360, width), bool)
    dark[:, before_px:] = page.dark
    left = LEFT + before_px
    pulses = tuple(Pulse(left - before_px - 20, left - before_px, row - 40.0, float(row)) for row in ROWS)
    opened = CoarsePage(dark * np.float32(255), dark, 0.0, pulses, (), (np.empty(0), np.empty(0)))
    edges, _ = edges_of(opened, ROWS, (float(left), float(left + 4 * WIDE)), 4)
    assert edges[0] >= pulses[0].right and np.diff(edges) == pytest.approx([WIDE] * 4, rel=0.06)


def test_traces_that_end_within_what_was_taken_for_their_pulses_are_none():
    """Of a chart: nothing is left between them, and no column is looked for there; it ended reading with a traceback."""
    dark = np.zeros((360, 400), bool)
    for row in ROWS:
        dark[row : row + 2, LEFT : LEFT + 60] = True
    pulses = tuple(Pulse(LEFT + 5.0, LEFT + 65.0, row - 40.0, float(row)) for row in ROWS)
    assert extent(CoarsePage(dark * np.float32(255), dark, 0.0, (), (), (np.empty(0), np.empty(0))), ROWS) is not None
    opened = CoarsePage(dark * np.float32(255), dark, 0.0, pulses, (), (np.empty(0), np.empty(0)))
    assert extent(opened, ROWS) is None
