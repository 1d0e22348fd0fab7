"""Where two leads' traces meet: which path goes on where, and which lead the ink belongs to that both touch."""

from collections.abc import Iterator, MutableSequence, Sequence
from itertools import combinations, product

import numpy as np

from ..layout import Place
from .ink_runs import INK, LONG_MM, InkRuns, columns_of, segments

APPROACH = 4
"""So many columns before two traces meet tell the direction of each."""
STEEP_PX = 6.0
"""Traces that come nearer by less than this on those columns do not cross."""
CROSSING_COLUMNS = 30
"""Two paths that part for no more columns than these, between two meetings, have crossed twice; two that go together for more have
not crossed at all."""
ARCH_MM = 1.0
"""The inside of a wave that meets another lead's trace is at least so high everywhere."""
SAME_PX = 2
TIP_COLUMNS = 4
GAPS_PX = 0, 2, 4, 6
"""A stroke that goes on beyond a path is followed over so many columns, and over gaps that lines of a grid have left in it."""


def ink_spans(paths: MutableSequence[np.ndarray], runs: InkRuns, places: Sequence[Place]) -> list[np.ndarray]:
    """For each lead (w, 2) float rows: the first and the last of the ink that its trace covers in each column; NaN where it is lost.

    `paths` are changed where two traces have been swapped at a crossing.
    """
    spans = _spans(runs, places, paths)
    # All pairs are looked at, not the first that has crossed alone.
    if sum(_uncross(places, paths, spans, i, j) for i, j in combinations(range(len(places)), 2)):
        spans = _spans(runs, places, paths)
    pairs = sorted(combinations(range(len(places)), 2), key=lambda pair: _rows_apart_px(places, *pair))
    arch_px = ARCH_MM * runs.px_per_mm[1]
    tips = [
        tip
        for i, j in pairs
        if not _stands_between(places, i, j)
        for tip in _hand_over_arches(places, paths, spans, i, j, arch_px)
    ]
    whole = [span.copy() for span in spans]
    # Rows beside each other first: what a wave that crosses a whole row takes of the ink beyond is said by the rows that it lies between.
    for i, j in pairs:
        _share_ink(places, paths, whole, spans, i, j)
        _drop_duplicate(places, paths, spans, i, j)
    for ends, px, farther in tips:
        ends[:] = farther(ends, px)
    _extend_tips(runs, places, spans)
    return spans


def _rows_apart_px(places: Sequence[Place], i: int, j: int) -> float:
    return abs(places[i].zero_px - places[j].zero_px)


def _stands_between(places: Sequence[Place], i: int, j: int) -> bool:
    """Whether another lead stands between the rows of two, in columns of both."""
    (upper, lower), both = sorted((places[i].zero_px, places[j].zero_px)), (places[i].box, places[j].box)
    left, right = max(box.left for box in both), min(box.right for box in both)
    return any(upper < each.zero_px < lower and each.box.left < right and left < each.box.right for each in places)


def _extend_tips(runs: InkRuns, places: Sequence[Place], spans: Sequence[np.ndarray]) -> None:
    """Lengthen `spans` where a path crosses a narrow wave at its foot: by long runs that go on from its ends in the next column and that
    belong to no lead."""
    long_px = LONG_MM[0] * runs.px_per_mm[1]
    # Only columns with long runs are looked at: of these, where leads cover a page.
    long_columns = runs.holding(long_px + 1)
    number = np.where(long_columns, np.cumsum(long_columns) - 1, -1)
    covered = np.zeros((int(long_columns.sum()), runs.ink.shape[0]), np.int8)
    for place, span in zip(places, spans, strict=True):
        x = columns_of(place)
        there = np.isfinite(span).all(axis=1) & long_columns[x]
        column, (first, stop) = number[x[there]], (span[there] + [0, 1]).astype(int).T
        # What crossings have left of a lead may end before it begins: it covers so much less.
        for top, bottom, covers in ((first, stop, 1), (stop, first, -1)):
            count = np.maximum(bottom - top, 0)
            before = np.cumsum(count) - count
            covered[np.repeat(column, count), np.repeat(top - before, count) + np.arange(count.sum())] += np.int8(
                covers
            )
    taken = covered > 0
    end, step, gap = np.array(list(product((0, 1), (-1, 0, 1), GAPS_PX))).T[:, :, None]
    for place, span in zip(places, spans, strict=True):
        near = np.pad(long_columns[place.box.left : place.box.right], 1)
        near = near[:-2] | near[1:-1] | near[2:]
        for _ in range(TIP_COLUMNS):
            known = np.flatnonzero(np.isfinite(span).all(axis=1) & near)
            row = np.clip(span[known, end].astype(int) + np.where(end, gap, -gap), 0, runs.ink.shape[0] - 1)
            column = known + step
            inside = (column >= 0) & (column < len(span))
            column, row = column[inside], row[inside]
            x = column + place.box.left
            free = long_columns[x] & (runs.ink[row, x] >= INK) & ~taken[number[x], row]
            column, row, x = column[free], row[free], x[free]
            first, last = runs.extent(row, x)
            long = last - first >= long_px
            if not long.any():
                break
            for at, top, bottom in set(zip(*np.stack([column, first, last])[:, long].tolist(), strict=True)):
                taken[number[at + place.box.left], top : bottom + 1] = True
                span[at] = np.fmin(span[at, 0], top), np.fmax(span[at, 1], bottom)


