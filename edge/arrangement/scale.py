"""The scale of traces (px/mm): by calibration pulses where there is no grid, and corrected by pulses and columns where there is one.

Printers step a little more or less than the paper is ruled for. A calibration pulse is one millivolt whatever the grid says, and the
columns of a page follow each other by as many seconds as they show. Paper speed and gain are decided in `speed_and_gain`.
"""

from collections.abc import Sequence
from dataclasses import replace
from functools import cache, cached_property, partial

import numpy as np

from ..errors import PictureError, Reason
from ..layout import RHYTHM, Arrangement, Place
from . import calibration_pulses
from .coarse_page import PX_PER_MM, coarse_page_of, reduced
from .column_lines import (
    CLEAR_LINE_ERROR_MM,
    INK,
    MAX_PITCH_CHANGE,
    SAME_PITCH,
    THIN_INK,
    lines_near,
    second_0_by_lines,
)
from .columns import PAGE_MM, extent
from .row_ends import MAX_END_SPREAD_MM, ROUND_SHARE, end_px, pen_px, row_ends
from .speed_and_gain import USUAL_GAIN_MM_PER_MV

ASSUMED_WIDTH_MM = 281.0
"""The width of a report's picture, assumed while neither grid nor pulses give the scale."""
PULSE_HEIGHTS_MM = 8.0, 10.0, 12.5
"""Heights of pulses that are searched for at that assumed scale."""
TRACED_ROW, MIN_TRACED_ROWS = 0.5, 3
"""A row of traces is covered by at least this share; so many, or their ends do not tell how wide the columns are."""
MIN_TRACED_WIDTH = 0.4
"""The least share of a page's width that its traces take: narrower ones would be those of a sheet of a metre."""

MAX_PULSE_CHANGE = 0.03
"""How far pulses may be from the grid's scale; farther off, it is they that were misread."""
MAX_COARSE_CHANGE = 0.08
"""How far pulses may be from the scale that they gave themselves on the coarse page, where there is no grid: two of its pixels."""
MIN_END_CHANGE = 0.003
"""By how much the length between the ends of the traces must differ from the scale that is known: half a millimetre at each end is not seen."""
MAX_END_CHANGE_S = 0.15
"""Leads end where the next column begins, and strips where the last one ends, which they do to so much before that is known to the pixel."""
SAME_HEIGHT_PX = 1.5
"""Pulses of a page are drawn as high as each other to so much."""
MIN_STROKES = 2
"""So many pulses tell the scale across better than the columns of a coarse page."""
LENGTHS_S = 10.0, 5.0
"""How long the rows of a page without a grid are, from the ends of the traces, which tell its scale across to the pixel."""
MAX_FOOT_MM = 1.5
"""How near a row's zero the foot of its pulse stands."""
MAX_END_SHIFT_MM = 3.0
"""Where only the ends of the last column are known, columns move by no more: a sheet that is cut off ends all its rows, too."""
MULTIPLES, MULTIPLE_SLACK = (0.1, 0.2, 0.4, 0.5, 0.6, 5 / 3, 2.0, 2.5, 5.0, 10.0), 0.04
"""By which lines 5 mm apart may be taken for others, 0.5 mm to 50 mm: millimetres, two or three of them, centimetres; and how far a measured multiple may be from its own."""


class AssumedPage:
    """A page without a grid, of (H, W) uint8 ink, as it is at the assumed scale: reduced once, whatever is looked for; `seen` where that is known."""

    def __init__(self, ink: np.ndarray, seen: Sequence[np.ndarray] | None = None) -> None:
        self.px_per_mm = ink.shape[1] / ASSUMED_WIDTH_MM
        self._ink, self._seen = ink, seen

    @cached_property
    def seen(self) -> Sequence[np.ndarray]:
        """What `coarse_page_of` takes of it.

        Raises
        ------
        PictureError : `not_an_ecg` where there is no ink to speak of.
        """
        return self._seen or reduced(self._ink, (self.px_per_mm, self.px_per_mm))


def scale_by_pulses(page: AssumedPage, mm_per_mv: float | None = None) -> tuple[float, float]:
    """(across, down) px/mm of a page without a grid by pulses of 1 mV.

    Raises
    ------
    PictureError : `bad_scale` where fewer than two pulses stand below each other.
    """
    dark = page.seen[1]
    found = calibration_pulses.aligned(calibration_pulses.find_pulses(dark, PX_PER_MM, PULSE_HEIGHTS_MM), PX_PER_MM)
    if not found:
        raise PictureError(Reason.BAD_SCALE)
    height_mm = float(np.median([pulse.height for pulse in found])) / PX_PER_MM
    scale = page.px_per_mm * height_mm / (mm_per_mv or USUAL_GAIN_MM_PER_MV)
    return scale, scale


