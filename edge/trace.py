"""From a page's ink to millivolts: each lead's trace followed column by column."""

from dataclasses import dataclass

import numpy as np

from . import layout
from .path import cheapest_paths

RATE_HZ = 500
INK = 100
"""Ink (of 255) from which a pixel belongs to a stroke."""

SOLID = 160
"""Ink from which a path pays nothing: half of it is a dot of a grid, or haze."""
PAPER_COST = 4.0
CLIMB_INK_COST = 0.002
CLIMB_PAPER_COST = 0.3
LONG_GAIN = 0.08
LONG_MM = (3.5, 12.0)
"""What a path gains for a column whose run of ink is longer than a letter, a millimetre: it shall go round by the top of a wave."""
START_COST = 0.2
"""What a path pays: for a column without ink, for a row climbed in ink and on paper, for a row between its ends and 0 mV."""
REACH_MM = 45.0
"""How far from the row of 0 mV a trace is looked for."""
TOGETHER = 6
"""So many leads are followed at once: fewer take longer, more take memory."""

BRIDGE_MM = 1.0
"""Gaps up to this length are bridged by a straight line; longer ones are lost."""
JUMP_MM = 4.0
"""The longest way up or down a column without ink that is still a stroke."""
MOVE_COST = 0.4
OFF_CENTRE_COST = 0.05
FLAT_PERCENTILE = 5
NAME_RISE_MM = (0.7, 3.6)
NAME_WIDTH_MM = 8.0
NAME_COST = 0.7
NAME_STROKE_PX = 4
SEPARATOR_MM = 1.5
SEPARATOR_SHARE = 0.5


@dataclass(frozen=True)
class Traces:
    """The leads of a page as signals.

    `signals` is {name: (n,) float32 mV at `rate_hz`, NaN where lost}, `start_s` {name: time of the first sample}, `states`
    {name: (w,) bool per pixel column, true where the trace was read}, `lost` {name: share of the samples lost}, `paths`
    {name: (m, 2) float32 page pixels x, y of the trace, NaN between its pieces}; `limb_mv` and `augmented_mv` the root mean squares
    of I + III − II and of aVR + aVL + aVF, NaN where these leads are not simultaneous.
    """

    signals: dict
    start_s: dict
    states: dict
    lost: dict
    paths: dict
    limb_mv: float
    augmented_mv: float
    rate_hz: int = RATE_HZ


def trace_page(ink, arrangement):
    """The `Traces` of a flat page's (H, W) uint8 `ink` whose leads stand as the `layout.Arrangement` says."""
    across, down = arrangement.px_per_mm
    ink = _without_separators(ink, arrangement)
    runs = _Runs(ink)
    spans = _spans(runs, arrangement.places, across, down)
    half_px = runs.half_stroke_px(spans, arrangement.places)
    lines = [
        runs.line(place, span, across, down, half_px) for place, span in zip(arrangement.places, spans, strict=True)
    ]
    signals, start_s, states, lost, paths = {}, {}, {}, {}, {}
    for place, line in zip(arrangement.places, lines, strict=True):
        x, y, read = _curve(line, half_px, place, across)
        name = place.name
        signals[name] = _sampled(x, y, place, across * arrangement.mm_per_s, down * arrangement.mm_per_mv)
        start_s[name], states[name], paths[name] = place.start_s, read, np.stack([x, y], 1).astype(np.float32)
        lost[name] = float(np.isnan(signals[name]).mean()) if signals[name].size else 1.0
    limb = _residual_mv(signals, start_s, {"I": 1, "III": 1, "II": -1})
    augmented = _residual_mv(signals, start_s, {"aVR": 1, "aVL": 1, "aVF": 1})
    return Traces(signals, start_s, states, lost, paths, limb, augmented)


def trace_lead(ink, place, px_per_mm, mm_per_s, mm_per_mv):
    """One lead's signal, (n,) float32 mV at 500 Hz from the left edge of its box on, NaN where lost.

    `ink` is the whole page's, (H, W) uint8; `px_per_mm` is (across, down). Neighbours are not known here: `trace_page` knows them.
    """
    alone = layout.Arrangement("", (place,), px_per_mm, mm_per_s, mm_per_mv, 0.0, 1.0)
    return trace_page(ink, alone).signals[place.name]


