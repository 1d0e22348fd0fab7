"""How the leads are arranged on a flat page: rows, columns and names, matched with the orders that are known."""

from dataclasses import dataclass

import numpy as np

from . import layout, names, pulses, rows
from .errors import PictureError, Reason

WORK_PX_PER_MM = 4.0
"""Resolution at which all is looked for."""
DARK_SHARE = 0.45
"""Ink above this share of solid ink counts."""
MIN_COVERAGE = 0.3
MAX_COST = 0.5
MIN_MARGIN = 0.04
FINE_PX_PER_MM = 8
"""Resolution at which the names of rhythm strips are read."""
MIN_FIT, MIN_FIT_MARGIN = 0.4, 0.04


@dataclass(frozen=True)
class _View:
    """A page at working resolution with level rows: `ink` (H, W) float32 without upright lines, `dark` (H, W) bool, `tilt` as a slope."""

    ink: np.ndarray
    dark: np.ndarray
    tilt: float
    pulses: tuple
    candidates: tuple


def _small(ink, px_per_mm):
    """(h, w) uint8 at working resolution."""
    from PIL import Image

    height, width = ink.shape
    size = round(width * WORK_PX_PER_MM / px_per_mm[0]), round(height * WORK_PX_PER_MM / px_per_mm[1])
    return np.asarray(Image.fromarray(ink).resize(size, Image.Resampling.BOX))


def _dark(ink):
    """(H, W) bool: ink that is at least about half as dark as the darkest strokes."""
    some = ink[ink > 40]
    if some.size < 100:
        raise PictureError(Reason.NOT_AN_ECG)
    return ink > DARK_SHARE * np.percentile(some, 90)


def _levelled(image, tilt):
    """The image with each column moved so that rows of slope `tilt` are level."""
    height, width = image.shape
    shift = np.rint(tilt * (np.arange(width) - width / 2)).astype(int)
    source = np.arange(height)[:, None] + shift
    inside = (source >= 0) & (source < height)
    return np.where(inside, image[np.clip(source, 0, height - 1), np.arange(width)], 0)


def _without_uprights(ink, dark):
    """The ink but for upright strokes longer than 9 mm: names stand close to separators."""
    from scipy import ndimage

    joined = ndimage.binary_closing(dark, np.ones((3, 1)))
    upright = ndimage.binary_opening(joined, np.ones((round(9 * WORK_PX_PER_MM), 1)))
    upright = ndimage.binary_dilation(upright, np.ones((1, 3)))
    return np.where(upright, 0, ink).astype(np.float32)


def _look(ink, px_per_mm):
    """The `_View` of a page's ink."""
    small = _small(ink, px_per_mm)
    dark = _dark(small)
    mm = WORK_PX_PER_MM
    x, y = rows.flat_points(dark, mm)
    if x.size < 50 * mm:
        raise PictureError(Reason.NOT_AN_ECG)
    tilt = rows.find_tilt(x, y, dark.shape, mm)
    small, dark = _levelled(small, tilt), _levelled(dark, tilt)
    found = pulses.aligned(pulses.find_pulses(dark, mm), mm)
    level = y - tilt * (x - dark.shape[1] / 2)
    candidates = rows.candidates(x, level, dark.shape, mm)
    return _View(_without_uprights(small, dark), dark, tilt, found, candidates)


def _rows_with_pulses(view):
    """[(row, coverage, whether a pulse stands there)] of all candidates, from the top down."""
    mm = WORK_PX_PER_MM
    found = [(row, share, False) for row, share in view.candidates]
    for pulse in view.pulses:
        near = [i for i, (row, _, _) in enumerate(found) if abs(row - pulse.foot) <= 5 * mm]
        best = min(near, key=lambda i: abs(found[i][0] - pulse.foot), default=None)
        if best is None:
            found.append((pulse.foot, 0.0, True))
        else:
            found[best] = pulse.foot, found[best][1], True
    return sorted(found)


def _chosen_rows(found, count):
    """The `count` strongest rows, and what it costs to take these and leave the others."""
    strengths = np.array([share + pulse for _, share, pulse in found])
    if len(found) < count:
        return None, 1.0
    order = np.argsort(-strengths, kind="stable")
    kept, left = order[:count], order[count:]
    typical = np.median(strengths[kept])
    weakest, strongest_left = strengths[kept].min(), strengths[left].max(initial=0.0)
    cost = max(1 - weakest / typical, strongest_left / typical)
    return tuple(found[i][0] for i in sorted(kept)), float(min(cost, 1.0))


