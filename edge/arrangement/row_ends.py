"""Where the traces of a page's rows begin and end, to the pixel: by their ink, or by a frame that hides it."""

from collections.abc import Sequence

import numpy as np

from ..layout import Arrangement, Place
from .coarse_page import SPECK_MM
from .column_lines import INK, THIN_INK, around_highest
from .columns import PAGE_MM

END_MM, END_BAND_MM = (6.0, 8.0), 8.0
"""How far before and behind an edge of the traces, and from 0 mV, their ends are searched for where nothing stands between columns."""
PULSE_END_MM = 0.8
"""What begins so near a calibration pulse is its own foot."""
FRAME_SHARE, BLURRED_PX = 0.9, 2
"""So much of the height between the first and the last row the side of a frame fills, and so far beside it is no blur of it."""
ENTRY_COLUMNS = 3
"""Ink at the edge of what is looked at in the first columns comes from beyond it."""
MIN_TRACE_MM = 4.0
"""What is followed by so much ink is a trace."""
FLAT_SHARE, ROUND_SHARE = 0.25, 0.7
"""In so many columns of its ink a trace is flat, and as high as its pen is wide; by so much of that its ink is longer than it is, since its ends are round."""
MAX_LEAN, LEAST_LEANING = 0.02, 4
"""By how much the ends of so many rows may lean at most, a degree."""
MIN_END_SHARE, MAX_END_SPREAD_MM = 0.6, 0.6
"""The share of the rows whose traces end in one column, and how far from it those may end."""


def row_ends(arrangement: Arrangement, ink: np.ndarray) -> tuple[float | None, float | None]:
    """The columns at which the traces of most rows of a page without a grid begin and end, None where it is not known."""
    pulses, width = [(left, right) for left, right, _, _ in arrangement.pulses], ink.shape[1]
    left = min(place.box.left for place in arrangement.places)
    right = max(place.box.right for place in arrangement.places)
    mirrored = [(width - stop, width - start) for start, stop in pulses]
    beyond = ROUND_SHARE * pen_px(ink, arrangement.places, arrangement.px_per_mm[1]) / 2

    def end_near(ink: np.ndarray, near: Sequence[int], pulses: Sequence[tuple[float, float]]) -> float | None:
        bare = (end_px(arrangement, ink, edge, pulses, True) for edge in near)
        framed = (framed_px(arrangement, ink, edge) for edge in near)
        return next((end + beyond for end in bare if end is not None), None) or next(filter(None, framed), None)

    first = end_near(ink, [left], pulses)
    # They end where the columns do, or where they would by the scale that is known down.
    by_scale = [x + PAGE_MM * arrangement.px_per_mm[1] for x in (left, left if first is None else first)]
    last = end_near(ink[:, ::-1], [width - round(end) for end in (right, *by_scale)], mirrored)
    return first, None if last is None else width - last


def framed_px(arrangement: Arrangement, ink: np.ndarray, edge: int) -> float | None:
    """The column of the side of a frame near `edge` from which on most rows have traces, which it hides the ends of; None where there is none, or paper is between them."""
    across, down = arrangement.px_per_mm
    left, stop = max(edge - round(END_MM[0] * across), 0), edge + round(END_MM[1] * across)
    zeros = sorted({round(place.zero_px) for place in arrangement.places})
    near = ink[:, left:stop]
    share = (near[max(zeros[0], 0) : max(zeros[-1], 0)] >= THIN_INK).mean(axis=0) if len(zeros) > 1 else np.zeros(0)
    if share.max(initial=0.0) < FRAME_SHARE:
        return None
    side = around_highest(share)
    beside = slice(np.flatnonzero(side)[-1] + 1 + BLURRED_PX, np.flatnonzero(side)[-1] + 1 + 2 * BLURRED_PX)
    reach = round(END_BAND_MM * down)
    touched = [bool((near[max(zero - reach, 0) : zero + reach + 1, beside] >= INK).any()) for zero in zeros]
    return (
        left + float(np.average(np.arange(share.size), weights=side * share))
        if np.mean(touched) >= MIN_END_SHARE
        else None
    )