def _without_separators(ink, arrangement):
    """The ink without the calibration pulses and the upright lines between the columns of leads."""
    ink = ink.copy()
    across, _ = arrangement.px_per_mm
    for left, right, top, bottom in arrangement.pulses:
        ink[top:bottom, left:right] = 0
    places = arrangement.places
    top, bottom = min(place.box.top for place in places), max(place.box.bottom for place in places)
    slack = round(SEPARATOR_MM * across)
    edges = {edge for place in places for edge in (place.box.left, place.box.right)}
    for edge in sorted(edges):
        near = ink[:, max(edge - slack, 0) : edge + slack + 1]
        upright = (near[top:bottom] >= INK).mean(axis=0) >= SEPARATOR_SHARE
        near[:, upright] = 0
    return ink


def _spans(runs, places, across, down):
    """For each place, (w, 2) page rows: where its path enters and where it leaves each pixel column of its box."""
    order = sorted(range(len(places)), key=lambda i: places[i].box.right - places[i].box.left)
    spans = [None] * len(places)
    while order:
        widest = places[order[-1]].box.right - places[order[-1]].box.left
        group = [i for i in order if places[i].box.right - places[i].box.left > 0.8 * widest][-TOGETHER:]
        order = [i for i in order if i not in group]
        for i, span in zip(group, _spans_of_group(runs, [places[i] for i in group], across, down), strict=True):
            spans[i] = span
    return spans


def _spans_of_group(runs, places, across, down):
    """The same for places of nearly one width."""
    ink = runs.ink
    width = max(place.box.right - place.box.left for place in places)
    reach = round(REACH_MM * down)
    height = min(2 * reach, ink.shape[0])
    tops = [int(np.clip(round(place.zero_px) - reach, 0, ink.shape[0] - height)) for place in places]
    paper = np.ones((width, len(places), height), np.float32)
    start = np.empty((len(places), height), np.float32)
    for k, (place, top) in enumerate(zip(places, tops, strict=True)):
        box = ink[top : top + height, place.box.left : place.box.right]
        paper[: box.shape[1], k] -= np.minimum(box.T, SOLID) * np.float32(1 / SOLID)
        paper[box.shape[1] :, k] = 0
        start[k] = START_COST * np.abs(np.arange(top, top + height) - place.zero_px)
    climb = np.full_like(paper, CLIMB_INK_COST)
    climb[:, :, 1:] += 0.5 * (CLIMB_PAPER_COST - CLIMB_INK_COST) * (paper[:, :, 1:] + paper[:, :, :-1])
    np.cumsum(climb, axis=2, out=climb)
    paper *= PAPER_COST
    for k, (place, top) in enumerate(zip(places, tops, strict=True)):
        rows, columns = _name_area(place, across, down)
        # A column without any ink (a separator was there) is nobody's fault.
        paper[: box.shape[1], k] *= (box.max(axis=0) >= INK)[:, None]
        length = runs.lengths(slice(top, top + height), slice(place.box.left, place.box.right)) * np.float32(1 / down)
        paper[: length.shape[1], k] -= LONG_GAIN * (np.clip(length, LONG_MM[0], LONG_MM[1]) - LONG_MM[0]).T
        short = runs.lengths(rows, columns) < LONG_MM[0] * down
        x, y = columns.start - place.box.left, rows.start - top
        paper[x : x + short.shape[1], k, y : y + short.shape[0]] += NAME_COST * short.T
    entered, left = cheapest_paths(paper, climb, start)
    for k, (place, top) in enumerate(zip(places, tops, strict=True)):
        columns = place.box.right - place.box.left
        yield np.stack([entered[:columns, k], left[:columns, k]], 1) + top


