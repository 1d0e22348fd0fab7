"""Where two leads' traces meet: which goes on which way, and whose the ink is that both touch."""

from itertools import combinations, product

import numpy as np

from .ink_runs import INK, LONG_MM, columns_of

APPROACH = 4
"""So many columns before two traces meet tell which way they are going."""
STEEP_PX = 6.0
"""Traces that come nearer by less than this on those columns do not cross."""
LENS = 30
"""Two traces that part for no more columns than these, between two meetings, have crossed twice; two that go together for more have
not crossed at all."""
SAME_PX = 2
TIP_COLUMNS = 4
GAPS_PX = 0, 2, 4, 6
"""A stroke that goes on beyond a path is followed over so many columns, and over gaps that lines of a grid have left in it."""


def stretches(ways, strokes, places):
    """For each lead (w, 2) rows: the first and the last of the ink that its trace covers in each column; NaN where it is lost.

    `ways` are changed where two traces have been swapped at a crossing.
    """
    spans = [_span(strokes, place, way) for place, way in zip(places, ways, strict=True)]
    for i, j in combinations(range(len(places)), 2):
        _uncross(strokes, places, ways, spans, i, j)
    spans = [_span(strokes, place, way) for place, way in zip(places, ways, strict=True)]
    whole = [span.copy() for span in spans]
    for i, j in combinations(range(len(places)), 2):
        _part(places, ways, whole, spans, i, j)
        _give_way(places, ways, spans, i, j)
    _reach_tips(strokes, places, spans)
    return spans


def _reach_tips(strokes, places, spans):
    """Lengthen `spans` where a path crosses a narrow wave at its foot: by long runs that go on from its ends in the next column and that
    are nobody's."""
    held = np.zeros(strokes.ink.shape, np.int8)
    for place, span in zip(places, spans, strict=True):
        there = np.isfinite(span).all(axis=1)
        x, (first, end) = columns_of(place)[there], (span[there] + [0, 1]).astype(int).T
        # What crossings have left of a lead may end before it begins: it holds so much less.
        for top, bottom, holds in ((first, end, 1), (end, first, -1)):
            count = np.maximum(bottom - top, 0)
            before = np.cumsum(count) - count
            held[np.repeat(top - before, count) + np.arange(count.sum()), np.repeat(x, count)] += np.int8(holds)
    taken = held > 0
    long_px = LONG_MM[0] * strokes.px_per_mm[1]
    end, way, gap = np.array(list(product((0, 1), (-1, 0, 1), GAPS_PX))).T[:, :, None]
    for place, span in zip(places, spans, strict=True):
        for _ in range(TIP_COLUMNS):
            there = np.flatnonzero(np.isfinite(span).all(axis=1))
            level = np.clip(span[there, end].astype(int) + np.where(end, gap, -gap), 0, strokes.ink.shape[0] - 1)
            beside = there + way
            inside = (beside >= 0) & (beside < len(span))
            beside, level = beside[inside], level[inside]
            x = beside + place.box.left
            free = (strokes.ink[level, x] >= INK) & ~taken[level, x]
            beside, level, x = beside[free], level[free], x[free]
            first, last = strokes.run(level, x)
            long = last - first >= long_px
            if not long.any():
                break
            for column, top, bottom in set(zip(*np.stack([beside, first, last])[:, long].tolist(), strict=True)):
                taken[top : bottom + 1, column + place.box.left] = True
                span[column] = np.fmin(span[column, 0], top), np.fmax(span[column, 1], bottom)


def _inked(strokes, place, way):
    """(w, 2): the upper and the lower row of a way within ink, NaN in columns which it enters on paper."""
    x, entered = columns_of(place), way[:, 0]
    left = np.where(strokes.ink[way[:, 1], x] >= INK, way[:, 1], entered)
    rows = np.stack([np.minimum(entered, left), np.maximum(entered, left)], 1).astype(float)
    rows[strokes.ink[entered, x] < INK] = np.nan
    return rows


def _span(strokes, place, way):
    """(w, 2): the first and the last row of the runs of ink which a way touches in each column, NaN where it is on paper."""
    x, rows = columns_of(place), _inked(strokes, place, way)
    lost = np.isnan(rows[:, 0])
    high, low = np.where(lost[:, None], 0, rows).astype(int).T
    span = np.stack([strokes.run(high, x)[0], strokes.run(low, x)[1]], 1).astype(float)
    span[lost] = np.nan
    return span


def _common(places, i, j):
    """Slices of the columns that two places have in common, into each of them; None where there are none."""
    left, right = max(places[i].box.left, places[j].box.left), min(places[i].box.right, places[j].box.right)
    if right - left < 2 * APPROACH:
        return None
    return tuple(slice(left - place.box.left, right - place.box.left) for place in (places[i], places[j]))


