"""Calibration pulses where they are expected: at the ends of rows that are known.

`calibration_pulses` finds pulses anywhere, by strokes that are whole and end where the pulse ends. Strokes that are broken, or that go on into the pulse of the
row below because it is higher than the rows are apart, are none for it, nor is a pulse that stands alone. At the ends of rows few places are left, and what
stands there is held against a pulse of each size in use.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from .calibration_pulses import GAINS_MM_PER_MV, LEAST_OPENING, Pulse, in_columns
from .rows import REACH_MM
from .speed_and_gain import PULSE_SLACK, PULSE_WIDTHS_MM

BEYOND_MM, WITHIN_MM = 20.0, 14.0
"""Where pulses stand: so far before or behind the ends of what runs along the rows at most, and so far within them, for they may be part of it."""
NARROW_MM = 3.0
"""Beats are no wider, from R to S; few devices draw so narrow a pulse, and these at the beginning of rows."""
ON_ROW_MM = 4.0
"""How near to a row the ink is that runs along it."""
HEIGHT_SLACK = 0.07
"""How far a pulse's height may be from one of the gains in use, as a share of it."""
MIN_STROKE, MIN_TOP, MAX_INSIDE = 0.6, 0.8, 0.15
"""Shares of ink along the upright strokes and the top of a pulse, and between them."""
LONE_STROKE, LONE_TOP = 0.85, 0.9
"""A pulse that stands alone is whole."""
FREE_MM, FREE = (0.75, 2.5), 0.2
"""Where what goes on above and below a pulse is looked for, and the share of ink there where nothing does."""
OUTSIDE_MM = 0.75
"""So far from its strokes the base line on which a pulse stands is looked for."""
CORNER_MM = 1.0
"""So far from its strokes and its top the inside of a pulse begins."""
LEAST_ROWS, CERTAIN_ROWS = 2, 3
"""So many rows with the same pulse at the same place tell each other's; so many also where the first one or the last is hidden."""


@dataclass(frozen=True)
class _Sizes:
    """In pixels: (h,) heights and (w,) widths of pulses."""

    heights: np.ndarray
    widths: np.ndarray


@dataclass(frozen=True)
class _Row:
    """What stands on a row, by the height, the width and the left edge of a pulse, (h, w, x) each: how `alike` it is to one, 0..1, 0 of what is none; the row of its `feet`; whether
    nothing goes on `above` and `below` it; and whether it would be one `alone`."""

    alike: np.ndarray
    feet: np.ndarray
    above: np.ndarray
    below: np.ndarray
    alone: np.ndarray


def pulses_beside(
    dark: np.ndarray, lines: Sequence[float], points: tuple[np.ndarray, np.ndarray], px_per_mm: float
) -> tuple[Pulse, ...]:
    """The pulses before or behind rows, of one size and below each other; else the one that stands alone; none where there are none.

    Parameters
    ----------
    dark : (H, W) bool page with level rows
    lines : the rows' base lines, in pixels
    points : columns (n,) and rows (n,) of what runs along rows
    px_per_mm
    """
    mm, ends = px_per_mm, _ends(lines, points, px_per_mm)
    if ends is None:
        return ()
    left, right = ends
    # A row that is beyond the others may be none of them: it is high, low or noisy.
    pitch = float(np.median(np.diff(lines))) if len(lines) > 1 else 0.0
    beyond = [line for line in (lines[0] - pitch, lines[-1] + pitch) if pitch and 0 <= line < len(dark)]
    sizes, best = _sizes(mm), (0.0, tuple[Pulse, ...]())
    for begin, end in (
        (left - BEYOND_MM * mm, left + WITHIN_MM * mm),
        (right - WITHIN_MM * mm, right + BEYOND_MM * mm),
    ):
        first, stop = max(round(begin), 0), min(round(end), dark.shape[1])
        rows = [_row(dark[:, first:stop], line, sizes, mm) for line in (*lines, *beyond)] if first < stop else []
        best = max(best, _together([row for row in rows if row is not None], sizes, first), key=lambda found: found[0])
    return best[1]


