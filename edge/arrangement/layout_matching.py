"""Orders of leads compared with a page: how well its rows, columns and names fit each."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from statistics import median

import numpy as np

from .. import layout
from . import columns, lead_names
from .coarse_page import PX_PER_MM, CoarsePage
from .flat_rows import flat_rows
from .name_windows import USUAL, NameSearch, best_along, cells
from .names_in_place import READ_FITS, fits_at
from .placed_columns import ROW_MM, PlacedColumns, placed_columns, starts_of, zeros_of

Row = tuple[float, float]
"""(base line, strength) of a candidate for a row of traces."""

PULSE_STRENGTH = 0.4
"""What a pulse adds to the coverage of its row."""
MIN_SHARE = 0.6
"""The least coverage of a row with a pulse: its trace may have heartbeats alone and hardly be flat."""
EVEN_GAPS = 0.06
"""By how much the gaps of evenly spaced rows differ."""
PULSELESS_WEIGHT, UNEVEN_WEIGHT, BEYOND_WEIGHT = 0.8, 0.5, 0.2
"""Weights of rows that have no pulse where others do, that do not fit evenly spaced ones, and that extend beyond the others: sheets'
edges, text, rules."""
ON_MM, BEYOND_ROW_MM = 4.0, (4.0, 4.0)
"""How near to a row the points on it are; how far beyond the others' ends, and how long, what extends beyond them is."""
MAX_CHOICES = 2
"""How many choices of rows are tried."""
CROWDED = 0.35
"""Rows are no nearer to each other than this share of their usual distance: text may run close to a trace."""
CLEAR_LINES = 0.5
"""The strength of lines between columns from which on their edges are certain."""
FACE_FITS = 0.6
"""The mean fit of names from which on other patterns are read in the faces that fitted these best, and in no other."""
UNREAD_FITS = 0.35, 0.6
"""The fit of names that a finer pattern finds between columns, from which on it counts against a coarser one, and fully."""
UNREAD_LINES = 0.5, 0.9
"""The strength of lines between columns from which on it counts against a pattern that has none there, and fully."""
HOPELESS = 0.6
"""A match that costs more cannot be the best: the names that it leaves out are not searched for."""
UNREAD_NAMES = 0.55, 0.75
"""The fit of a name before a row that is left out, from which on it counts, and fully."""
FITS = 0.3, 0.8
"""The mean fit of names that are not there, and of names that are."""
BEYOND_MM = 6.0, 30.0
"""How far traces may extend beyond the last column, and from where on it cannot be the last."""
COST_WEIGHTS = {"rows": 0.3, "columns": 0.15, "names": 0.55, "unread": 0.55}


@dataclass(frozen=True)
class Match:
    """A pattern as it fits a coarse page, in its pixels.

    `zeros` (rows, columns) are base lines, those of rhythm strips in their first column; `edges` (columns + 1,) of the columns, `lines`
    the strength of the lines between them; `starts` (columns,) from where on names are searched for, as far as `search` says; `face` their
    typeface and `places` [(row, column)] where they are in each column's windows; `fits` (columns,) how
    well they fit, of a report in the first alone; `parts` the cost by its kinds.
    """

    pattern: layout.Pattern
    zeros: np.ndarray
    edges: np.ndarray
    lines: float
    starts: np.ndarray
    search: NameSearch
    face: lead_names.FaceAndCap
    parts: dict[str, float]
    fits: tuple[float, ...] = ()
    places: tuple[tuple[int, int], ...] = ()

    @property
    def cost(self) -> float:
        """0 all there, 1 nothing."""
        return min(sum(COST_WEIGHTS[part] * cost for part, cost in self.parts.items()), 1.0)


def matches_of(coarse: CoarsePage, search: NameSearch = USUAL) -> list[Match]:
    """The `Match`es of all of `layout.PATTERNS` that a page has rows for, the best first; names are searched for as far as `search` says."""
    candidates, matches = _row_candidates(coarse), []
    reading = _Names(lead_names.KnownFits(), {}, {}, [])
    counts = {pattern.rows for pattern in layout.PATTERNS}
    choices = {count: _choices(candidates, count, search.max_row_cost) for count in counts}
    for pattern in layout.PATTERNS:
        fitted = [
            _fitted(coarse, row_cost, lines, pattern, search, reading) for row_cost, lines in choices[pattern.rows]
        ]
        named = [match for match in fitted if match is not None]
        if named:
            matches.append(min(named, key=lambda match: match.cost))
    return sorted((_with_unread(coarse, candidates, match, matches) for match in matches), key=lambda match: match.cost)


