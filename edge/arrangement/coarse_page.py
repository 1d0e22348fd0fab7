"""A flat page's ink as it is used to find its arrangement: at 4 px/mm with level rows, its pulses and candidates for rows."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np

from ..compiled.library import address, compiled
from ..compiled.reduction import block_counts, block_quantiles, level_counts, mean_of_boxes, through_table
from ..errors import PictureError, Reason
from ..layout import REPORT
from . import calibration_pulses, rows
from .calibration_pulses import Pulse
from .pulses_beside import pulses_beside, without_beats
from .strokes import strokes_of
from .upright_runs import upright_runs

PX_PER_MM = 4.0
"""Resolution of a coarse page."""
DARK_SHARE = 0.3
"""Pixels with more than this share of the ink of solid strokes are dark: a stroke of a third of a millimetre has no more at 4 px/mm."""
FAINT_SHARE = 0.15
"""As much, where the strokes of pulses are thinner than that and broken: they are looked for at known places alone."""
LONGEST_BREAK_PX, MAX_BEYOND = 4, 0.4
"""Breaks in the tops of such pulses, and how dark it may be above and below their strokes, as a share of these: lines of a grid go on."""
FAINTEST = 40
"""Ink (of 255) that does not count toward that of solid strokes."""
TILE_MM, TRACE_SHARE = 8.0, 0.07
"""The share of a tile that a trace through it fills; what fills more of most tiles is texture."""
SOLID_MM, RIM_MM = 3.5, 1.0
"""What is dark over squares of this side is no stroke; it is removed with its rim."""
PULSED_ROW = 0.5
"""At the ends of rows that are covered so far by traces pulses are searched for that are found by nothing else."""
SPECK_MM = 0.75
"""What is no longer and no higher is a speck."""
UPRIGHT_MM = 9.0
REPORT_PULSES_MM = 20.0
"""How far from a report page's left edge its pulses stand."""
MIN_POINTS = 200
"""The least number of flat points of a page: 5 cm of trace."""


@dataclass(frozen=True)
class CoarsePage:
    """A page at `PX_PER_MM` with level rows.

    `ink` (H, W) uint8 is without upright lines, `dark` (H, W) bool; the page's own rows fall by `tilt` pixels a column;
    `pulses` are its calibration pulses below each other, `lone_pulses` what else has their shape, `rows` are (row, coverage), `points` the flat points' columns and rows.
    """

    ink: np.ndarray
    dark: np.ndarray
    tilt: float
    pulses: tuple[Pulse, ...]
    rows: tuple[tuple[float, float], ...]
    points: tuple[np.ndarray, np.ndarray]
    lone_pulses: tuple[Pulse, ...] = ()
    known: dict[tuple[str, tuple[float, ...]], Any] = field(default_factory=dict, repr=False, compare=False)

    @cached_property
    def counts(self) -> np.ndarray:
        """(H + 1, W) uint16: how many pixels above each are dark or stand beside dark ones."""
        counts = np.zeros((self.dark.shape[0] + 1, self.dark.shape[1]), np.uint16)
        counts[1:] = self.dark
        counts[1:, 1:] |= self.dark[:, :-1]
        counts[1:, :-1] |= self.dark[:, 1:]
        return np.cumsum(counts, axis=0, dtype=counts.dtype, out=counts)

    @cached_property
    def strokes(self) -> np.ndarray:
        """(H, W) bool: what is dark and no speck, as dots are that are left of a grid."""
        found = strokes_of(self.dark)
        least = SPECK_MM * PX_PER_MM
        return found.only([max(box.right - box.left - 2, box.bottom - box.top) > least for box in found.boxes])

    def slope(self, x: float) -> float:
        """By how many pixels a row stands lower at column `x` of the page itself."""
        return self.tilt * (x - self.dark.shape[1] / 2)


def reduced(ink: np.ndarray, px_per_mm: tuple[float, float]) -> tuple[np.ndarray, np.ndarray]:
    """The (h, w) uint8 ink at `PX_PER_MM` of a page at (across, down) px/mm, and (h, w) bool where it is dark.

    Raises
    ------
    PictureError : `not_an_ecg` where there is no ink to speak of.
    """
    height, width = ink.shape
    size = max(round(width * PX_PER_MM / px_per_mm[0]), 1), max(round(height * PX_PER_MM / px_per_mm[1]), 1)
    small = _above_texture(mean_of_boxes(ink, size))
    counts = _stroke_counts(small)
    if counts.sum() < MIN_POINTS:
        raise PictureError(Reason.NOT_AN_ECG)
    dark = small > DARK_SHARE * percentile_of(counts, 90)
    solid = _solid(dark)
    return (small, dark) if solid is None else (np.where(solid, 0, small), dark & ~solid)


