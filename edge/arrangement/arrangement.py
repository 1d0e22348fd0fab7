"""How the leads are arranged on a flat page, and which way up it lies."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from contextlib import suppress
from dataclasses import replace

import numpy as np

from .. import layout
from ..errors import PictureError, Reason
from . import lead_names, rows
from .calibration_pulses import Pulse, are_opened_twice, count_aligned
from .coarse_page import PX_PER_MM, CoarsePage, coarse_page_of, coarse_report, reduced
from .columns import PAGE_MM, gap_mm
from .layout_matching import Match, known_match, matches_of
from .name_windows import BY_HAND, EVEN, USUAL, WIDE, NameSearch
from .names_in_place import (
    MAX_MISPLACED,
    MAX_MISREAD,
    READ_FITS,
    are_exchanged,
    are_others,
    are_unread,
    close_fits,
    misplaced,
    misread,
    report_fits,
)
from .refusals import OtherOrderError, UnclearLayoutError
from .scale import ASSUMED_WIDTH_MM, MAX_PULSE_CHANGE, AssumedPage, scale_by_pulses, scale_by_traces
from .speed_and_gain import (
    PAGE_S,
    SPEED_SLACK,
    are_others_than,
    contradictions_of,
    gain_of,
    is_plausible_width,
    lone_pulses,
    speed_of,
)
from .strip_names import strip_names

MAX_COST = 0.5
MIN_MARGIN = 0.04
"""How much more the second best layout, or orientation, costs at least: else the page is refused."""
MIN_COLUMN_FIT = 0.28
"""The least fit of each column's names: about a quarter is reached by chance."""
MIN_ONE_COLUMN_FIT, MIN_TWELVE_FIT = 0.5, 0.45
"""As much of the only column, and of one of all twelve names, which fit less by chance."""
MIN_SECOND_FIT = {2: 0.32, 3: 0.36, 4: 0.39}
"""The least fit of the second best column, by the number of columns: a longer column of names fits less by chance."""
CLEAR_COST, CLEAR_PULSES = 0.3, 3
"""An orientation that costs no more, or shows so many pulses, which rise, is taken without trying others."""
NO_STRIPS = "aVR", "aVL", "aVF"
"""Rhythm strips show none of these: where they are read, rows of an unknown order were taken for strips."""
LANDSCAPE_POWER = 4
"""Rows are likelier to run along the longer side of a page, by this power of its proportions: few pages are portraits."""
CERTAIN_AXIS = 4.0
"""An axis that is so many times likelier than the other is tried alone."""
LEAST_RESCALED = 0.15
"""Logarithm of the least factor between a scale that was tried and that of the pulses: multiples of a grid's lines differ by more, errors of
measured pulses by less."""
MAX_PAGE_MM2 = 140_000
"""A little more than A3: the scale of a larger page is wrong."""
MAX_PROPORTION = 4.0
"""What is so many times as high as it is wide is no page the right way up; at a width that is only assumed it would be metres high."""
OUTER_MM = 25.0
"""How far the traces of the uppermost row may rise and of the lowest fall."""
Seen = tuple[np.ndarray, np.ndarray, np.ndarray]
"""The reduced ink of a page, where it is dark, and its tracks: (h, w) each."""