def _name_area(place, across, down):
    """Rows and columns of a page in which a lead's name may be printed over its trace."""
    zero = round(place.zero_px)
    rows = slice(max(zero - round(NAME_RISE_MM[1] * down), 0), max(zero - round(NAME_RISE_MM[0] * down), 0))
    return rows, slice(place.box.left, min(place.box.left + round(NAME_WIDTH_MM * across), place.box.right))


class _Runs:
    """The upright runs of ink of a page: the first and the last row of the run that each pixel lies in."""

    def __init__(self, ink):
        self.ink = ink
        stroke = ink >= INK
        rows = np.arange(ink.shape[0], dtype=np.int16)[:, None]
        self.first = np.maximum.accumulate(np.where(stroke, np.int16(0), rows + 1), axis=0)
        last = np.where(stroke, np.int16(ink.shape[0] - 1), rows - 1)[::-1]
        self.last = np.minimum.accumulate(last, axis=0)[::-1]

    def lengths(self, rows, columns):
        """How long the run of ink is that each pixel of an area lies in."""
        return self.last[rows, columns] - self.first[rows, columns] + 1

    def line(self, place, span, across, down, half_px):
        """(w, 2) float: the upper and the lower edge of the trace's stroke in each column, NaN where there is none."""
        x = np.arange(place.box.left, place.box.right)
        high, low = span.min(axis=1), span.max(axis=1)
        first, last = self.first[high, x], self.last[low, x]
        # A path that leaves ink for paper within a column has jumped.
        paper = np.maximum(self.first[low, x] - self.last[high, x], 0)
        lost = (self.ink[span[:, 1], x] < INK) | (self.ink[span[:, 0], x] < INK) | (paper > JUMP_MM * down)
        edges = np.stack([self._edge(first, x, -1), self._edge(last, x, 1)], 1)
        rows, columns = _name_area(place, across, down)
        named = edges[: columns.stop - columns.start]
        thick = named[:, 1] - named[:, 0] > 2 * half_px + NAME_STROKE_PX
        letter = thick & (named[:, 0] > rows.start - 2) & (named[:, 0] < rows.stop)
        named[letter, 0] = named[letter, 1] - 2 * half_px
        edges[lost] = np.nan
        return edges

    def half_stroke_px(self, spans, places):
        """Half the thickness of a page's flat strokes."""
        thickness = []
        for place, span in zip(places, spans, strict=True):
            x, rows = np.arange(place.box.left, place.box.right), span[:, 0]
            stroke = self.ink[rows, x] >= INK
            upper, lower = self._edge(self.first[rows, x], x, -1), self._edge(self.last[rows, x], x, 1)
            thickness.append((lower - upper)[stroke])
        thickness = np.concatenate(thickness)
        return 0.5 * float(np.percentile(thickness, FLAT_PERCENTILE)) if thickness.size else 1.0

    def _edge(self, row, x, step):
        """Where ink falls below `INK` between the pixels in `row` and the next ones in the direction of `step`."""
        beyond = row + step
        inside = (beyond >= 0) & (beyond < self.ink.shape[0])
        here = self.ink[row, x].astype(float)
        there = np.where(inside, self.ink[np.clip(beyond, 0, self.ink.shape[0] - 1), x], 0).astype(float)
        return row + step * (here - INK) / np.maximum(here - there, 1)


def _curve(line, half_px, place, across):
    """The trace as a curve: x and y in page pixels, NaN where lost, and whether each column was read."""
    columns = np.arange(line.shape[0])
    read = np.isfinite(line[:, 0])
    x = place.box.left + columns.astype(float)
    if read.sum() < 3:
        return x, np.full(x.size, np.nan), read
    high = np.interp(columns, columns[read], line[read, 0]) + half_px
    low = np.interp(columns, columns[read], line[read, 1]) - half_px
    crossed = high > low
    high[crossed] = low[crossed] = 0.5 * (high[crossed] + low[crossed])
    y = _drawn(high, low, 2 * max(round(half_px - 0.5), 0) + 1)
    return x, np.where(_distance(read) > BRIDGE_MM * across / 2, np.nan, y), read


