"""Which candidates for the page in a picture are tried after a refusal."""

from dataclasses import replace

import numpy as np
import pytest
from PIL import Image

from ecg_edge.arrangement.refusals import OTHER_ORDER, OtherOrderError
from ecg_edge.errors import PictureError, Reason
from ecg_edge.layout import Arrangement, Box, Place
from ecg_edge.page import page as page_module
from ecg_edge.page import warp
from ecg_edge.page.flattening import Flat
from ecg_edge.page.page import Page
from ecg_edge.page.whole_page import with_scale_of_grid

ROWS = ("I", "II", "III"), ("aVR", "aVL", "aVF"), ("V1", "V2", "V3"), ("V4", "V5", "V6")


@pytest.mark.parametrize(("px_per_mm", "tried"), [((8.0, 8.0), 1), (None, 2)])
def test_names_in_another_order_on_a_grid_end_the_search(monkeypatch, px_per_mm, tried):
    """By its outline alone the same page would be read in the order in which its names are not; without a grid the names are known less well."""
    calls = []

    def arranged(page):
        calls.append(page)
        raise OtherOrderError if len(calls) == 1 else PictureError(Reason.BAD_SCALE)

    monkeypatch.setattr(page_module, "_arranged", arranged)
    monkeypatch.setattr(page_module, "_arranged_in_colour", arranged)
    monkeypatch.setattr(page_module, "_rescaled", arranged)
    image = Image.fromarray(np.full((400, 600, 3), 255, np.uint8))
    with pytest.raises(PictureError) as refused:
        Page(image, px_per_mm).upright()
    assert (len(calls) > 1) == (tried > 1)
    if px_per_mm:
        assert (refused.value.reason, str(refused.value)) == (Reason.BAD_LAYOUT, OTHER_ORDER)


@pytest.mark.parametrize(
    ("score", "picture_px_per_mm", "expected"), [(4.0, 5.1, 8.16), (2.0, 5.1, 8.0), (4.0, 5.6, 8.0)]
)
def test_a_page_that_its_outline_gave_has_the_scale_of_the_pictures_clear_grid(score, picture_px_per_mm, expected):
    """Where its own is nearly that: pulses and ends of traces are known to a percent or two. A grid that is not clear, or of another scale, says nothing."""
    rows = [
        (name, 200.0 + 150 * row, 2.5 * column) for column, names in enumerate(ROWS) for row, name in enumerate(names)
    ]
    places = tuple(
        Place(name, name, Box(100 + round(200 * s), round(y) - 75, 600 + round(200 * s), round(y) + 75), y, s)
        for name, y, s in rows
    )
    found = Arrangement("3x4", places, (8.0, 8.0), 25.0, 10.0, 0.1, 0.5)
    nodes = np.stack(np.meshgrid(np.arange(0, 1600, 25.0), np.arange(0, 500, 25.0)), axis=-1)
    flat = Flat(None, warp.Mesh(nodes, 40.0), None, np.zeros((4, 2)), True, (1600, 500), 5.0, 0.0, np.ones((1, 1)))
    page = Page(None, None, flat=flat, found=found)
    vars(page)["ink"] = np.zeros((800, 2080), np.uint8)
    likeliest = Page(None, (8.0, 8.0), flat=replace(flat, grid_score=score, picture_px_per_mm=picture_px_per_mm))
    rescaled = with_scale_of_grid(page, likeliest)
    assert rescaled.arrangement.px_per_mm[0] == pytest.approx(expected)
    # Moved boxes end where the page does.
    within = max(place.box.right for place in rescaled.arrangement.places)
    assert within == (2080 if rescaled is not page else 2100)
