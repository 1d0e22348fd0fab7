"""Rows of traces: lines along which a page's ink runs from left to right, mostly flat and never straight."""

import numpy as np

MAX_FLAT_MM = 1.6
"""Upright runs of ink longer than this are steep: QRS complexes, pulses, separators."""
MIN_TRACK_MM = 8.0
"""Ink that hangs together over less is print."""
BIN_MM = 2.5
NEAR_MM = 1.25
APART_MM = 6.0
REACH_MM = 3.5
"""How far a base line may stand from its row's in each quarter of the page: columns of some devices are not level with each other."""
MIN_RANK = 0.2
RULED_MM = 2.0
TILTS = np.tan(np.radians(np.arange(-2.0, 2.01, 0.25)))
FINE_TILTS = np.tan(np.radians(np.arange(-0.3, 0.31, 0.05)))


def flat_points(dark, px_per_mm):
    """Columns (n,) and rows (n,) of the middles of short upright runs of ink in long tracks, of a (H, W) bool page."""
    from scipy import ndimage

    joined = ndimage.maximum_filter1d(dark.astype(np.uint8), 3, axis=1)
    tracks, _ = ndimage.label(joined, np.ones((3, 3)))
    wide = [place[1].stop - place[1].start >= MIN_TRACK_MM * px_per_mm for place in ndimage.find_objects(tracks)]
    dark = dark & np.array([False, *wide])[tracks]
    edges = np.diff(np.pad(dark, ((1, 1), (0, 0))).astype(np.int8), axis=0).T
    x, top = np.nonzero(edges > 0)
    _, end = np.nonzero(edges < 0)
    flat = end - top <= MAX_FLAT_MM * px_per_mm
    return x[flat], (top + end - 1)[flat] / 2


def coverage(x, y, shape, px_per_mm):
    """(H, bins) bool: whether flat points run along each row, in each 2.5 mm of a page of this shape."""
    height, width = shape
    bins = int(np.ceil(width / (BIN_MM * px_per_mm)))
    level = np.rint(y).astype(int)
    inside = (level >= 0) & (level < height)
    cell = level[inside] * bins + (x[inside] / (BIN_MM * px_per_mm)).astype(int)
    seen = np.bincount(cell, minlength=height * bins).reshape(height, bins)
    near = round(NEAR_MM * px_per_mm)
    total = np.cumsum(np.pad(seen, ((near + 1, near), (0, 0))), axis=0)
    return total[2 * near + 1 :] - total[: -2 * near - 1] >= 0.5 * BIN_MM * px_per_mm


def levelness(x, y, shape, px_per_mm):
    """How far traces run across a page without a break: the sum over rows of the square of the longest run, in bins."""
    seen = coverage(x, y, shape, px_per_mm)
    seen = seen[:, 1:-1] | (seen[:, :-2] & seen[:, 2:])
    run = longest = np.zeros(shape[0])
    for column in seen.T:
        run = (run + 1) * column
        longest = np.maximum(longest, run)
    return float((longest**2).sum())


def find_tilt(x, y, shape, px_per_mm):
    """The slope at which the rows of flat points are sharpest: first as rows, then as lines."""
    across = x - shape[1] / 2

    def as_rows(tilt):
        return (coverage(x, y - tilt * across, shape, px_per_mm).mean(axis=1) ** 2).sum()

    def as_lines(tilt):
        level = np.rint(y - tilt * across).astype(int)
        return (np.bincount(level - level.min()).astype(float) ** 2).sum()

    return max(max(TILTS, key=as_rows) + FINE_TILTS, key=as_lines)


def find_rows(x, y, shape, px_per_mm, quarters=4):
    """((row, coverage), …) of what may be rows of traces, from the top down, of flat points on a level page.

    Coverage is the share, 0..1, of the traced part of the page's width. A peak of it that is `MIN_RANK` at least and `APART_MM` from
    any higher one is a row.
    """
    from scipy import ndimage

    seen = coverage(x, y, shape, px_per_mm)
    seen[_ruled(y, shape, px_per_mm)] = False
    share = seen.mean(axis=1)
    if not share.any():
        return ()
    used = np.flatnonzero(seen[share >= 0.5 * share.max()].mean(axis=0) >= 0.2)
    seen = seen[:, used[0] : used[-1] + 1]
    reach = 2 * round(REACH_MM * px_per_mm) + 1
    parts = np.array_split(seen, min(quarters, seen.shape[1]), axis=1)
    loose = np.mean([ndimage.maximum_filter1d(part.mean(axis=1), reach) for part in parts], axis=0)
    rank = loose + 0.3 * seen.mean(axis=1)
    found, apart = [], round(APART_MM * px_per_mm)
    while rank.max() >= MIN_RANK:
        row = int(rank.argmax())
        found.append((float(row), float(loose[row])))
        rank[max(row - apart, 0) : row + apart + 1] = 0
    return tuple(sorted(found))


def _ruled(y, shape, px_per_mm):
    """(H,) bool: rows near a ruled line, which is straight over most of the page's width as no trace is."""
    height, width = shape
    counts = np.bincount(np.clip(np.rint(y).astype(int), 0, height - 1), minlength=height)
    ruled = np.zeros(height, bool)
    reach = round(RULED_MM * px_per_mm)
    for row in np.flatnonzero(np.convolve(counts, np.ones(3), mode="same") >= 0.8 * width):
        ruled[max(row - reach, 0) : row + reach + 1] = True
    return ruled
