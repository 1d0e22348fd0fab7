"""Columns of leads: the extent of the traces, the lines that separate them, and the edges of equal columns."""

from collections.abc import Callable, Sequence
from functools import wraps
from typing import TypeVar

import numpy as np

from . import calibration_pulses
from .coarse_page import PX_PER_MM, CoarsePage

Found = TypeVar("Found")

MIN_RUN_MM = 8.0
PRINT_MM = 15.0
"""What stands beside the traces, apart from them, and is no wider is print."""
BAND_MM = 14.0
GAP_MM = 1.5
PAGE_MM = 250.0
"""10 s at 25 mm/s: the usual width from the first column's left edge to the last one's right."""
PULSED_SHARE, CLOSED_SHARE = 0.25, 0.1
"""How much of the traced width may lie before the pulses that open the rows and behind those that close them."""
BEHIND_PULSE_MM = 6.0
"""How far behind a pulse the first column begins at most."""
LEEWAY_MM = 14.0
"""How far from where ink begins the first column may begin."""
STRETCH = np.linspace(0.95, 1.05, 41)
BARE_MM, NEAR_EDGE_MM, BARE_BAND_MM, LINE_MM = 1.5, 8.0, 9.0, 1.0
"""Columns are apart by bare paper where most rows have none of their trace over so much, so near to an edge, within so much of 0 mV: but for a line or
ticks that stand there, which are no wider than the last."""
OPENING_MM, BEFORE_PULSE_MM, TRACE_BAND_MM = 7.0, 20.0, 4.0
"""So far before a column the pulse ends that opens it; so far before the pulse, and so near to 0 mV, the end of the trace before it is looked for: names stand between them, and higher."""
MIN_BARE_SHARE, EVEN_COLUMNS_MM = 0.6, 2.0
"""In so many of the rows paper is bare between columns that stand apart, and so evenly they follow each other."""
OFF_COST = 0.008
"""The cost, in evidence of lines, of a millimetre of disagreement with the ends of the traces or with `PAGE_MM`."""


def _known(find: Callable[[CoarsePage, Sequence[float]], Found]) -> Callable[[CoarsePage, Sequence[float]], Found]:
    """A function of a page and of base lines that is asked once of each: patterns of as many rows ask for the same."""

    @wraps(find)
    def ask(coarse: CoarsePage, zeros: Sequence[float]) -> Found:
        key = find.__name__, tuple(zeros)
        if key not in coarse.known:
            coarse.known[key] = find(coarse, zeros)
        found: Found = coarse.known[key]
        return found

    return ask


@_known
def extent(coarse: CoarsePage, zeros: Sequence[float]) -> tuple[float, float] | None:
    """(left, right) pixels between which most of the rows with these base lines have traces, without their pulses; None without traces."""
    from scipy import ndimage

    mm = PX_PER_MM
    middles = [(a + b) / 2 for a, b in zip(zeros, zeros[1:], strict=False)]
    edges = [zeros[0] - BAND_MM * mm, *middles, zeros[-1] + BAND_MM * mm]
    count = np.zeros(coarse.dark.shape[1])
    for zero, top, bottom in zip(zeros, edges, edges[1:], strict=False):
        band = coarse.strokes[max(round(max(top, zero - BAND_MM * mm)), 0) : round(min(bottom, zero + BAND_MM * mm))]
        wide = np.convolve(band.any(axis=0), np.ones(round(GAP_MM * mm)), mode="same") > 0
        runs, number = ndimage.label(wide)
        lengths = np.bincount(runs, minlength=number + 1)
        lengths[0] = 0
        count += lengths[runs] >= MIN_RUN_MM * mm
    spans, _ = ndimage.label(count >= 0.5 * len(zeros))
    found = [(at.start, at.stop) for (at,) in ndimage.find_objects(spans)]
    if not found:
        return None
    # Print beside the traces is narrow: of several spans those at the ends count where they are wide.
    wide_ones = [span for span in found if span[1] - span[0] >= PRINT_MM * mm] or found
    grown = GAP_MM * mm / 2
    left, right = wide_ones[0][0] + grown, wide_ones[-1][1] - grown
    opened = False
    for before, after in calibration_pulses.columns_of(coarse.pulses, mm):
        # There is no trace before the pulses that open the rows, nor behind those that close them.
        if not opened and before < left + PULSED_SHARE * (right - left):
            # Only the first such column: a second one is of waves that look like pulses.
            left, opened = max(left, after + mm), True
        elif before <= right <= after + 3 * mm or right - CLOSED_SHARE * (right - left) < before < right:
            right = before - mm
    # What was taken for pulses may leave nothing between them.
    return (float(left), float(right)) if left < right else None


