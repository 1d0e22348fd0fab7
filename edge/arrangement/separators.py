"""What stands between the columns of leads and is no trace: vertical lines, ticks above and below each trace, and calibration pulses."""

from collections.abc import Iterable

import numpy as np

from ..compiled.reduction import block_quantiles
from ..layout import Arrangement

SEPARATOR_MM = 1.5
"""So far from the edge of a lead's box its separator is searched for."""
SEPARATOR_LENGTH_MM = 40.0
SEPARATOR_INKS = 180, 120
"""Vertical lines are printed as dark as traces, which the dots of a grid are not; fainter ones are searched for between columns of leads where there are no such."""
SKIRT_INK, SKIRT_SHARE = 48, 0.75
"""Blur leaves so much ink beside a line, on this share of its length: traces would climb it."""
SHARP_PX = 1
"""A line that is no wider with its skirt and its bends than by so much has none."""
DASH_MM = 1.5
TICK_INK = 100
TICK_MM, TICK_WIDTH_MM = 1.5, 1.2
"""A tick is at least so high and at most so wide."""
TICK_GAP_MM, MAX_BETWEEN = 1.25, 0.6
"""Within so much of 0 mV ticks leave a gap, of which a trace covers no more than this share of a column, in one row at least: where all rows are
crossed there, these are beats."""
TICK_REACH_MM = 10.0
"""Ticks stand within so much of a row's 0 mV."""
TICK_SLACK_PX = 2
"""Rows are found to a pixel or two: so far are ticks of different rows from the same height above their 0 mV."""


def separators(ink: np.ndarray, arrangement: Arrangement) -> np.ndarray:
    """(H, W) bool: the vertical lines between the columns of leads of (H, W) uint8 `ink`, solid, dotted, or two ticks in each row, and
    the calibration pulses."""
    erased = np.zeros(ink.shape, bool)
    across, down = arrangement.px_per_mm
    for left, right, top, bottom in arrangement.pulses:
        erased[round(top) : round(bottom), round(left) : round(right)] = True
    slack = round(SEPARATOR_MM * across)
    inner = {place.box.left for place in arrangement.places if place.start_s > 0}
    outer = {edge for place in arrangement.places for edge in (place.box.left, place.box.right)} - inner
    ticked = False
    for edge in (*sorted(inner), *sorted(outer)):
        columns = slice(max(edge - slack, 0), edge + slack + 1)
        near = _with_neighbours(ink[:, columns])
        line = _vertical_lines(near >= SEPARATOR_INKS[0], down)
        if edge in inner:
            fainter = _vertical_lines(near >= SEPARATOR_INKS[1], down)
            # Of a line that is dark elsewhere the fainter part counts where it is not: where it is, it is as wide as it is dark.
            line = line | (_touched(fainter, line) & ~line.any(axis=1)[:, None]) if line.any() else fainter
        # At the ends of rows there are ticks where there are some between columns.
        if not line.any():
            if edge not in inner and not ticked:
                continue
            zeros = [place.zero_px for place in arrangement.places if edge in (place.box.left, place.box.right)]
            line = ticks(ink[:, columns], zeros, arrangement.px_per_mm)
            ticked |= bool(line.any())
            erased[:, columns] |= line
        else:
            erased[:, columns] |= _with_skirt(line, ink[:, columns])
    return erased