def pen_px(ink: np.ndarray, places: Sequence[Place], px_per_mm: float) -> float:
    """How wide the strokes of traces are: ink begins and ends half of it beyond them."""
    reach = round(END_BAND_MM * px_per_mm)
    bands = [ink[max(round(p.zero_px) - reach, 0) : round(p.zero_px) + reach, p.box.left : p.box.right] for p in places]
    counts = np.concatenate([(band >= INK).sum(axis=0) for band in bands])
    return float(np.quantile(counts[counts > 0], FLAT_SHARE)) if counts.any() else 0.0


def end_px(
    arrangement: Arrangement,
    ink: np.ndarray,
    edge: int,
    pulses: Sequence[tuple[float, float]] = (),
    may_lean: bool = False,
) -> float | None:
    """The column near `edge` from which on most rows have traces; None where they begin elsewhere, or at different columns.

    Parameters
    ----------
    pulses : (left, right) columns of calibration pulses: a trace that goes on from one does not begin there
    may_lean : whether the ends may lie farther to one side from row to row, on a page that was not flattened by a grid
    """
    across, down = arrangement.px_per_mm
    left, stop = max(edge - round(END_MM[0] * across), 0), edge + round(END_MM[1] * across)
    zeros = sorted({place.zero_px for place in arrangement.places})
    reach, found = round(END_BAND_MM * down), []
    for zero in map(round, zeros):
        band = _without_specks(ink[max(zero - reach, 0) : zero + reach + 1, left:stop] >= INK, SPECK_MM * across)
        gaps = np.flatnonzero(~_closed(band.any(axis=0)))
        # The trace is what goes on to the end of what is looked at; one that comes from beyond the band does not begin in it.
        if gaps.size and gaps[-1] < band.shape[1] - round(MIN_TRACE_MM * across):
            begin = gaps[-1] + 1
            if not band[[0, -1], begin : begin + ENTRY_COLUMNS].any():
                found.append((zero, left + begin))
    slack = PULSE_END_MM * across
    found = [each for each in found if not any(low - slack <= each[1] <= high + slack for low, high in pulses)]
    if len(found) < MIN_END_SHARE * len(zeros):
        return None
    rows, columns = np.array(found, float).T
    for lean in (0.0, *([_lean(rows, columns)] if may_lean else [])):
        off = columns - lean * (rows - rows.mean())
        middle = float(np.median(off))
        if (np.abs(off - middle) <= MAX_END_SPREAD_MM * across).sum() >= MIN_END_SHARE * len(zeros):
            return middle
    return None


def _lean(rows: np.ndarray, columns: np.ndarray) -> float:
    """By how many pixels a row the ends (n,) of rows (n,) lie farther to the right: the median of the slopes between each two (Theil–Sen), 0 of few and of more than
    `MAX_LEAN`."""
    upper, lower = np.triu_indices(len(rows), 1)
    apart = rows[upper] != rows[lower]
    upper, lower = upper[apart], lower[apart]
    if len(rows) < LEAST_LEANING or not upper.size:
        return 0.0
    lean = float(np.median((columns[lower] - columns[upper]) / (rows[lower] - rows[upper])))
    return lean if abs(lean) <= MAX_LEAN else 0.0


def _without_specks(dark: np.ndarray, longest: float) -> np.ndarray:
    """(h, w) bool: what is dark but for what is no longer and no higher than so many pixels: dots that are left of a grid are no ends of traces."""
    from scipy import ndimage

    labels, count = ndimage.label(dark, np.ones((3, 3), bool))
    kept = np.zeros(count + 1, bool)
    kept[1:] = [max(y.stop - y.start, x.stop - x.start) > longest for y, x in ndimage.find_objects(labels)]
    return kept[labels]


def _closed(flags: np.ndarray) -> np.ndarray:
    """(w,) bool with gaps of up to two columns closed."""
    from scipy import ndimage

    return np.asarray(ndimage.binary_closing(np.pad(flags, 3), np.ones(3, bool))[3:-3])
