"""The scale of traces: pulses and separators know it better than a grid does."""

from dataclasses import replace

import numpy as np
import pytest

from ecg_edge.arrangement.arrangement import find_arrangement
from ecg_edge.arrangement.scale import refined
from ecg_edge.page.ink import ink_of
from ecg_edge.simulator.heart import simulate
from ecg_edge.simulator.report_page import draw_report

TRUE_PX_PER_MM = 200 / 25.4


@pytest.fixture(scope="module")
def report():
    """(ink, arrangement) of a drawn report whose grid is said to be 0.9 % wider than its traces."""
    ink = ink_of(np.asarray(draw_report(simulate("normal", seed=2))))
    grid = 1.009 * TRUE_PX_PER_MM
    return ink, find_arrangement(ink, (grid, grid))


def test_a_grid_that_is_a_little_wide_is_corrected(report):
    """By pulses down the page and by separators across it, to half a hundredth."""
    ink, found = report
    across, down = refined(found, ink).px_per_mm
    assert across == pytest.approx(TRUE_PX_PER_MM, rel=0.002)
    assert down == pytest.approx(TRUE_PX_PER_MM, rel=0.005)


def test_columns_begin_where_their_separators_stand(report):
    """Each column of 2.5 s, and the first from the pitch of the others."""
    ink, found = report
    lefts = sorted({place.box.left for place in refined(found, ink).places})
    assert lefts == pytest.approx([152, 644, 1136, 1628], abs=2)


def test_rows_stand_on_the_feet_of_their_pulses(report):
    """The report's rows are known to the pixel."""
    ink, found = report
    zeros = sorted({round(place.zero_px) for place in refined(found, ink).places})
    assert np.all([min(abs(zero - row) for row in (463, 763, 1066, 1366)) <= 1 for zero in zeros])


def test_without_pulses_and_separators_the_grids_scale_stays(report):
    """Nothing is made up."""
    ink, found = report
    bare = replace(found, pulses=())
    assert refined(bare, np.zeros_like(ink)).px_per_mm == found.px_per_mm
    assert refined(bare, np.zeros_like(ink)).places == found.places
