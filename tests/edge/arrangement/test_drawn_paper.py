"""Columns and scale of drawn pages of other paper, to the pixel."""

import numpy as np
import pytest

from ecg_edge.image import open_picture
from ecg_edge.page.page import find_page
from ecg_edge.simulator.heart import simulate
from train.paper import draw_page
from train.paper_style import Style


def arranged(px_per_mm, **style):
    """(arrangement, page) of a drawn page of a simulated heart."""
    drawn = draw_page(simulate("normal", seed=4), Style(**style), px_per_mm=px_per_mm, seed=3)
    page = find_page(open_picture(drawn.jpeg).image if drawn.jpeg else drawn.image).upright()
    return page.arrangement, page


def lefts_of(found):
    """Where the columns of an arrangement begin."""
    return sorted({place.box.left for place in found.places})


def test_a_column_ends_where_bare_paper_begins():
    """What stands there, a dashed line, is none of its leads."""
    found, _ = arranged(7.0, layout="6x2", rhythm=(), gap_mm=6.0, separators="dashed")
    left, right = (next(place for place in found.places if place.name == name).box for name in ("I", "V1"))
    assert found.gap_mm == pytest.approx(6, abs=1)
    assert right.left - left.right == pytest.approx(48, abs=8)
    assert left.right - left.left == pytest.approx(1000, abs=12)


def test_dashed_lines_tell_how_fast_a_page_without_a_grid_is():
    """Pulses alone give its scale to a pen's width."""
    found, _ = arranged(7.4, layout="3x4", rhythm=(), grid="none", separators="dashed")
    assert found.px_per_mm[0] == pytest.approx(7.4, rel=0.003)
    assert np.diff(lefts_of(found)) == pytest.approx([462.5] * 3, abs=1)


def test_a_page_that_has_a_reports_size_by_chance_is_read_at_its_own_scale():
    """Its pulses say that it is none."""
    style = {"layout": "3x4+2", "rhythm": ("V1", "II"), "mm_per_mv": 5.0, "pulse": "right", "grid": "dots", "colour": "grey"}  # fmt: skip
    found, page = arranged(7.4856, **style)
    assert (found.speed_from, found.gain_from, found.mm_per_mv) == ("pulse", "pulse", 5.0)
    assert page.flat is not None
    assert np.diff(lefts_of(found)) == pytest.approx([500] * 3, abs=2)


def test_a_panel_beside_the_traces_is_no_sheet():
    """On paper without a grid, of another tint: what has an outline is the panel."""
    style = {"paper": "roll", "grid": "none", "ink": "bright blue", "tint": "cream", "framed": False, "side": True, "separators": "ticks"}  # fmt: skip
    found, page = arranged(11.35, **style, names="below", name_rise_mm=9.0, pulse_s=0.2, header_rule=True)
    assert found.layout == "3x4+1" and page.flat is None


def test_names_in_colour_on_a_dark_grid_of_another_colour_are_read():
    style = {"colour": "green", "strength": 1.63, "minor": False, "name_ink": "bright blue", "finish": "whitened"}
    found, _ = arranged(10.6, **style, rhythm=("V1",), pulse="none", header=False, name_rise_mm=9.0, name_shift_mm=5.0)
    assert found.layout == "3x4+1"


def test_names_in_colour_are_read_where_the_traces_have_a_colour_too():
    """Of another one, on a grid of a third."""
    style = {"paper": "roll", "row_mm": 17.0, "colour": "orange", "ink": "teal", "name_ink": "red", "tint": "grey"}
    style |= {"names": "on", "name_rise_mm": 9.0, "name_mm": 3.3, "font": "serif bold", "header": False, "foot": False}
    found, _ = arranged(7.7, **style, rhythm=("III",), order="cabrera", separators="none", pen_mm=0.52, pulse_s=0.2, side=True, skew_deg=0.8, jpeg=50)  # fmt: skip
    assert found.layout == "3x4+1" and np.diff(lefts_of(found)) == pytest.approx([500] * 3, abs=4)
