"""Rows of traces: lines along which a page's ink runs from left to right, mostly flat and never straight."""

import numpy as np

from ..compiled.library import address, compiled
from .strokes import strokes_of
from .upright_runs import upright_runs

MAX_FLAT_MM = 2.0
"""Upright runs of ink longer than this are steep: QRS complexes, pulses, separators."""
MIN_TRACK_MM = 8.0
"""Connected ink that is narrower is print."""
RULE_MM = 40.0
SMOOTH_MM, SMOOTH_SLACK_MM, SMOOTH_SHARE = 15.0, 0.35, 0.94
"""A stroke of `RULE_MM` at least is a rule or a frame where its upper or its lower edge is off the running median over `SMOOTH_MM` by
no more than `SMOOTH_SLACK_MM` in this share of its length: also bent rules, double rules that merge in places and those that text
touches from one side. A trace's edges reach 0.85."""
MAX_RULE_MM = 2.5
"""The median thickness of a rule is at most this."""
BIN_MM = 2.5
NEAR_MM = 1.25
COVERED = 0.5
"""The share of a bin's columns in which points run along a row that is covered there."""
APART_MM = 7.5
REACH_MM = 3.5
"""How far a base line may be from its row's in each quarter of the page: columns of some devices are not level with each other."""
MIN_RANK = 0.2
BAND_MM = 4.0
NOISY_COVERAGE, NOISY_WEIGHT = 0.85, 0.7
"""The share of the width in which tracks lie within `BAND_MM` of a row that is too noisy to be flat, and the weight of such coverage."""
RULED_MM, RULED_BAND_MM, RULED_LENGTH, RULED_SHARE = 0.3, 5.0, 0.9, 0.97
"""A line is ruled where this share of the ink near it is on it; no trace is so straight."""
TILTS = np.tan(np.radians(np.arange(-2.0, 2.01, 0.25)))
SHARPER, MUCH_SHARPER = 1.03, 1.15
"""How much more rows are covered at a slope than at none, where it is looked for, and where others have made them level. On 28 drawn pages without a grid it is 1.02 at most where they lay straight, 1.04 at least on 12 of the 14
that lay askew."""
FINE_TILTS = np.tan(np.radians(np.arange(-0.3, 0.31, 0.05)))
LEANS, FINE_LEANS = np.tan(np.radians(np.arange(-1.2, 1.21, 0.15))), np.tan(np.radians(np.arange(-0.12, 0.121, 0.03)))
SHARPER_COLUMNS = 1.03
"""How much sharper columns of ink are where they lean than where rows say that they would."""
LEAN_POINTS = 60_000
"""More ink says no more of it."""


def tracks_of(dark: np.ndarray, px_per_mm: float) -> np.ndarray:
    """(H, W) bool: the ink of a (H, W) bool page that is connected over some length, without ruled lines."""
    strokes, kept = strokes_of(dark), []
    for number, box in enumerate(strokes.boxes):
        width = box.right - box.left
        rule = width >= RULE_MM * px_per_mm and _is_rule(strokes.image(number), px_per_mm)
        kept.append(width >= MIN_TRACK_MM * px_per_mm and not rule)
    return strokes.only(kept)


def flat_points(tracks: np.ndarray, px_per_mm: float) -> tuple[np.ndarray, np.ndarray]:
    """Columns (n,) and rows (n,) of the middles of short upright runs of ink in the tracks of a (H, W) bool page."""
    x, top, end = upright_runs(tracks)
    flat = end - top <= MAX_FLAT_MM * px_per_mm
    return x[flat], (top + end - 1)[flat] / 2


def _is_rule(stroke: np.ndarray, px_per_mm: float) -> bool:
    """Whether a (h, w) bool stroke runs smoothly on one side at least and is thin, as no trace does that holds heartbeats."""
    from scipy import ndimage

    if np.median(stroke.sum(axis=0)) > MAX_RULE_MM * px_per_mm:
        return False
    upper, lower = stroke.argmax(axis=0), stroke[::-1].argmax(axis=0)
    window, slack = 2 * round(SMOOTH_MM * px_per_mm / 2) + 1, max(SMOOTH_SLACK_MM * px_per_mm, 1)
    return any(
        (np.abs(edge - ndimage.median_filter(edge, window, mode="nearest")) <= slack).mean() >= SMOOTH_SHARE
        for edge in (upper, lower)
    )