def _stroke_counts(small: np.ndarray) -> np.ndarray:
    """How many pixels of (h, w) uint8 ink have each level, but for what does not count toward that of solid strokes."""
    counts = level_counts(small)
    counts[: FAINTEST + 1] = 0
    return counts


def percentile_of(counts: np.ndarray, percent: float) -> float:
    """As `numpy.percentile`, of so many (n,) values of 0, 1, 2, …: of a page's pixels in a tenth of the time."""
    place = percent / 100 * (counts.sum() - 1)
    lower, upper = np.searchsorted(np.cumsum(counts), [int(place), int(np.ceil(place))], "right")
    return float(lower + (upper - lower) * (place - int(place)))


def _above_texture(small: np.ndarray) -> np.ndarray:
    """Ink (h, w) uint8 less the level that is exceeded by more of it than traces fill: that of a remaining grid of their colour."""
    side = round(TILE_MM * PX_PER_MM)
    rows, columns = (max(length // side, 1) for length in small.shape)
    shape, block = (rows, columns), (min(side, small.shape[0]), min(side, small.shape[1]))
    inked = np.count_nonzero(block_counts(small, shape, block) >= TRACE_SHARE * block[0] * block[1] - 1)
    if inked < 0.5 * (rows * columns - 1):
        return small  # the quantile of most tiles is 0
    floor = np.median(block_quantiles(small, shape, block, 1 - TRACE_SHARE))
    if floor < 1:
        return small
    table = (np.maximum(np.arange(256) - floor, 0) * (255 / max(255 - floor, 1))).astype(np.uint8)
    return through_table(small.copy(), table)


def _solid(dark: np.ndarray) -> np.ndarray | None:
    """(h, w) bool: what is dark over more than the width of any stroke, and its rim: hands, pens, tables, never a trace or a letter. None where
    nothing is."""
    side = 2 * round(SOLID_MM * PX_PER_MM / 2) + 1
    # A solid square holds one of the squares of half its side that tile the page.
    half = (side + 1) // 2
    rows, columns = dark.shape[0] // half, dark.shape[1] // half
    squares = dark[: rows * half, : columns * half].reshape(rows, half, -1).all(axis=1)
    if not squares.reshape(rows, columns, half).all(axis=2).any():
        return None
    return _solid_of(dark, side, side // 2 + round(RIM_MM * PX_PER_MM))


def _solid_of(dark: np.ndarray, side: int, reach: int) -> np.ndarray | None:
    """(h, w) bool: what is within `reach` pixels, across and down, of the middle of a dark square of this `side`, odd, of a (h, w) bool page; None where there is
    none."""
    library, (height, width) = compiled(), dark.shape
    if library is None:
        return _solid_in_scipy(dark, side, reach)
    dark, found = np.ascontiguousarray(dark), np.empty(dark.shape, bool)
    scratch, counts = np.empty((height + 1, width), np.uint8), np.empty(2 * width, np.uint16)
    is_solid = library["solid_ink"](height, width, side, reach, *map(address, (dark, scratch, counts, found)))
    return found if is_solid else None


def _solid_in_scipy(dark: np.ndarray, side: int, reach: int) -> np.ndarray | None:
    """As `_solid_of`."""
    from scipy import ndimage

    kernel = ndimage.minimum_filter(dark.astype(np.uint8), side, mode="constant")
    return np.asarray(ndimage.maximum_filter(kernel, 2 * reach + 1) > 0) if kernel.any() else None


def coarse_page_of(small: np.ndarray, dark: np.ndarray, tracks: np.ndarray | None = None) -> CoarsePage:
    """The `CoarsePage` of reduced ink; `tracks` are those of `dark` where they are known.

    Raises
    ------
    PictureError : `not_an_ecg` where nothing runs across the page.
    """
    tracks = rows.tracks_of(dark, PX_PER_MM) if tracks is None else tracks
    x, y = rows.flat_points(tracks, PX_PER_MM)
    if x.size < MIN_POINTS:
        raise PictureError(Reason.NOT_AN_ECG)
    tilt = rows.find_tilt(x, y, dark.shape, PX_PER_MM)
    small, dark = _levelled(small, tilt), _levelled(dark, tilt)
    y = y - tilt * (x - dark.shape[1] / 2)
    pulses = calibration_pulses.find_pulses(dark, PX_PER_MM)
    found = calibration_pulses.aligned(pulses, PX_PER_MM)
    candidates = rows.find_rows(x, y, _levelled(tracks, tilt), PX_PER_MM)
    lines = [row for row, share in candidates if share >= PULSED_ROW]
    found = without_beats(found, lines, (x, y), PX_PER_MM)
    if not found:
        # Of one that is found both ways the height is measured, not held against those in use.
        beside = pulses_beside(dark, lines, (x, y), PX_PER_MM) or _faint_pulses(small, lines, (x, y))
        found = tuple(next((whole for whole in pulses if _is_same(whole, pulse)), pulse) for pulse in beside)
    lone = tuple(pulse for pulse in pulses if pulse not in found)
    return CoarsePage(_without_uprights(small, dark), dark, tilt, found, candidates, (x, y), lone)


def _faint_pulses(small: np.ndarray, lines: list[float], points: tuple[np.ndarray, np.ndarray]) -> tuple[Pulse, ...]:
    """As `pulses_beside`, where strokes are thinner than a coarse page, (H, W) uint8 ink, shows whole, and tops that lie on lines of the grid have breaks."""
    from scipy import ndimage

    dark = small > FAINT_SHARE * percentile_of(_stroke_counts(small), 90)
    dark = ndimage.binary_closing(dark, np.ones((1, LONGEST_BREAK_PX + 1), bool))
    found = pulses_beside(dark, lines, points, PX_PER_MM)
    return found if all(_stands_out(small, pulse) for pulse in found) else ()


def _stands_out(small: np.ndarray, pulse: Pulse) -> bool:
    """Whether the strokes of a pulse are darker than what goes on above and below them: lines of a grid are not."""
    top, foot, length = round(pulse.top), round(pulse.foot), round(pulse.height / 2)
    for side in (round(pulse.left), round(pulse.right)):
        ink = small[:, max(side - 1, 0) : side + 2].max(axis=1).astype(float)
        beyond = np.concatenate([ink[max(top - 2 - length, 0) : max(top - 2, 0)], ink[foot + 3 : foot + 3 + length]])
        if beyond.size and beyond.mean() > MAX_BEYOND * ink[top : foot + 1].mean():
            return False
    return True


def _is_same(one: Pulse, other: Pulse) -> bool:
    """Whether two are the same pulse of a coarse page, found in two ways."""
    sides = abs(one.left - other.left), abs(one.right - other.right)
    return max(sides) <= 1 and one.top < other.foot and other.top < one.foot


def coarse_report(small: np.ndarray, dark: np.ndarray) -> CoarsePage | None:
    """The `CoarsePage` of a report page's reduced ink, with no more than is needed where rows are known to be level and to stand on pulses.

    None where the pulses are not those of a report page.
    """
    pulsed = round(REPORT_PULSES_MM * PX_PER_MM)
    found = calibration_pulses.aligned(calibration_pulses.find_pulses(dark[:, :pulsed], PX_PER_MM), PX_PER_MM)
    if len(found) != len(REPORT.rows_px):
        return None
    return CoarsePage(_without_uprights(small, dark), dark, 0.0, found, (), (np.empty(0), np.empty(0)))


def _levelled(image: np.ndarray, tilt: float) -> np.ndarray:
    """The image with each column moved so that rows of this slope are level."""
    height, width = image.shape
    shift = np.rint(tilt * (np.arange(width) - width / 2)).astype(int)
    if not shift.any():
        return image
    moved = np.zeros_like(image)
    ends = [0, *(np.flatnonzero(np.diff(shift)) + 1).tolist(), width]
    for left, right in zip(ends, ends[1:], strict=False):
        by = int(shift[left])
        rows = slice(max(-by, 0), max(min(height - by, height), 0))
        moved[rows, left:right] = image[max(by, 0) : max(height + min(by, 0), 0), left:right]
    return moved


def _without_uprights(ink: np.ndarray, dark: np.ndarray) -> np.ndarray:
    """The ink without upright strokes longer than 9 mm: names stand close to separators."""
    length, kept = 2 * round(UPRIGHT_MM * PX_PER_MM / 2) + 1, ink.copy()
    runs = np.stack(upright_runs(dark))
    for x, top, end in runs[:, runs[2] - runs[1] >= length].T.tolist():
        kept[top:end, max(x - 1, 0) : x + 2] = 0
    return kept
