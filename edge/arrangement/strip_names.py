"""Which leads rhythm strips show, by their printed names: searched for at a finer resolution where the names of the first column predict them."""

from __future__ import annotations

import numpy as np

from .. import layout
from . import lead_names
from .coarse_page import PX_PER_MM, CoarsePage
from .layout_matching import Match

FINE_PX_PER_MM = 8
MIN_STRIP_FIT, MIN_STRIP_MARGIN, MIN_I_MARGIN = 0.5, 0.05, 0.3
"""Any upright stroke resembles an I: as a rhythm strip's name it has to be clearer than others."""
NEAR_MM = 1.5
"""How near a rhythm strip's name is to where those of the first column predict it."""
CROSSING_INK = 128
STRIP_MM = -3.0, -6.0, 11.0, 3.0
"""The window about a rhythm strip's name, at the fine resolution: left, top, right and bottom from its lower left corner."""


def strip_names(coarse: CoarsePage, match: Match, ink: np.ndarray, px_per_mm: tuple[float, float]) -> list[str | None]:
    """The lead that each rhythm strip shows, None where its name is not read: searched for near where the first column has its names."""
    mm, fine, pattern = PX_PER_MM, FINE_PX_PER_MM, match.pattern
    zeros = match.search.lines(match.zeros)[pattern.grid_rows :, 0]
    if not zeros.size:
        return []
    x = match.starts[0] + match.places[0][1] + match.search.across[0] * mm
    ys = [zero + match.places[0][0] + match.search.down[0] * mm + coarse.slope(x) for zero in zeros]
    crops = np.stack([_crop(ink, px_per_mm, (x / mm, y / mm)) for y in ys])
    matcher = lead_names.NameMatcher(crops, fine, slack_mm=0)
    corner = -STRIP_MM[1] * fine, -STRIP_MM[0] * fine
    leads: list[str | None] = []
    for strip in range(len(zeros)):
        own = matcher.fits([(strip, name) for name in layout.LEADS_12], *match.face)
        fits = {name: _best_near(fit, corner, NEAR_MM * fine) for name, fit in zip(layout.LEADS_12, own, strict=True)}
        first, second = sorted(fits, key=lambda name: fits[name], reverse=True)[:2]
        fit, row, column = fits[first]
        margin = MIN_I_MARGIN if first == "I" else MIN_STRIP_MARGIN
        clear = fit >= MIN_STRIP_FIT and fit - fits[second][0] >= margin
        if clear and first in ("I", "II", "III"):
            clear = not _is_crossed(crops[strip], (row, column), match.face[1] * fine)
        leads.append(first if clear else None)
    return leads


def _best_near(fit: np.ndarray, corner: tuple[float, float], reach: float) -> tuple[float, int, int]:
    """(fit, row, column) of the best place within `reach` pixels of a corner (row, column)."""
    top, left = (max(round(side - reach), 0) for side in corner)
    part = fit[top : round(corner[0] + reach) + 1, left : round(corner[1] + reach) + 1]
    row, column = np.unravel_index(part.argmax(), part.shape)
    return float(part[row, column]), int(row) + top, int(column) + left


def _is_crossed(crop: np.ndarray, foot: tuple[int, int], cap_px: float) -> bool:
    """Whether a stroke continues above the capitals of I, II or III, whose corner is at `foot`: the trace's, which may resemble an I."""
    row, column = foot
    above = crop[max(round(row - 1.5 * cap_px), 0) : max(round(row - 1.07 * cap_px), 0)]
    return bool((above[:, max(round(column - 0.1 * cap_px), 0) : round(column + 1.3 * cap_px)] > CROSSING_INK).any())


def _crop(ink: np.ndarray, px_per_mm: tuple[float, float], corner_mm: tuple[float, float]) -> np.ndarray:
    """(h, w) uint8 of the fine resolution: the page's ink about the lower left corner of a name."""
    from PIL import Image

    left, top, right, bottom = STRIP_MM
    size = round((right - left) * FINE_PX_PER_MM), round((bottom - top) * FINE_PX_PER_MM)
    x, y = corner_mm
    across, down = px_per_mm
    box = (
        round((x + left) * across),
        round((y + top) * down),
        round((x + right) * across),
        round((y + bottom) * down),
    )
    part = Image.fromarray(ink).crop(box)
    return np.asarray(part.resize(size, Image.Resampling.BILINEAR))