@_known
def separator_strength(coarse: CoarsePage, zeros: Sequence[float]) -> np.ndarray:
    """(W,) float in 0..1: how much of an upright line through these rows there is at each column."""
    from scipy import ndimage

    mm = PX_PER_MM
    bands = [(zero - 7 * mm, zero + 7 * mm) for zero in zeros]
    bands += [(a + 0.2 * (b - a), b - 0.2 * (b - a)) for a, b in zip(zeros, zeros[1:], strict=False)]
    height = len(coarse.dark)
    ends = [[min(max(round(end), 0), height) for end in band] for band in bands]
    counts = coarse.counts
    shares = [(counts[bottom] - counts[top]).astype(np.float32) / np.float32(bottom - top) for top, bottom in ends]
    loose = [ndimage.maximum_filter1d(share, 2 * round(0.75 * mm) + 1) for share in shares]
    return 0.5 * np.mean(loose, axis=0) + 0.5 * np.mean(shares, axis=0)


def edges_of(
    coarse: CoarsePage, zeros: Sequence[float], ends: tuple[float, float], count: int
) -> tuple[np.ndarray, float]:
    """(edges, evidence): the `count` + 1 edges of columns of one width, and how clear the lines at the inner ones are, 0..1.

    They are given by pulses before each of two columns; else by bare paper between them; else by upright lines, the ends of the traces and the usual width together.
    """
    mm = PX_PER_MM
    left, right = ends
    pulsed = calibration_pulses.columns_of(coarse.pulses, mm)
    if count == 2 and len(pulsed) == 2 and 0.35 < (pulsed[1][0] - left) / (right - left) < 0.65:
        return np.array([pulsed[0][1] + mm, pulsed[1][1] + mm, right]), 1.0
    if count == 1:
        return np.array([left, right]), 0.0
    apart = _edges_by_bare_paper(coarse, zeros, ends, count)
    if apart is not None:
        return apart, 1.0
    usual = PAGE_MM / count * mm
    starts = left + np.arange(-LEEWAY_MM * mm, LEEWAY_MM * mm + 1)
    # The first column begins behind the pulses that open the rows, and soon.
    opened = max((after for _, after in pulsed if after <= left), default=None)
    if opened is not None:
        soon = (starts >= opened) & (starts <= opened + BEHIND_PULSE_MM * mm)
        # What stands farther before the traces than they may begin is no pulse that opens them.
        starts = starts[soon] if soon.any() else starts[starts >= opened]
    pitches = np.concatenate([(right - left) / count * STRETCH, usual * STRETCH])
    edges = starts[:, None, None] + pitches[None, :, None] * np.arange(count + 1)
    strength = separator_strength(coarse, zeros)
    inner = np.clip(np.rint(edges[..., 1:-1]).astype(int), 0, strength.size - 1)
    evidence = strength[inner].mean(axis=-1)
    off_mm = np.abs(edges[..., 0] - left) + 0.3 * np.minimum(np.abs(edges[..., -1] - right), 20 * mm)
    off_mm = (off_mm + 0.3 * np.minimum(np.abs(pitches - usual) * count, 20 * mm)) / mm
    best = np.unravel_index(np.argmax(evidence - OFF_COST * off_mm), evidence.shape)
    return edges[best], float(evidence[best])


