"""Cutting the leads out of a flat page."""

from __future__ import annotations

import numpy as np

from ..errors import PictureError, Reason
from ..layout import REPORT, RHYTHM, Arrangement, Template

TRACE_LEFT_PX, COLUMN_PX = 152, 492
"""Where a report's traces begin, and how long 2.5 s of them are."""
TRACE_PX_PER_MM = 200 / 25.4
"""Traces and pulses of a report are drawn at 200 dots to the inch; the dots of its grid stand 0.9 % farther apart."""


def crop(gray: np.ndarray, template: Template) -> dict[str, np.ndarray]:
    """Step 2 of the paper: {name: (h, w) uint8 view} of a (template.height_px, template.width_px) uint8 page."""
    if gray.shape != (template.height_px, template.width_px):
        raise ValueError(f"a page of {template.height_px} x {template.width_px} pixels is needed, not {gray.shape}")
    return {name: gray[box.slices] for name, box in template.leads}


def crop_as_report(ink: np.ndarray, arrangement: Arrangement) -> dict[str, np.ndarray]:
    """The leads of any 3x4+1 page as a report would show them: {name: (h, w) uint8}, in the shapes of `REPORT`'s boxes.

    Each lead is brought to the report's scale and place by its own zero row and left edge: black ink on white paper, no grid.

    Parameters
    ----------
    ink : (H, W) uint8, 0 paper
    arrangement

    Raises
    ------
    PictureError : `bad_layout` where the page has another arrangement.
    """
    from PIL import Image

    places = {place.name: place for place in arrangement.places}
    if arrangement.layout != REPORT.name or set(places) != set(REPORT.lead_names):
        raise PictureError(
            Reason.BAD_LAYOUT,
            f"The page's leads are arranged as {arrangement.layout}: this model reads {REPORT.name} pages alone.",
        )
    paper = Image.fromarray(255 - ink)
    across = arrangement.px_per_mm[0] * arrangement.mm_per_s / (TRACE_PX_PER_MM * REPORT.mm_per_s)
    down = arrangement.px_per_mm[1] * arrangement.mm_per_mv / (TRACE_PX_PER_MM * REPORT.mm_per_mv)
    lefts = sorted({box.left for name, box in REPORT.leads if name != RHYTHM})
    crops = {}
    for name, box in REPORT.leads:
        place = places[name]
        column = 0 if name == RHYTHM else lefts.index(box.left)
        zero = next(row for row in REPORT.rows_px if box.top <= row < box.bottom)
        left = place.box.left + (box.left - TRACE_LEFT_PX - column * COLUMN_PX) * across
        top = place.zero_px + (box.top - zero) * down
        width, height = box.right - box.left, box.bottom - box.top
        extent = (left, top, left + width * across, top + height * down)
        cut = paper.transform((width, height), Image.Transform.EXTENT, extent, Image.Resampling.BILINEAR, fillcolor=255)
        crops[name] = np.asarray(cut)
    return crops