def scale_by_traces(page: AssumedPage) -> tuple[float, float]:
    """(across, down) px/mm of a page without a grid by the ends of its traces: 10 s at 25 mm/s and 5 s at 50 mm/s are equally wide.

    Raises
    ------
    PictureError : `bad_scale` where there are too few rows of traces.
    """
    try:
        coarse = coarse_page_of(*page.seen)
    except PictureError:
        raise PictureError(Reason.BAD_SCALE) from None
    lines = [row for row, share in coarse.rows if share >= TRACED_ROW]
    ends = extent(coarse, lines) if len(lines) >= MIN_TRACED_ROWS else None
    if ends is None or ends[1] - ends[0] < MIN_TRACED_WIDTH * coarse.dark.shape[1]:
        raise PictureError(Reason.BAD_SCALE)
    scale = page.px_per_mm * (ends[1] - ends[0]) / PX_PER_MM / PAGE_MM
    return scale, scale


def grid_multiple(factor: float) -> float | None:
    """The multiple by which a grid's lines were taken for others, given the scale over the grid's; None where it is none of `MULTIPLES`."""
    nearest = min(MULTIPLES, key=lambda multiple: abs(np.log(factor / multiple)))
    return nearest if abs(factor / nearest - 1) <= MULTIPLE_SLACK else None


def refined(arrangement: Arrangement, ink: np.ndarray, has_grid: bool = True) -> Arrangement:
    """The arrangement with `px_per_mm` corrected by its pulses (down) and its columns (across), on a page's (H, W) uint8 ink.

    On a page without a grid the pulses as they are printed give both, where the columns do not agree with them: what was known of them before is
    their height to half a millimetre.
    Columns that are separated by upright lines or ticks begin where these stand, to the pixel. Where nothing separates
    them, the ends of the traces tell. Where pulses, lines and ends are missing or too far from the scale, that stays. Columns with bare paper between
    them stay where they were found: their distance says no speed.
    """
    across, down = arrangement.px_per_mm
    strokes = [stroke for stroke in (_foot_and_top(ink, *pulse) for pulse in arrangement.pulses) if stroke]
    if strokes:
        found = _height_px(np.array([foot - top for foot, top in strokes])) / arrangement.mm_per_mv
        if abs(found / down - 1) <= (MAX_PULSE_CHANGE if has_grid else MAX_COARSE_CHANGE):
            down = found
        elif arrangement.gain_from != "option":
            arrangement = replace(arrangement, gain_from="assumed")
        by_columns = len(strokes) < MIN_STROKES and abs(across / down - 1) <= MAX_PULSE_CHANGE
        across = across if has_grid or by_columns else down
    arrangement = replace(arrangement, px_per_mm=(across, down))
    apart = arrangement.gap_mm > 0 and len({place.start_s for place in arrangement.places}) > 1
    if not has_grid:
        # Rows with bare paper between their columns are longer than they last: strips are not.
        whole = [place for place in arrangement.places if not apart or _is_strip(place)]
        across = _by_length(arrangement, whole, ink) or (apart and _by_columns_apart(arrangement, ink)) or across
    places = tuple(_on_its_foot(place, strokes, down) for place in arrangement.places)
    arrangement = replace(arrangement, px_per_mm=(across, down), places=places)
    if apart:
        return arrangement
    # Where traces begin and end is asked only where lines do not say it.
    by_ends = cache(partial(_columns_by_ends, arrangement, ink))
    columns = second_0_by_lines(arrangement, ink, has_grid, lambda: (by_ends() or (None,))[0]) or by_ends()
    if columns is None:
        columns = _columns_by_grid(arrangement) if has_grid else None
    if columns is None:
        return arrangement
    first_px, px_per_s, most = columns
    if abs(px_per_s / arrangement.mm_per_s / across - 1) > most:
        return arrangement if arrangement.speed_from == "option" else replace(arrangement, speed_from="assumed")
    places = tuple(_moved(place, first_px, px_per_s, arrangement) for place in arrangement.places)
    return replace(arrangement, places=places, px_per_mm=(px_per_s / arrangement.mm_per_s, down))


def _is_strip(place: Place) -> bool:
    return place.name.startswith(RHYTHM)


def _height_px(heights: np.ndarray) -> float:
    """The height of (n,) pulses: the mean of those that are no farther than `SAME_HEIGHT_PX` from the median. Each is known to a pixel, their mean to parts of one."""
    return float(heights[np.abs(heights - np.median(heights)) <= SAME_HEIGHT_PX].mean())