def arrange(
    ink: np.ndarray,
    px_per_mm: tuple[float, float] | None,
    *,
    mm_per_s: float | None = None,
    mm_per_mv: float | None = None,
    other_than: float | None = None,
    attempts: Iterable[int] = range(4),
) -> tuple[int, layout.Arrangement]:
    """As `find_arrangement`, of a flat page in any of four orientations, the likeliest first: as many of them are tried as `attempts` has
    items, of which one is taken for each.

    First the axis along which the traces run is found, then the orientation in which names are read; that axis alone where another scale than `other_than`
    is tried.

    Returns
    -------
    (turns, arrangement) : `numpy.rot90(page, turns)` is upright, and the arrangement in its pixels.
    """
    if px_per_mm is not None and ink.size > MAX_PAGE_MM2 * px_per_mm[0] * px_per_mm[1]:
        raise PictureError(Reason.BAD_SCALE)
    found: list[tuple[int, layout.Arrangement]] = []
    refusals: list[PictureError] = []
    likely, seen = _likely_turns(ink, px_per_mm)
    if other_than is not None:
        likely = likely[:2]
    for turns, _ in zip(likely, attempts, strict=False):
        scale = px_per_mm if px_per_mm is None or turns % 2 == 0 else (px_per_mm[1], px_per_mm[0])
        turned = np.ascontiguousarray(np.rot90(ink, turns))
        try:
            arrangement = find_arrangement(
                turned, scale, seen if turns == 0 and (scale is not None or ink.shape[1] >= ink.shape[0]) else None,
                mm_per_s=mm_per_s, mm_per_mv=mm_per_mv, other_than=other_than,
            )  # fmt: skip
        except PictureError as refusal:
            refusals.append(refusal.kept())
            continue
        if arrangement.cost <= CLEAR_COST or len(arrangement.pulses) >= CLEAR_PULSES:
            return turns, arrangement
        found.append((turns, arrangement))
    if not found:
        # Not kept in a local variable: the error and this frame would refer to each other and keep the page in memory.
        raise refusals.pop(0) if refusals else PictureError(Reason.BAD_LAYOUT)
    found.sort(key=lambda item: item[1].cost)
    # Another way up may fit better and not be clear: names are read there that are not those of one layout alone.
    unclear = [refusal.cost for refusal in refusals if isinstance(refusal, UnclearLayoutError)]
    if min(unclear, default=1.0) < found[0][1].cost or (
        len(found) > 1 and found[1][1].cost - found[0][1].cost < MIN_MARGIN
    ):
        raise PictureError(Reason.BAD_LAYOUT)
    return found[0]


def _likely_turns(ink: np.ndarray, px_per_mm: tuple[float, float] | None) -> tuple[tuple[int, ...], Seen]:
    """The quarter turns that bring the longest tracks level, both ways up; where that is not clear, the other two after them. And the reduced ink of the
    page as it lies, and its tracks. Of those that are not clear ones with pulses come first."""
    assumed = max(ink.shape) / ASSUMED_WIDTH_MM
    small, dark = reduced(ink, px_per_mm or (assumed, assumed))
    tracks = [rows.tracks_of(image, PX_PER_MM) for image in (dark, dark.T)]
    level, steep = (rows.levelness(*rows.flat_points(each, PX_PER_MM), each.shape, PX_PER_MM) for each in tracks)
    height, width = dark.shape
    level, steep = level * width**LANDSCAPE_POWER, steep * height**LANDSCAPE_POWER
    turns = (0, 2, 1, 3) if level >= steep else (1, 3, 0, 2)
    if max(level, steep) >= CERTAIN_AXIS * min(level, steep):
        return turns[:2], (small, dark, tracks[0])
    pulses = [count_aligned(np.ascontiguousarray(np.rot90(dark, turn)), PX_PER_MM) >= CLEAR_PULSES for turn in turns]
    return tuple(turns[at] for at in np.argsort(np.logical_not(pulses), kind="stable")), (small, dark, tracks[0])