def _vertical_lines(dark: np.ndarray, px_per_mm: float) -> np.ndarray:
    """(H, W) bool: the vertical lines in (H, W) bool `dark`: a closing joins dashes to a line, an opening removes what is shorter than one. Both are looked for where what is
    dark begins and ends; beyond the page there is paper."""
    reach, least = (round(length_mm * px_per_mm) // 2 for length_mm in (DASH_MM, SEPARATOR_LENGTH_MM))
    lines = np.zeros(dark.shape, bool)
    # Column after column, with paper between them that no closing joins.
    step = len(dark) + 2 * reach + 1
    turned = np.zeros((dark.shape[1], step), bool)
    turned[:, : len(dark)] = dark.T
    # A line has ink in each dash of its length: few columns have so much.
    counts = np.add.reduce(turned.view(np.uint8), axis=1, dtype=np.int64)
    columns = np.flatnonzero(counts >= (2 * least + 1) // (2 * reach + 1))
    at = np.flatnonzero(turned[columns])
    apart = np.flatnonzero(np.diff(at) > 2 * reach + 1)
    begins, ends = at[np.append(0, apart + 1)[: at.size]], at[np.append(apart, at.size - 1)[: at.size]]
    long = ends - begins >= 2 * least
    begins, ends = begins[long], ends[long]
    for x, first, last in zip(columns[begins // step], begins % step, ends % step, strict=True):
        top, bottom = max(first, reach), min(last, len(dark) - 1 - reach)
        if bottom - top >= 2 * least:
            lines[top : bottom + 1, x] = True
    return lines


def _with_neighbours(strip: np.ndarray) -> np.ndarray:
    """(H, w) uint8: the most of each pixel of a (H, w) uint8 strip and of those beside it."""
    near = strip.copy()
    np.maximum(near[:, 1:], strip[:, :-1], out=near[:, 1:])
    np.maximum(near[:, :-1], strip[:, 1:], out=near[:, :-1])
    return near


def _touched(parts: np.ndarray, by: np.ndarray) -> np.ndarray:
    """(H, w) bool: the connected parts of (H, w) bool `parts` that (H, w) bool `by` has pixels of."""
    from scipy import ndimage

    labels, count = ndimage.label(parts, np.ones((3, 3), bool))
    is_touched = np.zeros(count + 1, bool)
    is_touched[labels[by]] = True
    return parts & is_touched[labels]


def _with_skirt(line: np.ndarray, strip: np.ndarray) -> np.ndarray:
    """(H, w) bool `line` as wide as blur has made it in (H, w) uint8 `strip`: with the columns beside it in which nearly all of its rows hold ink."""
    rows, own = line.any(axis=1), line.any(axis=0)
    within = strip[rows]
    inked = block_quantiles(within, (1, len(own)), (len(within), 1), 1 - SKIRT_SHARE)[0] >= SKIRT_INK
    columns = _touched((inked | own)[None], own[None])
    # Sharp and upright, it is as wide as it is dark: leads begin beside it.
    if columns.sum() - np.median(line[rows].sum(axis=1)) <= SHARP_PX:
        return line
    return line | (rows[:, None] & columns)


def ticks(strip: np.ndarray, zeros_px: Iterable[float], px_per_mm: tuple[float, float]) -> np.ndarray:
    """(H, w) bool: the ticks in a strip (H, w) uint8 of a page's ink: short vertical strokes that stand at the same heights above and below
    the 0 mV of all rows, which waves of different leads do not.

    Parameters
    ----------
    zeros_px : the rows of 0 mV; of one row alone ticks cannot be told from waves
    px_per_mm : (across, down)
    """
    from scipy import ndimage

    across, down = px_per_mm
    dark, reach = strip >= TICK_INK, round(TICK_REACH_MM * down)
    found = np.zeros(dark.shape, bool)
    rows = sorted({round(zero) for zero in zeros_px if reach <= round(zero) < len(dark) - reach})
    if len(rows) < 2:
        return found
    windows = np.stack([dark[row - reach : row + reach + 1] for row in rows])
    near = ndimage.maximum_filter(windows, (1, 2 * TICK_SLACK_PX + 1, 2 * TICK_SLACK_PX + 1))
    # They come in pairs, as far below 0 mV as above, and only the trace runs between them: a letter and a wave are no pair.
    common, inner = near.all(axis=0), round(TICK_GAP_MM * down)
    common &= ndimage.maximum_filter1d(common[::-1], 2 * TICK_SLACK_PX + 1, axis=0)
    between = windows[:, reach - inner : reach + inner + 1].mean(axis=1)
    common &= ndimage.maximum_filter1d(between, 2 * TICK_SLACK_PX + 1, axis=1).min(axis=0) < MAX_BETWEEN
    common = ndimage.binary_opening(common, np.ones((round(TICK_MM * down), 1), bool))
    labels, _ = ndimage.label(common)
    for number, (high, wide) in enumerate(ndimage.find_objects(labels), 1):
        narrow = wide.stop - wide.start - 2 * TICK_SLACK_PX <= TICK_WIDTH_MM * across
        if not narrow or high.start <= reach < high.stop:
            common[labels == number] = False
    common &= common[:reach].any(axis=0) & common[reach + 1 :].any(axis=0)
    for row, window in zip(rows, windows, strict=True):
        found[row - reach : row + reach + 1] |= common & ndimage.binary_dilation(window, np.ones((3, 3), bool))
    return found
