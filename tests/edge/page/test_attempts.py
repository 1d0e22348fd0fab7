"""Which candidates for the page in a picture are tried after a refusal."""

import numpy as np
import pytest
from PIL import Image

from ecg_edge.arrangement.refusals import OTHER_ORDER, OtherOrderError
from ecg_edge.errors import PictureError, Reason
from ecg_edge.page import page as page_module
from ecg_edge.page.page import Page


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