def find_arrangement(
    ink: np.ndarray,
    px_per_mm: tuple[float, float] | None,
    seen: Seen | None = None,
    /,
    *,
    mm_per_s: float | None = None,
    mm_per_mv: float | None = None,
    other_than: float | None = None,
) -> layout.Arrangement:
    """The arrangement of an upright flat page.

    Parameters
    ----------
    ink : (H, W) uint8 array
        0 paper, 255 the ink of traces, names and pulses.
    px_per_mm : (across, down), or None where there is no grid: the calibration pulses then give it.
    seen
        What `coarse_page_of` takes of this page at this scale, or at the assumed one, where that is known.
    mm_per_s, mm_per_mv
        Paper speed and gain where they are known.
    other_than
        A scale in px/mm that has been tried: a page whose pulses give the same is not tried again.

    Raises
    ------
    PictureError : `not_an_ecg` where there are no rows of traces, `bad_layout` where the arrangement is none of `layout.PATTERNS` or not
        clearly one, `bad_scale` where neither grid nor pulses give it.
    """
    has_grid, by_traces = px_per_mm is not None, False
    if px_per_mm is None:
        if ink.shape[0] > MAX_PROPORTION * ink.shape[1]:
            raise PictureError(Reason.BAD_SCALE)
        page, seen = AssumedPage(ink, seen), None
        with suppress(PictureError):
            px_per_mm = scale_by_pulses(page, mm_per_mv)
        if px_per_mm is None:
            px_per_mm, by_traces = scale_by_traces(page), True
        if other_than and abs(np.log(other_than / px_per_mm[0])) < LEAST_RESCALED:
            raise PictureError(Reason.BAD_SCALE)
    coarse = coarse_page_of(*(seen or reduced(ink, px_per_mm)))
    coarse, best, runner_up = _matched(coarse, by_traces)
    if by_traces and np.mean(best.fits) < (READ_FITS if len(best.fits) > 1 else _least_of_one(best)):
        # Whatever is drawn has ends: only names that are read tell that they are those of traces.
        raise PictureError(Reason.BAD_SCALE)
    if not has_grid and not is_plausible_width(_columns_mm(best), mm_per_s):
        raise PictureError(Reason.BAD_SCALE)
    if has_grid and are_exchanged(close_fits(ink, px_per_mm, coarse, best), coarse):
        raise OtherOrderError
    found = _placed(coarse, best, ink, px_per_mm, runner_up, mm_per_s, mm_per_mv, not by_traces)
    if by_traces:
        found = replace(found, px_per_mm=_by_pulses_and_columns(found, _columns_mm(best)))
    if has_grid or mm_per_mv is not None:
        return found
    # Its millimetres are those of pulses that were assumed to be of the usual gain: so is all that is measured in them.
    return replace(found, gain_from="assumed", speed_from="assumed" if mm_per_s is None else "option")


def _by_pulses_and_columns(found: layout.Arrangement, columns_mm: float) -> tuple[float, float]:
    """(across, down) px/mm of a page that was arranged by the ends of its traces, whose columns are `columns_mm` wide together at that scale: a single
    pulse gives it, and across the columns more finely where they agree with it."""
    traced_mm = columns_mm - found.gap_mm * (len({place.start_s for place in found.places}) - 1)
    across, down = found.px_per_mm[0] * traced_mm / PAGE_MM, found.px_per_mm[1]
    if found.pulses:
        down = float(np.median([bottom - top for _, _, top, bottom in found.pulses])) / found.mm_per_mv
    return (across if abs(across / down - 1) <= MAX_PULSE_CHANGE else down), down


def _matched(coarse: CoarsePage, by_traces: bool) -> tuple[CoarsePage, Match, float]:
    """(a coarse page, its match, the cost of the second best): the page as it is, or without what was taken for its pulses and is none.

    Raises
    ------
    PictureError : as `_clear_match`.
    """
    # Pulses that open two columns tell rows and columns: of names only the order of the leads is asked.
    by_hand = (BY_HAND,) if are_opened_twice(coarse.pulses, PX_PER_MM) else ()
    best, runner_up = _clear_match(coarse, (USUAL, EVEN) if by_traces else (*by_hand, USUAL, EVEN, WIDE))
    lines = [*best.zeros[:, 0].tolist(), *(row for row, _ in coarse.rows)]
    alone = lone_pulses(coarse.lone_pulses, lines, (float(best.edges[0]), float(best.edges[-1])), PX_PER_MM)
    if are_others_than(coarse.pulses, alone, len(best.zeros)):
        return _matched(replace(coarse, pulses=(), known={}), by_traces)
    return coarse, best, runner_up