def known_match(
    coarse: CoarsePage, pattern: layout.Pattern, lines: Sequence[float], face: lead_names.FaceAndCap
) -> Match | None:
    """The `Match` of a pattern that is known to stand on these base lines, its names in a known face; None where no lines separate its columns.

    Only the place of the first column's names is searched for, since it gives that of the others.
    """
    ends = columns.extent(coarse, lines) if len(lines) == pattern.rows else None
    if ends is None:
        return None
    edges, clear = columns.edges_of(coarse, lines[: pattern.grid_rows], ends, len(pattern.columns))
    if clear < CLEAR_LINES:
        return None
    zeros, starts = zeros_of(coarse, lines, edges), starts_of(coarse, edges)
    first = replace(pattern, columns=pattern.columns[:1])
    matcher = lead_names.NameMatcher(USUAL.windows(coarse.ink, USUAL.corners(first, zeros, starts)), PX_PER_MM)
    fit = matcher.mean_fit([(index, name) for index, (_, _, name) in enumerate(cells(first))], *face)
    row, column = np.unravel_index(fit.argmax(), fit.shape)
    place = int(row), int(column)
    # The other columns' names stand as far from where these begin, and are not searched for.
    others = [(place[0], place[1] + round(float(starts[0] - edges[0])))] * (len(pattern.columns) - 1)
    return Match(pattern, zeros, edges, clear, starts, USUAL, face, {}, (float(fit[place]),), (place, *others))


def _row_candidates(coarse: CoarsePage) -> list[Row]:
    """All candidates for rows, from the top down: by their pulses, which stand on base lines and give them best, and by their coverage."""
    mm = PX_PER_MM
    found: list[Row] = []
    for pulse in coarse.pulses:
        if not found or pulse.foot - found[-1][0] > ROW_MM * mm:
            found.append((pulse.foot, PULSE_STRENGTH + MIN_SHARE))
    found += _missing(found)
    feet = np.array(sorted(foot for foot, _ in found))
    extent = _pulsed_extent(coarse, feet)
    for row, share in coarse.rows:
        near = min(range(len(found)), key=lambda i: abs(found[i][0] - row), default=None)
        if near is None or abs(found[near][0] - row) > ROW_MM * mm:
            found.append((row, share * _weight_without_pulse(coarse, row, feet, extent)))
        elif found[near][1] >= PULSE_STRENGTH:
            found[near] = found[near][0], max(found[near][1], PULSE_STRENGTH + share)
    flat = flat_rows(coarse, sorted(row for row, share in found if share >= MIN_SHARE))
    new = [row for row in flat if all(abs(row - known) > ROW_MM * mm for known, _ in found)]
    return sorted(found + [(row, MIN_SHARE) for row in new])


def _missing(found: list[Row]) -> list[Row]:
    """Rows whose pulses are not seen among evenly spaced ones: where there is a gap of two spaces."""
    feet = np.array([foot for foot, _ in found])
    gaps = np.diff(feet)
    spaces = np.rint(gaps / gaps.min()) if gaps.size > 1 else np.ones(0)
    if not spaces.size or spaces.max() != 2 or np.abs(gaps / gaps.min() / spaces - 1).max() > EVEN_GAPS:
        return []
    return [((feet[i] + feet[i + 1]) / 2, MIN_SHARE) for i in np.flatnonzero(spaces == 2)]


def _pulsed_extent(coarse: CoarsePage, feet: np.ndarray) -> tuple[float, float] | None:
    """(left, right) of most of the rows that have pulses at `feet` (n,), with their pulses; None of fewer than two."""
    if feet.size < 2:
        return None
    x, y = coarse.points
    rows = [x[np.abs(y - foot) <= ON_MM * PX_PER_MM] for foot in feet]
    ends = [np.percentile(row, (1, 99)) for row in rows if row.size]
    if not ends:
        return None
    left, right = np.median(ends, axis=0)
    return min(left, *(pulse.left for pulse in coarse.pulses)), max(right, *(pulse.right for pulse in coarse.pulses))