def _drawn(high, low, pen_px):
    """The rows (w,) of the curve for which a pen of `pen_px` columns has left a stroke between `high` and `low` (w,).

    What the pen has touched in one column it may have drawn in the next: so the curve keeps within the limits of all columns
    that the pen covers at once, and must reach the limits of a column in one of them. On slopes there is but little choice; at the
    tips of narrow waves the curve goes to the one limit or the other: of all such curves the one that leaves least of the
    stroke unexplained and moves least up and down (dynamic programming over three rows a column).
    """
    from scipy import ndimage

    upper, lower = ndimage.maximum_filter1d(high, pen_px), ndimage.minimum_filter1d(low, pen_px)
    crossed = upper > lower
    upper[crossed] = lower[crossed] = 0.5 * (upper[crossed] + lower[crossed])
    rows = np.stack([upper, 0.5 * (upper + lower), lower], 1).astype(np.float32)
    rows = np.concatenate([rows[:1], rows[:1], rows, rows[-1:], rows[-1:]])
    high, low = ndimage.minimum_filter1d(upper, 3), ndimage.maximum_filter1d(lower, 3)
    # A pen of three columns on column c has drawn from half way between a and b to half way between d and e.
    w = upper.size
    a, b, c, d, e = (rows[k : k + w].reshape(w, *(3 if j == k else 1 for j in range(5))) for k in range(5))
    cost = MOVE_COST * np.abs(d - c) + OFF_CENTRE_COST * np.abs(c - 0.5 * (upper + lower).reshape(w, 1, 1, 1, 1, 1))
    cost = cost + np.maximum(_reach(np.minimum, a, b, c, d, e) - high.reshape(w, 1, 1, 1, 1, 1), 0)
    cost = cost + np.maximum(low.reshape(w, 1, 1, 1, 1, 1) - _reach(np.maximum, a, b, c, d, e), 0)
    best, came = np.zeros((3, 3, 3, 3), np.float32), np.empty((w, 3, 3, 3, 3), np.int8)
    for x, step in enumerate(cost):
        total = best[..., None] + step
        came[x] = total.argmin(axis=0)
        best = total.min(axis=0)
    states = list(np.unravel_index(best.argmin(), best.shape))  # of the last columns b, c, d, e
    y = np.empty(w)
    for x in range(w - 1, -1, -1):
        y[x] = rows[x + 2, states[1]]
        states = [came[(x, *states)], *states[:3]]
    return y


def _reach(furthest, a, b, c, d, e):
    """The furthest row of a polyline from half way between a and b to half way between d and e."""
    return furthest(furthest(furthest(0.5 * (a + b), b), c), furthest(d, 0.5 * (d + e)))


def _distance(read):
    """For each column the distance to the nearest one read; far beyond the ends."""
    columns = np.arange(read.size)
    last = np.maximum.accumulate(np.where(read, columns, -read.size))
    following = np.minimum.accumulate(np.where(read, columns, 2 * read.size)[::-1])[::-1]
    return np.minimum(columns - last, following - columns)


def _sampled(x, y, place, px_per_s, px_per_mv):
    """The curve in mV at `RATE_HZ`, from the box's left edge to its right edge."""
    n = round((place.box.right - place.box.left) / px_per_s * RATE_HZ)
    at = place.box.left + np.arange(n) * px_per_s / RATE_HZ
    if not x.size:
        return np.full(n, np.nan, np.float32)
    mv = np.interp(at, x, (place.zero_px - y) / px_per_mv)
    return mv.astype(np.float32)


def _residual_mv(signals, start_s, weights):
    """The root mean square of a sum of leads that should be 0, in mV; NaN where one is missing or they begin at different times."""
    if not weights.keys() <= signals.keys() or len({start_s[name] for name in weights}) > 1:
        return float("nan")
    n = min(signals[name].size for name in weights)
    total = sum(weight * signals[name][:n] for name, weight in weights.items())
    total = total[np.isfinite(total)]
    return float(np.sqrt(np.mean(total**2))) if total.size else float("nan")
