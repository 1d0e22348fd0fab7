"""Names where a match has them, held against those of other leads: pages whose leads stand in an order of their own are not read in the usual one."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from .. import layout
from . import lead_names
from .calibration_pulses import are_opened_twice
from .coarse_page import PX_PER_MM, CoarsePage
from .name_windows import USUAL, cells, cut

if TYPE_CHECKING:
    from .layout_matching import Match

SLACK_MM = USUAL.slack
"""How far a name may be from where the others of its column have it."""
READ_FITS = 0.5
"""The mean fit of names from which on they are read; hardly reached by chance."""
NAME_MM = 14.0, 9.0, 1.5, 6.0
"""The window about a name: width and height, and its extent to the left of and above the name's lower left corner."""
MAX_MISREAD = 0.04
"""By how much names of other leads may fit better than those of a match whose names were searched for widely, on average: any name fits
somewhere in a wide window, and rows and columns are in their order where all of them are the best."""
MAX_MISPLACED = 0.12
"""By how much the names of another column may fit better than a column's own. On real and drawn pages that are read rightly it is 0.07 at most; where two columns
were exchanged on report pages (36 pages of 12), 0.14 at least."""

Fits = list[list[tuple[dict[str, float], str]]]
"""For each column, and each of its places from the top down, how well each name fits there, and the name that a match has there."""
NAMES = *layout.LEADS_12, *(f"V{number}R" for number in range(1, 7))
"""The names that are compared at a page's own resolution: V4R begins as V4 does."""
UPRIGHTS = "I", "II", "III"
"""These fit wherever upright strokes are: they speak against no other name."""
PRINTED_FACE: lead_names.FaceAndCap = "serif", 2.4
"""The face of report pages as it appears at their own resolution."""
DRAWN_FACE: lead_names.FaceAndCap = "sans", 2.4
"""The face of pages that were drawn as report pages are (`simulator.report_page`): looked at where names are not those of a report in its own."""
PRINTED_PX = (154, 646, 1137, 1629), (455, 756, 1058)
"""Where a report page prints the names of its columns, from their left edge on, and of its rows, on their base line: the same to a pixel on all of 18 pages."""
NEAR_MM, REPORT_NEAR_MM = 0.75, 0.375
"""How far a name may be from where it was found on a coarse page, and from where report pages have it."""
MAX_EXCHANGED, MAX_OTHER, MAX_LONGER = 0.06, 0.12, 0.07
"""The most of each of `others_printed`. On 522 report pages it is 0.02, 0.10 and 0.05. Where two names were exchanged the first is 0.07 at least, on real pages in
other faces 0.05 at most."""
MAX_EXCHANGED_ELSEWHERE = 0.11
"""The most of the first on pages whose face is not known: on 81 drawn pages of many styles it is 0.09 at most (V1 for V4), where names were exchanged on photographs 0.13 and 0.14."""
LEAST_PRINTED = 0.34
"""The least mean fit of a report page's names in each column at its own resolution: 0.37 on 522 pages, 0.30 where others are printed there, 0.06 where none are."""


def close_fits(ink: np.ndarray, px_per_mm: tuple[float, float], coarse: CoarsePage, match: Match) -> Fits:
    """As `_fits_by_column`, of all of `NAMES` on the (H, W) uint8 ink of a page, in the one of its face and the reports' in which the match's names fit best."""
    points = [
        (round(x / PX_PER_MM * px_per_mm[0]), round((y + coarse.slope(x)) / PX_PER_MM * px_per_mm[1]))
        for x, y in _points(match)
    ]
    faces, near_mm = dict.fromkeys((PRINTED_FACE, match.face)), NEAR_MM + match.search.slack - SLACK_MM
    found = [lead_names.most_near(ink, points, NAMES, face, px_per_mm[0], near_mm) for face in faces]
    named = [name for _, _, name in cells(match.pattern)]
    best = max(found, key=lambda each: sum(there[name] for there, name in zip(each, named, strict=True)))
    return _by_column(best, match.pattern)


def report_fits(ink: np.ndarray) -> Fits:
    """As `close_fits`, of the (H, W) uint8 ink of a report page, on which the places of the names are known to the pixel."""
    points = [(x, y) for x in PRINTED_PX[0] for y in PRINTED_PX[1]]
    found = []
    for face in (PRINTED_FACE, DRAWN_FACE):
        fits = lead_names.most_near(ink, points, NAMES, face, layout.REPORT.px_per_mm, REPORT_NEAR_MM)
        columns = _by_column(fits, layout.REPORT_PATTERN)
        if not (are_others(columns) or are_unread(columns)):
            return columns
        found.append((sum(max(there.values()) for there in fits), columns))
    # Whatever the names are, they fit best in the face that they are printed in.
    return max(found, key=lambda each: each[0])[1]


def _by_column(fits: Sequence[dict[str, float]], pattern: layout.Pattern) -> Fits:
    """The fits at a pattern's places, column by column, each with the name of its place."""
    named = list(zip(fits, cells(pattern), strict=True))
    return [[(there, name) for there, (_, of, name) in named if of == column] for column in range(len(pattern.columns))]


