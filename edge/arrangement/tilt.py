"""How far a page without a grid lies askew."""

import numpy as np

from . import rows
from .coarse_page import PX_PER_MM, reduced
from .column_lines import THIN_INK
from .scale import ASSUMED_WIDTH_MM


def tilt_of(ink: np.ndarray) -> float:
    """By how many pixels a column the rows of traces fall on an upright page of unknown scale, from its (H, W) uint8 ink; 0 where there are none."""
    assumed = max(ink.shape) / ASSUMED_WIDTH_MM
    _, dark = reduced(ink, (assumed, assumed))
    x, y = rows.flat_points(rows.tracks_of(dark, PX_PER_MM), PX_PER_MM)
    return rows.find_tilt(x, y, dark.shape, PX_PER_MM, rows.SHARPER) if x.size else 0.0


def tilts_of(ink: np.ndarray) -> tuple[float, ...]:
    """As `tilt_of`, the likeliest first. What is upright on a page that was turned and no more, beats of one time in several rows and lines, says it more finely, where it does: rows fall, too, where hearts
    drift."""
    tilt = tilt_of(ink)
    y, x = np.nonzero(ink >= THIN_INK)
    lean = rows.find_lean(x, y, -tilt)
    return (tilt,) if lean is None else (-lean, tilt)
