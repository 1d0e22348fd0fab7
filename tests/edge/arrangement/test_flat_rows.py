"""Rows whose trace is as flat as a rule."""

import numpy as np

from ecg_edge.arrangement.coarse_page import CoarsePage
from ecg_edge.arrangement.flat_rows import flat_rows

SPACE, WIDTH = 80, 900
LINES = [100 + SPACE * row for row in range(7)]


def coarse(flat=(), ruled=(), rows=LINES):
    """A page of rows with beats, of `flat` ones with small beats, and of `ruled` lines."""
    dark = np.zeros((LINES[-1] + 3 * SPACE, WIDTH), bool)
    for line in rows:
        height = 4 if line in flat else 40
        if line not in ruled:
            for beat in range(60, WIDTH - 60, 90):
                dark[line - height : line + 1, beat : beat + 3] = True
        dark[line, 50 : WIDTH - 50] = True
    y, x = np.nonzero(dark)
    return CoarsePage(dark.astype(np.float32), dark, 0.0, (), (), (x, y))


def test_a_flat_row_is_found_between_rows_and_beside_them():
    """In a gap of two spaces, and one space beyond the others."""
    for flat in (LINES[3], LINES[0], LINES[-1]):
        others = [line for line in LINES if line != flat]
        assert flat_rows(coarse(flat={flat}), others) == [flat]


def test_a_rule_and_bare_paper_are_no_rows():
    """A rule's ink is all on it."""
    others = [line for line in LINES if line != LINES[3]]
    assert flat_rows(coarse(ruled={LINES[3]}), others) == []
    assert flat_rows(coarse(rows=others), others) == []
    crossed = coarse(ruled={LINES[3]})
    crossed.dark[:, 200:203] = crossed.dark[:, 500:503] = True
    assert flat_rows(crossed, others) == []


def test_few_or_uneven_rows_tell_nothing():
    """Where others are missing is not known then."""
    page = coarse(flat={LINES[3]})
    assert flat_rows(page, [LINES[2], LINES[4]]) == []
    assert flat_rows(page, [100, 190, 240, 400, 430]) == []
    few = coarse(flat={LINES[0]}, rows=LINES[:5])
    assert flat_rows(few, LINES[1:5]) == []


def test_a_flat_row_may_wander():
    """By two millimetres over the page, in two leads."""
    flat, others = LINES[3], [line for line in LINES if line != LINES[3]]
    page = coarse(rows=others)
    across = np.arange(50, WIDTH - 50)
    rows = flat + np.rint(8 * np.abs((across - 50) / (WIDTH - 100) - 0.5)).astype(int)
    page.dark[rows, across] = True
    for beat in range(60, WIDTH - 60, 90):
        page.dark[flat - 6 : flat + 2, beat] = True
    (found,) = flat_rows(page, others)
    assert abs(found - flat) <= 4
