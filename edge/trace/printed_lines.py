"""Straight lines that leads have followed instead of their traces: rules of a header, frames. Without their ink the traces can be followed."""

from collections.abc import Iterable

import numpy as np

from ..layout import Place
from .ink_runs import columns_of

STRAIGHT_MM, STRAIGHT_SHARE = 0.4, 0.6
"""A lead has followed a line where at least this share of its columns lies so near to one straight line."""
OFF_ROW_MM = 4.0
"""And where that line stays so far from the row of 0 mV: an isoelectric trace is straight, too."""
THICK = 2.0
"""A stroke that is so many times as thick as the line usually is belongs to a wave that crosses it."""
BLURRED_PX = 2
"""So many rows beyond its edges are a line's, too."""


def without_lines(
    ink: np.ndarray, followed: Iterable[tuple[Place, np.ndarray]], px_per_mm: tuple[float, float]
) -> np.ndarray | None:
    """(H, W) uint8 ink without the printed lines that leads have followed; None where they have followed none.

    Parameters
    ----------
    ink : (H, W) uint8
    followed : places, each with the stroke (w, 4) that was followed: the upper and the lower edge in each column first, not finite where there is none
    px_per_mm : (across, down)
    """
    cleaned = None
    for place, stroke in followed:
        on_line = _on_line(stroke[:, :2], px_per_mm[1], place.zero_px)
        if not on_line.any():
            continue
        if cleaned is None:
            cleaned = ink.copy()
        x = columns_of(place)[on_line]
        first, last = np.rint(stroke[on_line, :2] + [-BLURRED_PX, BLURRED_PX]).astype(int).T
        for shift in range(int((last - first).max()) + 1):
            rows = np.clip(np.minimum(first + shift, last), 0, len(ink) - 1)
            cleaned[rows, x] = 0
    return cleaned


def _on_line(edges: np.ndarray, down: float, zero_px: float) -> np.ndarray:
    """(w,) bool: the columns of a stroke's (w, 2) edges that are a printed line's; none where it has followed none."""
    known = np.isfinite(edges).all(axis=1)
    nothing = np.zeros(len(edges), bool)
    x = np.flatnonzero(known)
    if len(x) < 3:
        return nothing
    middle, thickness = edges[x].mean(axis=1), edges[x, 1] - edges[x, 0]
    third = len(x) // 3
    ends = [(float(np.median(x[part])), float(np.median(middle[part]))) for part in (slice(third), slice(-third, None))]
    (x0, y0), (x1, y1) = ends
    line = y0 + (y1 - y0) / (x1 - x0) * (x - x0)
    straight = np.abs(middle - line) <= STRAIGHT_MM * down
    if straight.sum() < STRAIGHT_SHARE * len(edges) or np.abs(line - zero_px).min() < OFF_ROW_MM * down:
        return nothing
    nothing[x[straight & (thickness <= THICK * np.median(thickness))]] = True
    return nothing
