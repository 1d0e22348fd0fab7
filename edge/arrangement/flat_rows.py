"""Rows whose trace is so flat that it was taken for a rule: found by the spaces between the other rows."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from .coarse_page import PX_PER_MM, CoarsePage
from .rows import APART_MM, REACH_MM

LEAST_ROWS, LEAST_BESIDE, EVEN = 4, 5, 0.06
"""So many rows, most of whose gaps differ from their median by no more than this share, tell where one is missing between them, and so many, where one is
missing beside them: frames and text stand there, too."""
PARTS = 8
"""Traces wander: their rows are looked for in so many parts of the page's width."""
UPRIGHT_SHARE = 0.9
"""A column that is inked in more than this share of what is looked at is of an upright line, which also crosses rules."""
FLAT_SHARE, RULED_SHARE = 0.6, 0.97
"""A flat trace runs along this share of the other rows' width at least, and holds no more than that share of the ink near it: a rule's ink is all on it,
a lead has beats."""


def flat_rows(coarse: CoarsePage, lines: Sequence[float]) -> list[float]:
    """The base lines, in pixels, of flat traces in a gap of two spaces between rows with these base lines, and one space beyond them."""
    gaps = np.diff(lines)
    if len(lines) < LEAST_ROWS or not coarse.points[0].size:
        return []
    space = float(np.median(gaps))
    if (np.abs(gaps / space - 1) <= EVEN).mean() < 0.5:
        return []
    missing = [line + gap / 2 for line, gap in zip(lines, gaps, strict=False) if abs(gap / space / 2 - 1) <= EVEN]
    if len(lines) >= LEAST_BESIDE:
        missing += [lines[0] - space, lines[-1] + space]
    left, right = (round(float(end)) for end in np.percentile(coarse.points[0], (2, 98)))
    found = [_flat_row(coarse.dark[:, left:right], line) for line in missing]
    return [row for row in found if row is not None and np.abs(np.subtract(lines, row)).min() > APART_MM * PX_PER_MM]


def _flat_row(dark: np.ndarray, line: float) -> float | None:
    """The row near `line` along which the ink of a (H, w) bool page runs nearly everywhere and not alone, in each of its parts; None without one."""
    reach = round(REACH_MM * PX_PER_MM)
    top, bottom = round(line) - reach, round(line) + reach + 1
    if top < reach or bottom + reach > len(dark):
        return None
    levels, shares, on, all_near = [], [], 0, 0
    for part in np.array_split(dark, PARTS, axis=1):
        thick = part[top - 1 : bottom - 1] | part[top:bottom] | part[top + 1 : bottom + 1]
        share = thick.mean(axis=1)
        row = top + round(float(np.flatnonzero(share >= 0.98 * share.max()).mean()))
        near = part[row - reach : row + reach + 1]
        near = near[:, near.mean(axis=0) < UPRIGHT_SHARE]
        on, all_near = on + near[reach - 1 : reach + 2].sum(), all_near + near.sum()
        levels.append(row)
        shares.append(share.max())
    if np.mean(shares) < FLAT_SHARE or on >= RULED_SHARE * all_near:
        return None
    return float(np.median(levels))