def coverage(x: np.ndarray, y: np.ndarray, shape: tuple[int, ...], px_per_mm: float) -> np.ndarray:
    """(H, bins) bool: whether flat points run along each row, in each 2.5 mm of a page of this shape."""
    height, width = shape
    bins, library = int(np.ceil(width / (BIN_MM * px_per_mm))), compiled()
    if library is None:
        return _coverage_in_numpy(x, y, height, bins, px_per_mm)
    x, y = np.ascontiguousarray(x, np.int64), np.ascontiguousarray(y, float)
    seen, covered = np.empty((height + 1, bins), np.int32), np.empty((height, bins), bool)
    library["coverage"](
        x.size, address(x), address(y), height, bins, BIN_MM * px_per_mm, round(NEAR_MM * px_per_mm), COVERED * BIN_MM * px_per_mm,
        address(seen), address(seen[height:]), address(covered),
    )  # fmt: skip
    return covered


def _coverage_in_numpy(x: np.ndarray, y: np.ndarray, height: int, bins: int, px_per_mm: float) -> np.ndarray:
    """As `coverage`."""
    level = np.rint(y).astype(int)
    inside = (level >= 0) & (level < height)
    cell = level[inside] * bins + (x[inside] / (BIN_MM * px_per_mm)).astype(int)
    seen = np.bincount(cell, minlength=height * bins).reshape(height, bins)
    near = round(NEAR_MM * px_per_mm)
    total = np.cumsum(np.pad(seen, ((near + 1, near), (0, 0))), axis=0)
    return total[2 * near + 1 :] - total[: -2 * near - 1] >= COVERED * BIN_MM * px_per_mm


def levelness(x: np.ndarray, y: np.ndarray, shape: tuple[int, ...], px_per_mm: float) -> float:
    """How far traces run across a page without interruption: the sum over rows of the square of the longest run, in bins."""
    seen = coverage(x, y, shape, px_per_mm)
    seen = seen[:, 1:-1] | (seen[:, :-2] & seen[:, 2:])
    run = longest = np.zeros(shape[0])
    for column in seen.T:
        run = (run + 1) * column
        longest = np.maximum(longest, run)
    return float((longest**2).sum())


def find_tilt(
    x: np.ndarray, y: np.ndarray, shape: tuple[int, ...], px_per_mm: float, sharper: float = MUCH_SHARPER
) -> float:
    """The slope at which the rows of flat points are sharpest: coarsely by coverage, then finely by single lines of pixels; 0 where at no
    other they are so many times as sharp, since traces wander."""
    across = x - shape[1] / 2

    def as_rows(tilt: float) -> float:
        return (coverage(x, y - tilt * across, shape, px_per_mm).mean(axis=1) ** 2).sum()

    def as_lines(tilt: float) -> float:
        # Rows are whole or half numbers: rounding would send the halves to the even ones, at a slope of 0 alone.
        level = np.floor(y - tilt * across + 0.25).astype(int)
        return (np.bincount(level - level.min()).astype(float) ** 2).sum()

    coarse = max(TILTS, key=as_rows)
    return max(coarse + FINE_TILTS, key=as_lines) if as_rows(coarse) > sharper * as_rows(0.0) else 0.0