def _extent(view, zeros):
    """(left, right) columns between which the traces of most rows run, without their pulses."""
    from scipy import ndimage

    mm = WORK_PX_PER_MM
    middles = [(a + b) / 2 for a, b in zip(zeros, zeros[1:], strict=False)]
    tops = [zeros[0] - 10 * mm, *middles]
    bottoms = [*middles, zeros[-1] + 10 * mm]
    count = np.zeros(view.dark.shape[1])
    for zero, top, bottom in zip(zeros, tops, bottoms, strict=True):
        band = view.dark[max(round(max(top, zero - 14 * mm)), 0) : round(min(bottom, zero + 14 * mm))]
        seen = ndimage.binary_closing(np.pad(band.any(axis=0), 8), np.ones(round(1.5 * mm)))[8:-8]
        runs, number = ndimage.label(seen)
        lengths = np.bincount(runs.ravel(), minlength=number + 1)
        lengths[0] = 0
        count += lengths[runs] >= 8 * mm
    traced = np.flatnonzero(count >= 0.5 * len(zeros))
    if traced.size < 30 * mm:
        return None
    left, right = float(traced[0]), float(traced[-1] + 1)
    for pulse in view.pulses:
        if pulse.left - 3 * mm <= left <= pulse.right:
            left = pulse.right + 1.0 * mm
        if pulse.left <= right <= pulse.right + 3 * mm:
            right = pulse.left - 1.0 * mm
    return left, right


def _separators(view, zeros):
    """(W,) float in 0..1: how much of an upright line through the rows there is in each column."""
    from scipy import ndimage

    mm = WORK_PX_PER_MM
    thick = ndimage.binary_dilation(view.dark, np.ones((1, 3)))
    bands = [(zero - 7 * mm, zero + 7 * mm) for zero in zeros]
    bands += [(a + 0.2 * (b - a), b - 0.2 * (b - a)) for a, b in zip(zeros, zeros[1:], strict=False)]
    shares = [thick[max(round(top), 0) : round(bottom)].mean(axis=0) for top, bottom in bands]
    loose = [ndimage.maximum_filter1d(share, 2 * round(0.75 * mm) + 1) for share in shares]
    return 0.5 * np.mean(loose, axis=0) + 0.5 * np.mean(shares, axis=0)


def _columns(view, zeros, extent, count):
    """(edges, evidence): `count` + 1 edges of columns of one width, and the mean evidence of lines at the inner ones."""
    mm = WORK_PX_PER_MM
    left, right = extent
    width = (right - left) / count
    groups = pulses.columns_of(view.pulses, mm)
    if count == 2 and len(groups) == 2 and abs(groups[1][0] - groups[0][0] - width) < 0.2 * width:
        return np.array([groups[0][1] + mm, groups[1][1] + mm, right]), 1.0
    even = left + width * np.arange(count + 1)
    if count == 1:
        return even, 0.0
    lines = _separators(view, zeros)
    starts = left + np.arange(-5 * mm, 5 * mm + 0.5, 1.0)
    pitches = np.concatenate([width * np.linspace(0.96, 1.04, 33), 10 * 25 / count * mm * np.linspace(0.96, 1.04, 33)])
    edges = starts[:, None, None] + pitches[None, :, None] * np.arange(count + 1)
    inner = np.clip(np.rint(edges[..., 1:-1]).astype(int), 0, lines.size - 1)
    evidence = lines[inner].mean(axis=-1)
    off_mm = (np.abs(edges[..., 0] - left) + np.abs(edges[..., -1] - right)) / mm
    best = np.unravel_index(np.argmax(evidence - 0.01 * np.minimum(off_mm, 10)), evidence.shape)
    return edges[best], float(evidence[best])


WINDOW_MM = (-4.0, 22.0), (-14.0, 9.0)
"""Where a name is looked for: across from a column's left edge, down from the row's zero."""


def _windows(view, places):
    """(n, h, w) float32 windows of the ink at (column, row) `places`, paper beyond the page."""
    mm = WORK_PX_PER_MM
    (left, right), (top, bottom) = WINDOW_MM
    pad = round(30 * mm)
    wide = np.pad(view.ink, pad)
    cut = []
    for x, y in places:
        column, row = round(x + left * mm) + pad, round(y + top * mm) + pad
        column = min(max(column, 0), wide.shape[1] - round((right - left) * mm))
        row = min(max(row, 0), wide.shape[0] - round((bottom - top) * mm))
        cut.append(wide[row : row + round((bottom - top) * mm), column : column + round((right - left) * mm)])
    return np.stack(cut)


