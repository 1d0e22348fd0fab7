"""Leads that share ink."""

import numpy as np
import pytest

from ecg_edge.trace.ink_runs import InkRuns
from ecg_edge.trace.shared_ink import shared_ink

from .test_lead_traces import PX_PER_MM, arrangement_of, beats, stroke

WIDTH = 720
ROWS = (200.0, 400.0, 560.0)
PLACES = arrangement_of(ROWS, WIDTH).places


def shared(curves):
    """Of curves (WIDTH,) of rows that are drawn and followed, one for each of `PLACES`: NaN where one is lost."""
    ink = np.bitwise_or.reduce([stroke(curve) for curve in curves if np.isfinite(curve).all()])
    before = [np.concatenate([curve[:1], curve[:-1]]) for curve in curves]
    spans = [np.stack([np.minimum(*pair), np.maximum(*pair)], 1) for pair in zip(curves, before, strict=True)]
    return shared_ink(InkRuns(ink, np.zeros(ink.shape, bool), PX_PER_MM), PLACES, spans)


def test_leads_that_are_apart_share_nothing():
    assert shared([np.full(WIDTH, row) for row in ROWS]) == [(), (), ()]


@pytest.mark.parametrize("height_px, sharing", [(150, [(), (), ()]), (240, [(1,), (0,), ()])])
def test_a_wave_that_reaches_another_row_is_shared_by_both(height_px, sharing):
    assert shared([np.full(WIDTH, ROWS[0]), ROWS[1] - beats(WIDTH, height_px), np.full(WIDTH, ROWS[2])]) == sharing


def test_a_lead_that_is_lost_shares_nothing():
    lost = np.full(WIDTH, np.nan)
    assert shared([np.full(WIDTH, ROWS[0]), lost, ROWS[2] - beats(WIDTH, 200)]) == [(), (), ()]