def _weight_without_pulse(
    coarse: CoarsePage, row: float, feet: np.ndarray, extent: tuple[float, float] | None
) -> float:
    """The weight of a row without a pulse where others have pulses at `feet` (n,): devices print one in each row or in none.

    A hidden pulse is assumed where its row is between the others or as far from the next as these are from each other.
    """
    if extent is None:
        return 1.0
    x, y = coarse.points
    on = np.unique(x[np.abs(y - row) <= ON_MM * PX_PER_MM])
    beyond, enough = (length * PX_PER_MM for length in BEYOND_ROW_MM)
    if (on < extent[0] - beyond).sum() >= enough or (on > extent[1] + beyond).sum() >= enough:
        return BEYOND_WEIGHT
    apart = np.abs(feet - row).min()
    gaps = np.diff(feet)
    if np.abs(gaps / apart - 1).max() <= EVEN_GAPS:
        return 1.0
    if gaps.size > 1 and gaps.max() <= (1 + EVEN_GAPS) * gaps.min():
        return UNEVEN_WEIGHT
    return 1.0 if feet[0] < row < feet[-1] else PULSELESS_WEIGHT


def _choices(found: list[Row], count: int, max_cost: float) -> list[tuple[float, list[float]]]:
    """[(cost, base lines from the top down)] of `count` rows: the strongest and those that follow each other, the best first.

    The cost, 0..1, is that of taking rows that are weaker than others and of leaving out strong ones.
    """
    if len(found) < count:
        return []
    lines, strengths = [float(line) for line, _ in found], [float(strength) for _, strength in found]
    order = sorted(range(len(found)), key=lambda i: -strengths[i])
    runs = [range(first, first + count) for first in range(len(found) - count + 1)]
    costed = []
    for kept in {tuple(sorted(order[:count])), *map(tuple, runs)}:
        # Plain numbers: of so few, NumPy's own calls take longer than all else.
        gaps = [lines[i] - lines[j] for i, j in zip(kept[1:], kept, strict=False)]
        if gaps and min(gaps) < CROWDED * median(gaps):
            continue
        own = [strengths[i] for i in kept]
        typical = median(own) or 1.0
        left = max((strength for i, strength in enumerate(strengths) if i not in kept), default=0.0)
        cost = max(1 - min(own) / typical, left / typical)
        costed.append((min(cost, 1.0), [lines[i] for i in kept]))
    return sorted(choice for choice in costed if choice[0] <= max_cost)[:MAX_CHOICES]


@dataclass(frozen=True)
class _Names:
    """What is known of a page's names while patterns are tried: the fits of names in windows, as `NameMatcher.faces_of` keeps them, and what patterns
    of one shape and other names have in common: the matchers of windows by their places, and columns by the arguments of `placed_columns`. `faces` are
    those in which names were read: all names of a page are printed in one."""

    known: lead_names.KnownFits
    matchers: dict[tuple[lead_names.Corner, ...], lead_names.NameMatcher]
    columns: dict[tuple[object, ...], PlacedColumns | None]
    faces: list[lead_names.FaceAndCap]

    def placed(
        self, coarse: CoarsePage, lines: Sequence[float], pattern: layout.Pattern, even: bool
    ) -> PlacedColumns | None:
        """As `placed_columns`, of a pattern on these rows."""
        key = tuple(lines), pattern.grid_rows, len(pattern.columns), even
        if key not in self.columns:
            self.columns[key] = placed_columns(coarse, lines, *key[1:])
        return self.columns[key]


def _fitted(
    coarse: CoarsePage,
    row_cost: float,
    lines: Sequence[float],
    pattern: layout.Pattern,
    search: NameSearch,
    reading: _Names,
) -> Match | None:
    """The match of a pattern on these rows; None where there are no traces.

    Where the names of a column are hardly read, and upright lines separate it, these may be heartbeats: columns by the ends of the traces are
    tried too, in a wider search only without such lines.
    """
    found = reading.placed(coarse, lines, pattern, False)
    if found is None:
        return None
    best = _fitted_on(coarse, row_cost, lines, pattern, found, search, reading)
    if len(pattern.columns) > 1 and min(best.fits) < READ_FITS and (search is USUAL or found.strength < CLEAR_LINES):
        even = reading.placed(coarse, lines, pattern, True)
        assert even is not None  # where there are columns of any kind
        other = _fitted_on(coarse, row_cost, lines, pattern, even, search, reading)
        best = max(best, other, key=lambda fitted: sum(fitted.fits))
    return best


