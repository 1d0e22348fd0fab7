"""Orders of leads laid over a page: how well its rows, columns and names fit each."""

from dataclasses import dataclass, replace
from operator import itemgetter

import numpy as np

from .. import layout
from . import columns, lead_names
from .coarse_page import PX_PER_MM
from .rows import REACH_MM

ROW_MM = 7.5
"""Base lines nearer to each other are one row's, in columns that are not level."""
BEFORE_MM = 7.0
"""How far a pulse may stand before the column that it belongs to."""
PULSE_STRENGTH = 0.4
"""What a pulse on it adds to a row's coverage."""
MIN_SHARE = 0.6
"""What a row that stands on a pulse is covered at least: heartbeats may be all that its trace holds."""
EVEN_GAPS = 0.06
"""By how much the gaps of evenly spaced rows differ."""
PULSELESS_WORTH, ODD_WORTH, BEYOND_WORTH = 0.8, 0.5, 0.2
"""What rows are worth that have no pulse where others do, that are at odds with evenly spaced ones, and that go on beyond them: sheets'
edges, text, rules."""
ON_MM, BEYOND_ROW_MM = 4.0, (4.0, 4.0)
"""How near to a row what runs on it is, from where beyond the others, and how much of it there."""
MAX_ROW_COST, MAX_CHOICES = 0.85, 2
CROWDED = 0.35
"""Rows nearer to each other than this share of their usual distance are none: text runs close to a trace."""
WINDOW_MM = (-4.0, 30.0), (-18.0, 9.0)
"""Where a name is looked for: across from where its column starts, down from the row's zero."""
NAME_BEFORE_MM = 5.0
"""How far before a pulse that opens its column a name is looked for."""
PITCH_MM = 4.0
"""How far each column's names may be from where those before them and the edges tell."""
CLEAR_LINES = 0.5
READ_FITS = 0.5
"""How well names fit on the whole where they are read; hardly by chance."""
UNREAD_FITS = 0.35, 0.6
UNREAD_LINES = 0.5, 0.9
"""Lines between columns from which on they count against a pattern that has none there, and as much as anything can."""
HOPELESS = 0.6
"""What costs more cannot be the best: what it leaves out is not looked at."""
NAME_MM = 14.0, 9.0, 1.5, 6.0
"""What is looked at about a name: width and height, and from its lower left corner to the left and up."""
UNREAD_NAMES = 0.55, 0.75
"""How well a name fits before a row that is left out, from which on it counts, and as much as anything can."""
FITS = 0.3, 0.8
"""How well names fit on the whole that are not there, and that are there."""
BEYOND_MM = 6.0, 30.0
"""How far traces may go on beyond the last column, and where it cannot be the last."""
WEIGHTS = {"rows": 0.3, "columns": 0.15, "names": 0.55, "unread": 0.55}


@dataclass(frozen=True)
class Match:
    """A pattern laid over a view, in its pixels.

    `zeros` (rows, columns) are base lines, those of rhythm strips in their first column; `edges` (columns + 1,) of the columns, `lines`
    how clear the lines between them are; `starts` (columns,) from where on names are looked for; `face` how they are written and `place` (row,
    column) where in the first column's windows; `fits` (columns,) how well they fit; `parts` what it costs, by what.
    """

    pattern: layout.Pattern
    zeros: np.ndarray
    edges: np.ndarray
    lines: float
    starts: np.ndarray
    face: tuple
    parts: dict
    fits: tuple = ()
    place: tuple = (0, 0)

    @property
    def cost(self):
        """0 all there, 1 nothing."""
        return min(sum(WEIGHTS[part] * cost for part, cost in self.parts.items()), 1.0)


def matches_of(view):
    """The `Match`es of all of `layout.PATTERNS` that a view has rows for, the best first."""
    found, laid, seen, matches = _rows(view), {}, {}, []
    for pattern in layout.PATTERNS:
        key = pattern.rows, pattern.grid_rows, len(pattern.columns)
        if key not in laid:
            laid[key] = [_lay(view, *choice, pattern, seen) for choice in _choices(found, pattern.rows)]
        tried = [_named(pattern, *lay) for lay in laid[key] if lay is not None]
        if tried:
            matches.append(min(tried, key=lambda match: match.cost))
    return sorted((_with_unread(view, found, match, matches) for match in matches), key=lambda match: match.cost)