def without_beats(
    pulses: Sequence[Pulse], lines: Sequence[float], points: tuple[np.ndarray, np.ndarray], px_per_mm: float
) -> tuple[Pulse, ...]:
    """The pulses but for narrow ones among the traces, which are beats: R and S of one lead in two rows. Those that open a second column, as others open the first, are none. Arguments are those of `pulses_beside`."""
    ends = _ends(lines, points, px_per_mm)
    if ends is None:
        return tuple(pulses)
    left, right = ends[0] + WITHIN_MM * px_per_mm, ends[1] - WITHIN_MM * px_per_mm
    columns = in_columns(pulses, px_per_mm)
    opening = max((len(column) for column in columns if column[0].right <= left), default=0)
    return tuple(
        pulse
        for pulse in pulses
        if pulse.width >= NARROW_MM * px_per_mm
        or pulse.right <= left
        or pulse.left >= right
        or any(pulse in column and min(len(column), opening) >= LEAST_OPENING for column in columns)
    )


def _ends(
    lines: Sequence[float], points: tuple[np.ndarray, np.ndarray], px_per_mm: float
) -> tuple[float, float] | None:
    """(left, right) between which most rows have points, None where they have none."""
    x, y = points
    on_rows = [x[np.abs(y - line) <= ON_ROW_MM * px_per_mm] for line in lines]
    ends = [(row.min(), row.max()) for row in on_rows if row.size]
    if not ends:
        return None
    left, right = np.median(ends, axis=0).tolist()
    return left, right


def _sizes(mm: float) -> _Sizes:
    reached = [(np.ceil((1 - HEIGHT_SLACK) * gain * mm), (1 + HEIGHT_SLACK) * gain * mm) for gain in GAINS_MM_PER_MV]
    heights = np.concatenate([np.arange(least, most) for least, most in reached]).astype(int)
    ranges = [((1 - PULSE_SLACK) * width * mm, (1 + PULSE_SLACK) * width * mm) for width in PULSE_WIDTHS_MM]
    widths = np.concatenate([np.arange(np.ceil(least), most) for least, most in ranges]).astype(int)
    return _Sizes(heights, widths)