def _name_starts(view, edges):
    """Where the windows of names begin, for each column: left of pulses that stand before a column."""
    mm = WORK_PX_PER_MM
    starts = []
    for edge in edges[:-1]:
        before = [pulse.left for pulse in view.pulses if 0 <= edge - pulse.right <= 6 * mm]
        starts.append(min(before) - 5 * mm if before else edge)
    return starts


def _read(view, pattern_rows, zeros, edges):
    """The fits of all names in the windows of all cells: {name: (rows, columns, h, w)}, rhythm strips in the first column alone."""
    starts = _name_starts(view, edges)
    cells = [(row, column) for row in range(pattern_rows) for column in range(len(starts))]
    places = [(starts[column], zeros[row]) for row, column in cells]
    strips = [(starts[0], zero) for zero in zeros[pattern_rows:]]
    reading = names.Reading(_windows(view, places + strips), WORK_PX_PER_MM)
    return reading, cells, len(strips)


def _joint(fits, cells, pattern):
    """Mean over columns of how well the pattern's names fit at one place of all rows; the places (row, column in the window)."""
    total, columns = {}, len(pattern.columns)
    for column in range(columns):
        index = [i for i, cell in enumerate(cells) if cell[1] == column]
        total[column] = np.mean(
            [fits[name.lstrip("-")][i] for i, name in zip(index, pattern.columns[column], strict=True)], axis=0
        )
    first = total[0]
    places = [np.unravel_index(first.argmax(), first.shape)]
    score = [float(first.max())]
    if columns > 1:
        rest = np.mean([total[column] for column in range(1, columns)], axis=0)
        place = np.unravel_index(rest.argmax(), rest.shape)
        score += [float(total[column][place]) for column in range(1, columns)]
        places.append(place)
    return score, places


def find_arrangement(ink, px_per_mm, *, mm_per_s=None, mm_per_mv=None):
    """The `layout.Arrangement` of an upright flat page.

    Parameters
    ----------
    ink : (H, W) uint8 array
        0 paper, 255 the ink of traces, names and pulses.
    px_per_mm : (across, down), or None where there is no grid: the calibration pulses then give it.
    mm_per_s, mm_per_mv : float, optional
        Paper speed and gain where they are known.

    Raises
    ------
    PictureError : `not_an_ecg` where nothing runs in rows, `bad_layout` where the arrangement is none of `layout.PATTERNS` or not
        clearly one, `bad_scale` where there is neither a grid nor a pulse.
    """
    if px_per_mm is None:
        px_per_mm = _scale_from_pulses(ink, mm_per_mv)
    view = _look(ink, px_per_mm)
    found = _rows_with_pulses(view)
    matches = _ranked(view, found)
    if not matches:
        raise PictureError(Reason.BAD_LAYOUT)
    best = matches[0]
    runner_up = next((m["cost"] for m in matches[1:]), 1.0)
    if best["cost"] > MAX_COST or runner_up - best["cost"] < MIN_MARGIN:
        raise PictureError(Reason.BAD_LAYOUT)
    return _arrangement(view, best, runner_up, ink, px_per_mm, mm_per_s, mm_per_mv)


def arrange(ink, px_per_mm, *, mm_per_s=None, mm_per_mv=None):
    """As `find_arrangement`, of a flat page that may lie in any of four ways: (turns, Arrangement).

    `numpy.rot90(ink, turns)` is upright, and the arrangement is in its pixels. First the axis along which traces run, then the
    way up on which names can be read and pulses rise.
    """
    errors, found = [], []
    for turns in _likely_turns(ink, px_per_mm):
        scale = px_per_mm and (px_per_mm if turns % 2 == 0 else px_per_mm[::-1])
        try:
            found.append((turns, find_arrangement(np.rot90(ink, turns), scale, mm_per_s=mm_per_s, mm_per_mv=mm_per_mv)))
        except PictureError as error:
            errors.append(error)
    if not found:
        raise errors[0]
    return min(found, key=lambda item: item[1].cost)