def _by_length(arrangement: Arrangement, places: Sequence[Place], ink: np.ndarray) -> float | None:
    """px/mm across by the length of the rows of some `places`, from where most of their traces begin to where they end, or by one of these and the lines between
    columns; None where these are not known, or tell another scale than the arrangement's both across and down."""
    if not places:
        return None
    arrangement = replace(arrangement, places=tuple(places))
    first, last = row_ends(arrangement, ink)
    known = np.array(arrangement.px_per_mm)
    # Without a grid a page is as large across as down: where columns and pulses differ, the length says which is right.
    scales: list[float | None]
    if first is not None and last is not None:
        scales = [(last - first) / seconds / arrangement.mm_per_s for seconds in LENGTHS_S]
    else:
        scales = [_by_lines(arrangement, ink, first, last)]
    return next((s for s in scales if s and np.abs(s / known - 1).min() <= MAX_PITCH_CHANGE), None)


def _by_lines(arrangement: Arrangement, ink: np.ndarray, first: float | None, last: float | None) -> float | None:
    """px/mm across by those lines between columns of a page without a grid, and the one end of rows that is known, that stand evenly; None where fewer than three do: of two the
    line must be a whole one, half a row from the end or more."""
    starts = sorted({place.start_s for place in arrangement.places})
    if len(starts) < 2:
        return None
    seconds, (across, _) = 2 * starts[-1] - starts[-2], arrangement.px_per_mm
    edges = {place.start_s: place.box.left for place in arrangement.places if place.start_s > 0}
    ends = {second: x for second, x in ((0.0, first), (seconds, last)) if x is not None}
    for may_be_short, least, most in ((True, 3, MAX_PITCH_CHANGE), (False, 2, SAME_PITCH)):
        points = np.array(sorted({**lines_near(arrangement, ink, edges, THIN_INK, may_be_short), **ends}.items()))
        best: np.ndarray = np.zeros(len(points), bool)
        for one, other in zip(*np.triu_indices(len(points), 1), strict=True):
            (begin_s, begin), (end_s, end) = points[one], points[other]
            px_per_s = (end - begin) / (end_s - begin_s)
            off = np.abs(points[:, 1] - begin - (points[:, 0] - begin_s) * px_per_s)
            on = off <= CLEAR_LINE_ERROR_MM * across
            near = np.abs(px_per_s / arrangement.mm_per_s / np.array(arrangement.px_per_mm) - 1).min() <= most
            if (
                near
                and on.sum() > best.sum()
                and (on.sum() > 2 or (not may_be_short and 2 * (end_s - begin_s) >= seconds))
            ):
                best = on
        if best.sum() >= least:
            return float(np.polyfit(points[best, 0], points[best, 1], 1)[0]) / arrangement.mm_per_s
    return None


def _by_columns_apart(arrangement: Arrangement, ink: np.ndarray) -> float | None:
    """px/mm across by the length of columns that have bare paper between them, each from where its traces begin to where they end; None where fewer than two tell
    the same, or it is not nearly the arrangement's."""
    (across, down), width = arrangement.px_per_mm, ink.shape[1]
    pulses = [(left, right) for left, right, _, _ in arrangement.pulses]
    mirrored = [(width - stop, width - start) for start, stop in pulses]
    starts = sorted({place.start_s for place in arrangement.places})
    lengths = []
    for start_s in starts:
        places = tuple(p for p in arrangement.places if p.start_s == start_s and not _is_strip(p))
        column = replace(arrangement, places=places)
        begin = end_px(column, ink, min(place.box.left for place in places), pulses, True)
        end = end_px(column, ink[:, ::-1], width - max(place.box.right for place in places), mirrored, True)
        if begin is not None and end is not None:
            lengths.append(width - end - begin - ROUND_SHARE * pen_px(ink, places, down))
    if len(lengths) < 2 or np.ptp(lengths) > MAX_END_SPREAD_MM * across:
        return None
    scale = float(np.median(lengths)) / (starts[1] - starts[0]) / arrangement.mm_per_s
    return scale if abs(scale / across - 1) <= MAX_PULSE_CHANGE else None


def _columns_by_grid(arrangement: Arrangement) -> tuple[float, float, float] | None:
    """As `second_0_by_lines`, where columns whose speed pulses say are on another pitch than the grid's: beats of one time were taken for lines between them; None where they are not."""
    starts = sorted({(place.start_s, place.box.left) for place in arrangement.places})
    usual = arrangement.px_per_mm[0] * arrangement.mm_per_s
    if arrangement.speed_from != "pulse" or starts[-1][0] == 0:
        return None
    found = (starts[-1][1] - starts[0][1]) / (starts[-1][0] - starts[0][0])
    return (starts[0][1], usual, MAX_PITCH_CHANGE) if abs(found / usual - 1) > MAX_PITCH_CHANGE else None