def _clear_match(coarse: CoarsePage, searches: Sequence[NameSearch]) -> tuple[Match, float]:
    """(the match of a page, the cost of the second best), of names where they usually stand; else of names that are searched for more widely.

    Raises
    ------
    PictureError : `not_an_ecg` where there are no rows of traces, `bad_layout` where no match is clear.
    """
    least = 1.0
    for search in searches:
        matches = matches_of(coarse, search)
        if not matches:
            break
        best = matches[0]
        least = min(least, best.cost)
        runner_up = matches[1].cost if len(matches) > 1 else 1.0
        if best.cost > MAX_COST or runner_up - best.cost < MIN_MARGIN or not _is_named(best):
            continue
        if misplaced(coarse, best) <= MAX_MISPLACED and (search is USUAL or misread(coarse, best) <= MAX_MISREAD):
            return best, runner_up
    has_rows = matches or search is not USUAL or coarse.pulses
    raise UnclearLayoutError(least) if has_rows else PictureError(Reason.NOT_AN_ECG)


def find_report(
    ink: np.ndarray,
    px_per_mm: tuple[float, float],
    *,
    mm_per_s: float | None = None,
    mm_per_mv: float | None = None,
) -> layout.Arrangement | None:
    """As `find_arrangement`, of a report page: its layout and typeface are known, and only the places are searched for.

    None where the page does not show what every report page shows.

    Raises
    ------
    PictureError : `bad_layout` where the names of its columns or leads are those of others, or cannot be read.
    """
    coarse = coarse_report(*reduced(ink, px_per_mm))
    if coarse is None:
        return None
    match = known_match(coarse, layout.REPORT_PATTERN, [pulse.foot for pulse in coarse.pulses], lead_names.REPORT_FACE)
    if match is None:
        return None
    names = report_fits(ink)
    if are_others(names):
        raise OtherOrderError
    if are_unread(names):
        raise PictureError(Reason.BAD_LAYOUT)
    return _placed(coarse, match, ink, px_per_mm, 1.0, mm_per_s, mm_per_mv)


def _placed(
    coarse: CoarsePage,
    best: Match,
    ink: np.ndarray,
    px_per_mm: tuple[float, float],
    runner_up: float,
    mm_per_s: float | None,
    mm_per_mv: float | None,
    has_scale: bool = True,
) -> layout.Arrangement:
    """The arrangement of a page that is matched `best`, in the page's pixels; a single pulse counts as one of its pulses where nothing else
    gives its scale."""
    leads = strip_names(coarse, best, ink, px_per_mm)
    if any(lead in NO_STRIPS for lead in leads):
        raise PictureError(Reason.BAD_LAYOUT)
    edges = float(best.edges[0]), float(best.edges[-1])
    pulses = coarse.pulses or lone_pulses(coarse.lone_pulses, best.zeros[:, 0].tolist(), edges, PX_PER_MM)
    gap, count = gap_mm(coarse, best.zeros[: best.pattern.grid_rows], best.edges), len(best.pattern.columns)
    traced_mm = _columns_mm(best) - gap * (count - 1)
    speed, speed_from = speed_of(traced_mm, pulses, PX_PER_MM, mm_per_s)
    gain, gain_from = gain_of(pulses, PX_PER_MM, mm_per_mv)
    return layout.Arrangement(
        layout=best.pattern.layout,
        places=_places(coarse, best, leads, px_per_mm, traced_mm / count / speed, gap),
        px_per_mm=(float(px_per_mm[0]), float(px_per_mm[1])),
        mm_per_s=float(speed),
        mm_per_mv=float(gain),
        cost=float(best.cost),
        runner_up=float(runner_up),
        pulses=tuple(_on_page(coarse, pulse, px_per_mm) for pulse in (coarse.pulses if has_scale else pulses)),
        speed_from=speed_from,
        gain_from=gain_from,
        gap_mm=gap,
        contradicts=contradictions_of(pulses, traced_mm, PX_PER_MM, mm_per_s, mm_per_mv),
    )