def _likely_turns(ink, px_per_mm):
    """The turns that bring the traces level, as given first: both ways up, or all four where no axis is clear."""
    guess = px_per_mm or (max(ink.shape) / 281.0,) * 2
    small = _small(ink, guess)
    dark = _dark(small)
    level, steep = (_levelness(image) for image in (dark, dark.T))
    if level > 1.5 * steep:
        return 0, 2
    return (1, 3) if steep > 1.5 * level else (0, 2, 1, 3)


def _levelness(dark):
    """How much rows of traces run across a (H, W) bool page: the sum of squares of the coverage of its rows."""
    x, y = rows.flat_points(dark, WORK_PX_PER_MM)
    if not x.size:
        return 0.0
    return max(
        float((rows.coverage(x, y, dark.shape, WORK_PX_PER_MM, tilt).mean(axis=1) ** 2).sum())
        for tilt in rows.TILTS[::4]
    )


def _ranked(view, found):
    """The matches of all patterns, the best first.

    What a pattern leaves unread counts against it: names in columns that another pattern of as many rows has and it has not.
    """
    matches = list(_matches(view, found))
    for match in matches:
        pattern = match["pattern"]
        finer = [
            np.mean(other["score"][1:])
            for other in matches
            if other["pattern"].grid_rows == pattern.grid_rows
            and other["pattern"].strips == pattern.strips
            and len(other["pattern"].columns) > len(pattern.columns)
        ]
        match["cost"] += 0.55 * min(max((max(finer, default=0.0) - 0.3) / 0.35, 0), 1)
    return sorted(matches, key=lambda match: match["cost"])


def _matches(view, found):
    geometry = {}
    for pattern in layout.PATTERNS:
        key = pattern.grid_rows, len(pattern.columns), pattern.strips
        if key not in geometry:
            geometry[key] = _geometry(view, found, pattern)
        place = geometry[key]
        if place is None:
            continue
        score, where = _joint(place["fits"], place["cells"], pattern)
        yield {**place, "pattern": pattern, "score": score, "where": where} | _cost(place, score)


def _geometry(view, found, pattern):
    zeros, cost_rows = _chosen_rows(found, pattern.rows)
    if zeros is None or cost_rows > 0.7:
        return None
    extent = _extent(view, zeros)
    if extent is None:
        return None
    grid = zeros[: pattern.grid_rows]
    edges, evidence = _columns(view, grid, extent, len(pattern.columns))
    reading, cells, strips = _read(view, pattern.grid_rows, zeros, edges)
    expected = {i: (pattern.columns[column][row].lstrip("-"),) for i, (row, column) in enumerate(cells)}
    face = reading.best_face(expected)
    return {
        "zeros": zeros, "cost_rows": cost_rows, "edges": edges, "evidence": evidence,
        "fits": reading.fits(*face), "cells": cells, "strips": strips, "face": face, "starts": _name_starts(view, edges),
    }  # fmt: skip


def _cost(place, score):
    columns = len(score)
    lines = 1 - min(place["evidence"] / 0.6, 1) if columns > 1 else 0.0
    named = 1 - min(max((np.mean(score) - 0.3) / 0.35, 0), 1)
    parts = {"rows": place["cost_rows"], "columns": lines, "names": named}
    return {"parts": parts, "cost": float(0.3 * parts["rows"] + 0.15 * parts["columns"] + 0.55 * parts["names"])}


def _strip_leads(view, match, ink, px_per_mm):
    """What the rhythm strips show, as far as their names can be read: looked at closely where the first column has its names."""
    zeros = match["zeros"][match["pattern"].grid_rows :]
    if not zeros:
        return []
    mm, fine = WORK_PX_PER_MM, FINE_PX_PER_MM
    foot, left = match["where"][0]
    x_mm = (match["starts"][0] + left) / mm + WINDOW_MM[0][0]
    windows = []
    for zero in zeros:
        slope = view.tilt * (x_mm * mm - view.dark.shape[1] / 2)
        y_mm = (zero + slope + foot) / mm + WINDOW_MM[1][0]
        windows.append(_crop(ink, px_per_mm, (x_mm - 3, y_mm - 6, x_mm + 11, y_mm + 3)))
    reading = names.Reading(np.stack(windows), fine)
    fits = reading.fits(*match["face"], slack_mm=0.125)
    leads = []
    for strip in range(len(zeros)):
        at = {name: _near(fit[strip], (6 * fine, 3 * fine), round(1.5 * fine)) for name, fit in fits.items()}
        ranked = sorted(at, key=at.get, reverse=True)
        clear = at[ranked[0]] >= MIN_FIT and at[ranked[0]] - at[ranked[1]] >= MIN_FIT_MARGIN
        leads.append(ranked[0] if clear else None)
    return leads


