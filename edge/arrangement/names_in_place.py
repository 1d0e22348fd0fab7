"""Names where a match has them, held against those of other leads: pages whose leads stand in an order of their own are not read in the usual one."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from .. import layout
from . import lead_names
from .coarse_page import PX_PER_MM, CoarsePage
from .name_windows import cells, cut

if TYPE_CHECKING:
    from .layout_matching import Match

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
REPORT_FITS = 0.3
"""What names of another column fit on a report page at least, where they stand and how they look is known: traces run through them."""


def fits_at(
    coarse: CoarsePage, points: Sequence[tuple[int, int]], face: lead_names.FaceAndCap
) -> list[dict[str, float]]:
    """How well the name of each lead fits at each of these (x, y), the lower left corners of names."""
    width, height, before, above = (round(side * PX_PER_MM) for side in NAME_MM)
    corners = [(x - before, y - above) for x, y in points]
    matcher = lead_names.NameMatcher(cut(coarse.ink, corners, width, height), PX_PER_MM)
    return [
        dict(zip(layout.LEADS_12, (float(fit[above, before]) for fit in fits), strict=True))
        for fits in (matcher.fits([(index, name) for name in layout.LEADS_12], *face) for index in range(len(points)))
    ]


def misread(coarse: CoarsePage, match: Match) -> float:
    """By how much the name of some other lead fits better where a match has its names, -1..1, the mean over these; 0 where none does."""
    fits = [(there, name) for column in _fits_by_column(coarse, match) for there, name in column]
    return float(np.mean([max(there.values()) - there[name] for there, name in fits]))


def misplaced(coarse: CoarsePage, match: Match, least: float = READ_FITS) -> float:
    """By how much the names of some other column fit better where a match has those of one, the mean over the rows of the column for which this is most; only of names
    that fit `least` at least, on average; -1 where there are none."""
    columns = [[name.lstrip("-") for name in column] for column in match.pattern.columns]
    found = [-1.0]
    for fits in _fits_by_column(coarse, match):
        own = np.mean([there[name] for there, name in fits])
        others = [np.mean([there[name] for (there, _), name in zip(fits, names, strict=True)]) for names in columns]
        found += [float(other - own) for other in others if other >= least and other > own]
    return max(found)


def _fits_by_column(coarse: CoarsePage, match: Match) -> list[list[tuple[dict[str, float], str]]]:
    """For each column of a match and each of its names from the top down how well the name of each lead fits there, and its own."""
    named, corners = cells(match.pattern), match.search.corners(match.pattern, match.zeros, match.starts)
    points = [
        (int(x) + match.places[column][1], int(y) + match.places[column][0])
        for (x, y), (_, column, _) in zip(corners, named, strict=True)
    ]
    fits = fits_at(coarse, points, match.face)
    return [
        [(there, name) for there, (_, of, name) in zip(fits, named, strict=True) if of == column]
        for column in range(len(match.pattern.columns))
    ]