def _row(strip: np.ndarray, line: float, sizes: _Sizes, mm: float) -> _Row | None:
    """What stands on the row of a base line in a strip (H, x) bool of a page; None where nothing is like a pulse."""
    near, far = (round(length * mm) for length in FREE_MM)
    outside = round(OUTSIDE_MM * mm)
    margin, reach = int(sizes.heights[-1]) + far + 1, round(REACH_MM * mm)
    feet = np.arange(max(round(line) - reach, 0), min(round(line) + reach + 1, len(strip))) + margin
    padded = np.pad(strip, ((margin, margin), (0, 0)))
    thick, level = padded.copy(), padded.copy()
    thick[:, 1:] |= padded[:, :-1]
    thick[:, :-1] |= padded[:, 1:]
    level[1:] |= padded[:-1]
    level[:-1] |= padded[1:]
    down = np.cumsum(np.pad(thick, ((1, 0), (0, 0))), axis=0, dtype=np.int32)
    tops = feet[:, None] - sizes.heights
    strokes = (down[feet + 1][:, None] - down[tops]) / (sizes.heights[:, None] + 1)
    upright = np.flatnonzero(strokes.max(axis=(0, 1), initial=0.0) >= MIN_STROKE)
    lefts, rights = (upright[at] for at in np.nonzero(np.isin(upright[None] - upright[:, None], sizes.widths)))
    if not lefts.size:
        return None
    across = np.cumsum(np.pad(level, ((0, 0), (1, 0))), axis=1, dtype=np.int32)
    sides = np.minimum(strokes[..., lefts], strokes[..., rights])
    top = (across[tops][..., rights + 1] - across[tops][..., lefts]) / (rights + 1 - lefts)
    on_stroke = np.cumsum(np.pad(padded, ((1, 0), (0, 0))), axis=0, dtype=np.int32)
    middle = (on_stroke[feet + 1][:, None] - on_stroke[tops]) / (sizes.heights[:, None] + 1)
    inside = _share_inside(padded, tops, feet, (lefts, rights), round(CORNER_MM * mm))
    # Of places that are as good the one where the strokes themselves are, and which stands on the base line.
    middle = middle[..., lefts] + middle[..., rights] + padded[tops][..., (lefts + rights) // 2]
    base = [padded[feet][:, np.clip(side, 0, strip.shape[1] - 1)] for side in (lefts - outside, rights + outside)]
    alike = sides * top * (1 - inside) * (1 + middle + np.maximum(*base)[:, None]) / 5
    alike[(sides < MIN_STROKE) | (top < MIN_TOP) | (inside > MAX_INSIDE)] = 0
    if not alike.any():
        return None
    above = np.maximum(*((down[tops - near] - down[tops - far])[..., side] for side in (lefts, rights)))
    below = np.maximum(*((down[feet + far + 1] - down[feet + near + 1])[:, side] for side in (lefts, rights)))
    is_free_above, is_free_below = (count <= FREE * (far - near) for count in (above, below[:, None]))
    whole = (sides >= LONE_STROKE) & (top >= LONE_TOP) & is_free_above & is_free_below
    alone = (alike > 0) & whole
    at = (alike + alone).argmax(axis=0)[None]
    shape = len(sizes.heights), len(sizes.widths), strip.shape[1]

    def placed(values: np.ndarray) -> np.ndarray:
        dense = np.zeros(shape, values.dtype)
        dense[:, np.searchsorted(sizes.widths, rights - lefts), lefts] = np.take_along_axis(values, at, axis=0)[0]
        return dense

    feet_of = np.broadcast_to((feet - margin)[:, None, None], alike.shape)
    is_free_below = np.broadcast_to(is_free_below, alike.shape)
    return _Row(placed(alike), placed(feet_of), placed(is_free_above), placed(is_free_below), placed(alone))


def _share_inside(
    page: np.ndarray, tops: np.ndarray, feet: np.ndarray, sides: tuple[np.ndarray, np.ndarray], corner: int
) -> np.ndarray:
    """(f, h, n) the share of a (H, W) bool page's ink between pairs of strokes at the columns `sides` (n,) each, from below the `tops` (f, h) to above the `feet` (f,)."""
    area = np.cumsum(np.cumsum(np.pad(page, ((1, 0), (1, 0))), axis=0, dtype=np.int32), axis=1)
    lefts, rights = sides[0] + corner, np.maximum(sides[1] - corner + 1, sides[0] + corner)
    wide = area[:, rights] - area[:, lefts]
    upper, lower = tops + corner, (feet - corner)[:, None]
    size = (lower - upper)[..., None] * (rights - lefts)
    return np.asarray((wide[lower] - wide[upper]) / np.maximum(size, 1))


def _together(rows: list[_Row], sizes: _Sizes, first: int) -> tuple[float, tuple[Pulse, ...]]:
    """(how much speaks for them, the pulses of one size and place on most rows of a side whose columns begin at `first`); of a single one where it may be alone.

    Of heights that fit as many rows the greatest counts: between the strokes of pulses that overlap there are the tops of those of the rows below.
    """
    from scipy import ndimage

    if not rows:
        return 0.0, ()
    near = [ndimage.maximum_filter(row.alike, 3) for row in rows]
    count = np.sum([each > 0 for each in near], axis=0)
    # Rules and lines of a grid go on above the first row and below the last.
    begins = [ndimage.maximum_filter((row.alike > 0) & row.above, 3) for row in rows]
    ends = [ndimage.maximum_filter((row.alike > 0) & row.below, 3) for row in rows]
    begin, end = np.any(begins, axis=0), np.any(ends, axis=0)
    count[~((begin & end) | ((begin | end) & (count >= CERTAIN_ROWS)))] = 0
    most = int(count.max())
    if most < LEAST_ROWS:
        alone = [np.where(row.alone, row.alike, 0) for row in rows]
        best = max(range(len(rows)), key=lambda number: float(alone[number].max()))
        strength = float(alone[best].max())
        return (strength, (_pulse(rows[best], alone[best], sizes, first),)) if strength > 0 else (0.0, ())
    highest = sizes.heights[np.flatnonzero((count == most).any(axis=(1, 2)))[-1]]
    like = np.abs(sizes.heights / highest - 1) <= 2 * HEIGHT_SLACK
    total = np.where((count == most) & like[:, None, None], np.sum(near, axis=0), 0)
    place = np.unravel_index(total.argmax(), total.shape)
    at = tuple(slice(max(int(middle) - 1, 0), int(middle) + 2) for middle in place)
    chosen = np.zeros(total.shape)
    chosen[at] = 1
    pulses = [_pulse(row, row.alike * chosen, sizes, first) for row in rows if row.alike[at].any()]
    return float(total.max()), tuple(sorted(pulses, key=lambda pulse: pulse.foot))


def _pulse(row: _Row, alike: np.ndarray, sizes: _Sizes, first: int) -> Pulse:
    """The pulse on a row where `alike` (h, w, x) is greatest."""
    height, width, x = (int(at) for at in np.unravel_index(alike.argmax(), alike.shape))
    foot, left = float(row.feet[height, width, x]), float(first + x)
    return Pulse(left, left + float(sizes.widths[width]), foot - float(sizes.heights[height]), foot)