def known_match(view, pattern, lines, face):
    """The `Match` of a pattern that is known to stand on these base lines, its names in a known face; None where no lines part its columns.

    Only where the first column's names are is looked for, since that tells where others are.
    """
    ends = columns.extent(view, lines) if len(lines) == pattern.rows else None
    if ends is None:
        return None
    edges, clear = columns.edges_of(view, lines[: pattern.grid_rows], ends, len(pattern.columns))
    if clear < CLEAR_LINES:
        return None
    zeros, starts = _zeros(view, lines, edges), _starts(view, edges)
    first = replace(pattern, columns=pattern.columns[:1])
    reading = lead_names.Reading(_windows(view, _corners(first, zeros, starts)), PX_PER_MM)
    fit = np.mean([reading.fit(index, name, *face) for index, (_, _, name) in enumerate(_cells(first))], axis=0)
    place = np.unravel_index(fit.argmax(), fit.shape)
    return Match(pattern, zeros, edges, clear, starts, face, {}, (float(fit[place]),), place)


def _rows(view):
    """[(base line, strength)] of all that may be rows, from the top down: pulses stand on base lines, and they tell them best."""
    mm, found = PX_PER_MM, []
    for pulse in view.pulses:
        if not found or pulse.foot - found[-1][0] > ROW_MM * mm:
            found.append((pulse.foot, PULSE_STRENGTH + MIN_SHARE))
    found += _missing(found)
    feet = np.array(sorted(foot for foot, _ in found))
    sides = _sides(view, feet)
    for row, share in view.rows:
        near = min(range(len(found)), key=lambda i: abs(found[i][0] - row), default=None)
        if near is None or abs(found[near][0] - row) > ROW_MM * mm:
            found.append((row, share * _worth(view, row, feet, sides)))
        elif found[near][1] >= PULSE_STRENGTH:
            found[near] = found[near][0], max(found[near][1], PULSE_STRENGTH + share)
    return sorted(found)


def _missing(found):
    """[(base line, strength)] of rows whose pulses are not seen among evenly spaced ones: where there is a gap of two spaces."""
    feet = np.array([foot for foot, _ in found])
    gaps = np.diff(feet)
    spaces = np.rint(gaps / gaps.min()) if gaps.size > 1 else np.ones(0)
    if not spaces.size or spaces.max() != 2 or np.abs(gaps / gaps.min() / spaces - 1).max() > EVEN_GAPS:
        return []
    return [((feet[i] + feet[i + 1]) / 2, MIN_SHARE) for i in np.flatnonzero(spaces == 2)]


def _sides(view, feet):
    """(left, right) between which most of the rows that stand on pulses at `feet` (n,) run, their pulses too; None of fewer than two."""
    if feet.size < 2:
        return None
    x, y = view.points
    rows = [x[np.abs(y - foot) <= ON_MM * PX_PER_MM] for foot in feet]
    ends = [np.percentile(row, (1, 99)) for row in rows if row.size]
    if not ends:
        return None
    left, right = np.median(ends, axis=0)
    return min(left, *(pulse.left for pulse in view.pulses)), max(right, *(pulse.right for pulse in view.pulses))


def _worth(view, row, feet, sides):
    """What a row without a pulse is worth where others stand on pulses at `feet` (n,): devices print one in each row or in none.

    One that is hidden is believed where its row is between the others or as far from the next as these are from each other.
    """
    if sides is None:
        return 1.0
    x, y = view.points
    on = np.unique(x[np.abs(y - row) <= ON_MM * PX_PER_MM])
    beyond, enough = (length * PX_PER_MM for length in BEYOND_ROW_MM)
    if (on < sides[0] - beyond).sum() >= enough or (on > sides[1] + beyond).sum() >= enough:
        return BEYOND_WORTH
    apart = np.abs(feet - row).min()
    gaps = np.diff(feet)
    if np.abs(gaps / apart - 1).max() <= EVEN_GAPS:
        return 1.0
    if gaps.size > 1 and gaps.max() <= (1 + EVEN_GAPS) * gaps.min():
        return ODD_WORTH
    return 1.0 if feet[0] < row < feet[-1] else PULSELESS_WORTH


def _choices(found, count):
    """[(cost, base lines from the top down)] of `count` rows: the strongest and those that follow each other, the best first.

    It costs to take rows that are weaker than others and to leave strong ones, 0..1.
    """
    if len(found) < count:
        return []
    strengths = np.array([strength for _, strength in found])
    runs = [range(first, first + count) for first in range(len(found) - count + 1)]
    choices = {tuple(sorted(np.argsort(-strengths, kind="stable")[:count])), *map(tuple, runs)}
    costed = []
    for kept in choices:
        gaps = np.diff([found[i][0] for i in kept])
        if gaps.size and gaps.min() < CROWDED * np.median(gaps):
            continue
        typical = np.median(strengths[list(kept)])
        left = np.delete(strengths, kept).max(initial=0.0)
        cost = max(1 - strengths[list(kept)].min() / typical, left / typical)
        costed.append((float(min(cost, 1.0)), [found[i][0] for i in kept]))
    return sorted(choice for choice in costed if choice[0] <= MAX_ROW_COST)[:MAX_CHOICES]