def _crop(ink, px_per_mm, box_mm):
    """(h, w) float32 of the fine resolution: a part of the page's ink."""
    from PIL import Image

    left, top, right, bottom = box_mm
    size = round((right - left) * FINE_PX_PER_MM), round((bottom - top) * FINE_PX_PER_MM)
    edges = (
        round(left * px_per_mm[0]), round(top * px_per_mm[1]), round(right * px_per_mm[0]), round(bottom * px_per_mm[1])
    )  # fmt: skip
    part = Image.fromarray(ink).crop(edges)
    return np.asarray(part.resize(size, Image.Resampling.BILINEAR), np.float32)


def _near(fit, where, reach):
    """The best fit within `reach` pixels of a place."""
    row, column = where
    return float(
        fit[
            round(max(row - reach, 0)) : round(row + reach + 1),
            round(max(column - reach, 0)) : round(column + reach + 1),
        ].max()
    )


def _arrangement(view, match, runner_up, ink, px_per_mm, mm_per_s, mm_per_mv):
    """The found pattern in the page's pixels."""
    pattern, zeros, edges, mm = match["pattern"], match["zeros"], match["edges"], WORK_PX_PER_MM
    height, width = view.dark.shape
    across, down = px_per_mm[0] / mm, px_per_mm[1] / mm
    columns = len(pattern.columns)
    column_s = 10.0 / columns
    pitch_mm = (edges[1] - edges[0]) / mm
    if mm_per_s is None:
        mm_per_s = 50.0 if columns == 4 and abs(pitch_mm / 125 - 1) < 0.1 else 25.0
    if abs(pitch_mm / mm_per_s / column_s - 1) > 0.08:
        column_s = pitch_mm / mm_per_s
    if mm_per_mv is None:
        mm_per_mv = pulses.gain(view.pulses, mm) or 10.0

    def place(name, lead, row, left, right, start_s):
        zero = zeros[row]
        above = zeros[row - 1] if row else zero - 25 * mm
        below = zeros[row + 1] if row + 1 < len(zeros) else zero + 25 * mm
        slope = view.tilt * ((left + right) / 2 - width / 2)
        box = layout.Box(
            max(round(left * across), 0), max(round((above + slope) * down), 0),
            min(round(right * across), round(width * across)), min(round((below + slope) * down), round(height * down)),
        )  # fmt: skip
        return layout.Place(name, lead, box, float((zero + slope) * down), start_s)

    places = [
        place(pattern.columns[c][r], pattern.columns[c][r], r, edges[c], edges[c + 1], c * column_s)
        for r in range(pattern.grid_rows)
        for c in range(columns)
    ]
    for strip, lead in enumerate(_strip_leads(view, match, ink, px_per_mm)):
        name = layout.RHYTHM if strip == 0 else f"{layout.RHYTHM}{strip + 1}"
        places.append(place(name, lead, pattern.grid_rows + strip, edges[0], edges[-1], 0.0))
    boxes = tuple(
        (
            p.left * across,
            p.right * across,
            (p.top + view.tilt * (p.left - width / 2)) * down,
            (p.foot + view.tilt * (p.left - width / 2)) * down,
        )
        for p in view.pulses
    )
    return layout.Arrangement(
        pattern.layout,
        tuple(places),
        tuple(px_per_mm),
        float(mm_per_s),
        float(mm_per_mv),
        match["cost"],
        float(runner_up),
        boxes,
    )


def _scale_from_pulses(ink, mm_per_mv):
    """(across, down) px/mm of a page without a grid, by calibration pulses of 1 mV."""
    height, width = ink.shape
    guess = width / 281.0
    small = _small(ink, (guess, guess))
    found = pulses.aligned(pulses.find_pulses(_dark(small), WORK_PX_PER_MM, (8.5, 10.0, 11.5)), WORK_PX_PER_MM)
    if len(found) < 2:
        raise PictureError(Reason.BAD_SCALE)
    tall = np.median([pulse.height for pulse in found]) / WORK_PX_PER_MM * guess
    scale = tall / (mm_per_mv or 10.0)
    return scale, scale