def _fitted_on(
    coarse: CoarsePage,
    row_cost: float,
    lines: Sequence[float],
    pattern: layout.Pattern,
    found: PlacedColumns,
    search: NameSearch,
    reading: _Names,
) -> Match:
    """As `_fitted`, on these columns."""
    (ends, edges, strength, zeros, starts), search = found, search.between(lines)
    corners = search.corners(pattern, zeros, starts)
    # Windows that begin at one place are the same where they are of one height.
    places = tuple((*corner, *search.down) for corner in corners.tolist())
    if places not in reading.matchers:
        reading.matchers[places] = lead_names.NameMatcher(search.windows(coarse.ink, corners), PX_PER_MM, search.slack)
    matcher = reading.matchers[places]
    expected = [(i, places[i], name) for i, (_, _, name) in enumerate(cells(pattern))]
    faces = reading.faces or matcher.faces_of(expected[:: max(len(expected) // 6, 1)], reading.known)
    beyond = (ends[1] - edges[-1]) / PX_PER_MM
    column_cost = 0.5 * _ramp(beyond, BEYOND_MM)
    if len(edges) > 2:
        column_cost += 0.5 * (1 - min(strength / CLEAR_LINES, 1.0))
    parts = {"rows": row_cost, "columns": column_cost}
    matches = [Match(pattern, zeros, edges, strength, starts, search, face, parts) for face in faces]
    best = max((_with_names(match, matcher) for match in matches), key=lambda match: sum(match.fits))
    matcher.keep(*best.face)
    if not reading.faces and np.mean(best.fits) >= FACE_FITS:
        reading.faces.extend(faces)
    return best


def _ramp(value: float, limits: tuple[float, float]) -> float:
    """0 up to the lower of two limits, 1 from the upper on."""
    return float(np.clip((value - limits[0]) / (limits[1] - limits[0]), 0.0, 1.0))


def _with_names(match: Match, matcher: lead_names.NameMatcher) -> Match:
    """The match with its pattern's names read: those of a column stand at one place of their windows.

    From the second column on this place is the same, but for the error of the edges' pitch.
    """
    groups: list[list[tuple[int, str]]] = [[] for _ in match.pattern.columns]
    for index, (_, column, name) in enumerate(cells(match.pattern)):
        groups[column].append((index, name))
    matcher.add([one for group in groups for one in group], *match.face)
    fits = [matcher.mean_fit(group, *match.face) for group in groups]
    top, left = np.unravel_index(fits[0].argmax(), fits[0].shape)
    first = int(top), int(left)
    places, edges, clear = [first], match.edges, match.lines >= CLEAR_LINES
    if len(fits) > 1:
        _, pitch, (row, column) = best_along(fits[1:], match.search.pitches(len(fits), clear))
        places += [(row, column + pitch * i) for i in range(len(fits) - 1)]
        if not clear:
            edges = edges + pitch * np.arange(len(edges))
    scores = tuple(float(fit[place]) for fit, place in zip(fits, places, strict=True))
    parts = {**match.parts, "names": 1 - _ramp(float(np.mean(scores)), FITS)}
    return replace(match, edges=edges, fits=scores, places=tuple(places), parts=parts)


def _with_unread(coarse: CoarsePage, found: list[Row], match: Match, matches: list[Match]) -> Match:
    """The match with the cost of what it leaves unread: names and lines that a pattern of as many rows and more columns finds there."""
    finer = [
        other
        for other in matches
        if other.pattern.rows == match.pattern.rows and len(other.pattern.columns) > len(match.pattern.columns)
    ]
    unread = [_ramp(min(other.fits[1:]), UNREAD_FITS) for other in finer]
    if len(match.pattern.columns) == 1:
        unread += [_ramp(other.lines, UNREAD_LINES) for other in finer]
    unread.append(_ramp(_omitted_name_fit(coarse, found, match), UNREAD_NAMES))
    return replace(match, parts={**match.parts, "unread": max(unread)})


def _omitted_name_fit(coarse: CoarsePage, found: list[Row], match: Match) -> float:
    """How well the name of any lead fits before a row that a match leaves out, where the others of the first column have theirs."""
    mm, (row, column) = PX_PER_MM, match.places[0]
    omitted = [line for line, _ in found if np.abs(match.zeros[:, 0] - line).min() > ROW_MM * mm]
    if not omitted or match.cost > HOPELESS:
        return 0.0
    x = round(match.starts[0] + match.search.across[0] * mm) + column
    fits = fits_at(coarse, [(x, round(line + match.search.down[0] * mm) + row) for line in omitted], match.face)
    return max(fit for fits_there in fits for name, fit in fits_there.items() if name != "I")