def _lay(view, row_cost, lines, pattern, seen):
    """(`Match` without names, reading of its windows) for a pattern on these rows; None where no traces run there.

    `seen` is what other patterns' windows have told, as `names.Reading.faces_of` keeps it.

    Where hardly a name is read in columns that upright lines part, which may be heartbeats, those are tried that the ends of the traces tell.
    """
    ends = columns.extent(view, lines)
    if ends is None:
        return None
    grid_lines, count = lines[: pattern.grid_rows], len(pattern.columns)
    best = _lay_on(view, row_cost, lines, pattern, ends, columns.edges_of(view, grid_lines, ends, count), seen)
    if count > 1 and best[2] < READ_FITS:
        best = max(
            best,
            _lay_on(view, row_cost, lines, pattern, ends, columns.evenly(view, grid_lines, ends, count), seen),
            key=itemgetter(2),
        )
    return best[:2]


def _lay_on(view, row_cost, lines, pattern, ends, edges_and_clearness, seen):
    """As `_lay`, on columns with these edges and lines so clear between them, and how well the names fit on the whole."""
    edges, clear = edges_and_clearness
    zeros = _zeros(view, lines, edges)
    starts = _starts(view, edges)
    corners = _corners(pattern, zeros, starts)
    reading = lead_names.Reading(_windows(view, corners), PX_PER_MM)
    cells = [(i, tuple(corners[i]), name) for i, (_, _, name) in enumerate(_cells(pattern))]
    faces = reading.faces_of(cells[:: max(len(cells) // 6, 1)], seen)
    beyond = (ends[1] - edges[-1]) / PX_PER_MM
    column_cost = 0.5 * _between(beyond, BEYOND_MM)
    if len(edges) > 2:
        column_cost += 0.5 * (1 - min(clear / CLEAR_LINES, 1.0))
    laid = [
        Match(pattern, zeros, edges, clear, starts, face, {"rows": row_cost, "columns": column_cost}) for face in faces
    ]
    fits = [float(np.mean(_named(pattern, match, reading).fits)) for match in laid]
    return laid[int(np.argmax(fits))], reading, max(fits)


def _between(value, limits):
    """0 up to the lower of two limits, 1 from the upper on."""
    return float(np.clip((value - limits[0]) / (limits[1] - limits[0]), 0.0, 1.0))


def _zeros(view, lines, edges):
    """(rows, columns) of base lines: on a pulse before the cell, else the row's pulse, else where the cell's trace is mostly."""
    x, y = view.points
    zeros = np.empty((len(lines), len(edges) - 1))
    reach = REACH_MM * PX_PER_MM
    for row, line in enumerate(lines):
        feet = [pulse for pulse in view.pulses if abs(pulse.foot - line) <= ROW_MM * PX_PER_MM]
        for column, (left, right) in enumerate(zip(edges, edges[1:], strict=False)):
            own = [pulse.foot for pulse in feet if 0 <= left - pulse.right <= BEFORE_MM * PX_PER_MM]
            here = y[(x >= left) & (x < right) & (np.abs(y - line) <= reach)]
            if own or feet:
                zeros[row, column] = own[0] if own else feet[0].foot
            elif here.size:
                counts = np.bincount(np.rint(here - line + reach).astype(int), minlength=int(2 * reach) + 3)
                zeros[row, column] = line - reach + np.argmax(np.convolve(counts, np.ones(3), mode="same"))
            else:
                zeros[row, column] = line
    return zeros


def _starts(view, edges):
    """(columns,): from where on names are looked for, before a pulse that opens its column."""
    starts = []
    for edge in edges[:-1]:
        opening = [pulse.left for pulse in view.pulses if 0 <= edge - pulse.right <= BEFORE_MM * PX_PER_MM]
        starts.append(min(opening) - NAME_BEFORE_MM * PX_PER_MM if opening else edge)
    return np.array(starts)


def _cells(pattern):
    """[(row, column, name without its sign)] of a pattern's grid, column by column."""
    return [
        (row, column, name.lstrip("-"))
        for column, group in enumerate(pattern.columns)
        for row, name in enumerate(group)
    ]


def _corners(pattern, zeros, starts):
    """(n, 2) int: x and y of the upper left corners of the windows about the names of a pattern's grid, column by column."""
    (left, _), (top, _) = WINDOW_MM
    places = [(starts[column], zeros[row, column]) for row, column, _ in _cells(pattern)]
    return np.rint(np.array(places) + np.array([left, top]) * PX_PER_MM).astype(int)


def _windows(view, corners):
    """(n, h, w) float32: the ink in the windows with these corners, paper beyond the page."""
    (left, right), (top, bottom) = WINDOW_MM
    return cut(view.ink, corners, round((right - left) * PX_PER_MM), round((bottom - top) * PX_PER_MM))


def cut(image, corners, width, height):
    """(n, height, width) of an image from each (x, y) corner on, 0 beyond its edges."""
    pad = max(width, height)
    wide = np.pad(image, pad)
    last = np.array([wide.shape[1] - width, wide.shape[0] - height])
    return np.stack([wide[y : y + height, x : x + width] for x, y in np.clip(np.asarray(corners) + pad, 0, last)])


def _named(pattern, match, reading):
    """The match with a pattern's names read: those of a column stand at one place of their windows.

    From the second column on this place is the same, but for a pitch that the edges did not tell quite rightly.
    """
    groups = [[] for _ in pattern.columns]
    for index, (_, column, name) in enumerate(_cells(pattern)):
        groups[column].append(reading.fit(index, name, *match.face))
    fits = [np.mean(group, axis=0) for group in groups]
    first = np.unravel_index(fits[0].argmax(), fits[0].shape)
    scores, edges = [float(fits[0][first])], match.edges
    if len(fits) > 1:
        score, pitch, place = max(_along(fits[1:], pitch) for pitch in _pitches(len(fits)))
        scores += [float(fit[place[0], place[1] + pitch * i]) for i, fit in enumerate(fits[1:])]
        if match.lines < CLEAR_LINES:
            edges = edges + pitch * np.arange(len(edges))
    named = 1 - _between(np.mean(scores), FITS)
    return replace(
        match, pattern=pattern, edges=edges, fits=tuple(scores), place=first, parts={**match.parts, "names": named}
    )


def _pitches(count):
    """Pixels by which the pitch of `count` columns may be wrong."""
    most = round(PITCH_MM * PX_PER_MM) if count > 2 else 0
    return range(-most, most + 1)


def _along(fits, pitch):
    """(mean fit, -|pitch| to prefer none, place) of the best place in windows of which each is moved by a pitch from the one before."""
    width = fits[0].shape[1] - abs(pitch) * (len(fits) - 1)
    offset = -min(pitch * (len(fits) - 1), 0)
    mean = np.mean([fit[:, offset + pitch * i : offset + pitch * i + width] for i, fit in enumerate(fits)], axis=0)
    row, column = np.unravel_index(mean.argmax(), mean.shape)
    return float(mean[row, column]), pitch, (int(row), int(column) + offset)


def _with_unread(view, found, match, matches):
    """The match with what it leaves unread: names and lines that a pattern of as many rows and more columns finds there."""
    finer = [
        other
        for other in matches
        if other.pattern.rows == match.pattern.rows and len(other.pattern.columns) > len(match.pattern.columns)
    ]
    unread = [_between(min(other.fits[1:]), UNREAD_FITS) for other in finer]
    if len(match.pattern.columns) == 1:
        unread += [_between(other.lines, UNREAD_LINES) for other in finer]
    unread.append(_between(_left_name(view, found, match), UNREAD_NAMES))
    return replace(match, parts={**match.parts, "unread": max(unread)})


def _left_name(view, found, match):
    """How well the name of any lead fits before a row that a match leaves out, where the others of the first column have theirs."""
    mm, (row, column) = PX_PER_MM, match.place
    left = [line for line, _ in found if np.abs(match.zeros[:, 0] - line).min() > ROW_MM * mm]
    if not left or match.cost > HOPELESS:
        return 0.0
    x = round(match.starts[0] + WINDOW_MM[0][0] * mm) + column
    width, height, before, above = (round(side * mm) for side in NAME_MM)
    corners = [(x - before, round(line + WINDOW_MM[1][0] * mm) + row - above) for line in left]
    reading = lead_names.Reading(cut(view.ink, corners, width, height), mm)
    at = above, before
    return max(
        float(reading.fit(index, name, *match.face)[at]) for index in range(len(left)) for name in layout.LEADS_12[1:]
    )
