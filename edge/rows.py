"""Rows of traces: base lines on which a page's ink runs from left to right."""

import numpy as np

MAX_FLAT_MM = 1.6
"""Upright runs of ink longer than this are steep: QRS complexes, pulses, separators."""
MIN_TRACK_MM = 8.0
BIN_MM = 2.5
NEAR_MM = 1.25
APART_MM = 6.0
TILTS = np.tan(np.radians(np.arange(-2.0, 2.01, 0.25)))


def flat_points(dark, px_per_mm):
    """(n,) columns and (n,) rows of the centres of short upright runs of ink in long tracks, of a (H, W) bool page."""
    from scipy import ndimage

    mm = px_per_mm
    joined = ndimage.binary_closing(dark, np.ones((3, 5)))
    tracks, _ = ndimage.label(joined, np.ones((3, 3)))
    wide = np.array([(s[1].stop - s[1].start) >= MIN_TRACK_MM * mm for s in ndimage.find_objects(tracks)], dtype=bool)
    dark = dark & np.concatenate([[False], wide])[tracks]
    edges = np.diff(np.pad(dark, ((1, 1), (0, 0))).astype(np.int8), axis=0)
    x, top = np.nonzero(edges.T > 0)
    _, end = np.nonzero(edges.T < 0)
    flat = end - top <= MAX_FLAT_MM * mm
    return x[flat], (top + end - 1)[flat] / 2


def coverage(x, y, shape, px_per_mm, tilt):
    """(H,) float: in which share of 2.5 mm bins a flat point lies near each row, and (H, bins) bool where."""
    height, width = shape
    bins = int(np.ceil(width / (BIN_MM * px_per_mm)))
    level = np.rint(y - tilt * (x - width / 2)).astype(int)
    inside = (level >= 0) & (level < height)
    seen = np.zeros((height, bins), np.int32)
    np.add.at(seen, (level[inside], (x[inside] / (BIN_MM * px_per_mm)).astype(int)), 1)
    near = round(NEAR_MM * px_per_mm)
    total = np.cumsum(np.pad(seen, ((near + 1, near), (0, 0))), axis=0)
    within = total[2 * near + 1 :] - total[: -2 * near - 1]
    return within >= 0.5 * BIN_MM * px_per_mm


def find_tilt(x, y, shape, px_per_mm):
    """The slope at which the rows of flat points are sharpest: first as rows, then as lines."""
    coarse = max(TILTS, key=lambda tilt: (coverage(x, y, shape, px_per_mm, tilt).mean(axis=1) ** 2).sum())

    def sharpness(tilt):
        level = np.rint(y - tilt * (x - shape[1] / 2)).astype(int)
        return (np.bincount(level - level.min()).astype(float) ** 2).sum()

    return max(coarse + np.tan(np.radians(np.arange(-0.3, 0.31, 0.05))), key=sharpness)


def candidates(x, y, shape, px_per_mm, strips=4, reach_mm=3.5):
    """((row, coverage), …) of what may be rows of traces, of level flat points: coverage 0..1 is the share of the page's traced width.

    The base line of a row may stand up to `reach_mm` higher or lower in each quarter of it.
    """
    from scipy import ndimage

    seen = coverage(x, y, shape, px_per_mm, 0.0)
    seen[_ruled(x, y, shape, px_per_mm)] = False
    share = seen.mean(axis=1)
    strong = np.flatnonzero(share >= 0.5 * share.max(initial=0.0))
    if not strong.size:
        return ()
    used = np.flatnonzero(seen[strong].mean(axis=0) >= 0.2)
    first, last = used[0], used[-1] + 1
    quarters = np.array_split(seen[:, first:last], strips, axis=1)
    reach = round(reach_mm * px_per_mm)
    loose = np.mean([ndimage.maximum_filter1d(q.mean(axis=1), 2 * reach + 1) for q in quarters], axis=0)
    plain = seen[:, first:last].mean(axis=1)
    rank = loose + 0.3 * plain
    found, apart = [], round(APART_MM * px_per_mm)
    rank = rank.copy()
    while rank.size and (row := int(rank.argmax())) >= 0 and rank[row] >= 0.2:
        found.append((float(row), float(loose[row])))
        rank[max(row - apart, 0) : row + apart + 1] = 0
    return tuple(sorted(found))


def _ruled(x, y, shape, px_per_mm):
    """(H,) bool: rows near a ruled line, which is straight over most of the page's width as no trace is."""
    height, width = shape
    bins = np.bincount(np.clip(np.rint(y).astype(int), 0, height - 1), minlength=height)
    thin = np.convolve(bins, np.ones(3), mode="same")
    ruled = np.flatnonzero(thin >= 0.8 * width)
    out = np.zeros(height, bool)
    for row in ruled:
        out[max(row - round(2 * px_per_mm), 0) : row + round(2 * px_per_mm) + 1] = True
    return out