def _columns_mm(match: Match) -> float:
    """The width of a match's columns together."""
    return (match.edges[-1] - match.edges[0]) / PX_PER_MM


def _is_named(match: Match) -> bool:
    """Whether names are read in enough columns and clearly in two, or in the only one; one in four may be covered."""
    fits = match.fits
    if len(fits) == 1:
        return fits[0] >= _least_of_one(match)
    poor = sum(fit < MIN_COLUMN_FIT for fit in fits)
    return poor <= len(fits) // 4 and sorted(fits)[-2] >= MIN_SECOND_FIT[len(fits)]


def _least_of_one(match: Match) -> float:
    """The least fit of the names of a match's only column."""
    return MIN_TWELVE_FIT if match.pattern.grid_rows == len(layout.LEADS_12) else MIN_ONE_COLUMN_FIT


def _places(
    coarse: CoarsePage,
    match: Match,
    strip_leads: Sequence[str | None],
    px_per_mm: tuple[float, float],
    column_s: float,
    gap: float,
) -> tuple[layout.Place, ...]:
    """The places of a match whose columns show so many seconds each and have so many mm of bare paper between them, row by row, in the page's pixels."""
    pattern, edges, count = match.pattern, match.edges, len(match.pattern.columns)
    page_s = next((s for s in (PAGE_S, PAGE_S / 2) if abs(column_s * count / s - 1) <= SPEED_SLACK), None)
    if page_s is not None:
        column_s = page_s / count
    places = []
    for row in range(pattern.grid_rows):
        for column in range(count):
            name = pattern.columns[column][row]
            bare = gap * PX_PER_MM if column + 1 < count else 0.0
            sides = edges[column : column + 2] - (0.0, bare)
            box, zero = _cell(coarse, match.zeros[:, column], row, sides, px_per_mm)
            places.append(layout.Place(name, name, box, zero, column * column_s))
    for strip, lead in enumerate(strip_leads):
        name = layout.RHYTHM if strip == 0 else f"{layout.RHYTHM}{strip + 1}"
        box, zero = _cell(coarse, match.zeros[:, 0], pattern.grid_rows + strip, edges[[0, -1]], px_per_mm)
        places.append(layout.Place(name, lead, box, zero, 0.0))
    return tuple(places)


def _cell(
    coarse: CoarsePage, zeros: np.ndarray, row: int, sides: np.ndarray, px_per_mm: tuple[float, float]
) -> tuple[layout.Box, float]:
    """The box from the base line above to the one below, and the row of 0 mV, of one cell in the page's pixels."""
    height, width = coarse.dark.shape
    above = zeros[row - 1] if row else zeros[row] - OUTER_MM * PX_PER_MM
    below = zeros[row + 1] if row + 1 < len(zeros) else zeros[row] + OUTER_MM * PX_PER_MM
    across, down = (scale / PX_PER_MM for scale in px_per_mm)
    left, right = np.clip(sides, 0, width)
    slope = coarse.slope((left + right) / 2)
    top, bottom = np.clip([above + slope, below + slope], 0, height)
    box = layout.Box(round(left * across), round(top * down), round(right * across), round(bottom * down))
    return box, float((zeros[row] + slope) * down)


def _on_page(coarse: CoarsePage, pulse: Pulse, px_per_mm: tuple[float, float]) -> tuple[float, float, float, float]:
    """(left, right, top, bottom) of a pulse in the page's pixels."""
    across, down = (scale / PX_PER_MM for scale in px_per_mm)
    slope = coarse.slope(pulse.left)
    return pulse.left * across, pulse.right * across, (pulse.top + slope) * down, (pulse.foot + slope) * down
