"""Upright lines and ticks between the columns of leads, which tell to the pixel where second 0 is and how long a second is."""

from collections.abc import Callable

import numpy as np

from ..layout import Arrangement
from .separators import ticks

INK, THIN_INK = 100, 48
"""Ink (of 255) of a stroke; of a line that is thinner than a pixel, or falls between two, on a page where no grid is left that is as faint."""
MAX_PITCH_CHANGE = 0.015
"""How far columns may be from the grid's scale; farther off, it is they that were misread."""
MAX_LINES_CHANGE, MAX_LINE_ERROR_MM = 0.03, 0.6
"""Three lines or more between columns that stand evenly, to so much, are hardly misread: they may be farther from the grid's scale."""
CLEAR_LINE_ERROR_MM = 0.15
"""As evenly they stand that tell the scale where there is no grid."""
SAME_PITCH = 0.0075
"""Two lines tell the scale where there is no grid if it is that of the pulses, to so much."""
FEW_LINES, CLEAR_PITCH, SAME_BEGIN_MM, OTHER_BEGIN_MM = 3, 0.003, 0.3, 1.0
"""Fewer lines may all be beats. Two are on another pitch than the grid's by more than the second; columns begin where traces do by as much as the third, and elsewhere by more than the last."""
SEPARATOR_MM, SEPARATOR_SHARE = 2.0, 0.6
"""How near a column's edge an upright line is searched for, and how much of the distance between rows it fills."""
DASHED_SHARE, MAX_BREAK_MM, WHOLE_SHARE = 0.25, 2.0, 0.9
"""A dashed line fills so much of it, and, where breaks of no more than this are closed, as much as the last."""
SHORT_MM, SHORT_SHARE, SHORT_BREAK_MM, SHORT_ROWS = 4.0, 0.8, 0.5, 0.8
"""A short line crosses the trace: in most rows, this share of them, it fills so much of so many millimetres above and below 0 mV, breaks of a dot closed. Beats do so in one
row or two."""


def second_0_by_lines(
    arrangement: Arrangement, ink: np.ndarray, has_grid: bool, begin_px: Callable[[], float | None] = lambda: None
) -> tuple[float, float, float] | None:
    """(pixels of second 0, pixels a second, by how much these may differ from the grid's scale) by the upright lines or ticks between the
    columns; by a single one second 0 alone; None without any, and on a page without a grid where they do not stand evenly.

    `begin_px()` is where most rows of a page have their traces begin, if that is known: asked on a page with a grid where there are few lines.
    """
    edges = {place.start_s: place.box.left for place in arrangement.places if place.start_s > 0}
    if not edges:
        return None
    lines = lines_near(arrangement, ink, edges, INK if has_grid else THIN_INK)
    usual = arrangement.px_per_mm[0] * arrangement.mm_per_s
    if not lines and has_grid:
        # Beats of one time may have been taken for lines; by the grid the columns are elsewhere.
        first = min(place.box.left for place in arrangement.places)
        lines = lines_near(arrangement, ink, {start_s: round(first + start_s * usual) for start_s in edges})
    if has_grid:
        lines = _on_pitch(lines, usual, arrangement.px_per_mm[0])
    if has_grid and 0 < len(lines) < FEW_LINES and (begin := begin_px()) is not None:
        lines = _from_begin(arrangement, ink, lines, begin)
    if not lines:
        return None
    if len(lines) == 1:
        ((start_s, single),) = lines.items()
        return single - start_s * usual, usual, MAX_PITCH_CHANGE
    (px_per_s, first_px), errors, *_ = np.polyfit(list(lines), list(lines.values()), 1, full=True)
    if len(lines) == 2 and not has_grid:
        return (float(first_px), float(px_per_s), MAX_PITCH_CHANGE) if abs(px_per_s / usual - 1) <= SAME_PITCH else None
    most = MAX_LINE_ERROR_MM if has_grid else CLEAR_LINE_ERROR_MM
    even = errors.size > 0 and np.sqrt(errors[0] / len(lines)) <= most * arrangement.px_per_mm[0]
    if not (even or has_grid):
        return None
    return float(first_px), float(px_per_s), MAX_LINES_CHANGE if even else MAX_PITCH_CHANGE


