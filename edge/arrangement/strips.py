"""Strips: one or two rows of traces, too few for twelve leads."""

import numpy as np

from ..errors import PictureError
from .coarse_page import PX_PER_MM, coarse_page_of, reduced
from .columns import extent
from .scale import ASSUMED_WIDTH_MM, TRACED_ROW
from .speed_and_gain import EDGE_MM, FOOT_MM, GAINS_MM_PER_MV, SLACK

MOST_ROWS = 2
"""Twelve leads take three rows at least."""


def is_strip(ink: np.ndarray, px_per_mm: tuple[float, float] | None) -> bool:
    """Whether (H, W) uint8 ink of a page, at (across, down) px/mm or of unknown scale, shows a strip: its only rows, one of them with a calibration pulse,
    which nothing but an electrocardiograph prints."""
    assumed = ink.shape[1] / ASSUMED_WIDTH_MM
    try:
        coarse = coarse_page_of(*reduced(ink, px_per_mm or (assumed, assumed)))
    except PictureError:
        return False
    lines = [row for row, share in coarse.rows if share >= TRACED_ROW]
    ends = extent(coarse, lines) if 1 <= len(lines) <= MOST_ROWS else None
    if ends is None:
        return False
    left, right = ends[0] + EDGE_MM * PX_PER_MM, ends[1] - EDGE_MM * PX_PER_MM
    return any(
        (pulse.right <= left or pulse.left >= right)
        and min(abs(pulse.foot - line) for line in lines) <= FOOT_MM * PX_PER_MM
        and any(abs(pulse.height / PX_PER_MM / gain - 1) <= SLACK for gain in GAINS_MM_PER_MV)
        for pulse in (*coarse.pulses, *coarse.lone_pulses)
    )
