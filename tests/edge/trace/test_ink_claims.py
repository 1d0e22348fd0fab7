"""Ink that leads share, and ink that none has taken."""

import numpy as np
import pytest

from ecg_edge.trace.ink_claims import claims
from ecg_edge.trace.ink_runs import InkRuns

from .test_lead_traces import PX_PER_MM, arrangement_of, beats, stroke

WIDTH = 720
ROWS = (200.0, 400.0)
PLACES = arrangement_of(ROWS, WIDTH).places


def claimed(ink, spans):
    return claims(InkRuns(ink, np.zeros(ink.shape, bool), PX_PER_MM), PLACES, spans)


def span_of(rows):
    return np.stack([rows - 1, rows + 1], 1)


def test_leads_that_are_apart_share_nothing_and_leave_nothing():
    rows = [np.full(WIDTH, row) for row in ROWS]
    found = claimed(stroke(rows[0]) | stroke(rows[1]), [span_of(row) for row in rows])
    assert [claim.shared_with for claim in found] == [(), ()]
    assert [(claim.unclaimed_share, claim.unclaimed_mm) for claim in found] == [(0.0, 0.0)] * 2


def test_a_wave_that_reaches_the_other_row_is_shared_by_both():
    low = ROWS[1] - beats(WIDTH, 240)
    rows = [np.full(WIDTH, ROWS[0]), low]
    ends = [np.stack([np.minimum(row, np.roll(row, 1)) - 1, np.maximum(row, np.roll(row, 1)) + 1], 1) for row in rows]
    found = claimed(stroke(rows[0]) | stroke(low), ends)
    assert [claim.shared_with for claim in found] == [(1,), (0,)]


@pytest.mark.parametrize("millimetres", [5, 20])
def test_a_line_beside_a_trace_is_ink_that_no_lead_has_taken(millimetres):
    """It is said as long as it is, to the gap that is bridged, and of the lead alone whose row it is near."""
    rows = [np.full(WIDTH, row) for row in ROWS]
    ink = stroke(rows[0]) | stroke(rows[1])
    ink[230:233, 100 : 100 + 8 * millimetres] = 255
    near, other = claimed(ink, [span_of(row) for row in rows])
    assert near.unclaimed_mm == pytest.approx(millimetres, abs=0.5)
    assert near.unclaimed_share == pytest.approx(millimetres * 8 / WIDTH, abs=0.01)
    assert other.unclaimed_mm == 0.0


def test_a_trace_that_was_lost_leaves_its_ink():
    rows = [np.full(WIDTH, row) for row in ROWS]
    lost = np.full((WIDTH, 2), np.nan)
    found = claimed(stroke(rows[0]) | stroke(rows[1]), [span_of(rows[0]), lost])
    assert found[0].unclaimed_share == 0.0
    assert found[1].unclaimed_share == 1.0 and found[1].unclaimed_mm == pytest.approx(WIDTH / 8, abs=0.5)