def _from_begin(
    arrangement: Arrangement, ink: np.ndarray, lines: dict[float, float], begin_px: float
) -> dict[float, float]:
    """The few `lines`, {second: pixel}, held against where the traces of most rows begin and the grid's scale: of two that are on another pitch the one that agrees, if one does; where
    none of others does nearly, those where columns would be that begin there, if there are two on the grid's pitch: what was found was beats."""
    px_per_mm = arrangement.px_per_mm[0]
    px_per_s = px_per_mm * arrangement.mm_per_s
    off_mm = {second: abs(x - second * px_per_s - begin_px) / px_per_mm for second, x in lines.items()}
    if len(lines) == 2:
        (one, first), (two, second) = lines.items()
        change = abs((second - first) / (two - one) / px_per_s - 1)
        if CLEAR_PITCH < change <= MAX_PITCH_CHANGE:
            return {at: x for at, x in lines.items() if off_mm[at] <= SAME_BEGIN_MM}
    if min(off_mm.values()) > OTHER_BEGIN_MM:
        starts = {place.start_s for place in arrangement.places if place.start_s > 0}
        again = lines_near(arrangement, ink, {second: round(begin_px + second * px_per_s) for second in starts})
        near = {s: x for s, x in again.items() if abs(x - s * px_per_s - begin_px) <= SAME_BEGIN_MM * px_per_mm}
        return near if len(near) > 1 else lines
    return lines


def lines_near(
    arrangement: Arrangement, ink: np.ndarray, edges: dict[float, int], least: int = INK, may_be_short: bool = True
) -> dict[float, float]:
    """{second: pixel} of the upright lines near the `edges` of columns, of at `least` so much ink; of short ones and ticks, too."""
    zeros = [place.zero_px for place in arrangement.places if place.start_s > 0]
    reach = round(SEPARATOR_MM * arrangement.px_per_mm[0])
    rows = slice(round(max(min(zeros), 0)), round(max(zeros)))
    lines = {}
    for start_s, left in edges.items():
        near = ink[:, max(left - reach, 0) : left + reach + 1]
        dark = near[rows] >= least
        share = dark.mean(axis=0)
        if not share.size:
            continue
        if DASHED_SHARE <= share.max() < SEPARATOR_SHARE:
            whole = _without_breaks(dark, round(MAX_BREAK_MM * arrangement.px_per_mm[1])).mean(axis=0)
            share = np.where(whole >= WHOLE_SHARE, whole, share)
        if share.max() >= SEPARATOR_SHARE:
            weights = around_highest(share).astype(float)
        elif not may_be_short:
            continue
        elif (short := _short_lines(near >= least, zeros, arrangement.px_per_mm[1])).max() >= SHORT_SHARE:
            weights = around_highest(short).astype(float)
        else:
            weights = ticks(near, zeros, arrangement.px_per_mm).sum(axis=0).astype(float)
        if weights.any():
            lines[start_s] = max(left - reach, 0) + float(np.average(np.arange(weights.size), weights=weights))
    return lines


def _short_lines(dark: np.ndarray, zeros: list[float], px_per_mm: float) -> np.ndarray:
    """(w,) float: how much of short lines there is in each column of (H, w) bool `dark`, in most of the rows with these zeros."""
    reach, longest = round(SHORT_MM * px_per_mm), round(SHORT_BREAK_MM * px_per_mm)
    rows = [row for row in sorted({round(zero) for zero in zeros}) if reach <= row < len(dark) - reach]
    if len(rows) < 2:
        return np.zeros(dark.shape[1])
    filled = [_without_breaks(dark[row - reach : row + reach + 1], longest).mean(axis=0) for row in rows]
    return np.quantile(filled, 1 - SHORT_ROWS, axis=0, method="lower")


def _on_pitch(lines: dict[float, float], px_per_s: float, px_per_mm: float) -> dict[float, float]:
    """Those of three lines or more, {second: pixel}, that are as far apart as a grid's scale says, where two are and others are not: those are beats."""
    first = np.array([x - second * px_per_s for second, x in lines.items()])
    near = np.abs(first[:, None] - first) <= CLEAR_LINE_ERROR_MM * px_per_mm
    best = near[near.sum(axis=1).argmax()] if len(lines) > 2 else np.ones(len(lines), bool)
    far = np.abs(first[~best] - first[best].mean()) > MAX_LINE_ERROR_MM * px_per_mm if len(lines) else np.ones(0, bool)
    if best.sum() < 2 or not far.any():
        return lines
    return {second: x for (second, x), on in zip(lines.items(), best, strict=True) if on}


def _without_breaks(dark: np.ndarray, longest: int) -> np.ndarray:
    """(h, w) bool `dark` with breaks down the page of up to so many rows closed: a dashed line is one."""
    from scipy import ndimage

    return np.asarray(
        ndimage.binary_closing(np.pad(dark, ((longest, longest), (0, 0))), np.ones((longest + 1, 1)))[
            longest : -longest or None
        ]
    )


def around_highest(share: np.ndarray) -> np.ndarray:
    """(w,) bool: the columns of one line, those around the highest of (w,) `share` that are nearly as high: waves beside it are none of it."""
    from scipy import ndimage

    labels, _ = ndimage.label(share >= 0.7 * share.max())
    return labels == labels[np.argmax(share)]
