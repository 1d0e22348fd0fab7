"""Beats by their shape."""

import numpy as np

from ecg_edge.measure.beat_shapes import shapes_of
from ecg_edge.measure.page_beats import STEP_S, find_beats_in, qrs_band

from .hearts import RATE_HZ, all_at_once, heart, in_columns


def shapes(signals):
    band = qrs_band(signals)
    return shapes_of(band, find_beats_in(band.score, band.step_s))


def test_beats_of_one_shape_lie_on_each_other():
    """Distances between them are those of the R peaks, to a fraction of a step."""
    mv = heart("sinus rhythm")
    found = shapes(all_at_once(mv))
    rows = found.at * STEP_S * RATE_HZ
    inner = rows[(rows > 100) & (rows < 4900)]
    peaks = [row + mv[1, row - 40 : row + 40].argmax() - 40 for row in np.round(inner).astype(int)]
    assert np.std(inner - peaks) < 1.5
    assert set(found.shape) == {0} and np.nanmin(found.alike) > 0.9


def test_beats_of_another_shape_are_told_apart():
    """Each fourth beat is ventricular, on a page too, where columns share the strip alone."""
    mv = heart("premature ventricular beats")
    for signals in (all_at_once(mv), in_columns(mv)):
        found = shapes(signals)
        others = found.at[found.shape > 0] * STEP_S
        early = found.at[1:][np.diff(found.at) < 0.8 * np.median(np.diff(found.at))] * STEP_S
        assert len(early) >= 2 and np.allclose(np.sort(others)[: len(early)], early, atol=0.08)


def test_columns_that_share_no_lead_are_taken_for_one_shape():
    """Nothing says that their beats are of another one."""
    assert set(shapes(in_columns(heart("sinus rhythm"), strip=None)).shape) == {0}


def test_without_beats_there_are_no_shapes():
    """Nor an exception."""
    found = shapes(all_at_once(np.zeros((12, 5000))))
    assert (len(found.at), len(found.shape), len(found.alike)) == (0, 0, 0)