def _edges_by_bare_paper(
    coarse: CoarsePage, zeros: Sequence[float], ends: tuple[float, float], count: int
) -> np.ndarray | None:
    """The `count` + 1 edges of columns that stand apart, each where its traces begin, the last where they end; None where no bare paper is between all of them."""
    from scipy import ndimage

    mm, (left, right) = PX_PER_MM, (round(end) for end in ends)
    band, line = round(BARE_BAND_MM * mm), round(LINE_MM * mm)
    bare = np.zeros((len(zeros), right - left), bool)
    for row, zero in zip(bare, zeros, strict=True):
        part = coarse.dark[max(round(zero) - band, 0) : round(zero) + band + 1, left:right].any(axis=0)
        # A line alone in bare paper is opened away; of a trace nothing is left bare.
        row[:] = ~ndimage.binary_opening(part, np.ones(line + 1, bool))
    runs, number = ndimage.label(bare.mean(axis=0) >= MIN_BARE_SHARE)
    gaps = [(at.start, at.stop) for (at,) in ndimage.find_objects(runs) if at.stop - at.start >= BARE_MM * mm]
    if len(gaps) != count - 1:
        return None
    begins = np.array([0.0, *(stop for _, stop in gaps)])
    widths = np.array([*(start for start, _ in gaps), right - left]) - begins
    if np.ptp(widths) > EVEN_COLUMNS_MM * mm or np.ptp(np.diff(begins)) > EVEN_COLUMNS_MM * mm:
        return None
    return left + np.append(begins, right - left)


def even_edges(
    coarse: CoarsePage, zeros: Sequence[float], ends: tuple[float, float], count: int
) -> tuple[np.ndarray, float]:
    """As `edges_of`, by the ends of the traces alone; by the left one and the usual width where the traces are not about as wide."""
    left, right = ends
    usual = PAGE_MM * PX_PER_MM
    width = right - left if abs((right - left) / usual - 1) <= STRETCH[-1] - 1 else usual
    edges = left + width / count * np.arange(count + 1)
    strength = separator_strength(coarse, zeros)
    return edges, float(strength[np.clip(np.rint(edges[1:-1]).astype(int), 0, strength.size - 1)].mean())


def gap_mm(coarse: CoarsePage, zeros: np.ndarray, edges: np.ndarray) -> float:
    """How much bare paper there is between columns with these `edges` (columns + 1,) and base lines (rows, columns), 0 where traces follow each other."""
    from scipy import ndimage

    mm, found = PX_PER_MM, []
    near, band, line = (round(length * mm) for length in (NEAR_EDGE_MM, BARE_BAND_MM, LINE_MM))
    for column, edge in enumerate(np.rint(edges[1:-1]).astype(int).tolist()):
        opening = [pulse.left for pulse in coarse.pulses if 0 <= edge - pulse.right <= OPENING_MM * mm]
        if opening:
            found += _bare_before(
                coarse.dark, np.rint(zeros[:, column]).astype(int).tolist(), round(min(opening)), edge
            )
            continue
        for zero in np.rint(zeros[:, column : column + 2].mean(axis=1)).astype(int).tolist():
            part = coarse.dark[max(zero - band, 0) : zero + band + 1, max(edge - near, 0) : edge + near + 1].any(axis=0)
            # A line alone in bare paper is opened away; of a trace nothing is left bare.
            runs, _ = ndimage.label(~ndimage.binary_opening(part, np.ones(line + 1, bool)))
            found.append(int(np.bincount(runs.ravel())[1:].max(initial=0)))
    gap = float(np.median(found)) / mm if found else 0.0
    return gap if gap >= BARE_MM else 0.0


def _bare_before(dark: np.ndarray, rows: list[int], pulse: int, edge: int) -> list[int]:
    """For each of these rows of a coarse page, how many pixels before an `edge` its trace ends where it does before the pulse that opens the column there, which rises at column `pulse`: 0
    where it goes on to it."""
    band, least, before, found = *(round(each * PX_PER_MM) for each in (TRACE_BAND_MM, BARE_MM, BEFORE_PULSE_MM)), []
    for zero in rows:
        inked = dark[max(zero - band, 0) : zero + band + 1, max(pulse - before, 0) : pulse].any(axis=0)
        ends = np.append(np.flatnonzero(inked), inked.size)
        # Behind the end of the trace; a name may stand between it and the pulse.
        bare = [int(end) for end, begin in zip(ends, ends[1:], strict=False) if begin - end - 1 >= least]
        found.append(edge - (max(pulse - before, 0) + bare[0] + 1) if bare else 0)
    return found
