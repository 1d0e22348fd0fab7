"""Columns and scale of drawn pages of other paper, to the pixel."""

from dataclasses import replace

import numpy as np
import pytest

from ecg_edge.errors import PictureError
from ecg_edge.image import open_picture
from ecg_edge.layout import Arrangement, Box, Place
from ecg_edge.page.page import find_page
from ecg_edge.page.whole_page import check_columns
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


BOOK = {
    "layout": "6x2", "rhythm": (), "row_s": 7.6, "gap_mm": 13.0, "numerals": True, "by_hand_mm": 1.6, "name_rise_mm": 8.5,
    "name_shift_mm": -10.0, "pulse_rows": "each column", "pulse_s": 0.1, "font": "serif", "grid": "dots", "colour": "grey",
    "separators": "none", "header": False, "foot": False,
}  # fmt: skip
"""A figure of a book: columns cut to what fits, each opened by narrow pulses, names and base lines set by hand."""


def test_figures_of_books_are_read_whose_columns_show_less_than_a_page():
    """Each column ends before the name and the pulse that open the next; such a pulse says no speed, which is assumed."""
    found, _ = arranged(6.5, **BOOK)
    assert (found.layout, found.speed_from, found.gain_from) == ("6x2", "assumed", "pulse")
    assert sorted({place.start_s for place in found.places}) == pytest.approx([0, 3.8], abs=0.1)
    widths = [place.box.right - place.box.left for place in found.places]
    assert widths == pytest.approx([760] * 12, abs=16)


def columns_of(seconds, gap_mm=8.0, opened=2, speed_from="assumed"):
    """An arrangement of six rows in two columns of so many seconds, of which the first `opened` begin behind pulses."""
    pitch = round((25 * seconds + gap_mm) * 8)
    places = [
        Place(f"{row}{column}", None, Box(200 + column * pitch, row * 200, 200 + round((column + seconds / 4) * pitch), row * 200 + 200), row * 200.0 + 100, column * seconds)
        for row in range(6)
        for column in range(2)
    ]  # fmt: skip
    pulses = [(165 + column * pitch, 185 + column * pitch, row * 200.0 + 20, row * 200.0 + 100) for row in range(6) for column in range(opened)]  # fmt: skip
    found = Arrangement("6x2", tuple(places), (8.0, 8.0), 25.0, 10.0, 0.1, 0.5, tuple(pulses))
    return replace(found, gap_mm=gap_mm, speed_from=speed_from)


def test_columns_show_10_s_together_or_are_each_opened_by_pulses():
    """What pulses open at its beginning alone may be a part of a page; less than 2.5 s of a lead are too few."""
    for usual in (columns_of(5.0, 0.0, 0), columns_of(4.8, 0.0, 1), columns_of(3.8), columns_of(2.6)):
        check_columns(usual)
    for other in (columns_of(3.8, opened=1), columns_of(3.8, 0.0), columns_of(2.0), columns_of(7.0)):
        with pytest.raises(PictureError) as refusal:
            check_columns(other)
        assert refusal.value.reason.value == "bad_layout" and "given" not in str(refusal.value)
    with pytest.raises(PictureError, match="At 25 mm/s, which was given, the columns would show 14 s"):
        check_columns(columns_of(7.0, speed_from="option"))


def test_a_compressed_page_of_thin_faint_lines_has_its_scale():
    """Six pixels to the millimetre, in JPEG: what its blocks leave where millimetre lines are moved the scale by 0.7 %, and all leads were wrong."""
    thin = {"paper": "letter", "colour": "faint", "minor_mm": 0.106, "major_mm": 0.26, "strength": 1.257, "pen_mm": 0.167, "ink": "red", "tint": "grey"}  # fmt: skip
    _, page = arranged(5.9853, **thin, layout="6x2+1", mm_per_mv=5.0, skew_deg=0.3, jpeg=70)
    for nodes in (page.flat.mesh.nodes, np.swapaxes(page.flat.mesh.nodes, 0, 1)):
        step = np.diff(nodes[4:-4, 4:-4], axis=1).mean(axis=(0, 1))
        assert np.hypot(*step) == pytest.approx(5 * 5.9853, rel=0.0015)