def _spans(runs: InkRuns, places: Sequence[Place], paths: Sequence[np.ndarray]) -> list[np.ndarray]:
    """For each path (w, 2): the first and the last row of the runs of ink which it touches in each column, NaN where it enters on paper."""
    x, rows = np.concatenate([columns_of(place) for place in places]), np.concatenate(paths)
    in_ink = runs.columns[x[:, None], rows] >= INK
    entered, left = rows[:, 0], np.where(in_ink[:, 1], rows[:, 1], rows[:, 0])
    first, last = (np.where(in_ink[:, 0], end, 0) for end in (np.minimum(entered, left), np.maximum(entered, left)))
    span = np.stack([runs.extent(first, x)[0], runs.extent(last, x)[1]], 1).astype(float)
    span[~in_ink[:, 0]] = np.nan
    return np.split(span, np.cumsum([len(path) for path in paths])[:-1])


def _common_columns(places: Sequence[Place], i: int, j: int) -> tuple[slice, slice] | None:
    """Slices of the columns that two places have in common, into each of them; None where there are hardly any."""
    one, other = places[i].box, places[j].box
    left, right = max(one.left, other.left), min(one.right, other.right)
    if right - left < 2 * APPROACH:
        return None
    return slice(left - one.left, right - one.left), slice(left - other.left, right - other.left)


def _uncross(places: Sequence[Place], paths: Sequence[np.ndarray], spans: Sequence[np.ndarray], i: int, j: int) -> bool:
    """Swap two paths between two meetings where they would otherwise turn back: a steep trace goes on as it came. Whether any have been swapped."""
    common, swapped = _common_columns(places, i, j), False
    if common is None:
        return swapped
    a, b = paths[i][common[0]], paths[j][common[1]]
    span_a, span_b = spans[i][common[0]], spans[j][common[1]]
    with np.errstate(invalid="ignore"):
        met = span_a[:, 0] == span_b[:, 0]
    meetings = segments(met)
    for (start, stop), (again, _) in zip(meetings, meetings[1:], strict=False):
        if again - stop > CROSSING_COLUMNS or start < APPROACH:
            continue
        within = slice(stop, again)
        (fall_a, at_a), (fall_b, at_b) = (
            (float(span[start - 1].mean() - span[start - APPROACH].mean()), float(span[start - 1].mean()))
            for span in (span_a, span_b)
        )
        sign = np.sign(at_b - at_a)  # 1 where a is above b
        towards = sign * (fall_a - fall_b) > STEEP_PX
        if towards and sign * float(np.mean(b[within, 0] - a[within, 0])) > 0:
            kept = a[within].copy()
            a[within], b[within], swapped = b[within], kept, True
    return swapped


def _hand_over_arches(
    places: Sequence[Place], paths: Sequence[np.ndarray], spans: Sequence[np.ndarray], i: int, j: int, arch_px: float
) -> Iterator[tuple[np.ndarray, float, np.ufunc]]:
    """Give a wave to the lead on whose trace both of its feet stand, where its tip touches another lead whose path went by it.

    Its ink then lies in the other lead's runs, and reaches its own lead's run at both feet and nowhere between: an arch, as the inside of a
    narrow wave is. A wave of the other lead would be nearest in its middle. Where waves are given, yields their ends in `spans`, the row of their
    tip, as far beyond the other lead's trace as the column shows that holds least beside the arch, and which of two rows is farther.
    """
    common = _common_columns(places, i, j)
    if common is None:
        return
    leads = [(spans[k][side], paths[k][side]) for k, side in zip((i, j), common, strict=True)]
    if places[i].zero_px > places[j].zero_px:
        leads.reverse()
    (upper, upper_path), (lower, lower_path) = leads
    with np.errstate(invalid="ignore"):
        meetings = segments((upper[:, 0] <= lower[:, 1]) & (lower[:, 0] <= upper[:, 1]))
    for (_, start), (stop, _) in zip(meetings, meetings[1:], strict=False):
        if stop - start > CROSSING_COLUMNS:
            continue
        here = slice(start, stop)
        below_upper, above_lower = upper_path[here].max(axis=1) + 1.0, lower_path[here].min(axis=1) - 1.0
        if (below_upper > above_lower).any():
            continue  # they have crossed: each has followed its wave
        down, up = upper[here, 1] - below_upper, above_lower - lower[here, 0]
        with np.errstate(invalid="ignore"):
            stands, hangs = (down > arch_px).all(), (up > arch_px).all()
        if stands and not hangs:
            yield lower[here, 0], float(upper[here, 0].max()), np.fmin
            lower[here] = np.stack([below_upper, upper[here, 1]], axis=1)
            upper[here, 1] = below_upper
        elif hangs and not stands:
            yield upper[here, 1], float(lower[here, 1].min()), np.fmax
            upper[here] = np.stack([lower[here, 0], above_lower], axis=1)
            lower[here, 0] = above_lower