def are_exchanged(columns: Fits, coarse: CoarsePage) -> bool:
    """Whether two names of a column are printed in each other's place on a page, by `close_fits`, whatever its face."""
    return others_printed(columns, _silent(coarse))[0] > MAX_EXCHANGED_ELSEWHERE


def _silent(coarse: CoarsePage) -> tuple[str, ...]:
    """Names that say nothing on a page: beside pulses that open each column others are taken for upright strokes, and numerals of one letter for each other."""
    return UPRIGHTS if are_opened_twice(coarse.pulses, PX_PER_MM) else ()


def are_others(columns: Fits) -> bool:
    """Whether other names than a match's are printed on a report page, by `close_fits`."""
    return any(
        found > most
        for found, most in zip(others_printed(columns), (MAX_EXCHANGED, MAX_OTHER, MAX_LONGER), strict=True)
    )


def are_unread(columns: Fits) -> bool:
    """Whether a column of a report page has names that are not read in its own face where they stand."""
    return min(float(np.mean([there[name] for there, name in column])) for column in columns) < LEAST_PRINTED


def others_printed(columns: Fits, silent: Sequence[str] = ()) -> tuple[float, float, float]:
    """(exchanged, other, longer) of `close_fits`, each the most of all columns: by how much two of its names fit better exchanged, not both `silent`; other names at two of its places,
    and names with an R behind them at two, -1 where there are none."""
    exchanged, other, longer = [-1.0], [-1.0], [-1.0]
    for column in columns:
        pairs = [(one, two) for index, one in enumerate(column) for two in column[:index]]
        exchanged += [(a[y] + b[x] - a[x] - b[y]) / 2 for (a, x), (b, y) in pairs if not (x in silent and y in silent)]
        places = [(fits, name) for fits, name in column if name not in UPRIGHTS]
        for found, names in ((other, layout.LEADS_12), (longer, NAMES[len(layout.LEADS_12) :])):
            gains = [
                max(fits[each] for each in names if each != name and each not in UPRIGHTS) - fits[name]
                for fits, name in places
            ]
            if len(gains) > 1:
                found.append(sum(sorted(gains)[-2:]) / 2)
    return max(exchanged), max(other), max(longer)


def fits_at(
    coarse: CoarsePage, points: Sequence[tuple[int, int]], face: lead_names.FaceAndCap, slack_mm: float = SLACK_MM
) -> list[dict[str, float]]:
    """How well the name of each lead fits so near to each of these (x, y), the lower left corners of names."""
    width, height, before, above = (round(side * PX_PER_MM) for side in NAME_MM)
    wider = round((slack_mm - SLACK_MM) * PX_PER_MM)
    width, height, before, above = width + 2 * wider, height + 2 * wider, before + wider, above + wider
    corners = [(x - before, y - above) for x, y in points]
    matcher = lead_names.NameMatcher(cut(coarse.ink, corners, width, height), PX_PER_MM, slack_mm)
    return [
        dict(zip(layout.LEADS_12, (float(fit[above, before]) for fit in fits), strict=True))
        for fits in (matcher.fits([(index, name) for name in layout.LEADS_12], *face) for index in range(len(points)))
    ]


def misread(coarse: CoarsePage, match: Match) -> float:
    """By how much the name of some other lead fits better where a match has its names, -1..1, the mean over these; 0 where none does."""
    fits = [(there, name) for column in _fits_by_column(coarse, match) for there, name in column]
    silent = _silent(coarse)
    others = [max(fit for each, fit in there.items() if each not in silent) for there, _ in fits]
    return float(np.mean([max(other - there[name], 0.0) for other, (there, name) in zip(others, fits, strict=True)]))


def misplaced(coarse: CoarsePage, match: Match) -> float:
    """By how much the names of some other column fit better where a match has those of one, the mean over the rows of the column for which this is most; only of names
    that are read, on average; -1 where there are none."""
    columns = [[name.lstrip("-") for name in column] for column in match.pattern.columns]
    found = [-1.0]
    for fits in _fits_by_column(coarse, match):
        own = np.mean([there[name] for there, name in fits])
        others = [np.mean([there[name] for (there, _), name in zip(fits, names, strict=True)]) for names in columns]
        found += [float(other - own) for other in others if other >= READ_FITS and other > own]
    return max(found)


def _fits_by_column(coarse: CoarsePage, match: Match) -> Fits:
    """For each column of a match and each of its names from the top down how well the name of each lead fits there, and its own."""
    return _by_column(fits_at(coarse, _points(match), match.face, match.search.slack), match.pattern)


def _points(match: Match) -> list[tuple[int, int]]:
    """(x, y) of the lower left corners of a match's names on its coarse page, column by column."""
    corners = match.search.corners(match.pattern, match.zeros, match.starts)
    return [
        (int(x) + match.places[column][1], int(y) + match.places[column][0])
        for (x, y), (_, column, _) in zip(corners, cells(match.pattern), strict=True)
    ]