def _columns_by_ends(arrangement: Arrangement, ink: np.ndarray) -> tuple[float, float, float] | None:
    """As `second_0_by_lines`, by where the traces of most rows begin and end; the second of the arrangement where one of the two
    is not known, None where neither is."""
    usual, width = arrangement.px_per_mm[0] * arrangement.mm_per_s, ink.shape[1]
    pulses = [(left, right) for left, right, _, _ in arrangement.pulses]
    first = end_px(arrangement, ink, min(place.box.left for place in arrangement.places), pulses)
    starts = sorted({place.start_s for place in arrangement.places})
    if len(starts) < 2:
        return None if first is None else (first, usual, MAX_PITCH_CHANGE)
    mirrored = [(width - right, width - left) for left, right in pulses]
    last = end_px(arrangement, ink[:, ::-1], width - max(place.box.right for place in arrangement.places), mirrored)
    seconds = 2 * starts[-1] - starts[-2]
    if last is None:
        return None if first is None else (first, usual, MAX_PITCH_CHANGE)
    if first is None:
        first = width - last - seconds * usual
        near = (
            abs(first - min(place.box.left for place in arrangement.places))
            <= MAX_END_SHIFT_MM * arrangement.px_per_mm[0]
        )
        return (first, usual, MAX_PITCH_CHANGE) if near else None
    px_per_s = (width - last - first) / seconds
    if abs(px_per_s / usual - 1) > MIN_END_CHANGE:
        return first, px_per_s, MAX_PITCH_CHANGE
    # The ink begins and ends half a stroke beyond the trace.
    return first + (px_per_s - usual) * seconds / 2, usual, MAX_PITCH_CHANGE


def _moved(place: Place, first_px: float, px_per_s: float, arrangement: Arrangement) -> Place:
    """The place with its left edge at its time, and its right edge as many seconds later as it was, or where a column ends near that."""
    left, top, right, bottom = place.box.corners
    starts = sorted({place.start_s for place in arrangement.places})
    end_s = place.start_s + (right - left) / arrangement.px_per_mm[0] / arrangement.mm_per_s
    for column_s in (*starts[1:], 2 * starts[-1] - starts[-2]) if len(starts) > 1 else ():
        end_s = column_s if abs(column_s - end_s) <= MAX_END_CHANGE_S else end_s
    if not _is_strip(place):
        # What stands behind the next column's beginning is that column's.
        end_s = min([end_s, *(column_s for column_s in starts if column_s > place.start_s)])
    start, end = round(first_px + place.start_s * px_per_s), round(first_px + end_s * px_per_s)
    return replace(place, box=replace(place.box, left=max(start, 0), right=end))


def _on_its_foot(place: Place, strokes: list[tuple[float, float]], px_per_mm: float) -> Place:
    """The place with its zero at the foot of its row's pulse, where there is one near."""
    feet = [foot for foot, _ in strokes if abs(foot - place.zero_px) <= MAX_FOOT_MM * px_per_mm]
    return replace(place, zero_px=float(np.mean(feet))) if feet else place


def _foot_and_top(
    ink: np.ndarray, left_px: float, right_px: float, top_px: float, bottom_px: float
) -> tuple[float, float] | None:
    """The middle rows of a pulse's foot and of its top, as strokes; None where one is not seen."""
    left, right, top, bottom = (int(round(edge)) for edge in (left_px, right_px, top_px, bottom_px))
    width = right - left
    reach = max(round(0.15 * (bottom - top)), 4)
    inner = ink[max(top - reach, 0) : top + reach, left + width // 4 : right - width // 4]
    upper = _middle(inner, max(top - reach, 0))
    feet = []
    for columns in (slice(max(left - 6, 0), max(left - 2, 0)), slice(right + 2, right + 6)):
        foot = _middle(ink[bottom - reach : bottom + reach, columns], bottom - reach)
        if foot is not None:
            feet.append(foot)
    return (float(np.mean(feet)), upper) if feet and upper is not None else None


def _middle(piece: np.ndarray, first: int) -> float | None:
    """The mean row of the ink of a level stroke, over the columns that show one; None where too few do."""
    dark = np.where(piece >= INK, piece, 0).astype(float)
    mass = dark.sum(axis=0)
    level = (mass > 0) & ((piece >= INK).sum(axis=0) <= 8)
    if not level.any() or level.mean() < 0.5:
        return None
    rows = np.arange(piece.shape[0])[:, None]
    return first + float(np.median((dark * rows).sum(axis=0)[level] / mass[level]))