def _share_ink(
    places: Sequence[Place],
    paths: Sequence[np.ndarray],
    whole: Sequence[np.ndarray],
    spans: Sequence[np.ndarray],
    i: int,
    j: int,
) -> None:
    """Share out the ink of columns in which two leads lie in one run: what lies between and beyond them goes to the one whose ink
    went farther beyond its path on the columns beside.

    Parameters
    ----------
    whole : the leads' spans as they were found, `spans` those to be cut
    """
    common = _common_columns(places, i, j)
    if common is None:
        return
    leads = [(whole[k][side], paths[k][side], spans[k][side]) for k, side in zip((i, j), common, strict=True)]
    (a, path_a, _), (b, path_b, _) = leads
    with np.errstate(invalid="ignore"):
        met = (a[:, 0] <= b[:, 1]) & (b[:, 0] <= a[:, 1])
    for start, stop in segments(met):
        here, beside = slice(start, stop), [x for x in (start - 1, stop) if 0 <= x < len(met)]
        upper_first = np.mean(path_a[here]) <= np.mean(path_b[here])
        (upper_ink, upper_path, upper), (lower_ink, lower_path, lower) = leads if upper_first else leads[::-1]
        # How far the ink of each goes up and down beyond its path on the columns beside.
        upper_up, upper_down = (_most_beyond(upper_ink, upper_path, beside, end) for end in (0, 1))
        lower_up, lower_down = (_most_beyond(lower_ink, lower_path, beside, end) for end in (0, 1))
        top = np.minimum(upper_ink[here, 0], lower_ink[here, 0])
        bottom = np.maximum(lower_ink[here, 1], upper_ink[here, 1])
        # The rows just beyond each path.
        above_upper, below_upper = upper_path[here].min(axis=1) - 1.0, upper_path[here].max(axis=1) + 1.0
        above_lower, below_lower = lower_path[here].min(axis=1) - 1.0, lower_path[here].max(axis=1) + 1.0
        if upper_down >= lower_up:
            lower[here, 0] = np.maximum(above_lower, top)
            if upper_down > lower_down:
                limit = below_lower + lower_down
                lower[here, 1] = np.minimum(bottom, limit)
                upper[here, 1] = np.where(bottom > limit + 1.0, bottom, above_lower)
            else:
                upper[here, 1] = above_lower
        else:
            upper[here, 1] = np.minimum(below_upper, bottom)
            if lower_up > upper_up:
                limit = above_upper - upper_up
                upper[here, 0] = np.maximum(top, limit)
                lower[here, 0] = np.where(top < limit - 1.0, top, below_upper)
            else:
                lower[here, 0] = below_upper


def _most_beyond(span: np.ndarray, path: np.ndarray, columns: Sequence[int], end: int) -> float:
    """How far a lead's ink goes at most beyond its path on these columns, up (end 0) or down (end 1)."""
    beyond = [path[x].min() - span[x, 0] if end == 0 else span[x, 1] - path[x].max() for x in columns]
    return max((float(px) if np.isfinite(px) else 0.0 for px in beyond), default=0.0)


def _drop_duplicate(
    places: Sequence[Place], paths: Sequence[np.ndarray], spans: Sequence[np.ndarray], i: int, j: int
) -> None:
    """Where two leads have followed one trace for long, it is lost to the one that is farther from its 0 mV."""
    common = _common_columns(places, i, j)
    if common is None:
        return
    rows = [paths[k][side, 0] for k, side in zip((i, j), common, strict=True)]
    distance = [np.abs(row - places[k].zero_px) for k, row in zip((i, j), rows, strict=True)]
    for start, stop in segments(np.abs(rows[0] - rows[1]) <= SAME_PX):
        if stop - start > CROSSING_COLUMNS:
            loser = int(distance[1][start:stop].mean() > distance[0][start:stop].mean())
            spans[(i, j)[loser]][common[loser]][start:stop] = np.nan