def find_lean(x: np.ndarray, y: np.ndarray, usual: float) -> float | None:
    """By how many pixels a row what is upright moves to the right, from (n,) int columns and rows of ink: where its columns are sharpest, near the `usual` one; None where they are hardly sharper
    than there."""
    if not y.size:
        return None
    kept = slice(None, None, -(-y.size // LEAN_POINTS))
    x, down = x[kept], y[kept] - y.mean()

    def sharpness(lean: float) -> float:
        column = np.floor(x - lean * down + 0.25).astype(int)
        return float((np.bincount(column - column.min()).astype(float) ** 2).sum())

    coarse = max(usual + LEANS, key=sharpness)
    best = max(coarse + FINE_LEANS, key=sharpness)
    return float(best) if sharpness(best) >= SHARPER_COLUMNS * sharpness(usual) else None


def find_rows(
    x: np.ndarray, y: np.ndarray, tracks: np.ndarray, px_per_mm: float, quarters: int = 4
) -> tuple[tuple[float, float], ...]:
    """((row, coverage), …) of the candidates for rows of traces, from the top down, of flat points and (H, W) bool tracks of a level page.

    Coverage is the share, 0..1, of the traced part of the page's width. A peak of it that is `MIN_RANK` at least and `APART_MM` from
    any higher one is a row.
    """
    from scipy import ndimage

    shape = tracks.shape
    seen = coverage(x, y, shape, px_per_mm)
    share = seen.mean(axis=1)
    if not share.any():
        return ()
    used = np.flatnonzero(seen[share >= 0.5 * share.max()].mean(axis=0) >= 0.2)
    if not used.size:
        return ()
    seen = seen[:, used[0] : used[-1] + 1]
    reach = 2 * round(REACH_MM * px_per_mm) + 1
    parts = np.array_split(seen, min(quarters, seen.shape[1]), axis=1)
    loose = np.mean([ndimage.maximum_filter1d(part.mean(axis=1), reach) for part in parts], axis=0)
    rank = loose + 0.3 * seen.mean(axis=1)
    filled = _filled(tracks, used, px_per_mm)
    found: list[tuple[float, float]] = []
    ruled: list[float] = []
    apart = round(APART_MM * px_per_mm)
    while rank.max() >= MIN_RANK:
        row = int(rank.argmax())
        if _is_ruled(x, y, row, used.size * BIN_MM * px_per_mm, px_per_mm):
            ruled.append(row)
        else:
            found.append((float(row), float(max(loose[row], NOISY_WEIGHT * filled[row]))))
        rank[max(row - apart, 0) : row + apart + 1] = 0
    clear = [row for row, share in found if share >= NOISY_WEIGHT * NOISY_COVERAGE]
    for noisy in _noisy(filled, clear + ruled, px_per_mm):
        found = [other for other in found if abs(other[0] - noisy[0]) > apart] + [noisy]
    return tuple(sorted(found))


def _is_ruled(x: np.ndarray, y: np.ndarray, row: int, width: float, px_per_mm: float) -> bool:
    """Whether the ink near a row is ruled: a line of nearly the whole width, or nothing but a line of most of it."""
    near = np.abs(y - row) <= RULED_BAND_MM * px_per_mm
    levels, counts = np.unique(np.rint(y[near]), return_counts=True)
    line = levels[counts.argmax()] if levels.size else row
    on = np.abs(y[near] - line) <= RULED_MM * px_per_mm
    length = np.unique(x[near][on]).size
    return bool(length >= RULED_LENGTH * width or (length >= 0.6 * width and on.mean() >= RULED_SHARE))


def _filled(tracks: np.ndarray, used: np.ndarray, px_per_mm: float) -> np.ndarray:
    """(H,) float: the share of the columns in use that tracks fill within `BAND_MM` of each row."""
    from scipy import ndimage

    left, right = (round(bins * BIN_MM * px_per_mm) for bins in (used[0], used[-1] + 1))
    side = 2 * round(BAND_MM * px_per_mm) + 1
    return ndimage.maximum_filter1d(tracks[:, left:right].astype(np.uint8), side, axis=0).mean(axis=1)


def _noisy(filled: np.ndarray, known: list[float], px_per_mm: float) -> list[tuple[float, float]]:
    """[(row, coverage)] of rows that ink fills from side to side, apart from those known: traces of noise alone."""
    band = round(BAND_MM * px_per_mm)
    filled = filled.copy()
    for row in known:
        filled[max(round(row) - 3 * band, 0) : round(row) + 3 * band] = 0
    found = []
    while filled.max() >= NOISY_COVERAGE:
        best = np.flatnonzero(filled >= 0.98 * filled.max())
        row = best[best < best[0] + 3 * band].mean()
        found.append((float(row), NOISY_WEIGHT * float(filled.max())))
        filled[max(round(row) - 3 * band, 0) : round(row) + 3 * band] = 0
    return found