def _segments(flags):
    """(start, stop) of each stretch of true in (w,) bool."""
    edges = np.flatnonzero(np.diff(np.concatenate([[0], flags.astype(np.int8), [0]])))
    return list(zip(edges[::2].tolist(), edges[1::2].tolist(), strict=True))


def _uncross(strokes, places, ways, spans, i, j):
    """Swap two ways between two meetings where they would otherwise turn back: a steep trace goes on as it came."""
    common = _common(places, i, j)
    if common is None:
        return
    a, b = ways[i][common[0]], ways[j][common[1]]
    with np.errstate(invalid="ignore"):
        met = spans[i][common[0]][:, 0] == spans[j][common[1]][:, 0]
    meetings = _segments(met)
    for (start, stop), (again, _) in zip(meetings, meetings[1:], strict=False):
        if again - stop > LENS or start < APPROACH:
            continue
        within = slice(stop, again)
        (fall_a, at_a), (fall_b, at_b) = (
            (float(span[start - 1].mean() - span[start - APPROACH].mean()), float(span[start - 1].mean()))
            for span in (spans[i][common[0]], spans[j][common[1]])
        )
        sign = np.sign(at_b - at_a)  # 1 where a is above b
        towards = sign * (fall_a - fall_b) > STEEP_PX
        if towards and sign * float(np.mean(b[within, 0] - a[within, 0])) > 0:
            kept = a[within].copy()
            a[within], b[within] = b[within], kept


def _part(places, ways, whole, spans, i, j):
    """Share out the ink of columns in which two leads lie in one run: what lies between and beyond them is that one's whose ink
    stood out farther on the columns beside."""
    common = _common(places, i, j)
    if common is None:
        return
    a, b = whole[i][common[0]], whole[j][common[1]]
    with np.errstate(invalid="ignore"):
        met = (a[:, 0] <= b[:, 1]) & (b[:, 0] <= a[:, 1])
    if not met.any():
        return
    way_a, way_b = ways[i][common[0]], ways[j][common[1]]
    out_a, out_b = spans[i][common[0]], spans[j][common[1]]
    for start, stop in _segments(met):
        sides = [x for x in (start - 1, stop) if 0 <= x < len(met)]
        middle = slice(start, stop)
        # The upper of the two first.
        if np.mean(way_a[middle]) <= np.mean(way_b[middle]):
            upper, lower = (a, way_a, out_a), (b, way_b, out_b)
        else:
            upper, lower = (b, way_b, out_b), (a, way_a, out_a)
        down, up = (
            max([_stands_out(*lead[:2], x, side) for x in sides] or [0]) for lead, side in ((upper, 1), (lower, 0))
        )
        beyond_up, beyond_down = (
            max([_stands_out(*lead[:2], x, side) for x in sides] or [0]) for lead, side in ((upper, 0), (lower, 1))
        )
        top, bottom = upper[0][middle, 0], lower[0][middle, 1]
        bottom = np.maximum(bottom, upper[0][middle, 1])
        top = np.minimum(top, lower[0][middle, 0])
        upper_low, lower_high = upper[1][middle].max(axis=1) + 1.0, lower[1][middle].min(axis=1) - 1.0
        if down >= up:
            lower[2][middle, 0] = np.maximum(lower_high, top)
            if down > beyond_down:
                lower[2][middle, 1] = np.minimum(bottom, lower[1][middle].max(axis=1) + 1.0 + beyond_down)
                upper[2][middle, 1] = np.where(
                    bottom > lower[1][middle].max(axis=1) + 2.0 + beyond_down, bottom, lower_high
                )
            else:
                upper[2][middle, 1] = lower_high
        else:
            upper[2][middle, 1] = np.minimum(upper_low, bottom)
            if up > beyond_up:
                upper[2][middle, 0] = np.maximum(top, upper[1][middle].min(axis=1) - 1.0 - beyond_up)
                lower[2][middle, 0] = np.where(top < upper[1][middle].min(axis=1) - 2.0 - beyond_up, top, upper_low)
            else:
                lower[2][middle, 0] = upper_low


def _give_way(places, ways, spans, i, j):
    """Where two leads have followed one trace for long, it is lost to the one that is farther from its 0 mV."""
    common = _common(places, i, j)
    if common is None:
        return
    rows = [ways[k][side, 0] for k, side in zip((i, j), common, strict=True)]
    far = [np.abs(row - places[k].zero_px) for k, row in zip((i, j), rows, strict=True)]
    for start, stop in _segments(np.abs(rows[0] - rows[1]) <= SAME_PX):
        if stop - start > LENS:
            loser = int(far[1][start:stop].mean() > far[0][start:stop].mean())
            spans[(i, j)[loser]][common[loser]][start:stop] = np.nan


def _stands_out(span, way, x, side):
    """How far a column's ink goes beyond its way, up (side 0) or down (side 1)."""
    beyond = way[x].min() - span[x, 0] if side == 0 else span[x, 1] - way[x].max()
    return float(beyond) if np.isfinite(beyond) else 0.0
